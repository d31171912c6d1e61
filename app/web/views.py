"""What each page needs, typed: a handler builds one of these views and `render` makes the response.

Views hold plain values only: no database row, no array, no scoring key of a question still to be answered.
Fields called `*_html` are HTML already sanitised by `item_bank.presentation`; every other string is escaped.
Problems are named by codes and worded in the templates, so that they exist in every language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Literal, Self

Interaction = Literal["single_choice", "multiple_choice", "order", "match", "short_text", "numeric", "zone"]
Purpose = Literal["certification", "practice"]
ScoredOutcome = Literal["right", "partial", "wrong", "omitted"]

GESTURES = ("choose", "key", "change", "submit")  # that the trial question teaches

CodeProblem = Literal["", "empty", "unknown", "expired", "too_many"]
ResponseProblem = Literal[
    "",
    "empty",  # nothing entered: the page is shown again with a second button that confirms the empty answer
    "not_a_number",
    "too_long",
    "order_incomplete",  # a step without a place, or two steps with the same place
    "match_incomplete",
    "too_many_zones",
    "unreadable",  # anything else, such as an option that does not exist
]


class View:
    """A page: the template that shows it."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Brand:
    """The look of an institution, worn by the pages of its learners; an empty address is the house's own."""

    name: str
    logo: str = ""
    stylesheet: str = ""


# The question


@dataclass(frozen=True)
class OptionView:
    """One choice, step or element, in the order this sitting shows them."""

    id: str
    text_html: str


@dataclass(frozen=True)
class CategoryView:
    """One category of a match interaction."""

    id: str
    text_html: str


@dataclass(frozen=True)
class ZoneView:
    """The words that a zone of a document takes up, plain text."""

    id: str
    text: str


@dataclass(frozen=True)
class DocumentView:
    """The fictitious document studied beside an item.

    One with zones holds them in its pieces: safe HTML and zones, in reading order.
    """

    title: str
    kind: str  # email, log, form, letter, page, report
    fields: Sequence[tuple[str, str]]  # header lines, plain text
    body_html: str
    language: str = "fr"
    field_pieces: Sequence[Sequence[str | ZoneView]] = ()  # the values of `fields`, again
    body_pieces: Sequence[str | ZoneView] = ()

    @property
    def zones(self) -> list[ZoneView]:
        """The zones in reading order."""
        every = (piece for pieces in (*self.field_pieces, self.body_pieces) for piece in pieces)
        return [piece for piece in every if isinstance(piece, ZoneView)]


@dataclass(frozen=True)
class ItemView:
    """An item as the learner may see it. `token` is the opaque name that comes back in the form."""

    token: str
    interaction: Interaction
    stem_html: str
    language: str = "fr"
    options: Sequence[OptionView] = ()
    categories: Sequence[CategoryView] = ()
    unit: str = ""
    domain: str = ""
    document: DocumentView | None = None
    maximum: int | None = None  # how many zones may be chosen; None: any number
    maximum_score: int = 1  # above 1, a response right in part earns part of the points
    counted_spelling: Sequence[str] = ()  # of a short answer: case, accents, punctuation


@dataclass(frozen=True)
class Entered:
    """What the learner has entered so far, in the form's terms: even a wrong entry is shown again."""

    choice: str = ""
    choices: frozenset[str] = frozenset()
    positions: Mapping[str, str] = field(default_factory=dict)  # option id -> place typed or chosen
    pairs: Mapping[str, str] = field(default_factory=dict)  # option id -> category id
    text: str = ""
    number: str = ""
    zones: frozenset[str] = frozenset()

    @classmethod
    def from_response(cls, response: Mapping[str, object] | None) -> Self:
        """Read a canonical response or draft, `{"choices": ["a", "c"]}`; leave out what cannot be read."""
        raw = response or {}

        def string(name: str) -> str:
            value = raw.get(name)
            return value if isinstance(value, str) else ""

        def strings(name: str) -> list[str]:
            value = raw.get(name)
            entries = value if isinstance(value, list | tuple) else []
            return [entry for entry in entries if isinstance(entry, str)]

        pairs = raw.get("pairs")
        return cls(
            choice=string("choice"),
            choices=frozenset(strings("choices")),
            positions={option: str(place) for place, option in enumerate(strings("order"), start=1)},
            pairs={str(k): str(v) for k, v in pairs.items()} if isinstance(pairs, Mapping) else {},
            text=string("text"),
            number=string("number"),
            zones=frozenset(strings("zones")),
        )


