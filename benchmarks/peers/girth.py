"""Calibration by girth; runs in an environment of its own, see `benchmarks.calibration`."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time

import girth  # type: ignore[import-not-found]
import numpy as np


def main() -> None:
    """Read `{"file"}`, fit a 2PL, print estimates and processor seconds."""
    task = json.load(sys.stdin)
    table = np.load(task["file"])["table"].T.astype(np.int64)
    start = process_time()
    found = girth.twopl_mml(table, options={"quadrature_n": 61, "quadrature_bounds": (-6, 6)})
    seconds = process_time() - start
    print(
        json.dumps(
            {
                "version": version("girth"),
                "seconds": seconds,
                "again": seconds,
                "estimates": {
                    "discrimination": found["Discrimination"].tolist(),
                    "difficulty": found["Difficulty"].tolist(),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
