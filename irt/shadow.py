r"""The shadow test: the best full-length test that contains the items already given, found exactly.

Before each item the adaptive test assembles a *shadow test*: among all full-length tests that contain the
items already given and satisfy the blueprint, the one with the largest sum of gains (information). The next
item is then the most informative new item of that test, so no later step can find itself without a way to
meet the blueprint. The usual solver is a mixed-integer program; here the blueprint is a *laminar* family
(the nodes of one tree, integer item counts), every item counts one and gains are additive, and for such a
family a greedy merge is exact:

* at a node, the fixed items and each child's mandatory prefix form the base;
* the children's remaining items, in order of gain, are merged: their marginal values decrease, hence the
  value of the node is a concave function of its count and the best sets are nested;
* the first ones are promoted to mandatory until the node's minimum is met, those past its maximum are cut.

A test exists if and only if every interval ``[max(L, sum of the children's minima), min(U, sum of the
children's capacities)]`` is non-empty; an empty one is the row that cannot be met.

*Testlets* are taken whole or not at all, and their items may lie anywhere in the tree. A combination of
testlets is a set of fixed items, so the greedy merge solves each combination exactly; the combinations are
enumerated and pruned by the Lagrangian bound that the prices (dual values) of one solved combination give.

References
----------
van der Linden, W. J., & Reese, L. M. (1998). A model for optimal constrained adaptive testing. *Applied
Psychological Measurement, 22*(3), 259-270 (the shadow test).
van der Linden, W. J. (2005). *Linear models for optimal test design*. Springer, ch. 7 (item sets) and 9.
Federgruen, A., & Groenevelt, H. (1986). The greedy procedure for resource allocation problems. *Operations
Research, 34*(6), 909-918 (greedy is exact for concave gains over a laminar family).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import InfeasibleBlueprint, InvalidBlueprint, InvalidParameters, InvalidResponses
from irt.types import BoolArray, FloatArray, Indices, IntArray

Keys: TypeAlias = NDArray[np.int64]
_Scalar = TypeVar("_Scalar", bound=np.generic)

# A candidate is one integer: its place in the order of gain with two flags above it, so that one sort puts
# mandatory candidates first, then free ones by gain, then those cut by a maximum. Clearing the free flag
# makes a candidate mandatory, clearing the sign cuts it: a row is bounded by a single bitwise and.
_FREE_FLAG = 1 << 40
_LEAST_KEY = -(1 << 63)
_FREE = _LEAST_KEY + _FREE_FLAG
_KEEP, _PROMOTE, _CUT = -1, ~_FREE_FLAG, (1 << 63) - 1
_PLACE = np.array(_FREE_FLAG - 1)  # an array: numpy converts a Python number anew at each call
_NOTHING = np.zeros(0, dtype=np.int64)
_MOST_COMBINATIONS = 1_000_000
_CHUNK = 64
_BATCH = 100_000  # gains handled at once, so that the arrays stay in the cache
_PAIRS = 512  # likewise (person, combination) pairs
# Rounding can only be a few units in the last place of the sums; a wide margin keeps the pruning exact.
_MARGIN = 1e-11


@dataclass(frozen=True, eq=False)
class BlueprintTree:
    """A blueprint: integer item counts on the nodes of one tree, and testlets.

    Parameters
    ----------
    parent : array_like of int, shape (n_nodes,)
        Parent of each node; node 0 is the root with parent -1, and parents precede their children.
    lower, upper : array_like of int, shape (n_nodes,), items
        Bounds on the number of items below each node. The root's are the minimum and the full length.
    leaf : array_like of int, shape (n_items,)
        Node that carries each item: a topic as a rule, but any node may carry items.
    testlet : array_like of int, shape (n_items,)
        Testlet of each item, 0, 1, ...; -1 for an item that stands alone.
    testlet_position : array_like of int, shape (n_items,)
        Order of the items within their testlet; ignored for items that stand alone.
    max_testlets : int
        Largest number of testlets in one test.

    Examples
    --------
    >>> import numpy as np
    >>> tree = BlueprintTree(parent=[-1, 0, 0], lower=[2, 1, 1], upper=[3, 2, 2], leaf=[1, 1, 2, 2],
    ...                      testlet=[-1] * 4, testlet_position=[0] * 4, max_testlets=0)
    >>> shadow_test(prepare(tree), np.array([0.9, 0.8, 0.1, 0.2]), taken=[], length=3).items.tolist()
    [0, 1, 3]
    """

    parent: IntArray
    lower: IntArray
    upper: IntArray
    leaf: IntArray
    testlet: IntArray
    testlet_position: IntArray
    max_testlets: int

    def __init__(
        self,
        parent: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        leaf: ArrayLike,
        testlet: ArrayLike,
        testlet_position: ArrayLike,
        max_testlets: int,
    ) -> None:
        given = {
            "parent": parent,
            "lower": lower,
            "upper": upper,
            "leaf": leaf,
            "testlet": testlet,
            "testlet_position": testlet_position,
        }
        for field, values in given.items():
            object.__setattr__(self, field, _whole_numbers(field, values))
        object.__setattr__(self, "max_testlets", int(max_testlets))
        _check(self)


def _whole_numbers(field: str, values: ArrayLike) -> IntArray:
    array = np.array(values)
    if array.ndim != 1:
        raise InvalidBlueprint(field, None, f"must have one dimension, has {array.ndim}")
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InvalidBlueprint(field, None, "must be whole numbers")
    frozen = array.astype(np.int64)
    frozen.setflags(write=False)
    return frozen


def _check(tree: BlueprintTree) -> None:
    n_nodes, n_items = len(tree.parent), len(tree.leaf)
    if not n_nodes:
        raise InvalidBlueprint("parent", None, "must hold at least the root")
    if not n_items:
        raise InvalidBlueprint("leaf", None, "must hold at least one item")
    for field, values, count in (
        ("lower", tree.lower, n_nodes),
        ("upper", tree.upper, n_nodes),
        ("testlet", tree.testlet, n_items),
        ("testlet_position", tree.testlet_position, n_items),
    ):
        if len(values) != count:
            raise InvalidBlueprint(field, None, f"must hold {count} values, holds {len(values)}")
    if tree.parent[0] != -1:
        raise InvalidBlueprint("parent", 0, f"the root has parent -1, has {tree.parent[0]}")
    before = np.arange(n_nodes)
    for field, wrong, rule in (
        (
            "parent",
            (before > 0) & ((tree.parent < 0) | (tree.parent >= before)),
            "must precede its child, is {}",
        ),
        ("lower", tree.lower < 0, "must be at least 0, is {}"),
        ("upper", tree.upper < tree.lower, "must be at least the lower bound, is {}"),
    ):
        if wrong.any():
            node = int(np.argmax(wrong))
            raise InvalidBlueprint(field, node, rule.format(getattr(tree, field)[node]))
    for field, wrong, rule in (
        ("leaf", (tree.leaf < 0) | (tree.leaf >= n_nodes), "is no node"),
        ("testlet", (tree.testlet < -1) | (tree.testlet >= n_items), "must be -1 or a small whole number"),
    ):
        if wrong.any():
            item = int(np.argmax(wrong))
            raise InvalidBlueprint(field, None, f"{getattr(tree, field)[item]} of item {item} {rule}")
    if tree.max_testlets < 0:
        raise InvalidBlueprint("max_testlets", None, f"must be at least 0, is {tree.max_testlets}")
    inside = np.flatnonzero(tree.testlet >= 0)
    places = list(zip(tree.testlet[inside].tolist(), tree.testlet_position[inside].tolist(), strict=True))
    if len(set(places)) < len(places):
        twice = next(place for place in places if places.count(place) > 1)
        problem = f"two items of testlet {twice[0]} stand at position {twice[1]}"
        raise InvalidBlueprint("testlet_position", None, problem)


class _Level(NamedTuple):
    """The nodes of one depth, padded to the widest of them."""

    inner: slice  # the nodes, in the inner numbering
    gather: IntArray  # (n, width): where the candidates of each node stand in the arena
    sorts: bool
    masks: Keys | None  # (n_bounds, width): promotes the first candidates and cuts the last ones
    arena: slice  # where the rows go in the arena


class _Siblings(NamedTuple):
    """Children of the nodes of one depth, contiguous in the inner numbering."""

    nodes: slice  # the nodes of this depth
    children: slice
    parents: IntArray
    starts: IntArray


class _Priced(NamedTuple):
    """The nodes whose bounds may make their price differ from their parent's: m of them, the root last."""

    nodes: IntArray  # (2 * m,): twice over
    start: IntArray  # (2 * m,): first entry of each in `position`
    position: IntArray  # by node and number of fixed items below it, the trace's entry for the last item
    # promoted by the minimum; then, again by node and number, for the one that the maximum makes the price
    back: IntArray  # (1 + smallest testlet,): 0, 1, ...
    levels: tuple[tuple[slice, IntArray], ...]  # from the root down: some of them, and who is above each
    of_testlets: IntArray  # (T + 1, longest): at or above the items of each testlet; m for the padding


