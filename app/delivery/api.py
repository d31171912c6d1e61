"""`/v1/sittings`: the same sitting over JSON, under an institution's API key."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import AwareDatetime

from app.auth.permissions import Caller, Scope
from app.delivery import entry, service
from app.delivery.context import Context, given_context
from app.delivery.schemas import (
    DesignOut,
    DocumentOut,
    DomainOut,
    FeedbackOut,
    ItemOut,
    LevelOut,
    MeasurementOut,
    OptionOut,
    QuestionOut,
    ReleaseOut,
    ReplyOut,
    ResponseIn,
    ResultOut,
    SittingIn,
    SittingListOut,
    SittingOut,
    SittingRowOut,
    ZoneOut,
)
from app.delivery.state import SittingState
from app.errors import NotFound
from app.wire.callers import calling
from app.wire.paging import Paging, after_id, page_of
from app.wire.problems import EVERYWHERE, problems

router = APIRouter(prefix="/v1/sittings", tags=["sittings"], responses=EVERYWHERE)

Ctx = Annotated[Context, Depends(given_context)]
CanCreate = Annotated[Caller, Depends(calling(Scope.SITTINGS_WRITE))]
CanList = Annotated[Caller, Depends(calling(Scope.SITTINGS_READ))]


@dataclass(frozen=True)
class Asked:
    """A sitting of the caller's institution, and the caller's time."""

    sitting: SittingState
    now: datetime


def own(
    scope: Scope, *, as_it_stands: bool = True, policy: Literal["default", "answers"] = "default"
) -> Callable[..., Coroutine[Any, Any, Asked]]:
    """A dependency: the sitting, if it is the caller's; otherwise it does not exist.

    It is closed if its time has passed meanwhile, unless it is wanted as it was left.
    """
    may = calling(scope, policy)

    async def found(sitting_id: UUID, context: Ctx, caller: Annotated[Caller, Depends(may)]) -> Asked:
        sitting = await service.require(context.delivery, sitting_id)
        if sitting.institution_id != caller.institution_id:
            raise NotFound("This sitting is unknown.")
        now = caller.now(context.now())
        if as_it_stands:
            sitting = await service.settle(context.delivery, sitting, now)
        return Asked(sitting, now)

    return found


ToRead = Annotated[Asked, Depends(own(Scope.SITTINGS_READ))]
ToChange = Annotated[Asked, Depends(own(Scope.SITTINGS_WRITE, policy="answers"))]
# An answer takes the sitting as it was left: one that comes too late is recorded as such, and closes it.
ToAnswer = Annotated[Asked, Depends(own(Scope.SITTINGS_WRITE, as_it_stands=False, policy="answers"))]
OfResult = Annotated[Asked, Depends(own(Scope.RESULTS_READ))]
CreationKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        description="the same key and body give the same sitting",
        examples=["enrol-etu-2026-0042"],
    ),
]
AnswerKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        description="one key a response; the same key and body give the same reply",
        examples=["7f0c1f1e-3d0a-4d52-9a51-5d0b7f4f6a11"],
    ),
]


@router.post("", status_code=201, operation_id="createSitting", responses=problems(400, 409, 410, 413, 422))
async def create(
    body: SittingIn, context: Ctx, caller: CanCreate, idempotency_key: CreationKey = None
) -> SittingOut:
    """Create a sitting for a learner. Send them to `launch_url`, or run it yourself with the calls below."""
    sitting_id, resume_code = await entry.by_api(
        context,
        caller.institution_id,
        now=caller.now(context.now()),
        design_key=body.design,
        campaign_id=body.campaign,
        external_id=body.learner,
        profession=body.profession,
        referentiel=body.referentiel,
        language=body.language,
        idempotency_key=idempotency_key,
    )
    sitting = await service.require(context.delivery, sitting_id)
    shown = await _sitting(context, sitting)
    if resume_code is not None:
        shown.launch_url = f"{context.settings.public_url}/reprendre/{resume_code}"
    return shown


@router.get("", operation_id="listSittings", summary="List sittings", responses=problems(422))
async def list_all(
    request: Request,
    context: Ctx,
    caller: CanList,
    paging: Paging,
    status: Annotated[
        Literal["created", "in_progress", "finished"] | None, Query(examples=["finished"])
    ] = None,
    design: Annotated[
        str | None, Query(max_length=64, description="key of a test design", examples=["certification"])
    ] = None,
    learner: Annotated[
        str | None,
        Query(max_length=128, description="your identifier of a learner", examples=["etu-2026-0042"]),
    ] = None,
    campaign: Annotated[UUID | None, Query(description="of this campaign only")] = None,
    updated_since: Annotated[
        AwareDatetime | None,
        Query(
            description="changed at this moment or later; to follow changes, note the time before you read the "
            "first page and give it next time",
            examples=["2027-01-11T09:00:00Z"],
        ),
    ] = None,
) -> SittingListOut:
    """In the order they were created, as they were last written down; read one to see it as it stands."""
    async with context.database.reading(tenant=caller.institution_id) as db:
        rows = await service.listed(
            db,
            context.delivery,
            caller.institution_id,
            status=status,
            design=design,
            learner=learner,
            campaign_id=campaign,
            updated_since=updated_since,
            after=after_id(paging),
            limit=paging.limit + 1,
        )
    shown, following = page_of(request, paging, rows, lambda row: (str(row.id),))
    return SittingListOut(data=[_row(row) for row in shown], next=following)


def _row(row: service.Listed) -> SittingRowOut:
    return SittingRowOut(
        id=row.id,
        learner=row.learner,
        campaign=row.campaign_id,
        status=row.status,
        design=row.design.key,
        design_version=row.design.number,
        answered=row.answered,
        created_at=row.created_at,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        finished_at=row.finished_at,
        finish_reason=row.finish_reason,
        updated_at=row.updated_at,
    )


@router.get("/{sitting_id}", operation_id="readSitting", responses=problems(404, 422))
async def read(context: Ctx, asked: ToRead) -> SittingOut:
    """The sitting as it stands, with the question being shown."""
    return await _sitting(context, asked.sitting)


@router.post("/{sitting_id}/start", operation_id="startSitting", responses=problems(404, 409, 410, 422))
async def start(context: Ctx, asked: ToChange) -> SittingOut:
    """Start the clock. Starting twice changes nothing."""
    return await _sitting(context, await service.start(context.delivery, asked.sitting, asked.now))


@router.post(
    "/{sitting_id}/responses", operation_id="answerQuestion", responses=problems(400, 404, 409, 413, 422)
)
async def answer(body: ResponseIn, context: Ctx, asked: ToAnswer, idempotency_key: AnswerKey) -> ReplyOut:
    """Answer the question being shown; the reply holds the next one, or why the sitting ended."""
    submission = service.Submission(body.position, body.item, body.response, f"api:{idempotency_key}")
    own = asked.sitting
    reply = await service.answer(context.delivery, own, submission, asked.now)
    design = await context.assessments.in_use(own.design_id)
    following = None
    if reply.next_position is not None and reply.next_item is not None:
        following = _question(service.question_at(design, own, reply.next_position, reply.next_item))
    feedback = None
    if service.explains(design, own):
        _, explained, _ = await service.correction(context.delivery, own, reply.position)
        feedback = FeedbackOut(
            correct=explained.correct,
            score=explained.score,
            maximum_score=explained.maximum,
            right_answer=explained.right_answer,
            rationale_html=explained.rationale_html,
            sources=list(explained.sources),
        )
    return ReplyOut.model_validate(
        {
            "position": reply.position,
            "outcome": reply.outcome,
            "finish_reason": reply.finish_reason,
            "question": following,
            "feedback": feedback,
        }
    )


@router.post("/{sitting_id}/finish", operation_id="finishSitting", responses=problems(404, 409, 422))
async def finish(context: Ctx, asked: ToChange) -> SittingOut:
    """End the sitting now. Ending twice changes nothing."""
    return await _sitting(context, await service.finish(context.delivery, asked.sitting, asked.now))


@router.get("/{sitting_id}/result", operation_id="readResult", responses=problems(404, 409, 422))
async def result(context: Ctx, asked: OfResult) -> ResultOut:
    """The result of a finished sitting."""
    own = asked.sitting
    body = await service.result(context.delivery, own)
    measured = body["measurement"]
    return ResultOut(
        sitting=own.id,
        provisional=body["provisional"],
        ended=body["ended"],
        answers=body["answers"],
        duration_seconds=body["duration_seconds"],
        measurement=_measurement(measured, body["levels"]) if measured else None,
        domains=[_domain(row) for row in body["domains"]],
    )


def _measurement(measured: dict[str, Any], levels: list[dict[str, str]]) -> MeasurementOut:
    reached = levels[measured["level_index"]]
    return MeasurementOut(
        theta=measured["theta"],
        se=measured["se"],
        wle=measured["wle"],
        wle_se=measured["wle_se"],
        interval=measured["interval"],
        points=measured["points"],
        points_interval=measured["points_interval"],
        level=reached["id"],
        label=reached["label"],
        levels=[
            LevelOut(id=level["id"], label=level["label"], probability=probability, at_least=at_least)
            for level, probability, at_least in zip(
                levels, measured["level_probabilities"], measured["at_least"], strict=True
            )
        ],
    )


def _domain(row: dict[str, Any]) -> DomainOut:
    shown = row["state"] == "measured"
    return DomainOut(
        id=row["id"],
        heading=row["heading"],
        state=row["state"],
        answers=row["answers"],
        flag=row["flag"],
        theta=row["theta"] if shown else None,
        interval=row["interval"] if shown else None,
    )


async def _sitting(context: Context, sitting: SittingState) -> SittingOut:
    design = await context.assessments.in_use(sitting.design_id)
    shown = (
        _question(await service.question(context.delivery, sitting))
        if sitting.status == "in_progress"
        else None
    )
    return SittingOut(
        id=sitting.id,
        status=sitting.status,
        design=DesignOut(
            key=design.key,
            version=design.number,
            purpose=design.purpose,
            title=design.title,
            length=design.length,
            minimum_responses=design.minimum_responses,
            time_limit_seconds=sitting.time_limit_seconds,
            languages=list(design.languages),
        ),
        release=ReleaseOut(
            number=design.release.number,
            content_hash=design.release.content_hash,
            demonstration=design.release.demonstration,
        ),
        provisional=design.provisional,
        language=sitting.language,
        created_at=sitting.created_at,
        started_at=sitting.started_at,
        deadline_at=sitting.deadline_at,
        finished_at=sitting.finished_at,
        finish_reason=sitting.finish_reason,
        answered=sitting.answered,
        question=shown,
    )


def _question(shown: service.Question) -> QuestionOut:
    presented = shown.presented
    document = presented.document
    zones = document.zones if document else ()
    return QuestionOut(
        position=shown.position,
        item=ItemOut(
            id=shown.token,
            interaction=presented.interaction.value,
            language=presented.language,
            stem_html=presented.stem_html,
            hint=presented.hint,
            options=[]
            if zones
            else [OptionOut(id=option.id, html=option.html) for option in presented.options],
            categories=[OptionOut(id=category.id, html=category.html) for category in presented.categories],
            unit=presented.unit,
            document=DocumentOut(
                title=document.title,
                kind=document.kind,
                fields=list(document.fields),
                fields_html=list(document.fields_html),
                html=document.html,
            )
            if document
            else None,
            zones=[
                ZoneOut(id=zone.id, html=option.html, text=zone.text)
                for zone, option in zip(zones, presented.options, strict=True)
            ]
            if zones
            else [],
            maximum=presented.maximum,
            maximum_score=presented.maximum_score,
        ),
    )
