"""Candidates and outcomes made in a line, for tests of what is learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from connectors.base import Organization, Ticket
from service.database import Database
from service.learning.lesson import Candidate, Lesson
from service.learning.likeness import sketch
from service.learning.store import LessonStore
from service.ledger import TicketKey
from service.notes import NoteContent, compose
from service.outcomes.outcome import Outcome
from service.tables import outcomes
from tests.service.tickets import ME, START, agent, customer, said, ticket

ACCOUNT = "acme.zendesk.test"
QUESTION = "my kettle does not switch off any more after it has boiled, what can I do?"
REPLY = "please descale it with vinegar, boil it once, and press the lid until it clicks."
DRAFT = "Hi Ana,\n\nplease descale it with lemon juice and boil it once."
CANDIDATE = Candidate(
    key=TicketKey("zendesk", ACCOUNT, "7"),
    message_id="m1",
    kind="reply",
    origin="edited",
    question=QUESTION,
    reply=REPLY,
    language="en",
    organization="o1",
    requester="1",
)


def candidate(number: int = 7, **changes: Any) -> Candidate:
    """Of ticket `number`."""
    return replace(CANDIDATE, key=TicketKey("zendesk", ACCOUNT, str(number)), **changes)


async def added(store: LessonStore, one: Candidate = CANDIDATE) -> Lesson:
    """In the queue."""
    await store.add(one, sketch(one.question, one.reply, language=one.language))
    every = [found for state in ("waiting", "merged") for found in await store.listed(state)]
    return next(found for found in every if (found.key, found.message_id) == (one.key, one.message_id))


async def written_down(database: Database, one: Outcome) -> None:
    """As whoever observes tickets does it, and in its place where it has."""
    names = ("helpdesk", "account", "ticket_id")
    key = {name: getattr(one.key, name) for name in names} | {"message_id": one.message_id}
    values = {
        name: getattr(one, name)
        for name in ("reference", "reply_id", "use", "fidelity", "excluded", "tier", "category")
    }
    values |= {"arm": one.arm, "asked_at": one.asked_at, "details": dict(one.details)}
    statement = insert(outcomes).values(**key, **values)
    async with database.engine.connect() as connection:
        await connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def answered(*, reply: str = REPLY, **more: Any) -> Ticket:
    """Ana asked, our note stands there, and Robin replied."""
    html = compose(NoteContent(verdict="ready", reference="DP-7K2QX", draft_text=DRAFT), language="en")
    note = replace(said("internal note", "", author=ME), html=html)
    given = {"organization": Organization("o1", "Lindholm Ltd"), "url": "https://acme.zendesk.test/agent/tickets/7"}
    asked = customer(f"Hello,\n\n{QUESTION}\n\nBest regards\nAna Lind")
    return ticket(asked, note, agent(f"Hi Ana,\n\n{reply}\n\nKind regards\nRobin"), **{**given, **more})


def outcome(**changes: Any) -> Outcome:
    """Of that reply: our draft, edited."""
    given = Outcome(
        key=CANDIDATE.key,
        message_id="m1",
        arm="note",
        asked_at=START,
        reference="DP-7K2QX",
        reply_id="m3",
        use="edited",
        fidelity=0.6,
        category="fault",
    )
    return replace(given, **changes)
