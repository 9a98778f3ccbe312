"""A model that is down: its tickets wait, are served when it is back, and get one note without it when patience ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.responses import Response

from service import jobs as jobs_module
from service.vectors import VectorsUnavailableError
from tests.fake_llm import FakeLLM
from tests.story.conftest import Play
from tests.story.model import ANALYSIS, DRAFT, answering

OpenPlay = Callable[..., Any]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is put off comes back after a second."""
    monkeypatch.setattr(jobs_module, "_BACKOFF_S", (0.1,))


def overloaded(_body: dict[str, Any]) -> Response:
    """The model is down."""
    return Response("overloaded", status_code=503)


async def is_out(play: Play) -> bool:
    """Whether the model's breaker is open."""
    outage = (await play.stage.service.tools.outages.standing()).get("llm")
    return bool(outage and outage.open)


async def test_a_ticket_waits_for_its_model_and_is_served_when_it_is_back(open_play: OpenPlay, model: FakeLLM) -> None:
    """No empty note in between; and while it is down it is asked once a second at most, whatever waits."""
    model.otherwise = overloaded
    async with open_play(llm=model.settings()) as play:
        tickets = [await play.ask(email=f"customer{number}@customer.example") for number in range(4)]
        await play.until(lambda: is_out(play))
        assert [play.notes("zendesk", ticket_id) for ticket_id in tickets] == [[], [], [], []]
        model.otherwise = answering(ANALYSIS, DRAFT)
        notes = [await play.note("zendesk", ticket_id) for ticket_id in tickets]

        assert all("Ready to send" in note for note in notes)
        assert await play.stage.service.tools.outages.standing() == {}


async def test_what_an_agent_answered_meanwhile_is_left_alone(open_play: OpenPlay, model: FakeLLM) -> None:
    """The model is back, and nobody needs it there any more."""
    model.otherwise = overloaded
    async with open_play(llm=model.settings()) as play:
        ticket_id = await play.ask()
        await play.until(lambda: is_out(play))
        await play.zendesk.agent_message(ticket_id, text="It is on its way.", public=True)
        model.otherwise = answering(ANALYSIS, DRAFT)

        assert await play.silence("zendesk", ticket_id) == "an agent has answered already"


async def test_when_patience_ends_there_is_one_note_with_the_passages(open_play: OpenPlay, model: FakeLLM) -> None:
    """Honest, and not repeated while the outage lasts."""
    model.otherwise = overloaded
    async with open_play(llm=model.settings(wait_s=1)) as play:
        note = await play.note("zendesk", await play.ask())

    assert "No AI draft: the language model has been down since" in note
    assert "seven working days" in note


async def test_without_the_index_a_ticket_waits_and_goes_on_when_it_is_back(
    open_play: OpenPlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that says nothing is known would be a lie."""
    async with open_play() as play:
        with _index_gone(play, monkeypatch):
            ticket_id = await play.ask()
            await play.until(lambda: _index_is_out(play))
        note = await play.note("zendesk", ticket_id)

    assert "seven working days" in note


async def test_no_model_is_paid_while_the_index_is_out(
    open_play: OpenPlay, model: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every ticket asks the index first."""
    async with open_play(llm=model.settings()) as play:
        with _index_gone(play, monkeypatch):
            ticket_id = await play.ask()
            await play.until(lambda: _index_is_out(play))
            paid = len(model.requests)
            others = [await play.ask(email=f"customer{number}@customer.example") for number in range(3)]
            await play.until(lambda: _waits(play, len(others) + 1))
            assert len(model.requests) == paid == 0
        for waiting in (ticket_id, *others):
            await play.note("zendesk", waiting)

    assert len(model.requests) == paid + 2 * (len(others) + 1)


async def _waits(play: Play, tickets: int) -> bool:
    manager = play.stage.service.queue.app.job_manager
    jobs = await manager.list_jobs_async(status="todo", task="look")
    return sum(job.task_kwargs["waits_for"] == "index" for job in jobs) == tickets


@contextmanager
def _index_gone(play: Play, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While this is open, the index answers nothing."""
    vectors = play.stage.service.tools.library.vectors
    with monkeypatch.context() as patched:
        patched.setattr(vectors, "search", _gone)
        patched.setattr(vectors, "marks", _gone)
        patched.setattr(vectors, "status", _gone)
        yield


async def _gone(*_: object, **__: object) -> None:
    raise VectorsUnavailableError("the index does not answer")


async def _index_is_out(play: Play) -> bool:
    outage = (await play.stage.service.tools.outages.standing()).get("index")
    return bool(outage and outage.open)
