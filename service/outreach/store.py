"""The queue of outreach: one draft per customer and cause, until a person copies or discards it, or it is no longer true.

A customer who is known by address and by id is one customer: the id's. A row stays when it is decided, so that nobody is written to
again while the cause lasts; a later one for the same cause replaces it and keeps how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from service.context.store import Contexts, Signal, digest
from service.database import Database, storable
from service.metrics import OUTREACH
from service.outreach.drafting import Drafted, Undrafted, drafts
from service.policy.document import Policy

Ending = Literal["copied", "discarded", "expired"]

ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
LONGEST_WHY: Final = 200
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft, as a person sees it. wrote: a ticket of this customer was looked at after it was made."""

    id: int
    customer: str = field(repr=False)
    cause: str
    situation: str
    subject: str
    text: str
    language: str
    state: str
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    by: str
    details: Mapping[str, Any]
    wrote: bool = False

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.id,
            "customer": self.customer,
            "cause": self.cause,
            "situation": self.situation,
            "subject": self.subject,
            "text": self.text,
            "language": self.language,
            "state": self.state,
            "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "by": self.by,
            "wrote": self.wrote,
            **{name: self.details[name] for name in ("help", "why") if self.details.get(name)},
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a signal at one entry of the policy. why: nothing new was drafted, and the reason."""

    cause: str
    drafted: bool
    why: str = ""


class Outreaches:
    """Reads and writes the queue. Nothing here speaks to a helpdesk."""

    def __init__(self, database: Database, *, team_language: str = "en") -> None:
        self._database, self._language = database, team_language
        self._contexts = Contexts(database)

    async def happened(self, signal: Signal, policy: Policy, *, now: datetime) -> list[Outcome]:
        """Draft what the policy wants drafted for a signal. Told twice, it changes nothing more."""
        if not any(entry.signal == signal.kind for entry in policy.outreach):
            return []
        own = await self._own(signal.customer)
        names = tuple(dict.fromkeys((signal.customer, own)))
        facts = (await self._contexts.of(names, email="", lookups={})).facts
        made = drafts(signal, policy, facts=facts, now=now, team_language=self._language)
        return [await self._put(one, own) for one in list(made)]

    async def newest(self, *, state: str = "waiting") -> list[Waiting]:
        """Those in a state, the newest first; "" all."""
        await self.expire()
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(_LIST, {"state": state, "most": _SHOWN})).mappings().all()
        return [_waiting(row) for row in rows]

    async def decide(self, id_: int, ending: Literal["copied", "discarded"], *, by: str, why: str = "") -> bool:
        """A person has copied the text, or wants none. False: it waits no longer, or there is none."""
        await self.expire()
        told = {
            "id": id_,
            "state": ending,
            "by": " ".join(storable(by).split())[:LONGEST_WHY],
            "why": " ".join(storable(why).split())[:LONGEST_WHY],
        }
        async with self._database.engine.connect() as connection:
            done = await connection.scalar(_DECIDE, told)
        if done is not None:
            OUTREACH.labels(ending).inc()
        return done is not None

    async def expire(self) -> None:
        """Those whose time is over wait no longer."""
        async with self._database.engine.connect() as connection:
            gone = (await connection.execute(_EXPIRE)).rowcount
        if gone > 0:
            OUTREACH.labels("expired").inc(gone)

    async def counts(self) -> dict[str, int]:
        """Drafts by how they ended, those that wait, and `wrote`: the customer wrote all the same, whatever we did."""
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(_COUNTS)).all()
        found: dict[str, int] = dict.fromkeys(("waiting", *ENDINGS, "wrote"), 0)
        return found | {state: int(count) for state, count in rows}

    async def _own(self, customer: str) -> str:
        """The helpdesk's id of a customer, where a ticket has told it; else as they are called.

        What was drafted when only the address was known is the id's from then on.
        """
        async with self._database.engine.connect() as connection:
            own = str(await connection.scalar(_ID_OF, {"digest": digest(customer)}) or customer)
            with suppress(sa.exc.IntegrityError):  # somebody else does the same
                await connection.execute(_ADOPT, {"own": own})
        return own

    async def _put(self, one: Drafted | Undrafted, customer: str) -> Outcome:
        if isinstance(one, Undrafted):
            OUTREACH.labels("undrafted").inc()
            return Outcome(one.cause, drafted=False, why=one.why)
        told = {
            "customer": customer,
            "cause": one.cause,
            "playbook": one.playbook,
            "situation": one.situation,
            "subject": one.subject,
            "text": one.text,
            "language": one.language,
            "expires_at": one.expires_at,
            "lasts": one.lasts,
            "details": {"help": dict(one.help), "called": one.customer, "lasts_s": one.lasts.total_seconds()},
        }
        async with self._database.engine.connect() as connection:
            if await connection.scalar(_PUT, told) is not None:
                OUTREACH.labels("drafted").inc()
                return Outcome(one.cause, drafted=True)
            state = await connection.scalar(_STATE, {"customer": customer, "cause": one.cause})
        why = (
            "a draft for this customer and cause waits already"
            if state == "waiting"
            else f"the last one was {state} lately"
        )
        return Outcome(one.cause, drafted=False, why=why)


def _waiting(row: sa.RowMapping) -> Waiting:
    return Waiting(**{**row, "customer": row["details"].get("called") or row["customer"]})


_WROTE = """EXISTS (SELECT FROM lookups AS seen WHERE seen.name = 'seen' AND seen.at > o.created_at AND (
    seen.customer = o.customer OR seen.facts ->> 'email' = encode(sha256(convert_to(o.customer, 'UTF8')), 'hex')))"""

_LIST = sa.text(f"""
    SELECT o.id, o.customer, o.cause, o.situation, o.subject, o.text, o.language, o.state, o.created_at, o.expires_at,
           o.decided_at, o.by_whom AS by, o.details, {_WROTE} AS wrote
    FROM outreach AS o WHERE (:state = '' OR o.state = :state) AND o.text <> ''
    ORDER BY o.created_at DESC, o.id DESC LIMIT :most
