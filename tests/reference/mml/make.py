"""Write `simulated/`: responses and their calibration by a general-purpose optimiser, without any code of `irt`."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

HERE = Path(__file__).parent / "simulated"
NODES = np.linspace(-6, 6, 61)
WEIGHT = -0.5 * NODES**2 - np.log(np.exp(-0.5 * NODES**2).sum())
NAMES = [f"i{number}" for number in range(1, 9)]
PRIOR_MEAN, PRIOR_SD = -1.386, 0.5


def simulated() -> np.ndarray[Any, Any]:
    """800 persons, eight items with guessing, a tenth of the answers missing."""
    rng = np.random.default_rng(20260115)
    a, b = np.array([0.8, 1.3, 1.0, 1.5, 1.1, 0.9, 1.4, 1.2]), np.linspace(-1.2, 1.0, 8)
    p = 0.1 + 0.9 * expit(a * (rng.normal(size=(800, 1)) - b))
    return np.asarray(np.where(rng.random((800, 8)) < 0.9, (rng.random((800, 8)) < p) * 1.0, np.nan))


def joint(x: np.ndarray[Any, Any], table: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Log-likelihood of each person at each point plus the log-weight; x is (parameters, items)."""
    c = expit(x[2]) if len(x) == 3 else np.zeros(x.shape[1])
    z = np.outer(NODES, x[0]) + x[1]
    right = np.log(c + (1 - c) * expit(z)) if len(x) == 3 else -np.logaddexp(0, -z)
    wrong = np.log1p(-c) - np.logaddexp(0, z)
    missed = np.where(np.isnan(table), 0.0, 1 - np.nan_to_num(table))
    return np.asarray(np.nan_to_num(table) @ right.T + missed @ wrong.T + WEIGHT)


def objective(x: np.ndarray[Any, Any], table: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
    """Minus the log-posterior and its gradient."""
    held = joint(x, table)
    value = np.logaddexp.reduce(held, axis=1)
    share = np.exp(held - value[:, None])
    c = expit(x[2]) if len(x) == 3 else np.zeros(x.shape[1])
    s = expit(np.outer(NODES, x[0]) + x[1])
    p = c + (1 - c) * s
    right, given = share.T @ np.nan_to_num(table), share.T @ ~np.isnan(table)
    by_z = right * (1 - c) * s * (1 - s) / p - (given - right) * s
    slopes = [(by_z * NODES[:, None]).sum(axis=0), by_z.sum(axis=0)]
    total = float(value.sum())
    if len(x) == 3:
        by_c = (right * (1 - s) / p - (given - right) / (1 - c)).sum(axis=0)
        slopes.append(by_c * c * (1 - c) - (x[2] - PRIOR_MEAN) / PRIOR_SD**2)
        total += log_prior(x)
    return -total, -np.concatenate(slopes)


def log_prior(x: np.ndarray[Any, Any]) -> float:
    """Log-density of the guessing parameters on the logit scale."""
    z = (x[2] - PRIOR_MEAN) / PRIOR_SD
    return float((-0.5 * z**2 - math.log(PRIOR_SD * math.sqrt(2 * math.pi))).sum())


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Write one CSV file."""
    with (HERE / name).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Write responses and reference."""
    (HERE / "golden").mkdir(parents=True, exist_ok=True)
    table = simulated()
    write(
        "responses.csv",
        [dict(zip(NAMES, ["" if v != v else int(v) for v in row], strict=True)) for row in table.tolist()],
    )
    for model, many in (("2PL", 2), ("3PL", 3)):
        start = np.vstack([np.ones(8), np.zeros(8), np.full(8, PRIOR_MEAN)])[:many]

        def loss(x: np.ndarray[Any, Any], shape: Any = start.shape) -> tuple[float, np.ndarray[Any, Any]]:
            return objective(x.reshape(shape), table)

        best = minimize(loss, start.ravel(), jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 5000})
        h = 1e-5
        hessian = np.array(
            [(loss(best.x + e)[1] - loss(best.x - e)[1]) / (2 * h) for e in h * np.eye(best.x.size)]
        )
        se = np.sqrt(np.diag(np.linalg.inv((hessian + hessian.T) / 2))).reshape(start.shape)
        x = best.x.reshape(start.shape)
        prior = log_prior(x) if many == 3 else 0.0
        value = -float(best.fun) - prior
        fit = {
            "peer": "scipy.optimize.minimize, BFGS on the marginal likelihood",
            "model": model,
            "N": int((~np.isnan(table)).any(axis=1).sum()),
            "items": 8,
            "quadpts": 61,
            "theta_lim": [-6, 6],
            "SE.type": "Oakes",
            "prior": f"logit(guessing) ~ Normal({PRIOR_MEAN}, {PRIOR_SD})" if many == 3 else "none",
            "logLik": value,
            "logPrior": prior,
            "AIC": -2 * value + 2 * x.size,
            "group_pars": {"MEAN_1": 0, "COV_11": 1},
        }
        (HERE / "golden" / f"{model}_mirt_fit.json").write_text(json.dumps(fit) + "\n")
        g = expit(x[2]) if many == 3 else np.zeros(8)
        write(
            f"golden/{model}_mirt_slope_intercept.csv",
            [{"": n, "a1": x[0, i], "d": x[1, i], "g": g[i], "u": 1} for i, n in enumerate(NAMES)],
        )
        write(
            f"golden/{model}_mirt_irtpars.csv",
            [{"": n, "a": x[0, i], "b": -x[1, i] / x[0, i], "g": g[i], "u": 1} for i, n in enumerate(NAMES)],
        )
        write(
            f"golden/{model}_mirt_se.csv",
            [
                {"item": n, "par": ("a1", "d", "logit(g)")[j], "est": x[j, i], "se": se[j, i]}
                for i, n in enumerate(NAMES)
                for j in range(many)
            ],
        )
        held = joint(x, table)
        share = np.exp(held - np.logaddexp.reduce(held, axis=1)[:, None])
        mean = share @ NODES
        sd = np.sqrt(share @ NODES**2 - mean**2)
        write(
            f"golden/{model}_mirt_scores.csv",
            [
                {"EAP": round(m, 7), "EAP_SE": round(s, 7)}
                for m, s in zip(mean.tolist(), sd.tolist(), strict=True)
            ],
        )


if __name__ == "__main__":
    main()
