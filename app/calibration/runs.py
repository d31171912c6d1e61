"""A calibration as a folder: what went in, what came out, each file hashed; never changed once it is complete."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from app.calibration.frames import Data, read
from app.calibration.parameters import LOGISTIC, NOMINAL, Bank, OneItem
from irt.linking import Weights
from irt.types import FloatArray

FORMAT: Final = "palier-run/1"
FACTS: Final = "run.json"
RESPONSES: Final = "responses.parquet"
CHECKPOINT: Final = "checkpoint.npz"
WITH_PARAMETERS: Final = ("estimated", "fixed")
_PACKAGES: Final = ("palier", "numpy", "scipy", "polars")


class RunError(ValueError):
    """A folder that is no complete run, or one that may not be written to."""


@dataclass(frozen=True, eq=False)
class Run:
    """One calibration.

    Attributes
    ----------
    facts : mapping
        What `run.json` holds: data, settings, versions, outcome, fit indices, distribution of ability, hashes.
    items : polars.DataFrame
        One row per item of the data: status, parameters with standard errors, classical statistics, flags.
    persons : polars.DataFrame
        EAP and its posterior sd of each person.
    trace : ndarray
        Objective of each E-step.
    blocks : mapping
        Covariance of each item's parameter vector; empty without standard errors.
    covariance : ndarray or None
        Of all free parameters, where it was computed.
    nodes, log_weight : ndarray
        Points of ability and log-weights of each group on them.
    path : Path or None
        Its folder, once it has one.
    """

    facts: Mapping[str, Any]
    items: pl.DataFrame
    persons: pl.DataFrame
    trace: FloatArray
    blocks: Mapping[str, FloatArray]
    covariance: FloatArray | None
    nodes: FloatArray
    log_weight: FloatArray
    path: Path | None = None
    own_data: Data | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What to call it."""
        return self.path.name if self.path is not None else str(self.facts["content_hash"])[:12]

    @property
    def content_hash(self) -> str:
        """Hash of everything in it."""
        return str(self.facts["content_hash"])

    @property
    def converged(self) -> bool:
        """Whether the estimation converged."""
        return bool(self.facts["outcome"]["converged"])

    @property
    def data(self) -> Data:
        """The responses it was made of.

        Raises
        ------
        RunError
            A linked run has none: its responses are those of the run it was linked from.
        """
        if self.own_data is not None:
            return self.own_data
        if self.path is None or not (self.path / RESPONSES).exists():
            raise RunError(f"{self.name} holds no responses")
        about = self.facts["data"]
        return read(
            self.path / RESPONSES,
            layout="long",
            columns=about["columns"],
            items=about["items"],
            group="group"
            if about["groups"] and about["columns"].get("group") is None
            else about["columns"].get("group"),
            reference=about["groups"][0] if about["groups"] else None,
            omitted=about["omitted"],
            n_categories=dict(zip(about["items"], about["n_categories"], strict=True)),
        )

    @property
    def bank(self) -> Bank:
        """Parameters of the items that have some."""
        rows = [
            OneItem(
                item=row["item"],
                model=row["model"],
                a=row["a"] if row["a"] is not None else np.nan,
                b=(row["b"],) if row["model"] in LOGISTIC else tuple(row["thresholds"] or ()),
                c=row["c"] if row["c"] is not None else 0.0,
                d=row["d"] if row["d"] is not None else 1.0,
                slopes=tuple(row["slopes"] or ()) if row["model"] == NOMINAL else (),
                intercepts=tuple(row["intercepts"] or ()) if row["model"] == NOMINAL else (),
            )
            for row in self.items.filter(pl.col("status").is_in(WITH_PARAMETERS)).iter_rows(named=True)
        ]
        return Bank.of(rows, self.blocks or None, name=self.name)

    @property
    def grid(self) -> Weights:
        """Points and weights of ability, all groups together."""
        share = np.array([group["persons"] for group in self.facts["ability"]], dtype=np.float64)
        weight = (share / share.sum()) @ np.exp(self.log_weight)
        return Weights(self.nodes, weight / weight.sum())


