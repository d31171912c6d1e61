"""first tables

Revision: 48bf36b48d8a
Follows:
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant, Json

revision = "48bf36b48d8a"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("chain_hash", name=op.f("uq_audit_entry_chain_hash")),
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("slug", name=op.f("uq_institution_slug")),
    )
    op.create_table(
        "item_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_version")),
        sa.UniqueConstraint("item_key", "content_hash", name=op.f("uq_item_version_item_key_content_hash")),
        sa.UniqueConstraint("item_key", "number", name=op.f("uq_item_version_item_key_number")),
    )
    with op.batch_alter_table("item_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_version_item_key"), ["item_key"], unique=False)

    op.create_table(
        "parameter_set",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("origin", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_set")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_parameter_set_content_hash")),
    )
    op.create_table(
        "access_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("design_key", sa.String(length=64), nullable=False),
        sa.Column("profession", sa.String(length=32), nullable=True),
        sa.Column("opens_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name=op.f("ck_access_code_uses")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_access_code_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_code")),
        sa.UniqueConstraint("code", name=op.f("uq_access_code_code")),
    )
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_code_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_api_key_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_key_secret_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "bank_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("parameter_set_id", sa.Uuid(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parameter_set_id"], ["parameter_set.id"], name=op.f("fk_bank_release_parameter_set_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_release")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_bank_release_content_hash")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_release_number")),
    )
    op.create_table(
        "item_parameter",
        sa.Column("parameter_set_id", sa.Uuid(), nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("discrimination", sa.Double(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False),
        sa.Column("guessing", sa.Double(), nullable=False),
        sa.Column("upper_asymptote", sa.Double(), nullable=False),
        sa.Column("se_discrimination", sa.Double(), nullable=True),
        sa.Column("se_difficulty", sa.Double(), nullable=True),
        sa.CheckConstraint("difficulty BETWEEN -20 AND 20", name=op.f("ck_item_parameter_difficulty")),
        sa.CheckConstraint(
            "discrimination > 0 AND discrimination <= 10", name=op.f("ck_item_parameter_discrimination")
        ),
        sa.CheckConstraint(
            "guessing >= 0 AND guessing < upper_asymptote AND upper_asymptote <= 1",
            name=op.f("ck_item_parameter_asymptotes"),
        ),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_version.id"], name=op.f("fk_item_parameter_item_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["parameter_set_id"], ["parameter_set.id"], name=op.f("fk_item_parameter_parameter_set_id")
        ),
        sa.PrimaryKeyConstraint("parameter_set_id", "item_version_id", name=op.f("pk_item_parameter")),
    )
    op.create_table(
        "learner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_learner_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learner")),
        sa.UniqueConstraint(
            "institution_id", "external_id", name=op.f("uq_learner_institution_id_external_id")
        ),
    )
    op.create_table(
        "outbox_event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_outbox_event_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_event_due",
            ["due_at", "id"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "release_item",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("item_index", sa.Integer(), nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_version.id"], name=op.f("fk_release_item_item_version_id")
        ),
        sa.ForeignKeyConstraint(["release_id"], ["bank_release.id"], name=op.f("fk_release_item_release_id")),
        sa.PrimaryKeyConstraint("release_id", "item_index", name=op.f("pk_release_item")),
        sa.UniqueConstraint(
            "release_id", "item_version_id", name=op.f("uq_release_item_release_id_item_version_id")
        ),
    )
    op.create_table(
        "test_design",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("design_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("purpose IN ('practice', 'certification')", name=op.f("ck_test_design_purpose")),
        sa.ForeignKeyConstraint(["release_id"], ["bank_release.id"], name=op.f("fk_test_design_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_design")),
        sa.UniqueConstraint("design_key", "number", name=op.f("uq_test_design_design_key_number")),
        sa.UniqueConstraint(
            "design_key",
            "release_id",
            "content_hash",
            name=op.f("uq_test_design_design_key_release_id_content_hash"),
        ),
    )
    with op.batch_alter_table("test_design", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_test_design_design_key"), ["design_key"], unique=False)

    op.create_table(
        "sitting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("access_code_id", sa.Uuid(), nullable=True),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("design_id", sa.Uuid(), nullable=False),
        sa.Column("profession", sa.String(length=32), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("holder_hash", sa.String(length=64), nullable=True),
        sa.Column("resume_hash", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("time_limit_seconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("deadline_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("finish_reason", sa.String(length=32), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("current_item", sa.Integer(), nullable=True),
        sa.Column("presented_at", Instant(), nullable=True),
        sa.Column("theta", sa.Double(), nullable=True),
        sa.Column("se", sa.Double(), nullable=True),
        sa.CheckConstraint("(status = 'created') = (started_at IS NULL)", name=op.f("ck_sitting_started")),
        sa.CheckConstraint(
            "(status = 'finished') = (finished_at IS NOT NULL)", name=op.f("ck_sitting_finished")
        ),
        sa.CheckConstraint(
            "(status = 'in_progress') = (current_item IS NOT NULL)", name=op.f("ck_sitting_current_item")
        ),
        sa.CheckConstraint(
            "status IN ('created', 'in_progress', 'finished')", name=op.f("ck_sitting_status")
        ),
        sa.CheckConstraint("answered >= 0", name=op.f("ck_sitting_answered")),
        sa.ForeignKeyConstraint(
            ["access_code_id"], ["access_code.id"], name=op.f("fk_sitting_access_code_id")
        ),
        sa.ForeignKeyConstraint(["design_id"], ["test_design.id"], name=op.f("fk_sitting_design_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_sitting_institution_id")
        ),
        sa.ForeignKeyConstraint(["learner_id"], ["learner.id"], name=op.f("fk_sitting_learner_id")),
        sa.ForeignKeyConstraint(["release_id"], ["bank_release.id"], name=op.f("fk_sitting_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint(
            "institution_id", "idempotency_key", name=op.f("uq_sitting_institution_id_idempotency_key")
        ),
        sa.UniqueConstraint("resume_hash", name=op.f("uq_sitting_resume_hash")),
        postgresql_with={"fillfactor": 60},
    )
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_learner_id"), ["learner_id"], unique=False)
        batch_op.create_index(
            "ix_sitting_open_deadline",
            ["deadline_at"],
            unique=False,
            postgresql_where=sa.text("status = 'in_progress'"),
            sqlite_where=sa.text("status = 'in_progress'"),
        )

    op.create_table(
        "draft",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("response", Json, nullable=True),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_draft_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "problem_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_problem_report_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_version.id"], name=op.f("fk_problem_report_item_version_id")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_problem_report_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_report")),
    )
    with op.batch_alter_table("problem_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_problem_report_item_version_id"), ["item_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_problem_report_sitting_id"), ["sitting_id"], unique=False)

    op.create_table(
        "response",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("item_index", sa.Integer(), nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("response", Json, nullable=True),
        sa.Column("response_hash", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("presented_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("theta", sa.Double(), nullable=False),
        sa.Column("se", sa.Double(), nullable=False),
        sa.Column("next_item", sa.Integer(), nullable=True),
        sa.Column("finish_reason", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(outcome = 'late') = (score IS NULL)", name=op.f("ck_response_score")),
        sa.CheckConstraint("outcome IN ('answered', 'omitted', 'late')", name=op.f("ck_response_outcome")),
        sa.CheckConstraint("position >= 1", name=op.f("ck_response_position")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_response_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["item_version.id"], name=op.f("fk_response_item_version_id")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_response_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "position", name=op.f("pk_response")),
        sa.UniqueConstraint(
            "sitting_id", "idempotency_key", name=op.f("uq_response_sitting_id_idempotency_key")
        ),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_item_version_id"), ["item_version_id"], unique=False)

    op.create_table(
        "result",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_result_institution_id")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_result_sitting_id")),
        sa.PrimaryKeyConstraint("sitting_id", "number", name=op.f("pk_result")),
    )


def downgrade() -> None:
    op.drop_table("result")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_item_version_id"))

    op.drop_table("response")
    with op.batch_alter_table("problem_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_problem_report_sitting_id"))
        batch_op.drop_index(batch_op.f("ix_problem_report_item_version_id"))

    op.drop_table("problem_report")
    op.drop_table("draft")
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_sitting_open_deadline",
            postgresql_where=sa.text("status = 'in_progress'"),
            sqlite_where=sa.text("status = 'in_progress'"),
        )
        batch_op.drop_index(batch_op.f("ix_sitting_learner_id"))

    op.drop_table("sitting")
    with op.batch_alter_table("test_design", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_test_design_design_key"))

    op.drop_table("test_design")
    op.drop_table("release_item")
    with op.batch_alter_table("outbox_event", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_event_due",
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        )

    op.drop_table("outbox_event")
    op.drop_table("learner")
    op.drop_table("item_parameter")
    op.drop_table("bank_release")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_institution_id"))

    op.drop_table("api_key")
    with op.batch_alter_table("access_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_code_institution_id"))

    op.drop_table("access_code")
    op.drop_table("parameter_set")
    with op.batch_alter_table("item_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_version_item_key"))

    op.drop_table("item_version")
    op.drop_table("institution")
    op.drop_table("audit_entry")
