"""Small cells are not shown, nor can they be computed from what is shown (k-anonymity).

A count under `LEAST` is hidden. When the total is known, what is hidden is the total minus what is shown: if hidden
cells together could still be told (one alone, or so few learners that the sum itself is a small cell), the smallest
of the shown ones is hidden with them.

Reference
---------
Hundepool, A. et al. (2012). *Statistical Disclosure Control*, ch. 4: primary and secondary cell suppression.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

LEAST: Final = 10
LEAST_INSTITUTIONS: Final = 2

Name = TypeVar("Name")


def shown_cells(
    counts: Sequence[int], *, contributors: Sequence[int] | None = None, least: int = LEAST
) -> list[bool]:
    """Which cells of a table with a known total may be shown.

    Parameters
    ----------
    counts : sequence of int
        Learners of each cell.
    contributors : sequence of int, optional
        Institutions of each cell: fewer than two tell about one institution.
    least : int
        Learners that a shown cell has at least.

    Notes
    -----
    Nothing is shown of fewer than `least` learners. An empty cell is shown, and never hidden to protect another: it
    would protect nothing. The second cell is the nearest one, not the smallest: a choice by size would tell the size
    to who knows the rule.

    Examples
    --------
    >>> shown_cells([40, 30, 4, 25])  # the 4 alone would be the total minus the rest
    [True, True, False, False]
    >>> shown_cells([40, 30, 25]), shown_cells([40, 7, 6, 25])
    ([True, True, True], [True, False, False, True])
    """
    if sum(counts) < least:
        return [False] * len(counts)
    among = contributors if contributors is not None else [LEAST_INSTITUTIONS] * len(counts)
    shown = [
        count == 0 or (count >= least and institutions >= LEAST_INSTITUTIONS)
        for count, institutions in zip(counts, among, strict=True)
    ]
    while True:
        hidden = [count for count, visible in zip(counts, shown, strict=True) if not visible]
        if not hidden or _ambiguous(hidden, least):
            return shown
        rest = [place for place, visible in enumerate(shown) if visible and counts[place] > 0]
        if not rest:
            return [False] * len(counts)
        first = shown.index(False)
        shown[min(rest, key=lambda place: (abs(place - first), place))] = False


def _ambiguous(hidden: Sequence[int], least: int) -> bool:
    """Whether the sum of hidden cells leaves each of them open.

    Cells that are all small are told by an extreme sum: two under 10 that make 18 are 9 and 9.
    """
    if len(hidden) < 2 or sum(hidden) < least:
        return False
    if max(hidden) >= least:
        return True
    return len(hidden) < sum(hidden) < len(hidden) * (least - 1)


def shown_groups(sizes: Mapping[Name, int], *, least: int = LEAST) -> set[Name]:
    """Which groups (curricula, years) of a whole that is shown may have figures of their own.

    In the order of their names, so that two pages about the same learners hide the same groups.

    Examples
    --------
    >>> sorted(shown_groups({"IFSI": 120, "IFAS": 60, "IFCS": 3}))
    ['IFSI']
    """
    names = sorted(sizes, key=str)
    visible = shown_cells([sizes[name] for name in names], least=least)
    return {name for name, one in zip(names, visible, strict=True) if one and sizes[name] > 0}


def rounded_share(count: int, total: int) -> int:
    """A share in whole per cent: one learner more or less does not show in it."""
    return round(100 * count / total) if total else 0
