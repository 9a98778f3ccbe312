"""Whether a ticket got what its file states, read from real (simulated) helpdesks and a real ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import pytest

from connectors.freshdesk.simulator import FreshdeskSimulator
from service.database import Database
from service.demo.tickets import DemoTicket, Entry
from service.demo.verdict import Seen, see
from service.ledger import Ledger, SavedDraft, TicketKey
from tests.connectors.accounts import VENDORS, Account, connected

SOURCE = "https://help.kettlewick.example/parcels?from=note&part=2"
NOTE = f'<p>Hi Ana</p><p><a href="{SOURCE.replace("&", "&amp;")}">Parcels</a></p><p>DP-7K2QX</p>'


@dataclass(frozen=True, slots=True)
class Scene:
    """A helpdesk with one ticket, and our ledger."""

    account: Account
    ledger: Ledger
    ticket_id: str

    async def note(self, html: str = NOTE, *, verdict: str = "ready", sources: Sequence[str] = (SOURCE,)) -> None:
        """We write a note and enter it into the ledger, as the pipeline does."""
        desk = self.account.helpdesk
        ticket = await desk.ticket(self.ticket_id)
        key, message_id = TicketKey(desk.name, ticket.account, ticket.id), ticket.messages[0].id
        details: dict[str, Any] = {"sources": list(sources), "confidence": 0.9, "writer": "model"}
        await self.ledger.save(SavedDraft(key, message_id, "DP-7K2QX", verdict, html, details))
        stored = await desk.add_note(ticket, html, run="DP-7K2QX")
        await self.ledger.posted(key, message_id, note_id=stored.id)

    async def publish(self) -> None:
        """What must never happen: a message of ours that the customer can see."""
        simulator = self.account.simulator
        transport = httpx.ASGITransport(app=simulator.app)
        async with httpx.AsyncClient(transport=transport, base_url=simulator.state.url) as http:
            if isinstance(simulator, FreshdeskSimulator):
                path = f"/api/v2/tickets/{self.ticket_id}/reply"
                answer = await http.post(path, json={"body": "Hi"}, auth=(simulator.settings["api_key"], "X"))
            else:
                headers = {"Authorization": f"Bearer {simulator.token_settings['token']}"}
                comment = {"ticket": {"comment": {"html_body": "<p>Hi</p>", "public": True}}}
                answer = await http.put(f"/api/v2/tickets/{self.ticket_id}", json=comment, headers=headers)
        assert answer.is_success, answer.text

    async def seen(
        self, expect: Literal["note", "none", "packet"] = "note", *, source: str = SOURCE, states_source: bool = True
    ) -> Seen:
        """The judgement over a ticket whose file states this."""
        desk = self.account.helpdesk
        stated = DemoTicket(
            name="01-parcel",
            helpdesk="zendesk" if desk.name == "zendesk" else "freshdesk",
            subject="Parcel to Spain",
            requester="Ana Sol",
            email="ana@example.com",
            entries=(Entry(by="customer", text="Where is my parcel?"),),
            expect=expect,
            expect_source=source,
            states_source=states_source,
        )
        written_at = datetime.now(UTC) - timedelta(seconds=5)
        return await see(
            desk, await desk.whoami(), self.ledger, stated, ticket_id=self.ticket_id, written_at=written_at
        )


@pytest.fixture(params=sorted(VENDORS))
async def scene(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Scene]:
    """Each helpdesk."""
    vendor = VENDORS[request.param]
    async with connected(vendor, vendor.simulator()) as account:
        yield Scene(account, Ledger(database), await account.ticket())


async def test_one_private_note_with_the_stated_source_is_right(scene: Scene) -> None:
    """Also where HTML writes the address in its own way."""
    await scene.note()
    seen = await scene.seen()

    assert seen.problems == ()
    assert (len(seen.notes), seen.public) == (1, 0)


async def test_a_program_gets_all_of_it_in_one_object(scene: Scene) -> None:
    """`deskpilot demo --check` prints it."""
    await scene.note()
    told = (await scene.seen()).as_json()

    assert "Hi Ana" in told.pop("note")
    assert 0 < told.pop("seconds") < 60
    assert told == {
        "ticket": "01-parcel",
        "helpdesk": scene.account.helpdesk.name,
        "ticket_id": scene.ticket_id,
        "expect": "note",
        "expect_source": SOURCE,
        "verdict": "ready",
        "notes": 1,
        "sources": [SOURCE],
        "confidence": 0.9,
        "writer": "model",
        "silence": [],
        "ok": True,
        "problems": [],
    }


async def test_a_silence_where_none_is_due_is_right_and_says_why(scene: Scene) -> None:
    """`expect: none`."""
    desk = scene.account.helpdesk
    await scene.ledger.silent(TicketKey(desk.name, desk.account, scene.ticket_id), "1", "the customer only says thanks")
    told = (await scene.seen("none", source="")).as_json()

    assert (told["ok"], told["note"], told["silence"]) == (True, None, ["the customer only says thanks"])


async def test_a_note_that_is_missing_is_a_problem(scene: Scene) -> None:
    """Silence is not an answer."""
    assert (await scene.seen()).problems == ("0 private note(s), 1 stated",)


async def test_a_note_where_silence_is_stated_is_a_problem(scene: Scene) -> None:
    """Nobody asked."""
    await scene.note()

    assert (await scene.seen("none", source="")).problems == ("1 private note(s), 0 stated",)


async def test_two_notes_are_a_problem(scene: Scene) -> None:
    """One message, one note: a second one is what retries and redeliveries must never make."""
    await scene.note()
    await scene.note()

    assert (await scene.seen()).problems == ("2 private note(s), 1 stated",)


@pytest.mark.parametrize("expect", ["note", "none"])
async def test_a_message_of_ours_in_public_is_a_problem_whatever_is_stated(
    scene: Scene, expect: Literal["note", "none"]
) -> None:
    """The one thing that may never happen."""
    if expect == "note":
        await scene.note()
    await scene.publish()

    assert (await scene.seen(expect)).problems == ("1 message(s) of ours are public",)


async def test_a_source_that_is_not_cited_is_a_problem(scene: Scene) -> None:
    """And which one is cited instead."""
    await scene.note(NOTE.replace("parcels", "returns"), sources=["https://help.kettlewick.example/returns"])

    assert (await scene.seen()).problems == (
        f"the note does not cite {SOURCE}, but https://help.kettlewick.example/returns",
    )


async def test_a_source_that_stands_in_the_ledger_only_is_a_problem(scene: Scene) -> None:
    """What counts is what the agent sees."""
    await scene.note("<p>Hi Ana</p><p>DP-7K2QX</p>")

    assert len((await scene.seen()).problems) == 1


async def test_a_source_where_no_article_answers_is_a_problem(scene: Scene) -> None:
    """`expect_source: null`: whatever is cited is wrong. Where nothing is stated, anything may be."""
    await scene.note()

    assert (await scene.seen(source="")).problems == (f"the note cites {SOURCE}, though no article answers this",)
    assert (await scene.seen(source="", states_source=False)).problems == ()


async def test_a_person_who_is_asked_for_without_need_is_a_problem(scene: Scene) -> None:
    """Handing over everything would be easy."""
    await scene.note(verdict="person", sources=[])

    assert (await scene.seen(source="")).problems == ("a person is asked for",)
    assert (await scene.seen("packet", source="")).problems == ()


async def test_a_draft_where_a_person_is_needed_is_a_problem(scene: Scene) -> None:
    """`expect: packet`."""
    await scene.note()

    assert (await scene.seen("packet")).problems == ("no person is asked for",)


async def test_a_note_that_a_person_wrote_with_our_key_is_not_ours(scene: Scene) -> None:
    """On Freshdesk the key is an agent's; only what carries a reference is our note."""
    desk = scene.account.helpdesk
    await desk.add_note(await desk.ticket(scene.ticket_id), "<p>Called her back.</p>", run="")

    assert (await scene.seen("none", source="")).problems == ()
