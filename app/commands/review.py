"""The reviewer's commands: the blind reader's sheet, what the reader answered, and why a doubt was settled."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.bank import Folder, RecordFile, errors, read_content, records_of

if TYPE_CHECKING:
    from item_bank.files import Content
    from item_bank.readings import Record


def records_path(content: Path | None, records: Path | None) -> Path:
    """Where the readings of the content folder in use are recorded."""
    from app.settings import settings

    return records_of(content or settings().content_dir, records)


def read_known(content: Path | None, records: Path | None) -> "tuple[Record, ...]":
    """The readings recorded so far, or every line that cannot be read and exit 1."""
    from item_bank.readings import read_records

    found = read_records(records_path(content, records))
    if found.problems:
        for problem in found.problems:
            errors.print(str(problem), markup=False, soft_wrap=True)
        raise typer.Exit(1)
    return found.records


def sheet(
    items: Annotated[
        list[str] | None, typer.Argument(help="items to read; by default those whose version is unread")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="file of the sheet; standard output by default")] = None,
    form: Annotated[
        Path | None, typer.Option(help="write the form to fill in, one JSON line an item")
    ] = None,
    reading: Annotated[int, typer.Option(help="round of reading: each has its own order of options")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many items")] = None,
    skip: Annotated[int, typer.Option(min=0, help="leave out the first ones")] = 0,
    records: RecordFile = None,
    content: Folder = None,
) -> None:
    """Write the blind reader's sheet: stem, document and options, without keys."""
    from item_bank import readings

    found = read_content(content)
    wanted = items or unread(found, read_known(content, records))
    wanted = wanted[skip : None if limit is None else skip + limit]
    try:
        text = readings.sheet(found, wanted, reading=reading)
    except readings.InvalidReading as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from None
    if form is not None:
        form.write_text(readings.form(found, wanted), encoding="utf-8")
    if out is not None:
        out.write_text(text, encoding="utf-8")
        errors.print(f"{len(wanted)} items")
    else:
        typer.echo(text, nl=False)


def unread(content: "Content", records: "Iterable[Record]") -> list[str]:
    """The items whose present version nobody has answered blind."""
    from item_bank.readings import Verdict, verdicts

    return [item_id for item_id, verdict in verdicts(content, records).items() if verdict is Verdict.UNREAD]


def record_reading(
    file: Annotated[Path, typer.Argument(help="the filled-in form of `palier bank sheet --form`")],
    reading: Annotated[int, typer.Option(help="round of reading")] = 1,
    reader: Annotated[str, typer.Option(help="who read")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="compute agreement, record nothing")] = False,
    records: RecordFile = None,
    content: Folder = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Compare a reader's answers with the keys, record them, and say which items do not pass."""
    from item_bank import readings

    found = read_content(content)
    read_known(content, records)  # nothing is appended to a file that cannot be read
    try:
        text = file.read_text(encoding="utf-8")
        new = readings.recorded(found, text, reading=reading, date=_today(), reader=reader)
    except (OSError, UnicodeDecodeError, readings.InvalidReading) as error:
        errors.print(f"Nothing was recorded. {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if not dry_run:
        _append(records_path(content, records), new)
    missed = [line for line in new if not line.agreed]
    doubted = [line for line in new if line.agreed and line.two_readings]
    if as_json:
        facts = {
            "read": len(new),
            "agreed": len(new) - len(missed),
            "key_not_found": [line.item for line in missed],
            "two_readings": [line.item for line in doubted],
            "recorded": not dry_run,
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for title, lines in (("key not found", missed), ("two readings", doubted)):
        for line in lines:
            typer.echo(
                f"{title:<14} {line.item}: answered {json.dumps(line.answer, ensure_ascii=False)}. {line.note}"
            )
    verb = "would be recorded" if dry_run else "recorded"
    typer.echo(
        f"{len(new)} readings {verb}, {len(new) - len(missed)} agreed, {len(doubted)} with two readings"
    )


def settle_reading(
    item: Annotated[str, typer.Argument(help="an item whose readings leave a doubt")],
    why: Annotated[str, typer.Option(help="why it stays as it is")],
    by: Annotated[str, typer.Option(help="name of the editor who answers for it")],
    records: RecordFile = None,
    content: Folder = None,
) -> None:
    """Say why an item stays as it is although a reader missed its key or saw two readings."""
    from item_bank import readings

    known = read_known(content, records)
    try:
        line = readings.settlement(read_content(content), known, item, why=why, by=by, date=_today())
    except readings.InvalidReading as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from None
    _append(records_path(content, records), [line])


def _append(path: Path, lines: "Iterable[Record]") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line.to_line()}\n" for line in lines)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
