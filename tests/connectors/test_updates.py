"""Fields set with a note, over every connector and its simulator: what is set, what is left alone, and what it never costs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest

from connectors.base import ConflictError, Helpdesk, RejectedError, RetryableError, Update
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.simulated.clock import ManualClock
from connectors.zendesk.simulator import ZendeskSimulator
from connectors.zendesk.simulator.records import TicketField
from tests.connectors.accounts import VENDORS, Simulator
from tests.connectors.network import Network, network
from tests.writes import is_ours_to_send

NOTE = "<p>Draft</p><p>DP-7K2QX</p>"


@dataclass
class Desk:
    """A simulated account with a group and fields, our client of it, and the network between them."""

    simulator: Simulator
    network: Network
    client: Helpdesk
    group: str
    intent: str  # a text
    mood: str  # a drop-down
    shown: str  # customers see it

    async def ticket(self) -> str:
        """A customer's first message; returns the ticket's id."""
        return await self.simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where is it?", tags=["vip"]
        )

    @property
    def update(self) -> Update:
        """A bit of everything."""
        fields = {self.intent: "find a parcel", self.mood: "angry"}
        return Update(group=self.group, priority="high", add_tags=("ai_parcel",), fields=fields)

    def writes(self) -> list[tuple[str, str]]:
        """Our requests that change tickets, in order."""
        asked = ((one.method, one.url.path) for one in self.network.requests)
        return [(method, path) for method, path in asked if method != "GET" and "/tickets" in path]


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[Desk]:
    """One vendor's account."""
    vendor = VENDORS[name]
    simulator = vendor.simulator()
    group = simulator.add_group("Parcels")
    intent, mood = simulator.add_field("Intent"), simulator.add_field("Mood", choices=["angry", "calm"])
    shown = simulator.add_field("Shown", public=True)
    async with network(simulator.app) as (carrier, http):
        client = vendor.connect(http, simulator.settings)
        yield Desk(simulator, carrier, client, group, intent, mood, shown)


@pytest.fixture(params=sorted(VENDORS))
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """Every vendor in turn."""
    async with opened(request.param) as made:
        yield made


@pytest.fixture
async def zendesk() -> AsyncIterator[Desk]:
    """Note and fields in one request, compared before it is set."""
    async with opened("zendesk") as made:
        yield made


@pytest.fixture
async def freshdesk() -> AsyncIterator[Desk]:
    """The note first, then the fields."""
    async with opened("freshdesk") as made:
        yield made


async def test_fields_are_set_with_the_note(desk: Desk) -> None:
    """All of them, in one request; tags are added to those that stand there, and the note stays as private as ever."""
    ticket_id = await desk.ticket()

    note = await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J", update=desk.update)

    assert (note.written, note.missed) == (desk.update.parts, {})
    there = desk.simulator.fields_of(ticket_id)
    assert (there.group, there.priority) == (desk.group, "high")
    assert {"vip", "ai_parcel"} <= set(there.tags)
    assert there.custom == {desk.intent: "find a parcel", desk.mood: "angry"}
    assert [one.public for one in desk.simulator.notes(ticket_id)] == [False]
    assert len(desk.writes()) == (1 if isinstance(desk.simulator, ZendeskSimulator) else 2)
    assert (await desk.client.ticket(ticket_id)).fields.items() >= there.custom.items()


async def test_without_an_update_a_note_makes_no_more_requests_than_ever(desk: Desk) -> None:
    """Not even a look at the account's fields."""
    ticket = await desk.client.ticket(await desk.ticket())
    before = len(desk.network.requests)

    note = await desk.client.add_note(ticket, NOTE, run="01J", update=Update())

    assert (note.written, note.missed) == ({}, {})
    assert len(desk.network.requests) - before == 1


async def test_a_field_that_customers_see_is_never_written(desk: Desk) -> None:
    """What we find out about them is for agents; neither is one written that does not exist, or a value that it lacks."""
    ticket_id = await desk.ticket()
    unknown = "4711" if isinstance(desk.simulator, ZendeskSimulator) else "cf_unknown"
    fields = {desk.shown: "angry", unknown: "x", desk.mood: "elated", desk.intent: "find a parcel"}

    note = await desk.client.add_note(
        await desk.client.ticket(ticket_id), NOTE, run="01J", update=Update(priority="high", fields=fields)
    )

    assert note.written == {"priority": "high", desk.intent: "find a parcel"}
    assert note.missed == {
        desk.shown: "customers can see this field",
        unknown: "the account has no such custom field for a text or one choice",
        desk.mood: "not one of the field's choices",
    }
    assert desk.simulator.fields_of(ticket_id).custom == {desk.intent: "find a parcel"}


