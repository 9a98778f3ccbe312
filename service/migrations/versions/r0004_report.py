"""Drafts found by their time, and those with a question that no article answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what the knowledge report reads, and what is forgotten after it."""
    op.create_index("drafts_by_time", "drafts", ["created_at"])
    op.create_index(
        "drafts_asked", "drafts", ["created_at"], postgresql_where=sa.text("jsonb_exists(details, 'asked')")
    )