class _Testlets(NamedTuple):
    """What the enumeration of combinations needs; T testlets, n nodes."""

    items: tuple[tuple[int, ...], ...]  # items of each testlet in their order
    of_item: IntArray  # (n_items,)
    padded: IntArray  # (T + 1, longest): items, padded with n_items; the last row is empty
    rival: IntArray  # (T + 1, longest): the candidate that has no room beside them; the last one: none
    counts: IntArray  # (T + 1, n): items below each node
    direct: IntArray  # (T + 1, n): items at each node
    combination: IntArray  # (n_combinations, max_testlets): testlets, padded with T; the empty one first
    size: IntArray  # (n_combinations,)
    every: IntArray  # (n_combinations,): 0, 1, ...
    n_items: IntArray  # (T,)
    most: int


@dataclass(frozen=True, eq=False)
class Layout:
    """A blueprint laid out for speed by `prepare`; opaque and immutable, shared by all sittings."""

    tree: BlueprintTree
    n_items: int
    n_nodes: int
    lower: IntArray  # (n,) in the inner numbering: deepest nodes first, siblings together, the root last
    upper: IntArray
    span: NDArray[np.uint64]  # (n,): upper - lower
    most: int  # number of fixed items that the table below reaches
    mask: IntArray  # (n * (most + 1),): row of the level's masks, by node and number of fixed items below it
    table_start: IntArray  # (n,): first entry of each node in this table
    original: IntArray  # (n,): number of the node in the caller's tree
    path: IntArray  # (n_items + 1, depth): the nodes above each item, padded with n
    path_of_nodes: IntArray  # (n, depth): each node and the nodes above it, padded with n
    home: IntArray  # (n_items,): node that carries the item
    rank: IntArray  # (n_items + 1,): order of the items among ties
    single: BoolArray  # (n_items,): stands alone
    pads: IntArray | None  # (n_groups + 1, width): items by group in rank order; None: all are candidates
    picks: IntArray | None  # (n_candidates,): places in the sorted groups; None: the first of each
    group_start: IntArray  # (n_groups + 1,): first place of each group in `pads`, flat
    candidates: IntArray  # (n_candidates,): the items, where every item is a candidate
    places: Keys  # (n_candidates,): keys of the places 0, 1, ...
    n_candidates: int
    levels: tuple[_Level, ...]
    root: IntArray  # (width,)
    arena: int
    siblings: tuple[_Siblings, ...]
    priced: _Priced  # enough for the prices of a test without a further testlet
    all_priced: _Priced  # every node
    testlets: _Testlets


class ShadowTest(NamedTuple):
    """A full-length test, or the row that cannot be met.

    Attributes
    ----------
    feasible : bool
    items : ndarray of int, shape (length,)
        The items already given in their order, the rest of the testlets they started in its order, then the
        new items by decreasing gain; empty when infeasible.
    objective : float
        Sum of the gains of `items`; nan when infeasible.
    node : int or None
        When infeasible, a node that no choice of items and testlets below it can satisfy, while each of its
        children can be satisfied alone. The root stands for the testlet limit when more have been started.
    needed, available_count : int or None
        Items that the empty row asks for and items it can have. Where it is the testlets that make the node
        infeasible, of the combination that comes nearest.
    """

    feasible: bool
    items: IntArray
    objective: float
    node: int | None
    needed: int | None
    available_count: int | None

    def require(self) -> ShadowTest:
        """Return the test itself, or raise `InfeasibleBlueprint` when there is none."""
        if self.node is not None:
            raise InfeasibleBlueprint(self.node, self.needed or 0, self.available_count or 0)
        return self


def prepare(tree: BlueprintTree, rank: ArrayLike | None = None) -> Layout:
    """Lay a blueprint out once; every shadow test of the design then reuses it.

    Parameters
    ----------
    tree : BlueprintTree
    rank : array_like of int, shape (n_items,), optional
        Among items of equal gain the one of lowest rank is taken; by default the item's index. Must not
        repeat a value.

    Returns
    -------
    Layout

    Raises
    ------
    InvalidBlueprint
        When the testlets allow more than a million combinations.
    InvalidParameters
        Naming `rank` when it is not a distinct whole number for each item.

    Notes
    -----
    Whether a test exists is not checked here: it depends on the length and on the items available. A call of
    `shadow_test` with gains of zero answers it and names the row that cannot be met.

    References
    ----------
    van der Linden (2005), ch. 9; the layout is this module's own.
    """
    n_items, n = len(tree.leaf), len(tree.parent)
    ranks = _ranks(rank, n_items)
    original = _inner_order(tree)
    inner = np.empty(n, dtype=np.int64)
    inner[original] = np.arange(n)
    home = inner[tree.leaf]
    path = _paths(tree, tree.leaf, inner)
    size = np.bincount(path[:-1].ravel(), minlength=n + 1)[:n]
    lower, upper = tree.lower[original], tree.upper[original]
    most = min(int(tree.upper[0]), n_items)
    room = np.stack([np.minimum(lower, size), np.minimum(np.minimum(upper, size), most)], axis=1)
    room = np.maximum(room[:, None] - np.arange(most + 1)[:, None], 0)
    room[-1] = 0, most  # the root is filled to the length, not bounded
    capacity = tree.upper.copy()
    for node in range(1, n):
        capacity[node] = min(capacity[node], capacity[tree.parent[node]])
    single = tree.testlet < 0

    groups = _groups(tree, capacity, ranks, single)
    pads, picks, candidates, places = _candidates(groups, n_items, ranks)
    n_candidates = 1 + sum(map(len, places))
    sources: list[list[IntArray]] = [[] for _ in range(n)]
    for (node, _, _), place in zip(groups, places, strict=True):
        sources[node].append(place)
    levels, mask, root, arena = _levels(tree, original, capacity, room, sources, n_candidates)
    table_start = np.arange(n) * (most + 1)
    testlets = _testlets(tree, groups, places, home, path, n)
    priced, all_priced = (
        _priced(tree, original, inner, levels, room, arena + len(root), testlets, np.append(home, n), every)
        for every in (False, True)
    )
    return Layout(
        tree=tree,
        n_items=n_items,
        n_nodes=n,
        lower=lower,
        upper=upper,
        span=(upper - lower).astype(np.uint64),
        most=most,
        mask=mask.ravel(),
        table_start=table_start,
        original=original,
        path=path,
        path_of_nodes=_paths(tree, original, inner)[:-1],
        home=home,
        rank=np.append(ranks, n_items),
        single=single,
        pads=pads,
        picks=picks,
        group_start=np.arange(0 if pads is None else len(pads)) * (0 if pads is None else pads.shape[1]),
        candidates=candidates,
        places=np.arange(_FREE, _FREE + n_candidates),
        n_candidates=n_candidates,
        levels=levels,
        root=root,
        arena=arena,
        siblings=_siblings(tree, original, inner),
        priced=priced,
        all_priced=all_priced,
        testlets=testlets,
    )


def _ranks(rank: ArrayLike | None, n_items: int) -> IntArray:
    if rank is None:
        return np.arange(n_items)
    given = np.asarray(rank)
    if given.shape != (n_items,) or not np.issubdtype(given.dtype, np.integer):
        raise InvalidParameters("rank", None, f"must be {n_items} whole numbers")
    order = np.argsort(given, kind="stable")
    repeated = np.flatnonzero(np.diff(given[order]) == 0)
    if repeated.size:
        raise InvalidParameters("rank", int(order[repeated[0] + 1]), "must not repeat a value")
    ranks = np.empty(n_items, dtype=np.int64)
    ranks[order] = np.arange(n_items)
    return ranks


def _depths(tree: BlueprintTree) -> IntArray:
    depth = np.zeros(len(tree.parent), dtype=np.int64)
    for node in range(1, len(depth)):
        depth[node] = depth[tree.parent[node]] + 1
    return depth


