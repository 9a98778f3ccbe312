"""Which tickets the pilot covers: some brands, groups or tags, and so many per cent of them. Without a scope: all tickets.

What the settings keep out (service/scope.py) stays out, whatever stands here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Ticket
from service.changes import Change, change
from service.database import Database
from service.tables import drafts, pilots, silences

OUTSIDE = "outside the pilot"
"""How the reason of a ticket that is not covered begins."""

_SALT = "deskpilot pilot"  # never changed: who is in must stay in
_HOLDOUT_SALT = "deskpilot holdout"  # nor this one; and another one, or the pilot would choose who is compared
_MOST_HELD_OUT = 50
_MOST, _LONGEST = 100, 100  # entries of a list, characters of an entry
_DEEDS = {"pause": "paused", "resume": "resumed", "pilot": "changed the pilot of"}
_ENDS = {"start": "started", "stopped": "stopped", "rolled_back": "rolled back", "promoted": "promoted a variant of"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scope:
    """Empty lists: every brand, group, tag. Where several are set, a ticket has to be on each. percent: 0 to 100, of those."""

    brands: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    percent: int = 100
    holdout: int = 0  # per cent of requesters who get no notes, to compare

    @property
    def everything(self) -> bool:
        """Whether there is no limit."""
        return self == EVERYTHING

    @property
    def in_words(self) -> str:
        """One line for people: "25 % of tickets · groups Support, Billing"."""
        if self.everything:
            return "every ticket"
        lists = {name: getattr(self, name) for name in ("brands", "groups", "tags")}
        told = [f"{name} {', '.join(listed)}" for name, listed in lists.items() if listed]
        if self.holdout:
            told.append(f"{self.holdout} % of requesters held out to compare")
        covered = (
            f"{self.percent} % of tickets"
            if self.percent < 100
            else "tickets"
            if any(lists.values())
            else "every ticket"
        )
        return " · ".join([covered, *told])

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


EVERYTHING = Scope()


class ScopeError(Exception):
    """What was written is no scope. `problems`: one sentence by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {said}" for field, said in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Week:
    """Tickets of the last seven days: those with a note, and those that were outside."""

    noted: int
    outside: int


def outside(ticket: Ticket, scope: Scope) -> str:
    """Why this ticket is not covered; empty where it is. Case does not matter."""
    group, brand = (ticket.group, ticket.group_name), (ticket.brand,)
    for what, has, wanted in (("group", group, scope.groups), ("brand", brand, scope.brands)):
        if wanted and not _any_of(wanted, has):
            return f"{OUTSIDE}: {what} {has[-1] or has[0]}" if any(has) else f"{OUTSIDE}: in no {what}"
    if scope.tags and not _any_of(scope.tags, ticket.tags):
        return f"{OUTSIDE}: no tag of {', '.join(scope.tags)}"
    if share_of(ticket.helpdesk, ticket.id) >= scope.percent:
        return f"{OUTSIDE}: not among its {scope.percent} % of tickets"
    return ""


def unrouted(ticket: Ticket, scope: Scope) -> str:
    """What the ticket has not got yet, "group" or "brand", where nothing but that keeps it outside; else empty."""
    lacks_group, lacks_brand = bool(scope.groups and not ticket.group), bool(scope.brands and not ticket.brand)
    rest = Scope(
        brands=() if lacks_brand else scope.brands,
        groups=() if lacks_group else scope.groups,
        tags=scope.tags,
        percent=scope.percent,
    )
    if outside(ticket, rest):
        return ""
    return "group" if lacks_group else "brand" if lacks_brand else ""


def change_in_words(told: Change) -> str:
    """What somebody has switched, behind their name: "paused Zendesk: moving house"."""
    if told.what in ("incident", "spike"):
        return _incident_in_words(told.details)
    if told.what == "lesson":
        return _lesson_in_words(told.details)
    if told.what == "experiment":
        return (
            f"{_ENDS.get(told.details.get('deed', ''), 'changed')} the experiment {told.details.get('experiment', '')}"
        )
    if told.what == "drift":
        return _drift_in_words(told.details)
    said = f"{_DEEDS.get(told.what, told.what)} {told.helpdesk.capitalize() if told.helpdesk != '*' else 'all notes'}"
    if told.what == "pilot":
        lists = {name: tuple(told.details.get(name, ())) for name in ("brands", "groups", "tags")}
        percent, holdout = told.details.get("percent", 100), told.details.get("holdout", 0)
        return f"{said}: {Scope(**lists, percent=percent, holdout=holdout).in_words}"
    why = told.details.get("why", "")
    return f"{said}: {why}" if why else said


def _lesson_in_words(details: Mapping[str, Any]) -> str:
    number, deed = details.get("lesson", ""), details.get("deed", "")
    if deed == "approve":
        whom = "everyone" if details.get("everyone") else "its own organization"
        return f"approved lesson {number} for {whom} until {str(details.get('until', ''))[:10]}"
    return f"{ {'edit': 'rewrote', 'reject': 'rejected', 'revoke': 'revoked'}.get(deed, deed) } lesson {number}"


def _drift_in_words(details: Mapping[str, Any]) -> str:
    category, kinds = details.get("category") or "no category", " and ".join(details.get("kinds", ()))
    if details.get("deed") == "lower":
        return f"lowered {category} to where the policy has it ({kinds})"
    return f"found that {category} has drifted ({kinds})" + ", and raised it a tier" * bool(details.get("raises"))


