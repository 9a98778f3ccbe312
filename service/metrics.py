"""What is counted; exposed at /metrics. Labels are few and never hold text of a ticket.

What this process did is a counter or a histogram: add those of all processes up. What all processes share (the backlog, what is
out, what is left) is a gauge, read from the database when one of them is asked: the same from each, so take the max() of them.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter("deskpilot_deliveries_total", "Webhook requests by result.", ["helpdesk", "result"])
JOBS = Counter("deskpilot_jobs_total", "Ticket jobs by how they ended.", ["result"])
NOTES = Counter(
    "deskpilot_notes_total", "Internal notes written, by verdict and writer.", ["helpdesk", "verdict", "writer"]
)
NOTE_SECONDS = Histogram(
    "deskpilot_note_seconds",
    "Seconds from a ticket's first webhook to the note that answers it.",
    ["helpdesk"],
    buckets=(1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 3600),
)
CONFIDENCE = Histogram(
    "deskpilot_confidence",
    "How sure drafts were to rest on an answer (0 to 1), by the verdict of their note; of those for a person nothing is drafted.",
    ["verdict"],
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1),
)
SILENCES = Counter("deskpilot_silences_total", "Messages for which nothing was written.", ["helpdesk"])
FEEDBACK = Counter("deskpilot_feedback_total", "Votes on notes, by what they say.", ["helpdesk", "judgement"])
CITATIONS_DROPPED = Counter("deskpilot_citations_dropped_total", "Citations of passages that were not given.")
WITHHELD = Counter("deskpilot_drafts_withheld_total", "Drafts that were written and must not be shown.", ["reason"])
CALL_SECONDS = Histogram(
    "deskpilot_call_seconds",
    "Seconds of calls to a helpdesk or a model, by how they ended: ok, refused (4xx), busy (429), failed (5xx), no answer.",
    ["to", "status"],
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45),
)
TOKENS = Counter(
    "deskpilot_model_tokens_total",
    "Tokens sent to and received from models, by the model asked.",
    ["direction", "model"],
)
CALLS = Counter("deskpilot_model_calls_total", "Calls of a model, by how they ended.", ["model", "result"])
COST = Counter("deskpilot_model_cost_total", "What answered calls of a model have cost, in your currency.", ["model"])
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
LOOKUPS = Counter(
    "deskpilot_lookups_total",
    "Look-ups of a customer: ok, kept (answered before), absent, unasked, slow, paused, failed, refused, "
    "misconfigured (a person must act).",
    ["name", "result"],
)
OUTREACH = Counter("deskpilot_outreach_total", "Outreach drafts by what became of them.", ["result"])
SPANS = Counter("deskpilot_spans_total", "Spans of traces that the collector took, or that were lost.", ["result"])

# Shared by all processes: see service/figures.py.
DATABASE_UP = Gauge(
    "deskpilot_database_up", "1 where the shared figures are PostgreSQL's of this moment, 0 where they are older."
)
BACKLOG = Gauge(
    "deskpilot_backlog",
    "Tickets by where they stand: inbox (webhooks, not yet jobs), waiting, put_off, running, parked (given up until a person acts).",
    ["helpdesk", "state"],
)
BACKLOG_SECONDS = Gauge(
    "deskpilot_backlog_oldest_seconds",
    "Seconds since the webhook of the ticket that has been in this state the longest; of parked ones since they were.",
    ["helpdesk", "state"],
)
WORKERS = Gauge(
    "deskpilot_workers",
    "Queue workers that lived within 10 s: one for each helpdesk and one more, in each process that works.",
)
BREAKER_OPEN = Gauge("deskpilot_breaker_open", "1 while nobody calls it, since it does not answer.", ["name"])
STOPPED = Gauge(
    "deskpilot_writing_stopped", "1 while nothing is written there, since a note came back public.", ["helpdesk"]
)
POLICY_PROBLEMS = Gauge(
    "deskpilot_policy_problems", "What is wrong with the policy file of this process; the last good policy is in force."
)
POLICY_INFO = Gauge(
    "deskpilot_policy_info", "1 for the version of the policy that is in force in this process.", ["version"]
)
VENDOR_LEFT = Gauge(
    "deskpilot_vendor_budget_left",
    "Calls that are left this minute of our share of a rate limit.",
    ["account", "bucket"],
)
VENDOR_LIMIT = Gauge(
    "deskpilot_vendor_budget_limit", "Our share of a rate limit, in calls a minute.", ["account", "bucket"]
)
KNOWLEDGE_SECONDS = Gauge(
    "deskpilot_knowledge_age_seconds", "Seconds since a source of articles was last read to its end.", ["source"]
)
PASSAGES = Gauge("deskpilot_knowledge_passages", "Passages in the index.")
SPIKE = Gauge(
    "deskpilot_spike", "Tickets of a category that came in a window, where they are many more than usual.", ["category"]
)
LESSONS = Gauge("deskpilot_lessons", "Lessons by state: waiting for a person, approved.", ["state"])
DRIFT = Gauge(
    "deskpilot_drift",
    "1 for a category whose drafts drifted (acceptance, confidence, mix), until a person lowers it.",
    ["category", "kind"],
)
INCIDENTS = Gauge("deskpilot_incidents_running", "Incidents that run: their tickets get a status text as draft.")
EXPERIMENT_STATE = Gauge(
    "deskpilot_experiment_state",
    "1 for the state of the newest experiment: running, stopped, rolled_back, promoted; 0 for the others.",
    ["state"],
)
