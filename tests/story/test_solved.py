"""From a ticket that an agent solved to the next ticket that may know of it, through both helpdesks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import GoneError
from service import operating
from service.backfill import put
from service.solved import source_of
from service.vectors import Fence, Found, Question
from tests.fake_llm import FakeLLM
from tests.story.conftest import Play

BOTH = pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])

CANARY = "quokka"  # a word of the solved ticket alone
ASKED = {
    "name": "Cana Ryman",
    "email": "cana.ryman@lindholm.example",
    "organization": "Lindholm Ltd",
    "subject": "Tracking of my parcel has not moved",
    "text": f"Hello, the tracking of my {CANARY} parcel has not moved. Write to cana.ryman@lindholm.example please.",
}
ANSWERED = f"Hi Cana, the {CANARY} depot is on strike: your parcel moves on Monday.\n\nBest regards\nRobin"
COLLEAGUE = {"name": "Ben Lund", "email": "ben.lund@lindholm.example", "organization": "Lindholm Ltd"}
STRANGER = {"name": "Eve Marl", "email": "eve.marl@other.example", "organization": "Other Inc"}
NOBODYS = {"name": "Kim Sorel", "email": "kim.sorel@customer.example"}


async def kept(play: Play, helpdesk: str) -> int:
    """How many solved tickets of this helpdesk the index holds."""
    library = play.stage.service.tools.library
    account = library.helpdesks[helpdesk].account
    return len(await library.vectors.marks(source=source_of(helpdesk), account=account))


async def solve(play: Play, helpdesk: str, *, count: int = 1, **more: Any) -> str:
    """Cana asks, an agent answers and solves, and the helpdesk's webhook says so; returns the ticket's id."""
    simulator = play.stage.simulator(helpdesk)
    ticket_id = await play.ask(helpdesk, **{**ASKED, **more})
    await play.note(helpdesk, ticket_id)
    await simulator.agent_message(ticket_id, text=ANSWERED, public=True)
    await simulator.set_status(ticket_id, "solved")
    await play.until(lambda: _holds(play, helpdesk, count))
    await play.settled(helpdesk, ticket_id)
    return ticket_id


async def _holds(play: Play, helpdesk: str, count: int) -> bool:
    return await kept(play, helpdesk) == count


class Searches:
    """What the pipeline asks of the index, in all pools."""

    def __init__(self, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
        self._vectors = play.stage.service.tools.library.vectors
        self._search = self._vectors.search
        self.fences: list[Fence] = []
        monkeypatch.setattr(self._vectors, "search", self._asked)

    async def _asked(self, question: Question, *, fence: Fence, limit: int) -> list[Found]:
        self.fences.append(fence)
        return await self._search(question, fence=fence, limit=limit)

    async def solved(self) -> list[str]:
        """Texts of the solved tickets that the fence of the last search lets through."""
        fence = replace(self.fences[-1], pools=("article", "macro", "ticket"))
        found = await self._search(Question(f"{CANARY} parcel tracking depot"), fence=fence, limit=50)
        return [one.passage.text for one in found if one.passage.pool == "ticket"]


@BOTH
async def test_a_ticket_of_the_same_organization_finds_what_was_solved(
    play: Play, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Question and answer, with nobody's name in them."""
    await solve(play, helpdesk)
    searches = Searches(play, monkeypatch)
    await play.note(helpdesk, await play.ask(helpdesk, **COLLEAGUE))

    (text,) = await searches.solved()
    assert text.startswith("Question: the tracking of my quokka parcel has not moved.")
    assert text.endswith("Answer: the quokka depot is on strike: your parcel moves on Monday.")
    assert not [name for name in ("Cana", "Ryman", "Robin", "@") if name in text]


