"""retention and erasure

Revision: e6b9c5f2d1a7
Follows: d5a8b4e1c0f6

Nothing to fill: without rules of their own institutions keep what the defaults say.
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant

revision = "e6b9c5f2d1a7"
down_revision = "d5a8b4e1c0f6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("data_class", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(length=128), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("days >= 1", name=op.f("ck_retention_rule_days")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_retention_rule_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "data_class", name=op.f("pk_retention_rule")),
    )
    op.create_table(
        "erasure",
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_erasure_institution_id")
        ),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_institution_id"), "erasure", ["institution_id"])


def downgrade() -> None:
    op.drop_table("erasure")
    op.drop_table("retention_rule")
