"""One trace from webhook to note. Its ids are always made and stand in the log; its spans go out where somebody collects them.

A span tells what was done, when, for how long and whether it failed: by names of ours, numbers and ids of the helpdesk, the
ticket and the note. It never holds text, nor what an error says, which may repeat some.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

Kind = Literal["internal", "server", "client"]
Value = str | int | float | bool

_MOST_CHARS = 100  # of a value; an id or a name is shorter
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Place:
    """A span, as another one names it."""

    trace_id: str  # 32 hexadecimal digits
    span_id: str  # 16

    @classmethod
    def read(cls, traceparent: str) -> Place | None:
        """From its text; None where that is empty or something else."""
        match = _TRACEPARENT.fullmatch(traceparent)
        return cls(match[1], match[2]) if match else None

    def __str__(self) -> str:
        """As https://www.w3.org/TR/trace-context/ writes it, for the inbox and the queue."""
        return f"00-{self.trace_id}-{self.span_id}-01"


class Span:
    """A piece of work, from `with` to its end; what is begun inside is its child. Told to `sink` when it is over.

    since: when the webhook came that all of this is about, in seconds of the epoch; 0: unknown. failure: the class of what
    went wrong.
    """

    __slots__ = (
        "_observe", "_token", "attributes", "began_ns", "ended_ns", "failure", "kind", "links", "name", "parent_id", "place",
        "since", "sink",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        parent: Place | None = None,
        sink: Sink | None = None,
        kind: Kind = "internal",
        since: float = 0.0,
        observe: Callable[[Span], None] | None = None,
    ) -> None:
        ids = os.urandom(24 if parent is None else 8).hex()
        self.place = Place(parent.trace_id if parent else ids[16:], ids[:16])
        self.parent_id = parent.span_id if parent else ""
        self.name, self.kind, self.sink, self.since = name, kind, sink, since
        self.attributes: dict[str, Value] = {}
        self.links: tuple[Place, ...] = ()
        self.failure = ""
        self.began_ns = self.ended_ns = 0
        self._observe = observe
        self._token: Token[Span | None] | None = None

    def tell(self, attributes: Mapping[str, Value]) -> None:
        """What is known of it now: names of ours, ids and numbers, never text."""
        for name, value in attributes.items():
            self.attributes[name] = value[:_MOST_CHARS] if isinstance(value, str) else value

    def failed(self, failure: str) -> None:
        """It went wrong: the class of the error, never what it says."""
        self.failure = failure

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(self.ended_ns - self.began_ns, 0) / 1e9

    def __enter__(self) -> Self:
        self._token = _CURRENT.set(self)
        self.began_ns = self.began_ns or time.time_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.ended_ns = time.time_ns()
        if self._token is not None:
            _CURRENT.reset(self._token)
        if kind is not None and not self.failure:
            self.failure = kind.__name__
        if self._observe:
            self._observe(self)
        if self.sink:
            self.sink(self)


Sink = Callable[[Span], None]
"""Takes what is over. Must neither wait nor fail."""

_CURRENT: ContextVar[Span | None] = ContextVar("span", default=None)


def current() -> Span | None:
    """The innermost span that is open here."""
    return _CURRENT.get()


def child(name: str, *, kind: Kind = "internal", observe: Callable[[Span], None] | None = None) -> Span:
    """A part of what is being done. Where that is no trace's (a sync of the knowledge), it is measured and not sent."""
    parent = _CURRENT.get()
    if parent is None:
        return Span(name, kind=kind, observe=observe)
    return Span(name, parent=parent.place, sink=parent.sink, kind=kind, since=parent.since, observe=observe)


class Tracer:
    """Begins traces, and goes on with those that another process began. sink: where spans go; None: nowhere."""

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink = sink

    def begin(
        self,
        name: str,
        *,
        after: str = "",
        also: Sequence[str] = (),
        kind: Kind = "internal",
        began: datetime | None = None,
        since: float = 0.0,
        observe: Callable[[Span], None] | None = None,
    ) -> Span:
        """A span below the one that `after` names (as a Place writes itself), or the first of a new trace.

        also: others that led to it. began: when, if it was not now. since: see Span.
        """
        span = Span(name, parent=Place.read(after), sink=self._sink, kind=kind, since=since, observe=observe)
        span.links = tuple(place for one in also if (place := Place.read(one)))
        if began is not None:
            span.began_ns = min(int(began.timestamp() * 1e9), time.time_ns())
        return span
