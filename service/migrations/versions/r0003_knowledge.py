"""Webhooks that tell of articles are found by when they became due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A process with an index of its own asks every few seconds."""
    op.create_index(
        "deliveries_of_articles", "deliveries", ["forwarded_at"], postgresql_where=sa.text("kind = 'article'")
    )
