"""Items from outside into a folder of text files: everything is tried first, then written, or nothing is.

An import adds files and changes none: what an author wrote stays as it is. An item that the folder already has
word for word is told and left alone; one that has the same id and says something else refuses the import.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from item_bank import files
from item_bank.errors import ImportProblem, RefusedImport
from item_bank.folder import item_files
from item_bank.item import Item, Status, Testlet

_EARLY = (Status.DRAFT, Status.IN_REVIEW)


class Plan(NamedTuple):
    """What an import would do: files to add by their path, ids added and ids that were there already."""

    files: Mapping[str, str]
    added: tuple[str, ...]
    unchanged: tuple[str, ...]


def for_review(items: Iterable[Item]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Return the items with the status of newcomers, and the ids of those that were further.

    A file from outside cannot say that this bank's experts approved an item, nor that it was calibrated here.
    """
    found = tuple(items)
    further = tuple(item.id for item in found if item.status not in _EARLY)
    early = (
        item if item.status in _EARLY else replace(item, status=Status.IN_REVIEW, parameters=None)
        for item in found
    )
    return tuple(early), further


def plan(root: Path | str, items: Iterable[Item], testlets: Iterable[Testlet] = (), *, name: str) -> Plan:
    """Say what importing these items and cases into a folder would do, having read the folder with them in it.

    Raises
    ------
    RefusedImport
        If the folder has mistakes already, if an id is taken by something else, or if an item refers to what
        the bank does not have.
    """
    folder = Path(root)
    content, problems = files.read(folder)
    if problems:
        raise RefusedImport(
            ImportProblem(
                f"{problem.file}, line {problem.line}", problem.message, "Mend the bank, then import."
            )
            for problem in problems
        )
    known = {item.id: item for item in content.items}
    cases = {case.id: case for case in content.testlets}
    clashes: list[ImportProblem] = []
    new, unchanged = [], []
    for item in items:
        there = known.get(item.id)
        if there is None:
            new.append(item)
        elif there == item:
            unchanged.append(item.id)
        else:
            clashes.append(_clash(item.id, there.to_dict(), item.to_dict()))
    new_cases = []
    for case in testlets:
        there_case = cases.get(case.id)
        if there_case is None:
            new_cases.append(case)
        elif there_case != case:
            clashes.append(_clash(case.id, there_case.to_dict(), case.to_dict()))
    whole = {case.id for case in new_cases}
    clashes += [
        ImportProblem(item.id, f"belongs to the case {item.testlet}, which is in the bank without it.")
        for item in new
        if item.testlet and item.testlet not in whole
    ]
    if clashes:
        raise RefusedImport(clashes)
    added = item_files(new, new_cases, _suffix(folder, name)) if new else {}
    _try(folder, added)
    return Plan(added, tuple(item.id for item in new), tuple(unchanged))


def carry_out(root: Path | str, planned: Plan) -> None:
    """Add the files of a plan; when one cannot be written, none stays.

    Raises
    ------
    RefusedImport
        If a file cannot be written, or is there meanwhile.
    """
    folder = Path(root)
    made: list[Path] = []
    try:
        for name, text in planned.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # under another name first: a reader never meets half a file
            hidden = path.with_name(f".{path.name}.part")
            made.append(hidden)
            hidden.write_text(text, encoding="utf-8")
        for name in planned.files:
            path = folder / name
            hidden = path.with_name(f".{path.name}.part")
            os.link(hidden, path)  # unlike a renaming, refuses to replace
            made.append(path)
            hidden.unlink()
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        problem = ImportProblem(str(error.filename or folder), f"cannot be written: {error.strerror}.")
        raise RefusedImport([problem]) from error


def _clash(name: str, there: Mapping[str, Any], given: Mapping[str, Any]) -> ImportProblem:
    fields = [field for field in {**there, **given} if there.get(field) != given.get(field)]
    return ImportProblem(
        name,
        f"is in the bank already and differs in {', '.join(fields)}.",
        "Give it another id, or edit the bank's own file.",
    )


def _suffix(folder: Path, name: str) -> str:
    """Return an ending that no file of the folder has."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "import"
    suffix, number = f"-{words}", 2
    while any(folder.glob(f"*/*{suffix}.yaml")):
        suffix, number = f"-{words}-{number}", number + 1
    return suffix


def _try(folder: Path, added: Mapping[str, str]) -> None:
    """Read a copy of the folder with the new files in it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "content"
        shutil.copytree(folder, copy)
        for name, text in added.items():
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        problems: Sequence[files.Problem] = files.read(copy).problems
    if problems:
        raise RefusedImport(
            ImportProblem(
                problem.subject or problem.file, f"{problem.field}: {problem.message}", problem.advice
            )
            for problem in problems
        )