async def test_fields_are_not_written_where_nobody_says_who_sees_them(desk: Desk) -> None:
    """The list of them is refused: the note comes without."""
    ticket_id = await desk.ticket()
    desk.network.refused["/api/v2/ticket_fields"] = 403

    note = await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J", update=desk.update)

    assert set(note.missed) == {desk.intent, desk.mood}
    assert "priority" in note.written
    assert desk.simulator.fields_of(ticket_id).custom == {}


async def test_the_accounts_fields_are_asked_for_once(desk: Desk) -> None:
    """An hour long; every note would cost a call."""
    for _ in range(3):
        await desk.client.add_note(
            await desk.client.ticket(await desk.ticket()), NOTE, run="01J", update=Update(fields={desk.intent: "x"})
        )

    assert len(desk.network.asked("/ticket_fields")) == 1


async def test_what_the_helpdesk_refuses_never_costs_the_note(desk: Desk) -> None:
    """A group that is gone: one note, nothing set, and the reason has none of the values in it."""
    ticket_id = await desk.ticket()
    before = desk.simulator.fields_of(ticket_id)
    update = replace(desk.update, group="999999")

    note = await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J", update=update)

    assert note.written == {}
    assert set(note.missed) == set(update.parts)
    assert "find a parcel" not in str(note.missed)
    assert desk.simulator.fields_of(ticket_id) == before
    assert [one.id for one in desk.simulator.notes(ticket_id)] == [note.id]


@pytest.mark.parametrize("update", [Update(group="x"), Update(priority="top"), Update(fields={"status": "solved"})])
async def test_what_is_no_value_is_never_sent(desk: Desk, update: Update) -> None:
    """The note alone goes out."""
    ticket_id = await desk.ticket()

    note = await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J", update=update)

    assert set(note.missed) == set(update.parts)
    assert len(desk.writes()) == 1
    assert (await desk.client.ticket(ticket_id)).status in ("new", "open")


async def test_a_lost_answer_leaves_one_note(desk: Desk) -> None:
    """Retryable, and found by the next read, as without fields."""
    ticket_id = await desk.ticket()
    ticket = await desk.client.ticket(ticket_id)
    desk.simulator.faults.lost_answers = 1

    with pytest.raises(RetryableError):
        await desk.client.add_note(ticket, NOTE, run="01J", update=desk.update)

    assert len(desk.simulator.notes(ticket_id)) == 1
    assert [method for method, _ in desk.writes()] == [
        "PUT" if isinstance(desk.simulator, ZendeskSimulator) else "POST"
    ]


async def test_a_closed_ticket_is_rejected_as_ever(zendesk: Desk) -> None:
    """One request: without the fields it is as closed."""
    ticket_id = await zendesk.ticket()
    ticket = await zendesk.client.ticket(ticket_id)
    await zendesk.simulator.set_status(ticket_id, "closed")

    with pytest.raises(RejectedError, match="closed"):
        await zendesk.client.add_note(ticket, NOTE, run="01J", update=zendesk.update)
    assert len(zendesk.writes()) == 1


async def test_nothing_is_set_over_somebodys_change_meanwhile(zendesk: Desk) -> None:
    """409: the ticket is read again, note and all."""
    ticket_id = await zendesk.ticket()
    ticket = replace(await zendesk.client.ticket(ticket_id), stamp="2026-01-01T00:00:00Z")

    with pytest.raises(ConflictError):
        await zendesk.client.add_note(ticket, NOTE, run="01J", update=zendesk.update)

    assert zendesk.simulator.notes(ticket_id) == []
    assert zendesk.simulator.fields_of(ticket_id).custom == {}


@pytest.mark.parametrize("silent", [True, False])
async def test_a_value_that_zendesk_does_not_take_is_not_taken_for_written(zendesk: Desk, silent: bool) -> None:  # noqa: FBT001
    """Refused, or dropped without a word: a choice that went away since the fields were read."""
    simulator = zendesk.simulator
    assert isinstance(simulator, ZendeskSimulator)
    await zendesk.client.add_note(
        await zendesk.client.ticket(await zendesk.ticket()),
        NOTE,
        run="01J",
        update=Update(fields={zendesk.mood: "calm"}),
    )
    simulator.state.fields[int(zendesk.mood)] = TicketField(int(zendesk.mood), "Mood", "tagger", ("calm",))
    simulator.faults.drop_values = silent
    ticket_id = await zendesk.ticket()

    note = await zendesk.client.add_note(
        await zendesk.client.ticket(ticket_id), NOTE, run="01J", update=replace(zendesk.update, group="")
    )

    assert zendesk.mood in note.missed
    assert ("priority" in note.written) is silent
    assert len(simulator.notes(ticket_id)) == 1


