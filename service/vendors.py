"""The HTTP client to the helpdesks: each call is measured, and is a span of the ticket that it is made for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from service.steps import answered, call

_WORD = re.compile(r"[a-z_]{1,40}(?:\.json)?|v[0-9]")


class MeasuredClient(httpx.AsyncClient):
    """httpx's own. helpdesks: their addresses by name."""

    def __init__(self, helpdesks: Mapping[str, str], **options: Any) -> None:  # noqa: ANN401 - httpx's, handed on
        super().__init__(**options)
        self._names = {urlsplit(url).netloc: name for name, url in helpdesks.items()}

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's, handed on
        """Send one request; signing in, where that is needed first, counts as a part of it."""
        to = self._names.get(request.url.netloc.decode(), "other")
        with call(f"{request.method} {to}", to=to) as span:
            # what stands behind the path may be somebody's words or address
            span.tell({"http.request.method": request.method, "url.template": template(request.url.path)})
            response = await super().send(request, **options)
            answered(span, response.status_code)
        return response


def template(path: str) -> str:
    """An address' path without what is one ticket's or one person's: "/api/v2/tickets/{id}/notes"."""
    return "/".join(part if _WORD.fullmatch(part) else "{id}" if part else "" for part in path.split("/"))
