"""What became of notes, from the reply to the ledger, at both helpdesks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.freshdesk.simulator import FreshdeskSimulator
from service.database import Database
from service.occasions import HELD_OUT
from service.outcomes.sent import draft_in
from service.pilot import Pilots, Scope
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team
from tests.writes import is_ours_to_send

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened:
        yield opened


async def rows(here: Team, table: str, ticket_id: str) -> list[Any]:
    """What is kept of a ticket, oldest first."""
    statement = sa.text(f"SELECT * FROM {table} WHERE ticket_id = :ticket ORDER BY id")  # noqa: S608 - names of ours
    async with here.desk.database.engine.connect() as connection:
        return list(await connection.execute(statement, {"ticket": ticket_id}))


async def answered(here: Team, text: str, *, who: str) -> str:
    """Somebody asks, the note is written, an agent replies and solves; returns the ticket's id."""
    ticket_id = await here.ask(LOST, who=who)
    draft = await here.looked(ticket_id)
    simulator = here.desk.simulator
    await simulator.agent_message(ticket_id, text=text.format(draft=draft_in(draft.html)), public=True)
    await simulator.set_status(ticket_id, "solved")
    await here.desk.look(ticket_id)
    return ticket_id


@pytest.mark.parametrize(
    ("reply", "use", "label"),
    [
        ("{draft}", "as_is", "ai_as_is"),
        ("{draft}\n\nWe are very sorry about it.\n\nKind regards\nRobin", "edited", "ai_assisted"),
        ("The depot has found it, and brings it tomorrow.", "unused", "human_only"),
    ],
)
async def test_what_an_agent_really_sends_is_measured(here: Team, reply: str, use: str, label: str) -> None:
    """Without a click of anybody; the ticket has its label, its exchanges and when it was solved."""
    ticket_id = await answered(here, reply, who="ana")
    (outcome,) = await rows(here, "outcomes", ticket_id)
    (resolution,) = await rows(here, "resolutions", ticket_id)

    assert (outcome.arm, outcome.use, outcome.excluded) == ("note", use, "")
    assert outcome.reference
    assert outcome.writer == "model"
    assert outcome.noted_at <= outcome.replied_at
    assert (outcome.fidelity == 1.0) == (use == "as_is")
    assert (resolution.label, resolution.exchanges, resolution.tier) == (label, 1, 1)
    assert resolution.solved_at >= resolution.first_reply_at
    assert resolution.reopened_at is None


async def test_a_solved_tickets_label_is_its_tag_where_the_policy_allows_it(here: Team) -> None:
    """Once; another label takes its place, and by default there is none."""
    silent = await answered(here, "{draft}", who="ana")
    assert "ai_as_is" not in tags(here, silent)

    await here.rewrite(write={"label": True})
    ticket_id = await answered(here, "{draft}", who="bea")
    assert "ai_as_is" in tags(here, ticket_id)
    writes = len(here.desk.writes)
    await here.desk.look(ticket_id)
    assert len(here.desk.writes) == writes

    simulator = here.desk.simulator
    await simulator.customer_message(ticket_id, text="And where is the second parcel, is it lost as well?")
    await here.desk.look(ticket_id)
    await simulator.agent_message(ticket_id, text="The depot has found it and brings it tomorrow.", public=True)
    await simulator.set_status(ticket_id, "solved")
    await here.desk.look(ticket_id)
    assert {"ai_assisted"} == {"ai_as_is", "ai_assisted", "human_only"} & tags(here, ticket_id)
    assert all(is_ours_to_send(one.method, one.path, one.body) for one in here.desk.writes)

    other = await answered(here, "The depot has found it.", who="cem")
    assert "human_only" in tags(here, other)


def tags(here: Team, ticket_id: str) -> set[str]:
    """Of the ticket, as it stands."""
    return {*here.desk.simulator.fields_of(ticket_id).tags}


async def test_a_second_look_at_an_unchanged_ticket_writes_nothing(here: Team) -> None:
    """A ticket is looked at whenever anything of it changes."""
    ticket_id = await answered(here, "{draft}", who="ana")
    before = (
        (await rows(here, "outcomes", ticket_id))[0].seen_at,
        (await rows(here, "resolutions", ticket_id))[0].seen_at,
    )
    await here.desk.look(ticket_id)

    assert (
        (await rows(here, "outcomes", ticket_id))[0].seen_at,
        (await rows(here, "resolutions", ticket_id))[0].seen_at,
    ) == before


async def test_a_customer_who_comes_back_reopens_and_the_same_question_again_is_told(here: Team) -> None:
    """In this ticket, and in another one."""
    first = await answered(here, "{draft}", who="ana")
    await here.desk.time_passes()
    second = await here.ask(LOST, who="ana")
    await here.looked(second)
    await here.desk.simulator.customer_message(first, text="It still has not come, what now?")
    await here.desk.look(first)
    (resolution,) = await rows(here, "resolutions", first)
    (other,) = await rows(here, "resolutions", second)

    assert resolution.reopened_at is not None
    assert resolution.again_at == (other.opened_at if resolution.category else None)
    assert [one.message_id for one in await rows(here, "outcomes", first)] != []
    assert len(await rows(here, "outcomes", first)) == 2