async def test_a_choice_that_changes_takes_its_tag_with_it(zendesk: Desk) -> None:
    """A drop-down's value is a tag, and the list that we send replaces theirs: the two must not contradict each other."""
    ticket_id = await zendesk.ticket()
    for value, tag in (("angry", "ai_one"), ("calm", "ai_two")):
        update = Update(add_tags=(tag,), fields={zendesk.mood: value})
        await zendesk.client.add_note(await zendesk.client.ticket(ticket_id), NOTE, run="01J", update=update)

    sent = json.loads([one for one in zendesk.network.requests if one.method == "PUT"][-1].content)["ticket"]
    assert sorted(sent["tags"]) == ["ai_one", "ai_two", "calm", "vip"]
    assert zendesk.simulator.fields_of(ticket_id).tags == ("ai_one", "ai_two", "calm", "vip")


async def test_a_collision_in_the_database_is_tried_again_with_the_fields(zendesk: Desk) -> None:
    """Nothing was written, and nothing of it is refused."""
    ticket_id = await zendesk.ticket()
    zendesk.simulator.faults.database_conflicts = 1  # type: ignore[union-attr]

    with pytest.raises(RetryableError) as caught:
        await zendesk.client.add_note(await zendesk.client.ticket(ticket_id), NOTE, run="01J", update=zendesk.update)

    assert not isinstance(caught.value, ConflictError)
    assert zendesk.simulator.notes(ticket_id) == []


async def test_what_an_agent_changes_while_the_note_is_written_stays(freshdesk: Desk) -> None:
    """No compare-and-set there: the ticket is read again, and the rest is set."""
    ticket_id = await freshdesk.ticket()
    ticket = await freshdesk.client.ticket(ticket_id)

    async def agent() -> None:
        await freshdesk.simulator.agent_sets(ticket_id, priority="urgent", custom={freshdesk.mood: "calm"})
        await freshdesk.simulator.add_tag(ticket_id, "seen")

    freshdesk.network.before_writes = [agent]
    note = await freshdesk.client.add_note(ticket, NOTE, run="01J", update=freshdesk.update)

    assert set(note.missed) == {"priority", freshdesk.mood}
    there = freshdesk.simulator.fields_of(ticket_id)
    assert (there.group, there.priority) == (freshdesk.group, "urgent")
    assert set(there.tags) == {"vip", "seen", "ai_parcel"}
    assert there.custom == {freshdesk.intent: "find a parcel", freshdesk.mood: "calm"}


async def test_a_ticket_that_somebody_takes_meanwhile_keeps_its_group(freshdesk: Desk) -> None:
    """And its priority: who took it has seen both."""
    ticket_id = await freshdesk.ticket()
    ticket = await freshdesk.client.ticket(ticket_id)
    assert isinstance(freshdesk.simulator, FreshdeskSimulator)
    freshdesk.simulator.state.tickets.all[int(ticket_id)].responder_id = freshdesk.simulator.state.people.agent.id

    note = await freshdesk.client.add_note(ticket, NOTE, run="01J", update=freshdesk.update)

    assert set(note.missed) == {"group", "priority"}
    assert set(note.written) == {"tags", freshdesk.intent, freshdesk.mood}


async def nothing() -> None:
    """Happens before the note."""


Fault = Callable[[Desk], None]


def refused(desk: Desk) -> None:
    """429."""
    desk.simulator.faults.refused = 1  # type: ignore[union-attr]


def lost(desk: Desk) -> None:
    """It lands, and nobody hears of it."""
    desk.simulator.faults.lost_answers = 1


def broken(desk: Desk) -> None:
    """502."""
    desk.simulator.faults.html_errors = 1


@pytest.mark.parametrize("fault", [refused, lost, broken])
async def test_once_the_note_stands_nothing_is_raised(freshdesk: Desk, fault: Fault) -> None:
    """A second note would be the price of a second try: what became of the fields is not known, and not ours to claim."""
    ticket_id = await freshdesk.ticket()
    ticket = await freshdesk.client.ticket(ticket_id)

    async def spoil() -> None:
        fault(freshdesk)

    freshdesk.network.before_writes = [nothing, spoil]
    note = await freshdesk.client.add_note(ticket, NOTE, run="01J", update=freshdesk.update)

    assert note.written == {}
    assert set(note.missed) == set(freshdesk.update.parts)
    assert [one.id for one in freshdesk.simulator.notes(ticket_id)] == [note.id]


