r"""Rows that no tree can hold: enemies across leaves, quotas on any coefficients; and two cheaper methods.

The tree of a blueprint is laminar and its shadow test exact (`shadow`). Enemies (at most one of a group in a
test) and further quotas (words, seconds, a second classification of the items) are not. Enemies that share
one leaf *are* a node of the tree with an upper bound of one: `absorb` moves them there. What remains is solved
by branch and bound over the tree:

* the rows of quotas are priced (Lagrange multipliers, by cutting planes in one price at a time), so that every
  subproblem is again a shadow test, and its value plus the price of the limits an upper bound;
* exchanges of items give tests that meet the rows, and proofs: tests of a tree are the bases of a matroid, any two
  of which differ by disjoint exchanges that are each possible alone. A better test than the best one found is
  therefore a few exchanges that together lose less than the gap; where these are few, all of them are tried and the
  branch is done. Otherwise they name the items that cannot be in, or missing from, any better test;
* two enemies in one solution make two branches, without the one and with it; a gap between bound and value
  branches on an item, in or out;
* the open node with the largest bound is taken first: the search ends with proof when no bound is above the
  best test found.

Gains are the whole numbers of a policy's priorities, prices are rounded to whole numbers, so that with whole
coefficients every comparison is exact. Where the number of subproblems runs out, `scipy.optimize.milp` (HiGHS)
gets the problem with a time limit; if it runs out too, the best test found so far serves and `proven` is
False.

Kingsbury and Zara's method and the maximum priority index keep content near its targets without assembling a
test. They promise nothing, cost little, and are here to be compared with.

References
----------
van der Linden, W. J. (2005). *Linear models for optimal test design*. Springer, ch. 4 (enemies, quotas).
Schrijver, A. (2003). *Combinatorial optimization*. Springer, corollary 39.12a (exchanges between bases).
Fisher, M. L. (1981). The Lagrangian relaxation method for solving integer programming problems. *Management
Science* 27, 1-18.
Kingsbury, G. G. & Zara, A. R. (1989). Procedures for selecting items for computerized adaptive tests. *Applied
Measurement in Education* 2, 359-375.
Cheng, Y. & Chang, H.-H. (2009). The maximum priority index method for severely constrained item selection in
computerized adaptive testing. *British Journal of Mathematical and Statistical Psychology* 62, 369-383.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from irt.errors import InvalidRules
from irt.shadow import BlueprintTree, Layout, ShadowTest, shadow_test
from irt.types import BoolArray, FloatArray, Indices, IntArray, frozen

_CUTS: Final = 20  # prices tried for one quota
_PAIRS: Final = (12, 24, 48)  # exchanges combined, as long as the best test found leaves a gap
_MOST_PLACES: Final = 62  # items that may take part in them: bits of a whole number
_MOST_SETS: Final = 20_000  # combinations of exchanges tried at a time
_SLACK: Final = 1e-9  # of a quota with coefficients that are no whole numbers


@dataclass(frozen=True, eq=False)
class Constraints:
    """Enemies and quotas of a test design.

    Parameters
    ----------
    enemies : sequence of array_like of int
        Groups of items of which a test may hold at most one.
    coefficients : array_like, shape (n_rows, n_items)
        Of each quota: words, seconds, 0 and 1 for a class of items.
    lower, upper : array_like, shape (n_rows,)
        Bounds on the sum of the coefficients over the full test; infinite where there is none.

    Raises
    ------
    InvalidRules
        Naming the argument and the row.
    """

    enemies: tuple[IntArray, ...]
    coefficients: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __init__(
        self,
        enemies: Sequence[ArrayLike] = (),
        coefficients: ArrayLike | None = None,
        lower: ArrayLike = (),
        upper: ArrayLike = (),
    ) -> None:
        groups = []
        for number, group in enumerate(enemies):
            items = np.unique(np.asarray(group))
            if len(items) < 2 or not np.issubdtype(items.dtype, np.integer) or items[0] < 0:
                raise InvalidRules("enemies", f"group {number} must be at least two different items")
            groups.append(items.astype(np.int64))
        object.__setattr__(self, "enemies", tuple(groups))
        table = frozen(np.zeros((0, 0)) if coefficients is None else coefficients)
        for name, values in (("coefficients", table), ("lower", frozen(lower)), ("upper", frozen(upper))):
            object.__setattr__(self, name, values)
        if table.ndim != 2 or not len(table) == len(self.lower) == len(self.upper):
            raise InvalidRules("coefficients", "must be one row of numbers for each lower and upper bound")
        if not np.isfinite(table).all():
            raise InvalidRules("coefficients", "must be finite")
        wrong = ~(self.lower <= self.upper)
        if wrong.any():
            raise InvalidRules("upper", f"row {int(np.argmax(wrong))}: must be at least the lower bound")

    def __bool__(self) -> bool:
        return bool(self.enemies) or bool(len(self.lower))

    def broken(self, items: Indices) -> int:
        """Number of enemy groups and quotas that a full test of these items breaks."""
        given = np.asarray(items, dtype=np.int64)
        met = sum(int(np.isin(group, given).sum() > 1) for group in self.enemies)
        return met + int((self._excess(given) > 0).sum())

    def of(self, items: Indices) -> FloatArray:
        """Coefficients of these items, (n_rows, n_items_given); without quotas there is no table to read."""
        if not len(self.lower):
            return np.zeros((0, len(items)))
        return np.asarray(self.coefficients[:, items])

    def _excess(self, given: IntArray) -> FloatArray:
        """How far beyond its bounds each quota is."""
        total = self.of(given).sum(axis=1)
        excess: FloatArray = np.maximum(self.lower - total, total - self.upper) - _SLACK
        return excess


class Assembly(NamedTuple):
    """A shadow test under all rows."""

    shadow: ShadowTest
    proven: bool  # no test has a larger gain
    solves: int  # shadow tests of the tree that it took
    unmet: tuple[int, ...]  # quotas (rows) that had to be dropped because no test meets them


def absorb(tree: BlueprintTree, constraints: Constraints) -> tuple[BlueprintTree, Constraints]:
    """Turn enemies that share a leaf into nodes of the tree; return what is left of the constraints.

    Parameters
    ----------
    tree : BlueprintTree
    constraints : Constraints
        Over the same items.

    Returns
    -------
    tree : BlueprintTree
        With further nodes, numbered after the others.
    constraints : Constraints
        Without the groups that became nodes, or that a leaf of at most one item already keeps apart.

    Raises
    ------
    InvalidRules
        When the constraints are of another bank.
    """
    n_items = len(tree.leaf)
    if any(group[-1] >= n_items for group in constraints.enemies):
        raise InvalidRules("enemies", f"an item lies beyond the bank of {n_items}")
    if len(constraints.lower) and constraints.coefficients.shape[1] != n_items:
        columns = constraints.coefficients.shape[1]
        raise InvalidRules("coefficients", f"hold {columns} items, the bank {n_items}")
    parent, lower, upper = tree.parent.tolist(), tree.lower.tolist(), tree.upper.tolist()
    leaf = tree.leaf.copy()
    left = []
    for group in constraints.enemies:
        nodes = np.unique(leaf[group])
        # A leaf made for another group has other items too, or this one's own.
        if len(nodes) > 1:
            left.append(group)
        elif upper[nodes[0]] > 1:
            parent.append(int(nodes[0]))
            lower.append(0)
            upper.append(1)
            leaf[group] = len(parent) - 1
    wider = BlueprintTree(parent, lower, upper, leaf, tree.testlet, tree.testlet_position, tree.max_testlets)
    return wider, Constraints(left, constraints.coefficients, constraints.lower, constraints.upper)


class _Node(NamedTuple):
    """An open branch: items that must and must not be in the test, and its relaxed solution."""

    required: tuple[int, ...]
    barred: tuple[int, ...]
    items: IntArray


class _Problem(NamedTuple):
    layout: Layout
    rows: Constraints
    gain: FloatArray
    taken: IntArray
    length: int
    usable: BoolArray
    members: BoolArray  # (n_groups, n_items): groups that may still be broken


def assemble(
    layout: Layout,
    rows: Constraints,
    gain: FloatArray,
    taken: Indices,
    length: int,
    *,
    available: BoolArray | None = None,
    max_solves: int = 300,
    time_limit: float = 1.0,
) -> Assembly:
    """Find the shadow test of the largest gain that also keeps enemies apart and meets the quotas.

    Parameters
    ----------
    layout : Layout
        From `shadow.prepare`.
    rows : Constraints
        What `absorb` left.
    gain : ndarray, shape (n_items,)
        Priorities: whole numbers whose sums are exact.
    taken : sequence of int
        Items given, in order.
    length : int
    available : ndarray of bool, shape (n_items,), optional
    max_solves : int
        Shadow tests of the tree before HiGHS is asked.
    time_limit : float, seconds
        Of HiGHS.

    Returns
    -------
    Assembly
        Infeasible when the tree itself is, as in `shadow_test`. Quotas that no test meets are dropped one by
        one and named, the last ones first.

    Notes
    -----
    The number of solves does not depend on the clock, so that a replay takes the same way.
    """
    given = np.asarray(taken, dtype=np.int64)
    usable = np.ones(len(gain), dtype=np.bool_) if available is None else available.copy()
    members = _members(rows, len(gain))
    if len(members):
        begun = members[:, given].any(axis=1)
        usable &= ~members[begun].any(axis=0)
        usable[given] = True
        members = members[~begun]
    unmet: list[int] = []
    solves = 0
    while True:
        problem = _Problem(layout, rows, gain, given, length, usable, members)
        found, proven, spent = _branch_and_bound(problem, max_solves)
        solves += spent
        if not proven:
            other, sure = _highs(problem, time_limit)
            if other is not None and (found is None or other.objective >= found.objective):
                found, proven = other, sure
        if found is None and len(rows.lower):
            unmet.append(len(rows.lower) - 1)
            rows = Constraints(rows.enemies, rows.coefficients[:-1], rows.lower[:-1], rows.upper[:-1])
            continue
        if found is None:  # enemies alone cannot be kept apart: the tree decides
            found = shadow_test(layout, gain, given, length, available=available)
        return Assembly(found, proven, solves, tuple(unmet))


class _Search:
    """The best test so far, and the open branches."""

    def __init__(self, problem: _Problem, max_solves: int) -> None:
        self.problem = problem
        self.max_solves = max_solves
        self.solves = 0
        self.value = -math.inf
        self.best: IntArray | None = None
        self.heap: list[tuple[float, int, _Node]] = []
        self.pushed = 0
        self.priced = problem.gain
        self.limits = 0.0
        self.plain = not (problem.layout.tree.testlet >= 0).any()

    def solve(self, gain: FloatArray, required: tuple[int, ...], barred: tuple[int, ...]) -> ShadowTest:
        problem, usable = self.problem, self.problem.usable
        if barred:
            usable = usable.copy()
            usable[list(barred)] = False
        taken = np.concatenate([problem.taken, np.array(required, dtype=np.int64)])
        self.solves += 1
        test = shadow_test(problem.layout, gain, taken, problem.length, available=usable)
        if test.feasible:
            self.offer(test.items)
        return test

    def offer(self, items: IntArray) -> None:
        """Keep the test if it meets every row and is the best so far."""
        problem = self.problem
        value = float(problem.gain[items].sum())
        if (
            value > self.value
            and not _violated(problem.rows, items).any()
            and _conflict(problem, items) is None
        ):
            self.value, self.best = value, items

    def contradicts(self, required: tuple[int, ...], barred: tuple[int, ...]) -> bool:
        """Whether a testlet would be given in part: barred by one item, begun by another."""
        if self.plain:
            return False
        testlet = self.problem.layout.tree.testlet
        begun = testlet[[*self.problem.taken.tolist(), *required]]
        without = testlet[list(barred)]
        return bool(np.intersect1d(begun[begun >= 0], without[without >= 0]).size)

    def push(self, required: tuple[int, ...], barred: tuple[int, ...]) -> None:
        if self.contradicts(required, barred):
            return
        test = self.solve(self.priced, required, barred)
        if not test.feasible:
            return
        bound = float(self.priced[test.items].sum()) + self.limits
        if bound > self.value:
            self.pushed += 1
            heapq.heappush(self.heap, (-bound, self.pushed, _Node(required, barred, test.items)))

    def require(self, node: _Node, item: int) -> None:
        """Open the branch that holds the item, without its enemies."""
        if item not in node.required:
            enemies = _enemies_of(self.problem, item)
            if not set(enemies) & set(node.required):
                self.push((*node.required, item), (*node.barred, *enemies))

    def dive(self, node: _Node) -> None:
        """Bar the weaker of two enemies until none is left: a good test early."""
        while (pair := _conflict(self.problem, node.items)) is not None:
            barred = (*node.barred, pair[1])
            if self.contradicts(node.required, barred):
                return
            test = self.solve(self.priced, node.required, barred)
            if not test.feasible:
                return
            node = _Node(node.required, barred, test.items)

    def close(self, bound: float, node: _Node) -> _Node | None:
        """Search the tests a few exchanges away from the node's; None when no better one is left in the branch.

        Otherwise the node with the items that the gap allows to decide.
        """
        problem, priced = self.problem, self.priced
        usable = problem.usable.copy()
        usable[list(node.barred)] = False
        kept = np.zeros(len(priced), dtype=np.bool_)
        kept[problem.taken] = True
        kept[list(node.required)] = True
        inside, outside, loss = _exchanges(
            problem.layout.tree, node.items, node.items[~kept[node.items]], usable, priced
        )
        if not loss.size:
            return None
        losses = np.sort(loss, axis=None)
        for count in _PAIRS:
            if bound - self.value <= losses[0]:
                return None
            reach = float(losses[min(count, len(losses) - 1)])
            if not self._exchange(node.items, inside, outside, loss, min(reach, bound - self.value)):
                break
            if bound - self.value <= reach or count >= len(losses) - 1:
                return None
        room = bound - self.value
        barred = outside[loss.min(axis=0) >= room]
        required = inside[loss.min(axis=1) >= room]
        return _Node((*node.required, *required.tolist()), (*node.barred, *barred.tolist()), node.items)

    def _exchange(
        self, items: IntArray, inside: IntArray, outside: IntArray, loss: FloatArray, reach: float
    ) -> bool:
        """Offer every test that disjoint exchanges make of `items` and that loses less than `reach`.

        Any two bases of a matroid differ by disjoint exchanges of which each alone leads to a base (Schrijver,
        2003, corollary 39.12a), so that no test that loses less is overlooked. False: there are too many.
        """
        problem, rows = self.problem, self.problem.rows
        one, other = np.nonzero(loss < reach)
        if not len(one):
            return True
        leaving, coming = np.unique(one), np.unique(other)
        n_leaving, n_places = len(leaving), len(leaving) + len(coming)
        if n_places > _MOST_PLACES:
            return False
        single = loss[one, other]
        bit = np.left_shift(np.int64(1), np.arange(n_places))
        pair = bit[np.searchsorted(leaving, one)] | bit[n_leaving + np.searchsorted(coming, other)]

        moved = np.concatenate([inside[leaving], outside[coming]])
        sign = np.where(np.arange(n_places) < n_leaving, -1.0, 1.0)
        tree, members = problem.layout.tree, problem.members
        above = _above(tree)
        table = np.concatenate(
            [problem.gain[None, moved], rows.of(moved), above[:, moved], members[:, moved]]
        )
        table *= sign
        now = np.concatenate(
            [
                [problem.gain[items].sum()],
                rows.of(items).sum(axis=1),
                above[:, items].sum(axis=1),
                members[:, items].sum(axis=1),
            ]
        )
        lower = np.concatenate([[-np.inf], rows.lower - _SLACK, tree.lower, np.zeros(len(members))])
        upper = np.concatenate([[np.inf], rows.upper + _SLACK, tree.upper, np.ones(len(members))])
        root = 1 + len(rows.lower)
        lower[root], upper[root] = -np.inf, np.inf  # every exchange keeps the length

        made, lost = np.zeros(1, dtype=np.int64), np.zeros(1)
        while len(made):
            if len(made) * len(pair) > _MOST_SETS:
                return False
            which, added = np.nonzero(((made[:, None] & pair) == 0) & (lost[:, None] + single < reach))
            made, first = np.unique(made[which] | pair[added], return_index=True)
            lost = lost[which[first]] + single[added[first]]
            total = ((made[:, None] & bit) != 0) @ table.T + now
            total = np.where(total[:, :1] > self.value, total, np.nan)
            good = np.flatnonzero(((total >= lower) & (total <= upper)).all(axis=1))
            for place in good[np.argsort(-total[good, 0], kind="stable")].tolist():
                changed = (made[place] & bit) != 0
                stay = ~np.isin(items, moved[:n_leaving][changed[:n_leaving]])
                before = self.value
                self.offer(np.concatenate([items[stay], moved[n_leaving:][changed[n_leaving:]]]))
                if self.value > before:
                    break
        return True


def _branch_and_bound(problem: _Problem, max_solves: int) -> tuple[ShadowTest | None, bool, int]:
    """Return the best test found (None: none exists), whether that is proven, and the number of solves."""
    search, rows = _Search(problem, max_solves), problem.rows
    first = search.solve(problem.gain, (), ())
    if not first.feasible or search.best is not None:
        return first, True, 1
    if _violated(rows, first.items).any():
        _price(search, first.items)
    search.push((), ())
    if search.heap:
        search.dive(search.heap[0][2])
    while search.heap:
        bound, _, node = heapq.heappop(search.heap)
        if -bound <= search.value:
            break
        if search.solves >= max_solves:
            return _as_test(problem, search.best), False, search.solves
        pair = _conflict(problem, node.items)
        if search.plain:
            closed = search.close(-bound, node)
            if closed is None or -bound <= search.value:
                continue
            node = closed
        if pair is not None:
            one, other = pair
            if one in node.required and other in node.required:
                continue
            if one in node.required:
                one = other
            search.push(node.required, (*node.barred, one))
            search.require(node, one)
            continue
        item = _branching_item(problem, node, search.priced)
        if item is None:
            continue
        search.push(node.required, (*node.barred, item))
        search.require(node, item)
    return _as_test(problem, search.best), True, search.solves


def _finite(bounds: FloatArray) -> FloatArray:
    return np.where(np.isfinite(bounds), bounds, 0.0)


def _exchanges(
    tree: BlueprintTree, items: IntArray, movable: IntArray, usable: BoolArray, gain: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Loss of every exchange of an item of a test for another one, inf where the tree forbids it.

    Returns the items that may leave (n,), those that may come (m,), and the losses (n, m).
    """
    above = _above(tree)
    count = above[:, items].sum(axis=1)
    inside = np.zeros(len(gain), dtype=np.bool_)
    inside[items] = True
    others = np.flatnonzero(usable & ~inside)
    loss = gain[movable][:, None] - gain[others]
    out, come = above[:, movable], above[:, others]
    for node in np.flatnonzero(count >= tree.upper).tolist():
        if node:
            loss[np.ix_(~out[node], come[node])] = np.inf
    for node in np.flatnonzero((count <= tree.lower) & (count > 0)).tolist():
        if node:
            loss[np.ix_(out[node], ~come[node])] = np.inf
    return movable, others, loss


