"""Exposure control belongs to the parameters it was fitted to: fitted again for a set that is to go into force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from irt.ability import NormalPrior
from irt.policy import Policy
from irt.simulate import fit_eligibility, population, simulate
from irt.types import FloatArray
from item_bank.blueprint import CompiledDesign, compile_design
from item_bank.design import Design
from item_bank.release import Release

LEARNERS: Final = 2000  # of a round
ROUNDS: Final = 6
_PLACES: Final = 3  # as `palier design fit` writes them

Progress = Callable[[str, int, int], None]  # the design, rounds done, rounds in all


@dataclass(frozen=True)
class Refitted:
    """One design with its control fitted to a release, and what the former one would have let through there."""

    design: Design
    before: float  # highest share of simulated sittings that one item is in
    after: float


@dataclass(frozen=True)
class Refit:
    """The controls fitted for one release, which they are good for and no other."""

    content_hash: str
    designs: tuple[Refitted, ...]


def controlled(release: Release) -> tuple[Design, ...]:
    """The designs whose exposure is controlled by eligibility; one with Sympson-Hetter keeps what it has."""
    return tuple(
        design
        for design in release.designs
        if min(design.exposure.target, design.exposure.band_target) < 1 and not design.exposure.sympson_hetter
    )


def refit(
    release: Release,
    *,
    learners: int = LEARNERS,
    rounds: int = ROUNDS,
    seed: int = 1,
    progress: Progress = lambda _design, _done, _all: None,
) -> Refit:
    """Fit the exposure control of every design to the parameters of a release, by simulation.

    Parameters
    ----------
    release : Release
        What is to go into force, with the controls of what is.
    learners, rounds, seed : int
        Of the simulations; the same seed gives the same controls.
    progress : callable
        Told after every round.
    """
    found = []
    for design in controlled(release):
        before = compile_design(release, design)
        fitted = refitted(release, design, learners=learners, rounds=rounds, seed=seed, progress=progress)
        after = compile_design(release, fitted)
        highest = [_highest(release, one, learners // 2, seed) for one in (before, after)]
        found.append(Refitted(fitted, *highest))
    return Refit(release.content_hash, tuple(found))


def refitted(
    release: Release,
    design: Design,
    *,
    learners: int = LEARNERS,
    rounds: int = ROUNDS,
    seed: int = 1,
    progress: Progress = lambda _design, _done, _all: None,
) -> Design:
    """A design with its exposure control fitted to the parameters of a release, as `palier design fit` does."""
    exposure = replace(design.exposure, eligibility=(), sympson_hetter=())
    compiled = compile_design(release, replace(design, exposure=exposure))
    fitted = fit_eligibility(
        compiled.policy(release),
        population(learners, prior=NormalPrior(), seed=seed),
        target=exposure.target,
        band_target=exposure.band_target if exposure.band_target < 1 else None,
        edges=exposure.edges,
        available=compiled.available,
        seed=seed,
        rounds=rounds,
        progress=lambda done, whole: progress(design.id, done, whole),
    )
    return replace(
        design, exposure=replace(exposure, eligibility=_stored(release.item_ids, fitted.probabilities))
    )


def _stored(item_ids: Sequence[str], probabilities: FloatArray) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Rounded, those of the limited items only: what a design keeps."""
    rows = (
        (item, tuple(round(value, _PLACES) for value in bands))
        for item, bands in zip(item_ids, probabilities.T.tolist(), strict=True)
    )
    return tuple((item, bands) for item, bands in rows if min(bands) < 1)


def _highest(release: Release, compiled: CompiledDesign, learners: int, seed: int) -> float:
    """Highest exposure among other learners than those of the fit."""
    theta = population(learners, prior=NormalPrior(), seed=seed + 1)
    policy: Policy = compiled.policy(release)
    found = simulate(policy, theta, seed=seed + 1, available=compiled.available, warm=False)
    return found.exposure.highest
