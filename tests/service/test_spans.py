"""A trace and its spans: begun, gone on with, and measured."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.spans import Place, Span, Tracer, child, current

ROOT = Path(__file__).parent.parent.parent
BEGUN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_what_another_process_began_goes_on_below_it() -> None:
    """The place travels as the W3C writes it."""
    with Tracer().begin("look", after=BEGUN) as span:
        assert span.place.trace_id == "0af7651916cd43dd8448eb211c80319c"
        assert span.parent_id == "b7ad6b7169203331"
        assert span.place.span_id != span.parent_id
    assert str(Place.read(BEGUN)) == BEGUN


@pytest.mark.parametrize(
    "text", ["", "garbage", BEGUN.upper(), BEGUN + "\n", "00-" + "0" * 31 + "-b7ad6b7169203331-01"]
)
def test_what_is_no_place_begins_a_trace(text: str) -> None:
    """A row of an older version holds none."""
    with Tracer().begin("look", after=text) as span:
        assert span.parent_id == ""
        assert len(span.place.trace_id) == 32


async def test_a_part_is_below_what_is_being_done_also_in_threads_and_tasks() -> None:
    """It goes where its whole goes, with the moment of the webhook; beside a trace, a part goes nowhere."""
    sent: list[Span] = []

    def part(name: str) -> None:
        with child(name):
            pass

    with Tracer(sent.append).begin("look", since=5.0) as whole:
        await asyncio.to_thread(part, "guard")
        await asyncio.gather(asyncio.to_thread(part, "read"))
        assert child("x").since == 5.0
    part("alone")

    assert [span.name for span in sent] == ["guard", "read", "look"]
    assert {span.parent_id for span in sent[:2]} == {whole.place.span_id}
    assert {span.place.trace_id for span in sent} == {whole.place.trace_id}
    assert current() is None


def test_a_failure_is_told_by_its_class_alone() -> None:
    """What an error says may be a customer's words."""
    sent: list[Span] = []
    with pytest.raises(ValueError, match="words"), Tracer(sent.append).begin("look"), child("read"):
        raise ValueError("words")

    assert [span.failure for span in sent] == ["ValueError", "ValueError"]


def test_a_span_that_waited_began_when_its_cause_did_and_never_ahead_of_now() -> None:
    """So a trace shows how long a ticket was waited for; the database's clock may be ahead of ours."""
    early, late = datetime(2026, 11, 22, tzinfo=UTC), datetime(2096, 1, 1, tzinfo=UTC)
    with Tracer().begin("forward", began=early) as one, Tracer().begin("forward", began=late) as other:
        pass

    assert one.began_ns == int(early.timestamp() * 1e9)
    assert 0 <= other.seconds < 60


def test_a_long_value_is_cut() -> None:
    """An id is short; what is not is none."""
    span = Span("look")
    span.tell({"ticket.id": "1" * 500})

    assert len(str(span.attributes["ticket.id"])) == 100


def test_nothing_of_opentelemetrys_sdk_is_loaded_before_a_collector_is_set() -> None:
    """Nor is there a thread: who collects nothing pays nothing."""
    code = """
import asyncio, sys, threading, service.cli
from service.groups import TelemetrySettings
from service.telemetry import collecting
async def opened():
    async with collecting(TelemetrySettings()) as sink:
        assert sink is None
asyncio.run(opened())
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))])
print([one.name for one in threading.enumerate() if "Otel" in one.name])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    assert (ran.stdout.split(), ran.stderr) == (["[]", "[]"], "")