""")  # noqa: S608 - constants of this file

_COUNTS = sa.text(f"""
    WITH ended AS (
        SELECT state FROM outreach
        UNION ALL SELECT jsonb_array_elements_text(details -> 'before') FROM outreach
    )
    SELECT state, count(*) FROM ended GROUP BY state
    UNION ALL SELECT 'wrote', count(*) FROM outreach AS o WHERE {_WROTE}
""")  # noqa: S608 - constants of this file

_ID_OF = sa.text("""
    SELECT customer FROM lookups WHERE name = 'seen' AND facts ->> 'email' = :digest ORDER BY at DESC, customer LIMIT 1
""")

_ADOPT = sa.text("""
    UPDATE outreach AS o SET customer = :own
    WHERE encode(sha256(convert_to(o.customer, 'UTF8')), 'hex') IN (
            SELECT facts ->> 'email' FROM lookups WHERE name = 'seen' AND customer = :own)
        AND NOT EXISTS (SELECT FROM outreach AS other WHERE other.customer = :own AND other.cause = o.cause)
""")

_STATE = sa.text("SELECT state FROM outreach WHERE customer = :customer AND cause = :cause")

_EXPIRE = sa.text("""
    UPDATE outreach SET state = 'expired', decided_at = expires_at WHERE state = 'waiting' AND expires_at <= now()
""")

_DECIDE = sa.text("""
    UPDATE outreach SET state = :state, decided_at = now(), by_whom = :by,
           details = details || jsonb_build_object('why', CAST(:why AS text))
    WHERE id = :id AND state = 'waiting' AND text <> '' RETURNING id
""")

# What was sent or refused stands for as long as a new one would; what expired, or waits beyond its time, does not.
_PUT = sa.text("""
    INSERT INTO outreach AS o (customer, cause, playbook, situation, subject, text, language, expires_at, details)
    VALUES (:customer, :cause, :playbook, :situation, :subject, :text, :language, :expires_at, :details)
    ON CONFLICT (customer, cause) DO UPDATE SET
        playbook = excluded.playbook, situation = excluded.situation, subject = excluded.subject, text = excluded.text,
        language = excluded.language, expires_at = excluded.expires_at, state = 'waiting', created_at = now(), decided_at = NULL,
        by_whom = '', details = excluded.details || jsonb_build_object('before', coalesce(o.details -> 'before', '[]'::jsonb)
            || to_jsonb(CASE o.state WHEN 'waiting' THEN 'expired' ELSE o.state END))
    WHERE o.expires_at <= now() AND (o.state IN ('waiting', 'expired') OR o.decided_at + :lasts <= now())
    RETURNING id
""").bindparams(sa.bindparam("details", type_=JSONB), sa.bindparam("lasts", type_=sa.Interval))
