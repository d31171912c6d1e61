"""From a finished sitting's scores to what is reported: level, probabilities, profile, advice.

A pure function of the design and the scored responses, so that a result can be made again at any time.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.assessments.service import DesignInUse
from app.errors import Conflict
from irt.levels import to_points
from irt.policy import Outcome, Score
from irt.profile import Standing

VERSION = 1
MOST_ADVICE = 3


def assemble(
    design: DesignInUse,
    items: Sequence[int],
    scores: Sequence[int],
    reason: str,
    *,
    started_at: datetime,
    ended_at: datetime,
) -> dict[str, Any]:
    """The body of a result: plain JSON, versioned."""
    score = design.policy.score(items, scores)
    reportable = score.outcome is Outcome.REPORTABLE
    return {
        "version": VERSION,
        "provisional": design.provisional,
        "ended": reason,
        "answers": len(items),
        "duration_seconds": max(0, round((ended_at - started_at).total_seconds())),
        "cuts": list(design.release.framework.cuts),
        "levels": [
            {"id": level.id, "label": level.label} for level in design.release.framework.certification_levels
        ],
        "measurement": _measurement(design, score) if reportable else None,
        "domains": _domains(design, items, score, reportable=reportable),
        "advice": _advice(design, items, scores, score.theta),
    }


class NotCertifiable(Conflict):
    """A result that no certificate may rest on; says why."""

    code, title = "not_certifiable", "This result carries no certificate"


def require_certifiable(design: DesignInUse, body: Mapping[str, Any]) -> None:
    """Raise `NotCertifiable` unless a certificate may rest on this result; whoever issues one asks first.

    The design is asked as well as the body: what was calibrated since does not make an indicative result final.
    """
    if design.purpose != "certification":
        raise NotCertifiable("A practice sitting carries no certificate.")
    if design.provisional or body["provisional"]:
        raise NotCertifiable(
            "The parameters are provisional: the result is indicative and carries no certificate."
        )
    if body["measurement"] is None:
        raise NotCertifiable("There are too few responses for a result.")


def _measurement(design: DesignInUse, score: Score) -> dict[str, Any]:
    low, high = score.interval90
    scale = design.policy.scale
    points = [round(float(value)) for value in to_points(scale, [low, score.theta, high])] if scale else None
    return {
        "theta": score.theta,
        "se": score.se,
        "wle": score.wle,
        "wle_se": score.wle_se,
        "interval": [low, high],
        "level_index": score.level,
        "level_probabilities": [float(value) for value in score.level_probabilities],
        "at_least": [float(value) for value in score.at_least],
        "points": points[1] if points else None,
        "points_interval": [points[0], points[2]] if points else None,
    }


def _domains(
    design: DesignInUse, items: Sequence[int], score: Score, *, reportable: bool
) -> list[dict[str, Any]]:
    """One row a domain, by the gates of the profile.

    A domain with too low a reliability is `too_few`; one that is reliable only because the whole test is says
    nothing of its own and is `not_distinguishable`.
    """
    framework = design.release.framework
    answers = [0] * len(framework.domains)
    for index in items:
        answers[int(design.release.snapshot.domain[index])] += 1
    traits = score.profile if reportable else None
    rows = []
    for number, domain in enumerate(framework.domains):
        row: dict[str, Any] = {
            "id": domain.id,
            "heading": domain.heading,
            "answers": answers[number],
            "state": "too_few",
            "flag": "",
            "theta": 0.0,
            "interval": [0.0, 0.0],
            "level_index": 0,
        }
        if traits is not None and traits.converged:
            row["theta"] = float(traits.theta[number])
            row["interval"] = [float(traits.low[number]), float(traits.high[number])]
            row["level_index"] = design.level_of(row["theta"])
            row["prmse"] = float(traits.prmse[number])
            row["prmse_ratio"] = float(traits.ratio[number])
            row["state"] = _state(design, traits.shown[number], row["prmse"])
            standing = Standing(int(traits.standing[number]))
            row["flag"] = {Standing.STRONG: "strong", Standing.WEAK: "weak"}.get(standing, "")
        rows.append(row)
    return rows


def _state(design: DesignInUse, shown: bool, prmse: float) -> str:
    if shown:
        return "measured"
    model = design.policy.rules.profile
    return "not_distinguishable" if model is not None and prmse >= model.least_prmse else "too_few"


def _advice(
    design: DesignInUse, items: Sequence[int], scores: Sequence[int], theta: float
) -> list[dict[str, str]]:
    """The competences where most credit was lost against what this ability would give, three at most."""
    release = design.release
    expected = design.expected_scores(theta)
    lost: Mapping[str, list[float]] = defaultdict(list)
    for index, score in zip(items, scores, strict=True):
        item = release.item(index)
        lost[item.competence].append((float(expected[index]) - score) / item.maximum_score)
    ranked = sorted(
        (competence for competence, losses in lost.items() if sum(losses) > 0),
        key=lambda competence: (-sum(lost[competence]), competence),
    )
    framework = release.framework
    return [
        {
            "competence": competence,
            "domain": framework.domain_of[competence].heading,
            "title": framework.competences[competence].advice.title,
            "text": framework.competences[competence].advice.text,
        }
        for competence in ranked[:MOST_ADVICE]
    ]
