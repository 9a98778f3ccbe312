"""A ticket that moves on: the older note of ours says so, or the new one names it."""

from __future__ import annotations

import pytest

from tests.story.conftest import Play

SECOND = "And one more question: how do I descale the kettle, and how often?"


async def test_on_freshdesk_the_older_note_is_marked_as_out_of_date(play: Play) -> None:
    """It stays where it was, with a line above that names the new one; and it stays private."""
    ticket_id = await play.ask("freshdesk")
    await play.note("freshdesk", ticket_id)
    first = await play.draft("freshdesk", ticket_id)
    await play.freshdesk.customer_message(ticket_id, text=SECOND)
    await play.note("freshdesk", ticket_id, count=2)
    second = await play.draft("freshdesk", ticket_id)

    older, newer = play.notes("freshdesk", ticket_id)
    assert f"Out of date, see {second.reference}" in older.html
    assert first.reference in older.html
    assert first.reference not in newer.html
    assert not older.public
    assert not newer.public


async def test_on_zendesk_the_new_note_names_the_older_one(play: Play) -> None:
    """A comment cannot be changed there."""
    ticket_id = await play.ask("zendesk")
    await play.note("zendesk", ticket_id)
    first = await play.draft("zendesk", ticket_id)
    await play.zendesk.customer_message(ticket_id, text=SECOND)
    newest = await play.note("zendesk", ticket_id, count=2)

    assert f"Replaces {first.reference}" in newest


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_note_that_an_agent_has_answered_on_is_left_as_it_is(play: Play, helpdesk: str) -> None:
    """It did its work."""
    ticket_id = await play.ask(helpdesk)
    first = await play.note(helpdesk, ticket_id)
    await play.stage.simulator(helpdesk).agent_message(ticket_id, text="A new one is on its way.", public=True)
    await play.stage.simulator(helpdesk).customer_message(ticket_id, text=SECOND)
    second = await play.note(helpdesk, ticket_id, count=2)

    assert play.notes(helpdesk, ticket_id)[0].html == first
    assert "Replaces" not in second


async def test_a_note_of_our_account_that_we_did_not_write_is_left_as_it_is(play: Play) -> None:
    """The account may be a person's, who names our note in one of their own."""
    ticket_id = await play.ask("freshdesk")
    await play.note("freshdesk", ticket_id)
    first = await play.draft("freshdesk", ticket_id)
    desk = play.stage.service.tools.library.helpdesks["freshdesk"]
    said = f"I have read {first.reference} to her on the phone."
    theirs = await desk.add_note(await desk.ticket(ticket_id), f"<p>{said}</p>", run="")
    await play.freshdesk.customer_message(ticket_id, text=SECOND)
    await play.note("freshdesk", ticket_id, count=3)

    notes = {str(note.id): note.html for note in play.notes("freshdesk", ticket_id)}
    assert notes[theirs.id] == f"<p>{said}</p>"
    assert "Out of date" in notes[first.note_id]


async def test_a_lost_ledger_takes_no_marked_note_for_the_new_one(play: Play) -> None:
    """The older note names the new one; the new one is known by its own, last reference."""
    ticket_id = await play.ask("freshdesk")
    await play.note("freshdesk", ticket_id)
    await play.freshdesk.customer_message(ticket_id, text=SECOND)
    await play.note("freshdesk", ticket_id, count=2)
    newest = play.notes("freshdesk", ticket_id)[-1]
    await play.forget_everything()
    await play.stage.service.jobs.enqueue("freshdesk", ticket_id)
    await play.until(play.posted_again("freshdesk", ticket_id))
    await play.settled("freshdesk", ticket_id)

    assert len(play.notes("freshdesk", ticket_id)) == 2
    assert (await play.draft("freshdesk", ticket_id)).note_id == str(newest.id)
