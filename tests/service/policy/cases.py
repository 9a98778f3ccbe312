"""Triages and conversations made in a line, for tests of what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from connectors.base import Ticket
from service.analysis import Analysis
from service.conversation import Conversation, Turn
from service.policy.document import Policy
from service.triage.judged import Judged, Signal, SignalName, Triage


@dataclass(frozen=True)
class Standing:
    """A policy in force."""

    policy: Policy
    version: str = "v1"


def policy(text: str = "") -> Policy:
    """A policy of these lines of YAML."""
    return Policy.model_validate({"version": 1, **(yaml.safe_load(text) or {})})


def triage(*signals: SignalName | Signal, **more: Any) -> Triage:
    """A calm question, with these signals, none of them enough by itself unless given so."""
    values: dict[str, Any] = {
        "category": "",
        "intent": "",
        "complexity": 1,
        "stakes": 1,
        "sentiment": "neutral",
        "urgency": "normal",
        "language": "en",
        "wants_person": False,
    }
    found = tuple(one if isinstance(one, Signal) else Signal(one) for one in signals)
    judged: dict[str, Any] = {name: Judged(more.pop(name, value), 0.8) for name, value in values.items()}
    return Triage(**judged, shift=0, signals=found, **more)


def conversation(of: Ticket) -> Conversation:
    """What was said publicly, as it stands."""
    turns = tuple(
        Turn("requester" if one.kind == "requester message" else "agent", one.at, one.text)
        for one in of.messages
        if one.kind in ("requester message", "public reply")
    )
    return Conversation(of.subject, turns)


class ByWords:
    """Triage in place of the real one: what the words of a message say, and no category but one that stands in it."""

    async def judge(
        self,
        ticket: Ticket,
        conversation: Conversation,
        analysis: Analysis,
        *,
        policy: Policy,
        contacts: int,
        now: datetime,
    ) -> Triage:
        """Wishes and anger as signals."""
        assert ticket.messages
        assert now.tzinfo
        alone = [Signal(one, alone=one != "cancel", words=(one,)) for one in analysis.wishes]
        angry = [Signal("angry")] if analysis.sentiment == "angry" else []
        category = next((name for name in policy.categories if name in conversation.newest.lower()), "")
        more = {"category": category, "sentiment": analysis.sentiment, "language": analysis.language}
        return triage(*alone, *angry, contacts=contacts, **more)
