"""webhook secrets sealed at rest, and the indexes that a long queue and a purged log need

Revision: a2d5e1b8f7c3
Follows: 91c4d0a7e6b2
"""

import sqlalchemy as sa
from alembic import op

from app.secrets import Sealer
from app.settings import Settings

revision = "a2d5e1b8f7c3"
down_revision = "91c4d0a7e6b2"
branch_labels = None
depends_on = None

WEBHOOK = sa.table(
    "webhook",
    sa.column("id", sa.Uuid()),
    sa.column("secret", sa.String()),
    sa.column("former_secret", sa.String()),
    sa.column("sealed_secret", sa.Text()),
    sa.column("sealed_former_secret", sa.Text()),
)
COLUMN = WEBHOOK.c


def upgrade() -> None:
    op.add_column(
        "webhook", sa.Column("sealed_secret", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("webhook", sa.Column("sealed_former_secret", sa.Text(), nullable=True))
    database = op.get_bind()
    rows = database.execute(sa.select(COLUMN.id, COLUMN.secret, COLUMN.former_secret)).all()
    if rows:
        sealer = Sealer.of(Settings())
        for webhook_id, secret, former in rows:
            database.execute(
                sa.update(WEBHOOK)
                .where(COLUMN.id == webhook_id)
                .values(
                    sealed_secret=sealer.seal(secret),
                    sealed_former_secret=None if former is None else sealer.seal(former),
                )
            )
    op.drop_column("webhook", "secret")
    op.drop_column("webhook", "former_secret")
    op.create_index(
        "ix_webhook_delivery_next",
        "webhook_delivery",
        ["webhook_id", "due_at", "id"],
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_webhook_delivery_claimed",
        "webhook_delivery",
        ["webhook_id", "claimed_until"],
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
        sqlite_where=sa.text("claimed_until IS NOT NULL"),
    )
    op.create_index("ix_webhook_delivery_log", "webhook_delivery", ["webhook_id", "id"])
    op.create_index(op.f("ix_webhook_delivery_opened_at"), "webhook_delivery", ["opened_at"])
    op.create_index(op.f("ix_webhook_attempt_at"), "webhook_attempt", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_attempt_at"), "webhook_attempt")
    op.drop_index(op.f("ix_webhook_delivery_opened_at"), "webhook_delivery")
    op.drop_index("ix_webhook_delivery_log", "webhook_delivery")
    op.drop_index("ix_webhook_delivery_claimed", "webhook_delivery")
    op.drop_index("ix_webhook_delivery_next", "webhook_delivery")
    op.add_column(
        "webhook", sa.Column("secret", sa.String(length=80), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("webhook", sa.Column("former_secret", sa.String(length=80), nullable=True))
    database = op.get_bind()
    rows = database.execute(sa.select(COLUMN.id, COLUMN.sealed_secret, COLUMN.sealed_former_secret)).all()
    if rows:
        sealer = Sealer.of(Settings())
        for webhook_id, sealed, former in rows:
            database.execute(
                sa.update(WEBHOOK)
                .where(COLUMN.id == webhook_id)
                .values(
                    secret=sealer.open(sealed),
                    former_secret=None if former is None else sealer.open(former),
                )
            )
    op.drop_column("webhook", "sealed_former_secret")
    op.drop_column("webhook", "sealed_secret")
