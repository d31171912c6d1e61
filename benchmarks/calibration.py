"""Calibration beside its peers from the package index, in one run: same responses, same points, processor time.

    python -m benchmarks.calibration [--without-peers] [--million] [--json]

mirt and girth are installed, each in an environment of its own below `.cache/peers`. Every program gets the same
simulated responses, 61 points and a tolerance of 1e-4; times are processor seconds of the call that fits, without
standard errors: ours from long responses, checks and packing included, to the estimates, the median of several runs
after numba has compiled. A *first call* is the first in a fresh process, whatever it has to load: ours as the peer's.
Peers run as installed, on the threads they choose, all of which count; `1 thread` is the same with the threads of
OpenMP and BLAS set to one, which is what their users should do. Estimates are compared on our scale: *behind* is our
log-posterior at our estimates less that at the peer's, so that 0 is the same maximum. mirt keeps a dense matrix, so
that it is not asked for the large rows.

Sparse rows: 30 items for each person, near a provisional ability, as an adaptive test leaves them. `growth` is the
sparse calibration at several numbers of persons; memory is the largest of a process of its own, its data included.
`--million` adds 1,000,000 persons and 2,000 items.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.table import Table

from irt.calibration import Calibration, calibrate
from irt.estep import estep
from irt.mstep import Beta, Priors, log_prior
from irt.responses import Responses
from irt.standard_errors import standard_errors
from irt.types import FloatArray

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = {"mirt": "1.2.0", "girth": "0.8.0"}
THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
SEED: Final = 1
GUESSING: Final = (5.0, 17.0)
MOST: Final = 1_000
DEARER: Final = 1.3  # most E-steps that standard errors by blocks may take
GROWTH: Final = (12_500, 25_000, 50_000, 100_000, 200_000)


@dataclass(frozen=True)
class Data:
    """What is simulated: `given` items of the bank for each person."""

    name: str
    model: str
    n_persons: int
    n_items: int
    given: int
    n_categories: int = 2
    peers: tuple[str, ...] = ("mirt",)
    ratio_bar: float | None = None
    runs: int = 5


SETS: Final = (
    Data("2PL 1,000 x 30", "2pl", 1_000, 30, 30, peers=("mirt", "girth"), runs=15),
    Data("2PL 10,000 x 100", "2pl", 10_000, 100, 100, peers=("mirt", "girth"), ratio_bar=30),
    Data("3PL 10,000 x 100", "3pl", 10_000, 100, 100, ratio_bar=100),
    Data("GRM 5,000 x 40, 5 scores", "grm", 5_000, 40, 40, n_categories=5, ratio_bar=12),
    Data("sparse 20,000 x 1,000", "2pl", 20_000, 1_000, 30, ratio_bar=15),
)
FIRST: Final = Data("2PL 1,000 x 30, first call", "2pl", 1_000, 30, 30, ratio_bar=30, runs=5)
LARGE: Final = Data("sparse 100,000 x 1,000", "2pl", 100_000, 1_000, 30, peers=(), runs=3)
MILLION: Final = Data("sparse 1,000,000 x 2,000", "2pl", 1_000_000, 2_000, 30, peers=(), runs=1)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    seconds: float
    cycles: int
    peer: str = ""
    peer_seconds: float | None = None
    alone_seconds: float | None = None  # the peer on one thread
    behind: float | None = None
    bar: float | None = None  # of the ratio, or of the seconds where there is no peer
    megabytes: float | None = None
    megabytes_bar: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the processor time the peer takes."""
        return None if self.peer_seconds is None else self.peer_seconds / self.seconds

    @property
    def alone_ratio(self) -> float | None:
        """How many times the processor time the peer takes on one thread."""
        return None if self.alone_seconds is None else self.alone_seconds / self.seconds

    @property
    def met(self) -> bool:
        """Whether every bar is reached."""
        small = self.megabytes_bar is None or (self.megabytes or 0.0) <= self.megabytes_bar
        if self.bar is None:
            return small
        return small and (self.seconds <= self.bar if self.ratio is None else self.ratio >= self.bar)


