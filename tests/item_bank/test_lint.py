"""The linter sees giveaways, heavy reading, bad typography and what is not fictitious enough."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from item_bank.lint import Report, lint, words

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

TODAY = datetime.date(2026, 11, 21)
ITEMS = "items/D1C1.yaml"
STEM = "      Quel est le bon geste ?\n"


def report(bank: BankFolder) -> Report:
    return lint(bank.content(), TODAY)


def rules(bank: BankFolder) -> set[str]:
    return {warning.rule for warning in report(bank).warnings}


def errors(bank: BankFolder) -> set[str]:
    return {error.rule for error in report(bank).errors}


def test_the_figures_of_a_small_bank_are_counted(bank: BankFolder) -> None:
    figures = report(bank).figures
    assert figures["items"] == 6
    assert figures["single_choice_items"] == 1
    assert figures["key_longest_share"] == 0.0
    assert figures["key_positions"] == {"1": 0, "2": 1, "3": 0, "4": 0}
    assert figures["stem_words"]["largest"] == 5


@pytest.mark.parametrize(
    ("stem", "rule"),
    [
        ("Que faire d'abord\u00a0?", "typography"),
        ("Que faire d’abord ?", "typography"),
        ("Que faire d’abord?", "typography"),
        ("Que faire avec «cela\u00a0»\u00a0?", "typography"),
        ("Que faire avec « cela\u00a0»\u00a0?", "typography"),
        ('Que faire avec "cela"\u00a0?', "typography"),
        ("Que faire... ensuite\u00a0?", "typography"),
        ("Notez: que faire\u00a0?", "typography"),
        ("Que ne faut-il pas faire\u00a0?", "negation"),
        ("Lequel n’est jamais permis\u00a0?", "negation"),
        ("Tout est permis, sauf\u00a0?", "negation"),
        ("Voir [la page](https://x.example)\u00a0?", "markup"),
        ("Un <b>mot</b>\u00a0?", "markup"),
        ("mot " * 81 + "\u00a0?", "long_stem"),
    ],
)
def test_a_doubtful_stem_is_reported(bank: BankFolder, stem: str, rule: str) -> None:
    bank.replace(ITEMS, STEM, f"      {stem}\n")
    assert rule in rules(bank)


@pytest.mark.parametrize(
    ("stem", "rule"),
    [
        ("Écrire à jean@hopital.fr\u00a0?", "real_address"),
        ("Écrire à jean@example.com.fr\u00a0?", "real_address"),
        ("Écrire à jean@monexample.com\u00a0?", "real_address"),
        ("Le NIR 2 55 08 14 168 025 38 est-il le sien\u00a0?", "real_nir"),
        ("Le NIR 255081416802538 est-il le sien\u00a0?", "real_nir"),
        ("Le NIR 1 84 12 2A 004 001 48 est-il le sien\u00a0?", "real_nir"),
        ("Appeler le 01 42 34 56 78\u00a0?", "real_phone"),
        ("Appeler le +33 6 12 34 56 78\u00a0?", "real_phone"),
        ("Appeler le +33 (0)1.42.34.56.78\u00a0?", "real_phone"),
    ],
)
def test_what_may_belong_to_somebody_is_an_error(bank: BankFolder, stem: str, rule: str) -> None:
    bank.replace(ITEMS, STEM, f"      {stem}\n")
    assert errors(bank) == {rule}


@pytest.mark.parametrize(
    "stem",
    [
        "Que faire d’abord\u00a0?",
        "Elle ne peut pas venir. Que faire\u00a0?",
        "Que ne faut-il **pas** faire\u00a0?",
        "Écrire à jean@hopital.example à 16:52\u00a0?",
        "Le NIR 2 55 08 14 168 025 39 est-il le sien\u00a0?",
        "Appeler le 01 99 00 12 34\u00a0?",
        "Appeler le +33 6 39 98 12 34\u00a0?",
        "Écrire à jean@accueil.example.org\u00a0?",
        'Taper `d\'abord "x"...` ou https://x.example/?a=1\u00a0?',
        "Avec «\u00a0cela\u00a0»\u00a0: que faire\u00a0; et après\u00a0?",
    ],
)
def test_a_good_stem_is_not_reported(bank: BankFolder, stem: str) -> None:
    before = [warning for warning in report(bank).warnings if warning.subject == "D1C1-001"]
    assert [warning.rule for warning in before] == ["typography"]
    bank.replace(ITEMS, STEM, f"      {stem}\n")
    assert [warning for warning in report(bank).warnings if warning.subject == "D1C1-001"] == []
    assert errors(bank) == set()


def test_a_key_that_is_strictly_the_longest_is_counted_and_reported_beyond_the_bar(bank: BankFolder) -> None:
    bank.replace(ITEMS, "Deuxième choix.", "Deuxième choix, avec toutes les précautions.")
    found = report(bank)
    assert found.figures["key_longest_share"] == 1.0
    assert found.figures["key_longest_items"] == ["D1C1-001"]
    assert "key_longest" in {warning.rule for warning in found.warnings}


def test_absolute_words_in_distractors_alone_are_reported(bank: BankFolder) -> None:
    bank.replace(ITEMS, "Premier choix.", "Toujours, partout.")
    found = report(bank)
    assert "absolute_words" in {warning.rule for warning in found.warnings}
    assert found.figures["absolute_words_only_in_distractors"] == ["D1C1-001"]
    bank.replace(ITEMS, "Deuxième choix.", "Jamais le soir.")
    assert "absolute_words" not in rules(bank)


@pytest.mark.parametrize("option", ["Toutes les réponses ci-dessus.", "Aucune de ces propositions."])
def test_an_option_that_stands_for_the_others_is_reported(bank: BankFolder, option: str) -> None:
    bank.replace(ITEMS, "Premier choix.", option)
    assert "catch_all" in rules(bank)


def test_a_long_option_is_reported(bank: BankFolder) -> None:
    bank.replace(ITEMS, "Premier choix.", "mot " * 26)
    assert "long_option" in rules(bank)


def test_a_passed_date_is_reported_with_file_and_line(bank: BankFolder) -> None:
    bank.replace(ITEMS, "recheck: 2027-12-31", "recheck: 2026-11-20")
    warning = next(warning for warning in report(bank).warnings if warning.rule == "recheck")
    assert (warning.file, warning.line, warning.subject) == (ITEMS, 3, "D1C1-001")
    assert str(warning).startswith("items/D1C1.yaml:3: D1C1-001: Was to be checked again by 2026-11-20.")


def test_steps_whose_letters_spell_the_answer_are_reported(bank: BankFolder) -> None:
    bank.replace("cases/D2-cas.yaml", "key: [b, c, a]", "key: [a, b, c]")
    assert "order_ids" in rules(bank)


def test_a_topic_with_a_single_item_is_reported_at_its_line(bank: BankFolder) -> None:
    thin = [warning for warning in report(bank).warnings if warning.rule == "thin_topic"]
    assert {warning.subject for warning in thin} >= {"D1C1.sigles", "D2C1.gestes"}
    assert thin[0].file == "domains/D1.yaml"


def test_close_stems_are_reported_in_any_two_competences_unless_declared_enemies(bank: BankFolder) -> None:
    bank.replace("items/D2C1.yaml", "stem: Lesquels ?", "stem: Sous combien d’heures ??")
    (warning,) = [warning for warning in report(bank).warnings if warning.rule == "similar_stems"]
    assert (warning.subject, "D1C1-002" in warning.message) == ("D2C1-001", True)
    bank.replace("items/D2C1.yaml", "key: [a, c]", "key: [a, c]\n    enemies: [D1C1-002]")
    assert "similar_stems" not in rules(bank)


def test_enemies_that_a_design_may_ask_together_are_an_error_that_names_it(bank: BankFolder) -> None:
    bank.replace(ITEMS, "unit: heures", "unit: heures\n    enemies: [D1C1-003]")
    (error,) = report(bank).errors
    assert (error.rule, error.subject, error.file) == ("enemies_together", "D1C1-002", ITEMS)
    assert "Its enemy D1C1-003 may be asked in the same test by certification" in error.message
    bank.replace("designs/certification.yaml", "id: certification", "enemies_apart: true\nid: certification")
    assert errors(bank) == set()


def test_enemies_of_a_topic_of_which_a_test_asks_one_are_apart(bank: BankFolder) -> None:
    bank.replace(
        ITEMS,
        "topic: D1C1.gestes\n    level: 3\n    interaction: numeric",
        "enemies: [D1C1-003]\n    topic: D1C1.regles\n    level: 3\n    interaction: numeric",
    )
    assert errors(bank) == set()


def test_enemies_in_one_case_are_an_error_whatever_the_designs(bank: BankFolder) -> None:
    bank.replace("designs/certification.yaml", "id: certification", "enemies_apart: true\nid: certification")
    bank.replace("cases/D2-cas.yaml", "key: [b, c, a]", "key: [b, c, a]\n    enemies: [CAS-D2-1-2]")
    assert [error.message for error in report(bank).errors] == [
        "Its enemy CAS-D2-1-2 belongs to the same case, which is asked whole."
    ]


def test_a_word_of_the_stem_in_one_option_alone_is_counted_as_a_cue(bank: BankFolder) -> None:
    bank.replace(ITEMS, STEM, "      Qui surveille les accès\u00a0?\n")
    bank.replace(ITEMS, "Deuxième choix.", "Une surveillance.")
    figures = report(bank).figures
    assert figures["echo_items"] == 1
    assert figures["echo_in_key_items"] == ["D1C1-001"]
    bank.replace(ITEMS, "Premier choix.", "Une autre surveillance.")
    assert report(bank).figures["echo_items"] == 0


def test_negative_questions_are_counted(bank: BankFolder) -> None:
    bank.replace(ITEMS, STEM, "      Que ne faut-il **pas** faire\u00a0?\n")
    figures = report(bank).figures
    assert (figures["negative_questions"], figures["negative_questions_unmarked"]) == (1, 0)


ZONE = """\
  - id: D1C1-004
    topic: D1C1.gestes
    level: 3
    interaction: zone
    stem: Repérez ce qui alerte.
    document:
      title: Courriel reçu
      kind: email
      fields:
        - [De, "[[a|Support <aide@securite.fr>]]"]
      body: |
        [[b|Cliquez ici.]] {body} [[c|Bonne journée.]]
    options:
      - {{id: a, text: "L’expéditeur", why: "Oui."}}
      - {{id: b, text: "Le lien", why: "Oui."}}
      - {{id: c, text: "La formule", why: "Non."}}
    key: [a, b]
    rationale: La règle.
    sources: [Un texte public]
    professions: [transversal]
    stage: cycle1
    recheck: 2027-12-31
    status: in_review
    author: rédaction
"""


def test_the_document_of_an_item_is_read_like_that_of_a_case(bank: BankFolder) -> None:
    bank.write(ITEMS, bank.text(ITEMS) + ZONE.format(body="mot " * 230))
    found = report(bank)
    assert {error.subject for error in found.errors if error.rule == "real_address"} == {"D1C1-004"}
    assert {warning.subject for warning in found.warnings if warning.rule == "long_document"} == {"D1C1-004"}


def test_a_real_address_in_a_document_is_reported(bank: BankFolder) -> None:
    bank.replace("cases/D2-cas.yaml", "support@securite.example", "support@securite.fr")
    (error,) = report(bank).errors
    assert (error.rule, error.subject) == ("real_address", "CAS-D2-1")


def test_words_are_counted_as_readers_do() -> None:
    assert words("L’accès d’urgence, c’est-à-dire «\u00a0bris de glace\u00a0»\u00a0!") == 6
