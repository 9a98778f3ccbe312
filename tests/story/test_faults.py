"""Eight faults on the way to each outside thing: every ticket gets its one note, and all is well again when the fault ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors import http as connectors_http
from service import jobs as jobs_module
from service.groups import QdrantSettings
from service.vectors import aliases
from service.vectors import server as qdrant
from tests.fake_llm import FakeLLM
from tests.fake_qdrant import serving_qdrant
from tests.proxy import FAULTS, Proxy, proxying
from tests.story.conftest import Play

pytestmark = pytest.mark.long

OpenPlay = Callable[..., Any]

MEETS = 2
"""Failures after which a breaker is open, so that its closing is seen, too."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hangs is given up after a second, and whoever is put off comes back after another."""
    monkeypatch.setattr(connectors_http, "DEADLINE_S", 1.0)
    monkeypatch.setattr(jobs_module, "_BACKOFF_S", (0.1,))
    for module in (aliases, qdrant):
        monkeypatch.setattr(module, "TIMEOUT_S", 1)


@asynccontextmanager
async def in_front_of(url: str) -> AsyncIterator[Proxy]:
    """A proxy before this address; what it drips or delays takes longer than anybody waits."""
    async with proxying(urlsplit(url).port or 80, latency_s=2.0, retry_after_s=1) as proxy:
        yield proxy


async def every_fault_ends_well(play: Play, proxy: Proxy, helpdesk: str) -> None:
    """With each fault in turn: a ticket meets it, the fault ends, and the ticket has its one private note."""
    for number, fault in enumerate(FAULTS):
        proxy.fault, spoiled = fault, proxy.spoiled
        ticket_id = await play.ask(helpdesk, email=f"customer{number}@customer.example")
        await play.until(lambda before=spoiled: _met(proxy, before))  # type: ignore[misc]  # bound to this one
        proxy.fault = None
        note = await play.note(helpdesk, ticket_id)

        assert "seven working days" in note, fault
        assert not play.notes(helpdesk, ticket_id)[0].public
    assert {
        name for name, outage in (await play.stage.service.tools.outages.standing()).items() if outage.open
    } == set()


async def _met(proxy: Proxy, before: int) -> bool:
    return proxy.spoiled >= before + MEETS


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_helpdesk_that_fails(play: Play, helpdesk: str) -> None:
    """Its tickets wait, and none is written to twice."""
    door = play.stage.service.pipeline._desks[helpdesk]._door  # type: ignore[attr-defined]
    async with in_front_of(door.base_url) as proxy:
        door.base_url = proxy.url
        await every_fault_ends_well(play, proxy, helpdesk)


async def test_a_model_that_fails(open_play: OpenPlay, model: FakeLLM) -> None:
    """Its tickets wait for it, and get drafts of the model in the end."""
    async with (
        in_front_of(model.url) as proxy,
        open_play(llm=model.settings(base_url=f"{proxy.url}/v1", timeout_s=1)) as play,
    ):
        await every_fault_ends_well(play, proxy, "zendesk")


async def test_an_index_that_fails(open_play: OpenPlay) -> None:
    """A Qdrant server: no ticket is told that nothing is known."""
    async with (
        serving_qdrant() as port,
        in_front_of(f"http://127.0.0.1:{port}") as proxy,
        open_play(qdrant=QdrantSettings(url=proxy.url)) as play,
    ):
        await every_fault_ends_well(play, proxy, "zendesk")