def simulated(data: Data) -> tuple[Any, Any, Any]:
    """Person, item and score of each answer, in narrow integers; made in slices, so that memory stays small."""
    rng = np.random.default_rng(SEED)
    n, m = data.n_persons, data.given
    a, b = rng.lognormal(0.1, 0.3, data.n_items), rng.normal(size=data.n_items)
    steps = np.sort(rng.normal(0, 1.2, (data.n_items, data.n_categories - 1)), axis=1)
    steps = b[:, None] if data.n_categories == 2 else steps
    c = 0.2 if data.model == "3pl" else 0.0
    order = np.argsort(b)
    item = np.empty((n, m), dtype=np.int32)
    score = np.empty((n, m), dtype=np.int8)
    for start in range(0, n, 10_000):
        own = slice(start, min(start + 10_000, n))
        theta = rng.normal(size=own.stop - own.start)
        if m == data.n_items:
            item[own] = np.arange(m)
        else:
            stride = max(1, data.n_items // (8 * m))
            reach = m * stride
            centre = np.searchsorted(b[order], theta + rng.normal(0, 0.5, len(theta)))
            first = np.clip(centre - reach // 2, 0, data.n_items - reach)
            place = first[:, None] + stride * np.arange(m) + rng.integers(0, stride, (len(theta), m))
            item[own] = order[place]
        z = a[item[own]][:, :, None] * (theta[:, None, None] - steps[item[own]])
        p = c + (1 - c) / (1 + np.exp(-z))
        score[own] = (rng.random((*p.shape[:2], 1)) < p).sum(axis=2)
    return np.repeat(np.arange(n, dtype=np.int32), m), item.ravel(), score.ravel()


def priors(data: Data) -> Priors | None:
    """The prior that a model with guessing needs."""
    return Priors(c=Beta(*GUESSING)) if data.model == "3pl" else None


def made(data: Data, columns: tuple[Any, Any, Any]) -> Responses:
    """Checked sparse responses."""
    return Responses.from_long(*columns, n_categories=np.full(data.n_items, data.n_categories))


def ours(data: Data, columns: tuple[Any, Any, Any]) -> tuple[float, Calibration]:
    """Median processor seconds of our calibration, and what came out."""
    few = min(data.n_persons, 200)
    small = replace(data, n_persons=few)
    calibrate(
        made(small, tuple(one[: few * data.given] for one in columns)),
        data.model,
        priors=priors(data),
        max_cycles=3,
    )
    seconds = []
    for _ in range(data.runs):
        start = process_time()
        found = calibrate(made(data, columns), data.model, priors=priors(data))
        seconds.append(process_time() - start)
    return median(seconds), found.require()


# Peers


def environment(package: str) -> Path:
    """Python of the package's own environment, made when it is missing or of another version."""
    folder = ROOT / ".cache" / "peers" / package
    python = folder / "bin" / "python"
    wanted = f"import importlib.metadata as m; assert m.version({package!r}) == {PEERS[package]!r}"
    if python.exists() and not subprocess.run([python, "-c", wanted], capture_output=True).returncode:
        return python
    venv.create(folder, clear=True, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*install, f"{package}=={PEERS[package]}"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{package} could not be installed in {folder}:\n{done.stderr}")
    return python


def ask(package: str, data: Data, columns: tuple[Any, Any, Any], *, threads: bool = True) -> dict[str, Any]:
    """Let a peer calibrate the same responses, on its own threads or on one."""
    free = {name: value for name, value in os.environ.items() if name not in THREADS}
    table = np.full((data.n_persons, data.n_items), -1, dtype=np.int8)
    table[columns[0], columns[1]] = columns[2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "responses.npz"
        np.savez(file, table=table)
        task = {"file": str(file), "model": data.model, "prior": GUESSING if data.model == "3pl" else None}
        done = subprocess.run(
            [environment(package), "-m", f"benchmarks.peers.{package}"],
            cwd=ROOT,
            input=json.dumps(task),
            capture_output=True,
            text=True,
            env=free if threads else free | dict.fromkeys(THREADS, "1"),
        )
    if done.returncode:
        raise SystemExit(f"{package} failed:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def behind(found: Calibration, responses: Responses, estimates: dict[str, Any]) -> float:
    """By how much our log-posterior is higher at our estimates than at the peer's."""
    a = np.array(estimates["discrimination"])
    if "thresholds" in estimates:
        x: FloatArray = np.hstack([a[:, None], -a[:, None] * np.array(estimates["thresholds"])])
    else:
        x = np.stack([a, -a * np.array(estimates["difficulty"])], axis=1)
    if "guessing" in estimates:
        c = np.array(estimates["guessing"])
        x = np.hstack([x, np.log(c / (1 - c))[:, None]])
    (family,) = found.families
    there = replace(found, natural=(x[family.items],))
    value = estep(responses, there.tables()).value() + float(log_prior(family, x[family.items]).sum())
    return found.log_likelihood + found.log_prior - value


def rows(*, with_peers: bool) -> list[Row]:
    """Every data set small enough for a peer."""
    lines = [first_call()] if with_peers else []
    for data in SETS:
        columns = simulated(data)
        seconds, found = ours(data, columns)
        many = found.coarse_cycles + len(found.trace)
        if not with_peers:
            lines.append(Row(data.name, seconds, many))
            continue
        for place, peer in enumerate(data.peers):
            free, single = (ask(peer, data, columns, threads=threads) for threads in (True, False))
            gap = behind(found, made(data, columns), free["estimates"])
            bar = data.ratio_bar if place == 0 else None
            lines.append(Row(data.name, seconds, many, peer, free["again"], single["again"], gap, bar))
    return lines


def first_call() -> Row:
    """A small calibration as the first act of a process, ours and the peer's."""
    columns = simulated(FIRST)
    mine = [alone(FIRST) for _ in range(FIRST.runs)]
    free, single = (
        [ask("mirt", FIRST, columns, threads=threads)["seconds"] for _ in range(FIRST.runs)]
        for threads in (True, False)
    )
    seconds = median(one_["first"] for one_ in mine)
    return Row(
        FIRST.name, seconds, mine[0]["cycles"], "mirt", median(free), median(single), None, FIRST.ratio_bar
    )


# Large data, each in a process of its own


def alone(data: Data) -> dict[str, Any]:
    """Calibrate in a fresh process and tell its largest memory."""
    command = [sys.executable, "-m", "benchmarks.calibration", "--one", json.dumps(asdict(data))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def one(data: Data) -> dict[str, Any]:
    """What `alone` runs."""
    columns = simulated(data)
    start = process_time()
    calibrate(
        made(data, columns),
        data.model,
        priors=priors(data),
        max_cycles=MOST if data.name == FIRST.name else 1,
    )
    first = process_time() - start
    seconds, found = ours(data, columns)
    return {
        "first": first,
        "seconds": seconds,
        "cycles": found.coarse_cycles + len(found.trace),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def large(data: Data, bar: float, megabytes_bar: float) -> Row:
    """One row without a peer."""
    answer = alone(data)
    return Row(
        data.name,
        answer["seconds"],
        answer["cycles"],
        bar=bar,
        megabytes=answer["megabytes"],
        megabytes_bar=megabytes_bar,
    )


def errors() -> list[tuple[str, float, float | None]]:
    """Processor seconds of the standard errors of 2,000 parameters, and their bars.

    Blocks are one more pass over the answers, and what does not grow with them: tables, gradients, inverses.
    """

    def spent(call: Any) -> float:
        call()
        times = []
        for _ in range(5):
            start = process_time()
            call()
            times.append(process_time() - start)
        return median(times)

    lines: list[tuple[str, float, float | None]] = []
    small = next(one_ for one_ in SETS if one_.n_items == 1_000)
    for data in (small, LARGE):
        responses = made(data, simulated(data))
        found = calibrate(responses, data.model)
        given, name = found.tables(), f"{data.n_persons:,} persons"
        once = spent(lambda: estep(responses, given))  # noqa: B023 - called at once
        blocks = spent(lambda: standard_errors(found, responses, full=False))  # noqa: B023
        lines.append((f"{name}: one E-step", once, None))
        bar = DEARER * once if data is LARGE else None
        lines.append((f"{name}: standard errors, blocks, {blocks / once:.2f} E-steps", blocks, bar))
        if data is small:
            whole = spent(lambda: standard_errors(found, responses))  # noqa: B023
            lines.append((f"{name}: standard errors, whole matrix of 2,000", whole, 3.0))
    return lines


def table_of(lines: list[Row]) -> Table:
    """Every row, with its bar."""
    table = Table(title="Calibration, processor seconds", title_justify="left")
    headings = (
        "responses",
        "ours",
        "E-steps",
        "peer",
        "peer's",
        "ratio",
        "1 thread",
        "behind",
        "memory",
        "bar",
        "met",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("responses", "peer") else "right")
    for row in lines:
        table.add_row(
            row.name,
            f"{row.seconds:.3f}",
            str(row.cycles),
            f"{row.peer} {PEERS[row.peer]}" if row.peer else "",
            "" if row.peer_seconds is None else f"{row.peer_seconds:.2f}",
            "" if row.ratio is None else f"{row.ratio:.0f}x",
            "" if row.alone_ratio is None else f"{row.alone_seconds:.2f} {row.alone_ratio:.0f}x",
            "" if row.behind is None else f"{row.behind:.4f}",
            "" if row.megabytes is None else f"{row.megabytes:.0f} MB",
            "" if row.bar is None else f"{row.bar:g}{'x' if row.peer else ' s'}",
            "" if row.bar is None else "yes" if row.met else "NO",
        )
    return table


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--million", action="store_true", help="1,000,000 persons and 2,000 items as well")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--errors", action="store_true", help="standard errors only")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(Data(**json.loads(options.one)))))
        return 0
    if options.errors:
        return say_errors(Console(width=140), errors())
    lines = rows(with_peers=not options.without_peers)
    lines.append(large(LARGE, 2.5, 400))
    if options.million:
        lines.append(large(MILLION, 60, 2048))
    growth = {n: alone(replace(LARGE, n_persons=n, runs=1)) for n in GROWTH}
    spent = errors()
    if options.json:
        print(
            json.dumps({"rows": [asdict(row) for row in lines], "growth": growth, "errors": spent}, indent=1)
        )
    else:
        console = Console(width=140)
        console.print(table_of(lines))
        table = Table(title="Growth with the answers, sparse 2PL, 1,000 items", title_justify="left")
        for heading in ("persons", "answers", "seconds", "E-steps", "µs per answer and E-step", "memory"):
            table.add_column(heading, justify="right")
        for n, answer in growth.items():
            each = answer["seconds"] / answer["cycles"] / (n * LARGE.given) * 1e6
            cells = (f"{n:,}", f"{n * LARGE.given:,}", f"{answer['seconds']:.2f}", str(answer["cycles"]))
            table.add_row(*cells, f"{each:.4f}", f"{answer['megabytes']:.0f} MB")
        console.print(table)
        say_errors(console, spent)
    return int(
        not all(row.met for row in lines)
        or any(bar is not None and seconds > bar for _, seconds, bar in spent)
    )


def say_errors(console: Console, spent: list[tuple[str, float, float | None]]) -> int:
    """Print a line for each; 1 where a bar is missed."""
    for name, seconds, bar in spent:
        console.print(f"{name}: {seconds:.3f} s" + (f" (bar {bar:.3g} s)" if bar else ""))
    return int(any(bar is not None and seconds > bar for _, seconds, bar in spent))


if __name__ == "__main__":
    sys.exit(main())
