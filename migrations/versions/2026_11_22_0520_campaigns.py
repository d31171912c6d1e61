"""cohorts, campaigns, enrolments, held results

Revision: b3e6f2c9a8d4
Follows: a2d5e1b8f7c3
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant

revision = "b3e6f2c9a8d4"
down_revision = "a2d5e1b8f7c3"
branch_labels = None
depends_on = None

OF_A_CAMPAIGN = sa.text("campaign_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "cohort",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("curriculum", sa.String(length=100), nullable=True),
        sa.Column("year", sa.String(length=32), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_cohort_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint("institution_id", "name", name=op.f("uq_cohort_institution_id_name")),
    )
    op.create_table(
        "cohort_member",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk_cohort_member_cohort_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_cohort_member_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_cohort_member_institution_id")
        ),
        sa.PrimaryKeyConstraint("cohort_id", "learner_id", name=op.f("pk_cohort_member")),
    )
    op.create_index(op.f("ix_cohort_member_institution_id"), "cohort_member", ["institution_id"])
    op.create_index(op.f("ix_cohort_member_learner_id"), "cohort_member", ["learner_id"])
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("design_key", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("publication", sa.String(length=16), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("join_code", sa.String(length=32), nullable=True),
        sa.Column("identifier", sa.String(length=16), nullable=False),
        sa.Column("opens_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("max_sittings", sa.Integer(), nullable=True),
        sa.Column("wait_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("profession", sa.String(length=32), nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.Column("published_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint("identifier IN ('none', 'known', 'any')", name=op.f("ck_campaign_identifier")),
        sa.CheckConstraint("publication IN ('immediate', 'held')", name=op.f("ck_campaign_publication")),
        sa.CheckConstraint(
            "purpose IN ('practice', 'placement', 'certification')", name=op.f("ck_campaign_purpose")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_campaign_cohort_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_campaign_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("join_code", name=op.f("uq_campaign_join_code")),
    )
    op.create_index(op.f("ix_campaign_cohort_id"), "campaign", ["cohort_id"])
    op.create_index("ix_campaign_institution_id_id", "campaign", ["institution_id", "id"])
    op.create_table(
        "enrolment",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("time_percent", sa.Integer(), server_default=sa.text("100"), nullable=False),
        sa.Column("link_hash", sa.String(length=64), nullable=True),
        sa.Column("invited_at", Instant(), nullable=True),
        sa.Column("joined_at", Instant(), nullable=True),
        sa.CheckConstraint("time_percent >= 100", name=op.f("ck_enrolment_time_percent")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_enrolment_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_enrolment_learner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_enrolment_institution_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "learner_id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_enrolment_link_hash")),
    )
    op.create_index(op.f("ix_enrolment_institution_id"), "enrolment", ["institution_id"])
    op.create_index(op.f("ix_enrolment_learner_id"), "enrolment", ["learner_id"])
    op.create_table(
        "learner_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rows_sealed", sa.Text(), nullable=False),
        sa.Column("read_by", sa.String(length=128), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohort.id"], name=op.f("fk_learner_file_cohort_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_learner_file_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learner_file")),
    )
    op.create_index(op.f("ix_learner_file_institution_id"), "learner_file", ["institution_id"])
    op.create_index(op.f("ix_learner_file_read_at"), "learner_file", ["read_at"])

    op.create_index("ix_learner_institution_id_id", "learner", ["institution_id", "id"])
    op.create_index(
        "ix_learner_institution_id_updated_at_id", "learner", ["institution_id", "updated_at", "id"]
    )
    if op.get_context().dialect.name == "sqlite":
        # a table that others reference is never rebuilt
        op.execute("ALTER TABLE sitting ADD COLUMN campaign_id CHAR(32) REFERENCES campaign (id)")
    else:
        op.add_column("sitting", sa.Column("campaign_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f("fk_sitting_campaign_id"), "sitting", "campaign", ["campaign_id"], ["id"])
    op.add_column("sitting", sa.Column("start_by", Instant(), nullable=True))
    op.add_column("sitting", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("sitting", sa.Column("published_at", Instant(), nullable=True))
    op.create_index(
        "ix_sitting_campaign_id",
        "sitting",
        ["campaign_id", "learner_id"],
        postgresql_where=OF_A_CAMPAIGN,
        sqlite_where=OF_A_CAMPAIGN,
    )
    op.create_index("ix_sitting_institution_id_created_at", "sitting", ["institution_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_sitting_institution_id_created_at", "sitting")
    op.drop_index("ix_sitting_campaign_id", "sitting")
    for name in ("published_at", "held", "start_by", "campaign_id"):
        op.drop_column("sitting", name)
    op.drop_index("ix_learner_institution_id_updated_at_id", "learner")
    op.drop_index("ix_learner_institution_id_id", "learner")
    for name in ("learner_file", "enrolment", "campaign", "cohort_member", "cohort"):
        op.drop_table(name)
