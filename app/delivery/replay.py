"""From the stored facts of a sitting to every estimate, choice, stop and level again.

Raw responses are read and scored again, then the policy is asked what it was asked then. Choices, stops and levels
must be identical; theta and se within 1e-9 (another processor may round differently).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.assessments.service import DesignInUse
from app.delivery import results
from app.delivery.service import Delivery, language_of, require
from app.delivery.state import SittingState, StoredResponse
from item_bank import scoring

TOLERANCE = 1e-9


@dataclass(frozen=True)
class ReplayedStep:
    """One position, as stored and as computed again."""

    position: int
    item: str
    score: int | None
    theta: float
    se: float


@dataclass(frozen=True)
class Replay:
    """The verdict, and the first difference if there is one."""

    steps: tuple[ReplayedStep, ...]
    difference: str | None

    @property
    def identical(self) -> bool:
        """Whether everything came out again."""
        return self.difference is None


async def replay(delivery: Delivery, sitting_id: UUID) -> Replay:
    """Compute a sitting again and compare; raises `NotFound` for an unknown one."""
    sitting = await require(delivery, sitting_id)
    design = await delivery.assessments.in_use(sitting.design_id)
    stored = await delivery.store.responses(sitting_id)
    body = await delivery.store.result(sitting_id) if sitting.status == "finished" else None
    lists = {sitting.withdrawal_list, *(response.withdrawal_list for response in stored)}
    withdrawn = {number: await delivery.withdrawal_lists.at(number, delivery.store) for number in lists}
    steps: list[ReplayedStep] = []
    difference = next(_differences(design, sitting, stored, body, withdrawn, steps), None)
    return Replay(tuple(steps), difference)


def _differences(
    design: DesignInUse,
    sitting: SittingState,
    stored: list[StoredResponse],
    body: Any,
    withdrawn: Mapping[int, frozenset[str]],
    steps: list[ReplayedStep],
) -> Iterator[str]:
    if sitting.status == "created":
        return
    items: list[int] = []
    scores: list[int] = []
    step = design.step((), (), sitting.seed, sitting.profession, withdrawn[sitting.withdrawal_list])
    for expected, response in enumerate(stored, start=1):
        if response.position != expected:
            yield f"position {expected}: missing, {response.position} stands there"
            return
        if response.item_index != step.item:
            yield f"position {expected}: item {response.item_index} was shown, {step.item} is chosen now"
        item, _ = design.release.shown(response.item_index, language_of(design, sitting))
        if response.score is None:
            steps.append(ReplayedStep(expected, item.id, None, step.theta, step.se))
            break
        # what was entered is forgotten in time (`app.privacy`), its score is not
        forgotten = response.response is None and response.outcome == "answered"
        score = (
            response.score if forgotten else scoring.score(item, scoring.parse(item, response.response)).score
        )
        if score != response.score:
            yield f"position {expected}: scored {response.score} then, {score} now"
        items.append(response.item_index)
        scores.append(response.score)
        known = withdrawn[response.withdrawal_list]
        step = design.step(items, scores, sitting.seed, sitting.profession, known)
        steps.append(ReplayedStep(expected, item.id, score, step.theta, step.se))
        if abs(step.theta - response.theta) > TOLERANCE or abs(step.se - response.se) > TOLERANCE:
            yield (
                f"position {expected}: theta {response.theta!r} se {response.se!r} then, "
                f"{step.theta!r} {step.se!r} now"
            )
        if response.finish_reason is None and response.next_item != step.item:
            yield f"position {expected}: item {response.next_item} was chosen, {step.item} is chosen now"
        reason = step.reason.name.lower() if step.reason else None
        if reason is not None and response.finish_reason not in (reason, "time"):
            yield f"position {expected}: the test went on then, it stops now ({reason})"
        if reason is None and response.finish_reason not in (None, "time"):
            yield f"position {expected}: the test stopped then ({response.finish_reason}), it goes on now"
    if tuple(items) != sitting.items or tuple(scores) != sitting.scores:
        yield "the scored responses of the sitting are not those of its positions"
    if body is not None:
        yield from _result_differences(design, sitting, items, scores, body)


def _result_differences(
    design: DesignInUse, sitting: SittingState, items: list[int], scores: list[int], body: Any
) -> Iterator[str]:
    started_at, ended_at = sitting.started_at, sitting.finished_at
    if started_at is None or ended_at is None:
        yield "the sitting is finished without a start or an end"
        return
    again = results.assemble(design, items, scores, body["ended"], started_at=started_at, ended_at=ended_at)
    was, now = body["measurement"], again["measurement"]
    if (was is None) != (now is None):
        yield "a result was reported then and is not now, or the other way round"
        return
    if was is None:
        return
    if was["level_index"] != now["level_index"]:
        yield f"level {was['level_index']} then, {now['level_index']} now"
    for name in ("theta", "se", "wle", "wle_se"):
        if abs(was[name] - now[name]) > TOLERANCE:
            yield f"{name} {was[name]!r} then, {now[name]!r} now"
    for name in ("interval", "level_probabilities", "at_least"):
        if any(abs(a - b) > TOLERANCE for a, b in zip(was[name], now[name], strict=True)):
            yield f"{name} {was[name]} then, {now[name]} now"
