r"""What a bank can give to a design, and what to write where it falls short.

A linear programme looks for the best shares :math:`x_{ik}` of the sittings at ability :math:`\theta_k` that
see item i, when abilities are known and shares need not be whole:

.. math::

    \max \sum_k w_k \min\Bigl(\textstyle\sum_i x_{ik} I_i(\theta_k),\, needed_k\Bigr),\qquad
    \sum_k w_k x_{ik} \le r,\quad \sum_{k \in band} w_k x_{ik} \le r_{band} \sum_{k \in band} w_k,\quad
    L_n \le \sum_{i \in n} x_{ik} \le U_n

with the rows n of the blueprint and the exposure targets r of the design. No adaptive test of this bank gives
more information under these rows and targets, save for what it gains by luck; where this bound lies below what
the design's `precision` needs, the bank is thin. Which item would help most is read from the prices of the
programme, then tried by solving it again with that item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from irt import models
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, Parameters
from item_bank.blueprint import CompiledDesign, compile_design
from item_bank.design import Design, Scope
from item_bank.errors import BlueprintInfeasible
from item_bank.release import Release

# Share of the information of the bound that a served test reaches: it must find the ability first, asks whole
# items and, in a certification, whole cases. Measured: `python -m benchmarks.bank` prints both.
REACHED: Final = 0.9
_STEP: Final = 0.5  # logits between the abilities looked at
_REACH: Final = 3.0  # logits, farthest of them
_BLUR: Final = 0.35  # logits: an item is chosen for where the ability is believed to be
_MOST: Final = 60  # items advised at most
_ROUNDS: Final = 12
_STALLED: Final = 2e-4  # logits of standard error: a round of items that brings less is not worth writing
_LITTLE: Final = 0.05  # of what is needed: less than that is not missing, domains make up for one another


class Row(NamedTuple):
    """A row of the blueprint that no test can meet, for everybody or for one profession."""

    profession: str | None
    node: str
    label: str
    needed: int
    available: int


class Cell(NamedTuple):
    """Abilities from `low` to `high` in one domain: items that suit them, information per item asked."""

    low: float
    high: float
    domain: str
    items: int
    information: float
    needed: float

    @property
    def thin(self) -> bool:
        return self.information < self.needed * (1 - _LITTLE)


class Part(NamedTuple):
    """A competence: its items, and how many its share of the sittings takes under the exposure target."""

    competence: str
    items: int
    needed: int

    @property
    def thin(self) -> bool:
        return self.items < self.needed


class Writing(NamedTuple):
    """Items to write next."""

    competence: str
    topic: str
    level: int
    items: int
    profession: str | None


@dataclass(frozen=True)
class Supply:
    """What the bank gives to a design, for everybody or for one profession.

    `standard_error` is the bound of a perfect-knowledge selection under the design's rows and exposure
    targets, `expected` what a served test makes of it, both on average between the abilities where the design
    wants a precision; `wanted` is that precision. `enough` says whether the advised items would do.
    """

    profession: str | None
    items: int
    items_needed: int
    wanted: float | None
    standard_error: float
    expected: float
    cells: tuple[Cell, ...]
    competences: tuple[Part, ...]
    writing: tuple[Writing, ...] = ()
    enough: bool = True

    @property
    def thin(self) -> bool:
        """Whether the design's precision cannot be expected, or its exposure targets cannot be kept."""
        return not _precise(self.expected, self.wanted) or self.items < self.items_needed


@dataclass(frozen=True)
class Diagnosis:
    """All that can be said of a design before anybody sits it."""

    design: str
    infeasible: tuple[Row, ...]
    supplies: tuple[Supply, ...]

    @property
    def thin(self) -> bool:
        return any(supply.thin for supply in self.supplies)


def diagnose(release: Release, design: Design, *, professions: bool = True) -> Diagnosis:
    """Say what a design cannot have, where the bank is thin for it, and what to write next.

    For everybody first, then for each profession that the design serves.

    Raises
    ------
    InvalidDesign
        If the design names what the framework of the release does not have.
    """
    infeasible: list[Row] = []
    supplies: list[Supply] = []
    served = release.professions_of(design.pool) if professions else ()
    for profession in (None, *served):
        if profession is not None and _same_pool(release, design, profession):
            continue
        try:
            compiled = compile_design(release, design, profession=profession)
        except BlueprintInfeasible as error:
            infeasible.append(Row(profession, error.node, error.label, error.needed, error.available))
            continue
        supplies.append(supply(release, compiled, profession))
    return Diagnosis(design.id, tuple(infeasible), tuple(supplies))


def _same_pool(release: Release, design: Design, profession: str) -> bool:
    """Whether a profession is asked what everybody is: nothing more can be said of it."""
    own = release.available(profession, pool=design.pool)
    return bool((own == release.available(pool=design.pool)).all())


