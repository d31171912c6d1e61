"""Hostile and damaged files: refused as a whole with a sentence, never a crash, never a part of them imported."""

from __future__ import annotations

import os
import re
import socket
from collections import Counter
from pathlib import Path

import pytest

from item_bank import folder, imports, qti, sheets
from item_bank.errors import RefusedImport
from item_bank.files import read
from item_bank.item import Item, Testlet
from item_bank.presentation import present, present_document
from tests.item_bank.conftest import BankFolder
from tests.item_bank.hostile import DEFAULTS, attacks, good, import_whole, malformed

ATTACKS = attacks()
IN_EVERY_RUN = 1_500
LONG = 100_000
ALLOWED = re.compile(
    r"</?(?:p|br|strong|em|ul|ol|li|code|pre|hr|h3|blockquote|table|thead|tbody|tr|th|td)"
    r"(?: start=\"\d+\")?>|<span data-zone=\"[a-z0-9_]+\">|</span>"
)


def bytes_of(root: Path) -> dict[str, bytes]:
    """Everything in a folder, to see that nothing was written."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_sound(items: tuple[Item, ...], testlets: tuple[Testlet, ...]) -> None:
    """What an import lets in is what an author could have written, and shows nothing but text."""
    assert items
    ids = [item.id for item in items]
    assert len(set(ids)) == len(ids)
    known = {case.id: case for case in testlets}
    for item in items:
        assert Item.from_dict(item.to_dict()) == item
        shown = present(item, seed=1, testlet=known.get(item.testlet or ""))
        pieces = [shown.stem_html, *(option.html for option in (*shown.options, *shown.categories))]
        if shown.document:
            pieces.append(shown.document.html)
        for html in pieces:
            assert "<" not in ALLOWED.sub("", html)
        assert item.testlet is None or item.id in known[item.testlet].items
    for case in testlets:
        assert set(case.items) <= set(ids)
        present_document(case.document)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_named_attack_is_refused_with_the_reason(name: str) -> None:
    data, reason = ATTACKS[name]
    with pytest.raises(RefusedImport) as refusal:
        qti.read_package(data, defaults=DEFAULTS, leave_out=True)
    assert reason in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    assert len(str(refusal.value)) < 20_000


@pytest.mark.parametrize(
    "name", [name for name, (data, _) in ATTACKS.items() if data.startswith(b"PK") and len(data) < 2_000_000]
)
def test_a_workbook_is_opened_with_the_same_distrust(name: str) -> None:
    # the attacks on the archive and on any XML in it; as a workbook none of these packages is whole
    with pytest.raises(RefusedImport):
        sheets.read_sheet(ATTACKS[name][0])


def test_the_good_package_behind_the_attacks_is_accepted() -> None:
    package = good()
    found = qti.read_package(qti.write_package(package.items, package.testlets).data)
    assert set(found.items) == set(package.items)


def test_no_file_and_no_address_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def refuse(*arguments: object, **_: object) -> None:
        opened.append(str(arguments))
        raise AssertionError(f"opened {arguments}")

    secret = Path("/etc/hostname").read_text(encoding="utf-8").strip()
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(os, "open", refuse)
    for data, _ in ATTACKS.values():
        with pytest.raises(RefusedImport) as refusal:
            qti.read_package(data, defaults=DEFAULTS)
        assert len(secret) < 4 or secret not in str(refusal.value)
    assert opened == []


def _import_all(numbers: range) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for number in numbers:
        how, data = malformed(number)
        found = import_whole(how, data)
        outcomes["refused" if found is None else "accepted"] += 1
        if found is not None:
            assert_sound(*found)
    return outcomes


def test_damaged_files_are_refused_or_harmless_and_never_crash() -> None:
    outcomes = _import_all(range(IN_EVERY_RUN))
    # both happen, or the corpus tells nothing
    assert outcomes["refused"] > IN_EVERY_RUN / 2
    assert outcomes["accepted"] > IN_EVERY_RUN / 50


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("chunk", range(10))
def test_a_hundred_thousand_damaged_files_are_refused_or_harmless(chunk: int) -> None:
    outcomes = _import_all(range(chunk * LONG // 10, (chunk + 1) * LONG // 10))
    assert outcomes.total() == LONG // 10
    assert outcomes["accepted"] > 0


def test_a_refused_import_leaves_the_folder_as_it_was(bank: BankFolder) -> None:
    before = bytes_of(bank.root)
    refused = 0
    for number in range(150):
        how, data = malformed(number)
        found = import_whole(how, data)
        if found is None:
            refused += 1
            continue
        # read, but of another bank: its topics and cases do not exist here
        with pytest.raises(RefusedImport):
            imports.plan(bank.root, *found, name=f"import {number}")
    assert refused
    assert bytes_of(bank.root) == before


@pytest.mark.parametrize("broken", range(1, 4))
def test_an_import_that_cannot_be_written_to_its_end_leaves_nothing(
    bank: BankFolder, broken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = tuple(
        Item.from_dict(item.to_dict() | {"id": item.id.replace("-0", "-9")})
        for item in bank.content().items
        if not item.testlet
    )
    planned = imports.plan(bank.root, items, name="paquet")
    assert len(planned.files) == 2
    before, real, calls = bytes_of(bank.root), os.link, 0

    def link(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == broken:
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    if broken <= 2:
        with pytest.raises(RefusedImport, match="No space left"):
            imports.carry_out(bank.root, planned)
        assert bytes_of(bank.root) == before
    else:
        imports.carry_out(bank.root, planned)
        assert set(bytes_of(bank.root)) == {*before, *planned.files}
        assert read(bank.root).problems == ()


def test_a_second_import_of_the_same_file_adds_nothing(bank: BankFolder) -> None:
    content = bank.content()
    planned = imports.plan(bank.root, content.items, content.testlets, name="encore")
    assert planned.files == {}
    assert set(planned.unchanged) == {item.id for item in content.items}


def test_an_id_that_says_something_else_refuses_the_import(bank: BankFolder) -> None:
    item = bank.content().item("D1C1-002")
    other = Item.from_dict(item.to_dict() | {"stem": "Sous combien de jours ?", "key": 3})
    with pytest.raises(RefusedImport, match=r"D1C1-002: is in the bank already and differs in stem, key"):
        imports.plan(bank.root, (other,), name="autre")


def test_an_import_never_replaces_a_file(bank: BankFolder) -> None:
    item = Item.from_dict(bank.content().item("D1C1-002").to_dict() | {"id": "D1C1-902"})
    first = imports.plan(bank.root, (item,), name="a")
    imports.carry_out(bank.root, first)
    with pytest.raises(RefusedImport, match="cannot be written"):
        imports.carry_out(bank.root, first)
    assert bank.content().item("D1C1-902") == item
    another = Item.from_dict(item.to_dict() | {"id": "D1C1-903"})
    second = imports.plan(bank.root, (another,), name="a")
    assert not set(second.files) & set(first.files)


def test_a_newcomer_is_in_review_at_most_and_uncalibrated(bank: BankFolder) -> None:
    item = bank.content().item("D1C1-002")
    stated = {"discrimination": 1.0, "difficulty": 0.2, "source": "ailleurs"}
    far = Item.from_dict(item.to_dict() | {"status": "operational", "parameters": stated})
    (kept,), further = imports.for_review([far])
    assert (kept.status, kept.parameters) == ("in_review", None)
    assert further == (item.id,)


def test_a_bank_is_written_as_text_files_and_read_back_equal(bank: BankFolder, tmp_path: Path) -> None:
    content = bank.content()
    _assert_written_back(content, tmp_path)


def test_the_shipped_bank_is_written_as_text_files_and_read_back_equal(tmp_path: Path) -> None:
    content, problems = read(Path(__file__).parents[2] / "item_bank" / "content")
    assert problems == ()
    _assert_written_back(content, tmp_path)


def _assert_written_back(content: object, root: Path) -> None:
    written = folder.files_of(content)  # type: ignore[arg-type]
    for name, text in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    again, problems = read(root)
    assert problems == ()
    assert again == content
    assert folder.files_of(again) == written
