"""A collector of traces on loopback: takes OTLP over HTTP, reads the protobuf, and keeps the bytes as they came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Taken:
    """A span as it came; times in nanoseconds."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    failure: str  # "" where its status is not an error
    links: tuple[str, ...]  # span ids
    attributes: dict[str, Any]
    began_ns: int
    ended_ns: int
    resource: dict[str, Any]


@dataclass
class FakeCollector:
    """The server. Answers every request with `status`."""

    url: str = ""
    status: int = 200
    spans: list[Taken] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def named(self, name: str) -> list[Taken]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Keep what was sent."""
        assert path == "/v1/traces"
        self.headers.append(headers)
        if self.status == 200:
            self.bodies.append(body)
            self.spans += _spans(body)
        self.came.set()


@contextmanager
def collecting() -> Iterator[FakeCollector]:
    """Serve one until the block ends."""
    fake = FakeCollector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            fake.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(fake.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def _spans(body: bytes) -> Iterator[Taken]:
    request = ExportTraceServiceRequest.FromString(body)
    for group in request.resource_spans:
        resource = _values(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Taken(
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    kind=span.kind,
                    failure=span.status.message if span.status.code == 2 else "",
                    links=tuple(link.span_id.hex() for link in span.links),
                    attributes=_values(span.attributes),
                    began_ns=span.start_time_unix_nano,
                    ended_ns=span.end_time_unix_nano,
                    resource=resource,
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
