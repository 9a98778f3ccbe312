"""Ctrl-C, in this process and in one of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import Response, StreamingResponse

from service.backtest import stopping
from service.backtest.stopping import ASKED, until_stopped
from tests.service.backtest.account import Account
from tests.story.model import ANALYSIS, DRAFT, answering

ROOT = Path(__file__).parents[3]
LONGEST_S = 60.0


async def test_whoever_presses_ctrl_c_gets_the_report_of_what_is_done(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, one sentence of how to go on, and the next run does go on."""
    await account.solved(6)
    asked = 0

    def interrupting(body: dict[str, Any]) -> Response:
        nonlocal asked
        asked += 1
        if asked == 5:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # in a thread of the model's own
        return answering(ANALYSIS, DRAFT)(body)

    account.model.otherwise = interrupting
    code, made = await account.run(tickets=6)
    assert code == 3
    assert made["stopped"] == "you asked for it"
    assert made["summary"]["messages"] < 6
    said = capsys.readouterr().err
    assert said.count("✗") == 1
    assert "Stopped: you asked for it. The same command goes on where it stopped." in said
    assert "Unfinished: you asked for it." in (account.out / "report.html").read_text()
    code, made = await account.run(tickets=6)
    assert (code, made["summary"]["messages"]) == (0, 6)


async def test_ctrl_c_counts_whatever_runs_and_what_was_opened_is_closed() -> None:
    """Also while the second index is read; and a cancellation that is swallowed is said again."""
    closed: list[str] = []

    async def reading() -> str:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(LONGEST_S)
        finally:
            closed.append("index")
        return ""

    assert await until_stopped(reading()) == ASKED
    assert closed == ["index"]


async def test_a_cancellation_that_is_swallowed_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python 3.11 does at times."""
    monkeypatch.setattr(stopping, "_AGAIN_S", 0.01)
    swallowed = 0

    async def deaf() -> str:
        nonlocal swallowed
        os.kill(os.getpid(), signal.SIGINT)
        while swallowed < 2:
            try:
                await asyncio.sleep(LONGEST_S)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(LONGEST_S)
        return ""

    assert await until_stopped(deaf()) == ASKED


async def test_work_that_ends_by_itself_says_how() -> None:
    """Its word, or its error."""

    async def ending(word: str) -> str:
        if not word:
            raise OSError("no space left")
        return word

    assert await until_stopped(ending("the cap")) == "the cap"
    with pytest.raises(OSError, match="no space left"):
        await until_stopped(ending(""))


async def test_a_process_that_is_interrupted_ends_with_3_and_a_report(account: Account) -> None:
    """As somebody at a terminal does it; the model hangs meanwhile."""
    await account.solved(5)
    whole, asked = answering(ANALYSIS, DRAFT), 0

    def hanging_from_the_fifth_on(body: dict[str, Any]) -> Response:
        nonlocal asked
        asked += 1
        return whole(body) if asked < 5 else StreamingResponse(account.model._drops(), media_type="application/json")

    account.model.otherwise = hanging_from_the_fifth_on
    with started(account, "--yes") as process:
        await until(lambda: asked >= 5, process)
        process.send_signal(signal.SIGINT)
        said, errors = await asyncio.to_thread(process.communicate, timeout=LONGEST_S)

    assert process.returncode == 3
    assert errors.count("✗") == 1
    assert "✗ Stopped: you asked for it. The same command goes on where it stopped." in errors
    assert "Traceback" not in errors
    assert "too few (" in said
    assert "Unfinished: you asked for it." in (account.out / "report.html").read_text()
    account.model.released.set()


async def test_ctrl_c_at_the_question_is_a_no(account: Account) -> None:
    """At once, and nothing is paid."""
    await account.solved(1)
    with started(account) as process:
        assert process.stderr
        read = ""
        while "Go on?" not in read:
            byte = await asyncio.to_thread(process.stderr.read, 1)
            assert byte, read
            read += byte
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, LONGEST_S) == 1
        rest = await asyncio.to_thread(process.stderr.read)

    assert "Abort" in rest
    assert "Traceback" not in rest
    assert not account.model.requests
    assert not account.out.exists()
    await account.run(tickets=1)


async def test_on_a_terminal_no_line_of_a_log_stands_among_the_answers(account: Account) -> None:
    """What drafting warns of, the one sentence at the end says; elsewhere a program reads the log."""
    await account.solved(1)
    ours, theirs = os.openpty()
    with started(account, "--yes", "--max-cost", "0.0001", stderr=theirs) as process:
        os.close(theirs)
        reading = asyncio.create_task(asyncio.to_thread(read_to_its_end, ours))
        await asyncio.to_thread(process.communicate, timeout=LONGEST_S)
    seen = await reading
    with started(account, "--yes", "--max-cost", "0.0001") as process:
        _, logged = await asyncio.to_thread(process.communicate, timeout=LONGEST_S)

    warned = "the note quotes passages instead"
    assert process.returncode == 3
    assert (warned in logged, warned in seen) == (True, False)
    assert seen.count("✗") == logged.count("✗") == 1
    assert "Replaying" in seen
    await account.run(tickets=1)


def read_to_its_end(terminal: int) -> str:
    """What is shown on it, until the other side is gone."""
    shown = b""
    with suppress(OSError):
        while read := os.read(terminal, 4096):
            shown += read
    os.close(terminal)
    return shown.decode()


@contextmanager
def started(account: Account, *arguments: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """`deskpilot backtest` as a process of its own, over this account."""
    settings, llm = account.settings, account.settings.llm
    given = {
        "DATA_DIR": settings.data_dir,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "KNOWLEDGE__FOLDER": settings.knowledge.folder,
        "FRESHDESK__URL": settings.freshdesk.url,
        "FRESHDESK__API_KEY": settings.freshdesk.api_key.get_secret_value(),
        "LLM__BASE_URL": llm.base_url,
        "LLM__API_KEY": llm.api_key.get_secret_value(),
        "LLM__MODEL": llm.model,
        "LLM__FAST_MODEL": llm.fast_model,
        "LLM__PRICE_IN": llm.price_in,
        "LLM__PRICE_OUT": llm.price_out,
    }
    process = subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", "from service.cli import main; main()", "backtest", "--out", str(account.out), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)} | {f"DESKPILOT_{name}": str(value) for name, value in given.items()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for it, as long as the process runs."""
    async with asyncio.timeout(LONGEST_S):
        while not condition():
            assert process.poll() is None, process.communicate()
            await asyncio.sleep(0.05)
