r"""The same choices, compiled: shadow tests and priorities of many persons at machine speed.

Optional: the extra ``palier[fast]`` installs numba, without which `simulate` uses the arrays of `shadow` and
`policy`; imported where it is used, as numba takes time to load. Under a blueprint only whole-number arithmetic is
compiled (estimates and gains come from numpy in both cases), so that both ways take the same items to the last one;
`most_informative_sittings`, for designs without rows, says why it does.

The solver is another than that of `shadow`, for the same problem. At every node v of the blueprint let

.. math:: x_v = \text{items taken at } v + \sum_{u \text{ child of } v} \max(L_u, x_u),

the items that v will hold at least once the minima below it are met. A set of items can be completed to a full
test if and only if :math:`x_v \le U_v` everywhere and :math:`x_{root}` does not pass the length (while items
last). Such sets are the independent sets of a matroid: taking the items in order of gain, each unless it breaks
one of these bounds on its way up, gives the best test (Edmonds 1971). An item changes x along its path only, as
far as the first minimum that still waits for it; so a test costs a few hundred additions. Each combination of
testlets is a set taken first, and its run is given up as soon as the best items left could not make it win.

Machine code is kept by numba beside this file, or where ``NUMBA_CACHE_DIR`` says, or in the user's cache: a
fresh process loads it in a few tenths of a second. Where nothing can be written it is compiled in each process.

References
----------
Edmonds, J. (1971). Matroids and the greedy algorithm. *Mathematical Programming* 1, 127-136.
van der Linden & Reese (1998), as in `shadow`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np

from irt import randomness
from irt.exposure import band_of
from irt.policy import Policy
from irt.randomness import Purpose
from irt.shadow import Layout, ShadowTests
from irt.types import BoolArray, FloatArray, IntArray, ItemParameters, Parameters

_INSTALLED: Final = find_spec("numba") is not None
_MOST_COMBINATIONS: Final = 2_000  # of testlets: beyond, the bounds of `shadow` prune better
_ROUND: Final = 1.5 * 2.0**52  # added and taken away again, it rounds to whole numbers, halves to even
_GAMMA: Final = np.uint64(randomness.GAMMA)
_MULTIPLY_1: Final = np.uint64(randomness.MULTIPLY_1)
_MULTIPLY_2: Final = np.uint64(randomness.MULTIPLY_2)
_INDEX_BITS: Final = randomness.INDEX_BITS
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(function: _Function, **options: Any) -> _Function:
    """Compile at the first call, or leave a Python function as it is where numba is missing."""
    if not _INSTALLED:
        return function
    import numba

    try:
        made = numba.njit(cache=True, error_model="numpy", **options)(function)
    except RuntimeError:  # no folder in which the machine code could be kept
        made = numba.njit(error_model="numpy", **options)(function)
    return cast("_Function", made)


def _summed(function: _Function) -> _Function:
    """`_compiled`, free to add in the order that the processor likes best."""
    return _compiled(function, fastmath={"reassoc", "contract"})


class _Rows(NamedTuple):
    """A blueprint as the compiled functions read it; nodes as in the caller's tree, parents first."""

    parent: IntArray  # (n_nodes,)
    lower: IntArray  # (n_nodes,)
    upper: IntArray  # (n_nodes,)
    leaf: IntArray  # (n_items,)
    group_node: IntArray  # (n_groups,): nodes that carry items which stand alone
    group_start: IntArray  # (n_groups + 1,)
    group_items: IntArray
    group_most: IntArray  # (n_groups,): items that one test can take from there
    testlet: IntArray  # (n_items,): -1 for an item that stands alone
    testlet_start: IntArray  # (T + 1,)
    testlet_items: IntArray  # in their order
    combination: IntArray  # (n_combinations, most): testlets, padded with T; the empty one first
    max_testlets: int


