"""What became of notes: outcomes of replies and tickets, lessons, experiments, samples that people judge, and drifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and columns with a default in two."""
    for name in ("reason", "answer"):
        op.add_column("feedback", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("feedback", sa.Column("came", sa.Text, nullable=False, server_default="link"))
    op.add_column("feedback", sa.Column("heard_at", sa.DateTime(timezone=True)))
    op.add_column("pilots", sa.Column("holdout", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "outcomes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.Text, nullable=False, server_default=""),
        sa.Column("noted_at", sa.DateTime(timezone=True)),
        sa.Column("reply_id", sa.Text, nullable=False, server_default=""),
        sa.Column("replied_at", sa.DateTime(timezone=True)),
        sa.Column("use", sa.Text, nullable=False, server_default=""),
        sa.Column("fidelity", sa.Double),
        sa.Column("excluded", sa.Text, nullable=False, server_default=""),
        sa.Column("tier", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.Text, nullable=False, server_default=""),
        sa.Column("brand", sa.Text, nullable=False, server_default=""),
        sa.Column("group_id", sa.Text, nullable=False, server_default=""),
        sa.Column("channel", sa.Text, nullable=False, server_default=""),
        sa.Column("writer", sa.Text, nullable=False, server_default=""),
        sa.Column("model", sa.Text, nullable=False, server_default=""),
        sa.Column("prompt_version", sa.Text, nullable=False, server_default=""),
        sa.Column("variant", sa.Text, nullable=False, server_default=""),
        sa.Column("confidence", sa.Double),
        sa.Column("tokens_in", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("tokens_out", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("cost", sa.Double),
        sa.Column("requester", sa.Text, nullable=False, server_default=""),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="outcomes_one_per_message"),
        sa.Index("outcomes_by_time", "asked_at"),
        sa.Index(
            "outcomes_of_requester", "helpdesk", "requester", "asked_at", postgresql_where=sa.text("requester <> ''")
        ),
    )
    op.create_table(
        "resolutions",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False, server_default=""),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_reply_at", sa.DateTime(timezone=True)),
        sa.Column("solved_at", sa.DateTime(timezone=True)),
        sa.Column("exchanges", sa.Integer),
        sa.Column("reopened_at", sa.DateTime(timezone=True)),
        sa.Column("again_at", sa.DateTime(timezone=True)),
        sa.Column("csat", sa.SmallInteger),
        sa.Column("csat_at", sa.DateTime(timezone=True)),
        sa.Column("excluded", sa.Text, nullable=False, server_default=""),
        sa.Column("tier", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.Text, nullable=False, server_default=""),
        sa.Column("brand", sa.Text, nullable=False, server_default=""),
        sa.Column("group_id", sa.Text, nullable=False, server_default=""),
        sa.Column("channel", sa.Text, nullable=False, server_default=""),
        sa.Column("variant", sa.Text, nullable=False, server_default=""),
        sa.Column("requester", sa.Text, nullable=False, server_default=""),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", name="resolutions_one_per_ticket"),
        sa.Index("resolutions_by_time", "opened_at"),
        sa.Index(
            "resolutions_of_requester",
            "helpdesk",
            "requester",
            "opened_at",
            postgresql_where=sa.text("requester <> ''"),
        ),
    )
    op.create_table(
        "imports",
        sa.Column("helpdesk", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upto", sa.DateTime(timezone=True)),
        sa.Column("cursor", sa.Text, nullable=False, server_default=""),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("tickets", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "lessons",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.Text, nullable=False, server_default=""),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("brand", sa.Text, nullable=False, server_default=""),
        sa.Column("organization", sa.Text, nullable=False, server_default=""),
        sa.Column("requester", sa.Text, nullable=False, server_default=""),
        sa.Column("everyone", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("owner", sa.Text, nullable=False, server_default=""),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("by_whom", sa.Text, nullable=False, server_default=""),
        sa.Column("merged_into", sa.BigInteger, sa.ForeignKey("lessons.id", ondelete="SET NULL")),
        sa.Column("seen", sa.Integer, nullable=False, server_default="1"),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="lessons_one_per_message"),
        sa.Index("lessons_by_state", "state", "created_at"),
        sa.Index("lessons_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
    )
    op.create_table(
        "merits",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("article", sa.Text, primary_key=True),
        sa.Column("cited", sa.Integer, nullable=False),
        sa.Column("votes_right", sa.Integer, nullable=False),
        sa.Column("votes_wrong", sa.Integer, nullable=False),
        sa.Column("fidelity", sa.Double),
        sa.Column("factor", sa.Double, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "experiments",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("variants", JSONB, nullable=False),
        sa.Column("rules", JSONB, nullable=False, server_default="{}"),
        sa.Column("state", sa.Text, nullable=False, server_default="running"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("by_whom", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
        sa.Index("experiments_running", "state", unique=True, postgresql_where=sa.text("state = 'running'")),
    )
    op.create_table(
        "samples",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("helpdesk", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("ticket_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("text", JSONB, nullable=False, server_default="{}"),
        sa.Column("requester", sa.Text, nullable=False, server_default=""),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="samples_drawn_once"),
        sa.Index("samples_by_week", "week"),
        sa.Index("samples_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
    )
    op.create_table(
        "reviews",
        sa.Column("sample", sa.BigInteger, sa.ForeignKey("samples.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("reviewer", sa.Text, primary_key=True),
        sa.Column("scores", JSONB, nullable=False),
        sa.Column("remark", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "drifts",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("raises", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("lowered_at", sa.DateTime(timezone=True)),
        sa.Column("by_whom", sa.Text, nullable=False, server_default=""),
        sa.Index("drifts_standing", "category", "kind", unique=True, postgresql_where=sa.text("lowered_at IS NULL")),
    )
    op.create_table(
        "rounds",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("done", sa.Text, nullable=False, server_default=""),
    )