@lru_cache(maxsize=16)
def _above(tree: BlueprintTree) -> BoolArray:
    """Whether each node lies above each item, (n_nodes, n_items)."""
    above = np.zeros((len(tree.parent), len(tree.leaf)), dtype=np.bool_)
    node = tree.leaf.copy()
    while (node >= 0).any():
        held = np.flatnonzero(node >= 0)
        above[node[held], held] = True
        node = np.where(node >= 0, tree.parent[node], -1)
    return above


def _violated(rows: Constraints, items: IntArray) -> BoolArray:
    total = rows.of(items).sum(axis=1)
    return np.asarray((total < rows.lower - _SLACK) | (total > rows.upper + _SLACK))


def _conflict(problem: _Problem, items: IntArray) -> tuple[int, int] | None:
    """Return two enemies in the test, those of the largest gain."""
    held = problem.members[:, items]
    crowded = np.flatnonzero(np.count_nonzero(held, axis=1) > 1)
    if not crowded.size:
        return None
    pairs = []
    for row in crowded.tolist():
        members = items[held[row]]
        one, other = members[np.argsort(-problem.gain[members], kind="stable")[:2]].tolist()
        pairs.append((float(problem.gain[other]), one, other))
    _, one, other = max(pairs)
    return one, other


def _enemies_of(problem: _Problem, item: int) -> tuple[int, ...]:
    enemies: BoolArray = np.any(problem.members[problem.members[:, item]], axis=0, keepdims=True)[0]
    enemies[item] = False
    return tuple(np.flatnonzero(enemies).tolist())