async def test_who_is_held_out_gets_no_note_and_is_judged_like_everybody(here: Team) -> None:
    """One call to judge, none to draft, once; the silence says why."""
    await Pilots(here.desk.database).cover(here.desk.name, Scope(holdout=50), by="Kim")
    held = None
    for number in range(40):
        ticket_id = await here.ask(LOST, who=f"who{number}")
        here.calls()
        await here.desk.look(ticket_id)
        if not here.desk.notes(ticket_id):
            held = ticket_id
            break
    assert held is not None
    assert here.calls() == ["fast"]
    assert await here.desk.reasons(held) == [HELD_OUT]
    await here.desk.look(held)
    assert here.calls() == []
    await here.desk.simulator.agent_message(held, text="The depot has found it.", public=True)
    await here.desk.simulator.set_status(held, "solved")
    await here.desk.look(held)
    (outcome,) = await rows(here, "outcomes", held)
    (resolution,) = await rows(here, "resolutions", held)

    assert (outcome.arm, outcome.use, outcome.tier) == ("holdout", "", 1)
    assert (resolution.arm, resolution.label) == ("holdout", "human_only")


async def test_what_only_a_person_answers_and_what_an_agent_asks_for_is_never_held_out(here: Team) -> None:
    """No customer in need pays for a comparison, and no note moves them to the other arm: the lot alone says who is compared."""
    await Pilots(here.desk.database).cover(here.desk.name, Scope(holdout=50), by="Kim")
    held, hard = [], []
    for number in range(12):
        person = await here.ask("How much citric acid do I take for my kettle?", who=f"who{number}")
        await here.desk.look(person)
        assert here.desk.notes(person)
        ticket_id = await here.ask(LOST, who=f"who{number}")
        await here.desk.look(ticket_id)
        (resolution,) = await rows(here, "resolutions", person)
        assert (resolution.arm == "holdout") is (not here.desk.notes(ticket_id))
        if not here.desk.notes(ticket_id):
            held.append(ticket_id)
            hard.append(person)
    assert len(held) > 1
    await here.desk.simulator.agent_message(held[0], text="@deskpilot please", public=False)
    await here.desk.simulator.add_tag(held[1], "deskpilot")
    for ticket_id in held[:2]:
        await here.desk.look(ticket_id)
        (resolution,) = await rows(here, "resolutions", ticket_id)
        assert here.desk.notes(ticket_id) == [False]
        assert resolution.arm == "holdout"


async def test_when_nobody_is_held_out_any_more_the_next_look_writes_the_note(here: Team) -> None:
    """What was silent for the comparison's sake alone."""
    pilots = Pilots(here.desk.database)
    await pilots.cover(here.desk.name, Scope(holdout=50), by="Kim")
    for number in range(12):
        ticket_id = await here.ask(LOST, who=f"who{number}")
        await here.desk.look(ticket_id)
        if not here.desk.notes(ticket_id):
            break
    assert not here.desk.notes(ticket_id)
    await pilots.cover(here.desk.name, Scope(), by="Kim")
    await here.desk.look(ticket_id)
    assert here.desk.notes(ticket_id) == [False]


async def asked(here: Team) -> tuple[str, str]:
    """Somebody asks and the note is written; the ticket's id and the draft."""
    ticket_id = await here.ask(LOST)
    return ticket_id, draft_in((await here.looked(ticket_id)).html)


async def seen(here: Team, ticket_id: str) -> Any:
    """What is kept of the only turn, after one more look."""
    await here.desk.look(ticket_id)
    (outcome,) = await rows(here, "outcomes", ticket_id)
    return outcome


@pytest.mark.parametrize("public", [True, False])
async def test_an_answer_by_phone_is_an_answer_without_a_text(here: Team, *, public: bool) -> None:
    """Nothing is compared with what was written down of the call; the log stands for all to see, or for agents alone."""
    ticket_id, draft = await asked(here)
    call = await here.desk.simulator.agent_calls(ticket_id, said=draft, public=public)
    outcome = await seen(here, ticket_id)
    (resolution,) = await rows(here, "resolutions", ticket_id)

    assert (outcome.reply_id, outcome.use, outcome.fidelity, outcome.excluded) == (call, "", None, "phone")
    assert resolution.label == "human_only"


async def test_who_calls_and_then_writes_is_compared_by_what_was_written(here: Team) -> None:
    """The call was the first answer; the draft was of use all the same, also where it goes out hours later."""
    ticket_id, draft = await asked(here)
    await here.desk.simulator.agent_calls(ticket_id)
    assert (await seen(here, ticket_id)).excluded == "phone"
    reply = await here.desk.simulator.agent_message(ticket_id, text=draft, public=True)
    outcome = await seen(here, ticket_id)

    assert (outcome.reply_id, outcome.use, outcome.excluded) == (reply, "as_is", "")


