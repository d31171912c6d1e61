"""Items out to other tools and in from them: QTI packages, spreadsheets, the bank's own text files."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app.commands.bank import AsJson, Folder, console, errors, read_content

if TYPE_CHECKING:
    from item_bank.files import Content
    from item_bank.item import Item, Testlet

SHOWN = 20
LONGEST_FILE = 64 << 20
LISTS = ("sources", "professions", "facts")


def export(
    target: Annotated[
        Path, typer.Argument(help="NAME.zip (QTI 3.0), NAME.csv, NAME.xlsx, or a folder for text files")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(help="only what begins with this: an item, a case, a competence; may be repeated"),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="the items that have this language version, in it")
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="a published release, by the beginning of its content hash")
    ] = None,
    content: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Write the bank for another tool, or as its own text files; say what the other tool will not see."""
    from item_bank import folder, qti, sheets

    bank = _released(release) if release else read_content(content)
    kind = {".zip": "qti", ".csv": "csv", ".xlsx": "xlsx"}.get(target.suffix.lower(), "files")
    if kind == "files" and (language or only):
        _stop("Text files are written whole: --only and --language are for QTI and spreadsheets.")
    items, testlets = _chosen(bank, only or [], language)
    notes: list[str] = []
    try:
        if kind == "files":
            written = folder.files_of(bank)
            if target.exists() and (not target.is_dir() or any(target.iterdir())):
                _stop(f"{target} is not an empty folder.")
            for name, text in written.items():
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        elif kind == "qti":
            package = qti.write_package(items, testlets)
            target.write_bytes(package.data)
            notes = [str(note) for note in package.notes]
        else:
            sheet = sheets.write_csv(items) if kind == "csv" else sheets.write_xlsx(items)
            target.write_bytes(sheet.data)
            notes = [str(reason) for reason in sheet.left_out]
            left_out = {reason.item_id for reason in sheet.left_out}
            items = [item for item in items if item.id not in left_out]
    except OSError as error:
        _stop(f"{error.filename or target} cannot be written: {error.strerror}.")
    if as_json:
        facts = {"target": str(target), "kind": kind, "items": len(items), "notes": notes}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    _tell(notes)
    console.print(f"{len(items)} items in {target}", markup=False, soft_wrap=True)


