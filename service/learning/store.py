"""The queue of lessons in PostgreSQL. It alone says which of them are in force; the index only finds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from service.changes import change, named
from service.database import Database, storable
from service.learning.lesson import OWNER_CHARS, STATES, Candidate, Lesson, State
from service.learning.likeness import Sketch, nearest, sketch_in
from service.ledger import TicketKey
from service.outcomes.outcome import Outcome
from service.rounds import hasten

PAGE: Final = 20

_COMPARED = 1_000  # of an account and language, the newest: a queue that long is read by nobody


class LessonStore:
    """Reads and writes the rows. What a person decides is recorded with their name, in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database, self._engine, self._transactions = database, database.engine, database.transactions

    async def untaught(self, key: TicketKey) -> list[Outcome]:
        """What became of a ticket's messages (the outcomes in the ledger), without those that teach nothing or have taught already.

        A reply that goes on in a further message teaches anew, while nobody has decided. Only what a candidate is made of is read.
        """
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_UNTAUGHT, _of(key))).mappings().all()
        return [Outcome(key=key, arm="note", **row) for row in rows]

    async def add(self, candidate: Candidate, sketch: Sketch) -> State | None:
        """Put it into the queue, or count it with the lesson that says the same: "merged". None: it is known already.

        A vote that says what is right takes the place of what was learnt of the same message, while nobody has decided; so does a
        longer reply to it.
        """
        async with self._transactions.begin() as connection:
            like = await connection.execute(_LIKE, {**_said(candidate), "most": _COMPARED})
            into = nearest(sketch, ((number, sketch_in(kept)) for number, kept in like if kept))
            given = {
                **_said(candidate),
                "state": "merged" if into else "waiting",
                "into": into,
                "details": {"words": sketch.as_json(), "url": storable(candidate.url), "parts": candidate.parts},
            }
            added = (await connection.execute(_ADD, given)).first()
            if added is None:
                return None
            if into:
                await connection.execute(_SEEN, {"id": into})
            return "merged" if into else "waiting"

    async def one(self, number: int) -> Lesson | None:
        """The lesson of this number."""
        found = await self.of([number])
        return found.get(number)

    async def of(self, numbers: Collection[int], *, in_force: bool = False) -> dict[int, Lesson]:
        """Lessons by number. in_force: only those that are approved at this moment, and not over."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_IN_FORCE if in_force else _OF, {"ids": list(numbers)})
            return {row["id"]: _lesson(row) for row in rows.mappings()}

    async def listed(self, state: State, *, skip: int = 0, limit: int = PAGE) -> list[Lesson]:
        """Those in a state: what waits by how often it was seen, the others by when it was decided; the newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_LIST, {"state": state, "skip": skip, "most": limit})
            return [_lesson(row) for row in rows.mappings()]

    async def counts(self) -> dict[State, int]:
        """Lessons by state."""
        async with self._engine.connect() as connection:
            found = {state: int(count) for state, count in await connection.execute(_COUNTS)}
        return {state: found.get(state, 0) for state in STATES}

    async def approve(self, lesson: Lesson, *, everyone: bool, owner: str, until: datetime, by: str) -> Lesson | None:
        """Put it in force. None: it was changed since it was read, or is merged into another."""
        details = {"deed": "approve", "everyone": everyone, "until": until.isoformat(timespec="seconds")}
        given = {"everyone": everyone, "owner": " ".join(storable(owner).split())[:OWNER_CHARS], "until": until}
        return await self._decided(_APPROVE, lesson, given, details, by=by)

    async def rewrite(
        self, lesson: Lesson, *, question: str, reply: str, sketch: Sketch, language: str, by: str
    ) -> Lesson | None:
        """Set its texts, which are masked. One that is in force stays so. None: as of `approve`."""
        given = {
            "question": storable(question),
            "reply": storable(reply),
            "language": language,
            "words": sketch.as_json(),
        }
        return await self._decided(_REWRITE, lesson, given, {"deed": "edit"}, by=by)

    async def reject(self, lesson: Lesson, *, by: str) -> Lesson | None:
        """Not to be learnt. None: it waits no longer."""
        return await self._decided(_REJECT, lesson, {}, {"deed": "reject"}, by=by)

    async def revoke(self, lesson: Lesson, *, by: str) -> Lesson | None:
        """Out of force from this moment on. None: it is not in force."""
        return await self._decided(_REVOKE, lesson, {}, {"deed": "revoke"}, by=by)

    async def tidy(self) -> dict[str, int]:
        """What time and the tickets decide: over are those whose time has come; not learnt is what ended badly after all.

        What was merged into a lesson that is gone stands by itself again.
        """
        counts = {}
        async with self._engine.connect() as connection:
            for name, statement in (("expired", _EXPIRE), ("withdrawn", _WITHDRAW), ("apart", _APART)):
                counts[name] = (await connection.execute(statement)).rowcount
        return counts

    async def in_force(self) -> list[Lesson]:
        """All that may be retrieved."""
        async with self._engine.connect() as connection:
            return [_lesson(row) for row in (await connection.execute(_ALL_IN_FORCE)).mappings()]

    async def unchecked(self, *, limit: int) -> list[Lesson]:
        """Waiting and approved ones that nobody has compared with the articles today."""
        async with self._engine.connect() as connection:
            return [_lesson(row) for row in (await connection.execute(_UNCHECKED, {"most": limit})).mappings()]

    async def checked(self, number: int, against: Sequence[Mapping[str, str]]) -> None:
        """What articles state otherwise, as of now."""
        async with self._engine.connect() as connection:
            await connection.execute(_CHECKED, {"id": number, "against": [dict(one) for one in against]})

    async def to_compare(self) -> list[Lesson]:
        """Waiting and approved ones, for the knowledge report."""
        async with self._engine.connect() as connection:
            return [_lesson(row) for row in (await connection.execute(_TO_COMPARE)).mappings()]

    async def hasten(self) -> None:
        """The round of the lessons is due at once: a command has changed what the index holds."""
        await hasten(self._database, "lessons")

    async def _decided(
        self, statement: sa.TextClause, lesson: Lesson, given: Mapping[str, Any], details: Mapping[str, Any], *, by: str
    ) -> Lesson | None:
        told = {"lesson": lesson.id, **details}
        async with self._transactions.begin() as connection:
            # as it was read: who decides has seen what they decide on
            row = (await connection.execute(_LOCK, {"id": lesson.id})).mappings().first()
            if row is None or _lesson(row).stamp != lesson.stamp:
                return None
            done = (await connection.execute(statement, {"id": lesson.id, "by": named(by), **given})).mappings().first()
            if done is None:
                return None
            await connection.execute(_OTHERS_APART, {"id": lesson.id})
            await connection.execute(change("lesson", lesson.key.helpdesk, by=by, details=told))
            return _lesson(done)