async def test_a_customer_who_writes_after_a_call_asks_anew(here: Team) -> None:
    """The call answered what came before."""
    ticket_id, _ = await asked(here)
    await here.desk.simulator.agent_calls(ticket_id)
    await here.again(ticket_id, "And how do I change the address on my order?")

    first, second = await rows(here, "outcomes", ticket_id)
    assert (first.excluded, second.excluded, second.reply_id) == ("phone", "", "")


@pytest.mark.parametrize(("text", "use"), [("{draft}", "as_is"), ("Thanks for writing, we look into it.", "unused")])
async def test_a_reply_by_macro_is_measured_like_any_other(here: Team, text: str, use: str) -> None:
    """An agent applied it: no bot wrote it, also where somebody made the draft a macro."""
    ticket_id, draft = await asked(here)
    paragraphs = "".join(f"<p>{part}</p>" for part in text.format(draft=draft).split("\n\n"))
    macro = here.desk.simulator.add_macro("Parcels::Lost", paragraphs)
    reply = await here.desk.simulator.agent_applies(ticket_id, macro)
    outcome = await seen(here, ticket_id)

    assert (outcome.reply_id, outcome.use) == (reply, use)


async def test_a_colleague_who_answers_instead_is_measured_and_named_nowhere(here: Team) -> None:
    """The draft is compared, not the person; a second reply of another agent soon after is part of the answer."""
    ticket_id, draft = await asked(here)
    simulator = here.desk.simulator
    await simulator.another_agent_replies(ticket_id, name="Kim Ode", text=draft)
    await simulator.another_agent_replies(ticket_id, name="Robin Vale", text="And here is your invoice.")
    outcome = await seen(here, ticket_id)

    assert (outcome.use, outcome.details["parts"]) == ("as_is", 2)
    assert not [value for value in map(str, outcome) if "Kim" in value or "Robin" in value]


async def test_a_reply_in_another_language_is_told_as_one(here: Team) -> None:
    """The figure of unused drafts can be read with that in mind."""
    ticket_id, _ = await asked(here)
    german = "Das Depot hat Ihr Paket gefunden und bringt es morgen früh zu Ihnen nach Hause."
    await here.desk.simulator.agent_message(ticket_id, text=german, public=True)
    outcome = await seen(here, ticket_id)

    assert (outcome.use, outcome.details["other_language"]) == ("unused", True)


async def test_a_reply_that_is_taken_back_later_was_sent_all_the_same(here: Team) -> None:
    """Zendesk makes it internal, Freshdesk deletes it; the customer has read it, and the label stays."""
    ticket_id, draft = await asked(here)
    reply = await here.desk.simulator.agent_message(ticket_id, text=draft, public=True)
    assert (await seen(here, ticket_id)).use == "as_is"
    await here.desk.simulator.agent_takes_back(ticket_id, reply)
    outcome = await seen(here, ticket_id)
    (resolution,) = await rows(here, "resolutions", ticket_id)

    assert (outcome.reply_id, outcome.use, outcome.details["gone"]) == (reply, "as_is", True)
    assert resolution.label == "ai_as_is"


async def test_what_was_written_stays_where_it_is_taken_back_after_a_call(here: Team) -> None:
    """The call alone would have nothing to compare."""
    ticket_id, draft = await asked(here)
    await here.desk.simulator.agent_calls(ticket_id)
    reply = await here.desk.simulator.agent_message(ticket_id, text=draft, public=True)
    assert (await seen(here, ticket_id)).use == "as_is"
    await here.desk.simulator.agent_takes_back(ticket_id, reply)
    outcome = await seen(here, ticket_id)

    assert (outcome.reply_id, outcome.use, outcome.excluded) == (reply, "as_is", "")


async def test_a_reply_that_is_edited_later_stays_what_was_sent(here: Team) -> None:
    """Zendesk lets agents cut words out of a reply; Freshdesk lets them edit a public note, which customers are mailed."""
    ticket_id, draft = await asked(here)
    simulator = here.desk.simulator
    if isinstance(simulator, FreshdeskSimulator):
        reply = await simulator.public_note(ticket_id, text=draft)
    else:
        reply = await simulator.agent_message(ticket_id, text=draft, public=True)
    before = await seen(here, ticket_id)
    await simulator.agent_redacts(ticket_id, reply, words=max(draft.split("\n"), key=len))
    after = await seen(here, ticket_id)

    assert (before.use, before.fidelity) == ("as_is", 1.0)
    assert after == before


async def test_a_reply_in_two_messages_is_one_also_where_we_looked_in_between(here: Team) -> None:
    """The first half alone is less than the draft; the second corrects it."""
    ticket_id, draft = await asked(here)
    words = draft.split()
    first, rest = " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])
    await here.desk.simulator.agent_message(ticket_id, text=first, public=True)
    half = await seen(here, ticket_id)
    await here.desk.simulator.agent_message(ticket_id, text=rest, public=True)
    whole = await seen(here, ticket_id)

    assert half.fidelity < 1.0
    assert (whole.use, whole.fidelity, whole.details["parts"]) == ("as_is", 1.0, 2)
