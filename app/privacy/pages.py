"""`/espace/donnees`: how long data are kept, what a learner may have, erasure."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.auth.permissions import Scope
from app.delivery.context import Context, given_context
from app.errors import InvalidInput
from app.privacy import service
from app.privacy.service import CLASSES, DataClass
from app.web.render import render
from app.web.views_privacy import DataView, ErasedView, KnownLearnerView, LengthView
from app.wire.members import Member, frame_of, signed_in

router = APIRouter(prefix="/espace/donnees", include_in_schema=False, default_response_class=HTMLResponse)
Ctx = Annotated[Context, Depends(given_context)]
Protects = Annotated[Member, Depends(signed_in(Scope.PRIVACY_WRITE))]
Days = Annotated[int, Form(ge=0, le=1_000_000)]


@router.get("")
async def data(
    request: Request,
    context: Ctx,
    member: Protects,
    apprenant: Annotated[str, Query(max_length=128)] = "",
    fait: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """Lengths, and the way to one learner by the identifier the institution knows."""
    sought = apprenant.strip()
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        days = await service.retention(db, member.caller.institution_id)
        found = await service.called(db, member.caller.institution_id, sought) if sought else None
    if found is not None:
        return RedirectResponse(f"/espace/donnees/apprenants/{found}", status_code=303)
    view = DataView(
        frame=frame_of(member, "privacy"),
        lengths=_lengths(days),
        sought=sought,
        problem="unknown" if sought else "",
        done="lengths" if fait == "durees" else "",
    )
    return render(request, view, status_code=404 if sought else 200)


@router.post("/durees")
async def set_lengths(
    request: Request,
    context: Ctx,
    member: Protects,
    identity: Days,
    pseudonym: Days,
    entries: Days,
    never_started: Days,
) -> Response:
    """Choose every length."""
    days = {
        DataClass.IDENTITY: identity,
        DataClass.PSEUDONYM: pseudonym,
        DataClass.ENTRIES: entries,
        DataClass.NEVER_STARTED: never_started,
    }
    try:
        async with context.database.transaction(tenant=member.caller.institution_id) as db:
            await service.set_retention(
                db, member.caller.institution_id, days, actor=member.caller.actor, now=context.now()
            )
    except InvalidInput:
        view = DataView(frame=frame_of(member, "privacy"), lengths=_lengths(days), problem="length")
        return render(request, view, status_code=422)
    return RedirectResponse("/espace/donnees?fait=durees", status_code=303)


@router.get("/apprenants/{learner_id}")
async def learner(request: Request, context: Ctx, member: Protects, learner_id: UUID) -> Response:
    """What is known of a learner, counted."""
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        known = await service.export(db, context.assessments, member.caller.institution_id, learner_id)
    facts, sittings = known["learner"], known["sittings"]
    view = KnownLearnerView(
        frame=frame_of(member, "privacy"),
        id=str(learner_id),
        external_id=facts["external_id"] or str(learner_id),
        identified=facts["identity"] is not None,
        attributes=[facts[name] for name in ("profession", "curriculum", "year") if facts[name]],
        cohorts=len(known["cohorts"]),
        campaigns=len(known["campaigns"]),
        sittings=len(sittings),
        entries=sum(one["entered"] is not None for sitting in sittings for one in sitting["responses"]),
        reports=sum(len(sitting["reports"]) for sitting in sittings),
        since=facts["created_at"],
    )
    return render(request, view)


@router.get("/apprenants/{learner_id}/fichier")
async def file(context: Ctx, member: Protects, learner_id: UUID) -> Response:
    """Everything that is known of a learner, as a file."""
    async with context.database.reading(tenant=member.caller.institution_id) as db:
        known = await service.export(db, context.assessments, member.caller.institution_id, learner_id)
    return Response(
        json.dumps(known, default=str, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="apprenant-{learner_id}.json"'},
    )


@router.post("/apprenants/{learner_id}/effacement")
async def erase(
    request: Request,
    context: Ctx,
    member: Protects,
    learner_id: UUID,
    sure: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Erase a learner, once the member says they are sure."""
    if not sure:
        return RedirectResponse(f"/espace/donnees/apprenants/{learner_id}", status_code=303)
    async with context.database.transaction(tenant=member.caller.institution_id) as db:
        done = await service.erase(
            db,
            context.settings.state_folder,
            member.caller.institution_id,
            learner_id,
            reason="request",
            actor=member.caller.actor,
            now=context.now(),
        )
    view = ErasedView(
        frame=frame_of(member, "privacy"),
        kept=done.sittings_kept,
        removed=done.sittings_removed,
        withdrawn=done.exports_withdrawn,
    )
    return render(request, view)


def _lengths(days: dict[DataClass, int]) -> list[LengthView]:
    return [
        LengthView(
            key=name.value,
            days=chosen,
            least=CLASSES[name].least,
            most=CLASSES[name].most,
            wrong=not CLASSES[name].least <= chosen <= CLASSES[name].most,
        )
        for name, chosen in days.items()
    ]
