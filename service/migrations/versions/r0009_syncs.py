"""What each sync of the knowledge did and how far one is, for whoever looks, at whichever replica."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that nothing else depends on."""
    op.create_table(
        "syncs",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("began_at", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("progress", JSONB, nullable=False, server_default="{}"),
        sa.Column("reports", JSONB, nullable=False, server_default="[]"),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
    )
