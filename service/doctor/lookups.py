"""The policy's look-ups, each asked about a customer whom nobody has: whether it answers, in time, with what the policy reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import httpx

from connectors.base import Organization, Person, Ticket
from connectors.setup import Check
from service.context.customers import ANSWER_S
from service.context.lookups import Found, look_up, missing
from service.context.requests import UnaskedError, asking
from service.doctor.examination import failed
from service.policy.document import Lookup
from service.policy.standing import required
from service.settings import Settings, SettingsProblem

_PATIENCE_S: Final = 5.0
"""Ten times what a note waits, so that one that is slow is told from one that is away."""

_EXPLAIN = "`deskpilot policy explain TICKET` shows what it says of a real one"
_AWAY = "See that it runs, that this machine may call it, and that its url in the policy is right."
_SECRETS = "Correct DESKPILOT_LOOKUP__SECRETS, or the headers of the look-up in the policy."
_REFUSED = f"It may refuse a made-up customer alone: {_EXPLAIN}. Otherwise correct its url in the policy."

# an address under .invalid is nobody's (RFC 2606), and no helpdesk gives the id 0
_NOBODY = Ticket(
    helpdesk="doctor",
    account="doctor",
    id="0",
    subject="",
    status="open",
    channel="email",
    requester=Person(id="0", name="", email="doctor@example.invalid"),
    updated_at=datetime.min.replace(tzinfo=UTC),
    messages=(),
    organization=Organization("0", ""),
)


async def look(settings: Settings) -> Sequence[Check]:
    """One Check for each look-up, none where there is none. Doubtful at most: notes are written all the same.

    A request to each, and a second to one that is slow; whether it is paused is for service/doctor/traffic.py. An answer
    is neither kept nor counted, and no value of it is told.
    """
    secrets = settings.lookup.by_name
    async with httpx.AsyncClient(timeout=_PATIENCE_S, follow_redirects=False) as http:
        asked = (_asked(lookup, http, secrets) for lookup in await lookups_of(settings))
        return await asyncio.gather(*asked)


async def lookups_of(settings: Settings) -> tuple[Lookup, ...]:
    """Those of the policy; none where it must not come into force, which is told once, of the policy."""
    try:
        found = await asyncio.to_thread(required, settings.policy_file, secrets=settings.lookup.by_name)
    except SettingsProblem:
        return ()
    return found.policy.lookups


def named(lookup: Lookup) -> str:
    """What the lines about it are of."""
    return f"look-up {lookup.name}"


async def _asked(lookup: Lookup, http: httpx.AsyncClient, secrets: Mapping[str, str]) -> Check:
    try:
        asking(lookup, _NOBODY, secrets=secrets)
    except UnaskedError as error:
        return Check(named(lookup), "doubtful", f"It was not asked: {error}.", _SECRETS)
    done, took_s = await _timed(lookup, http, secrets)
    if done.keep and took_s > ANSWER_S:  # the first one of all, while everything else is looked at, too
        done, took_s = await _timed(lookup, http, secrets)
    return _judged(lookup, done, took_s)


async def _timed(lookup: Lookup, http: httpx.AsyncClient, secrets: Mapping[str, str]) -> tuple[Found, float]:
    began = perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            done = await look_up(lookup, _NOBODY, http=http, secrets=secrets)
    except TimeoutError:
        done = Found("slow", why=f"gives no answer within {_PATIENCE_S:g} s")
    return done, perf_counter() - began


def _judged(lookup: Lookup, done: Found, took_s: float) -> Check:
    what, took = named(lookup), f"{took_s * 1000:.0f} ms"
    if not done.keep:
        return _unanswered(what, done)
    if took_s > ANSWER_S:
        said = f"It answers in {took}, and a note waits {ANSWER_S * 1000:.0f} ms at most: its facts stay unknown."
        return Check(
            what, "doubtful", said, "Make it faster, ask one that is nearer, or push the facts to /api/context."
        )
    if done.result == "absent":
        said = f"It answers in {took}, and has nothing of a made-up customer; {_EXPLAIN}."
        return Check(what, "fine", said)
    told = ", ".join(done.facts)
    if lacking := ", ".join(missing(lookup, done)):
        said = f"It answers in {took}; of a made-up customer it says {told}, and not {lacking}."
        return Check(what, "doubtful", said, f"See that the paths of {lacking} in the policy are right: {_EXPLAIN}.")
    return Check(what, "fine", f"It answers in {took}, and says {told}.")


def _unanswered(what: str, done: Found) -> Check:
    remedy = _REFUSED if done.result == "refused" else _AWAY
    return replace(failed(what, f"It {done.why}", remedy), state="doubtful")
