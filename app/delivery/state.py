"""What the hot path reads and writes, as plain values: no row, no driver type."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

Status = Literal["created", "in_progress", "finished"]


@dataclass(frozen=True, slots=True)
class SittingState:
    """A sitting and its scored responses, in order."""

    id: UUID
    institution_id: UUID
    learner_id: UUID
    release_id: UUID
    design_id: UUID
    profession: str | None
    language: str | None
    seed: int
    holder_hash: str | None
    status: Status
    created_at: datetime
    time_limit_seconds: int
    started_at: datetime | None
    deadline_at: datetime | None
    finished_at: datetime | None
    finish_reason: str | None
    answered: int
    current_item: int | None
    presented_at: datetime | None
    theta: float | None
    se: float | None
    items: tuple[int, ...]
    scores: tuple[int, ...]
    # the withdrawal list under which the first item was chosen, and the one in force as this was read
    withdrawal_list: int = 0
    latest_withdrawal_list: int = 0
    campaign_id: UUID | None = None
    start_by: datetime | None = None
    held: bool = False
    published_at: datetime | None = None

    @property
    def result_held(self) -> bool:
        """Whether the result is still kept from the learner."""
        return self.held and self.published_at is None

    @property
    def position(self) -> int:
        """Number of the question being shown, from 1."""
        return self.answered + 1


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One recorded response, as found again by a retry, a correction page or a replay."""

    position: int
    item_index: int
    item_version_id: UUID
    response: Mapping[str, Any] | None
    response_hash: str
    outcome: str
    score: int | None
    presented_at: datetime
    received_at: datetime
    idempotency_key: str
    theta: float
    se: float
    next_item: int | None
    finish_reason: str | None
    withdrawal_list: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One act on the withdrawal list."""

    number: int
    item_id: str
    withdrawn: bool


def told_of(sitting_id: UUID, campaign_id: UUID | None, **more: Any) -> dict[str, Any]:
    """The payload of an event: names, never a response or a result."""
    campaign = {} if campaign_id is None else {"campaign_id": str(campaign_id)}
    return {"sitting_id": str(sitting_id), **campaign, **more}


@dataclass(frozen=True, slots=True)
class Start:
    """The clock starts: first item, deadline."""

    sitting_id: UUID
    now: datetime
    deadline: datetime
    item: int
    theta: float
    se: float
    language: str = "fr"
    withdrawal_list: int = 0
    campaign_id: UUID | None = None

    @property
    def event(self) -> dict[str, Any]:
        """What the outbox tells of it."""
        return told_of(self.sitting_id, self.campaign_id)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is written beside the last fact of a sitting."""

    reason: str
    result: Mapping[str, Any]
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """One response and what follows from it: the next item, or the ending."""

    sitting_id: UUID
    institution_id: UUID
    position: int
    item_index: int
    item_version_id: UUID
    response: Mapping[str, Any] | None
    response_hash: str
    outcome: str
    score: int | None
    presented_at: datetime
    now: datetime
    idempotency_key: str
    theta: float
    se: float
    next_item: int | None
    ending: Ending | None
    withdrawal_list: int = 0


@dataclass(frozen=True, slots=True)
class Closure:
    """The ending of a sitting without a further response: time over, or the learner's wish."""

    sitting_id: UUID
    institution_id: UUID
    answered: int
    now: datetime
    ending: Ending


@dataclass(frozen=True, slots=True)
class DraftState:
    """The unsent response of the question being shown."""

    position: int
    response: Mapping[str, Any] | None
    saved_at: datetime


@dataclass(frozen=True)
class CampaignSitting:
    """What the rules of a campaign ask of one sitting."""

    id: UUID
    learner_id: UUID
    status: Status
    holder_hash: str | None
    start_by: datetime | None
    finished_at: datetime | None
    result_held: bool


class Tally(NamedTuple):
    """Learners of a campaign by how far their furthest sitting is, and finished sittings whose result is held."""

    waiting: int = 0
    in_progress: int = 0
    finished: int = 0
    held: int = 0
