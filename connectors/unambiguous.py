"""Bodies that say one thing only: webhooks whose text comes from a template into which strangers' words were put."""

from __future__ import annotations

import json
from collections.abc import Iterable


class AmbiguousError(ValueError):
    """A name stands twice in one object: one of the two was written by whoever wrote the text that was put in."""


def read_json(body: str | bytes) -> object:
    """Parse JSON in which every name of an object stands once. Raises AmbiguousError, else what `json.loads` raises.

    A subject like `","ticket_id":"9` with its quotes left as they are makes valid JSON that names another ticket:
    parsers take the last one without a word.
    """
    return json.loads(body, object_pairs_hook=once)


def once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """These pairs as a dict. Raises AmbiguousError where a name stands twice."""
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise AmbiguousError(f"{name[:40]!r} stands twice")
        found[name] = value
    return found
