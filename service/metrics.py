"""What is counted; exposed at /metrics. Labels are few and never hold text of a ticket."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter("deskpilot_deliveries_total", "Webhook requests by result.", ["helpdesk", "result"])
JOBS = Counter("deskpilot_jobs_total", "Ticket jobs by how they ended.", ["result"])
NOTES = Counter(
    "deskpilot_notes_total", "Internal notes written, by verdict and writer.", ["helpdesk", "verdict", "writer"]
)
SILENCES = Counter("deskpilot_silences_total", "Messages for which nothing was written.", ["helpdesk"])
FEEDBACK = Counter("deskpilot_feedback_total", "Votes on notes, by what they say.", ["helpdesk", "judgement"])
CITATIONS_DROPPED = Counter("deskpilot_citations_dropped_total", "Citations of passages that were not given.")
WITHHELD = Counter("deskpilot_drafts_withheld_total", "Drafts that were written and must not be shown.", ["reason"])
TOKENS = Counter("deskpilot_model_tokens_total", "Tokens sent to and received from models.", ["direction"])
OVERSPENT = Counter(
    "deskpilot_overspent_total", "Calls of a model that were not made, by the budget that was used up.", ["budget"]
)
SPENT = Gauge(
    "deskpilot_spent_today", "What an account's calls have cost since midnight (UTC), in your currency.", ["account"]
)
SPENT_TOKENS = Gauge(
    "deskpilot_spent_tokens_today", "Tokens of an account's calls since midnight (UTC).", ["account", "direction"]
)
SPENT_LEFT = Gauge(
    "deskpilot_spent_left_today", "What is left of an account's daily cap, where one is set.", ["account"]
)
STAGE_SECONDS = Histogram(
    "deskpilot_stage_seconds",
    "Seconds by stage of the story.",
    ["stage"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