def versions() -> dict[str, str]:
    """Versions of what computes."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def canonical_hash(facts: Mapping[str, Any]) -> str:
    """Hash of the facts of a run, without when it was made and without the hash itself."""
    kept = {name: value for name, value in facts.items() if name not in ("content_hash", "made")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def check_free(path: Path, *, resume: bool = False) -> None:
    """Refuse a folder that holds a run, or something else; a half-made run only if it is to be resumed.

    Raises
    ------
    RunError
    """
    if (path / FACTS).exists():
        raise RunError(f"{path} holds a run already, and a run is never changed: name another folder")
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file")
    if path.exists() and not resume:
        others = sorted(one.name for one in path.iterdir())
        if others and CHECKPOINT in others:
            raise RunError(f"{path} holds an unfinished run: say --resume, or name another folder")
        if others:
            raise RunError(f"{path} is not empty")


def save(run: Run, path: Path, *, made: Mapping[str, Any]) -> Run:
    """Write a run; `run.json` comes last, so that a folder with it is complete.

    Raises
    ------
    RunError
        The folder holds a run already.
    """
    check_free(path, resume=True)
    path.mkdir(parents=True, exist_ok=True)
    run.items.write_parquet(path / "items.parquet")
    run.persons.write_parquet(path / "persons.parquet")
    pl.DataFrame({"cycle": np.arange(1, len(run.trace) + 1), "objective": run.trace}).write_parquet(
        path / "trace.parquet"
    )
    np.savez(path / "covariance.npz", **_arrays(run))
    names = ["items.parquet", "persons.parquet", "trace.parquet", "covariance.npz"]
    if run.own_data is not None:
        _write_responses(run.own_data, path / RESPONSES)
        names.append(RESPONSES)
    facts = {**run.facts, "files": {name: file_hash(path / name) for name in names}}
    facts["content_hash"] = canonical_hash(facts)
    facts["made"] = dict(made)
    temporary = path / "run.json.part"
    temporary.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.rename(path / FACTS)
    (path / CHECKPOINT).unlink(missing_ok=True)
    for name in (*names, FACTS):
        (path / name).chmod(0o444)
    return replace(run, facts=facts, path=path)


def load(path: str | Path, *, verify: bool = True) -> Run:
    """Read a run back.

    Raises
    ------
    RunError
        No complete run, or a file that is not what was written.
    """
    folder = Path(path)
    if not (folder / FACTS).is_file():
        unfinished = (folder / CHECKPOINT).exists()
        raise RunError(f"{folder} holds {'an unfinished' if unfinished else 'no'} run")
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    if facts.get("format") != FORMAT:
        raise RunError(f"{folder} is a run of another format: {facts.get('format')}")
    if verify:
        if canonical_hash(facts) != facts["content_hash"]:
            raise RunError(f"{folder}: run.json was changed after the run")
        for name, wanted in facts["files"].items():
            if not (folder / name).is_file() or file_hash(folder / name) != wanted:
                raise RunError(f"{folder}: {name} was changed after the run")
    with np.load(folder / "covariance.npz") as found:
        arrays = {name: found[name] for name in found.files}
    sizes = arrays["sizes"].tolist()
    ends = np.cumsum([size * size for size in sizes])
    parts = np.split(arrays["values"], ends[:-1]) if sizes else []
    return Run(
        facts=facts,
        items=pl.read_parquet(folder / "items.parquet"),
        persons=pl.read_parquet(folder / "persons.parquet"),
        trace=pl.read_parquet(folder / "trace.parquet")["objective"].to_numpy(),
        blocks={
            item: part.reshape(size, size)
            for item, part, size in zip(arrays["items"].tolist(), parts, sizes, strict=True)
        },
        covariance=arrays.get("covariance"),
        nodes=arrays["nodes"],
        log_weight=arrays["log_weight"],
        path=folder,
    )


def beside(run: Run, what: str) -> Path:
    """Where a table about a run is written: beside its folder, which stays as it is.

    Raises
    ------
    RunError
        The run has no folder.
    """
    if run.path is None:
        raise RunError("this run was not saved")
    return run.path.with_name(f"{run.path.name}.{what}.parquet")


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _arrays(run: Run) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        "items": np.array(list(run.blocks), dtype=np.str_),
        "sizes": np.array([len(block) for block in run.blocks.values()], dtype=np.int64),
        "values": np.concatenate([block.ravel() for block in run.blocks.values()] or [np.zeros(0)]),
        "nodes": run.nodes,
        "log_weight": run.log_weight,
    }
    if run.covariance is not None:
        arrays["covariance"] = run.covariance
    return arrays


def _write_responses(data: Data, path: Path) -> None:
    if data.frame is not None:
        data.frame.write_parquet(path)
        return
    chunk = data.parts[0]
    source = Path(getattr(chunk, "path", ""))
    if source.resolve() != path.resolve():
        shutil.copyfile(source, path)
