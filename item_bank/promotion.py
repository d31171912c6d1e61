"""From calibrated parameters to the release that serves them: whose they are, what still rests on judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from item_bank.design import Design
from item_bank.errors import InvalidRelease
from item_bank.item import Status
from item_bank.release import (
    CALIBRATED_RULE,
    Evidence,
    ParameterSet,
    Release,
    with_designs,
    with_parameter_set,
)

LEAST_RESPONSES = 300  # of people, to an item, before its parameters may decide a certificate

_COLUMNS = ("discrimination", "difficulty", "guessing", "upper_asymptote")
_VALUES = (*_COLUMNS, *(f"se_{name}" for name in _COLUMNS))


class Estimate(NamedTuple):
    """Calibrated parameters of one item, D = 1, with their standard errors and the number of responses.

    Of an item scored in part `difficulty` is the mean of `steps`, those of the generalised partial credit model.
    `version` is the content hash of the item version that was answered.
    """

    item: str
    version: str
    discrimination: float
    difficulty: float
    guessing: float
    upper_asymptote: float
    se_discrimination: float
    se_difficulty: float
    se_guessing: float
    se_upper_asymptote: float
    steps: tuple[float, ...]
    responses: int


def unfit(release: Release, estimates: Iterable[Estimate]) -> dict[str, str]:
    """Return why each estimate that the release cannot take is refused, by item id.

    An item that the release does not hold is no refusal: it is left out.
    """
    refused = {}
    for found in estimates:
        index = release.index.get(found.item)
        if index is None:
            continue
        maximum = release.item(index).maximum_score
        if found.version != release.item_hashes[index]:
            refused[found.item] = "another version of the item was answered"
        elif (len(found.steps) or 1) != maximum:
            refused[found.item] = (
                f"is scored 0 to {maximum}, its calibration has {len(found.steps) or 1} steps"
            )
        elif found.steps and (found.guessing > 0 or found.upper_asymptote < 1):
            refused[found.item] = "has steps and a guessing floor, which no model that serves has"
        elif not 0 < found.discrimination <= 10:
            refused[found.item] = f"has a discrimination of {found.discrimination:.3f}"
        elif not -20 <= found.difficulty <= 20:
            refused[found.item] = f"has a difficulty of {found.difficulty:.3f}"
    return refused


def with_estimates(
    release: Release, estimates: Iterable[Estimate], *, run: str, real: bool, note: str
) -> Release:
    """Return the release with calibrated parameters; items without an estimate keep what they have.

    Parameters
    ----------
    release : Release
    estimates : iterable of Estimate
    run : str
        Content hash of the calibration.
    real : bool
        Whether people gave the responses, and not a simulation.
    note : str
        Where the set comes from, for whoever reads the release.

    Raises
    ------
    InvalidRelease
        Naming an item that the release cannot take (:func:`unfit`), or if it holds none of them.
    """
    known = tuple(estimates)
    refused = unfit(release, known)
    if refused:
        item, why = next(iter(refused.items()))
        others = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise InvalidRelease(f"{item} {why}{others}")
    columns = release.parameter_set.to_dict() | {"note": note}
    taken = 0
    for found in known:
        index = release.index.get(found.item)
        if index is not None:
            taken += 1
            _put(columns, index, found._asdict(), CALIBRATED_RULE, Evidence(run, found.responses, real))
    if not taken:
        raise InvalidRelease("the release holds none of the calibrated items")
    return _judged(release, columns)


def with_parameters_of(
    release: Release, former: Release, *, note: str, calibrated_only: bool = False
) -> Release:
    """Return the release with the parameters that the same item versions had in another one.

    `calibrated_only` leaves those that rested on judgement as the release has them.
    """
    columns = release.parameter_set.to_dict() | {"note": note}
    source = former.parameter_set
    values = source.to_dict()
    for index, item_id in enumerate(release.item_ids):
        place = former.index.get(item_id)
        if place is None or former.item_hashes[place] != release.item_hashes[index]:
            continue
        evidence = source.evidence.get(place)
        if evidence is not None or not calibrated_only:
            row = {name: values[name][place] for name in _VALUES} | {"steps": source.steps.get(place, ())}
            _put(columns, index, row, source.rule[place], evidence)
    return _judged(release, columns)


def with_exposure_of(release: Release, former: Release) -> Release:
    """Return the release with the exposure control that another one fitted, for designs that differ in nothing else."""
    fitted = {design.id: design for design in former.designs}
    return with_designs(
        release,
        [
            fitted[design.id]
            for design in release.designs
            if design.id in fitted and _unfitted(design) == _unfitted(fitted[design.id])
        ],
    )


def _unfitted(design: Design) -> Design:
    return replace(design, exposure=replace(design.exposure, eligibility=(), sympson_hetter=()))


def lacking(release: Release) -> dict[str, str]:
    """Return what each item that is scored lacks before its parameters may decide a certificate."""
    found = {}
    for index, (item_id, record) in enumerate(zip(release.item_ids, release.records, strict=True)):
        if record["status"] == Status.PRETEST:
            continue
        evidence = release.parameter_set.evidence.get(index)
        if evidence is None:
            found[item_id] = "not calibrated"
        elif not evidence.real:
            found[item_id] = "calibrated on simulated responses"
        elif evidence.responses < LEAST_RESPONSES:
            found[item_id] = f"{evidence.responses} responses of {LEAST_RESPONSES}"
    return found


def _put(
    columns: dict[str, Any], index: int, values: Mapping[str, Any], rule: str, evidence: Evidence | None
) -> None:
    for name in _VALUES:
        columns[name][index] = values[name]
    columns["rule"][index] = rule
    for name, value in (("steps", list(values["steps"])), ("evidence", evidence and list(evidence))):
        column = dict(columns.get(name, {}))
        column.pop(str(index), None)
        columns[name] = column | ({str(index): value} if value else {})


def _judged(release: Release, columns: dict[str, Any]) -> Release:
    """The release of these columns, provisional as long as anything is lacking."""
    drawn = with_parameter_set(release, ParameterSet.from_dict(columns | {"provisional": True}))
    if lacking(drawn):
        return drawn
    return with_parameter_set(release, ParameterSet.from_dict(columns | {"provisional": False}))
