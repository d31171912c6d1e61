"""How well the results of a design recover the truth: bias, standard error, RMSE and coverage of 95 % intervals.

    python -m benchmarks.coverage [--design certification] [--learners 10000] [--each 2000] [--json]

The shipped bank, the policy that serves, its exposure control included. `learners` of them are drawn from the
prior, as the credible interval assumes; `each` sit at every one of thirteen true abilities. EAP: posterior mean,
posterior sd, equal-tailed credible interval. WLE: Warm's estimate, 1/sqrt(information), a normal interval. `se`
is the root mean square of the standard errors reported. The limits around bias and coverage are the Monte
Carlo error of this run. The promise: for learners drawn from the prior, 93 to 97 % of both kinds of intervals
hold the truth.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from app.commands.report import recoveries
from irt import Policy, population, simulate
from irt.recovery import Recovery
from item_bank import blueprint

CONTENT = Path(__file__).parents[1] / "item_bank" / "content"
THETA = np.arange(-3.0, 3.25, 0.5)
LOWEST, HIGHEST = 0.93, 0.97


def served(design: str) -> Policy:
    """The policy of a design of the shipped bank."""
    release = blueprint.check(CONTENT).release
    if release is None:
        raise SystemExit("The bank has mistakes; run `palier bank check`.")
    return blueprint.compile_design(release, release.design(design)).policy(release)


def recovered(policy: Policy, theta: np.ndarray, seed: int, edges: np.ndarray) -> dict[str, Recovery]:
    """Both estimates of these persons beside the truth."""
    held = simulate(policy, theta, seed=seed).sittings
    return {name.upper(): found for name, found in recoveries(held, edges).items()}


def printed(head: str, found: dict[str, Recovery], label: str) -> None:
    """A Markdown table: one row per ability, both estimates."""
    columns = [f"{estimate} {name}" for estimate in found for name in ("bias", "se", "RMSE", "coverage")]
    print(f"\n{head}\n\n| true ability | learners | {' | '.join(columns)} |")
    print("|" + "---:|" * 10)
    for row in range(len(found["EAP"].theta)):
        place = label or f"{THETA[row]:+.1f}"
        cells = [f"{found['EAP'].n_persons[row]:,}"]
        for one in found.values():
            share = f"{one.coverage[row]:.1%} [{one.coverage_low[row]:.1%}, {one.coverage_high[row]:.1%}]"
            bias = f"{one.bias[row]:+.3f} ± {1.96 * one.bias_error[row]:.3f}"
            cells += [bias, f"{one.se[row]:.3f}", f"{one.rmse[row]:.3f}", share]
        print(f"| {place} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--design", default="certification")
    parser.add_argument("--learners", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    policy = served(options.design)
    prior = policy.rules.prior
    drawn = population(options.learners, prior=prior, seed=21)
    marginal = recovered(policy, drawn, 22, np.zeros(0))
    conditional = recovered(policy, np.repeat(THETA, options.each), 23, (THETA[1:] + THETA[:-1]) / 2)
    kept = {name: LOWEST <= float(found.coverage[0]) <= HIGHEST for name, found in marginal.items()}
    if options.json:
        groups: dict[str, Any] = {"drawn from the prior": marginal, "at fixed abilities": conditional}
        tables = {
            group: {
                name: {key: column.tolist() for key, column in one._asdict().items()}
                for name, one in found.items()
            }
            for group, found in groups.items()
        }
        print(json.dumps(tables | {"kept": kept}, indent=2))
        return
    printed(f"Drawn from the prior, N({prior.mean:g}, {prior.sd:g})", marginal, "all")
    printed("At fixed abilities", conditional, "")
    for name, value in kept.items():
        print(
            f"\n{'kept' if value else 'MISSED'}: coverage of the {name} between {LOWEST:.0%} and {HIGHEST:.0%}"
        )


if __name__ == "__main__":
    main()
