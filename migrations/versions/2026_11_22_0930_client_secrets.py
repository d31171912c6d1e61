"""a client's former secret, good for a day beside the one that replaced it

Revision: b3f81d6a94c7
Follows: f7cad603e2b8
"""

import sqlalchemy as sa
from alembic import op

from app.db import Instant

revision = "b3f81d6a94c7"
down_revision = "f7cad603e2b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("former_secret_hash", sa.String(length=64), nullable=True))
    op.add_column("oauth_client", sa.Column("former_until", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("oauth_client", "former_until")
    op.drop_column("oauth_client", "former_secret_hash")
