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
        ("Écrire à jean@hopital.fr\u00a0?", "real_address"),
        ("Le NIR 2 55 08 14 168 025 38 est-il le sien\u00a0?", "real_nir"),
        ("Le NIR 255081416802538 est-il le sien\u00a0?", "real_nir"),
        ("Le NIR 1 84 12 2A 004 001 48 est-il le sien\u00a0?", "real_nir"),
        ("Appeler le 01 42 34 56 78\u00a0?", "real_phone"),
        ("mot " * 81 + "\u00a0?", "long_stem"),
    ],
)
def test_a_doubtful_stem_is_reported(bank: BankFolder, stem: str, rule: str) -> None:
    bank.replace(ITEMS, STEM, f"      {stem}\n")
    assert rule in rules(bank)


@pytest.mark.parametrize(
    "stem",
    [
        "Que faire d’abord\u00a0?",
        "Elle ne peut pas venir. Que faire\u00a0?",
        "Que ne faut-il **pas** faire\u00a0?",
        "Écrire à jean@hopital.example à 16:52\u00a0?",
        "Le NIR 2 55 08 14 168 025 39 est-il le sien\u00a0?",
        "Appeler le 01 99 00 12 34\u00a0?",
        'Taper `d\'abord "x"...` ou https://x.example/?a=1\u00a0?',
        "Avec «\u00a0cela\u00a0»\u00a0: que faire\u00a0; et après\u00a0?",
    ],
)
def test_a_good_stem_is_not_reported(bank: BankFolder, stem: str) -> None:
    before = [warning for warning in report(bank).warnings if warning.subject == "D1C1-001"]
    assert [warning.rule for warning in before] == ["typography"]
    bank.replace(ITEMS, STEM, f"      {stem}\n")
    assert [warning for warning in report(bank).warnings if warning.subject == "D1C1-001"] == []


def test_a_key_that_is_strictly_the_longest_is_counted_and_reported_beyond_the_bar(bank: BankFolder) -> None:
    bank.replace(ITEMS, "Deuxième choix.", "Deuxième choix, avec toutes les précautions.")
    found = report(bank)
    assert found.figures["key_longest_share"] == 1.0
    assert found.figures["key_longest_items"] == ["D1C1-001"]
    assert "key_longest" in {warning.rule for warning in found.warnings}


def test_absolute_words_in_distractors_alone_are_reported(bank: BankFolder) -> None:
    bank.replace(ITEMS, "Premier choix.", "Toujours, partout.")
    assert "absolute_words" in rules(bank)
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


def test_close_stems_are_reported_unless_declared_enemies(bank: BankFolder) -> None:
    bank.replace(ITEMS, "stem: Quelle messagerie ?", "stem: Sous combien d’heures ??")
    assert "similar_stems" in rules(bank)
    bank.replace(ITEMS, "unit: heures", "unit: heures\n    enemies: [D1C1-003]")
    assert "similar_stems" not in rules(bank)
    assert "far_enemies" in rules(bank)


def test_a_real_address_in_a_document_is_reported(bank: BankFolder) -> None:
    bank.replace("cases/D2-cas.yaml", "support@securite.example", "support@securite.fr")
    warning = next(warning for warning in report(bank).warnings if warning.rule == "real_address")
    assert warning.subject == "CAS-D2-1"


def test_words_are_counted_as_readers_do() -> None:
    assert words("L’accès d’urgence, c’est-à-dire «\u00a0bris de glace\u00a0»\u00a0!") == 6
