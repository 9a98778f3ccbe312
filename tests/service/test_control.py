"""How a command finds the running `serve` of the same data directory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.control import Control, announced, asked, find, new_token
from service.errors import ServiceError
from service.web.server import serving

CONTROL = Control(url="http://127.0.0.1:8400", token="token-of-this-run")


def test_a_serve_that_runs_is_found_and_one_that_ended_is_not(tmp_path: Path) -> None:
    """It says so while it runs, also in a directory that is not there yet."""
    with announced(tmp_path / "new" / "data", CONTROL):
        assert find(tmp_path / "new" / "data") == CONTROL

    assert find(tmp_path / "new" / "data") is None


def test_a_serve_that_breaks_takes_its_word_back(tmp_path: Path) -> None:
    """Only a killed one cannot."""
    with pytest.raises(RuntimeError), announced(tmp_path, CONTROL):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_takes_nothing_is_told_with_the_setting(tmp_path: Path) -> None:
    """A full disk, another user's volume, a file in its place: the operator reads where, why, and what to set."""
    (tmp_path / "serve.json").mkdir()
    said = re.escape(f"{tmp_path / 'serve.json'} cannot be written (Is a directory): ") + ".*DESKPILOT_DATA_DIR"

    with pytest.raises(OSError, match=said), announced(tmp_path, CONTROL):
        pass


def test_the_word_of_a_killed_one_is_replaced(tmp_path: Path) -> None:
    """The next run has another token."""
    (tmp_path / "serve.json").write_text('{"url": "http://127.0.0.1:1", "token": "old, and longer than the new one"}')

    with announced(tmp_path, CONTROL):
        assert find(tmp_path) == CONTROL


def test_no_other_user_can_read_the_token(tmp_path: Path) -> None:
    """It lets in to all that `serve` can do."""
    with announced(tmp_path, CONTROL):
        assert (tmp_path / "serve.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}', '{"pid": 7}'])
def test_a_file_that_says_nothing_is_nobody(tmp_path: Path, text: str) -> None:
    """Cut off in the middle, or of another version: the command goes on by itself."""
    (tmp_path / "serve.json").write_text(text)

    assert find(tmp_path) is None


def test_every_run_has_a_token_that_cannot_be_guessed() -> None:
    """256 bits."""
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 43


async def answers(request: Request) -> JSONResponse:
    """The status that the path names, and what was shown."""
    detail = {"detail": "the index is away", "shown": request.headers["authorization"]}
    return JSONResponse(detail, int(request.path_params["status"]))


async def test_a_serve_is_asked_without_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on this machine, and the proxy would see the token; the one that is set here answers nobody."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(Starlette(routes=[Route("/{status}", answers)]), host="127.0.0.1", port=0) as url:
        control = Control(url, "token-of-this-run")
        told = await asked(control, "GET", "/200", cannot="try")
        also = await asked(control, "GET", "/422", cannot="try", also=(422,))
        gone = [await asked(control, "GET", f"/{status}", cannot="try") for status in (401, 404)]
        with pytest.raises(ServiceError, match=r"cannot try \(503\): the index is away"):
            await asked(control, "GET", "/503", cannot="try")
        with pytest.raises(ServiceError, match=r"cannot try \(422\): its log says why"):
            await asked(control, "GET", "/422", cannot="try")

    assert told is not None
    assert told.json()["shown"] == "Bearer token-of-this-run"
    assert also is not None
    assert gone == [None, None]
    assert await asked(control, "GET", "/200", cannot="try") is None
