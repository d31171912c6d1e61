"""The life of items in the database: every step is kept, and neither side overwrites the other."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import audit
from app.bank import service as bank
from app.bank.tables import BankRelease, ItemImport, ItemStatusChange, ItemVersion
from app.commands.bank import publish_content
from app.db import Database
from app.errors import NotFound
from app.settings import Settings
from item_bank import files, readings
from item_bank.files import Content
from item_bank.item import Item, Status
from item_bank.lifecycle import Reconciled, RefusedChange, RefusedImport, Role
from item_bank.readings import ReadVersions, Verdict
from tests.conftest import ROOT, START, Published

RECORDS = ROOT / "item_bank" / "reviews" / "blind_readings.jsonl"


@pytest.fixture(scope="module")
def content() -> Content:
    return files.read(ROOT / "item_bank" / "content").content


@pytest.fixture(scope="module")
def known() -> ReadVersions:
    return ReadVersions(readings.read_records(RECORDS).records)


@pytest.fixture(scope="module")
def item(content: Content) -> Item:
    """An item whose version was answered blind."""
    found = readings.verdicts(content, readings.read_records(RECORDS).records)
    return next(item for item in content.items if found[item.id] is Verdict.READ and item.testlet is None)


@pytest.fixture(scope="module")
def case_item(content: Content) -> Item:
    """The same, in a case."""
    found = readings.verdicts(content, readings.read_records(RECORDS).records)
    return next(item for item in content.items if found[item.id] is Verdict.READ and item.testlet)


async def move(
    database: Database,
    known: ReadVersions,
    item: Item,
    after: Status,
    *,
    by: str = "Dr A. Dupont",
    why: str = "",
) -> bank.Step:
    async with database.transaction() as db:
        return await bank.change_status(db, item.id, after, by=by, why=why, readings=known, now=START)


async def take_in(database: Database, content: Content, *, by: str = "", why: str = "") -> Reconciled:
    async with database.transaction() as db:
        verdicts = dict.fromkeys((item.id for item in content.items), Verdict.READ)
        return await bank.import_content(
            db, content, verdicts=verdicts, by=by, why=why, actor="tests", now=START
        )


async def life(database: Database, item: Item) -> list[tuple[int, str, str]]:
    async with database.reading() as db:
        return [(step.version, step.after, step.source) for step in await bank.history(db, item.id)]


def with_item(content: Content, item: Item) -> Content:
    return replace(content, items=tuple(item if one.id == item.id else one for one in content.items))


async def count(database: Database, table: type) -> int:
    async with database.reading() as db:
        return (await db.execute(select(func.count()).select_from(table))).scalar_one()


async def test_publishing_begins_the_life_of_every_item(
    database: Database, published: Published, content: Content, item: Item
) -> None:
    assert await count(database, ItemStatusChange) == len(content.items)
    assert await count(database, ItemImport) == len(content.items)
    assert await life(database, item) == [(1, "in_review", "files")]


async def test_reading_the_same_files_again_writes_nothing(
    database: Database, published: Published, content: Content
) -> None:
    tables = (ItemStatusChange, ItemImport, ItemVersion, audit.AuditEntry)
    before = [await count(database, table) for table in tables]
    assert (await take_in(database, content)).changes == ()
    assert [await count(database, table) for table in tables] == before


async def test_a_status_is_moved_in_a_name_kept_with_its_role_and_audited(
    database: Database, published: Published, known: ReadVersions, item: Item
) -> None:
    step = await move(database, known, item, Status.APPROVED)
    assert (step.before, step.after, step.by, step.role) == (
        Status.IN_REVIEW,
        Status.APPROVED,
        "Dr A. Dupont",
        Role.EXPERT,
    )
    await move(database, known, item, Status.PRETEST)
    assert [after for _, after, _ in await life(database, item)] == ["in_review", "approved", "pretest"]
    async with database.reading() as db:
        query = select(audit.AuditEntry).where(audit.AuditEntry.act == "item.status")
        assert len((await db.execute(query)).scalars().all()) == 2
        assert await audit.first_broken_link(db) is None


async def test_an_item_in_a_case_is_approved_by_its_reading_with_the_document(
    database: Database, published: Published, known: ReadVersions, case_item: Item
) -> None:
    assert (await move(database, known, case_item, Status.APPROVED)).after is Status.APPROVED


async def test_what_is_not_allowed_writes_nothing(
    database: Database, published: Published, known: ReadVersions, item: Item
) -> None:
    for refused, how in (
        (Status.OPERATIONAL, {}),
        (Status.APPROVED, {"by": item.author}),
        (Status.APPROVED, {"by": ""}),
        (Status.DRAFT, {"why": ""}),
    ):
        with pytest.raises(RefusedChange):
            await move(database, known, item, refused, **how)
    with pytest.raises(RefusedChange, match="never answered blind"):
        await move(database, ReadVersions(()), item, Status.APPROVED)
    with pytest.raises(NotFound):
        await move(database, known, replace(item, id="D9C9-999"), Status.APPROVED)
    assert await life(database, item) == [(1, "in_review", "files")]


async def test_a_changed_text_is_a_new_version_and_the_old_one_stays(
    database: Database, published: Published, content: Content, item: Item
) -> None:
    changed = replace(item, rationale="Autrement dite.")
    await take_in(database, with_item(content, changed))
    assert await life(database, item) == [(1, "in_review", "files"), (2, "in_review", "files")]
    async with database.reading() as db:
        query = select(ItemVersion).where(ItemVersion.item_key == item.id).order_by(ItemVersion.number)
        bodies = [version.body for version in (await db.execute(query)).scalars()]
    assert [Item.from_dict(body) for body in bodies] == [item, changed]


async def test_going_back_to_an_earlier_text_finds_its_version_again(
    database: Database, published: Published, content: Content, item: Item
) -> None:
    await take_in(database, with_item(content, replace(item, rationale="Autrement dite.")))
    await take_in(database, content)
    assert [version for version, _, _ in await life(database, item)] == [1, 2, 1]
    assert (await take_in(database, content)).changes == ()


async def test_the_workshops_text_and_status_stand_against_files_that_did_not_change(
    database: Database, published: Published, content: Content, known: ReadVersions, item: Item
) -> None:
    theirs = replace(item, rationale="Réécrite à l’atelier.")
    async with database.transaction() as db:
        await bank.revise(db, theirs, by="Ana", why="plus clair", now=START)
    other = next(one for one in content.items if one.id != item.id and one.testlet is None)
    await move(database, known, other, Status.RETIRED, why="remplacée")
    merged = await take_in(database, content)
    assert set(merged.kept) == {item.id, other.id}
    assert merged.content.item(item.id) == theirs
    assert merged.content.item(other.id).status is Status.RETIRED
    assert await life(database, item) == [(1, "in_review", "files"), (2, "in_review", "workshop")]
    # Files that have caught up are agreed on: they may go further by themselves.
    assert (await take_in(database, with_item(content, theirs))).changes == ()
    assert (
        len((await take_in(database, with_item(content, replace(theirs, rationale="Encore.")))).changes) == 1
    )


async def test_what_both_sides_changed_is_refused_and_nothing_is_written(
    database: Database, published: Published, content: Content, item: Item
) -> None:
    async with database.transaction() as db:
        await bank.revise(db, replace(item, rationale="À l’atelier."), by="Ana", why="", now=START)
    versions = await count(database, ItemVersion)
    with pytest.raises(RefusedImport, match=f"{item.id}: was changed in the files and in the workshop"):
        await take_in(database, with_item(content, replace(item, rationale="Dans les fichiers.")))
    assert await count(database, ItemVersion) == versions


async def test_a_revision_needs_a_new_text_a_name_and_a_fresh_start(
    database: Database, published: Published, item: Item
) -> None:
    new = replace(item, rationale="Réécrite.")
    for text, by in ((item, "Ana"), (new, " "), (replace(new, status=Status.APPROVED), "Ana")):
        with pytest.raises(RefusedChange):
            async with database.transaction() as db:
                await bank.revise(db, text, by=by, why="", now=START)
    assert await life(database, item) == [(1, "in_review", "files")]


async def test_the_next_release_takes_up_what_the_workshop_decided(
    database: Database, published: Published, settings: Settings, known: ReadVersions, item: Item
) -> None:
    await move(database, known, item, Status.APPROVED)
    number, new = await publish_content(database, settings.content_dir, actor="tests")
    assert (number, new) == (2, True)
    async with database.reading() as db:
        latest = await bank.latest(db)
        assert latest is not None
        snapshot = (await bank.load(db, latest)).snapshot
    assert snapshot.item(item.id).status is Status.APPROVED
    assert await publish_content(database, settings.content_dir, actor="tests") == (2, False)


async def test_a_release_is_found_by_the_beginning_of_its_hash(
    database: Database, published: Published
) -> None:
    async with database.reading() as db:
        content_hash = (await db.execute(select(BankRelease.content_hash))).scalar_one()
        assert (await bank.release_like(db, content_hash[:8].upper())).content_hash == content_hash
        for prefix in ("%", "zz", content_hash[:8] + "x"):
            with pytest.raises(NotFound):
                await bank.release_like(db, prefix)


def test_the_reviewers_file_is_where_the_commands_look_for_it() -> None:
    from app.commands.bank import records_of

    assert records_of(Path(ROOT / "item_bank" / "content")) == RECORDS