@dataclass(frozen=True)
class QuestionView(View):
    """One item of a running sitting, in the player."""

    template: ClassVar[str] = "question.html"
    sitting: str  # the identifier in /epreuve/{sitting}
    title: str
    purpose: Purpose
    position: int  # from 1
    length: int  # at most so many questions
    item: ItemView
    now: datetime  # server clock, aware
    deadline: datetime | None  # None: untimed
    time_limit_seconds: int  # whole duration granted, extra time included; 0 when untimed
    idempotency_key: str
    entered: Entered = field(default_factory=Entered)
    saved_at: datetime | None = None  # when the draft shown was saved
    problem: ResponseProblem = ""
    provisional: bool = True
    problem_reported: bool = False
    document_question: int = 0  # 2 of 3 on the same document; 0 when the item stands alone
    document_questions: int = 0


# Before the questions


@dataclass(frozen=True)
class DesignChoice:
    """A design one may try; its title is content, in the language of the bank."""

    id: str
    purpose: Purpose
    length: int
    minutes: int
    title: str


@dataclass(frozen=True)
class LandingView(View):
    """The first page: access code, or the demonstration; `others` are the designs beside the two main ones."""

    template: ClassVar[str] = "landing.html"
    designs: Sequence[DesignChoice]
    others: Sequence[DesignChoice]
    level_labels: Sequence[str]
    code: str = ""
    chosen: str = ""  # among the others, the one an advice led to
    problem: CodeProblem = ""
    provisional: bool = True


@dataclass(frozen=True)
class IntroductionView(View):
    """What the learner knows before the clock starts."""

    template: ClassVar[str] = "introduction.html"
    sitting: str
    title: str
    purpose: Purpose
    length: int
    minutes: int  # extra time included; 0 when untimed
    minimum_answers: int
    resume_code: str
    now: datetime
    provisional: bool = True
    learner: str = ""
    tutorial_done: bool = False
    languages: Sequence[str] = ()  # of the questions, when there is a choice to make


@dataclass(frozen=True)
class TutorialView(View):
    """A question for nothing, to learn the gestures. Nothing of it is stored."""

    template: ClassVar[str] = "tutorial.html"
    sitting: str
    title: str
    entered: Entered = field(default_factory=Entered)
    submitted: bool = False  # the form was sent: say that it works and go back
    gestures: frozenset[str] = frozenset()  # of GESTURES, those already made
    provisional: bool = True


# After the questions


@dataclass(frozen=True)
class OptionFeedback:
    """One option of an answered item. The labels serve order (places) and match (categories), the id zones."""

    text_html: str
    chosen: bool = False
    expected: bool = False
    given_label: str = ""
    expected_label: str = ""
    why_html: str = ""
    id: str = ""

    @property
    def right(self) -> bool:
        """Whether the learner did with this option what was expected."""
        if self.expected_label:
            return self.given_label == self.expected_label
        return self.chosen == self.expected


@dataclass(frozen=True)
class DomainProgress:
    """Practice so far in one domain."""

    heading: str
    answered: int
    right: int
    planned: int  # how many questions at most in this domain


@dataclass(frozen=True)
class CorrectionView(View):
    """Practice: what was answered, what was expected, and why."""

    template: ClassVar[str] = "correction.html"
    sitting: str
    title: str
    position: int
    length: int
    interaction: Interaction
    domain: str
    stem_html: str
    outcome: ScoredOutcome
    response: str  # in words: what was typed for short text and numeric; may be empty otherwise
    right_answer: str  # in words
    options: Sequence[OptionFeedback]
    rationale_html: str
    sources: Sequence[str]
    progress: Sequence[DomainProgress]
    language: str = "fr"  # of the item and its explanations
    document: DocumentView | None = None
    now: datetime | None = None
    deadline: datetime | None = None
    time_limit_seconds: int = 0
    score: int = 0
    maximum_score: int = 1
    last: bool = False  # the sitting is over: the next page is the result
    provisional: bool = True