def bring_in(
    source: Annotated[Path, typer.Argument(help="a QTI package (.zip), an item (.xml), a .csv or an .xlsx")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would be added, and add nothing")
    ] = False,
    into: Annotated[
        Path | None, typer.Option(help="folder of text files; by default that of the bank")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="what a QTI package does not say: competence=D2C3, level=3, sources=A|B..."
        ),
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="go on without the items that the bank cannot ask")
    ] = False,
    keep_status: Annotated[
        bool,
        typer.Option("--keep-status", help="trust the file: approved stays approved, calibrated stays so"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add items from another tool to the text files: all of them or none, every mistake told."""
    from app.settings import settings
    from item_bank import imports, qti, sheets
    from item_bank.errors import RefusedImport

    folder = into or settings().content_dir
    try:
        if source.stat().st_size > LONGEST_FILE:
            _stop(f"{source} is larger than {LONGEST_FILE >> 20} MiB.")
        data = source.read_bytes()
    except OSError as error:
        _stop(f"{source} cannot be read: {error.strerror}.")
    notes: list[str] = []
    testlets: tuple[Testlet, ...] = ()
    try:
        if source.suffix.lower() in (".csv", ".xlsx"):
            items = sheets.read_sheet(data, place=source.name)
        else:
            found = qti.read_package(
                data, place=source.name, defaults=_defaults(source, given or []), leave_out=leave_out
            )
            items, testlets = found.items, found.testlets
            notes = [str(note) for note in (*found.left_out, *found.notes)]
        if not keep_status:
            items, further = imports.for_review(items)
            notes += [
                f"{item_id}: status: a newcomer is in review, whatever the file says." for item_id in further
            ]
        planned = imports.plan(folder, items, testlets, name=source.stem)
        if not dry_run:
            imports.carry_out(folder, planned)
    except RefusedImport as error:
        told = [str(problem) for problem in error.problems]
        if as_json:
            typer.echo(json.dumps({"refused": told}, ensure_ascii=False, indent=2))
        else:
            for line in told:
                errors.print(line, markup=False, soft_wrap=True)
            errors.print(f"refused: {_count(len(told), 'mistake')}; nothing was imported")
        raise typer.Exit(1) from None
    if as_json:
        facts = {
            "added": list(planned.added),
            "unchanged": list(planned.unchanged),
            "files": list(planned.files),
            "notes": notes,
            "dry_run": dry_run,
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    _tell(notes)
    for name in planned.files:
        console.print(f"{'would add' if dry_run else 'added'} {folder / name}", markup=False, soft_wrap=True)
    verb = "would be added" if dry_run else "added"
    console.print(f"{_count(len(planned.added), 'item')} {verb}, {len(planned.unchanged)} there already")


def template(
    target: Annotated[Path, typer.Argument(help="NAME.csv or NAME.xlsx")],
) -> None:
    """Write an empty item sheet with one example row."""
    from item_bank import sheets

    kind = target.suffix.lower().removeprefix(".")
    if kind not in ("csv", "xlsx"):
        _stop("A template is a .csv or an .xlsx file.")
    try:
        target.write_bytes(sheets.template(kind))
    except OSError as error:
        _stop(f"{target} cannot be written: {error.strerror}.")
    console.print(f"{target}: one row an item; the heading names the columns", markup=False, soft_wrap=True)


def _stop(message: str) -> NoReturn:
    errors.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(2)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _tell(notes: Sequence[str]) -> None:
    for note in notes[:SHOWN]:
        console.print(f"note  {note}", markup=False, soft_wrap=True)
    if len(notes) > SHOWN:
        console.print(f"note  and {len(notes) - SHOWN} more: --json shows them all")


def _chosen(
    bank: "Content", only: Sequence[str], language: str | None
) -> tuple[list["Item"], list["Testlet"]]:
    def wanted(item: "Item") -> bool:
        names = (item.id, item.competence, item.topic, item.testlet or "")
        return not only or any(name.startswith(start) for start in only for name in names)

    items = [item for item in bank.items if wanted(item)]
    testlets = list(bank.testlets)
    if language:
        versions = {version.id: version for version in bank.translations if version.language == language}
        items = [
            item if item.language == language else versions[item.id].apply(item)
            for item in items
            if item.language == language or item.id in versions
        ]
        documents = {case.id: case for case in bank.testlet_translations if case.language == language}
        testlets = [documents[case.id].apply(case) if case.id in documents else case for case in testlets]
    if not items:
        _stop("No item is of that kind.")
    return items, testlets


def _released(prefix: str) -> "Content":
    """A published release as the content it was made of."""
    from app.bank import service
    from app.db import Database
    from app.errors import NotFound
    from app.settings import settings
    from item_bank.files import Content

    async def act() -> "Content":
        database = Database(settings())
        try:
            async with database.reading() as db:
                found = (await service.release_like(db, prefix)).snapshot
        finally:
            await database.close()
        return Content(
            framework=found.framework,
            items=tuple(found.item(index) for index in range(len(found))),
            testlets=found.testlets,
            designs=found.designs,
            translations=found.translations,
            testlet_translations=found.testlet_translations,
        )

    try:
        return asyncio.run(act())
    except NotFound as error:
        _stop(str(error))
        raise


def _defaults(source: Path, given: Sequence[str]) -> dict[str, Any]:
    """What a package of another tool does not say: the caller's words, then those of a draft."""
    day = datetime.now(UTC).date() + timedelta(days=365)
    to_write = "À rédiger\u00a0: le fichier importé ne l’explique pas."
    defaults: dict[str, Any] = {
        "status": "draft",
        "author": f"import de {source.name}"[:200],
        "recheck": day.isoformat(),
        "professions": ["transversal"],
        "rationale": to_write,
        "why": to_write,
        "doubt": f"Importé de {source.name}\u00a0: à relire."[:2000],
    }
    for setting in given:
        name, mark, value = setting.partition("=")
        if not mark or not name or name in ("id", "key", "options", "stem", "interaction"):
            _stop(f"--set {setting}: write a field and its value, as in --set competence=D2C3.")
        if name in LISTS:
            defaults[name] = [part.strip() for part in value.split("|") if part.strip()]
        else:
            defaults[name] = int(value) if name == "level" and value.isascii() and value.isdigit() else value
    return defaults
