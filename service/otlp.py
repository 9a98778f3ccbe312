"""Spans to an OpenTelemetry collector, over OTLP/HTTP: gathered in a thread of the SDK's, sent in batches, lost where it is down.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Sequence

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from service import __version__
from service.groups import TelemetrySettings
from service.metrics import SPANS
from service.spans import Place, Span

log = structlog.get_logger()

_TIMEOUT_S = 3.0  # for a batch, its second try included; so long closing may take where nobody answers
_EVERY_MS = 2_000
_MOST_WAITING, _BATCH = 4_096, 512  # a hundred tickets a minute make 40 spans a second
_KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
_SCOPE = InstrumentationScope("deskpilot", __version__)


class Collector:
    """Takes spans and never waits: beyond _MOST_WAITING the oldest are lost."""

    def __init__(self, settings: TelemetrySettings) -> None:
        # it would write a line for every batch that is lost; we say it once
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._resource = Resource(
            {
                "service.name": settings.service_name,
                "service.version": __version__,
                "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            }
        )
        self._exporter = _Telling(
            OTLPSpanExporter(
                endpoint=f"{settings.otlp_endpoint}/v1/traces", headers=settings.headers, timeout=_TIMEOUT_S
            )
        )
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=_MOST_WAITING,
            schedule_delay_millis=_EVERY_MS,
            max_export_batch_size=_BATCH,
        )

    def take(self, span: Span) -> None:
        """Put a span among those that wait to be sent."""
        self._processor.on_end(self._readable(span))

    def close(self) -> None:
        """Send what waits, and end the thread."""
        self._exporter.closing = True
        self._processor.shutdown()  # type: ignore[no-untyped-call]  # the SDK's

    def _readable(self, span: Span) -> ReadableSpan:
        failed = Status(StatusCode.ERROR, span.failure) if span.failure else Status(StatusCode.UNSET)
        return ReadableSpan(
            name=span.name,
            context=_context(span.place),
            parent=_context(Place(span.place.trace_id, span.parent_id)) if span.parent_id else None,
            resource=self._resource,
            attributes=dict(span.attributes),
            links=[Link(_context(place)) for place in span.links],
            kind=_KINDS[span.kind],
            status=failed,
            start_time=span.began_ns,
            end_time=span.ended_ns,
            instrumentation_scope=_SCOPE,
        )


class _Telling(SpanExporter):
    """Says once that the collector is down, and once that it is back. closing: what would keep us waiting is given up."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._down = self.closing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; called in the SDK's thread."""
        result = SpanExportResult.FAILURE
        if not (self.closing and self._down):
            result = self._exporter.export(spans)
        down = result is not SpanExportResult.SUCCESS
        SPANS.labels("lost" if down else "sent").inc(len(spans))
        if down and not self._down:
            log.warning("the collector of traces does not answer: spans are lost until it does")
        elif self._down and not down:
            log.info("the collector of traces answers again")
        self._down = down
        return result

    def shutdown(self) -> None:
        """Close its connections."""
        self._exporter.shutdown()


def _context(place: Place) -> SpanContext:
    return SpanContext(
        trace_id=int(place.trace_id, 16),
        span_id=int(place.span_id, 16),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
