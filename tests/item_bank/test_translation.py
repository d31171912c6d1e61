"""A language version is the same item in other words: what does not fit is told, what is stale is not served."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import item_bank
from item_bank import parity
from item_bank.errors import InvalidItem, InvalidRelease
from item_bank.files import Content, read
from item_bank.item import Interaction, Item
from item_bank.lint import lint
from item_bank.presentation import explain, present
from item_bank.release import Release, stats
from item_bank.release import compile as compile_release
from item_bank.scoring import parse, read_number, score
from item_bank.translation import (
    ItemTranslation,
    read_item_translation,
    read_testlet_translation,
    words_hash,
)
from tests.item_bank.test_files import SPOILERS
from tests.item_bank.test_lint import TODAY

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

CONTENT = Path(item_bank.__file__).parent / "content"
ITEMS, CASE = "translations/en/D1C1.yaml", "translations/en/D2-cas.yaml"

ENGLISH = """\
competence: D1C1
translator: translator
status: in_review
items:
  - id: D1C1-001
    of: "{D1C1-001}"
    stem: Which is the right thing to do?
    options:
      d: {{text: "Fourth choice.", why: "Wrong, because."}}
      a: {{text: "First choice.", why: "Wrong, because."}}
      b: {{text: "Second choice.", why: "Right, because."}}
      c: {{text: "Third choice.", why: "Wrong, because."}}
    rationale: The rule and its reason.
  - id: D1C1-002
    of: "{D1C1-002}"
    stem: Within how many hours?
    unit: hours
    rationale: The rule.
  - id: D1C1-003
    of: "{D1C1-003}"
    stem: Which messaging service?
    accepted: ["MSSanté", "secure health messaging"]
    rationale: The rule.
"""

ENGLISH_CASE = """\
testlet: CAS-D2-1
of: "{CAS-D2-1}"
title: A case
document:
  title: E-mail received
  fields:
    - [From, "Support <support@securite.example>"]
  body: |
    Your mailbox will be **suspended**.
translator: translator
status: in_review
items:
  - id: CAS-D2-1-1
    of: "{CAS-D2-1-1}"
    stem: In which order?
    options:
      a: {{text: Finish}}
      b: {{text: Begin}}
      c: {{text: Go on}}
    rationale: The rule.
  - id: CAS-D2-1-2
    of: "{CAS-D2-1-2}"
    stem: Classify.
    categories: {{x: Allowed, y: Forbidden}}
    options:
      a: {{text: Read, why: "Allowed."}}
      b: {{text: Copy, why: "Forbidden."}}
      c: {{text: Sign, why: "Allowed."}}
    rationale: The rule.
