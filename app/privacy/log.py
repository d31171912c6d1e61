"""The erasure log outside the database: a backup restored from before an erasure does not know of it.

One line of JSON per erasure, appended and synced to the disk before the erasure is committed: an erasure without its
line never happens, a line without its erasure only erases once more. The file holds no name and no pseudonym of
an institution; keep it with the master key, apart from the backups.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

FILE = "erasures.jsonl"


@dataclass(frozen=True)
class Logged:
    """One erasure as the log has it."""

    learner_id: UUID
    institution_id: UUID
    reason: str
    actor: str
    at: datetime


def append(folder: Path, entry: Logged) -> None:
    """Write one erasure down; returns when the disk has it."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(entry), default=str, ensure_ascii=False, separators=(",", ":")) + "\n"
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[Logged]:
    """Every erasure of a log, oldest first; a last line cut short by a crash is passed over.

    Raises
    ------
    ValueError
        Another line cannot be read; the message names it.
    """
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            facts = json.loads(line)
            yield Logged(
                learner_id=UUID(facts["learner_id"]),
                institution_id=UUID(facts["institution_id"]),
                reason=str(facts["reason"]),
                actor=str(facts["actor"]),
                at=datetime.fromisoformat(facts["at"]),
            )
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                return
            msg = f"{path.name}, line {number}: expected one erasure as JSON"
            raise ValueError(msg) from None
