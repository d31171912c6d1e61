"""Every mistake of a bank file is told with its file, line and field, in words an author understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from item_bank.files import LARGEST_FILE

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

ITEMS = "items/D1C1.yaml"
CASE = "cases/D2-cas.yaml"
FILE_NAMES = [
    ITEMS,
    CASE,
    "items/D2C1.yaml",
    "domains/D1.yaml",
    "framework.yaml",
    "designs/certification.yaml",
]


def test_a_good_folder_reads_whole_and_without_problem(bank: BankFolder) -> None:
    content = bank.content()
    assert [item.id for item in content.items] == [
        "CAS-D2-1-1",
        "CAS-D2-1-2",
        "D1C1-001",
        "D1C1-002",
        "D1C1-003",
        "D2C1-001",
    ]
    assert [testlet.items for testlet in content.testlets] == [("CAS-D2-1-1", "CAS-D2-1-2")]
    assert [design.id for design in content.designs] == ["certification"]
    assert content.origins["D1C1-002"] == (ITEMS, 23)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("level: 2", "level: 9", "level", "is 9; a whole number from 1 to 6 is expected."),
        ("level: 2", "level: deux", "level", 'a whole number is expected, not the text "deux".'),
        ("key: b", "key: e", "key", 'names no option: "e". The options are a, b, c, d.'),
        ("key: b", "key: [b]", "key", "is a list; the id of one option is expected. Write `key: b`."),
        ("key: b", "key: [a, b]", "key", "Use the interaction multiple_choice"),
        (
            "key: b",
            "key: no",
            "key",
            'YAML reads this bare word as the boolean false. Put it in quotes: "no"',
        ),
        ('text: "Premier choix."', "text: yes", "options[0].text", "the boolean true. Put it in quotes"),
        (
            'text: "Premier choix."',
            "text: 1.50",
            "options[0].text",
            "not the number 1.5. Put the text in quotes.",
        ),
        ("{id: b,", "{id: a,", "options[1].id", '"a" is already used in options.'),
        ("{id: b,", "{id: B!,", "options[1].id", '"B!" is not an id. Use one small letter'),
        (', why: "Faux, parce que."', "", "options[0].why", "is missing. Write `why:` and its value."),
        ("interaction: single_choice", "interaction: single_choise", "interaction", 'mean "single_choice"?'),
        ("topic: D1C1.sigles", "topic: D1C1.sigle", "topic", 'Did you mean "D1C1.sigles"?'),
        ("topic: D1C1.sigles", "topic: D2C1.sigles", "topic", "is not a topic of the competence D1C1."),
        ("recheck: 2027-12-31", "recheck: 2027-02-30", "recheck", "Write an existing day as year-month-day"),
        ("recheck: 2027-12-31", "recheck: bientôt", "recheck", 'a date is expected, not the text "bientôt".'),
        ("status: in_review", "status: published", "status", '"published" is not a known status.'),
        ("professions: [transversal]", "professions: [infirmier]", "professions[0]", "is not a profession"),
        (
            "professions: [transversal]",
            "professions: [transversal, ide]",
            "professions",
            "Keep one of the two.",
        ),
        ("professions: [transversal]", "professions: {}", "professions", "a list is expected"),
        ("stage: cycle1", "stage: cycle9", "stage", "is not a stage of the framework."),
        ("facts: [F1.01]", "enemies: [D1C1-099]", "enemies[0]", '"D1C1-099" is not an item of the bank.'),
        ("facts: [F1.01]", "enemies: [D1C1-001]", "enemies", "names the item itself."),
        ("facts: [F1.01]", "shuffle: peut-être", "shuffle", "true or false is expected"),
        ("id: D1C1-001", "id: D1C1 001", "id", '"D1C1 001" is not an item id.'),
    ],
)
def test_a_mistake_in_an_item_is_told_with_line_and_field(
    bank: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    line = bank.replace(ITEMS, old, new)
    problem = bank.only_problem()
    assert (problem.file, problem.line, problem.field) == (ITEMS, line, field)
    assert words in str(problem)
    assert problem.subject in ("D1C1-001", "D1C1 001")


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        (
            "{discrimination: -1.2, difficulty: 0.3, source: essai}",
            "parameters.discrimination",
            "is -1.2; a number from 0.05 to 10 is expected. A discrimination is positive",
        ),
        (
            "{discrimination: .nan, difficulty: 0.3, source: essai}",
            "parameters.discrimination",
            "is nan; a finite",
        ),
        (
            "{discrimination: 1.0, difficulty: .inf, source: essai}",
            "parameters.difficulty",
            "is inf; a finite",
        ),
        ("{discrimination: 1.0, difficulty: 0.1}", "parameters.source", "is missing."),
        (
            "{discrimination: 1.0, difficulty: 0.1, gessing: 0.2, source: x}",
            "parameters.gessing",
            '"guessing"?',
        ),
        (
            "{discrimination: 1.0, difficulty: 0.1, guessing: 0.4, upper_asymptote: 0.3, source: x}",
            "parameters.upper_asymptote",
            "is not above guessing (0.4).",
        ),
    ],
)
def test_impossible_item_parameters_are_refused(
    bank: BankFolder, parameters: str, field: str, words: str
) -> None:
    line = bank.replace(ITEMS, "facts: [F1.01]", f"parameters: {parameters}")
    problem = bank.only_problem()
    assert (problem.file, problem.line, problem.field) == (ITEMS, line, field)
    assert words in str(problem)


def test_a_misspelt_field_is_told_with_the_field_it_resembles(bank: BankFolder) -> None:
    line = bank.replace(ITEMS, "level: 2", "levle: 2")
    missing, unknown = bank.problems()
    assert (missing.line, missing.field, missing.message) == (3, "level", "is missing.")
    assert (unknown.line, unknown.field) == (line, "levle")
    assert unknown.advice == 'Did you mean "level"?'


def test_a_missing_scoring_key_is_told_at_its_item(bank: BankFolder) -> None:
    bank.replace(ITEMS, "    key: b\n", "")
    problem = bank.only_problem()
    assert (problem.line, problem.field, problem.subject) == (3, "key", "D1C1-001")
    assert "is missing." in problem.message


def test_a_duplicate_id_names_where_it_was_first_used(bank: BankFolder) -> None:
    line = bank.replace("items/D2C1.yaml", "id: D2C1-001", "id: D1C1-002")
    problem = bank.only_problem()
    assert (problem.file, problem.line, problem.field) == ("items/D2C1.yaml", line, "id")
    assert 'the item id "D1C1-002" is already used in items/D1C1.yaml, line 23.' in problem.message


def test_an_unknown_competence_is_told_with_the_closest_one(bank: BankFolder) -> None:
    text = bank.text("items/D2C1.yaml").replace("D2C1.sigles", "D2C9.sigles")
    bank.write("items/D2C1.yaml", text.replace("competence: D2C1", "competence: D2C9"))
    problem = bank.only_problem()
    assert (problem.line, problem.field, problem.subject) == (3, "competence", "D2C1-001")
    assert '"D2C9" is not a competence of the framework. Did you mean "D2C1"?' in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("key: [a, c]", "key: [a]", "key", "has fewer than two right options."),
        ("key: [a, c]", "key: [a, b, c, d]", "key", "makes every option right."),
        ("key: [a, c]", "key: [a, a]", "key", 'names "a" 2 times.'),
        ("key: [a, c]", "key: [a, f]", "key", 'names no option: "f".'),
        ("key: [a, c]", "key: []", "key", "is an empty list."),
    ],
)
def test_mistakes_of_a_multiple_choice_key_are_told(
    bank: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    line = bank.replace("items/D2C1.yaml", old, new)
    problem = bank.problems()[0]
    assert (problem.line, problem.field) == (line, field)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("key: [b, c, a]", "key: [b, c]", "key", "leaves out a. Give every step its place."),
        ("key: [b, c, a]", "key: [b, c, b]", "key", 'names "b" 2 times.'),
        (
            "key: {a: x, b: y, c: x}",
            "key: {a: x, b: y}",
            "key",
            "leaves out c. Give every element its category.",
        ),
        ("key: {a: x, b: y, c: x}", "key: {a: x, b: y, c: z}", "key.c", 'names no category: "z".'),
        ("key: {a: x, b: y, c: x}", "key: [x, y, x]", "key", "Write `key: {a: x, b: y}`."),
        ("      - {id: y, text: Interdit}\n", "", "categories", "has 1 categories; 2 to 4 are expected."),
        ("kind: email", "kind: courriel", "document.kind", '"courriel" is not a known kind.'),
        ('- [De, "Support', '- ["Support', "document.fields[0]", "a label and its value are expected."),
        ("topic: D2C1.regles", "topic: D2C1.gestes", "topic", "is the topic of another item of this case."),
        ("  title: Courriel reçu\n", "", "document.title", "is missing."),
    ],
)
def test_mistakes_of_a_case_are_told(bank: BankFolder, old: str, new: str, field: str, words: str) -> None:
    bank.replace("cases/D2-cas.yaml", old, new)
    problems = bank.problems()
    assert all(problem.file == "cases/D2-cas.yaml" for problem in problems)
    assert any(problem.field == field and words in str(problem) for problem in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("key: 72", "key: soixante-douze", "key", "a number is expected"),
        ("key: 72", "key: .nan", "key", "is nan; a finite number is expected."),
        ("unit: heures", "tolerance: -1", "tolerance", "A tolerance cannot be negative."),
        (
            'accepted: ["MSSanté", "messagerie sécurisée de santé"]',
            "accepted: []",
            "accepted",
            "is an empty list.",
        ),
        ('accepted: ["MSSanté", ', 'accepted: ["…", ', "accepted[0]", "has neither letter nor digit."),
        ("accepted:", "edit_distance: 5\n    accepted:", "edit_distance", "is 5; a whole number from 0 to 2"),
        ("unit: heures", "options: []", "options", "is not a field of this block."),
    ],
)
def test_mistakes_of_entry_items_are_told(
    bank: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    line = bank.replace(ITEMS, old, new)
    problem = bank.only_problem()
    assert (problem.line, problem.field) == (line, field)
    assert words in str(problem)


def test_all_the_mistakes_of_all_files_are_told_at_once(bank: BankFolder) -> None:
    bank.replace(ITEMS, "level: 2", "level: 0")
    bank.replace(ITEMS, "key: b", "key: z")
    bank.replace(ITEMS, "key: 72", "key: beaucoup")
    bank.replace("items/D2C1.yaml", "stage: cycle1", "stage: ailleurs")
    bank.replace("designs/certification.yaml", "length: 4", "length: quatre")
    bank.write("cases/D2-cas.yaml", "id: [")
    assert {(problem.file, problem.field) for problem in bank.problems()} == {
        (ITEMS, "level"),
        (ITEMS, "key"),
        ("items/D2C1.yaml", "stage"),
        ("designs/certification.yaml", "length"),
        ("cases/D2-cas.yaml", ""),
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("competence: D1C1\nitems:\n\t- id: x\n", 3, "Indent with spaces: YAML accepts no tab there."),
        ("competence: D1C1\nstem: Attention : danger\n", 2, "Put in quotes a value that holds a colon"),
        ('competence: "D1C1\nitems: []\n', 3, "A quote or a bracket is opened and never closed."),
        ("competence: D1C1\nitems: *autre\n", 2, "Put in quotes a value that starts with *."),
        ("competence: &x D1C1\nitems: [*x]\n", 1, "uses a YAML alias."),
        ("competence: !!python/object:os.system D1C1\nitems: []\n", 1, "uses the YAML tag"),
        ("competence: D1C1\ncompetence: D1C1\nitems: []\n", 2, "is given twice, first at line 1."),
        ("competence: D1C1\n---\nitems: []\n", 2, "One document per file: remove the line `---`."),
        ("- D1C1\n", 1, "does not hold a block of fields."),
        ("", 1, "does not hold a block of fields."),
        ("competence: D1C1\nitems: {}\n", 2, "a list of items is expected."),
        ("competence: D1C1\nitems: [texte]\n", 2, "is not an item."),
        ("competence: D1C1\nitems: " + "[" * 500_000, 2, "is nested more than 24 levels deep."),
        ("? [a]\n: b\n", 1, "has a field whose name is not a word."),
        ("competence: D1C1\nauthor: \x07\n", 2, "Remove the invisible character."),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_a_remedy(
    bank: BankFolder, text: str, line: int, words: str
) -> None:
    bank.write("items/D9C9.yaml", text)
    problems = [problem for problem in bank.problems() if problem.file == "items/D9C9.yaml"]
    assert any(problem.line == line and words in str(problem) for problem in problems), problems


def test_a_file_that_is_not_utf8_is_told_with_the_line(bank: BankFolder) -> None:
    bank.write("items/D9C9.yaml", "competence: D1C1\nauthor: é\n".encode("latin-1"))
    problem = bank.only_problem()
    assert (problem.file, problem.line) == ("items/D9C9.yaml", 2)
    assert "is not in UTF-8." in problem.message


def test_an_over_large_file_is_not_read(bank: BankFolder) -> None:
    bank.write("items/D9C9.yaml", "#" * (LARGEST_FILE + 1))
    assert "is larger than 1 MB and is not read." in bank.only_problem().message


def test_a_file_with_another_ending_is_told(bank: BankFolder) -> None:
    bank.write("items/D9C9.yml", "competence: D1C1\nitems: []\n")
    assert "is not a .yaml file and is not read." in bank.only_problem().message


def test_a_byte_order_mark_is_harmless(bank: BankFolder) -> None:
    bank.write(ITEMS, b"\xef\xbb\xbf" + bank.text(ITEMS).encode())
    assert len(bank.content().items) == 6


def test_a_folder_without_framework_is_told(bank: BankFolder) -> None:
    (bank.root / "framework.yaml").unlink()
    content, problems = bank.check()[:2]
    assert content.framework is None
    assert [(problem.file, problem.message) for problem in problems][-1] == ("framework.yaml", "is missing.")


def test_a_folder_that_does_not_exist_is_a_problem_and_no_crash(bank: BankFolder) -> None:
    bank.root = bank.root / "nowhere"
    assert [problem.file for problem in bank.problems()] == ["framework.yaml"]


def test_a_broken_domain_file_does_not_blame_the_items_of_its_competences(bank: BankFolder) -> None:
    bank.replace("domains/D1.yaml", "heading: Sigles", "headnig: Sigles")
    assert {problem.file for problem in bank.problems()} == {"domains/D1.yaml"}


def test_a_whole_number_is_read_as_the_text_it_was_typed_as(bank: BankFolder) -> None:
    bank.replace(ITEMS, 'text: "Premier choix."', "text: 112")
    bank.replace(ITEMS, 'text: "Deuxième choix."', "text: 12:30")
    options = bank.content().item("D1C1-001").options
    assert [option.text for option in options[:2]] == ["112", "12:30"]


def test_a_leading_zero_is_kept_in_a_text(bank: BankFolder) -> None:
    bank.replace(ITEMS, 'text: "Premier choix."', "text: 015")
    assert bank.content().item("D1C1-001").options[0].text == "015"


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("cut: 0.0", "cut: haut", "certification.levels[1].cut", "a number is expected"),
        ("difficulty: 2.0", "difficulty: -5.0", "item_levels", "have difficulties that do not increase."),
        ("number: 6", "number: 5", "item_levels", "do not run from 1 to 6 in order."),
        (
            "domain_correlation: 0.8",
            "domain_correlation: 1.8",
            "domain_correlation",
            "a number from 0 to 0.99",
        ),
        ("  - {id: transversal, label: Tous}\n", "", "professions", 'do not hold "transversal".'),
    ],
)
def test_mistakes_of_the_framework_are_told(
    bank: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    bank.replace("framework.yaml", old, new)
    problem = bank.only_problem()
    assert (problem.file, problem.field) == ("framework.yaml", field)
    assert words in str(problem)


def test_a_topic_declared_twice_is_told_once(bank: BankFolder) -> None:
    topic = "      - {id: D1C1.sigles, heading: Encore}\n      - {id: D1C1.gestes"
    line = bank.replace("domains/D1.yaml", "      - {id: D1C1.gestes", topic)
    problem = bank.only_problem()
    assert (problem.file, problem.line, problem.field) == ("domains/D1.yaml", line, "id")
    assert 'the topic id "D1C1.sigles" is already used in domains/D1.yaml' in problem.message


def test_a_sixth_domain_is_a_file_and_nothing_else(bank: BankFolder) -> None:
    bank.write("domains/D6.yaml", bank.text("domains/D1.yaml").replace("D1", "D6"))
    framework = bank.content().framework
    assert framework is not None
    assert [domain.id for domain in framework.domains] == ["D1", "D2", "D6"]
    assert framework.domain_of["D6C1.gestes"].heading == "Domaine 1"
    release = bank.check().release
    assert release is not None
    assert len(release.framework.domains) == 3


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        (
            "id: D2, minimum: 1",
            "id: D7, minimum: 1",
            "blueprint[1].id",
            '"D7" is not a domain of the framework.',
        ),
        (
            "minimum: 1, maximum: 3",
            "minimum: 5, maximum: 3",
            "blueprint[0].minimum",
            "above the maximum (3).",
        ),
        (
            "minimum_responses: 3",
            "minimum_responses: 9",
            "minimum_responses",
            "between 1 and the length (4).",
        ),
        ("scope: domain, id: D2", "scope: domain, id: D1", "blueprint[1].id", "has two rows for domain D1."),
        ("feedback: none", "feedback: each_item", "feedback", "gives answers away during a certification."),
        ("rule: length", "rule: standard_error, minimum_length: 2", "stopping.standard_error", "is missing."),
        ("scope: topic", "scope: thème", "blueprint[2].scope", '"thème" is not a known scope.'),
        (
            'id: "*", maximum: 1}\n  - {scope: testlet',
            'id: "*", minimum: 1}\n  - {scope: testlet',
            "length",
            "cannot",
        ),
        (
            '{scope: testlet, id: "*"',
            "{scope: testlet, id: CAS-D2-1",
            "blueprint[3]",
            "only a maximum over all",
        ),
    ],
)
def test_mistakes_of_a_design_are_told(bank: BankFolder, old: str, new: str, field: str, words: str) -> None:
    bank.replace("designs/certification.yaml", old, new)
    if field == "length":
        bank.replace("designs/certification.yaml", "length: 4", "length: 9")
    problem = next(problem for problem in bank.check().problems if problem.file.startswith("designs/"))
    assert (problem.field, problem.subject) == (field, "certification")
    assert words in str(problem)


SPOILERS = [
    "\t",
    "[",
    "{",
    "}",
    ": ",
    "- ",
    '"',
    "&a ",
    "*a",
    "!!x ",
    "\x00",
    "\ud7ff",
    "no",
    ".nan",
    "|",
    "\n",
    "? ",
    "#",
    "é",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.sampled_from(FILE_NAMES),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(0, 30), st.sampled_from(SPOILERS)),
        min_size=1,
        max_size=4,
    ),
)
def test_no_spoiled_file_crashes_the_reading(
    bank: BankFolder, name: str, cuts: list[tuple[int, int, str]]
) -> None:
    text = good = bank.text(name)
    for start, length, spoiler in cuts:
        start %= len(text) or 1
        text = text[:start] + spoiler + text[start + length :]
    bank.write(name, text)
    try:
        checked = bank.check()
        assert all(problem.file and problem.line >= 1 and problem.message for problem in checked.problems)
    finally:
        bank.write(name, good)


def test_our_reader_agrees_with_pyyaml_on_a_plain_file(bank: BankFolder) -> None:
    content = bank.content()
    loaded = yaml.safe_load(bank.text("items/D2C1.yaml"))["items"][0]
    assert content.item("D2C1-001").to_dict() == {
        **loaded,
        "competence": "D2C1",
        "language": "fr",
        "recheck": loaded["recheck"].isoformat(),
    }
