"""A signal and an entry of the policy make a text for a customer, in approved words; only the signal's own data is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.context.facts import line
from service.context.store import Signal
from service.plaintext import defang
from service.policy.document import Outreach, Policy
from service.policy.values import said

_HOLE = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A text that waits for a person. lasts: how long it is true, and nobody is written to again for this cause.

    help: title, steps and whom to call of the policy's playbook, in the team's language.
    """

    customer: str = field(repr=False)
    cause: str
    situation: str
    subject: str
    text: str
    language: str
    lasts: timedelta
    expires_at: datetime
    playbook: str = ""
    help: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undrafted:
    """Why a signal that an entry is about made no draft."""

    cause: str
    why: str


def drafts(
    signal: Signal, policy: Policy, *, facts: Mapping[str, str], now: datetime, team_language: str
) -> Iterator[Drafted | Undrafted]:
    """What follows from a signal, an entry of the policy after the other; nothing where none is about it.

    facts: of the customer, as the product pushed them; `language` among them is the customer's.
    """
    for entry in policy.outreach:
        if entry.signal == signal.kind and _holds(entry.customer, facts) and _holds(entry.data, signal.data):
            yield _draft(entry, signal, policy, facts=facts, now=now, team_language=team_language)


def _holds(asked: Mapping[str, tuple[str, ...]], there: Mapping[str, str]) -> bool:
    return all(there.get(name, "").casefold() in {one.casefold() for one in values} for name, values in asked.items())


def _draft(
    entry: Outreach, signal: Signal, policy: Policy, *, facts: Mapping[str, str], now: datetime, team_language: str
) -> Drafted | Undrafted:
    wanted = facts.get("language", "").lower().partition("-")[0].partition("_")[0]
    language = next((one for one in (wanted, *policy.languages, *entry.texts) if one in entry.texts), "")
    text, subject = entry.texts.get(language, ""), entry.subject.get(language, "")
    data = {name: line(value) for name, value in signal.data.items()}
    missing = sorted({name for name in _HOLE.findall(f"{subject}\n{text}") if not data.get(name)})
    if missing:
        return Undrafted(entry.name, f"the signal does not say {', '.join(missing)}")
    if not text:
        return Undrafted(entry.name, "no text is approved")
    playbook = policy.playbooks.get(entry.playbook)
    told = {
        "title": said(playbook.title, team_language),
        "steps": [said(step, team_language) for step in playbook.steps],
        "call": said(playbook.call, team_language),
    } if playbook else {}  # fmt: skip
    return Drafted(
        customer=signal.customer,
        cause=entry.name,
        situation=_situation(signal.kind, data),
        subject=_filled(subject, data),
        text=_filled(text, data),
        language=language,
        lasts=entry.expires,
        expires_at=now + entry.expires,
        playbook=entry.playbook,
        help=told,
    )


def _filled(text: str, data: Mapping[str, str]) -> str:
    """Values are somebody's: an address in one is dead."""
    return _HOLE.sub(lambda hole: defang(data[hole[1]], ()), text)


def _situation(kind: str, data: Mapping[str, str]) -> str:
    """As in "sync failed (job: Orders, date: 22 Nov)"."""
    known = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in data.items() if value)
    plain = kind.replace("_", " ")
    return f"{plain} ({known})" if known else plain
