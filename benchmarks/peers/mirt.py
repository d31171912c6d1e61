"""Calibration by mirt from the package index; runs in an environment of its own, see `benchmarks.calibration`."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time
from typing import Any

import mirt  # type: ignore[import-not-found]
import numpy as np


def main() -> None:
    """Read `{"file", "model", "prior"}`, fit, print estimates, processor seconds and log-likelihood."""
    task = json.load(sys.stdin)
    table = np.load(task["file"])["table"].astype(np.int64)  # -1: no answer
    options: dict[str, Any] = {
        "n_quadpts": 61,
        "tol": 1e-4,
        "max_iter": 2000,
        "compute_standard_errors": False,
    }
    if task["prior"]:
        from mirt.estimation.priors import BetaPrior  # type: ignore[import-not-found]

        options["priors"] = {"guessing": BetaPrior(*task["prior"])}
    seconds = []
    for _ in range(3):
        start = process_time()
        found = mirt.fit_mirt(table, model=task["model"].upper(), **options)
        seconds.append(process_time() - start)
        if seconds[0] > 3:
            break
    estimates = {name: np.asarray(values).tolist() for name, values in found.model.parameters.items()}
    print(
        json.dumps(
            {
                "version": version("mirt"),
                "seconds": seconds[0],
                "again": seconds[-1],
                "log_likelihood": float(found.log_likelihood),
                "converged": bool(found.converged),
                "estimates": estimates,
            }
        )
    )


if __name__ == "__main__":
    main()
