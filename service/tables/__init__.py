"""The tables in PostgreSQL, as the newest revision of service/migrations leaves them."""

from __future__ import annotations

from service.tables.deciding import contexts, incident_tickets, incidents, lookups, outreach, policies, signals, triages
from service.tables.names import metadata
from service.tables.proof import (
    drifts,
    experiments,
    imports,
    lessons,
    merits,
    outcomes,
    resolutions,
    reviews,
    rounds,
    samples,
)
from service.tables.tickets import (
    budgets,
    changes,
    cursors,
    deliveries,
    drafts,
    feedback,
    feedback_keys,
    outages,
    parked,
    pilots,
    silences,
    spending,
    syncs,
)

__all__ = (
    "budgets",
    "changes",
    "contexts",
    "cursors",
    "deliveries",
    "drafts",
    "drifts",
    "experiments",
    "feedback",
    "feedback_keys",
    "imports",
    "incident_tickets",
    "incidents",
    "lessons",
    "lookups",
    "merits",
    "metadata",
    "outages",
    "outcomes",
    "outreach",
    "parked",
    "pilots",
    "policies",
    "resolutions",
    "reviews",
    "rounds",
    "samples",
    "signals",
    "silences",
    "spending",
    "syncs",
    "triages",
)