def _inner_order(tree: BlueprintTree) -> IntArray:
    """Deepest nodes first, the root last, and the children of one node side by side."""
    depth = _depths(tree)
    place = np.zeros(len(depth), dtype=np.int64)
    by_depth: list[IntArray] = []
    for level in range(int(depth.max()) + 1):
        nodes = np.flatnonzero(depth == level)
        if level:
            nodes = nodes[np.argsort(place[tree.parent[nodes]], kind="stable")]
        place[nodes] = np.arange(len(nodes))
        by_depth.append(nodes)
    return np.concatenate(by_depth[::-1])


def _paths(tree: BlueprintTree, start: IntArray, inner: IntArray) -> IntArray:
    """Inner numbers of each starting node and of those above it; one row of padding follows."""
    n = len(tree.parent)
    path = np.full((len(start) + 1, int(_depths(tree).max()) + 1), n, dtype=np.int64)
    node = start
    for column in range(path.shape[1]):
        path[:-1, column] = np.where(node >= 0, inner[node], n)
        node = np.where(node >= 0, tree.parent[node], -1)
    return path


def _groups(
    tree: BlueprintTree, capacity: IntArray, ranks: IntArray, single: BoolArray
) -> list[tuple[int, IntArray, int]]:
    """Items that stand alone by node, in rank order, with the most that one test can take.

    A group far larger than the mean is split, so that padding never costs more than twice the items.
    """
    alone = np.flatnonzero(single & (capacity[tree.leaf] > 0))
    alone = alone[np.argsort(ranks[alone], kind="stable")]
    by_node = {int(node): alone[tree.leaf[alone] == node] for node in np.unique(tree.leaf[alone])}
    if not by_node:
        return []
    widest = max(8, 2 * math.ceil(len(alone) / len(by_node)))
    return [
        (node, items[start : start + widest], min(int(capacity[node]), len(items[start : start + widest])))
        for node, items in by_node.items()
        for start in range(0, len(items), widest)
    ]


def _candidates(
    groups: list[tuple[int, IntArray, int]], n_items: int, ranks: IntArray
) -> tuple[IntArray | None, IntArray | None, IntArray, list[IntArray]]:
    """Choose how the candidates are found: the best of each group, the first few of each, or every item.

    The last candidate is no item: it costs infinity, ranks after all others, and fills the padding.
    """
    kept = sum(most for _, _, most in groups)
    if kept > 0.7 * sum(len(items) for _, items, _ in groups) or not groups:
        every = np.concatenate([_NOTHING, *(items for _, items, _ in groups)])
        every = every[np.argsort(ranks[every], kind="stable")]
        place = np.zeros(n_items, dtype=np.int64)
        place[every] = np.arange(len(every))
        return None, None, np.append(every, n_items), [place[items] for _, items, _ in groups]
    pads = _padded([*(items for _, items, _ in groups), _NOTHING], max(len(g[1]) for g in groups), n_items)
    ends = np.cumsum([most for _, _, most in groups])
    places = [np.arange(end - most, end) for end, (_, _, most) in zip(ends.tolist(), groups, strict=True)]
    if all(most == 1 for _, _, most in groups):
        return pads, None, _NOTHING, places
    picks = [row * pads.shape[1] + np.arange(most) for row, (_, _, most) in enumerate(groups)]
    return pads, np.append(np.concatenate(picks), len(groups) * pads.shape[1]), _NOTHING, places


def _levels(
    tree: BlueprintTree,
    original: IntArray,
    capacity: IntArray,
    room: IntArray,
    sources: list[list[IntArray]],
    n_candidates: int,
) -> tuple[tuple[_Level, ...], IntArray, IntArray, int]:
    depth = _depths(tree)[original]
    size = np.minimum(_sizes(tree), room.shape[1] - 1)
    mask = np.zeros(room.shape[:2], dtype=np.int64)
    levels: list[_Level] = []
    start, pad = n_candidates, n_candidates - 1
    for level in range(int(depth.max()), 0, -1):
        inner = slice(*(np.flatnonzero(depth == level)[[0, -1]] + [0, 1]).tolist())
        nodes = original[inner]
        rows = [np.concatenate([_NOTHING, *sources[node]]) for node in nodes]
        width = max(1, *map(len, rows))
        masks = None
        if (room[inner, 0] != np.stack([np.zeros_like(nodes), size[nodes]], axis=1)).any():
            bounds, which = np.unique(room[inner].reshape(-1, 2), axis=0, return_inverse=True)
            mask[inner] = which.reshape(mask[inner].shape)
            columns = np.arange(width)
            masks = np.where(columns < bounds[:, :1], _PROMOTE, _KEEP)
            masks &= np.where(columns >= bounds[:, 1:], _CUT, _KEEP)
        for index, (node, row) in enumerate(zip(nodes.tolist(), rows, strict=True)):
            first = start + index * width
            sources[tree.parent[node]].append(np.arange(first, first + min(int(capacity[node]), len(row))))
        stop = start + len(nodes) * width
        levels.append(_Level(inner, _padded(rows, width, pad), width > 1, masks, slice(start, stop)))
        start = stop
    return tuple(levels), mask, np.concatenate([_NOTHING, *sources[0]]), start


def _priced(
    tree: BlueprintTree,
    original: IntArray,
    inner: IntArray,
    levels: tuple[_Level, ...],
    room: IntArray,
    above_all: int,
    testlets: _Testlets,
    home: IntArray,
    every: bool,
) -> _Priced:
    """Every node, or without those that hold one candidate at most and have no minimum.

    Of a test without a further testlet such a node is either not full, its bounds do not matter and the price
    is its parent's; or it is full, no test has another item there and its price is of no consequence.
    """
    n = len(original)
    row_start, row_width = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for level in levels:
        row_width[level.inner] = level.gather.shape[1]
        row_start[level.inner] = np.arange(level.arena.start, level.arena.stop, level.gather.shape[1])
    differs = (tree.lower[original] > 0) | (row_width > 1) | every
    differs[-1] = True
    nodes = np.flatnonzero(differs)
    of_node = np.full(n + 1, len(nodes), dtype=np.int64)
    of_node[nodes] = np.arange(len(nodes))
    above = np.append(inner[tree.parent[original[:-1]]], n)
    for node in range(n - 2, -1, -1):
        if not differs[node]:
            of_node[node] = of_node[above[node]]
    depth = _depths(tree)[original[nodes]]
    built = []
    for distance in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == distance)
        if here.size:
            some = slice(int(here[0]), int(here[-1]) + 1)
            built.append((some, of_node[above[nodes[here]]]))
    least, most = room[nodes, :, 0], room[nodes, :, 1]
    first, width = row_start[nodes, None], row_width[nodes, None]
    low = np.where((least > 0) & (width > 0), first + least - 1, above_all + 1)
    if every:
        high = np.where(most < width, first + most, above_all)
    else:
        high = np.where(most <= width, first + np.maximum(most - 1, 0), above_all)
    high[-1] = above_all
    position = np.concatenate([low, high])
    return _Priced(
        nodes=np.tile(nodes, 2),
        start=np.arange(len(position)) * position.shape[1],
        position=position.ravel(),
        back=np.arange(1 + min(map(len, testlets.items), default=1)),
        levels=tuple(built),
        of_testlets=of_node.take(home.take(testlets.padded)),
    )


def _sizes(tree: BlueprintTree) -> IntArray:
    size = np.bincount(tree.leaf, minlength=len(tree.parent))
    for node in range(len(size) - 1, 0, -1):
        size[tree.parent[node]] += size[node]
    return size


def _padded(rows: list[IntArray], width: int, pad: int) -> IntArray:
    padded = np.full((len(rows), width), pad, dtype=np.int64)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def _siblings(tree: BlueprintTree, original: IntArray, inner: IntArray) -> tuple[_Siblings, ...]:
    depth = _depths(tree)[original]
    built = []
    for level in range(int(depth.max()), -1, -1):
        first, last = np.flatnonzero(depth == level)[[0, -1]].tolist()
        below = np.flatnonzero(depth == level + 1)
        children = slice(int(below[0]), int(below[-1]) + 1) if below.size else slice(0, 0)
        parents, starts = np.unique(inner[tree.parent[original[children]]], return_index=True)
        built.append(_Siblings(slice(first, last + 1), children, parents, starts))
    return tuple(built)


