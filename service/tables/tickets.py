"""Tickets from webhook to note, and what the processes share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from service.tables.names import metadata

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # "ticket", "article" or "poll"
    sa.Column("ticket_id", sa.Text, nullable=False),  # of an article its number, of a poll empty
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("delivery_id", sa.Text, nullable=False),
    sa.Column("author_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    sa.Column("forwarded_at", sa.DateTime(timezone=True)),
    sa.Column("result", sa.Text, nullable=False, server_default=""),
    sa.Column("trace", sa.Text, nullable=False, server_default=""),  # of its webhook: see service/spans.py
    sa.Index("deliveries_waiting", "helpdesk", "ticket_id", postgresql_where=sa.text("forwarded_at IS NULL")),
    sa.Index("deliveries_of_ticket", "helpdesk", "ticket_id", "id"),
    sa.Index("deliveries_of_articles", "forwarded_at", postgresql_where=sa.text("kind = 'article'")),
)

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),  # the message, or the @deskpilot note, that it answers
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),  # empty: forgotten, see service/retention.py
    sa.Column("details", JSONB, nullable=False),  # sources, writer, model, prompt version, tokens, confidence
    sa.Column(
        "requester", sa.Text, nullable=False, server_default=""
    ),  # the helpdesk's id; empty: unknown, or forgotten
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("note_id", sa.Text),
    sa.Column("posted_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="drafts_one_per_message"),
    sa.Index("drafts_by_time", "created_at"),
    sa.Index("drafts_asked", "created_at", postgresql_where=sa.text("jsonb_exists(details, 'asked')")),
    sa.Index("drafts_with_text", "created_at", postgresql_where=sa.text("html <> ''")),
    sa.Index("drafts_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", "reason", name="silences_said_once"),
    sa.Index("silences_by_time", "at"),
    sa.Index("silences_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
)

parked = sa.Table(
    "parked",
    metadata,
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

outages = sa.Table(
    "outages",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),  # in a row
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("by_whom", sa.Text, nullable=False, server_default=""),  # of a pause, see service/pauses.py
)

pilots = sa.Table(
    "pilots",
    metadata,
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("brands", ARRAY(sa.Text), nullable=False, server_default="{}"),  # empty lists: every one
    sa.Column("groups", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("tags", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("percent", sa.Integer, nullable=False, server_default="100"),
    sa.Column("holdout", sa.Integer, nullable=False, server_default="0"),  # per cent of requesters who get no notes
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("by_whom", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # "pause", "resume" or "pilot"
    sa.Column("helpdesk", sa.Text, nullable=False),  # "*": all
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("upto", sa.DateTime(timezone=True), nullable=False),  # by the helpdesk's clock
)


budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # account and bucket
    sa.Column("newest", sa.DateTime(timezone=True), nullable=False, server_default="epoch"),  # start of the last slot
    # calls in the last slots, oldest first; see service/budgets.py
    sa.Column("counts", ARRAY(sa.Integer), nullable=False, server_default=sa.text("array_fill(0, ARRAY[13])")),
    sa.Column("limit_seen", sa.Integer),  # by the vendor's own word
    sa.Column("blocked_until", sa.DateTime(timezone=True)),
)

spending = sa.Table(
    "spending",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),  # "zendesk:acme.zendesk.com"
    sa.Column("budget", sa.Text, primary_key=True),  # "account", "requester" or "organization"
    sa.Column("subject", sa.Text, primary_key=True),  # the helpdesk's id of the requester or organisation, or empty
    sa.Column("slot", sa.DateTime(timezone=True), primary_key=True),  # start of the day or hour, in UTC
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("cost", sa.Double, nullable=False),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),  # of the note
    sa.Column("judgement", sa.Text, nullable=False),  # "right" or "wrong"
    sa.Column("comment", sa.Text, nullable=False, server_default=""),  # masked
    sa.Column("reason", sa.Text, nullable=False, server_default=""),  # one of service/feedback.py
    sa.Column("answer", sa.Text, nullable=False, server_default=""),  # what would have been right; masked
    sa.Column("came", sa.Text, nullable=False, server_default="link"),  # or "note"
    sa.Column("heard_at", sa.DateTime(timezone=True)),  # by whoever learns; empty: not as it is now
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

feedback_keys = sa.Table(
    "feedback_keys",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

syncs = sa.Table(
    "syncs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("began_at", sa.DateTime(timezone=True)),  # empty: a person asked for it, and nobody has begun
    sa.Column("seen_at", sa.DateTime(timezone=True)),  # when it last said that it goes on
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("progress", JSONB, nullable=False, server_default="{}"),  # source -> [articles done, in all or null]
    sa.Column("reports", JSONB, nullable=False, server_default="[]"),  # see service/knowledge/sync.py
    sa.Column("problem", sa.Text, nullable=False, server_default=""),
)
