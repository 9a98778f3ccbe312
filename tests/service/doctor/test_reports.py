"""Where the weekly report goes, as the doctor looks at it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from service.doctor import reports
from service.groups import ReportSettings

HOOK = ReportSettings(webhook=SecretStr("https://chat.example/hooks/secret-part"))


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


@pytest.mark.parametrize(
    ("status", "state"), [(200, "fine"), (405, "fine"), (400, "fine"), (404, "doubtful"), (410, "doubtful")]
)
async def test_a_webhook_is_looked_at_and_gets_nothing(status: int, state: str) -> None:
    """Some answer only a post; one that says it is gone may be, or be one of these."""
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status)

    (check,) = await reports.look(HOOK, transport=httpx.MockTransport(answers))
    assert check.state == state
    assert [(request.method, request.content) for request in asked] == [("GET", b"")]


async def test_a_webhook_that_does_not_answer_is_wrong_and_its_address_not_told() -> None:
    """The cause is."""

    def refuses(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    (check,) = await reports.look(HOOK, transport=httpx.MockTransport(refuses))
    assert (check.state, "Connection refused" in check.said) == ("wrong", True)
    assert "secret-part" not in check.said + check.remedy
