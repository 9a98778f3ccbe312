"""An experiment over a simulated helpdesk: who drafts, what is kept, and a model that is only tried and fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import Response

from service.database import Database
from service.experiments.experiment import Experiment, Variant, assigned
from service.experiments.store import Experiments
from service.ledger import SavedDraft, TicketKey
from service.outages import Outages
from tests import fake_llm
from tests.story.model import ANALYSIS, DRAFT, answering
from tests.story.one_desk import OneDesk, zendesk

SMALLER = Experiment(
    "smaller", (Variant("a", 50), Variant("b", 50, model="small", tone="like a pirate", guidance="Never say ahoy."))
)
GONE = Experiment("gone", (Variant("a", 1), Variant("b", 99, model="gone")))


async def drafted(desk: OneDesk[Any], ticket_id: str) -> SavedDraft:
    """The ticket's note is written; what the ledger keeps of it."""
    await desk.look(ticket_id)
    (draft,) = await desk.ledger.drafts(key(desk, ticket_id))
    return draft


def key(desk: OneDesk[Any], ticket_id: str) -> TicketKey:
    """Of a ticket there."""
    return TicketKey(desk.name, desk.library.helpdesks[desk.name].account, ticket_id)


async def test_a_tickets_variant_drafts_and_a_model_that_is_only_tried_stops_nobody(
    database: Database, data_dir: Path
) -> None:
    """Two calls as always; each ticket's draft by its own variant's model and tone, kept with the note. A failing one costs its tickets only."""
    with fake_llm.serving() as server:
        sensible = answering(ANALYSIS, DRAFT)
        server.otherwise = lambda body: Response("{}", status_code=503) if body["model"] == "gone" else sensible(body)
        async with zendesk(database, data_dir, settings=lambda _: {"llm": server.settings()}) as desk:
            experiments = Experiments(database)
            await experiments.start(SMALLER, by="Robin")
            seen = set()
            for _ in range(6):
                ticket_id, before = await desk.ask(), len(server.requests)
                draft = await drafted(desk, ticket_id)
                variant = assigned(SMALLER, key(desk, ticket_id))
                asked = server.requests[before:]
                assert [one.body["model"] for one in asked] == ["fast", variant.variant.model or "main"]
                assert ("like a pirate" in asked[-1].text) is (variant.variant.name == "b")
                assert ("Never say ahoy." in asked[-1].text) is (variant.variant.name == "b")
                assert draft.details["variant"] == variant.label
                seen.add(variant.label)
            assert seen == {"smaller:a", "smaller:b"}

            await experiments.end("smaller", "stopped", by="Robin", details={})
            assert (await drafted(desk, await desk.ask())).details["variant"] == ""

            await experiments.start(GONE, by="Robin")
            ticket_id = await desk.ask()
            assert assigned(GONE, key(desk, ticket_id)).variant.name == "b"
            draft = await drafted(desk, ticket_id)
            assert (draft.details["writer"], draft.details["variant"]) == ("extractive", "gone:b")
            assert await Outages(database).standing() == {}