def supply(release: Release, compiled: CompiledDesign, profession: str | None = None) -> Supply:
    """Compare what the available items can give with what the design needs.

    The target over all sittings binds the whole bank; among the sittings of one profession, a share of them
    all, the target within a band stands for both.
    """
    design = compiled.design
    exposure = design.exposure
    target = exposure.target if profession is None else max(exposure.target, exposure.band_target)
    available = np.flatnonzero(compiled.available)
    needed_items = int(np.ceil(design.length / target - 1e-9))
    wanted = _wanted(design, profession)
    task = _task(release, compiled, available, target, wanted)
    solved = _solve(task)
    while solved is None:
        # Too few items for the targets: what they give when they are seen more often is still worth knowing.
        task = task._replace(
            target=min(task.target * 1.25, 1.0), band_target=min(task.band_target * 1.25, 1.0)
        )
        solved = _solve(task)
    inside = task.wanted > 0
    error = _mean_error(task, solved.information, inside)
    expected = _mean_error(task, solved.information * REACHED, inside)
    found = Supply(
        profession=profession,
        items=len(available),
        items_needed=needed_items,
        wanted=wanted,
        standard_error=error,
        expected=expected,
        cells=_cells(release, compiled, task, solved),
        competences=_competences(release, compiled, target),
    )
    return _with_writing(release, compiled, task, solved, found)


def _wanted(design: Design, profession: str | None) -> float | None:
    if design.precision is None:
        return None
    if profession is not None and design.precision.by_profession is not None:
        return design.precision.by_profession
    return design.precision.standard_error


def _precise(expected: float, wanted: float | None) -> bool:
    return wanted is None or expected <= wanted + 5e-4


class _Task(NamedTuple):
    """The programme: abilities, their weights, items and rows."""

    theta: FloatArray  # (n_abilities,)
    weight: FloatArray  # (n_abilities,), sums to 1
    band: IntArray  # (n_abilities,)
    wanted: FloatArray  # (n_abilities,): information needed, 0 where the design asks for none
    information: FloatArray  # (n_abilities, n_items)
    rows: FloatArray  # (n_nodes, n_items): 1 where the item counts
    lower: IntArray
    upper: IntArray
    target: float
    band_target: float


class _Solved(NamedTuple):
    share: FloatArray  # (n_abilities, n_items)
    information: FloatArray  # (n_abilities,)
    worth: FloatArray  # (n_abilities,): of a unit of information
    price: FloatArray  # (n_abilities, n_nodes): of counting one item more


def _task(
    release: Release, compiled: CompiledDesign, items: IntArray, target: float, standard_error: float | None
) -> _Task:
    design, tree = compiled.design, compiled.tree
    theta = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    weight = np.exp(-(theta**2) / 2)
    rows = np.zeros((len(tree.parent), len(items)))
    for column, item in enumerate(items.tolist()):
        node = int(tree.leaf[item])
        while node >= 0:
            rows[node, column] = 1
            node = int(tree.parent[node])
    precision = design.precision
    wanted = np.zeros(len(theta))
    if precision is not None and standard_error is not None:
        inside = (theta >= precision.lowest - 1e-9) & (theta <= precision.highest + 1e-9)
        wanted[inside] = (1 / standard_error**2 - 1) / REACHED
    return _Task(
        theta=theta,
        weight=weight / weight.sum(),
        band=np.searchsorted(np.array(design.exposure.edges), theta + 1e-9, side="right"),
        wanted=wanted,
        information=_information(release.parameters, theta)[:, items],
        rows=rows,
        lower=tree.lower,
        upper=tree.upper,
        target=target,
        band_target=max(design.exposure.band_target, target),
    )


def _information(parameters: Parameters, theta: FloatArray) -> FloatArray:
    """Fisher information around each ability, (n_abilities, n_items), averaged over a normal of sd `_BLUR`."""
    steps = np.linspace(-2.5, 2.5, 11)
    weight = np.exp(-(steps**2) / 2)
    places: FloatArray = (theta[:, None] + _BLUR * steps).reshape(-1)
    spread = models.information(parameters, places).reshape(len(theta), len(steps), len(parameters))
    return np.asarray(np.einsum("ksi,s->ki", spread, weight / weight.sum()))