def _of(key: TicketKey) -> dict[str, str]:
    return {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id}


def _said(one: Candidate) -> dict[str, str]:
    names = (
        "message_id",
        "kind",
        "origin",
        "question",
        "reply",
        "changed",
        "language",
        "category",
        "brand",
        "organization",
        "requester",
    )
    return {**_of(one.key), **{name: storable(getattr(one, name)) for name in names}}


def _lesson(row: sa.RowMapping) -> Lesson:
    names = Lesson.__slots__
    given = {name: row[name] for name in names if name in row and name != "by"}
    return Lesson(**given, by=row["by_whom"], key=TicketKey(row["helpdesk"], row["account"], row["ticket_id"]))


_UNTAUGHT = sa.text("""
    SELECT o.message_id, o.asked_at, o.reference, o.reply_id, o.use, o.fidelity, o.tier, o.category FROM outcomes AS o
    LEFT JOIN lessons AS l USING (helpdesk, account, ticket_id, message_id)
    WHERE (o.helpdesk, o.account, o.ticket_id) = (:helpdesk, :account, :ticket_id) AND o.reply_id <> '' AND o.excluded = ''
        AND (l.id IS NULL OR (l.origin = 'edited' AND l.state = 'waiting' AND l.decided_at IS NULL
            AND coalesce((o.details ->> 'parts')::int, 1) > coalesce((l.details ->> 'parts')::int, 1)))
""")
_LIKE = sa.text("""
    SELECT id, details -> 'words' FROM lessons
    WHERE state IN ('waiting', 'approved') AND (helpdesk, account, kind, language, brand) = (:helpdesk, :account, :kind, :language, :brand)
        AND (ticket_id, message_id) <> (:ticket_id, :message_id)
        -- what is approved for somebody else alone would take this one with it
        AND (state = 'waiting' OR everyone OR (organization = :organization AND (organization <> '' OR requester = :requester)))
    ORDER BY state, created_at DESC LIMIT :most
""")
_ADD = sa.text("""
    INSERT INTO lessons AS l (helpdesk, account, ticket_id, message_id, kind, origin, state, question, reply, changed, language, category,
        brand, organization, requester, merged_into, details)
    VALUES (:helpdesk, :account, :ticket_id, :message_id, :kind, :origin, :state, :question, :reply, :changed, :language, :category,
        :brand, :organization, :requester, :into, :details)
    ON CONFLICT (helpdesk, account, ticket_id, message_id) DO UPDATE SET
        kind = excluded.kind, origin = excluded.origin, question = excluded.question, reply = excluded.reply,
        changed = excluded.changed, language = excluded.language, details = excluded.details
    WHERE l.state = 'waiting' AND l.decided_at IS NULL AND excluded.state = 'waiting'
        AND (excluded.origin = 'corrected' OR (l.origin, excluded.origin) = ('edited', 'edited'))
    RETURNING id
""").bindparams(sa.bindparam("details", type_=JSONB), sa.bindparam("into", type_=sa.BigInteger))
_SEEN = sa.text("UPDATE lessons SET seen = seen + 1 WHERE id = :id")
_OF = sa.text("SELECT * FROM lessons WHERE id = ANY (CAST(:ids AS bigint[]))")
_STANDS = "state = 'approved' AND expires_at > now()"
_IN_FORCE = sa.text(f"SELECT * FROM lessons WHERE id = ANY (CAST(:ids AS bigint[])) AND {_STANDS}")  # noqa: S608 - constants of this file
_ALL_IN_FORCE = sa.text(f"SELECT * FROM lessons WHERE {_STANDS} AND kind = 'reply' ORDER BY id")  # noqa: S608
_LIST = sa.text("""
    SELECT * FROM lessons WHERE state = :state
    ORDER BY CASE WHEN state = 'waiting' THEN seen END DESC, coalesce(decided_at, created_at) DESC, id DESC
    OFFSET :skip LIMIT :most
""")
_COUNTS = sa.text("SELECT state, count(*) FROM lessons GROUP BY state")
_LOCK = sa.text("SELECT * FROM lessons WHERE id = :id FOR UPDATE")
_APPROVE = sa.text("""
    UPDATE lessons SET state = 'approved', everyone = :everyone, owner = :owner, expires_at = :until, decided_at = now(), by_whom = :by
    WHERE id = :id AND state <> 'merged' RETURNING *
""")
_REWRITE = sa.text("""
    UPDATE lessons SET question = :question, reply = :reply, changed = '', language = :language, decided_at = now(), by_whom = :by,
        details = (details - 'checked' - 'against') || jsonb_build_object('words', CAST(:words AS jsonb))
    WHERE id = :id AND state IN ('waiting', 'approved') RETURNING *
""").bindparams(sa.bindparam("words", type_=JSONB))
_OTHERS_APART = sa.text("""
    UPDATE lessons AS other SET state = 'waiting', merged_into = NULL FROM lessons AS own
    WHERE own.id = :id AND own.state = 'approved' AND NOT own.everyone AND other.merged_into = own.id AND other.state = 'merged'
        AND NOT (other.organization = own.organization AND (own.organization <> '' OR other.requester = own.requester))
""")
_REJECT = sa.text(
    "UPDATE lessons SET state = 'rejected', decided_at = now(), by_whom = :by WHERE id = :id AND state = 'waiting' RETURNING *"
)
_REVOKE = sa.text(
    "UPDATE lessons SET state = 'revoked', decided_at = now(), by_whom = :by WHERE id = :id AND state = 'approved' RETURNING *"
)
_EXPIRE = sa.text("UPDATE lessons SET state = 'expired' WHERE state = 'approved' AND expires_at <= now()")
_WITHDRAW = sa.text("""
    UPDATE lessons AS l SET state = 'rejected', decided_at = now(), by_whom = 'deskpilot',
        details = l.details || jsonb_build_object('why', CASE WHEN r.csat = -1 THEN 'rated badly' ELSE 'reopened' END)
    FROM resolutions AS r
    WHERE l.state = 'waiting' AND l.origin IN ('edited', 'solved') AND (r.helpdesk, r.account, r.ticket_id) = (l.helpdesk, l.account, l.ticket_id)
        AND (r.csat = -1 OR (l.origin = 'solved' AND r.reopened_at IS NOT NULL))
""")
_APART = sa.text("UPDATE lessons SET state = 'waiting' WHERE state = 'merged' AND merged_into IS NULL")
_UNCHECKED = sa.text("""
    SELECT * FROM lessons WHERE state IN ('waiting', 'approved') AND kind = 'reply'
        AND coalesce((details ->> 'checked')::timestamptz, '-infinity') < now() - interval '1 day'
    ORDER BY state, id LIMIT :most
""")
_CHECKED = sa.text("""
    UPDATE lessons SET details = details || jsonb_build_object('checked', to_jsonb(now()), 'against', CAST(:against AS jsonb)) WHERE id = :id
""").bindparams(sa.bindparam("against", type_=JSONB))
_TO_COMPARE = sa.text("""
    SELECT * FROM lessons WHERE state IN ('waiting', 'approved') AND kind = 'reply' ORDER BY state, id LIMIT 2000
""")
