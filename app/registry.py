"""Every table of the service, imported in one place for Alembic."""

from app.assessments import tables as assessments
from app.audit import AuditEntry
from app.auth import tables as auth
from app.bank import tables as bank
from app.calibration import tables as calibration
from app.campaigns import tables as campaigns
from app.db import Base
from app.delivery import tables as delivery
from app.institutions import tables as institutions
from app.lti import tables as lti
from app.outbox import OutboxEvent
from app.privacy import tables as privacy
from app.reporting import tables as reporting
from app.webhooks import tables as webhooks
from app.wire.idempotency import IdempotentRequest

__all__ = [
    "AuditEntry",
    "Base",
    "IdempotentRequest",
    "OutboxEvent",
    "assessments",
    "auth",
    "bank",
    "calibration",
    "campaigns",
    "delivery",
    "institutions",
    "lti",
    "privacy",
    "reporting",
    "webhooks",
]

metadata = Base.metadata
