"""Who finds a passage, as one value: a filter of one condition takes half the time of one of seven.

Of a query at 14,000 passages the seven cost half (deploy/decisions/0015). Here they are one text, and a fence is the list of
all the texts that a ticket may see: 32 of them at most for one pool.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from service.vectors.base import ANY, Fence

FIELD: Final = "reach"

SINCE: Final = 3
"""The scheme from which on every passage has the field."""

PARTS: Final = ("pool", "audience", "account", "brand", "organization", "requester")
"""The fields of a payload that it is made of, in this order."""


def reach(payload: Mapping[str, Any]) -> str:
    """The value of a passage with these fields."""
    return _value(*(payload[name] for name in PARTS))


def within(fence: Fence) -> tuple[str, ...]:
    """The values of all passages that a ticket may see. A passage that is bound to nobody ("") is in no list."""
    bound = (fence.account, fence.brand, fence.organization, fence.requester)
    return tuple(
        _value(*parts) for parts in itertools.product(fence.pools, fence.audiences, *(allowed(one) for one in bound))
    )


def allowed(value: str) -> tuple[str, ...]:
    """What a passage may be bound to for a ticket that has this value: to it, or to nobody in particular."""
    return (value, ANY) if value not in ("", ANY) else (ANY,)


@lru_cache(maxsize=1024)  # most passages of a source have the same
def _value(*parts: str) -> str:
    """JSON: whatever a part contains, two lists of parts never make the same text."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