def _incident_in_words(details: Mapping[str, Any]) -> str:
    name, deed = details.get("incident", ""), details.get("deed", "")
    match deed:
        case "start":
            return f"started the incident {name}: {details.get('title', '')}"
        case "stage":
            return f"took the incident {name} to {details.get('stage', '')}"
        case "prolong":
            return f"prolonged the incident {name} until {details.get('until', '')}"
        case "stop":
            return f"stopped the incident {name}"
    started = f", and started the incident {name}" if name else ""
    return f"raised an alarm: {details.get('tickets', 0)} tickets of {details.get('label', 'one kind')}{started}"


def share_of(helpdesk: str, ticket_id: str) -> float:
    """A ticket's own place between 0 and 100, the same for ever: who is in at 10 per cent is in at 25."""
    digest = hashlib.sha256(f"{_SALT}:{helpdesk}:{ticket_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100


def held_out(ticket: Ticket, scope: Scope) -> bool:
    """Whether this requester gets no notes, to compare with those who do: the same ones for ever, at 20 per cent those of 10, too.

    An unknown requester is nobody's, and gets them.
    """
    if not scope.holdout or not ticket.requester.id:
        return False
    digest = hashlib.sha256(f"{_HOLDOUT_SALT}:{ticket.helpdesk}:{ticket.requester.id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100 < scope.holdout


def read_scope(given: Mapping[str, str], *, helpdesk: str) -> Scope:
    """A scope as people write it: lists with commas, per cent as a whole number. Raises ScopeError with all that is wrong."""
    problems: dict[str, str] = {}
    lists = {name: _listed(given.get(name, "")) for name in ("brands", "groups", "tags")}
    for name, entries in lists.items():
        if problem := _wrong(name, entries, helpdesk):
            problems[name] = problem
    percent = given.get("percent", "").strip().removesuffix("%").strip() or "100"
    if not re.fullmatch(r"[0-9]{1,3}", percent) or int(percent) > 100:
        problems["percent"] = "Write a whole number from 0 to 100."
    holdout = given.get("holdout", "").strip().removesuffix("%").strip() or "0"
    if not re.fullmatch(r"[0-9]{1,3}", holdout) or int(holdout) > _MOST_HELD_OUT:
        problems["holdout"] = f"Write a whole number from 0 to {_MOST_HELD_OUT}."
    if problems:
        raise ScopeError(problems)
    return Scope(**lists, percent=int(percent), holdout=int(holdout))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _wrong(name: str, entries: Iterable[str], helpdesk: str) -> str:
    entries = list(entries)
    if len(entries) > _MOST:
        return f"Write {_MOST} at most; these are {len(entries)}."
    if any(len(one) > _LONGEST or _UNPRINTABLE.search(one) for one in entries):
        return f"Each is at most {_LONGEST} printable characters; put commas between them."
    numbers = name == "brands" or (name == "groups" and helpdesk == "freshdesk")
    if numbers and (word := next((one for one in entries if not one.isdecimal()), "")):
        return f"{word!r} is no number, and {helpdesk.capitalize()} tells {name} by number: write that."
    return ""


def _any_of(wanted: Iterable[str], has: Iterable[str]) -> bool:
    return not {one.casefold() for one in wanted}.isdisjoint(one.casefold() for one in has if one)


class Pilots:
    """The scope of each helpdesk, in the database: who changes it changes it for all replicas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scope(self, helpdesk: str) -> Scope:
        """What is covered there."""
        async with self._database.engine.connect() as connection:
            row = (await connection.execute(_SCOPE, {"helpdesk": helpdesk})).first()
        return (
            Scope(tuple(row.brands), tuple(row.groups), tuple(row.tags), row.percent, row.holdout)
            if row
            else EVERYTHING
        )

    async def cover(self, helpdesk: str, scope: Scope, *, by: str) -> None:
        """Cover these tickets from now on; recorded with who said so."""
        values = scope.as_json()
        statement = insert(pilots).values(helpdesk=helpdesk, **values)
        async with self._database.transactions.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["helpdesk"], set_=values))
            await connection.execute(change("pilot", helpdesk, by=by, details=values))

    async def week(self, helpdesk: str) -> Week:
        """What became of the tickets of the last seven days, under the scopes of those days."""
        async with self._database.engine.connect() as connection:
            row = (await connection.execute(_WEEK, {"helpdesk": helpdesk, "outside": f"{OUTSIDE}:%"})).one()
        return Week(row.noted, row.outside)


_SCOPE = sa.select(pilots).where(pilots.c.helpdesk == sa.bindparam("helpdesk"))
_SINCE = sa.func.now() - sa.text("interval '7 days'")
_WEEK = sa.select(
    sa.select(sa.func.count(drafts.c.ticket_id.distinct()))
    .where(drafts.c.helpdesk == sa.bindparam("helpdesk"), drafts.c.created_at > _SINCE)
    .scalar_subquery()
    .label("noted"),
    sa.select(sa.func.count(silences.c.ticket_id.distinct()))
    .where(
        silences.c.helpdesk == sa.bindparam("helpdesk"),
        silences.c.at > _SINCE,
        silences.c.reason.like(sa.bindparam("outside")),
    )
    .scalar_subquery()
    .label("outside"),
)