"""


@pytest.fixture
def translated(bank: BankFolder) -> BankFolder:
    """The small bank with an English version of all its items but one."""
    content = bank.content()
    hashes = {item.id: words_hash(item) for item in content.items}
    hashes |= {testlet.id: words_hash(testlet) for testlet in content.testlets}
    bank.write(ITEMS, ENGLISH.format_map(hashes))
    bank.write(CASE, ENGLISH_CASE.format_map(hashes))
    return bank


def version(content: Content, item_id: str) -> ItemTranslation:
    return next(version for version in content.translations if version.id == item_id)


def test_versions_are_read_beside_the_items_and_counted_as_versions_only(translated: BankFolder) -> None:
    content = translated.content()
    assert [(found.language, found.id) for found in content.translations] == [
        ("en", item_id) for item_id in ("CAS-D2-1-1", "CAS-D2-1-2", "D1C1-001", "D1C1-002", "D1C1-003")
    ]
    assert [found.id for found in content.testlet_translations] == ["CAS-D2-1"]
    counts = stats(content)
    assert counts["items"] == 6
    assert counts["languages"] == {"fr": 6, "en": 5}
    assert sum(counts["levels"].values()) == 6
    assert content.origins["D1C1-002 (en)"] == (ITEMS, 14)


def test_only_the_words_change_and_options_keep_the_order_of_the_item(translated: BankFolder) -> None:
    content = translated.content()
    item = content.item("D1C1-001")
    shown = version(content, "D1C1-001").apply(item)
    assert shown.language == "en"
    assert [(option.id, option.text) for option in shown.options] == [
        ("a", "First choice."),
        ("b", "Second choice."),
        ("c", "Third choice."),
        ("d", "Fourth choice."),
    ]
    kept = ("id", "competence", "topic", "level", "interaction", "key", "professions", "stage", "sources")
    assert {name: shown.to_dict()[name] for name in kept} == {name: item.to_dict()[name] for name in kept}


def test_a_sitting_shows_the_same_order_of_options_in_either_language(translated: BankFolder) -> None:
    release = compile_release(translated.content())
    for item_id in ("D1C1-001", "CAS-D2-1-1", "CAS-D2-1-2"):
        orders = [
            [option.id for option in present(release.shown(item_id, language)[0], seed=7).options]
            for language in ("fr", "en")
        ]
        assert orders[0] == orders[1]


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ('      b: {text: "Second choice.", why: "Right, because."}\n', "", "options", "has no text for b."),
        ("      d: {text", "      e: {text", "options", "has no text for d."),
        ('why: "Right, because."', 'why: ""', "options.b.why", "is missing."),
        ("- id: D1C1-001", "- id: D1C1-009", "id", '"D1C1-009" is not an item of the bank.'),
        ("- id: D1C1-001", "- id: D2C1-001", "id", '"D2C1-001" is an item of D2C1.'),
        ("- id: D1C1-002", "- id: D1C1-001", "id", 'the version id "D1C1-001 (en)" is already used'),
        ("    unit: hours\n", "", "unit", 'is missing; that of the item is "heures".'),
        ("    unit: hours\n", "    accepted: [x]\n    unit: hours\n", "accepted", "has no place"),
        ('    accepted: ["MSSanté", "secure health messaging"]\n', "", "accepted", "is missing."),
        ('    accepted: ["MSSanté",', '    accepted: ["…",', "accepted[0]", "has neither letter nor digit."),
        ('"First choice."', '"Second choice."', "options[1].text", "repeats another one word for word."),
        ("    unit: hours\n", "    unit: hours\n    level: 3\n", "level", "is not a field of this block."),
        ("    unit: hours\n", "    unit: hours\n    key: 71\n", "key", "is not a field of this block."),
        ("status: in_review", "status: perhaps", "status", '"perhaps" is not a known status.'),
    ],
)
def test_a_version_that_does_not_fit_its_item_is_told_with_its_line(
    translated: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    line = translated.replace(ITEMS, old, new)
    problem = next(problem for problem in translated.problems() if problem.field == field)
    assert words in problem.message
    assert problem.file == ITEMS
    assert problem.line >= min(line, 3)
    assert problem.blocking
    assert problem.subject.endswith("(en)")


def test_an_option_that_the_item_does_not_have_is_named(translated: BankFolder) -> None:
    line = translated.replace(
        ITEMS, '      c: {text: "Third', '      e: {text: "Fifth", why: "No."}\n      c: {text: "Third'
    )
    problem = translated.only_problem()
    assert (problem.line, problem.field) == (line, "options.e")
    assert problem.message == "is not among the options of the item."


def test_a_stale_version_is_told_and_left_out_without_stopping_the_bank(translated: BankFolder) -> None:
    translated.replace("items/D1C1.yaml", "Quel est le bon geste ?", "Quel est le meilleur geste ?")
    problem = translated.only_problem()
    fresh = words_hash(read(translated.root).content.item("D1C1-001"))
    assert (problem.file, problem.line, problem.field) == (ITEMS, 6, "of")
    assert problem.subject == "D1C1-001 (en)"
    assert problem.message.startswith("is stale:")
    assert fresh in problem.advice
    assert not problem.blocking
    content = read(translated.root).content
    assert [found.id for found in content.translations if found.id.startswith("D1C1")] == [
        "D1C1-002",
        "D1C1-003",
    ]
    release = compile_release(content)
    assert release.shown("D1C1-001", "en")[0].language == "fr"
    translated.replace(ITEMS, problem.message.split()[8].rstrip(","), fresh)
    assert translated.problems() == ()


def test_what_is_not_words_may_change_without_making_a_version_stale(translated: BankFolder) -> None:
    translated.replace("items/D1C1.yaml", "recheck: 2027-12-31", "recheck: 2029-12-31")
    translated.replace("items/D1C1.yaml", "sources: [Un texte public]", "sources: [Un autre texte]")
    translated.replace("items/D1C1.yaml", "status: in_review", "status: approved")
    assert translated.problems() == ()


def test_a_change_of_key_makes_a_version_stale(translated: BankFolder) -> None:
    translated.replace("items/D1C1.yaml", "key: b", "key: c")
    assert translated.only_problem().subject == "D1C1-001 (en)"


@pytest.mark.parametrize("missing", ["document", "item"])
def test_a_testlet_is_shown_in_a_language_whole_or_not_at_all(translated: BankFolder, missing: str) -> None:
    if missing == "document":
        translated.replace(CASE, 'of: "', 'of: "0')
    else:
        translated.replace(CASE, "status: in_review", "status: draft")
        assert translated.problems() == ()
        release = compile_release(translated.content())
        assert [found.id for found in release.translations] == ["D1C1-001", "D1C1-002", "D1C1-003"]
        translated.replace(CASE, "status: draft", "status: in_review")
        text = translated.text(CASE)
        translated.write(CASE, text[: text.index("  - id: CAS-D2-1-2")])
    problems = translated.problems()
    partial = [problem for problem in problems if "only a part of the testlet" in problem.message]
    assert len(partial) == 1
    assert not partial[0].blocking
    release = compile_release(read(translated.root).content)
    for item_id in ("CAS-D2-1-1", "CAS-D2-1-2"):
        item, testlet = release.shown(item_id, "en")
        assert item.language == "fr"
        assert testlet is not None
        assert testlet.document.title == "Courriel reçu"


def test_a_folder_of_translations_that_is_no_language_is_told(translated: BankFolder) -> None:
    translated.write("translations/de/D1C1.yaml", "competence: D1C1\nitems: []\n")
    problem = translated.only_problem()
    assert problem.file == "translations/de"
    assert problem.message == "is not the folder of a language and is not read."


def test_a_document_keeps_its_lines(translated: BankFolder) -> None:
    translated.replace(CASE, "fields:", "fields:\n    - [To, You]")
    problem = next(problem for problem in translated.problems() if problem.field == "document.fields")
    assert problem.message == "has 2 lines; the document has 1."


def test_a_release_shows_each_item_in_the_language_it_has(translated: BankFolder) -> None:
    release = compile_release(translated.content())
    item, testlet = release.shown("CAS-D2-1-2", "en")
    assert testlet is not None
    shown = present(item, seed=1, testlet=testlet)
    assert (shown.language, shown.stem_html) == ("en", "<p>Classify.</p>")
    assert shown.document is not None
    assert shown.document.title == "E-mail received"
    assert shown.document.kind == "email"
    assert shown.hint == "Match each element with a category."
    assert present(release.shown("D2C1-001", "en")[0], seed=1).language == "fr"
    assert present(release.shown("D1C1-001", "fr")[0], seed=1).stem_html == "<p>Quel est le bon geste ?</p>"
    with pytest.raises(InvalidRelease):
        release.shown("D9C9-001", "en")


def test_the_release_carries_its_versions_and_its_hash_covers_them(translated: BankFolder) -> None:
    release = compile_release(translated.content())
    payload = json.loads(json.dumps(release.to_payload()))
    back = Release.from_payload(payload)
    assert back == release
    assert back.translations == release.translations
    assert back.testlet_translations == release.testlet_translations
    changed = copy.deepcopy(payload)
    changed["translations"][0]["stem"] = "Another question?"
    with pytest.raises(InvalidRelease, match="content hash differs"):
        Release.from_payload(changed)
    translated.replace(ITEMS, "Which is the right thing to do?", "What is the right thing to do?")
    assert compile_release(translated.content()) != release


def test_a_release_of_before_language_versions_is_read_with_its_hash(bank: BankFolder) -> None:
    release = compile_release(bank.content())
    payload = release.to_payload()
    del payload["translations"], payload["testlet_translations"]
    assert Release.from_payload(payload) == release
    assert release.shown("D1C1-001", "en")[0].language == "fr"


def test_a_short_answer_is_scored_with_the_answers_of_the_language_shown(translated: BankFolder) -> None:
    release = compile_release(translated.content())
    french, english = (release.shown("D1C1-003", language)[0] for language in ("fr", "en"))

    def scored(item: Item, text: str) -> int:
        return score(item, parse(item, {"text": text})).score

    assert scored(english, "the secure health messaging") == 1
    assert scored(french, "secure health messaging") == 0
    assert scored(english, "messagerie sécurisée de santé") == 0
    assert scored(french, "messagerie sécurisée de santé") == 1
    assert scored(english, "MSSanté") == scored(french, "MSSanté") == 1


def test_a_number_takes_the_unit_and_the_thousands_of_its_language(translated: BankFolder) -> None:
    english, _ = compile_release(translated.content()).shown("D1C1-002", "en")
    for text in ("72", "72 hours", "72 h", "72.0"):
        assert score(english, parse(english, {"number": text})).score == 1
    assert explain(english, parse(english, {"number": "71"})).right_answer == "72\u00a0hours"
    assert read_number("1,500", language="en") == 1500
    assert read_number("12,345,678.5", language="en") == read_number("12345678,5")
    assert read_number("1,5", language="en") == read_number("1,5") == read_number("1.5")
    assert read_number("1,500") == read_number("1.5")
    assert read_number("0,125", language="en") == read_number("0.125")


def test_both_languages_refuse_a_version_in_the_language_of_the_item(translated: BankFolder) -> None:
    content = translated.content()
    data = version(content, "D1C1-002").to_dict() | {"language": "fr"}
    same, faults = read_item_translation(data)
    assert same is not None
    assert not faults
    assert [fault.message for fault in same.faults(content.item("D1C1-002"))] == [
        "is in the language of the item itself (fr)."
    ]


def test_a_version_of_another_item_cannot_be_applied(translated: BankFolder) -> None:
    content = translated.content()
    with pytest.raises(InvalidItem, match="has no text for a, b, c, d"):
        version(content, "D1C1-002").apply(content.item("D1C1-001"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    *("id", "language", "of", "stem", "options", "categories", "accepted", "unit", "document", "rationale"),
    *("translator", "status", "title", "autre"),
)


@given(st.dictionaries(st.sampled_from(FIELDS), json_values) | json_values)
def test_whatever_a_file_holds_is_read_or_told_never_raised(data: object) -> None:
    for read_one in (read_item_translation, read_testlet_translation):
        found, faults = read_one(data)
        assert (found is None) == bool(faults)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([ITEMS, CASE]),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(0, 30), st.sampled_from(SPOILERS)),
        min_size=1,
        max_size=4,
    ),
)
def test_no_spoiled_file_of_versions_crashes_the_reading(
    translated: BankFolder, name: str, cuts: list[tuple[int, int, str]]
) -> None:
    text = good = translated.text(name)
    for start, length, spoiler in cuts:
        start %= len(text)
        text = text[:start] + spoiler + text[start + length :]
    translated.write(name, text)
    try:
        content, problems = read(translated.root)
        assert all(problem.file and problem.line >= 1 and problem.message for problem in problems)
        release = compile_release(content)
        assert len(release) == 6
        assert len(release.translations) <= 5
    finally:
        translated.write(name, good)


def test_a_version_survives_its_dictionary_form(translated: BankFolder) -> None:
    content = translated.content()
    for found in content.translations:
        assert read_item_translation(json.loads(json.dumps(found.to_dict()))) == (found, [])
    for document in content.testlet_translations:
        assert read_testlet_translation(json.loads(json.dumps(document.to_dict()))) == (document, [])


# --- fair copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("Which is the right thing to do?", "Which is the “right” thing to do ?", "typography"),
        ("Which is the right thing to do?", "Which organization is right?", "typography"),
        ("Which is the right thing to do?", "Which is not the right thing to do?", "negation"),
        ("Which is the right thing to do?", "Which is the **right** thing to do?", "emphasis"),
        ("The rule and its reason.", "La règle et sa raison.", "untranslated"),
        ("The rule and its reason.", "Write to ann@hospital.fr.", "real_address"),
        ('"Second choice."', '"Second choice, the one that is said at length."', "translated_key_longest"),
    ],
)
def test_a_cue_or_a_slip_of_the_translation_is_found(
    translated: BankFolder, old: str, new: str, rule: str
) -> None:
    def found() -> list[str]:
        report = lint(translated.content(), TODAY)
        warnings = (*report.warnings, *report.errors)
        return [warning.rule for warning in warnings if warning.file.startswith("translations")] + [
            warning.rule for warning in warnings if warning.rule.startswith("translated")
        ]

    assert found() == []
    translated.replace(ITEMS, old, new)
    assert found() == [rule]


def test_an_option_out_of_proportion_is_found(translated: BankFolder) -> None:
    for index, word in enumerate(("Premier", "Deuxième", "Troisième", "Quatrième")):
        translated.replace(
            "items/D1C1.yaml", f'"{word} choix."', f'"{word} choix, dit en toutes lettres ici."'
        )
        english = ("First", "Second", "Third", "Fourth")[index]
        text = "Third." if english == "Third" else f"{english} choice, spelt out in full here."
        translated.replace(ITEMS, f'"{english} choice."', f'"{text}"')
    stale = translated.only_problem()
    translated.replace(ITEMS, stale.message.split()[8].rstrip(","), stale.advice.split('"')[1])
    found = parity.compare(translated.content()).disparities
    assert [(found.subject, found.rule) for found in found] == [("D1C1-001 (en)", "option_proportion")]


# --- the shipped versions ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Content:
    content, problems = read(CONTENT)
    assert problems == ()
    return content


def test_the_shipped_versions_cover_domains_levels_interactions_and_two_whole_testlets(
    shipped: Content,
) -> None:
    assert shipped.framework is not None
    items = [shipped.item(found.id) for found in shipped.translations if found.language == "en"]
    assert len(items) >= 64
    assert {shipped.framework.domain_of[item.topic].id for item in items} == {"D1", "D2", "D3", "D4", "D5"}
    assert {item.competence for item in items} == set(shipped.framework.competences)
    levels, interactions = Counter(item.level for item in items), Counter(item.interaction for item in items)
    assert min(levels[level] for level in range(1, 7)) >= 8
    assert min(interactions[interaction] for interaction in Interaction) >= 5
    release = compile_release(shipped)
    whole = {found.id for found in release.testlet_translations}
    assert len(whole) >= 2
    assert len(release.translations) == len(shipped.translations)


def test_the_shipped_versions_add_no_cue(shipped: Content) -> None:
    compared = parity.compare(shipped)
    assert [str(found) for found in compared.disparities] == []
    assert compared.figures["en"]["key_longest"] <= compared.figures["en"]["key_longest_in_source"]
    assert 0.85 <= compared.figures["en"]["length_ratio"] <= 1.15


def test_each_shipped_version_is_shown_scored_and_explained(shipped: Content) -> None:
    release = compile_release(shipped)
    for found in release.translations:
        item, testlet = release.shown(found.id, found.language)
        shown = present(item, seed=3, testlet=testlet)
        assert shown.language == "en"
        assert shown.stem_html
        omitted = explain(item, parse(item, None))
        assert omitted.right_answer
        assert omitted.rationale_html
        assert not (set("«»") & set(omitted.rationale_html + shown.stem_html))
