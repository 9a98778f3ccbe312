"""One connection over HTTP/1.1 that waits for nobody for ever: uvicorn bounds how long it keeps an idle one, and nothing else."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.web.protection import HEADERS

PATIENCE_S = 30.0
"""In which a whole request must have come, from its first byte (of a new connection: from its beginning) to its last."""

LARGEST_HEAD_BYTES = 64 * 1024
"""Of what is not body: the request line and headers together, what stands between two chunks, what comes behind the last one."""


class Connection(HttpToolsProtocol):
    """uvicorn's own, with a clock that runs while we wait for the other side, and a limit on what surrounds a body.

    Whoever is too slow is told 408, whose head is too large 431; then the connection is closed, and an application that reads
    the body finds that the sender has gone.
    """

    _clock: asyncio.TimerHandle | None = None
    _around = 0  # bytes that are no body, of the newest request, or since its last chunk ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in the base class
        """Somebody connects."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by either side."""
        super().connection_lost(exc)
        self._stop()

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        self._around += len(data)
        super().data_received(data)
        if self._whole and self._clock is None:  # nearly every request comes in one piece
            return
        if self._around > LARGEST_HEAD_BYTES and not self._whole and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large")
        else:
            self._watch()

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        super().on_body(body)
        self._around -= len(body)

    def on_chunk_complete(self) -> None:
        """All of a chunk: what surrounds the next one is counted anew."""
        self._around = 0

    def on_response_complete(self) -> None:
        """It is answered, perhaps before it was whole."""
        super().on_response_complete()
        self._around = 0
        self._watch()

    @property
    def _whole(self) -> bool:
        """Whether all of a request is here, and it is being answered."""
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def _watch(self) -> None:
        """Let the clock run while the other side has to send something, and only then."""
        idle = self.timeout_keep_alive_task is not None  # uvicorn's own clock runs
        if idle or self.pipeline or self._whole:
            self._stop()
        elif self._clock is None and not self.transport.is_closing():
            self._clock = self.loop.call_later(PATIENCE_S, self._give_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the request was not whole after {PATIENCE_S:g} seconds")
        else:  # it has its answer, or the one before it has
            self.transport.close()

    def _refuse(self, status: HTTPStatus, said: str) -> None:
        """Answer in place of the application, and hang up."""
        content = json.dumps({"detail": said}).encode()
        own = (
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
            (b"connection", b"close"),
        )
        head = b"".join(b"%s: %s\r\n" % pair for pair in (*own, *HEADERS))
        self.transport.write(b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), head, content))
        self.transport.close()