async def test_a_vanished_ticket_leaves_the_note_as_it_is(freshdesk: Desk) -> None:
    """Into the trash, while the note was on its way."""
    ticket_id = await freshdesk.ticket()
    ticket = await freshdesk.client.ticket(ticket_id)

    async def trash() -> None:
        await freshdesk.simulator.delete(ticket_id)

    freshdesk.network.before_reads = [trash]
    note = await freshdesk.client.add_note(ticket, NOTE, run="01J", update=replace(freshdesk.update, fields={}))

    assert set(note.missed.values()) == {"the ticket was thrown away meanwhile"}
    assert [method for method, _ in freshdesk.writes()] == ["POST"]


async def test_groups_and_fields_of_the_account_are_told(desk: Desk) -> None:
    """By the ids that an update takes, and which of them customers see."""
    groups, fields = await desk.client.groups(), await desk.client.custom_fields()

    assert groups[desk.group] == "Parcels"
    assert {desk.intent, desk.mood, desk.shown} <= fields.keys()
    assert fields[desk.mood].choices == {"angry", "calm"}
    assert [fields[one].hidden for one in (desk.intent, desk.mood, desk.shown)] == [True, True, False]


async def test_what_every_new_ticket_has_is_told(desk: Desk) -> None:
    """Zendesk's default group, Freshdesk's lowest priority: nobody has chosen those."""
    ticket_id = await desk.ticket()
    fresh = await desk.client.ticket(ticket_id)
    await desk.client.add_note(fresh, NOTE, run="01J", update=desk.update)

    assert fresh.initial == ({"group"} if isinstance(desk.simulator, ZendeskSimulator) else {"priority"})
    assert (await desk.client.ticket(ticket_id)).initial == set()


async def test_our_own_update_tells_whoever_listens() -> None:
    """Events for tags, priority, group and fields by ourselves: what comes back must be recognised as nothing to do."""
    arrived: list[bytes] = []

    def receive(request: httpx.Request) -> httpx.Response:
        arrived.append(request.content)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
        simulator = ZendeskSimulator(http=http, clock=ManualClock())
        simulator.connect_webhook("https://deskpilot.example/webhooks/zendesk")
        (webhook,) = simulator.state.webhooks.values()
        kinds = ("tags_changed", "priority_changed", "group_assignment_changed", "custom_field_changed")
        webhook.subscriptions = [f"zen:event-type:ticket.{kind}" for kind in kinds]
        mood, group = simulator.add_field("Mood", choices=["angry"]), simulator.add_group("Parcels")
        ticket_id = await simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where?"
        )
        async with network(simulator.app) as (_, ours):
            client = VENDORS["zendesk"].connect(ours, simulator.settings)
            update = Update(group=group, priority="high", add_tags=("ai_x",), fields={mood: "angry"})
            await client.add_note(await client.ticket(ticket_id), NOTE, run="01J", update=update)
        await simulator.settle()

    told = {kind for kind in kinds for body in arrived if f"ticket.{kind}".encode() in body}
    assert told == set(kinds)


async def test_a_tag_is_set_alone_and_takes_the_place_of_ours(desk: Desk) -> None:
    """What others set meanwhile stays; nothing else of the ticket changes."""
    ticket_id = await desk.ticket()
    await desk.client.tag(await desk.client.ticket(ticket_id), "ai_as_is")
    await desk.simulator.add_tag(ticket_id, "fragile")
    before = await desk.client.ticket(ticket_id)
    await desk.client.tag(before, "ai_assisted", instead_of="ai_as_is")
    after = await desk.client.ticket(ticket_id)

    assert {*after.tags} == {"vip", "fragile", "ai_assisted"}
    assert replace(after, tags=before.tags, updated_at=before.updated_at, stamp=before.stamp) == before
    assert all(
        is_ours_to_send(one.method, one.url.path, json.loads(one.content))
        for one in desk.network.requests
        if one.method == "PUT"
    )


async def test_a_tag_is_not_set_over_somebodys_change_meanwhile(zendesk: Desk) -> None:
    """The whole list is sent, so a tag that somebody adds would be lost."""
    ticket_id = await zendesk.ticket()
    read = replace(await zendesk.client.ticket(ticket_id), stamp="2026-01-01T00:00:00Z")
    with pytest.raises(ConflictError):
        await zendesk.client.tag(read, "ai_as_is")
    assert "ai_as_is" not in zendesk.simulator.fields_of(ticket_id).tags


async def test_a_ticket_that_was_thrown_away_gets_no_tag(freshdesk: Desk) -> None:
    """Freshdesk would take it."""
    ticket_id = await freshdesk.ticket()
    read = await freshdesk.client.ticket(ticket_id)
    await freshdesk.simulator.delete(ticket_id)
    with pytest.raises(ConflictError):
        await freshdesk.client.tag(read, "ai_as_is")
