"""How it was before: the tickets of the months before the first note, read from the helpdesk's history into `resolutions`."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import ForbiddenError, Helpdesk, PastTicket
from service.database import Database
from service.languages import detect
from service.outcomes.imports import Imports, Read
from service.outcomes.ratings import Ratings
from service.policy.document import Policy
from service.smalltalk import is_automatic
from service.tables import resolutions
from service.triage.categories import Categories
from service.triage.triaging import TRUSTED

_BATCH = 100
_MERGED = frozenset({"closed_by_merge", "merged"})


@dataclass(frozen=True, slots=True)
class Imported:
    """left_out: how many, by why they are in no figure. resumed: where an earlier run had come to."""

    helpdesk: str
    tickets: int
    left_out: Mapping[str, int]
    resumed: datetime | None = None


class Baseline:
    """Borrows the database and the policy's examples."""

    def __init__(self, database: Database, categories: Categories, policy: Policy) -> None:
        self._engine, self._imports, self._ratings = database.engine, Imports(database), Ratings(database, {})
        self._categories, self._policy = categories, policy

    async def read(self, desk: Helpdesk, *, since: datetime, told: Callable[[int], None]) -> Imported:
        """Read what was opened since then and before the first note of ours; what was read before is not read again.

        told: how many so far. Raises ConnectorError: then the next run goes on where this one stopped.
        """
        known = await self._imports.read(desk.name, desk.account, "baseline")
        begun = known if known and known.since <= since else None
        begin = begun.upto if begun and begun.upto else since
        live = await self._first_note(desk)
        upto, out = begin, Counter[str]()
        batch: list[PastTicket] = []
        async for past in desk.history(begin):
            batch.append(past)
            if len(batch) >= _BATCH:
                await self._keep(desk, batch, since=since, live=live, out=out)
                upto, count = max(upto, batch[-1].updated_at), await self._count(desk)
                await self._imports.keep(desk.name, desk.account, "baseline", Read(since, upto, tickets=count))
                batch.clear()
                told(count)
        await self._keep(desk, batch, since=since, live=live, out=out)
        upto, count = max([upto, *(one.updated_at for one in batch)]), await self._count(desk)
        with contextlib.suppress(ForbiddenError):  # without surveys there is nothing to ask for
            await self._ratings.read_since(desk, since)  # older than those that the round looks back to
        await self._imports.keep(desk.name, desk.account, "baseline", Read(since, upto, done=True, tickets=count))
        told(count)
        return Imported(desk.name, count, dict(out), begun.upto if begun else None)

    async def _count(self, desk: Helpdesk) -> int:
        async with self._engine.connect() as connection:
            given = {"helpdesk": desk.name, "account": desk.account}
            count: int = (await connection.execute(_COUNT, given)).scalar_one()
        return count

    async def _first_note(self, desk: Helpdesk) -> datetime | None:
        async with self._engine.connect() as connection:
            given = {"helpdesk": desk.name, "account": desk.account}
            first: datetime | None = await connection.scalar(_FIRST_NOTE, given)
        return first

    async def _keep(
        self, desk: Helpdesk, batch: Sequence[PastTicket], *, since: datetime, live: datetime | None, out: Counter[str]
    ) -> None:
        wanted = [one for one in batch if one.opened_at >= since and (live is None or one.opened_at < live)]
        newest = {one.id: one for one in wanted}  # a ticket that changes while we read comes twice
        if not newest:
            return
        rows = [await self._row(desk, past) for past in newest.values()]
        out.update(row["excluded"] for row in rows if row["excluded"])
        async with self._engine.connect() as connection:
            await connection.execute(_KEEP, rows)

    async def _row(self, desk: Helpdesk, past: PastTicket) -> dict[str, Any]:
        excluded = _excluded(past)
        text = f"{past.subject}\n{past.text}"
        language = past.language or await asyncio.to_thread(detect, text)
        kind = "" if excluded else await self._kind(text, language)
        solved = past.solved_at if past.status in ("solved", "closed") or past.reopens else None
        return {
            "helpdesk": desk.name,
            "account": desk.account,
            "ticket_id": past.id,
            "arm": "baseline",
            "label": "human_only" if past.first_reply_at or past.replies else "",
            "opened_at": past.opened_at,
            "first_reply_at": past.first_reply_at,
            "solved_at": solved,
            "exchanges": past.replies if solved else None,
            "reopened_at": None,  # a history does not tell when, nor whether it was more than thanks
            "csat": past.rated,
            "csat_at": past.updated_at if past.rated is not None else None,
            "excluded": excluded,
            "category": kind,
            "language": language,
            "brand": past.brand,
            "group_id": past.group,
            "channel": past.channel,
            "requester": past.requester,
        }

    async def _kind(self, text: str, language: str) -> str:
        nearest = await self._categories.of(text, language=language, policy=self._policy)
        return nearest.value if nearest.sure >= TRUSTED else ""


def _excluded(past: PastTicket) -> str:
    """As service/outcomes/sent.py says it."""
    reasons = (
        (past.spam, "spam"),
        (past.status == "deleted", "deleted"),
        (bool(_MERGED & {tag.lower() for tag in past.tags}), "merged"),
        (past.channel == "side conversation", "side_conversation"),
        (is_automatic(past.subject, past.text), "automatic"),
    )
    return next((word for holds, word in reasons if holds), "")


_COUNT = sa.text(
    "SELECT count(*) FROM resolutions WHERE helpdesk = :helpdesk AND account = :account AND arm = 'baseline'"
)
_FIRST_NOTE = sa.text("SELECT min(posted_at) FROM drafts WHERE helpdesk = :helpdesk AND account = :account")
_NAMES = (
    "helpdesk", "account", "ticket_id", "arm", "label", "opened_at", "first_reply_at", "solved_at", "exchanges", "reopened_at", "csat", "csat_at",
    "excluded", "category", "language", "brand", "group_id", "channel", "requester",
)  # fmt: skip
_NEW = insert(resolutions).values({name: sa.bindparam(name) for name in _NAMES})
_KEEP = _NEW.on_conflict_do_update(
    constraint="resolutions_one_per_ticket",
    # the history may not tell a rating that came by its own way
    set_={name: _NEW.excluded[name] for name in _NAMES[3:] if not name.startswith("csat")}
    | {name: sa.func.coalesce(_NEW.excluded[name], resolutions.c[name]) for name in ("csat", "csat_at")}
    | {"seen_at": sa.func.now()},
    where=resolutions.c.arm == "baseline",  # what we have looked at ourselves is known better
)
