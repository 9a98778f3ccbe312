"""What every answer carries, and what HEAD gets."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, StreamingResponse

from service.web.protection import HEADERS, Protection

POLICY = "default-src 'none'; style-src 'self'"


def application(*, https: bool = False) -> Protection:
    """A page with a policy of its own, one that streams, one that breaks."""
    app = FastAPI()

    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<p>x</p>", headers={"Content-Security-Policy": POLICY, "Cache-Control": "max-age=60"})

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a defect")

    return Protection(app, https=https)


async def got(path: str, *, method: str = "GET", https: bool = False) -> httpx.Response:
    """One answer."""
    transport = httpx.ASGITransport(application(https=https), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        return await http.request(method, path)


@pytest.mark.parametrize("path", ["/stream", "/broken", "/nowhere"])
async def test_every_answer_carries_them(path: str) -> None:
    """Whether it went well or not."""
    answer = await got(path)

    assert {name.decode(): answer.headers[name.decode()] for name, _ in HEADERS} == {
        name.decode(): value.decode() for name, value in HEADERS
    }


async def test_what_an_answer_says_itself_stays() -> None:
    """A page with a style states the policy that allows it; said twice, both would hold."""
    answer = await got("/page")

    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers.get_list("cache-control") == ["max-age=60"]


async def test_https_is_insisted_on_only_where_there_is_https() -> None:
    """Over plain HTTP browsers ignore it, and behind a name that has none it would lock people out."""
    assert "strict-transport-security" not in (await got("/page")).headers
    assert (await got("/page", https=True)).headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/page", "/stream", "/nowhere"])
async def test_head_is_get_without_its_body(path: str) -> None:
    """Status and headers are those of GET."""
    head, get = await got(path, method="HEAD"), await got(path)

    assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")


async def test_no_other_origin_may_read_anything() -> None:
    """No CORS: a preflight gets no leave."""
    answer = await got("/page", method="OPTIONS")

    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