@dataclass(frozen=True)
class LevelView:
    """One level of the scale, lowest first. `next_adds` completes 'Le palier suivant :'."""

    label: str
    meaning: str
    next_adds: str = ""


@dataclass(frozen=True)
class Estimate:
    """The measured level. theta, low and high are on the bank scale and only become places in a drawing."""

    level: int  # index in levels
    theta: float
    low: float  # 90 % interval
    high: float
    probabilities: Sequence[float]  # of each level
    at_least: Sequence[float]  # of each level or a higher one; at_least[0] == 1


@dataclass(frozen=True)
class DomainResult:
    """One domain of the profile, by the gates of the measuring rules."""

    heading: str
    state: Literal["measured", "too_few", "not_distinguishable"]
    answers: int
    theta: float = 0.0
    low: float = 0.0
    high: float = 0.0
    level: int = 0
    flag: Literal["", "strong", "weak"] = ""


@dataclass(frozen=True)
class Advice:
    """What to work on next. Without href no link is shown."""

    domain: str
    title: str
    text: str
    href: str = ""


@dataclass(frozen=True)
class AnswerLine:
    """One answered question of a practice sitting."""

    position: int
    stem: str  # plain text
    domain: str
    outcome: ScoredOutcome
    href: str
    language: str = "fr"


@dataclass(frozen=True)
class ResultView(View):
    """The level and the profile; `estimate` is None when there are too few answers for a result."""

    template: ClassVar[str] = "result.html"
    sitting: str
    title: str
    purpose: Purpose
    finished_on: date
    answers: int  # questions answered or shown and left empty
    length: int
    minimum_answers: int
    duration_seconds: int
    ended: Literal["length", "precision", "time", "learner"]
    levels: Sequence[LevelView]
    cuts: Sequence[float]
    estimate: Estimate | None
    domains: Sequence[DomainResult] = ()
    advice: Sequence[Advice] = ()
    lines: Sequence[AnswerLine] = ()  # practice only
    learner: str = ""
    provisional: bool = True


@dataclass(frozen=True)
class FinishView(View):
    """Are you sure: before a sitting is ended by its learner."""

    template: ClassVar[str] = "finish.html"
    sitting: str
    title: str
    answered: int
    length: int
    minimum_answers: int
    now: datetime
    deadline: datetime | None
    time_limit_seconds: int = 0
    purpose: Purpose = "certification"
    provisional: bool = True


# Words


MessageKind = Literal[
    "bad_request",  # 400
    "forbidden",  # 403
    "not_found",  # 404
    "method_not_allowed",  # 405
    "conflict",  # 409: another answer is already recorded for this question
    "ended",  # 409: the sitting is over; href leads to the result
    "expired",  # 410: access code
    "too_large",  # 413
    "unreadable",  # 422
    "too_many",  # 429
    "failure",  # 500
    "unavailable",  # 503
    "offline",
]


@dataclass(frozen=True)
class MessageView(View):
    """One plain thing to say, and where to go next."""

    template: ClassVar[str] = "message.html"
    kind: MessageKind
    href: str = "/"  # where the button leads: the current question, the result, the first page
    reference: str = ""  # request identifier, for support


@dataclass(frozen=True)
class AccessibilityView(View):
    template: ClassVar[str] = "accessibility.html"
    publisher: str = ""
    contact: str = ""  # an e-mail address


@dataclass(frozen=True)
class PrivacyView(View):
    template: ClassVar[str] = "privacy.html"
    publisher: str = ""
    contact: str = ""


@dataclass(frozen=True)
class ExplanationView(View):
    """How it is calculated."""

    template: ClassVar[str] = "explanation.html"
    levels: Sequence[LevelView]
    length: int
    minutes: int
    minimum_answers: int
    provisional: bool = True


@dataclass(frozen=True)
class StyleguideView(View):
    template: ClassVar[str] = "styleguide.html"
