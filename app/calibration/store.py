"""SQL of calibrations under governance."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.calibration.tables import CalibrationRun, CalibrationStep, Promotion


async def run(db: AsyncSession, content_hash: str) -> CalibrationRun | None:
    """One run."""
    return await db.get(CalibrationRun, content_hash)


async def runs_like(db: AsyncSession, prefix: str) -> list[CalibrationRun]:
    """The runs whose content hash begins so, two at most."""
    query = select(CalibrationRun).where(CalibrationRun.content_hash.startswith(prefix, autoescape=True))
    return list((await db.execute(query.limit(2))).scalars())


async def runs(db: AsyncSession) -> list[CalibrationRun]:
    """Every run, in the order of registration."""
    query = select(CalibrationRun).order_by(CalibrationRun.registered_at, CalibrationRun.content_hash)
    return list((await db.execute(query)).scalars())


async def steps(db: AsyncSession, content_hash: str) -> list[CalibrationStep]:
    """The life of a run so far."""
    query = select(CalibrationStep).where(CalibrationStep.run_hash == content_hash)
    return list((await db.execute(query.order_by(CalibrationStep.number))).scalars())


async def in_state(db: AsyncSession, state: str) -> list[CalibrationStep]:
    """The last step of every run that is in a state."""
    last = (
        select(CalibrationStep.run_hash, func.max(CalibrationStep.number).label("number"))
        .group_by(CalibrationStep.run_hash)
        .subquery()
    )
    query = select(CalibrationStep).join(
        last, (last.c.run_hash == CalibrationStep.run_hash) & (last.c.number == CalibrationStep.number)
    )
    return list((await db.execute(query.where(CalibrationStep.after == state))).scalars())


async def promotions(db: AsyncSession) -> list[Promotion]:
    """Every promotion in order."""
    return list((await db.execute(select(Promotion).order_by(Promotion.number))).scalars())


async def last_promotion(db: AsyncSession) -> Promotion | None:
    """The one in force."""
    return (await db.execute(select(Promotion).order_by(Promotion.number.desc()).limit(1))).scalar()