@lru_cache(maxsize=8)
def _rows(layout: Layout) -> _Rows:
    tree, testlets = layout.tree, layout.testlets
    capacity = tree.upper.copy()
    for node in range(1, len(capacity)):
        capacity[node] = min(capacity[node], capacity[tree.parent[node]])
    alone = np.flatnonzero(layout.single & (capacity[tree.leaf] > 0))
    alone = alone[np.argsort(tree.leaf[alone], kind="stable")]
    nodes, first = np.unique(tree.leaf[alone], return_index=True)
    members = [member for items in testlets.items for member in items]
    return _Rows(
        parent=tree.parent,
        lower=tree.lower,
        upper=tree.upper,
        leaf=tree.leaf,
        group_node=nodes,
        group_start=np.append(first, len(alone)),
        group_items=alone,
        group_most=np.minimum(capacity[nodes], np.diff(np.append(first, len(alone)))),
        testlet=testlets.of_item,
        testlet_start=np.cumsum([0, *map(len, testlets.items)]),
        testlet_items=np.array(members, dtype=np.int64),
        combination=testlets.combination,
        max_testlets=tree.max_testlets,
    )


def solves(layout: Layout) -> bool:
    """Whether `shadow_tests` is the faster way for this blueprint."""
    return len(layout.testlets.combination) <= _MOST_COMBINATIONS


def shadow_tests(
    layout: Layout, gain: FloatArray, taken: IntArray, length: int, *, available: BoolArray | None = None
) -> ShadowTests:
    """`shadow.shadow_tests` for the priorities of a policy, whose arguments it has checked.

    Parameters
    ----------
    layout : Layout
        One that `solves` accepts.
    gain : ndarray, shape (n_persons, n_items)
        Whole numbers of which no two of a person are equal and whose sums stay below 2**53.
    taken : ndarray of int, shape (n_persons, n_taken)
    length : int, items
    available : ndarray of bool, shape (n_items,), optional

    Returns
    -------
    ShadowTests
        Equal to those of `shadow.shadow_tests`, item by item.

    Notes
    -----
    4 to 8 us a person for 500 items and 114 nodes, 3 to 11 us with 14 testlets.

    References
    ----------
    Edmonds (1971); van der Linden & Reese (1998).
    """
    n_persons, n_items = gain.shape
    usable = np.ones(n_items, dtype=np.bool_) if available is None else available
    result = ShadowTests(
        np.zeros(n_persons, dtype=np.bool_),
        np.zeros((n_persons, length), dtype=np.int64),
        np.full(n_persons, np.nan),
    )
    _solve_each(*_rows(layout), gain, np.ascontiguousarray(taken), length, usable, *result)
    return result


def ineligible(policy: Policy, theta: FloatArray, eligibility: FloatArray | None) -> BoolArray | None:
    """`Policy.ineligible` of many persons: theta (n_persons,), draws (n_persons, n_items)."""
    if eligibility is None or policy.rules.eligibility is None:
        return None
    barred = np.empty(eligibility.shape, dtype=np.bool_)
    stored = policy.rules.eligibility
    _ineligible(stored.probabilities, band_of(theta, stored.edges), policy.unit, eligibility, barred)
    return barred


def priorities(policy: Policy, gain: FloatArray, ranks: IntArray, barred: BoolArray | None) -> FloatArray:
    """`Policy.priorities` of many persons: gain, ranks and barred (n_persons, n_items)."""
    priority = np.empty(gain.shape)
    preferred = policy.tree.testlet >= 0 if policy.rules.prefer_testlets else np.zeros(0, dtype=np.bool_)
    none = np.zeros((0, 0), dtype=np.bool_) if barred is None else barred
    _priorities(
        gain,
        gain.max(axis=1),
        ranks,
        none,
        preferred,
        policy.gain_bits,
        2.0**policy.tie_bits,
        policy.decisive,
        priority,
    )
    return priority


