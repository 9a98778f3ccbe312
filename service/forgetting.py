"""Forgets a requester at once: what the ledger, the queue, the inbox and the index hold of their tickets.

Others' drafts that rest on one of these tickets go with it. What the helpdesk itself still has is the helpdesk's: a ticket that
changes there afterwards is read again, so a person is deleted there first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.context.store import digest
from service.database import Database
from service.retention import BLANKED
from service.solved import article_of, source_of
from service.vectors import Vectors
from service.vectors.base import LESSONS, lesson_article


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted. notes: of which the text went and the skeleton stays (see service/retention.py).

    borrowed: notes of others' tickets that rest on an example of this requester. running: tickets on which somebody works at
    this moment, who may still write something: forget again. votes: whose
    comments went. budgets: hours in which the model was asked for them. triages: messages that were judged, here and in incidents.
    outcomes: figures that are nobody's now. lessons: what was learnt of their tickets, or drawn from them for reviewers.
    contexts: what a product pushed, signals, answers of look-ups and outreach, also under the e-mail address that a ticket of theirs had.
    """

    examples: int = 0
    notes: int = 0
    borrowed: int = 0
    silences: int = 0
    parked: int = 0
    webhooks: int = 0
    jobs: int = 0
    votes: int = 0
    budgets: int = 0
    triages: int = 0
    contexts: int = 0
    outcomes: int = 0
    lessons: int = 0
    running: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there was nothing of this requester."""
        return self == Forgotten()


async def forget(requester: str, *, helpdesk: str, database: Database, vectors: Vectors) -> Forgotten:
    """Delete whatever is known of this requester (the helpdesk's id) of one helpdesk. A second time it finds nothing.

    The ledger comes last: it knows the tickets, so what is interrupted is found again. Raises VectorsUnavailableError.
    """
    source = source_of(helpdesk)
    examples = await vectors.articles_by(requester, source=source)
    async with database.engine.connect() as connection:
        known = {tuple(row) for row in await connection.execute(_TICKETS, _of(helpdesk, requester))}
    ids = {ticket_id for _, ticket_id in known} | {article.rpartition(":")[2] for _, article in examples}
    locks = {f"{helpdesk}:{ticket_id}" for ticket_id in ids}
    async with database.engine.connect() as connection:
        jobs = (await connection.execute(_JOBS, {"locks": list(locks)})).rowcount
        running = (await connection.execute(_RUNNING, {"locks": list(locks)})).scalars().all()
    # by now nobody begins to work on one of them; their examples may have no name on them, being older than the field
    examples |= {(account, article_of(helpdesk, ticket_id)) for account, ticket_id in known}
    lessons = await _forget_lessons(database, helpdesk, ids, vectors=vectors)
    gone = 0
    for account in sorted({account for account, _ in examples}):
        articles = sorted(article for of, article in examples if of == account)
        gone += len(await vectors.marks(source=source, account=account, articles=articles))
        await vectors.remove(articles, source=source, account=account)
    counts = await _forget_rows(
        database, helpdesk, requester, ids=ids, articles={*lessons, *(article for _, article in examples)}
    )
    return Forgotten(examples=gone, jobs=jobs, running=tuple(running), **counts)


async def _forget_lessons(
    database: Database, helpdesk: str, ids: Collection[str], *, vectors: Vectors
) -> Collection[str]:
    """Take what was learnt of these tickets out of the index; how passages name it. The rows go with the others."""
    async with database.engine.connect() as connection:
        rows = (await connection.execute(_LESSONS, {"helpdesk": helpdesk, "ids": list(ids)})).all()
    for account in sorted({account for account, _ in rows}):
        articles = [lesson_article(number) for of, number in rows if of == account]
        await vectors.remove(articles, source=LESSONS, account=account)
    return {lesson_article(number) for _, number in rows}


async def _forget_rows(
    database: Database, helpdesk: str, requester: str, *, ids: Collection[str], articles: Collection[str]
) -> dict[str, int]:
    given = _of(helpdesk, requester) | {"ids": list(ids), "articles": list(articles)}
    counts: dict[str, int] = {}
    async with database.transactions.begin() as connection:
        for name, statements in _DEEDS.items():
            rows = [(await connection.execute(statement, given)).rowcount for statement in statements]
            counts[name] = sum(rows)
        own = f"{helpdesk}:{requester}"
        digests = (await connection.execute(_DIGESTS, {"own": own})).scalars().all()
        whom = {"customers": [own], "digests": list(digests)}
        counts["contexts"] = sum([(await connection.execute(statement, whom)).rowcount for statement in _CONTEXTS])
    return counts


async def forget_address(email: str, *, database: Database) -> tuple[int, tuple[str, ...]]:
    """Delete what is known under an e-mail address, and what look-ups said of the ids that had it: (rows, those ids).

    Their tickets are forgotten by those ids.
    """
    given = {"email": email.strip().lower(), "digest": digest(email)}
    async with database.transactions.begin() as connection:
        ids = tuple((await connection.execute(_IDS, given)).scalars())
        whom = {"customers": [given["email"], *ids], "digests": []}
        rows = [(await connection.execute(statement, whom)).rowcount for statement in _CONTEXTS]
    return sum(rows), ids


def _of(helpdesk: str, requester: str) -> dict[str, Any]:
    return {"helpdesk": helpdesk, "requester": requester}


_TICKETS = sa.text("""
    SELECT account, ticket_id FROM drafts WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM silences WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM resolutions WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM lessons WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM samples WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM outcomes WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM triages WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
    UNION SELECT account, ticket_id FROM incident_tickets WHERE helpdesk = :helpdesk AND requester = :requester AND requester <> ''
""")

_JOBS = sa.text("DELETE FROM procrastinate_jobs WHERE lock = ANY (CAST(:locks AS text[])) AND status <> 'doing'")
_RUNNING = sa.text(
    "SELECT lock FROM procrastinate_jobs WHERE lock = ANY (CAST(:locks AS text[])) AND status = 'doing' ORDER BY lock"
)

_THEIRS = "helpdesk = :helpdesk AND ticket_id = ANY (CAST(:ids AS text[]))"
_CITING = """helpdesk = :helpdesk AND html <> '' AND (details -> 'nearest' ->> 1 = ANY (CAST(:articles AS text[])) OR EXISTS (
    SELECT FROM jsonb_array_elements(details -> 'cited') AS cited WHERE cited ->> 1 = ANY (CAST(:articles AS text[]))))"""

_LESSONS = sa.text(f"SELECT account, id FROM lessons WHERE {_THEIRS}")  # noqa: S608 - constants of this file
_IDS = sa.text("SELECT customer FROM lookups WHERE name = 'seen' AND facts ->> 'email' = :digest ORDER BY customer")
_DIGESTS = sa.text("SELECT facts ->> 'email' FROM lookups WHERE name = 'seen' AND customer = :own")

_CONTEXTS = tuple(  # see service/context/store.py: the digest is that of an e-mail address
    sa.text(
        f"DELETE FROM {table} WHERE customer = ANY (CAST(:customers AS text[]))"  # noqa: S608 - constants of this file
        " OR encode(sha256(convert_to(customer, 'UTF8')), 'hex') = ANY (CAST(:digests AS text[]))"
    )
    for table in ("contexts", "signals", "outreach", "lookups")
)

_DEEDS = {
    "notes": (
        sa.text(f"DELETE FROM drafts WHERE {_THEIRS} AND posted_at IS NULL"),  # noqa: S608 - constants of this file
        sa.text(f"UPDATE drafts SET {BLANKED} WHERE {_THEIRS} AND (html <> '' OR requester <> '')"),  # noqa: S608
    ),
    "borrowed": (
        sa.text(f"DELETE FROM drafts WHERE {_CITING} AND posted_at IS NULL"),  # noqa: S608
        sa.text(f"UPDATE drafts SET {BLANKED} WHERE {_CITING}"),  # noqa: S608
    ),
    "silences": (sa.text(f"DELETE FROM silences WHERE {_THEIRS}"),),  # noqa: S608
    "votes": (
        sa.text(
            f"UPDATE feedback SET comment = '', answer = '' WHERE {_THEIRS} AND (comment <> '' OR answer <> '')"  # noqa: S608
        ),
    ),
    "budgets": (
        sa.text(
            "DELETE FROM spending WHERE budget = 'requester' AND subject = :requester AND starts_with(account, :helpdesk || ':')"
        ),
    ),
    "triages": (
        sa.text(f"UPDATE triages SET requester = '' WHERE {_THEIRS} AND requester <> ''"),  # noqa: S608
        sa.text(f"UPDATE incident_tickets SET requester = '', asked = '' WHERE {_THEIRS}"),  # noqa: S608
    ),
    # the figures stay, as nobody's; what was learnt or drawn of their words goes, approved or not
    "outcomes": (
        sa.text(f"UPDATE outcomes SET requester = '' WHERE {_THEIRS} AND requester <> ''"),  # noqa: S608
        sa.text(f"UPDATE resolutions SET requester = '' WHERE {_THEIRS} AND requester <> ''"),  # noqa: S608
    ),
    "lessons": (
        sa.text(f"DELETE FROM lessons WHERE {_THEIRS}"),  # noqa: S608
        sa.text(f"DELETE FROM samples WHERE {_THEIRS}"),  # noqa: S608
    ),
    "parked": (sa.text(f"DELETE FROM parked WHERE {_THEIRS}"),),  # noqa: S608
    "webhooks": (
        sa.text(f"DELETE FROM deliveries WHERE {_THEIRS} AND kind = 'ticket'"),  # noqa: S608
        # in somebody else's ticket: that one is still to be looked at
        sa.text("UPDATE deliveries SET author_id = '' WHERE helpdesk = :helpdesk AND author_id = :requester"),
    ),
}
