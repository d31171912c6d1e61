"""Who may move an item where, and what an import may not overwrite."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.files import Content
from item_bank.item import Item, Status
from item_bank.lifecycle import (
    TRANSITIONS,
    Known,
    Reconciled,
    RefusedChange,
    RefusedImport,
    Role,
    next_statuses,
    reconcile,
    same_person,
    transition,
)
from item_bank.readings import Verdict

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

ID = "D1C1-001"


@pytest.fixture
def item(bank: BankFolder) -> Item:
    return bank.content().item(ID)


def move(item: Item, before: Status, after: Status, **changes: Any) -> str:
    """The meaning of a move made as it should be, but for some changes; or why it is refused."""
    how: dict[str, Any] = {"by": "Dr A. Dupont", "why": "Parce que.", "verdict": Verdict.READ} | changes
    try:
        return transition(item, before, after, **how).meaning
    except RefusedChange as error:
        return f"refused: {error.reason}"


# --- the table ---------------------------------------------------------------------------------------------


def test_the_table_names_each_move_once_with_somebody_who_may_make_it() -> None:
    assert len({(row.before, row.after) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert all(row.roles and row.before is not row.after for row in TRANSITIONS)


def test_every_status_is_reached_from_a_draft_and_leads_to_the_end_which_has_no_way_out() -> None:
    reached, waiting = {Status.DRAFT}, [Status.DRAFT]
    while waiting:
        for after in next_statuses(waiting.pop()):
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(Status)
    assert next_statuses(Status.RETIRED) == ()
    assert all(Status.RETIRED in next_statuses(status) for status in set(Status) - {Status.RETIRED})


def test_nothing_is_asked_that_was_never_approved() -> None:
    asked = {Status.PRETEST, Status.OPERATIONAL}
    assert {row.before for row in TRANSITIONS if row.after in asked} - asked == {
        Status.APPROVED,
        Status.SUSPENDED,
    }
    assert {row.before for row in TRANSITIONS if row.after is Status.APPROVED} == {Status.IN_REVIEW}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_a_move_is_made_if_and_only_if_the_table_holds_it(item: Item, before: Status, after: Status) -> None:
    known = (before, after) in {(row.before, row.after) for row in TRANSITIONS}
    assert move(item, before, after).startswith("refused") is not known


def test_a_move_that_is_not_in_the_table_says_where_one_may_go(item: Item) -> None:
    said = move(item, Status.IN_REVIEW, Status.OPERATIONAL)
    assert said == "refused: does not go from in_review to operational; from there: draft, approved, retired."
    assert move(item, Status.RETIRED, Status.DRAFT).endswith("from there: nowhere.")


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.before}-{row.after}")
def test_the_wrong_role_a_missing_name_and_a_missing_reason_are_refused(item: Item, row: Any) -> None:
    for role in Role:
        refused = move(item, row.before, row.after, role=role).startswith("refused")
        assert refused is (role not in row.roles)
    assert move(item, row.before, row.after, by=" ").startswith("refused")
    assert move(item, row.before, row.after, why="").startswith("refused") is row.needs_why


@pytest.mark.parametrize("name", ["rédaction", "Rédaction ", "RÉDACTION", "re\u0301daction"])
def test_an_author_does_not_approve_their_own_item_however_the_name_is_written(item: Item, name: str) -> None:
    assert same_person(name, item.author)
    assert move(item, Status.IN_REVIEW, Status.APPROVED, by=name) == (
        "refused: its author cannot approve it."
    )
    assert not move(item, Status.IN_REVIEW, Status.DRAFT, by=name).startswith("refused")


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - {Verdict.READ}))
def test_an_item_is_not_approved_or_asked_without_a_blind_reading_that_stands(
    item: Item, verdict: Verdict
) -> None:
    for row in TRANSITIONS:
        refused = move(item, row.before, row.after, verdict=verdict).startswith("refused")
        assert refused is (row.after in {Status.APPROVED, Status.PRETEST, Status.OPERATIONAL})


def test_a_doubt_written_on_an_item_keeps_it_from_being_approved(item: Item) -> None:
    doubtful = replace(item, doubt="Le décret change-t-il en janvier ?")
    assert "Le décret" in move(doubtful, Status.IN_REVIEW, Status.APPROVED)


# --- files against workshop ----------------------------------------------------------------------------------


def text(item: Item, words: str) -> Item:
    return replace(item, rationale=words)


def known(common: Item, workshop: Item | None = None) -> Known:
    """What the database knows: what files and workshop agreed on, and what the workshop made of it."""
    now = workshop or common
    return Known(common.content_hash, common.status, now.content_hash, now.status, now.to_dict())


def imported(files: Item, state: Known | None, **how: Any) -> Reconciled:
    verdicts = {ID: how.pop("verdict", Verdict.READ)}
    content = Content(None, (files,))
    return reconcile(content, {} if state is None else {ID: state}, verdicts=verdicts, **how)


def refusal(files: Item, state: Known | None, **how: Any) -> str:
    with pytest.raises(RefusedImport) as caught:
        imported(files, state, **how)
    return caught.value.refusals[0].reason


def at(item: Item, status: Status) -> Item:
    return replace(item, status=status)


def test_files_that_say_what_is_known_change_nothing(item: Item) -> None:
    assert imported(item, known(item)) == Reconciled(Content(None, (item,)), (), ())


def test_a_first_import_is_a_change_from_nothing(item: Item) -> None:
    (change,) = imported(item, None).changes
    assert (change.before, change.after, change.new_version) == (None, Status.IN_REVIEW, True)


def test_a_first_import_past_review_takes_a_name_that_is_not_the_authors_and_a_blind_reading(
    item: Item,
) -> None:
    ready = at(item, Status.OPERATIONAL)
    assert "say who answers for it" in refusal(ready, None)
    assert "its author" in refusal(ready, None, by=item.author)
    assert "never answered blind" in refusal(ready, None, by="Dr A. Dupont", verdict=Verdict.UNREAD)
    assert len(imported(ready, None, by="Dr A. Dupont").changes) == 1


def test_a_text_changed_in_the_files_alone_is_a_new_version(item: Item) -> None:
    new = text(item, "Autrement.")
    found = imported(new, known(item))
    assert found.content.items == (new,)
    assert [(change.item, change.new_version) for change in found.changes] == [(new, True)]


def test_a_text_changed_in_the_workshop_alone_stands(item: Item) -> None:
    theirs = text(item, "Autrement.")
    assert imported(item, known(item, theirs)) == Reconciled(Content(None, (theirs,)), (), (ID,))


def test_a_text_changed_on_both_sides_is_refused_unless_they_say_the_same(item: Item) -> None:
    ours, theirs = text(item, "Autrement."), text(item, "Encore autrement.")
    assert "was changed in the files and in the workshop" in refusal(ours, known(item, theirs))
    assert imported(theirs, known(item, theirs)) == Reconciled(Content(None, (theirs,)), (), ())


def test_a_new_version_starts_over_whatever_the_old_one_was(item: Item) -> None:
    live = at(item, Status.OPERATIONAL)
    assert "a new version is not operational yet" in refusal(text(live, "Autrement."), known(live))
    back = at(text(item, "Autrement."), Status.IN_REVIEW)
    assert "say who answers for it" in refusal(back, known(live))
    (change,) = imported(back, known(live), by="Dr A. Dupont", why="Loi nouvelle.").changes
    assert (change.before, change.after, change.new_version) == (Status.OPERATIONAL, Status.IN_REVIEW, True)
    assert "retired" in refusal(back, known(at(item, Status.RETIRED)), by="Dr A. Dupont")


def test_a_status_moved_in_the_workshop_alone_stands(item: Item) -> None:
    approved = at(item, Status.APPROVED)
    assert imported(item, known(item, approved)) == Reconciled(Content(None, (approved,)), (), (ID,))


def test_a_status_moved_on_both_sides_is_refused_unless_they_say_the_same(item: Item) -> None:
    approved, draft = at(item, Status.APPROVED), at(item, Status.DRAFT)
    assert "the workshop has changed it meanwhile" in refusal(draft, known(item, approved), why="Fini.")
    assert imported(approved, known(item, approved)) == Reconciled(Content(None, (approved,)), (), ())


def test_a_status_moved_in_the_files_follows_the_table_and_takes_a_name(item: Item) -> None:
    approved = at(item, Status.APPROVED)
    assert "say who answers for it" in refusal(approved, known(item))
    assert "its author" in refusal(approved, known(item), by=item.author)
    assert "does not go from" in refusal(at(item, Status.PRETEST), known(item), by="Dr A. Dupont")
    (change,) = imported(approved, known(item), by="Dr A. Dupont").changes
    assert (change.before, change.after, change.new_version) == (Status.IN_REVIEW, Status.APPROVED, False)


def test_an_author_submits_a_draft_by_the_file_alone(item: Item) -> None:
    assert len(imported(item, known(at(item, Status.DRAFT))).changes) == 1


def test_a_status_moved_in_the_files_of_a_text_that_the_workshop_changed_is_refused(item: Item) -> None:
    state = known(item, text(item, "Autrement."))
    assert "the workshop has changed it" in refusal(at(item, Status.DRAFT), state, by="Ana", why="Non.")


def test_a_doubt_written_in_the_files_of_an_item_in_use_is_refused(item: Item) -> None:
    state = known(item, at(item, Status.OPERATIONAL))
    assert "cannot stay operational" in refusal(replace(item, doubt="Est-ce encore vrai ?"), state)


def test_every_refusal_of_an_import_is_told_at_once(bank: BankFolder) -> None:
    content = bank.content()
    ready = replace(content, items=tuple(at(item, Status.APPROVED) for item in content.items))
    with pytest.raises(RefusedImport) as caught:
        reconcile(ready, {}, verdicts={})
    assert len(caught.value.refusals) == len(content.items)


@given(
    common=st.sampled_from(["", "a", "b"]),
    workshop=st.sampled_from(["", "a", "b"]),
    files=st.sampled_from(["", "a", "b"]),
)
def test_no_import_loses_a_text_of_the_workshop(common: str, workshop: str, files: str) -> None:
    start = Item.from_dict(RECORD)
    agreed, theirs, ours = (text(start, f"Texte {words}.") for words in (common, workshop, files))
    try:
        found = imported(ours, known(agreed, theirs))
    except RefusedImport:
        assert len({common, workshop, files}) == 3
        return
    kept = found.content.items[0]
    assert theirs == agreed or kept == theirs


RECORD = {
    **{"id": ID, "competence": "D1C1", "topic": "D1C1.sigles", "level": 2, "interaction": "short_text"},
    **{"stem": "Quoi ?", "accepted": ["cela"], "rationale": "La règle.", "sources": ["Un texte"]},
    **{"professions": ["transversal"], "stage": "cycle1", "recheck": "2027-12-31", "status": "in_review"},
    "author": "rédaction",
}