class _Lean(NamedTuple):
    """What the sittings of a design without rows read, laid out in the order in which they read it."""

    chance: FloatArray  # (n_items, 2, n_quadrature)
    prior: FloatArray  # (n_quadrature,)
    items: IntArray  # (n_cells, n_listed)
    bounds: FloatArray  # (n_cells, n_listed + 1)
    listed: FloatArray  # (n_cells, n_listed, 6): a, a b, a^2, c, 1 - d, d - c
    bank: FloatArray  # (n_items, 6): the same of every item


@lru_cache(maxsize=4)
def _lean(policy: Policy) -> _Lean | None:
    lists, bank = policy.shortlists, policy.parameters
    if lists is None or not isinstance(bank, ItemParameters):
        return None
    a, b, c, d = bank.a, bank.b, bank.c, bank.d
    rows = np.column_stack([a, a * b, a * a, c, 1 - d, d - c])
    return _Lean(
        np.exp(policy.table)[policy.kind],
        np.exp(policy.log_prior - policy.log_prior.max()),
        lists.items,
        lists.bounds,
        rows[lists.items],
        rows,
    )


def most_informative_sittings(
    policy: Policy, truth: Parameters, theta: FloatArray, people: randomness.Draws
) -> tuple[IntArray, IntArray] | None:
    """Whole sittings of a design that takes the most informative item: items and scores, (n_persons, length).

    Parameters
    ----------
    policy : Policy
    truth : Parameters, n_items
        That generate the answers.
    theta : ndarray, shape (n_persons,), logits
        True abilities.
    people : ndarray of uint64, shape (n_persons,)
        Seeds of the sittings.

    Returns
    -------
    tuple of ndarray, or None
        None for a design or a bank that this cannot serve.

    Notes
    -----
    Here the estimate is compiled too, and differs from numpy's by a few units in the last place; gains are
    compared in units of 2**-30, so that it would take a tie to that precision to make another choice.
    """
    lists, length = policy.shortlists, policy.rules.length
    tables = _lean(policy)
    if tables is None or lists is None or not isinstance(truth, ItemParameters) or len(truth) < length:
        return None
    items = np.empty((len(theta), length), dtype=np.int64)
    scores = np.empty((len(theta), length), dtype=np.int64)
    answers = np.column_stack([truth.a, truth.b, truth.c, truth.d - truth.c])
    _sit_each(
        *tables,
        policy.nodes,
        lists.low,
        lists.per_logit,
        lists.last,
        policy.gain_bits,
        answers,
        theta,
        randomness.stream_states(people, Purpose.TIE_ORDER),
        randomness.stream_states(people, Purpose.ANSWER),
        items,
        scores,
    )
    return items, scores


@_compiled
def _draw(state: Any, item: int) -> Any:
    """64 random bits of an item: `randomness.bits`."""
    z = state + np.uint64(item + 1) * _GAMMA
    z = (z ^ (z >> np.uint64(30))) * _MULTIPLY_1
    z = (z ^ (z >> np.uint64(27))) * _MULTIPLY_2
    return z ^ (z >> np.uint64(31))


@_summed
def _moments(weights: FloatArray, factor: FloatArray, scale: float, nodes: FloatArray) -> tuple[float, float]:
    """Multiply the weights by `scale * factor`; their sum and first moment."""
    mass = first = 0.0
    for q in range(weights.size):
        weight = weights[q] * scale * factor[q]
        weights[q] = weight
        mass += weight
        first += weight * nodes[q]
    return mass, first


@_compiled
def _information(row: FloatArray, theta: float) -> float:
    """`selection.logistic_information` of one item."""
    distance = row[0] * theta - row[1]
    ratio = math.exp(-abs(distance))
    if row[5] == 1.0:
        return float(row[2] * ratio / ((1.0 + ratio) * (1.0 + ratio)))
    up, down = 1.0 / (1.0 + ratio), ratio / (1.0 + ratio)
    if distance < 0:
        up, down = down, up
    slope = up * down * row[5]
    return float(row[2] * slope * slope / ((row[3] + row[5] * up) * (row[4] + row[5] * down)))