@lru_cache(maxsize=16)
def _members(rows: Constraints, n_items: int) -> BoolArray:
    """Whether each group of enemies holds each item, (n_groups, n_items)."""
    members: BoolArray = np.zeros((len(rows.enemies), n_items), dtype=np.bool_)
    for row, group in enumerate(rows.enemies):
        members[row, group] = True
    return members


def _price(search: _Search, items: IntArray) -> None:
    """Price the quotas, one violated row after the other, twice over the rows if there are several.

    In one price the bound is the highest of lines, one for each test: the next price is where the lines of the
    nearest test on either side meet, until no line lies above their crossing.
    """
    problem = search.problem
    rows, gain = problem.rows, problem.gain
    prices = np.zeros(len(rows.lower))
    # No exchange can gain more than the best item is worth above the worst of the test.
    scale = float(gain[problem.usable].max() - gain[items].min()) + 1.0
    for _ in range(2 if len(prices) > 1 else 1):
        for row in np.flatnonzero(_violated(rows, items)).tolist():
            coefficients = rows.coefficients[row]
            over = float(coefficients[items].sum()) > rows.upper[row]
            limit, sign = (float(rows.upper[row]), 1.0) if over else (float(rows.lower[row]), -1.0)
            prices[row] = 0.0
            base = gain - prices @ rows.coefficients

            def at(
                price: float, base: FloatArray = base, slope: FloatArray = sign * coefficients
            ) -> IntArray:
                return search.solve(base - price * slope, (), ()).items

            price = float(np.rint(scale / max(float(np.ptp(coefficients)), 1.0)))
            beyond, met = items, at(price)
            for _ in range(_CUTS):
                total, less = float(coefficients[beyond].sum()), float(coefficients[met].sum())
                if (less - limit) * sign > 0 or total == less:
                    break  # no price meets the row, or nothing lies between the two
                fall = float(base[beyond].sum()) - float(base[met].sum())
                crossing = max(float(np.rint(fall / ((total - less) * sign))), 0.0)
                if crossing == price:
                    break
                price, items = crossing, at(crossing)
                now = float(coefficients[items].sum())
                if now in (total, less):
                    break
                beyond, met = (beyond, items) if (now - limit) * sign <= 0 else (items, met)
            prices[row] = sign * price
    search.priced = gain - prices @ rows.coefficients
    search.limits = float((np.maximum(prices, 0) * _finite(rows.upper)).sum())
    search.limits += float((np.minimum(prices, 0) * _finite(rows.lower)).sum())


