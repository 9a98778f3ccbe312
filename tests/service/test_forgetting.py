"""A requester is forgotten at once, in the database and in the index; everybody else stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from qdrant_client import AsyncQdrantClient

from connectors.base import Event, Organization, Person, Ticket
from service.context.store import Context, Contexts, Signal
from service.database import Database
from service.feedback import Remarks, Vote
from service.forgetting import Forgotten, forget, forget_address
from service.groups import LLMSettings
from service.inbox import Inbox
from service.ledger import Ledger, SavedDraft, TicketKey
from service.quality.sample import Chosen
from service.quality.store import Samples
from service.queue import Look, Queue
from service.solved import passage_of, source_of, stamp_of
from service.spending import Payer, Spending
from service.tables import outreach
from service.vectors import EmbeddedVectors, Entry, Mark, Passage, ServerVectors, Vectors
from service.votes import Votes
from tests import dump
from tests.service.tickets import agent, customer, ticket

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)

ACCOUNT = "acme.zendesk.test"
ANA, BEN = Person(id="4711", name="Ana Lind"), Person(id="4712", name="Ben Lund")
LINDHOLM = Organization("o1", "Lindholm Ltd")

HERS, HIS = "kumquat", "persimmon"  # a word of the one's tickets alone, and of the other's


@pytest.fixture(params=["embedded", "server"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index on each engine."""
    index: Vectors = (
        EmbeddedVectors(tmp_path / "qdrant")
        if request.param == "embedded"
        else ServerVectors(AsyncQdrantClient(":memory:"))
    )
    yield index
    await index.close()


def solved(number: str, who: Person, word: str, *, organization: Organization | None = LINDHOLM) -> Ticket:
    """A ticket that ended well."""
    said = customer(f"My {word} kettle does not switch off any more."), agent(f"Please descale the {word} kettle once.")
    return ticket(*said, id=number, requester=who, status="solved", organization=organization)


async def kept(vectors: Vectors, *tickets: Ticket, by: bool = True) -> None:
    """These are examples; by: as they are written today."""
    for one in tickets:
        passage = passage_of(one)
        assert isinstance(passage, Passage)
        passage = passage if by else replace(passage, by="")
        entry = Entry(Mark(passage.article, stamp_of(passage)), (passage,))
        await vectors.put([entry], source=source_of("zendesk"), account=ACCOUNT)


async def noted(ledger: Ledger, number: str, who: Person, word: str, *, cited: str = "", posted: bool = True) -> None:
    """A draft for a ticket, and as a rule its note."""
    key = TicketKey("zendesk", ACCOUNT, number)
    details = {"cited": [[ACCOUNT, cited]] if cited else [], "asked": word, "writer": "model"}
    draft = SavedDraft(key, "m1", f"DP-{number}", "ready", f"<p>{word}</p>", details, requester=who.id)
    await ledger.save(draft)
    if posted:
        await ledger.posted(key, "m1", note_id=f"n{number}")


async def event(inbox: Inbox, number: str, *, author: str = "") -> None:
    """A webhook about a ticket."""
    await inbox.put("zendesk", Event(kind="ticket", ticket_id=number, author_id=author, message_id="m1"))


