"""the language of a sitting

Revision: 5d0c1f7a9e36
Follows: 48bf36b48d8a

Nothing to fill: before this column every sitting was in the language of the bank, which is what NULL says.
"""

import sqlalchemy as sa
from alembic import op

revision = "5d0c1f7a9e36"
down_revision = "48bf36b48d8a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sitting", sa.Column("language", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("sitting", "language")
