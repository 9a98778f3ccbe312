"""What agents think of notes, and the keys that sign the links for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """One row per note: a second vote takes the place of the first."""
    op.create_table(
        "feedback",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("helpdesk", "account", "ticket_id", "reference")),
        sa.Column("judgement", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("helpdesk", "account", "ticket_id", "reference"),
    )
    op.create_table(
        "feedback_keys",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