@_compiled
def _search(bank: FloatArray, theta: float, gain_bits: int, given: BoolArray, state: Any) -> int:
    """Best item of the whole bank, equal ones by their places in the order of the sitting."""
    highest = 0.0
    for item in range(given.size):
        highest = max(highest, _information(bank[item], theta))
    unit = math.ldexp(1.0, min(gain_bits - math.frexp(highest)[1], 1000))
    best, top, first = -1, -1.0, np.uint64(0)
    for item in range(given.size):
        if given[item]:
            continue
        whole = _information(bank[item], theta) * unit + _ROUND - _ROUND
        if whole >= top:
            place = (_draw(state, item) & ~_INDEX_BITS) | np.uint64(item)
            if whole > top or place < first:
                best, top, first = item, whole, place
    return best


@_compiled
def _sit_each(
    chance: FloatArray,
    prior: FloatArray,
    items_of: IntArray,
    bounds: FloatArray,
    listed: FloatArray,
    bank: FloatArray,
    nodes: FloatArray,
    low: float,
    per_logit: float,
    last: int,
    gain_bits: int,
    answers: FloatArray,
    theta: FloatArray,
    tie_states: Any,
    answer_states: Any,
    items: IntArray,
    scores: IntArray,
) -> None:
    weights, given = np.empty(nodes.size), np.zeros(bank.shape[0], dtype=np.bool_)
    near_item, near_value = np.empty(items_of.shape[1], dtype=np.int64), np.empty(items_of.shape[1])
    slack_of, ones = 2.0 ** (1 - gain_bits), np.ones(nodes.size)
    for person in range(items.shape[0]):
        weights[:] = prior
        factor, mass = ones, 1.0
        for position in range(items.shape[1]):
            mass, first = _moments(weights, factor, 1.0 / mass, nodes)
            estimate = first / mass
            cell = math.floor((estimate - low) * per_logit)
            best, highest, n_near, certain, chosen = -1.0, -1.0, 0, 0 <= cell <= last, -1
            if certain:
                # `Shortlists.best`, whose comments hold here.
                largest, outside = bounds[cell, 0], bounds[cell, items_of.shape[1]]
                slack, least = largest * slack_of, math.ldexp(0.5, math.frexp(largest)[1])
                for place in range(items_of.shape[1]):
                    if bounds[cell, place] < best - slack:
                        outside = -1.0
                        break
                    item = items_of[cell, place]
                    if highest >= least and given[item]:
                        continue
                    value = _information(listed[cell, place], estimate)
                    highest = max(highest, value)
                    if value > best - slack and not given[item]:
                        near_item[n_near], near_value[n_near] = item, value
                        n_near += 1
                        best = max(best, value)
                unit = math.ldexp(1.0, min(gain_bits - math.frexp(highest)[1], 1000))
                top = best * unit + _ROUND - _ROUND
                certain = best > 0 and (outside <= 0 or (highest >= outside and top > outside * unit + 1))
                lowest = np.uint64(0)
                for one in range(n_near):
                    if near_value[one] * unit + _ROUND - _ROUND == top:
                        draw = (_draw(tie_states[person], near_item[one]) & ~_INDEX_BITS) | np.uint64(
                            near_item[one]
                        )
                        if chosen < 0 or draw < lowest:
                            chosen, lowest = near_item[one], draw
            if not certain:
                chosen = _search(bank, estimate, gain_bits, given, tie_states[person])
            given[chosen] = True
            row = answers[chosen]
            luck = float(_draw(answer_states[person], chosen) >> np.uint64(11)) * 2.0**-53
            right = luck < row[2] + row[3] / (1.0 + math.exp(-row[0] * (theta[person] - row[1])))
            items[person, position], scores[person, position] = chosen, right
            factor = chance[chosen, int(right)]
        for position in range(items.shape[1]):
            given[items[person, position]] = False


