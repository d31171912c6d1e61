"""Simulated responses for the tests of the workshop."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


def right_or_wrong(
    n_persons: int = 1200,
    n_items: int = 12,
    *,
    seed: int = 1,
    shift: dict[int, float] | None = None,
    group: NDArray[np.int64] | None = None,
    mean: float = 0.0,
) -> NDArray[np.int64]:
    """Answers of the 2PL; items named in `shift` are harder by as much for group 1."""
    rng = np.random.default_rng(seed)
    theta = mean + rng.normal(size=(n_persons, 1))
    a, b = np.resize([0.8, 1.2, 1.6], n_items), np.linspace(-1.5, 1.5, n_items)
    table = np.tile(b, (n_persons, 1))
    for item, amount in (shift or {}).items():
        assert group is not None
        table[:, item] += amount * group
    return (rng.random((n_persons, n_items)) < 1 / (1 + np.exp(-a * (theta - table)))).astype(np.int64)


def wide(table: NDArray[np.int64]) -> pl.DataFrame:
    """One row per person, items i00, i01..."""
    return pl.DataFrame(table, schema=[f"i{place:02d}" for place in range(table.shape[1])], orient="row")


def long(table: NDArray[np.int64], seen: NDArray[np.bool_] | None = None) -> pl.DataFrame:
    """One row per answer, sorted by person."""
    rows, places = np.nonzero(np.ones(table.shape, dtype=np.bool_) if seen is None else seen)
    return pl.DataFrame(
        {
            "person": [f"p{row:05d}" for row in rows.tolist()],
            "item": [f"i{place:02d}" for place in places.tolist()],
            "score": table[rows, places],
        }
    )
