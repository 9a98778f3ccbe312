"""Who paused the writing of notes, which tickets the pilot covers, and who changed that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only additions, with defaults: a process of the older version beside us reads and writes as before."""
    op.add_column("outages", sa.Column("by_whom", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "pilots",
        sa.Column("helpdesk", sa.Text, primary_key=True),
        *(
            sa.Column(name, ARRAY(sa.Text), nullable=False, server_default="{}")
            for name in ("brands", "groups", "tags")
        ),
        sa.Column("percent", sa.Integer, nullable=False, server_default="100"),
    )
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("by_whom", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
    )
