"""The framework and its référentiels: what they take, what is refused, and hashes that do not move."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import item_bank
from item_bank import files
from item_bank.errors import InvalidFramework
from item_bank.framework import Framework, Referentiel

if TYPE_CHECKING:
    from tests.item_bank.conftest import BankFolder

SHIPPED = Path(item_bank.__file__).parent / "content"
BLOCK = """\
revised: 2026-11-21
referentiels:
  - id: soins
    title: Soins
    audience: Ceux qui soignent
    professions: [ide]
    levels: {lowest: 2, highest: 4}
    weights: {D1: 3, D2: 1}
    without: [D2C1.gestes]
"""


def with_referentiel(bank: BankFolder, block: str = BLOCK) -> files.Reading:
    path = bank.root / "framework.yaml"
    path.write_text(path.read_text(encoding="utf-8") + block, encoding="utf-8")
    return files.read(bank.root)


def test_a_framework_reads_its_referentiels_and_comes_back_from_its_json_form(bank: BankFolder) -> None:
    framework = with_referentiel(bank).content.framework
    assert framework is not None
    assert framework.revised == datetime.date(2026, 11, 21)
    referentiel = framework.referentiel("soins")
    assert dict(referentiel.weights) == {"D1": 3.0, "D2": 1.0}
    assert Framework.from_dict(framework.to_dict()) == framework


def test_a_framework_without_referentiels_has_the_json_form_it_had_before_they_existed(
    bank: BankFolder,
) -> None:
    framework = bank.content().framework
    assert framework is not None
    assert not {"referentiels", "revised"} & set(framework.to_dict())


@pytest.mark.parametrize(
    ("place", "taken"),
    [
        (("D1", "D1C1", "D1C1.gestes", 2), True),
        (("D1", "D1C1", "D1C1.gestes", 1), False),
        (("D1", "D1C1", "D1C1.gestes", 5), False),
        (("D2", "D2C1", "D2C1.gestes", 3), False),
        (("D2", "D2C1", "D2C1.sigles", 3), True),
        (("D3", "D3C1", "D3C1.sigles", 3), False),
    ],
)
def test_a_referentiel_takes_its_domains_and_levels_without_what_it_leaves_out(
    place: tuple[str, str, str, int], taken: bool
) -> None:
    referentiel = Referentiel("r", "R", "Tous", (), 2, 4, (("D1", 1.0), ("D2", 1.0)), ("D2C1.gestes",))
    assert referentiel.takes(*place) is taken


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("{D1: 3, D2: 1}", "{D1: 3, D9: 1}", "referentiels[0].weights.D9", '"D9" is not a domain'),
        ("weights: {D1: 3, D2: 1}", "weights: {}", "referentiels[0].weights", "names no domain"),
        ("{D1: 3, D2: 1}", "{D1: 0}", "referentiels[0].weights.D1", "from 0.01"),
        ("[ide]", "[plombier]", "referentiels[0].professions", '"plombier" is not a profession'),
        ("[ide]", "[transversal]", "referentiels[0].professions", '"transversal" is not a profession'),
        ("lowest: 2", "lowest: 5", "referentiels[0].levels", "lowest above their highest"),
        ("highest: 4", "highest: 9", "referentiels[0].levels.highest", "from 1 to 6"),
        ("[D2C1.gestes]", "[D2C1.geste]", "referentiels[0].without", 'Did you mean "D2C1.gestes"?'),
        ("title: Soins", "titre: Soins", "referentiels[0].titre", "is not a field"),
        ("2026-11-21", "novembre", "revised", "a date is expected"),
    ],
)
def test_each_mistake_of_a_referentiel_is_told_with_its_field(
    bank: BankFolder, old: str, new: str, field: str, words: str
) -> None:
    assert old in BLOCK
    problems = with_referentiel(bank, BLOCK.replace(old, new)).problems
    told = [str(problem) for problem in problems if problem.file == "framework.yaml"]
    assert any(f" {field}: " in line and words in line for line in told), told


def test_two_referentiels_of_one_name_are_refused() -> None:
    framework = files.read(SHIPPED).content.framework
    assert framework is not None
    data = framework.to_dict()
    data["referentiels"] = [data["referentiels"][0], data["referentiels"][0]]
    with pytest.raises(InvalidFramework, match="declared 2 times"):
        Framework.from_dict(data)


def test_the_shipped_framework_has_four_referentiels_over_its_five_domains() -> None:
    framework = files.read(SHIPPED).content.framework
    assert framework is not None
    assert [referentiel.id for referentiel in framework.referentiels] == [
        "sante-post-bac",
        "sante-bac",
        "social-post-bac",
        "social-bac",
    ]
    domains = {domain.id for domain in framework.domains}
    for referentiel in framework.referentiels:
        assert {name for name, _ in referentiel.weights} == domains
        assert "officiel" not in (referentiel.title + referentiel.audience).lower()
