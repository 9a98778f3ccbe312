"""Values about a customer that others gave us: one short line of plain text each, whatever they were."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 100
"""Characters of a value."""

MOST: Final = 50
"""Facts of a customer, from one source."""

_UNSEEN = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
}  # control, format (also what turns the direction of writing), no character at all
_READ = 20 * LONGEST  # of a value, before it is cut


def line(value: object) -> str:
    """A value as an agent reads it; "": it is none that can be shown (nothing, a list, an object, not a number).

    It stays somebody else's words: whoever shows it escapes it, and whoever hands it to a model masks it.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}" if math.isfinite(value) else ""
        case int():
            return _cut(str(value)) if value.bit_length() < 4_000 else ""  # beyond, Python refuses to write it
        case str():
            return _cut(value)
    return ""


def _cut(text: str) -> str:
    seen = (
        " " if one.isspace() else one
        for one in text[:_READ]
        if one.isspace() or unicodedata.category(one) not in _UNSEEN
    )
    whole = " ".join("".join(seen).split())
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1].rstrip()}…"


def facts(given: Mapping[str, object]) -> dict[str, str]:
    """Those that say something, by name; at most MOST."""
    said = {line(name): line(value) for name, value in given.items()}
    return dict([(name, value) for name, value in said.items() if name and value][:MOST])


def parsed(body: bytes) -> object:
    """An answer or a request in JSON. Raises ValueError for whatever else it is, however deep it is nested."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deep") from None


def at(path: str, answer: Any) -> object:  # noqa: ANN401 - whatever was answered
    """What stands at a path, as in data.0.plan; None: nothing does."""
    found = answer
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdecimal() and len(step) < 6:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    return found
