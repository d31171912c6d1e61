"""From a sitting to what its pages show. No rule lives here: only words, places and order."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, cast
from urllib.parse import quote

from app.assessments.service import DesignInUse
from app.delivery import service
from app.delivery.context import Context
from app.delivery.state import SittingState
from app.errors import InvalidInput, NotFound
from app.web.views import (
    Advice,
    AnswerLine,
    CategoryView,
    CodeProblem,
    CorrectionView,
    DesignChoice,
    DocumentView,
    DomainProgress,
    DomainResult,
    Entered,
    Estimate,
    FinishView,
    Interaction,
    IntroductionView,
    ItemView,
    LandingView,
    LevelView,
    OptionFeedback,
    OptionView,
    QuestionView,
    ResponseProblem,
    ResultView,
    ScoredOutcome,
    ZoneView,
)
from app.web.views_campaigns import HeldView
from item_bank.framework import Framework
from item_bank.item import TRANSVERSAL
from item_bank.presentation import Piece, Presented, Zone, plain

# The two that the first page explains; the others stand in a list.
MAIN_DESIGNS = ("certification", "practice")


async def landing(
    context: Context, code: str = "", problem: CodeProblem = "", chosen: str = ""
) -> LandingView:
    """The first page, with the designs one may try."""
    designs = await context.assessments.offered()
    designs.sort(key=lambda design: (design.purpose != "certification", design.key))
    choices = [DesignChoice(d.key, d.purpose, d.length, d.time_limit_seconds // 60, d.title) for d in designs]
    main = [choice for choice in choices if choice.id in MAIN_DESIGNS] or choices
    return LandingView(
        designs=main,
        others=[choice for choice in choices if choice not in main],
        level_labels=[level.label for level in designs[0].release.framework.certification_levels],
        code=code,
        problem=problem,
        chosen=chosen,
    )


async def introduction(
    context: Context, sitting: SittingState, resume_code: str, *, tutorial_done: bool
) -> IntroductionView:
    """What the learner knows before the clock starts."""
    design = await context.assessments.in_use(sitting.design_id)
    return IntroductionView(
        sitting=str(sitting.id),
        title=design.title,
        purpose=design.purpose,
        length=design.length,
        minutes=sitting.time_limit_seconds // 60,
        minimum_answers=design.minimum_responses,
        resume_code=resume_code,
        now=context.now(),
        provisional=design.provisional,
        tutorial_done=tutorial_done,
        languages=design.languages if sitting.language is None else (),
    )


async def question(
    context: Context,
    sitting: SittingState,
    *,
    entered: Entered | None = None,
    problem: ResponseProblem = "",
    problem_reported: bool = False,
) -> QuestionView:
    """The question being shown, with what was entered or the draft last saved."""
    design = await context.assessments.in_use(sitting.design_id)
    shown = await service.question(context.delivery, sitting)
    saved_at = None
    if entered is None:
        draft = await service.draft(context.delivery, sitting)
        saved_at = draft.saved_at if draft else None
        entered = Entered.from_response(draft.response if draft else None)
    return QuestionView(
        sitting=str(sitting.id),
        title=design.title,
        purpose=design.purpose,
        position=shown.position,
        length=design.length,
        item=_item(shown),
        now=context.now(),
        deadline=sitting.deadline_at,
        time_limit_seconds=sitting.time_limit_seconds,
        idempotency_key=f"q{shown.position}",
        entered=entered,
        saved_at=saved_at,
        problem=problem,
        provisional=design.provisional,
        problem_reported=problem_reported,
        document_question=shown.document_question,
        document_questions=shown.document_questions,
    )


async def interaction_of(context: Context, sitting: SittingState, token: Any) -> Interaction:
    """The interaction of an item of this sitting's release, for reading its form."""
    design = await context.assessments.in_use(sitting.design_id)
    index = design.release.index_of(token)
    if index is None:
        raise NotFound("This question is unknown.")
    return design.release.item(index).interaction.value


