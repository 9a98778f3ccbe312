"""The inbox, the ledger, and the queue's own tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Make all tables. Written out, not taken from the metadata: a revision never changes once it has run somewhere."""
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("author_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.Column("forwarded_at", sa.DateTime(timezone=True)),
        sa.Column("result", sa.Text, nullable=False, server_default=""),
    )
    op.create_index(
        "deliveries_waiting",
        "deliveries",
        ["helpdesk", "ticket_id"],
        postgresql_where=sa.text("forwarded_at IS NULL"),
    )
    op.create_index("deliveries_of_ticket", "deliveries", ["helpdesk", "ticket_id", "id"])
    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        *_ticket_columns(),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.Column("note_id", sa.Text),
        sa.Column("posted_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="drafts_one_per_message"),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        *_ticket_columns(),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", "reason", name="silences_said_once"),
    )
    op.create_table(
        "parked",
        *_ticket_columns(),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("helpdesk", "account", "ticket_id"),
    )
    op.create_table(
        "outages",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
    # The queue's own schema, of the version that is locked. A later version brings its migrations; they become revisions
    # here. One statement batch without parameters: per cent signs in it stand for themselves.
    connection = op.get_bind().connection.cursor()
    connection.execute(SchemaManager.get_schema())
    connection.close()


def _ticket_columns() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in ("helpdesk", "account", "ticket_id")]
