"""Storing sittings that nobody took: the rows a real one leaves, without a browser and without a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assessments.service import DesignInUse
from app.auth.credentials import hashed
from app.delivery import results
from app.delivery.store import to_json
from app.delivery.tables import Response, Result, Sitting
from app.institutions import service as institutions
from item_bank.item import (
    Item,
    MatchKey,
    MultipleChoiceKey,
    NumericKey,
    OrderKey,
    ShortTextKey,
    SingleChoiceKey,
    ZoneKey,
)
from item_bank.scoring import parse, score


class SimulatedSitting(NamedTuple):
    """What a simulated learner did; estimates before the first answer and after each, moments likewise."""

    id: UUID
    key: str
    resume_hash: str
    seed: int
    items: Sequence[int]
    scores: Sequence[int]
    theta: Sequence[float]
    se: Sequence[float]
    reason: str
    moments: Sequence[datetime]


async def others_sat(db: AsyncSession, but: Iterable[UUID]) -> bool:
    """Whether an institution that is none of these has a sitting."""
    query = select(Sitting.id).where(Sitting.institution_id.not_in(set(but))).limit(1)
    return (await db.execute(query)).scalar() is not None


async def known(db: AsyncSession, institution_id: UUID, key: str) -> bool:
    """Whether a sitting of this key is stored."""
    query = select(Sitting.id).where(Sitting.institution_id == institution_id, Sitting.idempotency_key == key)
    return (await db.execute(query.limit(1))).scalar() is not None


async def store(
    db: AsyncSession, design: DesignInUse, institution_id: UUID, sittings: Sequence[SimulatedSitting]
) -> None:
    """Write finished sittings with their responses and results, in the caller's transaction."""
    learners = await institutions.add_learners(
        db, institution_id, [(one.key, one.moments[0]) for one in sittings]
    )
    await db.execute(
        insert(Sitting), [_sitting(design, institution_id, learners[one.key], one) for one in sittings]
    )
    await db.execute(
        insert(Response), [row for one in sittings for row in _responses(design, institution_id, one)]
    )
    await db.execute(
        insert(Result),
        [
            {
                "sitting_id": one.id,
                "number": 1,
                "institution_id": institution_id,
                "reason": "first",
                "body": results.assemble(
                    design,
                    one.items,
                    one.scores,
                    one.reason,
                    started_at=one.moments[0],
                    ended_at=one.moments[-1],
                ),
                "created_at": one.moments[-1],
            }
            for one in sittings
        ],
    )


def _sitting(
    design: DesignInUse, institution_id: UUID, learner_id: UUID, one: SimulatedSitting
) -> dict[str, Any]:
    return {
        "id": one.id,
        "institution_id": institution_id,
        "learner_id": learner_id,
        "access_code_id": None,
        "release_id": design.release.id,
        "design_id": design.id,
        "profession": None,
        "language": None,
        "seed": one.seed,
        "holder_hash": None,
        "resume_hash": one.resume_hash,
        "idempotency_key": one.key,
        "request_hash": None,
        "created_at": one.moments[0],
        "time_limit_seconds": design.time_limit_seconds,
        "status": "finished",
        "started_at": one.moments[0],
        "deadline_at": one.moments[0] + timedelta(seconds=design.time_limit_seconds),
        "finished_at": one.moments[-1],
        "finish_reason": one.reason,
        "answered": len(one.items),
        "current_item": None,
        "presented_at": one.moments[-2],
        "theta": one.theta[-1],
        "se": one.se[-1],
        "withdrawal_list": 0,
    }


def _responses(design: DesignInUse, institution_id: UUID, one: SimulatedSitting) -> Iterable[dict[str, Any]]:
    for place, (index, credit) in enumerate(zip(one.items, one.scores, strict=True)):
        last = place + 1 == len(one.items)
        entered = answers_of(design.release.item(index))[credit]
        yield {
            "sitting_id": one.id,
            "position": place + 1,
            "institution_id": institution_id,
            "item_index": index,
            "item_version_id": design.release.item_version_ids[index],
            "response": entered,
            "response_hash": hashed(to_json(entered) or ""),
            "outcome": "answered",
            "score": credit,
            "presented_at": one.moments[place],
            "received_at": one.moments[place + 1],
            "idempotency_key": f"{one.key}-{place + 1}",
            "theta": one.theta[place + 1],
            "se": one.se[place + 1],
            "next_item": None if last else one.items[place + 1],
            "finish_reason": one.reason if last else None,
            "withdrawal_list": 0,
        }


_ANSWERS: dict[str, dict[int, Mapping[str, Any]]] = {}


def answers_of(item: Item) -> Mapping[int, Mapping[str, Any]]:
    """A response of each score an item can have, tried against its scoring key."""
    found = _ANSWERS.get(item.content_hash)
    if found is None:
        found = {}
        for raw in _candidates(item):
            found.setdefault(score(item, parse(item, raw)).score, raw)
        missing = [credit for credit in range(item.maximum_score + 1) if credit not in found]
        if missing:
            raise ValueError(f"{item.id}: no response of score {missing[0]} was found")
        _ANSWERS[item.content_hash] = found
    return found


def _candidates(item: Item) -> Iterable[Mapping[str, Any]]:
    options = [option.id for option in item.options]
    match item.scoring_key:
        case SingleChoiceKey(option=right):
            yield {"choice": right}
            yield {"choice": next(one for one in options if one != right)}
        case MultipleChoiceKey(options=right):
            yield from ({"choices": list(chosen)} for chosen in _shorter(right, options))
        case ZoneKey(zones=right):
            yield from ({"zones": list(chosen)} for chosen in _shorter(right, options))
        case OrderKey(steps=right):
            yield {"order": list(right)}
            yield from ({"order": [*right[place:], *right[:place]]} for place in range(1, len(right)))
            yield {"order": list(reversed(right))}
            yield from (
                {"order": [*right[:place], *reversed(right[place:])]} for place in range(1, len(right))
            )
        case MatchKey(pairs=right):
            other = {
                name: next(one.id for one in item.categories if one.id != category)
                for name, category in right
            }
            for wrong in range(len(right) + 1):
                pairs = {
                    name: other[name] if place < wrong else category
                    for place, (name, category) in enumerate(right)
                }
                yield {"pairs": pairs}
        case ShortTextKey(accepted=accepted):
            yield {"text": accepted[0]}
            yield {"text": "réponse simulée"}
        case NumericKey(value=value):
            yield {"number": str(value).replace(".", ",")}
            yield {"number": str(value * 10 + 1000).replace(".", ",")}


def _shorter(right: Sequence[str], options: Sequence[str]) -> Iterable[Sequence[str]]:
    """The right choice, then ever fewer of it, then wrong ones."""
    yield right
    for count in range(len(right) - 1, 0, -1):
        yield right[:count]
    yield from ([one] for one in options if one not in right)
