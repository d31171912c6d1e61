"""LTI platforms, deployments, links, grades

Revision: d5a8b4e1c0f6
Follows: c4f7a3d0b9e5

Nothing to fill: an institution that registers no platform is not concerned.
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant, Json

revision = "d5a8b4e1c0f6"
down_revision = "c4f7a3d0b9e5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lti_tool_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_key", Json, nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("signs_from", Instant(), nullable=False),
        sa.Column("published_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_lti_tool_key")),
    )
    op.create_table(
        "lti_platform",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("authorization_url", sa.String(length=500), nullable=False),
        sa.Column("token_url", sa.String(length=500), nullable=False),
        sa.Column("jwks_url", sa.String(length=500), nullable=False),
        sa.Column("token_audience", sa.String(length=500), nullable=True),
        sa.Column("deployments", Json, nullable=False),
        sa.Column("frame_origins", Json, nullable=False),
        sa.Column("pseudonym_key_sealed", sa.Text(), nullable=False),
        sa.Column("shows_names", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_lti_platform_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_platform")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_lti_platform_issuer_client_id")),
    )
    op.create_index(op.f("ix_lti_platform_institution_id"), "lti_platform", ["institution_id"])
    op.create_table(
        "lti_registration_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_lti_registration_link_institution_id_institution"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_registration_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_lti_registration_link_secret_hash")),
    )
    op.create_index(
        op.f("ix_lti_registration_link_institution_id"), "lti_registration_link", ["institution_id"]
    )
    op.create_table(
        "lti_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("deployment", sa.String(length=255), nullable=False),
        sa.Column("resource_link", sa.String(length=255), nullable=False),
        sa.Column("design_key", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("line_item_url", sa.String(length=500), nullable=True),
        sa.Column("line_items_url", sa.String(length=500), nullable=True),
        sa.Column("memberships_url", sa.String(length=500), nullable=True),
        sa.Column("grade_scopes", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("launched_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_lti_link_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["platform_id"],
            ["lti_platform.id"],
            name=op.f("fk_lti_link_platform_id_lti_platform"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_link")),
        sa.UniqueConstraint(
            "platform_id",
            "deployment",
            "resource_link",
            name=op.f("uq_lti_link_platform_id_deployment_resource_link"),
        ),
    )
    op.create_table(
        "lti_participation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("subject_sealed", sa.Text(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_lti_participation_institution_id_institution"),
        ),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["lti_link.id"],
            name=op.f("fk_lti_participation_link_id_lti_link"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
            name=op.f("fk_lti_participation_learner_id_learner"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"],
            ["sitting.id"],
            name=op.f("fk_lti_participation_sitting_id_sitting"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_participation")),
        sa.UniqueConstraint("link_id", "learner_id", name=op.f("uq_lti_participation_link_id_learner_id")),
    )
    op.create_index(op.f("ix_lti_participation_learner_id"), "lti_participation", ["learner_id"])
    op.create_index(op.f("ix_lti_participation_sitting_id"), "lti_participation", ["sitting_id"])
    op.create_table(
        "lti_grade",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("activity", sa.String(length=16), nullable=False),
        sa.Column("grading", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("indicative", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name=op.f("ck_lti_grade_state")),
        sa.CheckConstraint(
            "activity IN ('Initialized', 'InProgress', 'Completed')", name=op.f("ck_lti_grade_activity")
        ),
        sa.CheckConstraint(
            "grading IN ('NotReady', 'PendingManual', 'Failed', 'FullyGraded')",
            name=op.f("ck_lti_grade_grading"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_lti_grade_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["participation_id"],
            ["lti_participation.id"],
            name=op.f("fk_lti_grade_participation_id_lti_participation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("participation_id", name=op.f("pk_lti_grade")),
    )
    op.create_index(
        "ix_lti_grade_due",
        "lti_grade",
        ["due_at"],
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )


def downgrade() -> None:
    op.drop_table("lti_grade")
    op.drop_table("lti_participation")
    op.drop_table("lti_link")
    op.drop_table("lti_registration_link")
    op.drop_table("lti_platform")
    op.drop_table("lti_tool_key")
