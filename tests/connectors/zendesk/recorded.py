"""Answers in the shape that Zendesk documents, and an account that gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx

from connectors.http import JSON

FIXTURES = Path(__file__).parent.parent / "fixtures" / "zendesk"

URL = "https://acme.zendesk.test"


def recorded(name: str) -> JSON:
    """One answer, fresh for every test."""
    answer: JSON = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return answer


def client_for(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    """An HTTP client whose every request goes to `handler`."""
    return httpx.AsyncClient(transport=httpx.MockTransport(handler))