def _solve(task: _Task) -> _Solved | None:
    """Solve the programme; None when the exposure targets leave no test."""
    n_abilities, n_items = task.information.shape
    n_nodes = len(task.lower)
    eye = sparse.eye(n_items, format="csr")
    # A design without a wanted precision is given what it can have anywhere.
    wanted = task.wanted if (task.wanted > 0).any() else np.full(n_abilities, 1e6)
    # Variables: the shares, then the information that counts at each ability.
    over_all = sparse.hstack([weight * eye for weight in task.weight])
    bands = []
    for band in np.unique(task.band):
        members = task.band == band
        scale = np.where(members, task.weight, 0.0) / task.weight[members].sum()
        bands.append(sparse.hstack([weight * eye for weight in scale]))
    rows = sparse.block_diag([sparse.csr_matrix(task.rows)] * n_abilities, format="csr")
    gained = sparse.block_diag([sparse.csr_matrix(-row) for row in task.information], format="csr")
    shares = sparse.vstack([over_all, *bands, rows, -rows])
    table = sparse.vstack(
        [
            sparse.hstack([shares, sparse.csr_matrix((shares.shape[0], n_abilities))]),
            sparse.hstack([gained, sparse.eye(n_abilities)]),
        ]
    ).tocsr()
    bounds = np.concatenate(
        [
            np.full(n_items, task.target),
            np.full(n_items * len(bands), task.band_target),
            np.tile(task.upper, n_abilities),
            np.tile(-task.lower, n_abilities),
            np.zeros(n_abilities),
        ]
    )
    # Beyond what is needed information is worth a little, so that the bound is the best test and not any test.
    gain = np.where(task.wanted > 0, task.weight, 0.2 * task.weight)
    cost = np.concatenate([-(1e-3 * gain[:, None] * task.information).ravel(), -gain])
    limits = [(0.0, 1.0)] * (n_abilities * n_items) + [(0.0, float(most)) for most in wanted]
    found = linprog(cost, A_ub=table, b_ub=bounds, bounds=limits, method="highs")
    if not found.success:
        return None
    share = np.asarray(found.x)[: n_abilities * n_items].reshape(n_abilities, n_items)
    price: FloatArray = -np.asarray(found.ineqlin.marginals)
    first = n_items * (1 + len(bands))
    upper = price[first : first + n_abilities * n_nodes].reshape(n_abilities, n_nodes)
    lower = price[first + n_abilities * n_nodes :][: n_abilities * n_nodes].reshape(n_abilities, n_nodes)
    return _Solved(
        share=share,
        information=(share * task.information).sum(axis=1),
        worth=price[-n_abilities:] + 1e-3 * gain,
        price=upper - lower,
    )


def _mean_error(task: _Task, information: FloatArray, inside: BoolArray) -> float:
    """Mean posterior sd, under the standard normal prior, where precision is wanted (anywhere if nowhere)."""
    chosen = inside if inside.any() else np.ones_like(inside)
    error = 1 / np.sqrt(1 + information[chosen])
    return float(error @ task.weight[chosen] / task.weight[chosen].sum())


def _cells(release: Release, compiled: CompiledDesign, task: _Task, solved: _Solved) -> tuple[Cell, ...]:
    """Information per item asked, by band of ability and domain, where the design wants a precision."""
    design = compiled.design
    available = np.flatnonzero(compiled.available)
    domain = release.domain[available]
    edges = [-_REACH, *design.exposure.edges, _REACH]
    cells = []
    for band in np.unique(task.band[task.wanted > 0]).tolist():
        members = np.flatnonzero((task.band == band) & (task.wanted > 0))
        weight = task.weight[members] / task.weight[members].sum()
        needed = float(weight @ task.wanted[members]) / design.length
        for number, each in enumerate(release.framework.domains):
            mine = domain == number
            asked = float(weight @ solved.share[np.ix_(members, np.flatnonzero(mine))].sum(axis=1))
            if asked < 1e-9:
                continue
            gained = solved.share[members] * task.information[members] * mine
            suited = task.information[members].max(axis=0) >= needed * 0.9
            cells.append(
                Cell(
                    low=float(edges[band]),
                    high=float(edges[band + 1]),
                    domain=each.id,
                    items=int((suited & mine).sum()),
                    information=float(weight @ gained.sum(axis=1)) / asked,
                    needed=needed,
                )
            )
    return tuple(cells)


def _competences(release: Release, compiled: CompiledDesign, target: float) -> tuple[Part, ...]:
    """Items of each competence, against its part of the quota of its domain over the exposure target."""
    tree, domains = compiled.tree, {node.id: index for index, node in enumerate(compiled.nodes)}
    counts = np.bincount(release.competence[compiled.available], minlength=len(release.framework.competences))
    numbers = dict(zip(release.framework.competences, counts.tolist(), strict=True))
    parts = []
    for domain in release.framework.domains:
        node = domains[domain.id]
        quota = (int(tree.lower[node]) + min(int(tree.upper[node]), compiled.design.length)) / 2
        asked = [one.id for one in domain.competences if numbers[one.id] and tree.upper[domains[one.id]] > 0]
        for competence in asked:
            needed = int(np.ceil(quota / len(asked) / target - 1e-9)) if tree.lower[node] else 0
            parts.append(Part(competence, numbers[competence], needed))
    return tuple(parts)


