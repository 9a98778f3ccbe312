"""What became of notes, what was learnt from it, and what is compared: outcomes, lessons, experiments, samples, drifts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from service.tables.names import metadata

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),  # the customer's message
    sa.Column("arm", sa.Text, nullable=False),  # "note", "holdout", "silent" or "baseline"
    sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reference", sa.Text, nullable=False, server_default=""),  # of the note that answers it
    sa.Column("noted_at", sa.DateTime(timezone=True)),
    sa.Column("reply_id", sa.Text, nullable=False, server_default=""),  # the public reply; empty: none yet
    sa.Column("replied_at", sa.DateTime(timezone=True)),
    sa.Column(
        "use", sa.Text, nullable=False, server_default=""
    ),  # "as_is", "edited", "unused"; empty: nothing to compare
    sa.Column("fidelity", sa.Double),  # 0 to 1, see service/outcomes/fidelity.py
    sa.Column("excluded", sa.Text, nullable=False, server_default=""),  # why it is in no figure, one word of ours
    sa.Column("tier", sa.SmallInteger, nullable=False, server_default="0"),  # 0: not judged
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("brand", sa.Text, nullable=False, server_default=""),  # the helpdesk's ids
    sa.Column("group_id", sa.Text, nullable=False, server_default=""),
    sa.Column("channel", sa.Text, nullable=False, server_default=""),
    sa.Column("writer", sa.Text, nullable=False, server_default=""),
    sa.Column("model", sa.Text, nullable=False, server_default=""),
    sa.Column("prompt_version", sa.Text, nullable=False, server_default=""),
    sa.Column("variant", sa.Text, nullable=False, server_default=""),  # "experiment:variant"
    sa.Column("confidence", sa.Double),
    sa.Column("tokens_in", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("tokens_out", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("cost", sa.Double),  # in the currency of the settings; empty: no price is set
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.Column("details", JSONB, nullable=False, server_default="{}"),  # numbers, and names of ours
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="outcomes_one_per_message"),
    sa.Index("outcomes_by_time", "asked_at"),
    sa.Index("outcomes_of_requester", "helpdesk", "requester", "asked_at", postgresql_where=sa.text("requester <> ''")),
)

resolutions = sa.Table(
    "resolutions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, nullable=False),  # as in outcomes; of its first message
    sa.Column("label", sa.Text, nullable=False, server_default=""),  # "ai_as_is", "ai_assisted", "human_only"
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("first_reply_at", sa.DateTime(timezone=True)),
    sa.Column("solved_at", sa.DateTime(timezone=True)),  # the first time
    sa.Column("exchanges", sa.Integer),  # public replies of agents until it was solved
    sa.Column("reopened_at", sa.DateTime(timezone=True)),  # the first time, within seven days
    sa.Column("again_at", sa.DateTime(timezone=True)),  # the same question of the same requester, within seven days
    sa.Column("csat", sa.SmallInteger),  # 1 good, 0 neutral, -1 bad; empty: none, or withdrawn
    sa.Column("csat_at", sa.DateTime(timezone=True)),
    sa.Column("excluded", sa.Text, nullable=False, server_default=""),  # as in outcomes
    sa.Column("tier", sa.SmallInteger, nullable=False, server_default="0"),  # the highest
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("brand", sa.Text, nullable=False, server_default=""),
    sa.Column("group_id", sa.Text, nullable=False, server_default=""),
    sa.Column("channel", sa.Text, nullable=False, server_default=""),
    sa.Column("variant", sa.Text, nullable=False, server_default=""),
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.Column("details", JSONB, nullable=False, server_default="{}"),  # numbers, and names of ours
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", name="resolutions_one_per_ticket"),
    sa.Index("resolutions_by_time", "opened_at"),
    sa.Index(
        "resolutions_of_requester", "helpdesk", "requester", "opened_at", postgresql_where=sa.text("requester <> ''")
    ),
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("helpdesk", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, primary_key=True),  # "baseline", "ratings", "lessons"
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("upto", sa.DateTime(timezone=True)),  # by the helpdesk's clock; empty: nothing yet
    sa.Column("cursor", sa.Text, nullable=False, server_default=""),  # the vendor's own
    sa.Column("done_at", sa.DateTime(timezone=True)),
    sa.Column("tickets", sa.Integer, nullable=False, server_default="0"),
)

lessons = sa.Table(
    "lessons",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),  # the customer's message
    sa.Column("kind", sa.Text, nullable=False),  # "reply" or "hand_over"
    sa.Column("origin", sa.Text, nullable=False),  # "edited", "solved" or "corrected" (by feedback)
    sa.Column(
        "state", sa.Text, nullable=False, server_default="waiting"
    ),  # approved, rejected, revoked, expired, merged
    sa.Column("question", sa.Text, nullable=False),  # masked, as the next two
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("changed", sa.Text, nullable=False, server_default=""),  # what the agent changed in our draft
    sa.Column("language", sa.Text, nullable=False, server_default=""),
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("brand", sa.Text, nullable=False, server_default=""),
    sa.Column("organization", sa.Text, nullable=False, server_default=""),
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.Column("everyone", sa.Boolean, nullable=False, server_default=sa.false()),  # approved for all organizations
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
    sa.Column("by_whom", sa.Text, nullable=False, server_default=""),
    sa.Column("merged_into", sa.BigInteger, sa.ForeignKey("lessons.id", ondelete="SET NULL")),
    sa.Column("seen", sa.Integer, nullable=False, server_default="1"),  # how many tickets taught it
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="lessons_one_per_message"),
    sa.Index("lessons_by_state", "state", "created_at"),
    sa.Index("lessons_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
)

merits = sa.Table(
    "merits",
    metadata,
    sa.Column(
        "account", sa.Text, primary_key=True
    ),  # of an article, macro, solved ticket or lesson, as a passage names it
    sa.Column("article", sa.Text, primary_key=True),
    sa.Column("cited", sa.Integer, nullable=False),
    sa.Column("votes_right", sa.Integer, nullable=False),
    sa.Column("votes_wrong", sa.Integer, nullable=False),
    sa.Column("fidelity", sa.Double),  # mean of the replies to drafts that cite it
    sa.Column("factor", sa.Double, nullable=False),  # of its score, up to 1
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("variants", JSONB, nullable=False),  # see service/experiments
    sa.Column("rules", JSONB, nullable=False, server_default="{}"),  # least sample, guardrails
    sa.Column("state", sa.Text, nullable=False, server_default="running"),  # stopped, rolled_back, promoted
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("by_whom", sa.Text, nullable=False),
    sa.Column("details", JSONB, nullable=False, server_default="{}"),
    sa.Index("experiments_running", "state", unique=True, postgresql_where=sa.text("state = 'running'")),
)

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("week", sa.Date, nullable=False),  # its Monday, in the team's time zone
    sa.Column("helpdesk", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("text", JSONB, nullable=False, server_default="{}"),  # masked: what was asked, and what was answered
    sa.Column("requester", sa.Text, nullable=False, server_default=""),  # as in drafts
    sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("helpdesk", "account", "ticket_id", "message_id", name="samples_drawn_once"),
    sa.Index("samples_by_week", "week"),
    sa.Index("samples_of_requester", "helpdesk", "requester", postgresql_where=sa.text("requester <> ''")),
)

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("sample", sa.BigInteger, sa.ForeignKey("samples.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("reviewer", sa.Text, primary_key=True),
    sa.Column("scores", JSONB, nullable=False),  # criterion → 0, 1 or 2
    sa.Column("remark", sa.Text, nullable=False, server_default=""),  # masked
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

drifts = sa.Table(
    "drifts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # "acceptance", "confidence" or "mix"
    sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("figures", JSONB, nullable=False),  # before, now, with intervals and samples
    sa.Column("raises", sa.Boolean, nullable=False, server_default=sa.false()),  # its category stands a tier higher
    sa.Column("lowered_at", sa.DateTime(timezone=True)),
    sa.Column("by_whom", sa.Text, nullable=False, server_default=""),
    sa.Index("drifts_standing", "category", "kind", unique=True, postgresql_where=sa.text("lowered_at IS NULL")),
)

rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("done", sa.Text, nullable=False, server_default=""),  # one line for the log
)
