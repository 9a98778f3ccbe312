"""A team's policy, and what triage said of a ticket, for tests of what follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from service.policy.document import Policy
from service.triage.judged import Judged, Signal, Triage

POLICY = Policy.model_validate(
    {
        "version": 1,
        "languages": ["en", "de"],
        "groups": {"retention": {"title": {"en": "retention team", "de": "Team Kundenbindung"}}},
        "answers": {
            "refunds": {
                "title": {"en": "Refunds", "de": "Erstattungen"},
                "texts": {
                    "en": "A refund needs the approval of our finance team.\n\nThey answer on working days [1], call 0800 5550100.",
                    "de": "Eine Erstattung muss unser Finanzteam freigeben.",
                },
                "approved_by": "head of finance",
            }
        },
        "acknowledgement": {
            "en": "I have read your messages and am taking this over myself. You will hear from me before {time}.",
            "de": "ich habe Ihre Nachrichten gelesen und übernehme selbst. Sie hören bis {time} von mir.",
            "it": "ho letto i suoi messaggi.",
        },
        "playbooks": {
            "deletion": {
                "title": {"en": "Deletion of data", "de": "Löschung von Daten"},
                "steps": [
                    {"en": "check who asks", "de": "prüfen, wer fragt"},
                    {"en": "open a request in the privacy register", "de": "Antrag im Register anlegen"},
                ],
                "call": {"en": "the privacy officer", "de": "Datenschutzbeauftragte"},
                "texts": {"en": "We have received your request.", "de": "Ihr Antrag ist eingegangen."},
            }
        },
    }
)

CALM = Triage(
    category=Judged(""),
    intent=Judged(""),
    complexity=Judged(1),
    stakes=Judged(1),
    sentiment=Judged("neutral"),
    shift=0,
    urgency=Judged("normal"),
    language=Judged("en"),
    wants_person=Judged(value=False),
)


def triaged(*signals: Signal, **changes: Any) -> Triage:
    """What triage says of a ticket with these signals."""
    return replace(CALM, signals=signals, **changes)