@_compiled
def _ineligible(
    probability: FloatArray, band: IntArray, unit: IntArray, draw: FloatArray, barred: BoolArray
) -> None:
    for person in range(draw.shape[0]):
        chance = probability[band[person]]
        for item in range(draw.shape[1]):
            barred[person, item] = draw[person, item] >= chance[unit[item]]


@_compiled
def _priorities(
    gain: FloatArray,
    largest: FloatArray,
    ranks: IntArray,
    barred: BoolArray,
    preferred: BoolArray,
    gain_bits: int,
    per_unit: float,
    decisive: float,
    priority: FloatArray,
) -> None:
    for person in range(gain.shape[0]):
        row, own, rank = gain[person], priority[person], ranks[person]
        shift = gain_bits - math.frexp(largest[person])[1]
        unit = math.ldexp(1.0, min(shift, 1000))
        rest = math.ldexp(1.0, shift - min(shift, 1000))  # 1, unless the unit would overflow
        for item in range(row.size):
            own[item] = (row[item] * unit * rest + _ROUND - _ROUND) * per_unit - rank[item]
        if barred.size:
            for item in range(row.size):
                own[item] -= decisive * barred[person, item]
        if preferred.size:
            for item in range(row.size):
                own[item] += decisive * preferred[item]


@_compiled
def _room(parent: IntArray, lower: IntArray, upper: IntArray, x: IntArray, node: int, length: int) -> bool:
    """Whether a test can still be completed with one more item at `node`."""
    while node > 0:
        if x[node] < lower[node]:
            return True
        if x[node] >= upper[node]:
            return False
        node = parent[node]
    return bool(x[0] < length)


@_compiled
def _add(parent: IntArray, lower: IntArray, x: IntArray, node: int) -> None:
    """Take an item at `node`."""
    while node > 0:
        x[node] += 1
        if x[node] <= lower[node]:
            return
        node = parent[node]
    x[0] += 1


