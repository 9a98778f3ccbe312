"""Which past tickets an incident would have answered. Pure; reads what is kept of them, or whole tickets that were read again.

Of a message the database keeps how it was judged, not what it said: a match that asks for words, tags or the like is held
against whole tickets only. What cannot be told is told as such, never as "no".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.base import Person, Ticket
from connectors.mail import message_text
from service.incidents.plan import Plan
from service.ledger import TicketKey
from service.occasions import newest_of_requester
from service.policy.document import Condition, Policy
from service.policy.matching import Facts, holds, line_of
from service.triage.judged import NOBODY, Judged, Signal, Triage

_OF_THE_TICKET = frozenset({"words", "channel", "brand", "group", "form", "tag", "field"})
_KEPT = {name: name for name in ("sentiment", "urgency", "stakes", "complexity", "contacts")} | {
    "signal": "signals",
    "segment": "segments",
}
"""What a condition asks for, and its name in the details: see service/triage/store.py."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one customer message. category: None, its note is older than triage. details: of its row in triages."""

    key: TicketKey
    at: datetime
    category: str | None
    language: str
    details: Mapping[str, Any]

    @property
    def ticket(self) -> str:
        """As people write it."""
        return f"{self.key.helpdesk}:{self.key.ticket_id}"


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket that would have got the text. text: its language; "" the plan has none."""

    ticket: str
    at: datetime
    language: str
    category: str


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """looked_at: tickets. unjudged: of them, those of which too little is kept. lacking: what of the match is not kept.

    reread, unread: tickets that the helpdesk gave again, or did not. languages: of the hits. without: those of them that the
    plan has no text in.
    """

    name: str
    days: float
    looked_at: int
    hits: tuple[Hit, ...]
    unjudged: int
    lacking: tuple[str, ...]
    languages: Mapping[str, int]
    without: Mapping[str, int]
    reread: int = 0
    unread: int = 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        given = asdict(self)
        hits = [{**one, "at": one["at"].isoformat()} for one in given["hits"]]
        return {**given, "hits": hits, "lacking": list(self.lacking)}


def rehearsed(
    plan: Plan, *, past: Sequence[Kept], whole: Mapping[TicketKey, Ticket | None], policy: Policy, days: float
) -> Rehearsed:
    """past: newest first. whole: tickets that were read again; None: it could not be read."""
    hits: dict[TicketKey, Hit] = {}
    unjudged: dict[TicketKey, bool] = {}
    lacking: set[str] = set()
    for one in past:
        ticket = whole.get(one.key)
        missing = unkept(plan.match, one, whole=ticket is not None)
        lacking |= missing
        unjudged.setdefault(one.key, bool(missing))
        if not missing and one.key not in hits and holds(plan.match, facts_of_kept(one, policy, ticket=ticket)):
            hits[one.key] = Hit(one.ticket, one.at, one.language, one.category or "")
    languages = Counter(hit.language or "unknown" for hit in hits.values())
    there = {language for approved in plan.texts.values() for language in approved}
    return Rehearsed(
        name=plan.name,
        days=days,
        looked_at=len(unjudged),
        hits=tuple(hits.values()),
        unjudged=sum(unjudged.values()),
        lacking=tuple(sorted(lacking)),
        languages=dict(languages.most_common()),
        without={language: count for language, count in languages.most_common() if language not in there},
        reread=sum(ticket is not None for ticket in whole.values()),
        unread=sum(ticket is None for ticket in whole.values()),
    )


def came(match: Condition, past: Iterable[Kept], *, without: Collection[TicketKey], policy: Policy) -> int | None:
    """How many other tickets match by what is kept of them. None: too little is kept of some."""
    found: set[TicketKey] = set()
    for one in past:
        if one.key in without:
            continue
        if unkept(match, one, whole=False):
            return None
        if holds(match, facts_of_kept(one, policy)):
            found.add(one.key)
    return len(found)


def unkept(match: Condition, one: Kept, *, whole: bool) -> set[str]:
    """What of the match cannot be told of this message. whole: its ticket was read again."""
    known = {asked for asked, name in _KEPT.items() if name in one.details} | {"language"}
    if one.category is not None:
        known.add("category")
    return _asked(match) - known - (_OF_THE_TICKET if whole else frozenset())


def _asked(match: Condition) -> set[str]:
    """The keys of a condition and of those inside it."""
    inner = (*match.none_of, *match.any_of)
    written = set(match.model_dump(exclude_defaults=True)) - {"none_of", "any_of"}
    return written.union(*map(_asked, inner))


def facts_of_kept(one: Kept, policy: Policy, *, ticket: Ticket | None = None) -> Facts:
    """What a condition is asked about. What was not kept has a value that nothing was asked of: see `unkept`."""
    triage = Triage(
        category=Judged(one.category or ""),
        intent=Judged(""),
        complexity=Judged(_value(one, "complexity", 1)),
        stakes=Judged(_value(one, "stakes", 1)),
        sentiment=Judged(_value(one, "sentiment", "neutral")),
        shift=0,
        urgency=Judged(_value(one, "urgency", "normal")),
        language=Judged(one.language),
        wants_person=Judged(value=False),
        signals=tuple(map(Signal, one.details.get("signals", ()))),
        contacts=one.details.get("contacts", 1),
    )
    message = newest_of_requester(ticket) if ticket else None
    return Facts(
        ticket or _bare(one),
        triage,
        NOBODY,
        frozenset(one.details.get("segments", ())),
        f"{ticket.subject}\n{message_text(message) if message else ''}" if ticket else "",
        line_of(policy, one.category or "")[1:],
    )


def _value(one: Kept, name: str, otherwise: Any) -> Any:  # noqa: ANN401 - JSON
    """Of [value, how sure]."""
    return next(iter(one.details.get(name, ())), otherwise)


def _bare(one: Kept) -> Ticket:
    """The ticket, as far as it is known without reading it."""
    nobody = Person(id="")
    return Ticket(
        helpdesk=one.key.helpdesk,
        account=one.key.account,
        id=one.key.ticket_id,
        subject="",
        status="open",
        channel="other",
        requester=nobody,
        updated_at=one.at,
        messages=(),
    )
