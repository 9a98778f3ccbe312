"""What the log says while this is open, before it is masked: a test of what is told at all, not of what is covered up."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from service.logs import _QUIET

_WIRE = ("httpcore2",)
"""Tells every step of a request at DEBUG: its numbers are found for a canary of digits."""


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """Standard output, standard error, and every logger at DEBUG but those that the product keeps quiet."""
    buffer, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(buffer), root.level
    before = {name: logging.getLogger(name).level for name in (*_QUIET, *_WIRE)}
    for name in before:
        logging.getLogger(name).setLevel(logging.WARNING)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(buffer), redirect_stderr(buffer):
            yield buffer
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for name, former in before.items():
            logging.getLogger(name).setLevel(former)
