"""Answers in Freshdesk's documented shapes, read from the fixtures; each call gives a copy that a test may change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "fixtures" / "freshdesk"


def recorded(name: str, **changes: Any) -> Any:
    """Read `name`.json; `changes` replace fields of an object."""
    body = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return {**body, **changes} if changes else body


def entry(**changes: Any) -> dict[str, Any]:
    """One conversation entry: an agent's public reply, with `changes`."""
    return {**recorded("conversations")[0], **changes}