@BOTH
@pytest.mark.parametrize("who", [STRANGER, NOBODYS], ids=["another organization", "no organization"])
async def test_nobody_else_finds_it(
    play: Play, helpdesk: str, who: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fence is the pipeline's own."""
    await solve(play, helpdesk)
    searches = Searches(play, monkeypatch)
    await play.note(helpdesk, await play.ask(helpdesk, **who))

    assert searches.fences
    assert await searches.solved() == []


@BOTH
async def test_without_an_organization_it_is_the_requesters_own(
    play: Play, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people without an organization never read of each other."""
    await solve(play, helpdesk, name=NOBODYS["name"], email=NOBODYS["email"], organization="")
    searches = Searches(play, monkeypatch)
    await play.note(helpdesk, await play.ask(helpdesk, name="Lou Finn", email="lou.finn@customer.example"))
    assert await searches.solved() == []

    await play.note(helpdesk, await play.ask(helpdesk, **NOBODYS))
    assert len(await searches.solved()) == 1


async def test_no_model_reads_of_another_organizations_ticket(open_play: Callable[..., Any], model: FakeLLM) -> None:
    """Everything it received for the other one's ticket."""
    async with open_play(llm=model.settings()) as play:
        await solve(play, "zendesk")
        for who in (STRANGER, NOBODYS):
            before = len(model.requests)
            await play.note("zendesk", await play.ask("zendesk", **who))

            read = "\n".join(request.text for request in model.requests[before:])
            assert "tracking of my parcel" in read
            assert CANARY not in read


@BOTH
async def test_it_is_known_while_it_stays_solved(play: Play, helpdesk: str) -> None:
    """The customer writes again: it is open, and no example. The reopened ticket does not find itself."""
    ticket_id = await solve(play, helpdesk)
    simulator = play.stage.simulator(helpdesk)
    await simulator.customer_message(ticket_id, text="It still has not moved. Where is my parcel?")
    await play.note(helpdesk, ticket_id, count=2)
    assert await kept(play, helpdesk) == 0

    await simulator.agent_message(ticket_id, text="Dear Cana, it moves on Tuesday now, I called them.", public=True)
    await simulator.set_status(ticket_id, "solved")
    await play.until(lambda: _holds(play, helpdesk, 1))


@BOTH
async def test_a_deleted_ticket_teaches_nothing(play: Play, helpdesk: str) -> None:
    """Gone or in the trash."""
    ticket_id = await solve(play, helpdesk)
    await play.stage.simulator(helpdesk).delete(ticket_id)
    try:
        await play.stage.service.pipeline.look(helpdesk, ticket_id)
    except GoneError:
        assert helpdesk == "zendesk"

    assert await kept(play, helpdesk) == 0


@BOTH
async def test_a_bad_rating_takes_it_back(play: Play, helpdesk: str) -> None:
    """No webhook tells of it: the reconciler finds that the ticket changed, and has it looked at."""
    ticket_id = await solve(play, helpdesk)
    await play.stage.simulator(helpdesk).rate(ticket_id, "bad")
    await play.stage.service.pipeline.look(helpdesk, ticket_id)

    assert await kept(play, helpdesk) == 0


@BOTH
async def test_what_was_solved_before_is_imported_and_gets_no_note(
    open_play: Callable[..., Any], helpdesk: str
) -> None:
    """Also where nobody ever answered: a solved ticket asks for nothing."""
    async with open_play() as play:
        simulator = play.stage.simulator(helpdesk)
        ticket_id = await solve(play, helpdesk)
        unanswered = await play.ask(helpdesk, **STRANGER)
        await play.note(helpdesk, unanswered)
        await simulator.set_status(unanswered, "solved")
        await play.settled(helpdesk, unanswered)
        library, service = play.stage.service.tools.library, play.stage.service
        desk = library.helpdesks[helpdesk]
        await library.vectors.remove(
            [f"{helpdesk} ticket:{ticket_id}"], source=source_of(helpdesk), account=desk.account
        )
        await play.forget_everything()

        await put({helpdesk: (ticket_id, unanswered)}, service.inbox)
        await play.until(lambda: _holds(play, helpdesk, 1))
        for one in (ticket_id, unanswered):
            await play.settled(helpdesk, one)

        assert [len(play.notes(helpdesk, one)) for one in (ticket_id, unanswered)] == [1, 1]  # as before


async def test_the_command_counts_asks_and_imports(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    """A program says --yes, or is told the cost and nothing else."""
    ticket_id = await solve(play, "freshdesk")
    library, settings = play.stage.service.tools.library, play.stage.service.settings
    account = library.helpdesks["freshdesk"].account
    await library.vectors.remove([f"freshdesk ticket:{ticket_id}"], source=source_of("freshdesk"), account=account)

    capsys.readouterr()
    assert await operating.read_solved(settings, days=1, sure=False, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tickets"]["freshdesk"] == 1
    assert (told["calls"], told["embeddings"]) == (7 + 2 * told["tickets"]["zendesk"], 0)
    assert await kept(play, "freshdesk") == 0

    assert await operating.read_solved(settings, days=1, sure=True, as_json=False) == 0
    assert "solved tickets changed in the last 1 days" in capsys.readouterr().out
    await play.until(lambda: _holds(play, "freshdesk", 1))
