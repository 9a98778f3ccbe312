"""The administrators' door, before any route is looked for."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from service.web.admin import Admin

TOKEN = "token-of-the-administrators-ü"


async def status(path: str, authorization: bytes | None, *, tokens: tuple[str, ...] = ("", TOKEN)) -> int:
    """Of one request."""
    app = FastAPI()

    @app.get("/api/x")
    @app.get("/apiary")
    async def here() -> str:
        return "here"

    headers = {b"Authorization": authorization} if authorization is not None else {}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(Admin(app, tokens=tokens)), base_url="http://desk.test"
    ) as http:
        return (await http.get(path, headers=headers)).status_code


@pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer ", b"Bearer   "])
async def test_the_token_lets_in(scheme: bytes) -> None:
    """The scheme's case does not matter (RFC 9110, 11.1); a token may hold any character."""
    assert await status("/api/x", scheme + TOKEN.encode()) == 200


@pytest.mark.parametrize(
    "given",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        TOKEN.encode(),
        b"Basic " + TOKEN.encode(),
        b"Bearer " + TOKEN.encode("latin-1"),
        b"Bearer \xff",
    ],
)
async def test_anything_else_does_not(given: bytes | None) -> None:
    """A token without its scheme included."""
    assert await status("/api/x", given) == 401


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/../api/x"])
async def test_what_is_not_there_is_not_told_either(path: str) -> None:
    """Whoever has no token learns nothing about what there is."""
    assert await status(path, None) == 401


async def test_other_paths_are_everybodys() -> None:
    """Also one that begins alike."""
    assert await status("/apiary", None) == 200


async def test_without_a_token_set_nobody_gets_in() -> None:
    """Nothing equals nothing, but it is no token."""
    assert await status("/api/x", b"Bearer ", tokens=("", "")) == 401