def response_problem(interaction: Interaction, error: InvalidInput) -> ResponseProblem:
    """The page's word for a response that could not be read."""
    expected = " ".join(str(entry.get("expected", "")) for entry in error.extra.get("errors", ()))
    if "500" in expected:
        return "too_long"
    match interaction:
        case "numeric":
            return "not_a_number"
        case "order":
            return "order_incomplete"
        case "match":
            return "match_incomplete"
        case "zone":
            return "too_many_zones" if "élément" in expected else "unreadable"
        case _:
            return "unreadable"


def _item(shown: service.Question) -> ItemView:
    presented = shown.presented
    return ItemView(
        token=str(shown.token),
        interaction=presented.interaction.value,
        stem_html=presented.stem_html,
        language=presented.language,
        options=_options(presented),
        categories=[CategoryView(category.id, category.html) for category in presented.categories],
        unit=presented.unit,
        domain=shown.domain,
        document=_document(presented),
        maximum=presented.maximum,
        maximum_score=presented.maximum_score,
        counted_spelling=presented.counted_spelling,
    )


def _options(presented: Presented) -> list[OptionView]:
    return [OptionView(option.id, option.html) for option in presented.options]


def _document(presented: Presented) -> DocumentView | None:
    document = presented.document
    if document is None:
        return None
    return DocumentView(
        title=document.title,
        kind=document.kind,
        fields=document.fields,
        body_html=document.html,
        language=presented.language,
        field_pieces=[_pieces(pieces) for pieces in document.field_pieces],
        body_pieces=_pieces(document.body_pieces),
    )


def _pieces(pieces: Sequence[Piece]) -> list[str | ZoneView]:
    return [ZoneView(piece.id, piece.text) if isinstance(piece, Zone) else piece for piece in pieces]


async def correction(context: Context, sitting: SittingState, position: int) -> CorrectionView:
    """Practice: what was answered, what was expected, why, and how far one is."""
    stored, explained, shown = await service.correction(context.delivery, sitting, position)
    design = await context.assessments.in_use(sitting.design_id)
    return CorrectionView(
        sitting=str(sitting.id),
        title=design.title,
        position=position,
        length=design.length,
        interaction=explained.interaction.value,
        domain=shown.domain,
        stem_html=shown.presented.stem_html,
        outcome=_outcome(explained.omitted, explained.score, explained.maximum),
        score=explained.score,
        maximum_score=explained.maximum,
        response=explained.given_answer,
        right_answer=explained.right_answer,
        options=[
            OptionFeedback(
                text_html=option.html,
                chosen=option.chosen,
                expected=not option.expected and option.right is True,
                given_label=option.given,
                expected_label=option.expected,
                why_html=option.why_html,
                id=option.id,
            )
            for option in explained.options
        ],
        rationale_html=explained.rationale_html,
        sources=explained.sources,
        progress=_progress(design, sitting),
        document=_document(shown.presented),
        language=shown.presented.language,
        now=context.now(),
        deadline=sitting.deadline_at,
        time_limit_seconds=sitting.time_limit_seconds,
        last=sitting.status == "finished" or stored.finish_reason is not None,
        provisional=design.provisional,
    )


def _outcome(omitted: bool, score: int, maximum: int) -> ScoredOutcome:
    if omitted:
        return "omitted"
    return "right" if score == maximum else "partial" if score else "wrong"


def _progress(design: DesignInUse, sitting: SittingState) -> list[DomainProgress]:
    answered: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for index, score in zip(sitting.items, sitting.scores, strict=True):
        domain = design.release.domain_of(index)
        answered[domain.id] += 1
        right[domain.id] += score == design.release.item(index).maximum_score
    return [
        DomainProgress(
            domain.heading, answered[domain.id], right[domain.id], design.most_per_domain(domain.id)
        )
        for domain in design.release.framework.domains
    ]


