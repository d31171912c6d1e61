"""`/v1/sittings`: the same sitting over JSON, under an institution's API key."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request

from app.delivery import entry, service
from app.delivery.context import Context, context_of, given_context
from app.delivery.schemas import (
    DesignOut,
    DocumentOut,
    DomainOut,
    FeedbackOut,
    ItemOut,
    LevelOut,
    MeasurementOut,
    OptionOut,
    ProblemOut,
    QuestionOut,
    ReleaseOut,
    ReplyOut,
    ResponseIn,
    ResultOut,
    SittingIn,
    SittingOut,
    ZoneOut,
)
from app.delivery.state import SittingState
from app.errors import NotFound, Unauthorized

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documented refusals, all RFC 9457."""
    words = {
        400: "The body is not JSON",
        401: "No API key, or an unknown one",
        404: "Unknown, or another institution's",
        409: "The present state does not allow it",
        413: "The body is too large",
        422: "A field is wrong; `errors` names it",
        503: "Try again after `Retry-After` seconds",
    }
    return {
        status: {"description": words[status], "content": PROBLEM, "model": ProblemOut} for status in statuses
    }


router = APIRouter(prefix="/v1/sittings", tags=["sittings"], responses=problems(401, 503))


async def institution(request: Request, authorization: Annotated[str | None, Header()] = None) -> UUID:
    """The institution whose key signs the request."""
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized("Send `Authorization: Bearer <API key>`.")
    context = context_of(request)
    return await context.keys.institution(context.database, secret.strip())


Caller = Annotated[UUID, Depends(institution)]
Ctx = Annotated[Context, Depends(given_context)]


async def as_left(sitting_id: UUID, context: Ctx, caller: Caller) -> SittingState:
    """The sitting as it was left, if it is the caller's; otherwise it does not exist."""
    sitting = await service.require(context.delivery, sitting_id)
    if sitting.institution_id != caller:
        raise NotFound("This sitting is unknown.")
    return sitting


async def as_it_stands(context: Ctx, sitting: Annotated[SittingState, Depends(as_left)]) -> SittingState:
    """The same, closed if its time has passed meanwhile."""
    return await service.settle(context.delivery, sitting, context.now())


# An answer takes the sitting as it was left: one that comes too late is recorded as such, and closes it.
AsLeft = Annotated[SittingState, Depends(as_left)]
Own = Annotated[SittingState, Depends(as_it_stands)]
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


@router.post("", status_code=201, operation_id="createSitting", responses=problems(400, 409, 413, 422))
async def create(
    body: SittingIn, context: Ctx, caller: Caller, idempotency_key: CreationKey = None
) -> SittingOut:
    """Create a sitting for a learner. Send them to `launch_url`, or run it yourself with the calls below."""
    sitting_id, resume_code = await entry.by_api(
        context,
        caller,
        design_key=body.design,
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


@router.get("/{sitting_id}", operation_id="readSitting", responses=problems(404, 422))
async def read(context: Ctx, own: Own) -> SittingOut:
    """The sitting as it stands, with the question being shown."""
    return await _sitting(context, own)


@router.post("/{sitting_id}/start", operation_id="startSitting", responses=problems(404, 409, 422))
async def start(context: Ctx, own: Own) -> SittingOut:
    """Start the clock. Starting twice changes nothing."""
    return await _sitting(context, await service.start(context.delivery, own, context.now()))


@router.post(
    "/{sitting_id}/responses", operation_id="answerQuestion", responses=problems(400, 404, 409, 413, 422)
)
async def answer(body: ResponseIn, context: Ctx, own: AsLeft, idempotency_key: AnswerKey) -> ReplyOut:
    """Answer the question being shown; the reply holds the next one, or why the sitting ended."""
    submission = service.Submission(body.position, body.item, body.response, f"api:{idempotency_key}")
    reply = await service.answer(context.delivery, own, submission, context.now())
    design = await context.assessments.in_use(own.design_id)
    following = None
    if reply.next_position is not None and reply.next_item is not None:
        following = _question(service.question_at(design, own, reply.next_position, reply.next_item))
    feedback = None
    if design.explains_each_item:
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
async def finish(context: Ctx, own: Own) -> SittingOut:
    """End the sitting now. Ending twice changes nothing."""
    return await _sitting(context, await service.finish(context.delivery, own, context.now()))


@router.get("/{sitting_id}/result", operation_id="readResult", responses=problems(404, 409, 422))
async def result(context: Ctx, own: Own) -> ResultOut:
    """The result of a finished sitting."""
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
