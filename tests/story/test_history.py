"""What was said in earlier tickets: heard where the same person said it, never where another did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Related
from service.author import Circumstances
from service.occasions import Occasion
from tests.story.conftest import Play

KIM = {"name": "Kim Sorel", "email": "kim.sorel@customer.example", "text": "My card was charged twice for the sampler."}


async def heard(play: Play, helpdesk: str, *, about: str, related: str) -> list[str]:
    """What the pipeline reads of one ticket where the helpdesk says that the other belongs to it."""
    desk = play.stage.service.tools.library.helpdesks[helpdesk]
    ticket = replace(await desk.ticket(about), related=(Related(related, "merged"),))
    occasion = Occasion(message=ticket.messages[-1], key=ticket.messages[-1].id)
    pipeline = play.stage.service.pipeline
    attempt = pipeline.author.attempt(ticket, Circumstances({}, patient=False))
    conversation, _ = await pipeline.author.read(ticket, await pipeline._history(desk, ticket), occasion, attempt)
    return [turn.text for turn in conversation.turns]


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_the_history_of_one_person_is_never_told_to_another(play: Play, helpdesk: str) -> None:
    """Tickets of two people get merged: the draft to one must not know what the other wrote."""
    kims, anas = await play.ask(helpdesk, **KIM), await play.ask(helpdesk)
    (said,) = await heard(play, helpdesk, about=anas, related=kims)

    assert "tracking of my parcel" in said


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_the_history_of_the_same_person_comes_first(play: Play, helpdesk: str) -> None:
    """Nobody has to say it again."""
    earlier, later = await play.ask(helpdesk, text="The lid of my kettle broke."), await play.ask(helpdesk)
    first, second = await heard(play, helpdesk, about=later, related=earlier)

    assert "lid" in first
    assert "tracking of my parcel" in second


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_history_that_was_deleted_is_not_missed(play: Play, helpdesk: str) -> None:
    """The helpdesk still names it."""
    assert len(await heard(play, helpdesk, about=await play.ask(helpdesk), related="999999")) == 1