@_compiled
def _sift(keys: FloatArray, items: IntArray, place: int, size: int) -> None:
    """Let the entry at `place` of a heap, largest first, sink to where it belongs."""
    key, item = keys[place], items[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[place], items[place] = keys[child], items[child]
        place = child
    keys[place], items[place] = key, item


@_compiled
def _insert(keys: FloatArray, items: IntArray, start: int, stop: int, key: float, item: int) -> None:
    """Put an entry into the descending run start..stop, which ends at `stop` afterwards."""
    place = stop
    while place > start and keys[place - 1] < key:
        keys[place], items[place] = keys[place - 1], items[place - 1]
        place -= 1
    keys[place], items[place] = key, item


@_compiled
def _candidates(
    group_node: IntArray,
    group_start: IntArray,
    group_items: IntArray,
    group_most: IntArray,
    upper: IntArray,
    x: IntArray,
    gain: FloatArray,
    closed: BoolArray,
    keys: FloatArray,
    items: IntArray,
) -> int:
    """Collect the items of each node that one test can use, as a heap; their number."""
    size = 0
    for group in range(group_node.size):
        if x[group_node[group]] >= upper[group_node[group]]:
            continue
        start, most = size, group_most[group]
        if most == 1:
            best, highest = -1, -np.inf
            for place in range(group_start[group], group_start[group + 1]):
                item = group_items[place]
                value = -np.inf if closed[item] else gain[item]
                best = item if value > highest else best
                highest = max(highest, value)
            if best >= 0:
                keys[size], items[size] = highest, best
                size += 1
            continue
        for place in range(group_start[group], group_start[group + 1]):
            item = group_items[place]
            if closed[item]:
                continue
            if size < start + most:
                _insert(keys, items, start, size, gain[item], item)
                size += 1
            elif gain[item] > keys[size - 1]:
                _insert(keys, items, start, size - 1, gain[item], item)
    for place in range(size // 2 - 1, -1, -1):
        _sift(keys, items, place, size)
    return size


@_compiled
def _solve_each(
    parent: IntArray,
    lower: IntArray,
    upper: IntArray,
    leaf: IntArray,
    group_node: IntArray,
    group_start: IntArray,
    group_items: IntArray,
    group_most: IntArray,
    testlet: IntArray,
    testlet_start: IntArray,
    testlet_items: IntArray,
    combination: IntArray,
    max_testlets: int,
    gain: FloatArray,
    taken: IntArray,
    length: int,
    usable: BoolArray,
    feasible: BoolArray,
    items: IntArray,
    objective: FloatArray,
) -> None:
    n_nodes, n_given, n_testlets = parent.size, taken.shape[1], testlet_start.size - 1
    if length < lower[0] or length > upper[0] or n_given > length:
        return
    most = group_most.sum()
    heap_key, heap_item = np.empty(most), np.empty(most, dtype=np.int64)
    key, candidate, prefix = np.empty(most), np.empty(most, dtype=np.int64), np.zeros(most + 1)
    base, x = np.empty(n_nodes, dtype=np.int64), np.empty(n_nodes, dtype=np.int64)
    found, best = np.empty(length, dtype=np.int64), np.empty(length, dtype=np.int64)
    closed = np.empty(gain.shape[1], dtype=np.bool_)
    started, begun = np.empty(n_testlets, dtype=np.int64), np.empty(n_testlets + 1, dtype=np.bool_)
    worth, count = np.zeros(n_testlets + 1), np.zeros(n_testlets + 1, dtype=np.int64)
    bound = np.empty(combination.shape[0])
    for person in range(gain.shape[0]):
        own = gain[person]
        for item in range(closed.size):
            closed[item] = not usable[item]
        base[:] = 0
        begun[:] = False
        n_started = 0
        for place in range(n_given):
            item = taken[person, place]
            items[person, place] = item
            closed[item] = True
            base[leaf[item]] += 1
            which = testlet[item]
            if which >= 0 and not begun[which]:
                begun[which] = True
                started[n_started] = which
                n_started += 1
        if n_started > max_testlets:
            continue
        # A testlet begun is finished with the items that are left.
        fixed = n_given
        for place in range(n_started):
            for at in range(testlet_start[started[place]], testlet_start[started[place] + 1]):
                item = testlet_items[at]
                if not closed[item]:
                    if fixed < length:
                        items[person, fixed] = item
                    base[leaf[item]] += 1
                    fixed += 1
        need = length - fixed
        possible = need >= 0
        for node in range(n_nodes - 1, 0, -1):
            possible = possible and base[node] <= upper[node]
            base[parent[node]] += max(base[node], lower[node])
        if not possible or base[0] > length:
            continue
        size = _candidates(
            group_node, group_start, group_items, group_most, upper, base, own, closed, heap_key, heap_item
        )
        n_candidates, n_sorted = size, 0

        # Without a further testlet.
        x[:] = base
        number, place, value = 0, 0, 0.0
        while number < need and place < n_candidates:
            if place == n_sorted:
                key[n_sorted], candidate[n_sorted] = heap_key[0], heap_item[0]
                prefix[n_sorted + 1] = prefix[n_sorted] + heap_key[0]
                n_sorted += 1
                size -= 1
                heap_key[0], heap_item[0] = heap_key[size], heap_item[size]
                _sift(heap_key, heap_item, 0, size)
            node = leaf[candidate[place]]
            if _room(parent, lower, upper, x, node, length):
                _add(parent, lower, x, node)
                best[number] = candidate[place]
                number += 1
                value += key[place]
            place += 1
        best_row, n_best = 0, number
        best_value = value if number == need else -np.inf

        room = min(max_testlets, n_testlets) - n_started
        if room > 0:
            while n_sorted < min(n_candidates, place + need):
                key[n_sorted], candidate[n_sorted] = heap_key[0], heap_item[0]
                prefix[n_sorted + 1] = prefix[n_sorted] + heap_key[0]
                n_sorted += 1
                size -= 1
                heap_key[0], heap_item[0] = heap_key[size], heap_item[size]
                _sift(heap_key, heap_item, 0, size)
            for which in range(n_testlets):
                worth[which], count[which] = 0.0, 0
                for at in range(testlet_start[which], testlet_start[which + 1]):
                    begun[which] = begun[which] or closed[testlet_items[at]]
                    worth[which] += own[testlet_items[at]]
                    count[which] += 1
            # No better items beside the testlets than the best ones of all.
            for row in range(1, bound.size):
                n_own, n_begun, total, allowed = 0, 0, 0.0, True
                for column in range(combination.shape[1]):
                    which = combination[row, column]
                    allowed = allowed and not begun[which]
                    n_begun += which < n_testlets
                    n_own += count[which]
                    total += worth[which]
                bound[row] = -np.inf
                if allowed and n_begun <= room and n_own <= need and need - n_own <= n_candidates:
                    bound[row] = total + prefix[need - n_own]
            while True:
                row, highest = 0, -np.inf
                for one in range(1, bound.size):
                    if bound[one] > highest:
                        row, highest = one, bound[one]
                if row == 0 or highest < best_value:
                    break
                bound[row] = -np.inf
                x[:] = base
                n_own, value, allowed = 0, 0.0, True
                for column in range(combination.shape[1]):
                    which = combination[row, column]
                    if which == n_testlets or not allowed:
                        continue
                    value += worth[which]
                    for at in range(testlet_start[which], testlet_start[which + 1]):
                        node = leaf[testlet_items[at]]
                        if not _room(parent, lower, upper, x, node, length):
                            allowed = False
                            break
                        _add(parent, lower, x, node)
                        n_own += 1
                if not allowed:
                    continue
                number, place, left = 0, 0, need - n_own
                while number < left:
                    # Sorted as far as the bound below reads; further only where that many were turned down.
                    while n_sorted < min(n_candidates, place + left - number):
                        key[n_sorted], candidate[n_sorted] = heap_key[0], heap_item[0]
                        prefix[n_sorted + 1] = prefix[n_sorted] + heap_key[0]
                        n_sorted += 1
                        size -= 1
                        heap_key[0], heap_item[0] = heap_key[size], heap_item[size]
                        _sift(heap_key, heap_item, 0, size)
                    if n_sorted < place + left - number:
                        break
                    if value + prefix[place + left - number] - prefix[place] < best_value:
                        break
                    while number < left:
                        node = leaf[candidate[place]]
                        if not _room(parent, lower, upper, x, node, length):
                            break
                        _add(parent, lower, x, node)
                        found[number] = candidate[place]
                        number += 1
                        value += key[place]
                        place += 1
                    place += number < left
                if number < left or value < best_value or (value == best_value and row > best_row):
                    continue
                best_row, best_value, n_best = row, value, number
                best[:number] = found[:number]
        if best_value == -np.inf:
            continue

        feasible[person] = True
        for place in range(n_best):
            items[person, fixed + place] = best[place]
        stop = fixed + n_best
        for column in range(combination.shape[1]):
            which = combination[best_row, column]
            if which < n_testlets:
                for at in range(testlet_start[which], testlet_start[which + 1]):
                    item = testlet_items[at]
                    place = stop
                    while place > fixed and own[items[person, place - 1]] < own[item]:
                        items[person, place] = items[person, place - 1]
                        place -= 1
                    items[person, place] = item
                    stop += 1
        total = 0.0
        for place in range(length):
            total += own[items[person, place]]
        objective[person] = total