def _testlets(
    tree: BlueprintTree,
    groups: list[tuple[int, IntArray, int]],
    places: list[IntArray],
    home: IntArray,
    path: IntArray,
    n: int,
) -> _Testlets:
    numbers, index = np.unique(tree.testlet[tree.testlet >= 0], return_inverse=True)
    of_item = np.full(len(tree.leaf), -1, dtype=np.int64)
    of_item[tree.testlet >= 0] = index
    count = len(numbers)
    items = []
    for testlet in range(count):
        members = np.flatnonzero(of_item == testlet)
        items.append(members[np.argsort(tree.testlet_position[members], kind="stable")])
    counts = np.zeros((count + 1, n + 1), dtype=np.int64)
    direct = np.zeros((count + 1, n), dtype=np.int64)
    for testlet, members in enumerate(items):
        counts[testlet] = np.bincount(path[members].ravel(), minlength=n + 1)
        direct[testlet] = np.bincount(home[members], minlength=n)
    most = min(tree.max_testlets, count)
    total = sum(math.comb(count, size) for size in range(most + 1))
    if total > _MOST_COMBINATIONS:
        problem = f"{count} testlets taken at most {tree.max_testlets} at a time make {total} combinations"
        raise InvalidBlueprint("max_testlets", None, problem)
    chosen = [subset for size in range(most + 1) for subset in combinations(range(count), size)]
    combination = np.full((total, max(most, 1)), count, dtype=np.int64)
    for row, subset in enumerate(chosen):
        combination[row, : len(subset)] = subset
    padded = _padded([*items, np.zeros(0, dtype=np.int64)], max(map(len, items), default=1), len(tree.leaf))
    n_candidates = 1 + sum(map(len, places))
    only = np.full(len(tree.parent), n_candidates - 1, dtype=np.int64)
    for (node, _, _), place in zip(groups, places, strict=True):
        if tree.upper[node] == 1 and len(place) == 1:
            only[node] = place[0]
    rival = np.append(only.take(tree.leaf), n_candidates - 1)
    return _Testlets(
        items=tuple(tuple(members.tolist()) for members in items),
        of_item=of_item,
        padded=padded,
        rival=rival.take(padded),
        counts=counts[:, :n],
        direct=direct,
        combination=combination,
        size=(combination < count).sum(axis=1),
        every=np.arange(total),
        n_items=np.array([len(members) for members in items], dtype=np.int64),
        most=most,
    )


def shadow_test(
    layout: Layout,
    gain: ArrayLike,
    taken: Indices,
    length: int,
    *,
    available: BoolArray | None = None,
) -> ShadowTest:
    """Return the full-length test with the largest sum of gains that contains the items taken.

    Parameters
    ----------
    layout : Layout
        From `prepare`.
    gain : array_like, shape (n_items,)
        Gain of each item (information, any additive unit); may be negative, must be finite.
    taken : sequence of int, shape (n_taken,)
        Items already given, in order. They stay in the test whatever `available` says.
    length : int, items
        Full length; must lie within the root's bounds to be feasible.
    available : ndarray of bool, shape (n_items,), optional
        False removes an item (withdrawn, not for this profession). A testlet with such an item is not begun;
        one that has begun is finished with the items that are left.

    Returns
    -------
    ShadowTest

    Raises
    ------
    InvalidParameters
        Naming `gain` or `available` when it has another shape, another type or is not finite.
    InvalidResponses
        Naming `taken` when it holds an unknown item or one twice.

    Notes
    -----
    Exact. Ties between items go to the lowest rank (see `prepare`), ties between combinations of testlets to
    fewer testlets, then to the lowest numbers. Gains are compared exactly as they are passed: a caller who
    needs the same choices on every processor passes quantised gains, best whole numbers below 2**53 / length,
    whose sums are exact too. The test returned has been checked against every row.
    Cost: one pass over the items, then sorts of what each node can use: O(n log n) at worst.

    References
    ----------
    van der Linden & Reese (1998); greedy optimality: Federgruen & Groenevelt (1986).
    """
    gains = _finite(layout, gain, (layout.n_items,))
    given = _distinct(layout, taken)
    usable = _usable(layout, available, (layout.n_items,))
    fixed, rows = given, _ONLY_EMPTY
    if layout.testlets.items:
        owed, started = _started(layout, given, usable)
        if started.size > layout.tree.max_testlets:
            return _infeasible(0, int(started.size), layout.tree.max_testlets)
        fixed = np.concatenate([given, owed])
        rows = _open_combinations(layout, started, usable)
    cost = np.empty(layout.n_items + 1)
    np.negative(gains, out=cost[:-1])
    cost[-1] = np.inf
    if usable is not None:
        cost[:-1][~usable] = np.inf
    cost[fixed] = np.inf
    count = np.bincount(layout.path.take(fixed, axis=0).ravel(), minlength=layout.n_nodes + 1)[:-1]
    ranked = _rank(layout, cost)
    if len(rows) == 1:
        new = _fill(layout, ranked, count, length)
    else:
        new = _best_combination(layout, ranked, _State(fixed, count, cost, length), gains, rows)
    if new is None:
        return _infeasible(*_empty_row(layout, _State(fixed, count, cost, length), rows))
    items = np.concatenate([fixed, new])
    return ShadowTest(True, items, float(np.add.reduce(gains.take(items))), None, None, None)


_ONLY_EMPTY = np.zeros(1, dtype=np.int64)  # the first row of the table of combinations: no testlet


class _State(NamedTuple):
    """One person's constraints at one step."""

    fixed: IntArray  # (n_fixed,): items already given and those that started testlets still owe
    below: IntArray  # (n_nodes,): fixed items below each node
    cost: FloatArray  # (n_items + 1,): minus the gain; infinite for what may not be added
    length: int


class _Ranked(NamedTuple):
    """Candidates in order of gain, of one person or of many; the last one costs infinity and is no item."""

    order: IntArray  # (..., n_candidates): position in the arena, by place
    cost: FloatArray  # (..., n_candidates), by place
    item: IntArray  # (..., n_candidates), by place
    unsorted: FloatArray  # (..., n_candidates): the costs by position in the arena