async def test_nothing_of_a_requester_is_left_and_everybody_else_stays(database: Database, vectors: Vectors) -> None:
    """In tables, queue and index, whatever an organisation may find; and a second time there is nothing to delete."""
    ledger, inbox, queue = Ledger(database), Inbox(database), Queue(database)
    async with inbox.receiving(), queue.app.open_async():
        await kept(vectors, solved("6", ANA, HERS), solved("2", ANA, HERS, organization=None))
        await kept(vectors, solved("8", BEN, HIS), solved("9", BEN, HIS, organization=None))
        await noted(ledger, "1", ANA, HERS)
        await noted(ledger, "3", ANA, HERS, posted=False)
        await noted(ledger, "8", BEN, HIS)
        for number, who, word in (("1", ANA, HERS), ("8", BEN, HIS)):
            await Votes(database).record(
                Vote(TicketKey("zendesk", ACCOUNT, number), f"DP-{number}", "wrong"), Remarks(word, "facts", word)
            )
            await Spending(database, LLMSettings()).take(Payer(f"zendesk:{ACCOUNT}", who.id), tokens_in=9, tokens_out=1)
        for number, who, word in (("4", ANA, HERS), ("10", BEN, HIS)):
            key = TicketKey("zendesk", ACCOUNT, number)
            await ledger.silent(key, "m1", f"refused ({word})", requester=who.id)
            await ledger.park(key, attempts=5, error=word)
            await queue.put(Look("zendesk", number, reason=word))
            await event(inbox, number, author=who.id)
        await event(inbox, "8", author=ANA.id)  # she wrote into his ticket

        done = await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

        assert done == Forgotten(examples=2, notes=2, silences=1, parked=1, webhooks=2, jobs=1, votes=1, budgets=1)
        left = f"{await dump.tables(database.conninfo)}\n{await dump.passages(vectors)}"
        assert dump.lines_with(left, HERS, ANA.id) == []
        his = [line.partition(" ")[0].partition("(")[0] for line in dump.lines_with(left, HIS, BEN.id)]
        assert sorted(his) == [
            "Passage",
            "Passage",
            "deliveries",
            "drafts",
            "feedback",
            "parked",
            "procrastinate_jobs",
            "silences",
            "spending",
        ]
        assert [entry.ticket_id for entry in await _waiting(inbox)] == [
            "10",
            "8",
        ]  # his ticket is still to be looked at
        assert (await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)).nothing


async def _waiting(inbox: Inbox) -> list[TicketKey]:
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        return sorted((TicketKey(one.helpdesk, "", one.ticket_id) for one in due), key=lambda one: one.ticket_id)


async def known(database: Database, who: Person) -> None:
    """What a product pushed about somebody, under either name, an outreach, and that a ticket of theirs was looked at."""
    contexts, until = Contexts(database), datetime.now(UTC) + timedelta(hours=1)
    for whom in (who.email.lower(), f"zendesk:{who.id}"):
        await contexts.put([Context(whom, {"plan": HERS}, until)])
        await contexts.happened([Signal(f"{whom} 1", whom, "sync_failed", {"job": HERS}, until)])
        async with database.engine.connect() as connection:
            drafted = {"customer": whom, "cause": "c", "situation": "s", "text": "t", "expires_at": until}
            await connection.execute(sa.insert(outreach).values(drafted))
    await contexts.of((who.email.lower(), f"zendesk:{who.id}"), email=who.email, lookups={})
    await contexts.keep("crm:1", f"zendesk:{who.id}", {"plan": HERS}, lasts=timedelta(minutes=10))


PUSHED = ("contexts", "signals", "lookups", "outreach")
CARA, DAN = Person("4713", email="Cara.Ü@acme.example"), Person("4714", email="dan@acme.example")


async def test_a_sample_is_found_though_all_else_of_its_ticket_is_forgotten_already(
    database: Database, vectors: Vectors
) -> None:
    """It is drawn when the answer is a week old, and the question may be older than what retention leaves."""
    await Samples(database).draw(
        Chosen(TicketKey("zendesk", ACCOUNT, "5"), "m1", "", ANA.id),
        date(2026, 11, 16),
        {"asked": HERS, "answer": HERS},
    )
    await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

    assert HERS not in await dump.tables(database.conninfo)


async def test_what_was_pushed_about_them_goes_under_either_name(database: Database, vectors: Vectors) -> None:
    """The helpdesk's id is enough: a ticket has shown which address is theirs."""
    await known(database, CARA)
    await known(database, DAN)

    done = await forget(CARA.id, helpdesk="zendesk", database=database, vectors=vectors)

    assert done == Forgotten(contexts=8)
    left = dump.lines_with(await dump.tables(database.conninfo), *PUSHED)
    assert dump.lines_with("\n".join(left), "cara", CARA.id) == []
    assert len(dump.lines_with("\n".join(left), "dan@", DAN.id)) == 8


