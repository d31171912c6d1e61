"""who may ask: accounts, roles, scoped keys, OAuth clients, idempotency, institutions' settings

Revision: 91c4d0a7e6b2
Follows: 5d90e3b7a214

Keys that exist keep what they could do: everything but reading responses item by item.
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant, Json

revision = "91c4d0a7e6b2"
down_revision = "5d90e3b7a214"
branch_labels = None
depends_on = None

SCOPES = [
    f"{what}:{act}"
    for what in ("campaigns", "institution", "keys", "learners", "lti", "members", "sittings", "webhooks")
    for act in ("read", "write")
] + ["audit:read", "exports:write", "privacy:write", "results:publish", "results:read"]
EPOCH = "2026-01-01T00:00:00.000000Z"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_sealed", sa.Text(), nullable=True),
        sa.Column("totp_confirmed_at", Instant(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=True),
        sa.Column("recovery_hashes", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "spent_token",
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "value_hash", name=op.f("pk_spent_token")),
    )
    op.create_index(op.f("ix_spent_token_expires_at"), "spent_token", ["expires_at"])

    op.create_table(
        "account_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_session_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_account_session_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_session_token_hash")),
    )
    op.create_index(op.f("ix_account_session_account_id"), "account_session", ["account_id"])
    op.create_index(op.f("ix_account_session_expires_at"), "account_session", ["expires_at"])

    op.create_table(
        "idempotent_request",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reply_sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_idempotent_request_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", "key", name=op.f("pk_idempotent_request")),
    )
    op.create_index(op.f("ix_idempotent_request_expires_at"), "idempotent_request", ["expires_at"])

    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_invitation_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_institution_id"), "invitation", ["institution_id"])

    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_membership_account_id")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_membership_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "institution_id", "account_id", name=op.f("uq_membership_institution_id_account_id")
        ),
    )
    op.create_index(op.f("ix_membership_account_id"), "membership", ["account_id"])

    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("jwks", Json, nullable=True),
        sa.Column("created_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint("(secret_hash IS NULL) <> (jwks IS NULL)", name=op.f("ck_oauth_client_method")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_oauth_client_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_oauth_client_secret_hash")),
    )
    op.create_index(op.f("ix_oauth_client_institution_id"), "oauth_client", ["institution_id"])

    op.create_table(
        "access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.id"], name=op.f("fk_access_token_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_access_token_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
    )
    op.create_index(op.f("ix_access_token_client_id"), "access_token", ["client_id"])
    op.create_index(op.f("ix_access_token_expires_at"), "access_token", ["expires_at"])
    op.create_index(op.f("ix_access_token_institution_id"), "access_token", ["institution_id"])

    op.create_table(
        "learner_identity",
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=100), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_learner_identity_institution_id")
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_learner_identity_learner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_learner_identity")),
    )
    op.create_index(op.f("ix_learner_identity_institution_id"), "learner_identity", ["institution_id"])
    op.create_table(
        "institution_logo",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_logo_institution_id")
        ),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_institution_logo")),
    )
    op.add_column("audit_entry", sa.Column("tenant_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_audit_entry_tenant_id"), "audit_entry", ["tenant_id"])
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"])
    op.add_column("api_key", sa.Column("prefix", sa.String(length=20), server_default="plk", nullable=False))
    op.add_column("api_key", sa.Column("scopes", Json, server_default=sa.text("'[]'"), nullable=False))
    op.add_column(
        "api_key",
        sa.Column("created_by", sa.String(length=128), server_default="command line", nullable=False),
    )
    op.add_column("api_key", sa.Column("last_used_at", Instant(), nullable=True))
    op.add_column("api_key", sa.Column("expires_at", Instant(), nullable=True))
    keys = sa.table("api_key", sa.column("scopes", Json))
    op.execute(keys.update().values(scopes=sorted(SCOPES)))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE institution ADD COLUMN test_of CHAR(32) REFERENCES institution (id)")
    else:
        op.add_column("institution", sa.Column("test_of", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f("fk_institution_test_of"), "institution", "institution", ["test_of"], ["id"]
        )
    op.create_index(op.f("ix_institution_test_of"), "institution", ["test_of"], unique=True)
    op.add_column(
        "institution",
        sa.Column("clock_offset_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    for name, empty in (("branding", "'{}'"), ("quotas", "'{}'"), ("frame_ancestors", "'[]'")):
        op.add_column("institution", sa.Column(name, Json, server_default=sa.text(empty), nullable=False))
    op.add_column("learner", sa.Column("profession", sa.String(length=32), nullable=True))
    op.add_column("learner", sa.Column("curriculum", sa.String(length=100), nullable=True))
    op.add_column("learner", sa.Column("year", sa.String(length=32), nullable=True))
    op.add_column("learner", sa.Column("updated_at", Instant(), server_default=EPOCH, nullable=False))
    op.add_column("learner", sa.Column("erased_at", Instant(), nullable=True))
    op.execute("UPDATE learner SET updated_at = created_at")


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_entry_subject"), "audit_entry")
    op.drop_index(op.f("ix_audit_entry_tenant_id"), "audit_entry")
    op.drop_column("audit_entry", "tenant_id")
    for name in ("erased_at", "updated_at", "year", "curriculum", "profession"):
        op.drop_column("learner", name)
    for name in ("frame_ancestors", "quotas", "branding", "clock_offset_seconds"):
        op.drop_column("institution", name)
    op.drop_index(op.f("ix_institution_test_of"), "institution")
    op.drop_column("institution", "test_of")
    for name in ("expires_at", "last_used_at", "created_by", "scopes", "prefix"):
        op.drop_column("api_key", name)
    for name in (
        "institution_logo",
        "learner_identity",
        "access_token",
        "oauth_client",
        "membership",
        "invitation",
        "idempotent_request",
        "account_session",
        "spent_token",
        "account",
    ):
        op.drop_table(name)
