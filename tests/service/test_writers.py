"""Who writes, and what one attempt remembers of a model that it went without."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from service.conversation import Conversation, Turn
from service.database import Database
from service.errors import OutageError
from service.experiments.experiment import Assigned, Variant
from service.groups import LLMSettings
from service.llm import LLM
from service.outages import MODEL, Outages
from service.passages import Retrieval
from service.policy.document import Policy
from service.settings import Settings
from service.spending import Spending
from service.writers import Attempt, Writers
from tests import fake_llm
from tests.fake_llm import FakeLLM
from tests.service.tickets import START, customer, ticket

POLICY = Policy(version=1)
ASKED = Conversation("Kettle", (Turn("requester", START, "Why does my kettle leak at the lid?"),))
THANKS = Conversation("Kettle", (Turn("requester", START, "Thank you very much!"),))


@pytest.fixture
def server() -> Iterator[FakeLLM]:
    """A model that says nothing useful."""
    with fake_llm.serving() as served:
        served.always("x")
        yield served


@asynccontextmanager
async def attempt(database: Database, llm: LLMSettings, *, patient: bool = False) -> AsyncIterator[Attempt]:
    """At a message of Ana's."""
    outages, settings = Outages(database), Settings(llm=llm)
    async with LLM.opened(llm) as opened:
        writers = Writers(opened, outages, Spending(database, llm), settings=settings)
        yield writers.attempt(ticket(customer("Why?")), await outages.standing(), patient=patient)


async def test_a_budget_that_is_used_up_ends_the_attempts_calls(database: Database, server: FakeLLM) -> None:
    """The draft quotes; nobody waits, however patient the ticket is."""
    server.reply("x", usage=False)
    async with attempt(database, server.settings(tokens_per_requester_hour=4_000), patient=True) as first:
        await first.analyse(ASKED, POLICY)
    async with attempt(database, server.settings(tokens_per_requester_hour=4_000), patient=True) as second:
        analysis = await second.analyse(ASKED, POLICY)
        draft = await second.draft(ASKED, analysis, Retrieval())

    assert len(server.requests) == 1
    assert (analysis.writer, draft.writer) == ("rules", "extractive")
    assert (second.spent, second.down_since, second.no_key) == ("requester", None, False)


async def test_a_model_that_fails_in_the_analysis_is_not_asked_for_the_draft(
    database: Database, server: FakeLLM
) -> None:
    """And the note can say since when."""
    server.fail(503)
    async with attempt(database, server.settings()) as one:
        draft = await one.draft(ASKED, await one.analyse(ASKED, POLICY), Retrieval())

    assert len(server.requests) == 1
    assert one.down_since is not None
    assert (one.spent, draft.writer) == (None, "extractive")


async def test_a_patient_ticket_waits_for_a_model_that_is_down(database: Database, server: FakeLLM) -> None:
    """Its job comes back."""
    server.fail(503)
    async with attempt(database, server.settings(), patient=True) as one:
        with pytest.raises(OutageError):
            await one.analyse(ASKED, POLICY)


async def test_a_message_that_needs_no_model_does_not_say_that_it_answers(database: Database, server: FakeLLM) -> None:
    """Else every "thank you" would close the breaker."""
    server.fail(503)
    async with attempt(database, server.settings()) as one:
        await one.analyse(ASKED, POLICY)
    async with attempt(database, server.settings()) as one:
        analysis = await one.analyse(THANKS, POLICY)

    assert not analysis.asks
    assert MODEL in await Outages(database).standing()


async def test_without_a_model_nothing_is_missing(database: Database) -> None:
    """Rules and quotations, and the note says that none is set."""
    async with attempt(database, LLMSettings()) as one:
        draft = await one.draft(ASKED, await one.analyse(ASKED, POLICY), Retrieval())

    assert (one.no_key, one.down_since, one.spent) == (True, None, None)
    assert draft.writer == "extractive"


async def test_nobody_waits_for_a_model_that_is_only_tried(database: Database, server: FakeLLM) -> None:
    """However patient the ticket is; and the draft counts for the variant that failed."""
    server.reply("x")
    server.fail(503)
    async with attempt(database, server.settings(), patient=True) as one:
        one.vary(Assigned("smaller", Variant("b", model="small")))
        draft = await one.draft(ASKED, await one.analyse(ASKED, POLICY), Retrieval())

    assert [sent.body["model"] for sent in server.requests] == ["fast", "small"]
    assert (draft.writer, one.variant, one.down_since is not None) == ("extractive", "smaller:b", True)
    assert await Outages(database).standing() == {}
