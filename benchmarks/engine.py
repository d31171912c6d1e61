"""The engine beside its peers from PyPI, in one run: same banks, same answers, one core, processor time.

    python -m benchmarks.engine [--without-peers] [--json]

catsim, catpie and adaptivetesting are installed, each in an environment of its own below `.cache/peers`, in the
versions against which the bars were set. Times are processor time (`time.process_time`) of one thread: the median
over the steps of one pass, then the median of the passes, ours taken between the runs of the peers; reading the
clock, about 0.8 us, is left in. A busy neighbour can slow a core to half its speed without taking any of its time:
then the absolute bars are missed by programs that meet them, while ratios, both sides slowed alike, still hold.

`step`: ability (EAP of about 20 answers), its standard error, and the most informative item left of a bank of
the two-parameter model, through `Policy.step`, which serves sittings; nothing is kept between steps. catsim has
no EAP: its step is bounded maximum likelihood. Where a peer estimates by EAP its estimate is compared with
ours, and the share of equal choices is printed. `MPWI` to `KLP`: the same step with that criterion.
`shadow test`: posterior-weighted information of every item and the best test of 32 items of 800 under bounds
at three levels, as in `benchmarks.shadow`; with testlets, the steps at which one can still be begun. `enemies`:
30 of 500 items, 26 constraints: the length, four content areas, the number of words, 20 groups of enemies of
which a test holds at most one; the whole `Policy.step`. Its peer, as the shadow test's, is `scipy.optimize.milp`
with gap 0 on the same steps; the run stops where the two disagree on the best gain.
`simulation`: 500 items, 30 each, EAP and the most informative item, no constraint. `simulation, shadow`: full
shadow tests (bounds at three levels, 32 of 500 items) under eligibility fitted to a highest exposure of 0.25;
then the certification of the shipped bank with its testlets and its own eligibility. `numba`: the same simulation
with machine code, in a process that has loaded it; the run stops where it and numpy choose one item otherwise.

Peers are slow: they take few steps and few simulees, and their rates are extrapolated from those. Where catpie's
estimate is a little off, its 33 points end at +-4.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import venv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from benchmarks.peers.protocol import PASSES, Answer, Answers, Chosen, StepAnswer, Task, timed
from benchmarks.shadow import CONTENT, LENGTH, N_TESTLETS, Bank, certification_tree, milp_problem, solve_milp
from irt import (
    BlueprintTree,
    ItemParameters,
    NormalPrior,
    Policy,
    Rules,
    compile_policy,
    fit_eligibility,
    population,
    probability,
    randomness,
    shadow_test,
    simulate,
)
from irt.constraints import Constraints, assemble
from irt.randomness import Purpose
from irt.selection import Criterion
from irt.simulate import with_eligibility
from irt.types import FloatArray, IntArray
from item_bank import blueprint

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = {"catsim": "0.21.0", "catpie": "0.2.0", "adaptivetesting": "1.1.4"}
WITH_EAP: Final = ("catpie", "adaptivetesting")
SIZES: Final = (1_000, 10_000)
N_STATES: Final = 24
LOOPS: Final = 10  # of our own step over the states in one pass
BUDGET: Final = 0.3  # seconds of passes
# States given to each peer (1,000 items, 10,000 items), and simulees: a few seconds each.
SHARE: Final = {"catsim": (N_STATES, 8, 40), "catpie": (8, 3, 5), "adaptivetesting": (3, 1, 1)}
CRITERIA: Final = (Criterion.MPWI, Criterion.MEI, Criterion.MEPV, Criterion.KLP)
ANSWERS: Final = 20
SEED: Final = 3
CUTS: Final = np.array([0.0])


@dataclass(frozen=True)
class Row:
    """One line of the table; `unit` is "us" (smaller is better) or "/s" (larger is better)."""

    name: str
    unit: str
    ours: float
    bar: float
    peer: str | None = None
    peers: float | None = None
    ratio_bar: float | None = None
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster than the peer."""
        if self.peers is None:
            return None
        return self.peers / self.ours if self.unit == "us" else self.ours / self.peers

    @property
    def met(self) -> bool:
        """Whether time and ratio reach their bars."""
        fast = self.ours <= self.bar if self.unit == "us" else self.ours >= self.bar
        return fast and (self.ratio is None or self.ratio_bar is None or self.ratio >= self.ratio_bar)


