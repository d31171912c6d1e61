"""The export of responses: one Parquet file that says of itself what it is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import Assessments
from app.calibration.frames import METADATA
from app.delivery import exports
from app.delivery.exports import ExportedResponse

FORMAT: Final = "palier-responses/1"
MISSING_AT_RANDOM: Final = (
    "Every response that selected an item is in this file. Adaptive data are missing at random only with all of them: "
    "drop sittings, never responses."
)
_SCHEMA: Final = pa.schema(
    [
        ("person", pa.string()),
        ("learner", pa.string()),
        ("item", pa.string()),
        ("item_version", pa.string()),
        ("position", pa.int16()),
        ("score", pa.int16()),
        ("maximum", pa.int16()),
        ("outcome", pa.string()),
        ("response", pa.string()),
        ("seconds", pa.float32()),
        ("language", pa.string()),
        ("profession", pa.string()),
        ("release", pa.string()),
        ("design", pa.string()),
        ("design_number", pa.int32()),
        ("purpose", pa.string()),
        ("theta_before", pa.float64()),
        ("se_before", pa.float64()),
        ("selected_next", pa.bool_()),
        ("simulated", pa.bool_()),
    ]
)


async def export(
    db: AsyncSession,
    assessments: Assessments,
    path: Path,
    *,
    key: bytes,
    now: datetime,
    design: str | None = None,
    release: str | None = None,
    since: datetime | None = None,
) -> dict[str, int]:
    """Write the responses of the chosen sittings to a Parquet file, batch by batch.

    Returns
    -------
    How many persons and responses are in it.
    """
    about: dict[str, Any] = {
        "format": FORMAT,
        "exported_at": now.isoformat(timespec="seconds"),
        "design": design,
        "release": release,
        "since": None if since is None else since.isoformat(),
        "pseudonyms": "HMAC-SHA256 under a key drawn for this file and kept nowhere",
        "person": "one sitting; `learner` is the same in every sitting of somebody",
        "missing_at_random": MISSING_AT_RANDOM,
    }
    schema = _SCHEMA.with_metadata({METADATA: json.dumps(about, ensure_ascii=False).encode()})
    temporary = path.with_name(path.name + ".part")
    persons, count, last = 0, 0, ""
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        async for batch in exports.responses(
            db, assessments, key=key, design=design, release=release, since=since
        ):
            columns = dict(zip(ExportedResponse._fields, zip(*batch, strict=True), strict=True))
            writer.write_table(pa.table(columns, schema=schema))
            for name in columns["person"]:
                persons += name != last
                last = name
            count += len(batch)
    temporary.replace(path)
    return {"persons": persons, "responses": count}