def _branching_item(problem: _Problem, node: _Node, priced: FloatArray) -> int | None:
    """Return the undecided item of the test that is the cheapest to do without."""
    decided = {*problem.taken.tolist(), *node.required}
    open_items = [item for item in node.items.tolist() if item not in decided]
    return min(open_items, key=lambda item: (priced[item], item)) if open_items else None


def _as_test(problem: _Problem, items: IntArray | None) -> ShadowTest | None:
    """Order the test as `shadow_test` does: given items, owed ones, then by decreasing gain."""
    if items is None:
        return None
    # Solved with everything required, the tree gives the order; the barred rest cannot come in.
    usable = np.zeros(len(problem.gain), dtype=np.bool_)
    usable[items] = True
    return shadow_test(problem.layout, problem.gain, problem.taken, problem.length, available=usable)


def _highs(problem: _Problem, time_limit: float) -> tuple[ShadowTest | None, bool]:
    """Ask HiGHS for the test; None when it finds none in time."""
    tree, rows, gain = problem.layout.tree, problem.rows, problem.gain
    n_items, n_nodes = len(gain), len(tree.parent)
    above = np.zeros((n_nodes, n_items))
    node = tree.leaf.copy()
    for _ in range(n_nodes):
        held = node >= 0
        if not held.any():
            break
        above[node[held], np.flatnonzero(held)] = 1.0
        node = np.where(held, tree.parent[node], -1)
    lower, upper = tree.lower.astype(np.float64), tree.upper.astype(np.float64)
    lower[0] = upper[0] = problem.length
    blocks, lows, highs = [above], [lower], [upper]
    if len(problem.members):
        blocks.append(problem.members.astype(np.float64))
        lows.append(np.full(len(problem.members), -np.inf))
        highs.append(np.ones(len(problem.members)))
    if len(rows.lower):
        blocks.append(rows.coefficients)
        lows.append(rows.lower)
        highs.append(rows.upper)
    started = np.unique(tree.testlet[problem.taken])
    first_items = []
    for testlet in np.unique(tree.testlet[tree.testlet >= 0]).tolist():
        members = np.flatnonzero((tree.testlet == testlet) & (problem.usable | (testlet in started)))
        first_items.append(members[0])
        for one, other in pairwise(members.tolist()):
            row = np.zeros((1, n_items))
            row[0, one], row[0, other] = 1.0, -1.0
            blocks.append(row)
            lows.append(np.zeros(1))
            highs.append(np.zeros(1))
    if first_items:
        row = np.zeros((1, n_items))
        row[0, first_items] = 1.0
        blocks.append(row)
        lows.append(np.array([-np.inf]))
        highs.append(np.array([float(tree.max_testlets)]))
    fixed = np.zeros(n_items)
    fixed[problem.taken] = 1.0
    answer = milp(
        -gain / max(float(np.abs(gain).max()), 1.0),
        constraints=LinearConstraint(
            sparse.csr_array(np.concatenate(blocks)), np.concatenate(lows), np.concatenate(highs)
        ),
        integrality=np.ones(n_items, dtype=np.int64),
        bounds=Bounds(fixed, np.maximum(problem.usable.astype(np.float64), fixed)),
        options={"mip_rel_gap": 0.0, "time_limit": time_limit},
    )
    if answer.x is None:
        return None, False
    return _as_test(problem, np.flatnonzero(answer.x > 0.5)), bool(answer.status == 0)


