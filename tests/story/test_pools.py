"""Macros and solved tickets from the helpdesk to the note: what the model was given, what the agent reads, what no customer gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectors.base import Article
from service.knowledge.sources import sync_all
from service.knowledge.sync import sync
from tests.fake_llm import FakeLLM
from tests.story.model import ANALYSIS, DRAFT, answering

OpenPlay = Callable[..., Any]

PUBLIC = "<p>Hi {{ticket.requester.first_name}},</p><p>A parcel whose tracking has not moved is lost: you get a replacement.</p>"
SECRET = "A parcel that has not moved is lost; the replacement of a kettle of more than ninety pounds goes to the team lead first."


async def filled(play: Any) -> None:
    """A macro for everybody, one for a group, one in the other helpdesk, and a solved ticket."""
    play.zendesk.add_macro("Parcels::Lost parcel, replacement", PUBLIC)
    play.zendesk.add_macro("Parcels::Replacement of a lost parcel, limits", f"<p>{SECRET}</p>", group="Tier 2")
    play.freshdesk.add_macro("Lost parcel of Freshdesk", PUBLIC)
    library = play.stage.service.tools.library
    await sync_all(library, progress=lambda *_: None)
    account = library.helpdesks["zendesk"].account
    solved = Article(
        source="zendesk tickets",
        id="377",
        title="Lost parcel, tracking stands still",
        html="<p>Is my parcel lost, do I get a replacement? We found it at the depot and gave back 12.50 EUR.</p>",
        url="https://acme.example/agent/tickets/377",
        language="en",
        audience="public",
        account=account,
        pool="ticket",
    )
    await sync([solved], vectors=library.vectors, embeddings=None, source=solved.source, account=account)


def numbered(sent: str) -> dict[str, str]:
    """The passages of a prompt: title -> number."""
    return {title: number for number, title in re.findall(r"^\((\d+)\) (.+?)(?: \(.*\))?$", sent, re.MULTILINE)}


async def test_the_model_gets_all_three_pools_and_the_note_labels_them(open_play: OpenPlay, model: FakeLLM) -> None:
    """Of this account alone, without live placeholders; what comes from the ticket is for the agent to check."""
    async with open_play(llm=model.settings()) as play:
        await filled(play)
        await play.note("zendesk", await play.ask())
        given = numbered(model.requests[-1].text)
        macro, solved = (
            given["MACRO Lost parcel, replacement"],
            given["SOLVED TICKET Lost parcel, tracking stands still"],
        )
        cited = [{"number": int(number), "supports": "it"} for number in (macro, solved)]
        model.otherwise = answering(ANALYSIS, DRAFT | {"citations": cited, "checks": []})
        note = await play.note("zendesk", await play.ask(email="ben@customer.example", name="Ben Castellane"))

    sent = model.requests[-1].text
    assert "INTERNAL MACRO Replacement of a lost parcel, limits" in given
    assert "of Freshdesk" not in sent
    assert "{{" not in sent
    assert "first_name" not in sent
    assert "Macro: Lost parcel, replacement (it)" in note
    assert 'Solved ticket 377: <a href="https://acme.example/agent/tickets/377"' in note
    assert "Solved ticket 377 was used: still true here?" in note


async def test_an_internal_macro_informs_and_is_never_quoted(open_play: OpenPlay, model: FakeLLM) -> None:
    """A model that repeats it loses that sentence, and the agent is told."""
    model.otherwise = answering(ANALYSIS, DRAFT | {"reply": f"{DRAFT['reply']} {SECRET}"})
    async with open_play(llm=model.settings()) as play:
        await filled(play)
        note = await play.note("zendesk", await play.ask())

    assert SECRET in model.requests[-1].text
    assert "ninety pounds" not in note.split("<hr>")[1]
    assert "internal source was removed" in note


async def test_no_number_of_another_customers_ticket_passes_unseen(open_play: OpenPlay, model: FakeLLM) -> None:
    """The model took it and named the article."""
    model.otherwise = answering(ANALYSIS, DRAFT | {"reply": "Hi there,\n\nyou get back 12.50 EUR."})
    async with open_play(llm=model.settings()) as play:
        await filled(play)
        note = await play.note("zendesk", await play.ask())

    assert "Solved ticket 377 says 12.50: true here as well?" in note


async def test_without_a_model_articles_are_quoted_and_the_others_named(open_play: OpenPlay) -> None:
    """A macro is a reply of the team: one click of the agent; a solved ticket is never repeated."""
    async with open_play() as play:
        await filled(play)
        note = await play.note("zendesk", await play.ask())

    draft, beside = note.split("<hr>")[1:]
    assert "seven working days" in draft
    assert "12.50" not in note
    assert "Macro: Lost parcel, replacement" in beside
    assert "Solved ticket 377" in beside
