"""One trace from webhook to note, as a collector of OpenTelemetry sees it; and nobody's words in it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from service import logs
from service.groups import TelemetrySettings
from service.ledger import SavedDraft
from tests import fake_otlp
from tests.fake_llm import FakeLLM
from tests.fake_otlp import FakeCollector, Taken

NOBODY = "http://127.0.0.1:1"
CANARIES = ("quokka", "wombat", "marmot", "ocelot", "lynxkey")
"""Words that stand in the ticket, its requester's name and address, its answer, and a secret of ours."""


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    """It runs until the service has sent its last span."""
    with fake_otlp.collecting() as fake:
        yield fake


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log as a machine reads it, so far."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    logs.configure("INFO", machine=True)
    written = StringIO()
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def telemetry(url: str) -> TelemetrySettings:
    """Traces go there, with a key."""
    return TelemetrySettings(otlp_endpoint=url, otlp_headers=SecretStr("x-key=lynxkey-4711"), service_name="desk")


async def story(open_play: Any, model: FakeLLM, url: str) -> tuple[str, SavedDraft]:
    """A ticket from its webhook to its note, and the service closed again: its number and its draft."""
    async with open_play(telemetry=telemetry(url), llm=model.settings()) as play:
        ticket = await play.ask(
            name="Quokka Ondine",
            email="wombat@customer.example",
            subject="Where is my marmot parcel?",
            text="Hello, the tracking of my ocelot parcel has not moved for nine days. Is it lost?",
        )
        await play.note("zendesk", ticket)
        return ticket, await play.draft("zendesk", ticket)


async def test_one_trace_leads_from_the_webhook_to_the_note(
    open_play: Any, model: FakeLLM, collector: FakeCollector
) -> None:
    """Through the inbox and the queue; each step below the one that led to it, each call below its step."""
    ticket, draft = await story(open_play, model, collector.url)
    (posted,) = [span for span in collector.named("look") if "note.id" in span.attributes]
    trace = [span for span in collector.spans if span.trace_id == posted.trace_id]
    by_id = {span.span_id: span for span in trace}

    def path(span: Taken) -> list[str]:
        return [*(path(by_id[span.parent_id]) if span.parent_id else []), span.name]

    paths = [path(span) for span in trace]
    inside = ["receive", "forward", "look"]
    for steps in (["read"], ["analyse", "model"], ["passages"], ["draft", "model"], ["guard"], ["post"]):
        assert [*inside, *steps] in paths
    assert [*inside, "read", "GET zendesk"] in paths
    assert [*inside, "post", "PUT zendesk"] in paths
    told = {"helpdesk": "zendesk", "ticket.id": ticket, "note.id": draft.note_id, "note.reference": draft.reference}
    assert told.items() <= posted.attributes.items()
    assert posted.attributes["note.verdict"] == "ready"
    assert [span.failure for span in trace if span.failure] == []
    assert collector.headers[0]["x-key"] == "lynxkey-4711"
    assert posted.resource["service.name"] == "desk"
    (forward,) = [span for span in trace if span.name == "forward"]
    others = {span.span_id for span in collector.named("receive")}
    assert set(forward.links) <= others - {forward.parent_id}


async def test_a_trace_holds_nobodys_words_and_no_secret(
    open_play: Any, model: FakeLLM, collector: FakeCollector
) -> None:
    """Not in a name, an attribute or a status: looked for in every byte that was sent."""
    await story(open_play, model, collector.url)
    asked = "\n".join(request.text for request in model.requests)
    sent = b"\n".join(collector.bodies).lower()

    assert "ocelot" in asked  # they were there to be told
    assert len(collector.spans) > 15
    assert [word for word in CANARIES if word.encode() in sent] == []
    assert b"customer.example" not in sent
    assert b"kettle" not in sent  # of the draft


async def test_a_collector_that_is_down_keeps_nobody_waiting_and_is_named_once(
    open_play: Any, model: FakeLLM, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """The ticket gets its note; its spans are lost, which one line says."""
    _, draft = await story(open_play, model, NOBODY)

    said = [line["event"] for line in lines()]

    assert draft.posted_at
    assert [one for one in said if "collector" in one] == [
        "the collector of traces does not answer: spans are lost until it does"
    ]
    assert not [one for one in said if "export" in one.lower()]


async def test_every_line_of_a_story_names_its_trace_also_without_a_collector(
    open_play: Any, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """One id from the webhook to the note, for whoever looks for a ticket in the log."""
    async with open_play() as play:
        ticket = await play.ask()
        await play.note("zendesk", ticket)
        async with play.stage.service.database.engine.connect() as connection:
            rows = await connection.exec_driver_sql("SELECT trace FROM deliveries ORDER BY id")
            begun = [trace.split("-")[1] for (trace,) in rows]
        await asyncio.sleep(0)
    told = [line for line in lines() if line.get("ticket") == ticket]

    assert told
    assert len({line["trace_id"] for line in told} & set(begun)) >= 1
    assert all(len(line["trace_id"]) == 32 and len(line["span_id"]) == 16 for line in told)
