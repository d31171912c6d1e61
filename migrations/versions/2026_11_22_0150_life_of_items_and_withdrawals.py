"""the life of items, and the withdrawal list

Revision: 8e2b4c61f0d7
Follows: 5d0c1f7a9e36

Nothing to fill: what is known of older items begins with the next import of the text files, and every decision made
before this was made under the empty withdrawal list, which is what 0 says.
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant

revision = "8e2b4c61f0d7"
down_revision = "5d0c1f7a9e36"
branch_labels = None
depends_on = None

STATUSES = "('draft', 'in_review', 'approved', 'pretest', 'operational', 'suspended', 'retired')"


def upgrade() -> None:
    op.create_table(
        "item_status_change",
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("why", sa.String(length=2000), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(f"after IN {STATUSES}", name=op.f("ck_item_status_change_after")),
        sa.CheckConstraint(f"before IN {STATUSES}", name=op.f("ck_item_status_change_before")),
        sa.CheckConstraint("source IN ('files', 'workshop')", name=op.f("ck_item_status_change_source")),
        sa.ForeignKeyConstraint(
            ["item_version_id"],
            ["item_version.id"],
            name=op.f("fk_item_status_change_item_version_id_item_version"),
        ),
        sa.PrimaryKeyConstraint("item_key", "number", name=op.f("pk_item_status_change")),
    )
    op.create_index(op.f("ix_item_status_change_item_version_id"), "item_status_change", ["item_version_id"])
    op.create_table(
        "item_import",
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_version_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(f"status IN {STATUSES}", name=op.f("ck_item_import_status")),
        sa.ForeignKeyConstraint(
            ["item_version_id"],
            ["item_version.id"],
            name=op.f("fk_item_import_item_version_id_item_version"),
        ),
        sa.PrimaryKeyConstraint("item_key", "number", name=op.f("pk_item_import")),
    )
    op.create_index(op.f("ix_item_import_item_version_id"), "item_import", ["item_version_id"])
    op.create_table(
        "withdrawal_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("why", sa.String(length=2000), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_withdrawal_entry_number")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_withdrawal_entry")),
    )
    for table in ("sitting", "response"):
        op.add_column(
            table, sa.Column("withdrawal_list", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )


def downgrade() -> None:
    for table in ("response", "sitting"):
        op.drop_column(table, "withdrawal_list")
    op.drop_table("withdrawal_entry")
    op.drop_table("item_import")
    op.drop_table("item_status_change")
