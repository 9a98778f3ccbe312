"""From a customer's message to the internal note, through both helpdesks, without a model."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import MisconfiguredError
from service.ledger import SavedDraft
from service.outages import leak_of
from tests.story.articles import HELP
from tests.story.conftest import Play
from tests.writes import is_ours_to_send

BOTH = pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])


def plain(note: str) -> str:
    """A note as read in a plain-text mail."""
    return html.unescape(re.sub(r"<[^>]+>", " ", note))


@BOTH
async def test_a_question_becomes_one_private_note_with_draft_and_source(play: Play, helpdesk: str) -> None:
    """The main job, end to end."""
    ticket_id = await play.ask(helpdesk)
    note = await play.note(helpdesk, ticket_id)

    (stored,) = play.notes(helpdesk, ticket_id)
    draft = await play.draft(helpdesk, ticket_id)
    assert not stored.public
    assert "Hi Ana," in note
    assert "we treat the parcel as lost" in note
    assert f'href="{HELP}/parcels"' in note
    assert note.rstrip().removesuffix("</div>").rstrip().endswith(f"{draft.reference}</p>")
    assert (draft.note_id, draft.verdict) == (stored.id, "no_model")


@BOTH
async def test_our_own_note_comes_back_as_a_webhook_and_changes_nothing(play: Play, helpdesk: str) -> None:
    """The vendors tell us of our own notes too; an endless loop would be the result."""
    ticket_id = await play.ask(helpdesk)
    await play.note(helpdesk, ticket_id)
    before = len(play.stage.simulator(helpdesk).requests)
    await play.stage.simulator(helpdesk).settle()
    await play.settled(helpdesk, ticket_id)

    assert len(play.notes(helpdesk, ticket_id)) == 1
    assert len(play.stage.simulator(helpdesk).requests) - before <= 3  # a look at most


@BOTH
async def test_a_second_message_gets_a_second_note(play: Play, helpdesk: str) -> None:
    """One note per customer message, never two for one."""
    ticket_id = await play.ask(helpdesk)
    await play.note(helpdesk, ticket_id)
    await play.stage.simulator(helpdesk).agent_message(ticket_id, text="Yes, we send a new one.", public=True)
    await play.stage.simulator(helpdesk).customer_message(
        ticket_id, text="Great. And my kettle at work is loud and has white flakes: how do I get the limescale out?"
    )
    note = await play.note(helpdesk, ticket_id, count=2)

    assert f'href="{HELP}/descaling"' in note
    assert "Summary" in note  # from three messages on


@BOTH
async def test_an_internal_article_informs_and_is_never_quoted_in_the_draft(play: Play, helpdesk: str) -> None:
    """The agent may see it, marked; the customer's draft does not hold a sentence of it."""
    note = await play.note(helpdesk, await play.ask(helpdesk))

    assert "tea sampler" not in note.split("<hr>")[1]


@BOTH
async def test_a_german_question_is_answered_from_the_german_article(play: Play, helpdesk: str) -> None:
    """In the customer's language, with a line for the team in theirs."""
    ticket_id = await play.ask(
        helpdesk,
        subject="Weiße Flocken",
        text="Guten Tag, im Tee schwimmen weiße Flocken. Wie entkalke ich den Wasserkocher? Geht auch Essig?",
    )
    note = await play.note(helpdesk, ticket_id)

    assert "Hallo Ana," in note
    assert f'href="{HELP}/de/entkalken"' in note
    assert "The draft in short" in note


async def test_what_the_articles_do_not_answer_is_asked_and_not_invented(play: Play) -> None:
    """Abstain, ask, show the nearest passage."""
    ticket_id = await play.ask(subject="Engraving", text="Can you engrave a name on the handle as a wedding present?")
    note = await play.note("zendesk", ticket_id)
    draft = await play.draft("zendesk", ticket_id)

    assert "Not covered by the articles" in note
    assert (draft.verdict, draft.details["sources"]) == ("uncovered", [])
    assert draft.details["asked"].startswith("Can you engrave a name on the handle")


async def test_an_angry_customer_who_wants_to_cancel_gets_a_person(play: Play) -> None:
    """No solution is drafted."""
    text = "This is outrageous!!! Cancel my subscription now. I want to speak to a manager, not a machine."
    note = await play.note("zendesk", await play.ask(subject="CANCEL", text=text))

    assert "A person is needed" in note
    assert "Sources" not in note


@BOTH
@pytest.mark.parametrize(
    ("make", "says"),
    [
        ({"text": "Thank you so much, that solved it!"}, "thanks"),
        ({"automatic": True, "text": "I am out of the office until 4 December."}, "machine"),
        ({"tags": ["deskpilot_off"]}, "deskpilot_off"),
        ({"spam": True}, "spam"),
        ({"channel": "chat"}, "on request"),
    ],
)
async def test_every_silence_has_its_reason_in_the_ledger(
    play: Play, helpdesk: str, make: dict[str, Any], says: str
) -> None:
    """What gets no note says why."""
    ticket_id = await play.ask(helpdesk, **make)

    assert says in await play.silence(helpdesk, ticket_id)


@BOTH
async def test_an_agents_command_asks_for_a_note(play: Play, helpdesk: str) -> None:
    """@deskpilot in an internal note, at any time."""
    simulator = play.stage.simulator(helpdesk)
    ticket_id = await play.ask(helpdesk, channel="chat")
    await play.silence(helpdesk, ticket_id)
    await simulator.agent_message(ticket_id, text="@deskpilot please", public=False)

    assert "Hi Ana," in await play.note(helpdesk, ticket_id)