async def test_an_address_is_forgotten_with_what_look_ups_said_of_it(database: Database) -> None:
    """And the ids that had it are told: their tickets are forgotten by those."""
    await known(database, CARA)
    await known(database, DAN)

    assert await forget_address(" CARA.ü@acme.example", database=database) == (8, ("zendesk:4713",))
    assert await forget_address("cara.ü@acme.example", database=database) == (0, ())
    left = dump.lines_with(await dump.tables(database.conninfo), *PUSHED)
    assert len(dump.lines_with("\n".join(left), "dan@", DAN.id)) == 8


async def test_what_stays_of_a_note_keeps_a_second_one_away(database: Database, vectors: Vectors) -> None:
    """Whoever looks at the ticket again finds the message answered; a draft that was not posted is gone whole."""
    ledger = Ledger(database)
    await noted(ledger, "1", ANA, HERS)
    await noted(ledger, "3", ANA, HERS, posted=False)
    await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

    stays = await ledger.draft(TicketKey("zendesk", ACCOUNT, "1"), "m1")
    assert stays is not None
    assert (stays.reference, stays.note_id, stays.html, stays.requester) == ("DP-1", "n1", "", "")
    assert stays.posted_at is not None
    assert await ledger.draft(TicketKey("zendesk", ACCOUNT, "3"), "m1") is None


async def test_what_others_notes_took_from_their_tickets_goes_too(database: Database, vectors: Vectors) -> None:
    """A colleague's draft may quote the solved ticket; one that does not stays."""
    ledger = Ledger(database)
    await kept(vectors, solved("1", ANA, HERS))
    await noted(ledger, "8", BEN, HERS, cited="zendesk ticket:1")
    await noted(ledger, "9", BEN, HIS, cited="folder:refunds.md")

    done = await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

    assert done == Forgotten(examples=1, borrowed=1)
    assert dump.lines_with(await dump.tables(database.conninfo), HERS) == []
    kept_draft = await ledger.draft(TicketKey("zendesk", ACCOUNT, "9"), "m1")
    assert kept_draft is not None
    assert kept_draft.html == f"<p>{HIS}</p>"


async def test_an_example_from_before_is_found_where_anything_says_whose_it_is(
    database: Database, vectors: Vectors
) -> None:
    """By its own fence, or by a ledger that knows the ticket; an organisation's alone without either stays."""
    await kept(
        vectors, solved("1", ANA, HERS), solved("2", ANA, HERS, organization=None), solved("5", ANA, HIS), by=False
    )
    await noted(Ledger(database), "1", ANA, HERS)

    done = await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

    assert (done.examples, done.notes) == (2, 1)
    assert dump.lines_with(await dump.passages(vectors), HERS) == []
    assert len(dump.lines_with(await dump.passages(vectors), HIS)) == 1


@pytest.mark.parametrize("requester", ["", "*"])
async def test_nobody_in_particular_is_nobody(requester: str, database: Database, vectors: Vectors) -> None:
    """Tickets whose requester is unknown, and what an organisation may find, do not go with a slip of the pen."""
    await kept(vectors, solved("1", ANA, HERS))
    await noted(Ledger(database), "1", Person(id=""), HERS)

    assert (await forget(requester, helpdesk="zendesk", database=database, vectors=vectors)).nothing
    assert len(dump.lines_with(await dump.tables(database.conninfo), HERS)) == 1


async def test_the_same_number_at_the_other_helpdesk_is_somebody_else(database: Database, vectors: Vectors) -> None:
    """Ids of one helpdesk mean nothing at the other."""
    await kept(vectors, solved("1", ANA, HERS))
    await noted(Ledger(database), "1", ANA, HERS)

    assert (await forget(ANA.id, helpdesk="freshdesk", database=database, vectors=vectors)).nothing


async def test_who_is_being_worked_on_is_named(database: Database, vectors: Vectors) -> None:
    """The worker may still write something down: the operator asks again."""
    queue = Queue(database)
    async with queue.app.open_async():
        await noted(Ledger(database), "1", ANA, HERS)
        await queue.put(Look("zendesk", "1"))
        worker = await queue.app.job_manager.register_worker()
        await queue.app.job_manager.fetch_job(queues=["zendesk"], worker_id=worker)

        done = await forget(ANA.id, helpdesk="zendesk", database=database, vectors=vectors)

    assert (done.running, done.jobs, done.notes) == (("zendesk:1",), 0, 1)
