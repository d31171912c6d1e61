"""The withdrawal list: items that leaked and are shown to nobody from now on, whatever release holds them.

The list is append-only acts numbered without gap; the list of number n is what the acts 1 to n say. A sitting stores
the number each decision was made under, so that a replay knows what was withdrawn then. A process keeps the acts it
has read: it reads them again only when a sitting comes with a higher number.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.delivery.state import Withdrawal
from app.delivery.store import DeliveryStore
from app.delivery.tables import WithdrawalEntry


class WithdrawalLists:
    """What every list said, as far as this process has read."""

    def __init__(self) -> None:
        self._acts: Sequence[Withdrawal] = ()
        self._lists: dict[int, frozenset[str]] = {0: frozenset()}

    async def at(self, number: int, store: DeliveryStore) -> frozenset[str]:
        """The items withdrawn by the list of this number."""
        if number not in self._lists:
            if number > len(self._acts):
                self._acts = await store.withdrawals()
            withdrawn: set[str] = set()
            for act in self._acts[:number]:
                if act.withdrawn:
                    withdrawn.add(act.item_id)
                else:
                    withdrawn.discard(act.item_id)
            self._lists[number] = frozenset(withdrawn)
        return self._lists[number]


async def in_force(db: AsyncSession) -> list[WithdrawalEntry]:
    """The items of the present list, each with the act that withdrew it."""
    query = select(WithdrawalEntry).order_by(WithdrawalEntry.number)
    last = {entry.item_key: entry for entry in (await db.execute(query)).scalars()}
    return [entry for entry in last.values() if entry.withdrawn]


async def append(
    db: AsyncSession, item_key: str, *, withdrawn: bool, actor: str, why: str, now: datetime
) -> int:
    """Add an act; the primary key makes two writers of the same number fail rather than leave one unseen."""
    last = (await db.execute(select(func.coalesce(func.max(WithdrawalEntry.number), 0)))).scalar_one()
    db.add(
        WithdrawalEntry(number=last + 1, item_key=item_key, withdrawn=withdrawn, actor=actor, why=why, at=now)
    )
    await db.flush()
    return last + 1