def bank(n_items: int) -> ItemParameters:
    """Items of the two-parameter model, all different."""
    rng = np.random.default_rng(n_items)
    a, b = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1.2, n_items)
    return ItemParameters(a, b, np.zeros(n_items), np.ones(n_items))


def free_policy(n_items: int, length: int, criterion: Criterion) -> Policy:
    """A design of which nothing is asked but its length."""
    nothing = np.full(n_items, -1)
    tree = BlueprintTree([-1], [length], [length], nothing + 1, nothing, nothing + 1, 0)
    rules = Rules(length=length, minimum_length=length, cuts=CUTS, criterion=criterion)
    return compile_policy(bank(n_items), tree, rules)


def median_us(calls: Sequence[Callable[[], object]], budget: float = 0.0) -> float:
    """Median processor time of the calls, microseconds."""
    calls[0]()
    medians: list[float] = []
    began = process_time()
    while len(medians) < PASSES or process_time() - began < budget:
        spent = []
        for call in calls:
            start = process_time()
            call()
            spent.append(process_time() - start)
        medians.append(float(np.median(spent)) * 1e6)
    return float(np.median(medians))


def states_of(policy: Policy, count: int, answers: int) -> list[Answers]:
    """States in which a step is asked for, one for each person: items and scores so far."""
    people = population(count, prior=NormalPrior(), seed=SEED)
    sat = simulate(policy, people, seed=SEED, warm=False).sittings
    return [
        {"items": items[:answers].tolist(), "scores": scores[:answers].tolist()}
        for items, scores in zip(sat.items, sat.scores, strict=True)
    ]


def own_steps(policy: Policy, states: list[Answers]) -> StepAnswer:
    """Our own step, timed as the peers' is."""

    def step(state: Answers) -> Chosen:
        found = policy.step(state["items"], state["scores"], seed=SEED)
        return Chosen(found.theta, found.se, -1 if found.item is None else found.item)

    return timed(states, step, passes=1, budget=BUDGET)


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


