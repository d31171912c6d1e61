"""calibrations under governance, and promotions

Revision: c41d7be09a52
Follows: 8e2b4c61f0d7

Nothing to fill: until the first promotion the parameters in force are those of the latest release.
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant, Json

revision = "c41d7be09a52"
down_revision = "8e2b4c61f0d7"
branch_labels = None
depends_on = None

STATES = "('draft', 'proposed', 'approved', 'promoted', 'superseded')"


def upgrade() -> None:
    op.create_table(
        "calibration_run",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("real", sa.Boolean(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("estimates", Json, nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_calibration_run")),
    )
    op.create_table(
        "calibration_step",
        sa.Column("run_hash", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=2000), nullable=False),
        sa.Column("promotions", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(f"after IN {STATES}", name=op.f("ck_calibration_step_after")),
        sa.CheckConstraint(f"before IN {STATES}", name=op.f("ck_calibration_step_before")),
        sa.ForeignKeyConstraint(
            ["run_hash"],
            ["calibration_run.content_hash"],
            name=op.f("fk_calibration_step_run_hash_calibration_run"),
        ),
        sa.PrimaryKeyConstraint("run_hash", "number", name=op.f("pk_calibration_step")),
    )
    op.create_table(
        "promotion",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("former_release_id", sa.Uuid(), nullable=False),
        sa.Column("run_hash", sa.String(length=64), nullable=True),
        sa.Column("rollback", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=2000), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_promotion_number")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["bank_release.id"], name=op.f("fk_promotion_release_id_bank_release")
        ),
        sa.ForeignKeyConstraint(
            ["former_release_id"],
            ["bank_release.id"],
            name=op.f("fk_promotion_former_release_id_bank_release"),
        ),
        sa.ForeignKeyConstraint(
            ["run_hash"],
            ["calibration_run.content_hash"],
            name=op.f("fk_promotion_run_hash_calibration_run"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_promotion")),
        sa.UniqueConstraint("release_id", name=op.f("uq_promotion_release_id")),
    )
    op.create_index(op.f("ix_promotion_run_hash"), "promotion", ["run_hash"])


def downgrade() -> None:
    op.drop_table("promotion")
    op.drop_table("calibration_step")
    op.drop_table("calibration_run")