def _finite(layout: Layout, gain: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    try:
        gains = np.asarray(gain, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidParameters("gain", None, "must be numbers") from error
    if gains.shape != shape:
        raise InvalidParameters("gain", None, f"must have shape {shape}, has {gains.shape}")
    finite = np.isfinite(gains)
    if np.count_nonzero(finite) < gains.size:
        index = int(np.argmin(finite))
        value = gains.ravel()[index]
        raise InvalidParameters("gain", index % layout.n_items, f"must be finite, is {value}")
    return gains


def _distinct(layout: Layout, taken: Indices) -> IntArray:
    given = np.asarray(taken)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InvalidResponses("taken", None, "must be a list of whole numbers")
    listed = given.tolist()
    if listed and (min(listed) < 0 or max(listed) >= layout.n_items or len(set(listed)) < len(listed)):
        for position, item in enumerate(listed):
            if not 0 <= item < layout.n_items:
                raise InvalidResponses("taken", position, f"no item {item}")
            if item in listed[:position]:
                raise InvalidResponses("taken", position, f"item {item} is there twice")
    return given.astype(np.int64, copy=False)


def _usable(layout: Layout, available: BoolArray | None, *shapes: tuple[int, ...]) -> BoolArray | None:
    if available is None:
        return None
    usable = np.asarray(available)
    if usable.dtype != np.bool_ or usable.shape not in shapes:
        raise InvalidParameters(
            "available", None, f"must be booleans of shape {shapes[-1]}, has {usable.shape}"
        )
    return usable


def _started(layout: Layout, given: IntArray, usable: BoolArray | None) -> tuple[IntArray, IntArray]:
    """Items that the testlets already started still owe, in order of start and position; those testlets."""
    testlets = layout.testlets
    started = [t for t in dict.fromkeys(testlets.of_item.take(given).tolist()) if t >= 0]
    if not started:
        return _NOTHING, _NOTHING
    done = set(given.tolist())
    owed = [
        item
        for testlet in started
        for item in testlets.items[testlet]
        if item not in done and (usable is None or usable[item])
    ]
    return np.array(owed, dtype=np.int64), np.array(started, dtype=np.int64)


def _open_combinations(layout: Layout, started: IntArray, usable: BoolArray | None) -> IntArray:
    """Rows of the table of combinations that may still be begun; the empty one comes first."""
    testlets = layout.testlets
    room = testlets.most - started.size
    if room <= 0:
        return _ONLY_EMPTY
    closed = np.zeros(len(testlets.items) + 1, dtype=np.bool_)
    closed[started] = True
    if usable is not None:
        closed |= ~np.append(usable, True)[testlets.padded].all(axis=1)
    if started.size == 0 and not closed.any():
        return testlets.every
    return np.flatnonzero((testlets.size <= room) & ~closed[testlets.combination].any(axis=1))


def _along(values: NDArray[_Scalar], index: IntArray) -> NDArray[_Scalar]:
    """What `np.take_along_axis` gives along the last of at most two axes, at a third of its cost."""
    if values.ndim == 1:
        return values.take(index)
    offset = (np.arange(len(values)) * values.shape[1])[:, None]
    chosen: NDArray[_Scalar] = values.ravel().take(index + offset)
    return chosen


def _of_persons(ranked: _Ranked, persons: IntArray) -> _Ranked:
    return _Ranked(
        ranked.order[persons], ranked.cost[persons], ranked.item[persons], ranked.unsorted[persons]
    )


def _rank(layout: Layout, cost: FloatArray) -> _Ranked:
    """Reduce the items to those that their node can use, and rank these. `cost` is (..., n_items + 1)."""
    if layout.pads is None:
        candidate_cost = cost.take(layout.candidates, axis=-1)
        # Candidates stand in rank order here, so that a stable sort settles ties.
        order = candidate_cost.argsort(axis=-1, kind="stable")
        items = layout.candidates.take(order)
        return _Ranked(order, _along(candidate_cost, order), items, candidate_cost)
    grid = cost.take(layout.pads, axis=-1)
    if layout.picks is None:
        place = grid.argmin(axis=-1) + layout.group_start
    else:
        within = grid.argsort(axis=-1, kind="stable") + layout.group_start[:, None]
        place = within.reshape((*cost.shape[:-1], layout.pads.size)).take(layout.picks, axis=-1)
    candidate = layout.pads.take(place)
    candidate_cost = _along(cost, candidate)
    order = candidate_cost.argsort(axis=-1)
    in_order = _along(candidate_cost, order)
    # Of the candidates that cost infinity all but the first follow an equal one: any more are ties.
    no_ties = in_order.size - np.count_nonzero(in_order < np.inf) - in_order.size // in_order.shape[-1]
    if np.count_nonzero(in_order[..., 1:] == in_order[..., :-1]) > no_ties:
        order = np.lexsort((layout.rank.take(candidate), candidate_cost), axis=-1)
        in_order = _along(candidate_cost, order)
    return _Ranked(order, in_order, _along(candidate, order), candidate_cost)


def _merge(layout: Layout, order: IntArray, count: IntArray, trace: Keys | None = None) -> Keys:
    """Merge the candidates up the tree; returns the sorted row of the root, (..., width).

    `count` (..., n_nodes) holds the fixed items below each node: they shift both bounds and are never sorted.
    A trace (..., arena + width + 2) receives the sorted rows as they were before their bounds were applied.
    """
    lead = count.shape[:-1]
    arena = np.empty((*lead, layout.arena), dtype=np.int64)
    if order.ndim > 1:
        np.put_along_axis(arena, order, layout.places[None], axis=-1)
    elif lead:
        keys = np.empty(layout.n_candidates, dtype=np.int64)
        keys[order] = layout.places
        arena[..., : layout.n_candidates] = keys
    else:
        arena[order] = layout.places
    mask = layout.mask.take(layout.table_start + count)
    for level in layout.levels:
        row = arena.take(level.gather, axis=-1)
        if level.sorts:
            row.sort(axis=-1)
        if trace is not None:
            trace[..., level.arena] = row.reshape((*lead, -1))
        if level.masks is not None:
            row = row & level.masks.take(mask[..., level.inner] if lead else mask[level.inner], axis=0)
        if lead:
            arena[..., level.arena] = row.reshape((*lead, -1))
        else:  # the same, for the step of one person, where each microsecond counts
            arena[level.arena] = row.ravel()
    root = arena.take(layout.root, axis=-1)
    root.sort(axis=-1)
    if trace is not None:
        trace[..., layout.arena : -2] = root
    return root


def _fill(
    layout: Layout, ranked: _Ranked, count: IntArray, length: int, trace: Keys | None = None
) -> IntArray | None:
    """Return the new items by decreasing gain, or None when some row cannot be met."""
    need = length - int(count[-1])
    if not 0 <= need <= len(layout.root) or length > layout.upper[-1]:
        return None
    root = _merge(layout, ranked.order, count, trace)
    places = root[:need] & _PLACE
    places.sort()
    if need and not math.isfinite(ranked.cost.item(places.item(-1))):
        return None
    items: IntArray = ranked.item.take(places)
    below = layout.path.take(items, axis=0).ravel()
    above_lower = np.bincount(below, minlength=layout.n_nodes + 1)[:-1]
    above_lower += count
    above_lower -= layout.lower
    # Below the lower bound wraps around to more than any span: one comparison for both bounds.
    if np.count_nonzero(above_lower.view(np.uint64) > layout.span):
        return None
    return items


def _trace(layout: Layout, *lead: int) -> Keys:
    """Room for the sorted rows of a merge; two entries follow that stand for no bound."""
    trace = np.empty((*lead, layout.arena + len(layout.root) + 2), dtype=np.int64)
    trace[..., -2:] = 0, _LEAST_KEY
    return trace


def _prices(
    layout: Layout, priced: _Priced, trace: Keys, cost: FloatArray, count: IntArray, length: int
) -> tuple[FloatArray, FloatArray]:
    """Dual values of the priced nodes, (..., m + 1), the last one 0, and what they take off the cost, (...).

    Below a node a free item is chosen if it costs less than the price there. A node keeps its parent's price
    unless its maximum binds (lowered to the last item let pass) or its minimum does (raised to the last item
    promoted). Testlets only add items, so that of all right prices the lowest bound them best; for the same
    reason the root's is that of a test shorter by the smallest testlet, the best of which is nested in this
    one: its last items then cost more than the price, the second value returned.
    """
    m, lead = len(priced.nodes) // 2, count.shape[:-1]
    position = np.empty((*lead, 2 * m + len(priced.back)), dtype=np.int64)
    position[..., : 2 * m] = priced.position.take(priced.start + count.take(priced.nodes, axis=-1))
    need = length - count[..., -1:]
    no_item = trace.shape[-1] - 1
    position[..., 2 * m :] = np.where(need >= priced.back, layout.arena + need - priced.back, no_item)
    keys = _along(trace, position)
    values = _along(cost, keys & _PLACE)
    values[keys < _FREE] = -np.inf
    values[keys >= 0] = np.inf
    low, high, following = values[..., :m], values[..., m : 2 * m], values[..., 2 * m]
    last = values[..., 2 * m + 1 :]
    free = last > -np.inf
    price = np.zeros((*lead, m + 1))
    root = np.where(free, last, np.inf).min(axis=-1)
    price[..., m - 1] = root = np.where(root < np.inf, root, np.where(following < np.inf, following, 0.0))
    excess = np.where(free, last - root[..., None], 0.0).sum(axis=-1)
    for some, above in priced.levels:
        from_above = np.minimum(price.take(above, axis=-1), high[..., some])
        price[..., some] = np.maximum(from_above, low[..., some])
    return price, excess


def _best_combination(
    layout: Layout, ranked: _Ranked, state: _State, gains: FloatArray, rows: IntArray
) -> IntArray | None:
    """Return the new items, by decreasing gain, of the best combination of testlets still to begin.

    The prices of any solved combination bound every other one (Lagrangian duality): it costs at least the
    solved cost, less the surplus of the solved combination's testlets, plus that of its own (see `_surplus`).
    Combinations are solved in order of that bound, until it passes the best cost found: seldom more than one
    or two, so one alone at first, then twice as many each time.
    """
    solved = _first_solved(layout, ranked, state, rows[:1])
    if solved is None:
        rows = rows[_satisfiable(layout, state, layout.testlets.combination[rows])[0].all(axis=1)]
        solved = _first_solved(layout, ranked, state, rows)
    if solved is None:
        return None
    reference, best, price, excess = solved
    testlets, worth = layout.testlets, np.append(gains, 0.0)
    surplus, margin = _surplus(layout, worth, ranked, price, best)
    if not reference and (surplus[:-1] > margin + excess).all():
        return best
    gap = surplus.take(testlets.combination).sum(axis=1)
    best_cost = -float(_total(worth.take(best)) + _total(worth.take(_own(layout, reference))))
    bound = gap.take(rows) + (best_cost - excess - float(gap[reference]))
    order = bound.argsort(kind="stable")
    order = order[rows[order] != reference]
    best_row, start, size = reference, 0, 1
    while start < order.size and bound[order[start]] <= best_cost + margin:
        chunk = rows[order[start : start + size]]
        start, size = start + size, min(2 * size, _CHUNK)
        count = state.below + testlets.counts.take(testlets.combination[chunk], axis=0).sum(axis=1)
        possible = (count <= layout.upper).all(axis=1)
        chunk, count = chunk[possible], count[possible]
        if not chunk.size:
            continue
        items, feasible = _fill_some(layout, ranked, count, state.length)
        value = -(_total(worth.take(items)) + _total(worth.take(_own(layout, chunk))))
        value[~feasible] = np.inf
        for index in np.flatnonzero(value <= best_cost).tolist():
            if (value[index], chunk[index]) < (best_cost, best_row):
                best_cost, best_row = float(value[index]), int(chunk[index])
                best = items[index]
    return best if not best_row else _in_order(layout, gains, best, best_row)


def _own(layout: Layout, row: int | IntArray) -> IntArray:
    """Items of combinations of testlets, (..., max_testlets * longest), padded with n_items."""
    testlets = layout.testlets
    chosen = testlets.combination[row]
    return testlets.padded.take(chosen, axis=0).reshape((*chosen.shape[:-1], -1))


def _in_order(layout: Layout, gains: FloatArray, others: IntArray, row: int) -> IntArray:
    """Items of a combination and the other new ones, both padded with n_items, by decreasing gain."""
    new = np.concatenate([others, _own(layout, row)])
    new = new[new < layout.n_items]
    in_order: IntArray = new[np.lexsort((layout.rank.take(new), -gains.take(new)))]
    return in_order


def _total(values: FloatArray) -> FloatArray:
    """Sum of the last axis, term after term: zeros that pad a row cannot change it by a rounding."""
    if not values.shape[-1]:
        return np.zeros(values.shape[:-1])
    total: FloatArray = values.cumsum(axis=-1)[..., -1]
    return total


def _first_solved(
    layout: Layout, ranked: _Ranked, state: _State, rows: IntArray
) -> tuple[int, IntArray, FloatArray, float] | None:
    """First combination of `rows` that has a test, the other new items of that test, and `_prices` of it."""
    testlets = layout.testlets
    for row in rows.tolist():
        count = state.below + testlets.counts.take(testlets.combination[row], axis=0).sum(axis=0)
        trace = _trace(layout)
        items = _fill(layout, ranked, count, state.length, trace)
        if items is not None:
            priced = layout.all_priced if row else layout.priced
            price, excess = _prices(layout, priced, trace, ranked.cost, count, state.length)
            return row, items, price.take(priced.of_testlets), float(excess)
    return None


def _surplus(
    layout: Layout, worth: FloatArray, ranked: _Ranked, price: FloatArray, best: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the least that each testlet adds to a Lagrangian bound, (..., T + 1), and a margin for rounding.

    Each of its items adds its reduced cost and, where its node has room for one item only, what the best other
    item there would have saved: the two are never in one test. `price` (..., T + 1, longest) is that of each
    item, `worth` (..., n_items + 1) the gains, `best` the new items of the solved test.
    """
    testlets = layout.testlets
    own = worth.take(testlets.padded, axis=-1)
    displaced = price - ranked.unsorted.take(testlets.rival, axis=-1)
    np.maximum(displaced, 0.0, out=displaced)
    # A price of minus infinity has no rounding: its node is full of what the minima below it need.
    size = np.abs(own) + 2 * np.where(price > -np.inf, np.abs(price), 0.0) + displaced
    margin = _MARGIN * (size.sum(axis=(-2, -1)) + np.abs(_along(worth, best)).sum(axis=-1))
    displaced -= own
    displaced -= price
    return displaced.sum(axis=-1), margin


def _fill_each(
    layout: Layout, ranked: _Ranked, count: IntArray, length: int, trace: Keys | None = None
) -> tuple[IntArray, BoolArray]:
    """Fill many tests at once: `count` (n_tests, n_nodes); candidates shared, or one row for each test.

    Returns the new items by decreasing gain, (n_tests, width), padded with n_items, and the verdicts.
    """
    n_tests, last = len(count), layout.n_candidates - 1
    need = length - count[:, -1]
    width = max(0, min(int(need.max()), len(layout.root)))
    feasible = (need >= 0) & (need <= width)
    within = np.minimum(count, layout.most)  # more than that is not feasible
    root = _merge(layout, ranked.order, within, trace)[:, :width]
    places: IntArray = np.where(np.arange(width) < need[:, None], root & _PLACE, last)
    places.sort(axis=1)
    if ranked.item.ndim == 1:
        items, costs = ranked.item.take(places), ranked.cost.take(places)
    else:
        items = _along(ranked.item, places)
        costs = _along(ranked.cost, places)
    real = np.isfinite(costs)
    feasible &= real.sum(axis=1) == need
    items = np.where(real, items, layout.n_items)
    offset = np.arange(n_tests)[:, None, None] * (layout.n_nodes + 1)
    below = (layout.path.take(items, axis=0) + offset).ravel()
    total = np.bincount(below, minlength=n_tests * (layout.n_nodes + 1)).reshape(n_tests, -1)[:, :-1] + count
    feasible &= ((total >= layout.lower) & (total <= layout.upper)).all(axis=1)
    return items, feasible


def _fill_some(layout: Layout, ranked: _Ranked, count: IntArray, length: int) -> tuple[IntArray, BoolArray]:
    """`_fill_each` for candidates shared; one test alone is filled faster by `_fill`."""
    if len(count) > 1:
        return _fill_each(layout, ranked, count, length)
    items = _fill(layout, ranked, count[0], length)
    if items is None:
        return np.zeros((1, 0), dtype=np.int64), np.zeros(1, dtype=np.bool_)
    return items[None], np.ones(1, dtype=np.bool_)


def _satisfiable(
    layout: Layout, state: _State, combination: IntArray
) -> tuple[BoolArray, IntArray, IntArray]:
    """Whether each node's subtree can be satisfied under each combination of testlets, by counts alone.

    Returns three arrays (n_combinations, n_nodes): the verdict and both ends of each node's interval.
    """
    testlets = layout.testlets
    n = layout.n_nodes
    direct = np.bincount(layout.home.take(state.fixed), minlength=n)
    free = np.bincount(layout.home[layout.single & np.isfinite(state.cost[:-1])], minlength=n)
    fixed = direct + testlets.direct.take(combination, axis=0).sum(axis=1)
    low = np.zeros_like(fixed)
    high = np.zeros_like(fixed)
    met = np.ones(fixed.shape, dtype=np.bool_)
    for siblings in layout.siblings:
        here, children = siblings.nodes, siblings.children
        low[:, here] = fixed[:, here]
        high[:, here] = fixed[:, here] + free[here]
        if siblings.parents.size:
            low[:, siblings.parents] += np.add.reduceat(low[:, children], siblings.starts, axis=1)
            high[:, siblings.parents] += np.add.reduceat(high[:, children], siblings.starts, axis=1)
            met[:, siblings.parents] = np.logical_and.reduceat(met[:, children], siblings.starts, axis=1)
        np.maximum(low[:, here], layout.lower[here], out=low[:, here])
        np.minimum(high[:, here], layout.upper[here], out=high[:, here])
        if here.stop == n:
            np.maximum(low[:, -1], state.length, out=low[:, -1])
            np.minimum(high[:, -1], state.length, out=high[:, -1])
        met[:, here] &= low[:, here] <= high[:, here]
    return met, low, high


def _empty_row(layout: Layout, state: _State, rows: IntArray) -> tuple[int, int, int]:
    """Deepest node that no combination satisfies, what its row asks for and what it can have."""
    hopeless = np.ones(layout.n_nodes, dtype=np.bool_)
    chunks = [rows[start : start + 1024] for start in range(0, rows.size, 1024)]
    for chunk in chunks:
        hopeless &= ~_satisfiable(layout, state, layout.testlets.combination[chunk])[0].any(axis=0)
    node = int(np.argmax(hopeless))
    under = np.flatnonzero((layout.path_of_nodes == node).any(axis=1))
    nearest: tuple[int, int, int] | None = None
    for chunk in chunks:
        _, low, high = _satisfiable(layout, state, layout.testlets.combination[chunk])
        gap = np.maximum(low - high, 0)[:, under]
        for index in np.flatnonzero(gap.any(axis=1)).tolist():
            short = int(gap[index].sum())
            if nearest is None or short < nearest[0]:
                first = int(under[np.argmax(gap[index] > 0)])
                nearest = short, int(low[index, first]), int(high[index, first])
    _, needed, available = nearest or (0, 0, 0)
    return int(layout.original[node]), needed, available


def _infeasible(node: int, needed: int, available: int) -> ShadowTest:
    return ShadowTest(False, _NOTHING, math.nan, node, needed, available)


class ShadowTests(NamedTuple):
    """Shadow tests of many persons.

    Attributes
    ----------
    feasible : ndarray of bool, shape (n_persons,)
    items : ndarray of int, shape (n_persons, length)
        As in `ShadowTest`; without meaning where not feasible.
    objective : ndarray of float, shape (n_persons,)
        nan where not feasible.
    """

    feasible: BoolArray
    items: IntArray
    objective: FloatArray


def shadow_tests(
    layout: Layout, gain: ArrayLike, taken: ArrayLike, length: int, *, available: BoolArray | None = None
) -> ShadowTests:
    """Return the shadow tests of many persons who have answered the same number of items.

    Parameters
    ----------
    layout : Layout
    gain : array_like, shape (n_persons, n_items)
    taken : array_like of int, shape (n_persons, n_taken)
    length : int, items
    available : ndarray of bool, shape (n_items,) or (n_persons, n_items), optional

    Returns
    -------
    ShadowTests
        Identical to what `shadow_test` gives each person; it also names the row, where not feasible.

    Raises
    ------
    InvalidParameters, InvalidResponses
        As `shadow_test`.

    Notes
    -----
    The same merge, on arrays with one more axis: everybody's test without a further testlet first; the bounds
    of all combinations from its prices; then the (person, combination) pairs that survive, together.
    Persons whom only a further testlet can serve are served one by one.

    References
    ----------
    van der Linden & Reese (1998).
    """
    given = np.asarray(taken)
    if given.ndim != 2:
        raise InvalidResponses("taken", None, f"must have two dimensions, has {given.ndim}")
    n_persons, n_items = len(given), layout.n_items
    gains = _finite(layout, gain, (n_persons, n_items))
    usable = _usable(layout, available, (n_items,), (n_persons, n_items))
    result = ShadowTests(
        np.zeros(n_persons, dtype=np.bool_),
        np.zeros((n_persons, max(length, 0)), dtype=np.int64),
        np.full(n_persons, np.nan),
    )
    in_order = np.sort(given, axis=1)
    wrong = (in_order < 0) | (in_order >= n_items)
    wrong[:, 1:] |= in_order[:, 1:] == in_order[:, :-1]
    if given.size and (given.dtype.kind not in "iu" or wrong.any()):
        _distinct(layout, given[int(wrong.any(axis=1).argmax())])  # raises, naming the position
    given = given.astype(np.int64, copy=False)
    step = max(1, min(_BATCH // n_items, _MOST_COMBINATIONS // len(layout.testlets.combination)))
    for start in range(0, n_persons, step):
        some = slice(start, start + step)
        mine = usable if usable is None or usable.ndim == 1 else usable[some]
        part = ShadowTests(result.feasible[some], result.items[some], result.objective[some])
        _fill_persons(layout, gains[some], given[some], mine, part)
    return result


def _fill_persons(
    layout: Layout, gains: FloatArray, given: IntArray, usable: BoolArray | None, result: ShadowTests
) -> None:
    """Write the tests of some persons into their rows of `result`."""
    n_persons = len(given)
    n_items, length = layout.n_items, result.items.shape[1]
    begun = _begun(layout, given, usable)
    worth = np.zeros((n_persons, n_items + 1))
    worth[:, :-1] = gains
    cost = -worth
    if usable is not None:
        cost[:, :-1][np.broadcast_to(~usable, gains.shape)] = np.inf
    cost[:, -1] = np.inf
    np.put_along_axis(cost, begun.fixed, np.inf, axis=1)
    below = layout.path.take(begun.fixed, axis=0)
    below += (np.arange(n_persons) * (layout.n_nodes + 1))[:, None, None]
    count = np.bincount(below.ravel(), minlength=n_persons * (layout.n_nodes + 1))
    persons = _Persons(worth, count.reshape(n_persons, -1)[:, :-1], length, _rank(layout, cost))
    chooses = begun.open.any(axis=1)
    trace = None
    if chooses.any():
        trace = _trace(layout, n_persons)
    new, feasible = _fill_each(layout, persons.ranked, persons.below, length, trace)
    feasible &= begun.owed >= 0
    rows = np.zeros(n_persons, dtype=np.int64)
    if trace is not None:
        _choose_combinations(layout, persons, begun, np.flatnonzero(feasible & chooses), trace, new, rows)
    served = np.flatnonzero(feasible)
    if served.size:
        result.items[served] = _joined(
            layout, begun.fixed[served], new[served], rows[served], worth[served], length
        )
    result.feasible[:] = feasible
    result.objective[feasible] = _along(gains, result.items).sum(axis=1)[feasible]
    for person in np.flatnonzero(~feasible & chooses).tolist():
        mine = usable if usable is None or usable.ndim == 1 else usable[person]
        alone = shadow_test(layout, gains[person], given[person], length, available=mine)
        if alone.feasible:
            result.feasible[person], result.objective[person] = True, alone.objective
            result.items[person] = alone.items


def _joined(
    layout: Layout, fixed: IntArray, others: IntArray, rows: IntArray, worth: FloatArray, length: int
) -> IntArray:
    """Tests of some persons: fixed items, then the new ones and those of a combination by decreasing gain."""
    n_persons, new = len(fixed), others
    begins = np.flatnonzero(rows)
    if begins.size:
        both = np.concatenate([others[begins], _own(layout, rows[begins])], axis=1)
        order = np.lexsort((layout.rank.take(both), -_along(worth[begins], both)), axis=-1)
        new = np.full((n_persons, both.shape[1]), layout.n_items)
        new[:, : others.shape[1]] = others
        # The padding ranks last, but not by its gain of 0: it goes out below.
        new[begins] = _along(both, order)
    whole = np.concatenate([fixed, new], axis=1)
    padding = whole == layout.n_items
    if padding.any():
        whole = _along(whole, padding.argsort(axis=1, kind="stable"))
    return whole[:, :length]


class _Begun(NamedTuple):
    """What the testlets begun by each person fix, and those each may still begin."""

    fixed: IntArray  # (n_persons, width): items given and owed, padded with n_items
    owed: IntArray  # (n_persons,): number of items owed, -1 where too many testlets were begun
    open: BoolArray  # (n_persons, T): testlets that may still be begun
    room: IntArray  # (n_persons,): how many of them


def _begun(layout: Layout, given: IntArray, usable: BoolArray | None) -> _Begun:
    testlets, (n_persons, n_given) = layout.testlets, given.shape
    n_testlets = len(testlets.items)
    owed = np.zeros(n_persons, dtype=np.int64)
    if not n_testlets:
        return _Begun(given, owed, np.zeros((n_persons, 0), dtype=np.bool_), owed)
    which = testlets.of_item.take(given)
    which[which < 0] = n_testlets
    which += (np.arange(n_persons) * (n_testlets + 1))[:, None]
    number = np.bincount(which.ravel(), minlength=n_persons * (n_testlets + 1)).reshape(n_persons, -1)[:, :-1]
    started = (number > 0).sum(axis=1)
    room = np.maximum(testlets.most - started, 0)
    may = (number == 0) & (room > 0)[:, None]
    if usable is not None:
        padded = np.append(usable, np.ones((*usable.shape[:-1], 1), dtype=np.bool_), axis=-1)
        may &= padded.take(testlets.padded[:-1], axis=-1).all(axis=-1)
    too_many = started > layout.tree.max_testlets
    owed[too_many] = -1
    rest: dict[int, IntArray] = {}
    unfinished = ((number > 0) & (number < testlets.n_items)).any(axis=1) & ~too_many
    for person in np.flatnonzero(unfinished).tolist():
        mine = usable if usable is None or usable.ndim == 1 else usable[person]
        rest[person] = _started(layout, given[person], mine)[0]
        owed[person] = len(rest[person])
    if not rest:
        return _Begun(given, owed, may, room)
    fixed = np.full((n_persons, n_given + max(map(len, rest.values()))), layout.n_items, dtype=np.int64)
    fixed[:, :n_given] = given
    for person, items in rest.items():
        fixed[person, n_given : n_given + len(items)] = items
    return _Begun(fixed, owed, may, room)


class _Persons(NamedTuple):
    """Constraints and candidates of many persons at one step."""

    worth: FloatArray  # (n_persons, n_items + 1): gains, and 0 for the padding
    below: IntArray  # (n_persons, n_nodes): fixed items below each node
    length: int
    ranked: _Ranked


def _choose_combinations(
    layout: Layout,
    persons: _Persons,
    begun: _Begun,
    who: IntArray,
    trace: Keys,
    new: IntArray,
    rows: IntArray,
) -> None:
    """What `_best_combination` does, for the persons `who`, whose test without a further testlet is in `new`.

    Where a combination is better, writes its row into `rows` and the other new items into `new`.
    """
    testlets, ranked = layout.testlets, persons.ranked
    priced = layout.priced
    price, excess = _prices(layout, priced, trace[who], ranked.cost[who], persons.below[who], persons.length)
    price = price.take(priced.of_testlets, axis=1)
    worth = persons.worth[who]
    surplus, margin = _surplus(layout, worth, _of_persons(ranked, who), price, new[who])
    surplus[:, :-1][~begun.open[who]] = np.inf
    # One testlet of a combination that passes its bound passes it alone: the others only add to the excess.
    some = np.flatnonzero((surplus[:, :-1] <= (margin + excess)[:, None]).any(axis=1))
    who, worth, surplus, margin = who[some], worth[some], surplus[some], margin[some]
    best_cost = -_total(_along(worth, new[who]))
    bound = (best_cost - excess[some])[:, None] + sum(
        surplus.take(column, axis=1) for column in testlets.combination.T
    )
    bound[:, 0] = np.inf
    bound[testlets.size > begun.room[who][:, None]] = np.inf
    order = bound.argsort(axis=1)
    start, size = 0, 1
    while True:
        chunk = order[:, start : start + size]
        start, size = start + size, min(2 * size, _CHUNK)
        possible = _along(bound, chunk) <= (best_cost + margin)[:, None]
        if not possible.any():
            return
        index, column = np.nonzero(possible)
        pairs = chunk[index, column]
        for first in range(0, len(pairs), _PAIRS):
            part = slice(first, first + _PAIRS)
            _improve(layout, persons, who, worth, index[part], pairs[part], best_cost, new, rows)


def _improve(
    layout: Layout,
    persons: _Persons,
    who: IntArray,
    worth: FloatArray,
    index: IntArray,
    pairs: IntArray,
    best_cost: FloatArray,
    new: IntArray,
    rows: IntArray,
) -> None:
    """Solve combination `pairs[k]` for person `who[index[k]]` and keep those that are better."""
    testlets, ranked = layout.testlets, persons.ranked
    count = persons.below[who[index]] + testlets.counts.take(testlets.combination[pairs], axis=0).sum(axis=1)
    possible = (count <= layout.upper).all(axis=1)
    index, pairs, count = index[possible], pairs[possible], count[possible]
    if not len(pairs):
        return
    person = who[index]
    items, feasible = _fill_each(layout, _of_persons(ranked, person), count, persons.length)
    own = worth[index]
    value = -(_total(_along(own, items)) + _total(_along(own, _own(layout, pairs))))
    better = feasible & (value <= best_cost[index])
    kept = np.flatnonzero(better)
    # The best pair of each person, ties to the lowest row; then against what the person already has.
    kept = kept[np.lexsort((pairs[kept], value[kept], index[kept]))]
    kept = kept[np.unique(index[kept], return_index=True)[1]]
    place, mine = index[kept], rows[who[index[kept]]]
    kept = kept[(value[kept] < best_cost[place]) | ((value[kept] == best_cost[place]) & (pairs[kept] < mine))]
    place = index[kept]
    best_cost[place], rows[who[place]] = value[kept], pairs[kept]
    new[who[place]] = layout.n_items
    new[who[place], : items.shape[1]] = items[kept]


def owed_items(layout: Layout, taken: Indices, *, available: BoolArray | None = None) -> IntArray:
    """Return the items that the testlets already started still owe, the next one to give first.

    Parameters
    ----------
    layout : Layout
    taken : sequence of int, shape (n_taken,)
    available : ndarray of bool, shape (n_items,), optional
        An item that is not available is not owed.

    Returns
    -------
    ndarray of int, shape (n_owed,)
        Testlets in the order they were started, items in their order within the testlet.

    Raises
    ------
    InvalidParameters, InvalidResponses
        As `shadow_test`.

    References
    ----------
    van der Linden (2005), ch. 7.
    """
    usable = _usable(layout, available, (layout.n_items,))
    return _started(layout, _distinct(layout, taken), usable)[0]


def tree_minima_met(layout: Layout, taken: Indices, *, available: BoolArray | None = None) -> bool:
    """Return whether a test may stop here: every lower bound is met and no testlet is left unfinished.

    Parameters
    ----------
    layout : Layout
    taken : sequence of int, shape (n_taken,)
    available : ndarray of bool, shape (n_items,), optional
        A testlet is finished when its available items are taken.

    Returns
    -------
    bool

    Raises
    ------
    InvalidParameters, InvalidResponses
        As `shadow_test`.

    References
    ----------
    van der Linden (2005), ch. 9.
    """
    given = _distinct(layout, taken)
    below = layout.path.take(given, axis=0).ravel()
    if (np.bincount(below, minlength=layout.n_nodes + 1)[:-1] < layout.lower).any():
        return False
    return not layout.testlets.items or not owed_items(layout, given, available=available).size


def violations(tree: BlueprintTree, items: Indices) -> int:
    """Count the rows that a finished test breaks: nodes out of bounds, broken testlets, too many of them.

    Parameters
    ----------
    tree : BlueprintTree
    items : sequence of int, shape (n_given,)

    Returns
    -------
    int
        Nodes whose count is out of its bounds, plus testlets begun and not finished, plus one when more
        testlets were begun than the blueprint allows.

    Raises
    ------
    InvalidResponses
        Naming `items` when it holds an unknown item or one twice.

    Notes
    -----
    Shares nothing with the solver, so that it can judge it. A testlet cut short by a withdrawal counts.

    References
    ----------
    van der Linden (2005), ch. 9.
    """
    seen: set[int] = set()
    count = [0] * len(tree.parent)
    for position, item in enumerate(np.asarray(items).tolist()):
        if not isinstance(item, int) or not 0 <= item < len(tree.leaf):
            raise InvalidResponses("items", position, f"no item {item}")
        if item in seen:
            raise InvalidResponses("items", position, f"item {item} is there twice")
        seen.add(item)
        node = int(tree.leaf[item])
        while node >= 0:
            count[node] += 1
            node = int(tree.parent[node])
    bounds = zip(count, tree.lower.tolist(), tree.upper.tolist(), strict=True)
    broken = sum(not low <= number <= high for number, low, high in bounds)
    begun = {int(tree.testlet[item]) for item in seen} - {-1}
    whole = [set(np.flatnonzero(tree.testlet == testlet).tolist()) <= seen for testlet in begun]
    return broken + whole.count(False) + (len(begun) > tree.max_testlets)


def violations_each(tree: BlueprintTree, items: IntArray) -> IntArray:
    """`violations` of many finished tests, shape (n_persons,).

    Parameters
    ----------
    tree : BlueprintTree
    items : ndarray of int, shape (n_persons, longest)
        Padded with -1; distinct items of the tree, which is not checked.

    References
    ----------
    van der Linden (2005), ch. 9.
    """
    n_persons, n_nodes = len(items), len(tree.parent)
    person = np.repeat(np.arange(n_persons), items.shape[1])[items.ravel() >= 0]
    given = items[items >= 0]
    count = np.bincount(person * n_nodes + tree.leaf[given], minlength=n_persons * n_nodes)
    count = count.reshape(n_persons, n_nodes)
    for node in range(n_nodes - 1, 0, -1):
        count[:, tree.parent[node]] += count[:, node]
    broken = ((count < tree.lower) | (count > tree.upper)).sum(axis=1)
    n_testlets = int(tree.testlet.max(initial=-1)) + 1
    inside = tree.testlet[given] >= 0
    place = person[inside] * n_testlets + tree.testlet[given[inside]]
    seen = np.bincount(place, minlength=n_persons * n_testlets).reshape(n_persons, n_testlets)
    size = np.bincount(tree.testlet[tree.testlet >= 0], minlength=n_testlets)
    partial = ((seen > 0) & (seen < size)).sum(axis=1)
    return np.asarray(broken + partial + ((seen > 0).sum(axis=1) > tree.max_testlets))
