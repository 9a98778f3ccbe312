"""Spans on their way to a collector: one that takes them, refuses them, or is not there."""

from __future__ import annotations

import threading
import time

from prometheus_client import REGISTRY
from pydantic import SecretStr

from service.groups import TelemetrySettings
from service.otlp import Collector
from service.spans import Tracer
from tests import fake_otlp

NOBODY = "http://127.0.0.1:1"


def counted(result: str) -> float:
    """Spans so far that ended like this."""
    return REGISTRY.get_sample_value("deskpilot_spans_total", {"result": result}) or 0.0


def send(collector: Collector, count: int = 1) -> None:
    """So many spans, each of a trace of its own."""
    tracer = Tracer(collector.take)
    for number in range(count):
        with tracer.begin("look", kind="server") as span:
            span.tell({"ticket.id": str(number), "attempt": number})
            span.failed("parked")


def test_what_waits_is_sent_when_the_service_stops() -> None:
    """With what it was about, how it ended, and the headers that the collector asks for."""
    sent = counted("sent")
    with fake_otlp.collecting() as fake:
        settings = TelemetrySettings(otlp_endpoint=f"{fake.url}", otlp_headers=SecretStr("X-Key=abc=, tenant=desk"))
        collector = Collector(settings)
        send(collector, 3)
        collector.close()

    assert [span.attributes["attempt"] for span in fake.spans] == [0, 1, 2]
    assert {span.failure for span in fake.spans} == {"parked"}
    assert {span.kind for span in fake.spans} == {2}  # SERVER
    assert fake.headers[0].items() >= {"x-key": "abc=", "tenant": "desk"}.items()
    assert counted("sent") - sent == 3
    assert not [one.name for one in threading.enumerate() if "Otel" in one.name]


def test_a_collector_that_refuses_costs_the_spans_and_nothing_else() -> None:
    """They are counted as lost."""
    lost = counted("lost")
    with fake_otlp.collecting() as fake:
        fake.status = 401
        collector = Collector(TelemetrySettings(otlp_endpoint=fake.url))
        send(collector, 2)
        collector.close()

    assert fake.spans == []
    assert counted("lost") - lost == 2


def test_more_than_can_wait_is_lost_and_nobody_waits() -> None:
    """A burst while nobody is there: taking a span never blocks, and closing gives up after the first failure."""
    collector = Collector(TelemetrySettings(otlp_endpoint=NOBODY))
    send(collector, 10_000)
    began = time.monotonic()
    collector.close()

    assert time.monotonic() - began < 20  # of the SDK's own thirty; in fact one refused connection
