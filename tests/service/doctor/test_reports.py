"""Where the weekly report goes, as the doctor looks at it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.doctor import reports
from service.groups import ReportSettings


def empty(folder: Path) -> bool:
    """Whether nothing is in it."""
    return not any(folder.iterdir())


async def test_a_report_that_goes_nowhere_is_no_line() -> None:
    """It is off by default."""
    assert await reports.look(ReportSettings()) == []


async def test_a_folder_is_made_with_the_first_report_so_the_nearest_that_is_there_counts(tmp_path: Path) -> None:
    """Nothing is made by looking."""
    (check,) = await reports.look(ReportSettings(folder=tmp_path / "reports" / "weekly"))
    assert (check.state, "report weekly --send" in check.said) == ("fine", True)
    assert empty(tmp_path)


async def test_a_folder_below_a_file_is_wrong(tmp_path: Path) -> None:
    """With the setting to correct."""
    (tmp_path / "taken").write_text("a file")
    (check,) = await reports.look(ReportSettings(folder=tmp_path / "taken" / "weekly"))
    assert (check.state, "is a file" in check.said) == ("wrong", True)
    assert "DESKPILOT_REPORT__FOLDER" in check.remedy


async def test_a_webhook_is_looked_at_and_gets_nothing() -> None:
    """Some take any request for a report, and would start what hangs on it."""
    got: list[bytes] = []
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())
        writer.close()
        over.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        hook = ReportSettings(webhook=SecretStr(f"https://127.0.0.1:{port}/hooks/secret-part"))
        (check,) = await reports.look(hook, tls=False)
        await over.wait()
    assert (check.state, got) == ("fine", [b""])


async def test_a_webhook_that_does_not_answer_is_doubtful_and_its_address_not_told() -> None:
    """The cause is. Behind a proxy it may be reached all the same."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (check,) = await reports.look(ReportSettings(webhook=SecretStr(f"https://127.0.0.1:{port}/hooks/secret-part")))
    assert check.state == "doubtful"
    assert check.said.startswith("Nobody is to be reached at its webhook (")
    assert "secret-part" not in check.said + check.remedy


async def test_a_folder_that_may_not_be_entered_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be root, who enters all."""
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != tmp_path)
    (check,) = await reports.look(ReportSettings(folder=tmp_path / "weekly"))
    assert (check.state, "may not be written" in check.said) == ("wrong", True)
