"""All parts are looked at together; one that hangs, fails or breaks is a line, and the others have theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from connectors.base import RetryableError
from connectors.setup import Check
from service.doctor.examination import Part, examined, failed
from service.errors import DatabaseUnavailableError
from service.settings import SettingsProblem

WELL = Check("other", "fine", "It answers.")


async def well() -> Sequence[Check]:
    """A part that answers at once."""
    return [WELL]


def broken(error: Exception) -> Part:
    """A part that raises."""

    async def look() -> Sequence[Check]:
        raise error

    return Part("part", look, "Mend it.")


async def test_all_are_looked_at_at_the_same_time_and_told_in_their_order() -> None:
    """Neither of these two would end by itself."""
    meeting = asyncio.Barrier(2)

    def part(name: str) -> Part:
        async def look() -> Sequence[Check]:
            await meeting.wait()
            return [Check(name, "fine", "Well.")]

        return Part(name, look, "")

    found = await examined([part("a"), part("b")])

    assert [check.what for check in found.checks] == ["a", "b"]
    assert not found.hanging


async def test_a_part_that_hangs_is_a_line_with_a_remedy() -> None:
    """And the others are told."""
    hangs = Part("part", asyncio.Event().wait, "See that it answers.", limit_s=0.05)  # type: ignore[arg-type]
    found = await examined([hangs, Part("other", well, "")])

    assert found.checks == (Check("part", "wrong", "There was no answer within 0.05 s.", "See that it answers."), WELL)
    assert found.hanging


async def test_a_part_that_does_not_even_stop_is_a_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead file system: nobody can end what waits for it, so the command must not wait either."""
    monkeypatch.setattr("service.doctor.examination._GRACE_S", 0.05)
    released = asyncio.Event()

    async def look() -> Sequence[Check]:
        while not released.is_set():  # whoever tells it to stop
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()
        return []

    found = await examined([Part("part", look, "", limit_s=0.05), Part("other", well, "")])
    released.set()

    assert [check.state for check in found.checks] == ["wrong", "fine"]


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (DatabaseUnavailableError("it is away: start it again"), "It is away.", "Start it again."),
        (RetryableError("no answer to GET /x"), "No answer to GET /x.", "Mend it."),
        (SettingsProblem(["X is missing: set Y."]), "X is missing.", "Set Y."),
        (OSError("disk"), "Disk.", "Mend it."),
    ],
)
async def test_an_error_that_is_understood_is_said_with_what_to_do(error: Exception, said: str, remedy: str) -> None:
    """Errors of ours end in it; of others the part knows."""
    assert (await examined([broken(error)])).checks == (Check("part", "wrong", said, remedy),)


async def test_a_defect_of_ours_in_one_part_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """Its traceback goes to the log."""
    first, second = (await examined([broken(KeyError("x")), Part("other", well, "")])).checks

    assert (first.state, first.said) == ("wrong", "It could not be looked at, by a defect of ours (KeyError).")
    assert second == WELL
    assert "KeyError" in "".join(capsys.readouterr())


def test_an_address_in_an_error_is_no_advice() -> None:
    """What to do begins with a verb behind a colon."""
    assert failed("x", "no answer from http://a: gone").remedy == ""
