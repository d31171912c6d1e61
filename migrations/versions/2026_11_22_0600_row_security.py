"""row-level security: PostgreSQL itself holds a tenant's transaction to the rows of its institution

Revision: f7cad603e2b8
Follows: e6b9c5f2d1a7

The service signs in as the owner of the tables, whom policies do not bind: migrations, the worker and the hot path of
an answer (which checks the institution in its own statements) work as before. Every other transaction of an
institution takes the role `palier_tenant` for its length (`Database.transaction(tenant=...)`), and for that role a
table shows the institution's rows or nothing. A new table with `institution_id` needs the same three statements; a
test counts them.

Nothing to do on SQLite, which has one user and no policies.
"""

from alembic import op
from sqlalchemy import text

revision = "f7cad603e2b8"
down_revision = "e6b9c5f2d1a7"
branch_labels = None
depends_on = None

ROLE = "palier_tenant"
MINE = "institution_id = current_setting('palier.institution')::uuid"
TWIN_TOO = (
    f"({MINE} OR institution_id IN (SELECT id FROM institution"  # noqa: S608
    " WHERE test_of = current_setting('palier.institution')::uuid))"
)
# keys and clients of test mode are managed from the live institution
WITH_TWIN = ("api_key", "oauth_client", "access_token")
# rows that carry no institution themselves belong to the row they hang on
BY_PARENT = {
    "draft": "EXISTS (SELECT 1 FROM sitting WHERE sitting.id = draft.sitting_id)",
    "webhook_attempt": (
        "EXISTS (SELECT 1 FROM webhook_delivery WHERE webhook_delivery.id = webhook_attempt.delivery_id)"
    ),
    "account": "EXISTS (SELECT 1 FROM membership WHERE membership.account_id = account.id)",
    "institution": "(id = current_setting('palier.institution')::uuid"
    " OR test_of = current_setting('palier.institution')::uuid)",
}
# one chain and one list for everybody; no secret in them
SHARED = ("audit_entry", "spent_token")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(f"""
        DO $$ BEGIN
            CREATE ROLE {ROLE} NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN RAISE EXCEPTION
                'Palier needs the role {ROLE}: give the database user CREATEROLE, or let an administrator run '
                'CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO %', current_user;
        END $$
    """)
    op.execute(f"""
        DO $$ BEGIN
            IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
                EXECUTE format('GRANT {ROLE} TO %I', current_user);
            END IF;
        END $$
    """)
    op.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    for name in SHARED:
        op.execute(f"GRANT INSERT ON {name} TO {ROLE}")
    for name in _with_institution():
        _bind(name, TWIN_TOO if name in WITH_TWIN else MINE)
    for name, condition in BY_PARENT.items():
        _bind(name, condition)


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in [*_with_institution(), *BY_PARENT]:
        op.execute(f"DROP POLICY tenant ON {name}")
        op.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE}")


def _bind(name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {name} TO {ROLE} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"GRANT INSERT, UPDATE, DELETE ON {name} TO {ROLE}")


def _with_institution() -> list[str]:
    found = op.get_bind().execute(
        text(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'institution_id' ORDER BY table_name"
        )
    )
    return [name for name in found.scalars() if name not in BY_PARENT]