def _with_writing(
    release: Release, compiled: CompiledDesign, task: _Task, solved: _Solved, found: Supply
) -> Supply:
    """Add the items that help most, one a domain and round, until the design has what it needs.

    A design that has it is told one round, the items that would help most.
    """
    competences = [
        number
        for number, node in enumerate(compiled.nodes)
        if node.scope == Scope.COMPETENCE and compiled.tree.upper[number] > 0 and task.rows[number].any()
    ]
    levels = [
        level
        for level in release.framework.item_levels
        if compiled.design.pool.lowest_level is None or level.number >= compiled.design.pool.lowest_level
        if compiled.design.pool.highest_level is None or level.number <= compiled.design.pool.highest_level
    ]
    referentiel = compiled.design.pool.referentiel
    if referentiel is not None:
        limits = release.framework.referentiel(referentiel)
        levels = [level for level in levels if limits.lowest_level <= level.number <= limits.highest_level]
    difficulty = np.array([level.difficulty for level in levels])
    ones = np.ones(len(levels))
    gains = _information(ItemParameters(ones, difficulty, 0 * ones, ones), task.theta)
    paths = {node: _path(compiled.tree.parent, node) for node in competences}
    counts: dict[tuple[int, int], int] = {}
    size, added = found.items, 0

    def error_now(solved: _Solved) -> float:
        return _mean_error(task, solved.information * REACHED, task.wanted > 0)

    for _ in range(_ROUNDS):
        expected = error_now(solved)
        enough = _precise(expected, found.wanted) and size >= found.items_needed
        if added and (enough or added >= _MOST):
            break
        best: dict[int, tuple[float, int, int]] = {}
        for node in competences:
            price = solved.price[:, paths[node]].sum(axis=1)
            for row in range(len(levels)):
                value = _value(task, solved.worth * gains[:, row] - price)
                # Of equal ones the competence that has been advised least, then the one with fewest items.
                asked = sum(number for (other, _), number in counts.items() if other == node)
                rank = value * (1 - 1e-3 * asked) - 1e-9 * float(task.rows[node].sum())
                domain = int(compiled.tree.parent[node])
                if domain not in best or rank > best[domain][0]:
                    best[domain] = (rank, node, row)
        chosen = sorted(best.values(), reverse=True)
        chosen = [one for one in chosen if one[0] > 0.2 * chosen[0][0]] or chosen[:1]
        kept = dict(counts)
        for _, node, row in chosen:
            counts[node, row] = counts.get((node, row), 0) + 1
            column = np.zeros((len(task.lower), 1))
            column[paths[node]] = 1
            task = task._replace(
                information=np.column_stack([task.information, gains[:, row]]),
                rows=np.column_stack([task.rows, column]),
            )
            size, added = size + 1, added + 1
        again = _solve(task)
        if again is None:
            break
        solved = again
        if found.thin and size > found.items_needed and expected - error_now(solved) < _STALLED:
            # What is still missing no item of these levels can give.
            counts = kept or counts
            break
    enough = _precise(error_now(solved), found.wanted) and size >= found.items_needed
    writing = tuple(
        Writing(
            competence=compiled.nodes[node].id,
            topic=_topic(compiled, node, row),
            level=levels[row].number,
            items=number,
            profession=found.profession,
        )
        for (node, row), number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return replace(found, writing=writing, enough=enough)


def _value(task: _Task, profit: FloatArray) -> float:
    """What one more item with this profit at each ability would bring under the exposure targets."""
    room, total = task.target, 0.0
    left = {
        band: task.band_target * task.weight[task.band == band].sum()
        for band in np.unique(task.band).tolist()
    }
    for place in np.argsort(-profit / task.weight, kind="stable").tolist():
        band = int(task.band[place])
        share = min(float(task.weight[place]), room, float(left[band]))
        if profit[place] <= 0 or share <= 0:
            break
        total += share / float(task.weight[place]) * float(profit[place])
        room, left[band] = room - share, left[band] - share
    return total


def _path(parent: Sequence[int] | IntArray, node: int) -> list[int]:
    path = []
    while node >= 0:
        path.append(node)
        node = int(parent[node])
    return path


def _topic(compiled: CompiledDesign, node: int, row: int) -> str:
    """The topic of a competence with the fewest items available, the first of equals; `row` takes turns."""
    counts = {
        compiled.nodes[leaf].id: int((compiled.tree.leaf[compiled.available] == leaf).sum())
        for leaf in range(len(compiled.nodes))
        if compiled.tree.parent[leaf] == node and compiled.tree.upper[leaf] > 0
    }
    order = sorted(counts, key=lambda topic: counts[topic])
    return order[row % len(order)]
