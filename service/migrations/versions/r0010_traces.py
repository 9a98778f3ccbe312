"""The trace that a webhook began, so that its ticket's job goes on with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty in older rows, and in those that an older version still writes beside this one: their jobs begin a trace."""
    op.add_column("deliveries", sa.Column("trace", sa.Text, nullable=False, server_default=""))