@BOTH
async def test_a_note_whose_answer_was_lost_is_found_and_not_written_again(play: Play, helpdesk: str) -> None:
    """The helpdesk stored it and the connection broke: the next attempt looks for the reference first."""
    play.stage.simulator(helpdesk).faults.lost_answers = 1
    ticket_id = await play.ask(helpdesk)
    await play.note(helpdesk, ticket_id)

    draft = await play.draft(helpdesk, ticket_id)
    assert draft.note_id == play.notes(helpdesk, ticket_id)[0].id


async def test_a_draft_that_was_saved_before_a_crash_is_posted_as_it_is(play: Play) -> None:
    """A worker died between ledger and note: the next one posts the same text and does not draft again."""
    ticket_id = await play.ask(tags=["deskpilot_off"])
    await play.silence("zendesk", ticket_id)
    ticket = await play.stage.service.tools.library.helpdesks["zendesk"].ticket(ticket_id)
    saved = SavedDraft(
        key=play.key("zendesk", ticket_id),
        message_id=ticket.messages[0].id,
        reference="DP-7K2QX",
        verdict="ready",
        html="<p>From before the crash</p><p>DP-7K2QX</p>",
        details={"writer": "model", "sources": []},
    )
    await play.ledger.save(saved)
    play.zendesk.state.tickets[int(ticket_id)].tags.clear()
    await play.stage.service.jobs.enqueue("zendesk", ticket_id)

    assert "From before the crash" in await play.note("zendesk", ticket_id)


async def test_a_lost_ledger_makes_no_second_note(play: Play) -> None:
    """The reference is computed from the message, so it is recognised in the ticket by whoever computes it again."""
    ticket_id = await play.ask()
    await play.note("zendesk", ticket_id)
    reference = (await play.draft("zendesk", ticket_id)).reference
    await play.forget_everything()
    await play.stage.service.jobs.enqueue("zendesk", ticket_id)
    await play.until(play.posted_again("zendesk", ticket_id))

    assert len(play.notes("zendesk", ticket_id)) == 1
    assert (await play.draft("zendesk", ticket_id)).reference == reference


async def test_a_follow_up_reads_what_was_said_before(play: Play) -> None:
    """The customer should not have to say it again."""
    ticket_id = await play.ask()
    await play.note("zendesk", ticket_id)
    await play.zendesk.agent_message(ticket_id, text="We treat it as lost and send a new one.", public=True)
    await play.zendesk.set_status(ticket_id, "closed")
    follow_up = await play.zendesk.follow_up(ticket_id)
    note = await play.note("zendesk", follow_up)

    assert "Summary" in note  # three messages, two of them in the parent


async def test_tokens_that_end_in_the_middle_are_renewed(play: Play) -> None:
    """OAuth tokens live two days at most."""
    await play.note("zendesk", await play.ask())
    play.zendesk.expire_tokens()

    assert "Hi Ana," in await play.note("zendesk", await play.ask())


async def test_a_ticket_that_is_gone_ends_with_the_reason(play: Play) -> None:
    """Deleted between webhook and look."""
    ticket_id = await play.ask(tags=["deskpilot_off"])
    await play.silence("zendesk", ticket_id)
    await play.zendesk.delete(ticket_id)
    play.zendesk.state.tickets.pop(int(ticket_id), None)
    await play.stage.service.jobs.enqueue("zendesk", ticket_id)
    await play.settled("zendesk", ticket_id)

    reasons = [reason for _, reason in await play.ledger.silences(play.key("zendesk", ticket_id))]
    assert any("404" in reason for reason in reasons)


async def test_no_request_of_the_whole_story_writes_in_public(open_play: Callable[..., Any]) -> None:
    """Read from the helpdesks' own logs of what we asked them."""
    async with open_play() as play:
        for helpdesk in ("zendesk", "freshdesk"):
            await play.note(helpdesk, await play.ask(helpdesk))
            writes = [one for one in play.stage.simulator(helpdesk).requests if one.method in ("POST", "PUT")]
            notes = [one.body for one in writes if "tickets" in one.path]
            assert len(notes) == 1
            assert all(is_ours_to_send(one.method, one.path, one.body) for one in writes if "tickets" in one.path)


async def test_after_a_note_that_came_back_public_nothing_more_is_written_until_a_person_allows_it(play: Play) -> None:
    """Whatever made the first one public would make the next one public, too."""
    play.freshdesk.faults.public_notes = True
    first = await play.ask("freshdesk")
    await play.until(lambda: _is_out(play, leak_of("freshdesk")))
    play.freshdesk.faults.public_notes = False
    second = await play.ask("freshdesk")
    await play.until(lambda: play.stage.service.jobs.busy("freshdesk", second))

    with pytest.raises(MisconfiguredError, match="deskpilot resume freshdesk"):
        await play.stage.service.pipeline.look("freshdesk", second)
    assert [note.public for ticket_id in (first, second) for note in play.notes("freshdesk", ticket_id)] == []
    await play.stage.service.tools.outages.over(leak_of("freshdesk"))
    await play.stage.service.pipeline.look("freshdesk", second)
    assert [note.public for note in play.notes("freshdesk", second)] == [False]


async def _is_out(play: Play, name: str) -> bool:
    return name in await play.stage.service.tools.outages.standing()
