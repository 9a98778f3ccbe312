"""A policy with one cause, and signals that match it or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from service.context.store import Signal
from service.policy.document import Policy

ENTRY: dict[str, Any] = {
    "name": "sync failed",
    "signal": "sync_failed",
    "data": {"severity": ["high", "critical"]},
    "playbook": "sync",
    "subject": {"en": "Your import {job}", "de": "Ihr Import {job}"},
    "texts": {
        "en": "Hello,\n\nyour import {job} stopped on {date}. We are looking into it.",
        "de": "Guten Tag,\n\nIhr Import {job} ist seit {date} angehalten. Wir sehen nach.",
    },
    "expires": "3d",
}
PLAYBOOK = {"title": "A sync that failed", "steps": ["Look at the job's log", {"en": "Start it again", "de": "Neu starten"}],
            "call": "the integrations team"}  # fmt: skip


def policy(**more: Any) -> Policy:
    """With one entry."""
    return Policy.model_validate({"version": 1, "playbooks": {"sync": PLAYBOOK}, "outreach": [{**ENTRY, **more}]})


def signal(customer: str = "ana@acme.example", *, kind: str = "sync_failed", id_: str = "evt-1", **data: str) -> Signal:
    """It happened just now."""
    said = {"job": "Orders", "date": "22 Nov", "severity": "high"} | data
    return Signal(id_, customer, kind, said, datetime.now(UTC) + timedelta(hours=24))
