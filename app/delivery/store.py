"""The hot path's SQL: start, answer, resume, draft. One behaviour, two drivers.

Each write is one guarded statement (PostgreSQL) or one savepoint of a group commit (SQLite): it happens whole, and
only if the sitting still stands where the caller saw it, the idempotency key is free and, where a next item is shown,
the withdrawal list is the one it was chosen under. `False` means one of these failed; the caller reads again and
decides. The stores commit by themselves; everything else commits in `app.db`.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from app.delivery.state import Closure, DraftState, Move, SittingState, Start, StoredResponse, Withdrawal


class DeliveryStore(Protocol):
    """What the service asks of a database on the hot path."""

    async def load(self, sitting_id: UUID) -> SittingState | None:
        """The sitting with its scored responses, or None."""

    async def response(self, sitting_id: UUID, position: int) -> StoredResponse | None:
        """The response recorded at a position."""

    async def response_by_key(self, sitting_id: UUID, idempotency_key: str) -> StoredResponse | None:
        """The response recorded under an idempotency key."""

    async def responses(self, sitting_id: UUID) -> list[StoredResponse]:
        """All responses in order."""

    async def withdrawals(self) -> list[Withdrawal]:
        """Every act on the withdrawal list, in order."""

    async def start(self, start: Start) -> bool:
        """Start the clock if the sitting is still `created` and the withdrawal list the one seen."""

    async def record(self, move: Move) -> bool:
        """Record a response if its question is still the one being shown."""

    async def close_sitting(self, closure: Closure) -> bool:
        """End the sitting if it still is in progress with the same number of responses."""

    async def save_draft(self, sitting_id: UUID, draft: DraftState) -> bool:
        """Keep the unsent response if its question is still the one being shown."""

    async def draft(self, sitting_id: UUID) -> DraftState | None:
        """The unsent response last saved."""

    async def result(self, sitting_id: UUID) -> Mapping[str, Any] | None:
        """The body of the latest result."""

    async def aclose(self) -> None:
        """Finish what was accepted, then let go."""


SITTING_COLUMNS = (
    "id, institution_id, learner_id, release_id, design_id, profession, language, seed, holder_hash, status, "
    "created_at, time_limit_seconds, started_at, deadline_at, finished_at, finish_reason, answered, current_item, "
    "presented_at, theta, se, withdrawal_list, campaign_id, start_by, held, published_at"
)
LATEST_WITHDRAWAL_LIST = "(SELECT coalesce(max(number), 0) FROM withdrawal_entry)"
RESPONSE_COLUMNS = (
    "position, item_index, item_version_id, response, response_hash, outcome, score, presented_at, received_at, "
    "idempotency_key, theta, se, next_item, finish_reason, withdrawal_list"
)


def to_json(value: Mapping[str, Any] | None) -> str | None:
    """Compact JSON text; refuses NaN and infinity."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(value: Any) -> Any:
    """What a driver gave back for a JSON column: text or already decoded."""
    return json.loads(value) if isinstance(value, str | bytes) else value
