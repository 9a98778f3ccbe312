"""Older tickets: counted and priced before anything is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.base import Change
from service.backfill import planned, put, reading
from service.database import Database
from service.groups import LLMSettings
from service.inbox import Inbox
from service.ledger import Ledger, SavedDraft, TicketKey
from tests.service.test_reconcile import Scripted

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=7)
PRICED = LLMSettings(base_url="http://model.test", model="m", price_in=2.0, price_out=10.0)

DESK = Scripted(
    changes=[
        Change("young", NOW - timedelta(hours=1)),
        Change("old", NOW - timedelta(days=3)),
        Change("solved", NOW - timedelta(days=2), open=False, solved=True),
        Change("deleted", NOW - timedelta(days=2), open=False),
        Change("older", NOW - timedelta(days=30)),
    ]
)


async def test_only_open_tickets_of_that_time_count_the_longest_unchanged_first(database: Database) -> None:
    """What is solved gets no note."""
    plan = await planned([DESK], since=SINCE, database=database, llm=LLMSettings())  # type: ignore[list-item]

    assert plan.tickets == {"zendesk": ("old", "young")}
    assert (plan.count, plan.calls, plan.cost) == (2, 0, None)


async def test_the_price_follows_from_what_notes_have_cost(database: Database) -> None:
    """An estimate as long as there are none."""
    guessed = await planned([DESK], since=SINCE, database=database, llm=PRICED)  # type: ignore[list-item]
    assert guessed.calls == 4
    assert guessed.cost == (guessed.tokens_in * 2 + guessed.tokens_out * 10) / 1e6

    for number, tokens in enumerate((1000, 3000)):
        details = {"tokens_in": tokens, "tokens_out": 100}
        key = TicketKey("zendesk", "acme", str(number))
        await Ledger(database).save(SavedDraft(key, "m", f"DP-{number}", "ready", "<p></p>", details))
    measured = await planned([DESK], since=SINCE, database=database, llm=PRICED)  # type: ignore[list-item]

    assert (measured.tokens_in, measured.tokens_out) == (4000, 200)


async def test_without_prices_there_is_no_amount(database: Database) -> None:
    """Tokens are counted all the same."""
    llm = PRICED.model_copy(update={"price_in": None})
    plan = await planned([DESK], since=SINCE, database=database, llm=llm)  # type: ignore[list-item]

    assert plan.cost is None
    assert plan.tokens_in > 0


async def test_its_tickets_stand_behind_those_that_somebody_has_just_written_to(database: Database) -> None:
    """The inbox knows which are which."""
    inbox = Inbox(database)
    async with inbox.receiving():
        plan = await planned([DESK], since=SINCE, database=database, llm=LLMSettings())  # type: ignore[list-item]
        await put(plan.tickets, inbox)
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        assert {(one.ticket_id, one.live) for one in due} == {("old", False), ("young", False)}


async def test_solved_tickets_are_read_at_the_helpdesks_cost_alone() -> None:
    """No model is asked; texts are counted where there are embeddings."""
    words_alone = await reading([DESK], since=SINCE, embeddings=False)  # type: ignore[list-item]
    embedded = await reading([DESK], since=SINCE, embeddings=True)  # type: ignore[list-item]

    assert words_alone.tickets == {"zendesk": ("solved",)}
    assert (words_alone.count, words_alone.calls, words_alone.texts) == (1, 2, 0)
    assert (embedded.calls, embedded.texts) == (2, 2)