def ask(package: str, task: Task) -> Answer:
    """Run one peer on as much of the task as it does in a few seconds."""
    small, large, simulees = SHARE[package]
    share: Task = {
        "steps": {
            size: {**one, "states": one["states"][: small if size == str(SIZES[0]) else large]}
            for size, one in task["steps"].items()
        },
        "rules": {name: {**one, "states": one["states"][:2]} for name, one in task["rules"].items()},
        "simulation": {
            **task["simulation"],
            "theta": task["simulation"]["theta"][:simulees],
            "responses": task["simulation"]["responses"][:simulees],
        },
    }
    done = subprocess.run(
        [environment(package), "-m", f"benchmarks.peers.{package}"],
        cwd=ROOT,
        input=json.dumps(share),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{package} failed:\n{done.stderr}")
    answer: Answer = json.loads(done.stdout)
    return answer


def fastest(answers: dict[str, float]) -> tuple[str | None, float | None]:
    """Name and time of the fastest peer."""
    if not answers:
        return None, None
    name = min(answers, key=lambda one: answers[one])
    return name, answers[name]


def agreement(ours: StepAnswer, theirs: dict[str, StepAnswer]) -> str:
    """Say how the estimates and the choices compare with those of the peers that estimate by EAP."""
    words = []
    for name, other in theirs.items():
        if name in WITH_EAP:
            count = len(other["item"])
            same = sum(one == two for one, two in zip(other["item"], ours["item"], strict=False))
            apart = max(
                abs(one - two)
                for one, two in [
                    *zip(other["theta"], ours["theta"], strict=False),
                    *zip(other["se"], ours["se"], strict=False),
                ]
            )
            words.append(f"{name}: {same}/{count} items equal, theta and se within {apart:.0e}")
    return "; ".join(words)


def stepping(peers: Sequence[str], n_simulees: int) -> tuple[list[Row], dict[str, Answer]]:
    """Steps and the simulation without constraints, ours and the peers'."""
    states = {
        size: states_of(free_policy(size, 2 * ANSWERS, Criterion.MFI), N_STATES, ANSWERS) for size in SIZES
    }
    free = free_policy(500, 30, Criterion.MFI)
    theta = population(n_simulees, prior=NormalPrior(), seed=SEED)
    few = max(count for _, _, count in SHARE.values())
    people = randomness.derived_seeds(SEED, Purpose.PERSON, np.arange(few))
    luck = np.stack([randomness.uniform(int(one), Purpose.ANSWER, np.arange(500)) for one in people])
    responses = luck < probability(bank(500), theta[:few])

    def plain(n_items: int) -> Any:
        values = bank(n_items)
        return {"a": values.a.tolist(), "b": values.b.tolist()}

    rule_task: Any = {"bank": plain(SIZES[0]), "states": states[SIZES[0]]}
    task: Task = {
        "steps": {str(size): {"bank": plain(size), "states": states[size]} for size in SIZES},
        "rules": {rule.name: rule_task for rule in CRITERIA},
        "simulation": {
            "bank": plain(500),
            "theta": theta[:few].tolist(),
            "responses": responses.astype(int).tolist(),
            "length": 30,
        },
    }
    policies: dict[str, Policy] = {
        str(size): free_policy(size, 2 * ANSWERS, Criterion.MFI) for size in SIZES
    } | {rule.name: free_policy(SIZES[0], 2 * ANSWERS, rule) for rule in CRITERIA}
    repeated = {name: states[int(name) if name.isdigit() else SIZES[0]] for name in policies}
    passes: list[dict[str, StepAnswer]] = []
    answers: dict[str, Answer] = {}
    for name in [*peers, *[""] * (PASSES - len(peers))]:
        passes.append({key: own_steps(policy, repeated[key] * LOOPS) for key, policy in policies.items()})
        if name:
            answers[name] = ask(name, task)

    def row(key: str, name: str, bar: float, ratio_bar: float | None = None) -> Row:
        ours = passes[0][key]
        typical = float(np.median([one[key]["microseconds"] for one in passes]))
        theirs = {
            peer: found for peer, one in answers.items() if (found := (one["steps"] | one["rules"]).get(key))
        }
        peer, quickest = fastest({peer: one["microseconds"] for peer, one in theirs.items()})
        remark = agreement(ours, theirs)
        return Row(name, "us", typical, bar, peer, quickest, ratio_bar, remark)

    rows = [
        row(str(size), f"step: EAP + se + MFI, {size:,} items", bar, 75)
        for size, bar in zip(SIZES, (20.0, 50.0), strict=True)
    ]
    rows += [row(rule.name, f"step: {rule.name}, {SIZES[0]:,} items", 1_000) for rule in CRITERIA]
    rate, rmse = simulees_per_second(free, theta, compiled=False)
    slowest_first = {
        name: one["simulation"]["seconds"] / one["simulation"]["simulees"] for name, one in answers.items()
    }
    peer, seconds = fastest(slowest_first)
    counts = ", ".join(f"{one['simulation']['simulees']} by {name}" for name, one in answers.items())
    remark = f"rmse {rmse:.3f} over {n_simulees:,} simulees" + (f"; extrapolated: {counts}" if counts else "")
    each = None if seconds is None else 1 / seconds
    name = "simulation: 500 items, 30 each, EAP + MFI"
    rows.append(Row(name, "/s", rate, 8_000, peer, each, 150, remark))
    many = population(8 * n_simulees, prior=NormalPrior(), seed=SEED)
    rate, rmse = simulees_per_second(free, many, compiled=True)
    remark = f"rmse {rmse:.3f} over {len(many):,} simulees; choices equal to numpy's"
    rows.append(Row(f"{name}, numba", "/s", rate, 50_000, peer, each, None, remark))
    return rows, answers


# Shadow tests


def shadow_rows(n_steps: int, n_milp: int) -> list[Row]:
    """Shadow tests over 800 items, information included, against milp."""
    rows = []
    for n_testlets, bar, ratio_bar in ((0, 60.0, 100.0), (N_TESTLETS, 400.0, None)):
        made = Bank(800, n_testlets=n_testlets, eligibility=False, n_steps=n_steps, seed=800)
        begun = [len(set(made.tree.testlet[taken].tolist()) - {-1}) for taken in made.taken]
        steps = [place for place, number in enumerate(begun) if number < 2 or not n_testlets]

        def ours(place: int, made: Bank = made) -> object:
            return shadow_test(made.layout, made.gain(place), made.taken[place], LENGTH)

        problem = milp_problem(made.tree)

        def by_milp(place: int, made: Bank = made, problem: Any = problem) -> float:
            return solve_milp(problem, made.gain(place), made.taken[place])

        sample = [steps[k] for k in np.linspace(0, len(steps) - 1, n_milp).astype(int).tolist()]
        for place in sample:
            best = by_milp(place)
            found = shadow_test(made.layout, made.gain(place), made.taken[place], LENGTH).objective
            if abs(found - best) > 1e-9 * max(1.0, abs(best)):
                raise SystemExit(f"shadow test, step {place}: {found} here, {best} by milp")
        mine = median_us([lambda place=place: ours(place) for place in steps], BUDGET)  # type: ignore[misc]
        theirs = median_us([lambda place=place: by_milp(place) for place in sample])  # type: ignore[misc]
        name = f"shadow test + information, 800 items{', testlets' if n_testlets else ''}"
        remark = f"equal to milp in {n_milp} of {n_milp} steps compared"
        rows.append(Row(name, "us", mine, bar, "scipy milp", theirs, ratio_bar, remark))
    return rows


@dataclass(frozen=True)
class Constrained:
    """30 of 500 items under 26 constraints."""

    policy: Policy
    rows: FloatArray  # (26, 500)
    lower: FloatArray
    upper: FloatArray


def constrained(length: int = 30, n_items: int = 500) -> Constrained:
    """The length, four content areas, the number of words, 20 groups of enemies that lie across the areas."""
    rng = np.random.default_rng(26)
    area = rng.integers(0, 4, n_items)
    words = rng.integers(20, 121, n_items).astype(np.float64)
    shuffled = rng.permutation(n_items)
    groups = [np.sort(shuffled[3 * number : 3 * number + 3]) for number in range(20)]
    low, high = np.round(length * 70 * np.array([0.95, 1.0]))
    tree = BlueprintTree(
        parent=[-1, 0, 0, 0, 0],
        lower=[length, 6, 6, 6, 6],
        upper=[length, 9, 9, 9, 9],
        leaf=area + 1,
        testlet=np.full(n_items, -1),
        testlet_position=np.zeros(n_items, dtype=np.int64),
        max_testlets=0,
    )
    quotas = Constraints(groups, words[None], [low], [high])
    rules = Rules(length=length, minimum_length=length, cuts=CUTS, constraints=quotas)
    table = [np.ones(n_items), *(area == one for one in range(4)), words]
    table += [np.isin(np.arange(n_items), group) for group in groups]
    return Constrained(
        compile_policy(bank(n_items), tree, rules),
        np.array(table, dtype=np.float64),
        np.array([length, 6, 6, 6, 6, low, *[0] * 20], dtype=np.float64),
        np.array([length, 9, 9, 9, 9, high, *[1] * 20], dtype=np.float64),
    )


def enemies_row(n_people: int, n_milp: int) -> Row:
    """Every step of a few sittings under 26 constraints, against milp."""
    made = constrained()
    policy, quotas = made.policy, made.policy.rules.constraints
    if quotas is None or policy.rows is None:
        raise SystemExit("enemies: the tree took every row, nothing is left to measure")
    people = population(n_people, prior=NormalPrior(), seed=SEED)
    sat = simulate(policy, people, seed=SEED, warm=False).sittings
    states: list[Answers] = [
        {"items": items[:count].tolist(), "scores": scores[:count].tolist()}
        for items, scores in zip(sat.items, sat.scores, strict=True)
        for count in range(policy.rules.length)
    ]
    steps = [policy.step(state["items"], state["scores"], seed=SEED) for state in states]
    unproven = sum(not step.proven for step in steps)
    unmet = sum(bool(step.unmet) for step in steps)
    broken = (
        sum(policy.rules.constraints.broken(items) for items in sat.items) if policy.rules.constraints else 0
    )

    matrix = csr_array(made.rows)

    def priorities(state: Answers) -> tuple[IntArray, FloatArray]:
        answered, scores = policy.checked_responses(state["items"], state["scores"])
        gain = policy.gains(policy.posterior(answered, scores).weights, len(answered))
        return answered, policy.priorities(gain, policy.draws(SEED).ranks, None)

    def by_milp(state: Answers) -> float:
        answered, gain = priorities(state)
        fixed = np.zeros(len(gain))
        fixed[answered] = 1
        found = milp(
            -gain / np.abs(gain).max(),
            integrality=np.ones(len(gain), dtype=np.int64),
            bounds=Bounds(fixed, np.ones(len(gain))),
            constraints=LinearConstraint(matrix, made.lower, made.upper),
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            raise SystemExit(f"milp: {found.message}")
        return float(gain[np.asarray(found.x) > 0.5].sum())

    sample = [states[k] for k in np.linspace(0, len(states) - 1, n_milp).astype(int).tolist()]
    for state in sample:
        answered, gain = priorities(state)
        test = assemble(policy.layout, policy.rows, gain, answered, policy.rules.length).shadow
        ours, best = float(gain[test.items].sum()), by_milp(state)
        # milp stops within 1e-6 of the largest gain whatever gap it is asked for; ours is never the worse one
        if not 0 <= ours - best <= 2e-6 * np.abs(gain).max():
            raise SystemExit(f"enemies, step {len(answered)}: {ours} here, {best} by milp")
    mine = median_us(
        [lambda state=state: policy.step(state["items"], state["scores"], seed=SEED) for state in states]  # type: ignore[misc]
    )
    theirs = median_us([lambda state=state: by_milp(state) for state in sample])  # type: ignore[misc]
    remark = (
        f"{len(states) - unproven} of {len(states)} steps proven best, {unmet + broken} rows broken; "
        f"no better test by milp in {n_milp} of {n_milp} steps compared"
    )
    name = "enemies: 500 items, 26 constraints, the whole step"
    row = Row(name, "us", mine, 3_000, "scipy milp", theirs, None, remark)
    return replace(row, bar=0.0) if unproven or unmet or broken else row


# Simulations


def simulees_per_second(policy: Policy, theta: FloatArray, *, compiled: bool) -> tuple[float, float]:
    """Rate of three simulations by processor time, the median, and the RMSE; stops where choices differ."""
    first = simulate(policy, theta[:512], seed=SEED, warm=False, compiled=compiled)
    other = simulate(policy, theta[:512], seed=SEED, warm=False, compiled=False)
    if not np.array_equal(first.sittings.items, other.sittings.items):
        raise SystemExit("machine code and numpy choose other items")
    rates = []
    for _ in range(PASSES):
        result = simulate(policy, theta, seed=SEED, warm=False, clock=process_time, compiled=compiled)
        rates.append(result.learners_per_second or 0.0)
    return float(np.median(rates)), result.rmse


def shadow_simulations(n_simulees: int) -> list[Row]:
    """Full shadow tests before every item, under eligibility."""
    theta = population(n_simulees, prior=NormalPrior(), seed=SEED)
    tree = certification_tree(500, n_testlets=0, rng=np.random.default_rng(0))
    rules = Rules(length=LENGTH, minimum_length=LENGTH, cuts=CUTS)
    policy = compile_policy(bank(500), tree, rules)
    few = population(300, prior=NormalPrior(), seed=SEED + 1)
    fitted = fit_eligibility(policy, few, target=0.25, seed=SEED, rounds=4)
    release = blueprint.check(CONTENT).release
    if release is None:
        raise SystemExit(f"{CONTENT}: the content does not compile")
    certification = blueprint.compile_design(release, release.design("certification")).policy(release)
    rows = []
    for name, one in (
        ("500 items, 32 each", with_eligibility(policy, fitted)),
        (f"certification of the bank, {len(release)} items, 32 each, testlets", certification),
    ):
        for compiled, bar in ((False, 500.0), (True, 1_200.0)):
            rate, rmse = simulees_per_second(one, theta, compiled=compiled)
            remark = f"rmse {rmse:.3f} over {n_simulees:,} simulees"
            whole = f"simulation, shadow + eligibility: {name}{', numba' if compiled else ''}"
            rows.append(Row(whole, "/s", rate, bar, remark=remark))
    return rows


# Report


def written(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "/s":
        return f"{value:,.0f}/s" if value >= 100 else f"{value:,.2f}/s"
    return f"{value:,.1f} us" if value < 1_000 else f"{value / 1_000:,.2f} ms"


def show(rows: Sequence[Row], answers: dict[str, Answer], console: Console) -> None:
    """Print the comparison, then every peer's own times."""
    table = Table("what", title="processor time of one core")
    for head in ("ours", "fastest peer", "peer", "ratio", "bar", "met"):
        table.add_column(head, justify="left" if head in ("fastest peer", "met") else "right")
    for row in rows:
        bar = ("<= " if row.unit == "us" else ">= ") + written(row.bar, row.unit)
        if row.ratio_bar is not None:
            bar += f", >= {row.ratio_bar:g}x"
        ratio = "–" if row.ratio is None else f"{row.ratio:,.0f}x"
        table.add_row(
            row.name,
            written(row.ours, row.unit),
            row.peer or "–",
            written(row.peers, row.unit),
            ratio,
            bar,
            "yes" if row.met else "NO",
        )
    console.print(table)
    for row in rows:
        if row.remark:
            console.print(f"{row.name}\n    {row.remark}", soft_wrap=True)
    if not answers:
        return
    table = Table("peer", "version", title="every peer")
    for head in (*(f"step, {size:,} items" for size in SIZES), "MPWI", "KLP", "simulees", "simulees/s"):
        table.add_column(head, justify="right")
    for name, answer in answers.items():
        ran = answer["simulation"]
        rules = [answer["rules"].get(rule) for rule in ("MPWI", "KLP")]
        table.add_row(
            name,
            answer["version"],
            *(written(answer["steps"][str(size)]["microseconds"], "us") for size in SIZES),
            *("–" if one is None else written(one["microseconds"], "us") for one in rules),
            str(ran["simulees"]),
            f"{ran['simulees'] / ran['seconds']:,.2f}",
        )
    console.print(table)


def main() -> None:
    """Measure, print the table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine")
    parser.add_argument("--without-peers", action="store_true", help="do not install or run other programs")
    parser.add_argument(
        "--simulees", type=int, default=2048, help="of our own simulation without constraints"
    )
    parser.add_argument("--milp", type=int, default=12, help="steps solved by milp too, per row")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows, answers = stepping([] if options.without_peers else list(PEERS), options.simulees)
    place = len(rows) - 2
    rows[place:place] = [*shadow_rows(256, options.milp), enemies_row(4, options.milp)]
    rows += shadow_simulations(512)
    if options.json:
        facts = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
        versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
        print(json.dumps({**versions, "rows": facts, "peers": answers}, indent=2))
        return
    console = Console(width=160)
    console.print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    show(rows, answers, console)


if __name__ == "__main__":
    main()
