"""exports, daily tallies for comparisons

Revision: c4f7a3d0b9e5
Follows: b3e6f2c9a8d4
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant, Json

revision = "c4f7a3d0b9e5"
down_revision = "b3e6f2c9a8d4"
branch_labels = None
depends_on = None

WAITING = sa.text("status IN ('pending', 'running')")


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("updated_since", Instant(), nullable=True),
        sa.Column("bom", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.CheckConstraint("what IN ('results', 'responses', 'learners')", name=op.f("ck_export_what")),
        sa.CheckConstraint("format IN ('json', 'csv', 'xlsx', 'parquet')", name=op.f("ck_export_format")),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'ready', 'failed', 'expired')", name=op.f("ck_export_status")
        ),
        sa.CheckConstraint(
            "(status IN ('ready', 'expired')) = (sha256 IS NOT NULL)", name=op.f("ck_export_ready")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_export_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index("ix_export_waiting", "export", ["id"], postgresql_where=WAITING, sqlite_where=WAITING)
    op.create_index("ix_export_institution_id_id", "export", ["institution_id", "id"])
    op.create_index(op.f("ix_export_expires_at"), "export", ["expires_at"])
    op.create_table(
        "comparison_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("design_key", sa.String(length=64), nullable=False),
        sa.Column("scale", sa.String(length=64), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("levels", Json, nullable=False),
        sa.Column("domains", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_comparison_tally_institution_id")
        ),
        sa.PrimaryKeyConstraint(
            "day", "design_key", "scale", "institution_id", name=op.f("pk_comparison_tally")
        ),
    )


def downgrade() -> None:
    op.drop_table("comparison_tally")
    op.drop_table("export")