async def finish(context: Context, sitting: SittingState) -> FinishView:
    """Are you sure?"""
    design = await context.assessments.in_use(sitting.design_id)
    return FinishView(
        sitting=str(sitting.id),
        title=design.title,
        purpose=design.purpose,
        answered=sitting.answered,
        length=design.length,
        minimum_answers=design.minimum_responses,
        now=context.now(),
        deadline=sitting.deadline_at,
        time_limit_seconds=sitting.time_limit_seconds,
    )


def levels(framework: Framework) -> list[LevelView]:
    """The certification scale in words."""
    return [
        LevelView(level.label, level.meaning, level.next_step) for level in framework.certification_levels
    ]


async def held(context: Context, sitting: SittingState) -> HeldView:
    """In place of a result that is not published yet."""
    design = await context.assessments.in_use(sitting.design_id)
    return HeldView(
        title=design.title,
        answers=sitting.answered,
        finished_at=sitting.finished_at or context.now(),
        provisional=design.provisional,
    )


async def result(context: Context, sitting: SittingState) -> ResultView:
    """The level and the profile, as places on the scale and words; never numbers of the scale."""
    body = await service.result(context.delivery, sitting)
    design = await context.assessments.in_use(sitting.design_id)
    release = design.release
    measured = body["measurement"]
    finished_at = sitting.finished_at or context.now()
    return ResultView(
        sitting=str(sitting.id),
        title=design.title,
        purpose=design.purpose,
        finished_on=finished_at.date(),
        answers=body["answers"],
        length=design.length,
        minimum_answers=design.minimum_responses,
        duration_seconds=body["duration_seconds"],
        ended=cast("Literal['length', 'precision', 'time', 'learner']", body["ended"]),
        levels=levels(release.framework),
        cuts=body["cuts"],
        estimate=Estimate(
            level=measured["level_index"],
            theta=measured["theta"],
            low=measured["interval"][0],
            high=measured["interval"][1],
            probabilities=measured["level_probabilities"],
            at_least=measured["at_least"],
        )
        if measured
        else None,
        domains=[
            DomainResult(
                heading=row["heading"],
                state=row["state"],
                answers=row["answers"],
                theta=row["theta"],
                low=row["interval"][0],
                high=row["interval"][1],
                level=row["level_index"],
                flag=row["flag"],
            )
            for row in body["domains"]
        ],
        advice=[
            Advice(
                entry["domain"], entry["title"], entry["text"], await _training(context, entry["competence"])
            )
            for entry in body["advice"]
        ],
        lines=await _lines(context, design, sitting) if design.explains_each_item else (),
        provisional=body["provisional"],
    )


async def _training(context: Context, competence: str) -> str:
    """Where to practise a competence: the narrowest practice design on it that is for everybody; else none."""
    designs = [await context.assessments.current(key) for key in await context.assessments.keys()]
    on_it = [
        design.design
        for design in designs
        if design.purpose == "practice" and competence in design.design.pool.competences
    ]
    if not on_it:
        return ""
    best = min(
        on_it,
        key=lambda design: (
            design.pool.professions not in ((), (TRANSVERSAL,)),
            len(design.pool.competences),
            design.id,
        ),
    )
    return f"/?test={quote(best.id)}#autre"


async def _lines(context: Context, design: DesignInUse, sitting: SittingState) -> list[AnswerLine]:
    language = service.language_of(design, sitting)
    return [
        AnswerLine(
            position=stored.position,
            stem=plain(design.release.shown(stored.item_index, language)[0].stem),
            language=design.release.shown(stored.item_index, language)[0].language,
            domain=design.release.domain_of(stored.item_index).heading,
            outcome=_outcome(
                stored.outcome != "answered",
                stored.score,
                design.release.item(stored.item_index).maximum_score,
            ),
            href=f"/epreuve/{sitting.id}/correction/{stored.position}",
        )
        for stored in await context.delivery.store.responses(sitting.id)
        if stored.score is not None
    ]
