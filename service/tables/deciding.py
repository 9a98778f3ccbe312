"""What a ticket is and what follows: policies, triage, customers, incidents, outreach."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from service.tables.names import metadata

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("first_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

triages = sa.Table(
    "triages",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),  # as in drafts
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("tier", sa.SmallInteger, nullable=False),
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column(
        "asked_back", sa.Boolean, nullable=False, server_default=sa.false()
    ),  # our draft was a clarifying question
    sa.Column("policy", sa.Text, nullable=False, server_default=""),  # its version
    sa.Column("rules", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),  # values and signals, without words of the ticket
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="triages_one_per_message"),
    sa.Index("triages_by_time", "at"),
    sa.Index("triages_of_requester", "helpdesk", "requester", "at", postgresql_where=sa.text("requester <> ''")),
)

contexts = sa.Table(
    "contexts",
    metadata,
    sa.Column("customer", sa.Text, primary_key=True),  # an e-mail address in lower case, or helpdesk:id
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)

signals = sa.Table(
    "signals",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("delivery_id", sa.Text, nullable=False, unique=True),  # the sender's, or a digest of what it sent
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", JSONB, nullable=False, server_default="{}"),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Index("signals_of_customer", "customer", "at"),
)

lookups = sa.Table(
    "lookups",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Index("lookups_by_address", sa.text("(facts ->> 'email')"), postgresql_where=sa.text("name = 'seen'")),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("match", JSONB, nullable=False),  # a Condition of the policy
    sa.Column("texts", JSONB, nullable=False),  # stage → language → approved text
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("stopped_at", sa.DateTime(timezone=True)),
    sa.Column("by_whom", sa.Text, nullable=False),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
)

incident_tickets = sa.Table(
    "incident_tickets",
    metadata,
    sa.Column("incident", sa.BigInteger, sa.ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("requester", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("stage", sa.Text, nullable=False, server_default=""),  # whose text was drafted
    sa.Column("asked", sa.Text, nullable=False, server_default=""),  # masked: what the text did not answer
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
)

outreach = sa.Table(
    "outreach",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("playbook", sa.Text, nullable=False, server_default=""),
    sa.Column("situation", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("state", sa.Text, nullable=False, server_default="waiting"),  # waiting, copied, discarded, expired
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
    sa.Column("by_whom", sa.Text, nullable=False, server_default=""),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    sa.UniqueConstraint("customer", "cause", name="outreach_one_per_cause"),
    sa.Index("outreach_by_state", "state", "created_at"),
)
