"""Every table of the service, imported in one place for Alembic."""

from app.assessments import tables as assessments
from app.audit import AuditEntry
from app.auth import tables as auth
from app.bank import tables as bank
from app.calibration import tables as calibration
from app.db import Base
from app.delivery import tables as delivery
from app.institutions import tables as institutions
from app.outbox import OutboxEvent
from app.webhooks import tables as webhooks

__all__ = [
    "AuditEntry",
    "Base",
    "OutboxEvent",
    "assessments",
    "auth",
    "bank",
    "calibration",
    "delivery",
    "institutions",
    "webhooks",
]

metadata = Base.metadata