def kingsbury_zara(targets: FloatArray, counts: IntArray, left: BoolArray) -> int | None:
    """Content area to choose from next: the one farthest below its target share.

    Parameters
    ----------
    targets : ndarray, shape (n_areas,)
        Shares wanted, > 0.
    counts : ndarray of int, shape (n_areas,)
        Items given so far.
    left : ndarray of bool, shape (n_areas,)
        Areas with an item left.

    Returns
    -------
    int or None
        None when no area has an item left. Ties go to the first.

    Examples
    --------
    >>> kingsbury_zara(np.array([0.5, 0.3, 0.2]), np.array([2, 4, 2]), np.array([True, True, True]))
    0
    """
    if not left.any():
        return None
    share = counts / max(int(counts.sum()), 1)
    shortfall = np.where(left, targets / targets.sum() - share, -np.inf)
    # Areas never asked come first, as in the source.
    untouched = left & (counts == 0)
    if untouched.any() and counts.any():
        shortfall = np.where(untouched, shortfall, -np.inf)
    return int(np.argmax(shortfall))


def priority_index(
    gain: FloatArray, path: IntArray, lower: IntArray, upper: IntArray, counts: IntArray
) -> FloatArray:
    r"""Maximum priority index, two-sided: the gain times the room that is left in each row of the item.

    .. math:: PI_j = I_j \prod_k f_k,\qquad
              f_k = \frac{u_k - x_k}{u_k}\cdot\frac{(L - l_k) - (t - x_k)}{L - l_k}

    with x of the t items given in row k, which wants l to u of the L items of the test.

    Parameters
    ----------
    gain : ndarray, shape (n_items,)
        Not negative.
    path : ndarray of int, shape (n_items, depth)
        Nodes above each item below the root, padded with 0, the root.
    lower, upper : ndarray of int, shape (n_nodes,)
        The root's upper bound is the length.
    counts : ndarray of int, shape (n_nodes,)
        Items given below each node.

    References
    ----------
    Cheng & Chang (2009), equations (3)-(7).
    """
    length, given = float(upper[0]), float(counts[0])
    others = np.maximum(length - lower, 1.0)
    room = np.maximum(upper - counts, 0) / np.maximum(upper, 1)
    rest = np.maximum((length - lower) - (given - counts), 0.0) / others
    factor = room * np.where(lower > 0, rest, 1.0)
    factor[0] = 1.0
    return np.asarray(gain * factor[path].prod(axis=1))
