"""Whose ticket a draft or a silence is about, and how what is too old is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled from now on: of older rows nobody knows the requester. Their text goes by its age."""
    for table in ("drafts", "silences"):
        op.add_column(table, sa.Column("requester", sa.Text, nullable=False, server_default=""))
        op.create_index(
            f"{table}_of_requester", table, ["helpdesk", "requester"], postgresql_where=sa.text("requester <> ''")
        )
    op.create_index("drafts_with_text", "drafts", ["created_at"], postgresql_where=sa.text("html <> ''"))
    op.create_index("silences_by_time", "silences", ["at"])
