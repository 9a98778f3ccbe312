"""The processes under test: started as an operator starts them, killed, stopped, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent.parent
DESKPILOT = ("-c", "from service.cli import main; main()")
_READY_S = 120.0
_LAST_LINES = 30


class DiedError(Exception):
    """A process ended that nobody had told to, or it does not become ready."""


@dataclass(slots=True)
class _Running:
    process: Process
    log_from: int  # where in its log this start begins
    ended_by_us: bool = False


class Crew:
    """Processes by name, each with a log of its own in `folder`. `keys`: which model key belonged to which pid.

    `root`: where the code is that is started next.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.root = ROOT
        self._orders: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {}
        self._running: dict[str, _Running] = {}
        self._starts = 0
        self.keys: dict[int, int] = {}

    def log_of(self, name: str) -> Path:
        """What this process wrote, over all its starts."""
        return self._folder / f"{name}.log"

    async def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        """Start this Python with these arguments; of our settings the process sees only `environment`. Returns its pid."""
        self._orders[name] = (arguments, environment or {})
        return await self.start_again(name)

    async def start_again(self, name: str) -> int:
        """The same once more."""
        arguments, environment = self._orders[name]
        self._starts += 1
        given = {key: value for key, value in os.environ.items() if not key.startswith("DESKPILOT_")} | dict(
            environment
        )
        given |= {"PYTHONPATH": str(self.root), "PYTHONUNBUFFERED": "1"}
        if "DESKPILOT_LLM__BASE_URL" in given:
            given["DESKPILOT_LLM__API_KEY"] = f"key-of-start-{self._starts}"
        with self.log_of(name).open("ab") as log:
            offset = log.tell()
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=self._folder, env=given, stdout=log, stderr=log
            )
        self._running[name] = _Running(process, offset)
        self.keys[self._starts] = process.pid
        return process.pid

    def pid(self, name: str) -> int:
        """Of the process of this name, running or not."""
        return self._running[name].process.pid

    def name_of(self, pid: int) -> str:
        """Which process this is; empty where it is none of them (any more)."""
        return next((name for name, one in self._running.items() if one.process.pid == pid), "")

    async def kill(self, name: str) -> tuple[float, float]:
        """SIGKILL; returns when it was sent and when the process was gone."""
        one = self._running[name]
        one.ended_by_us = True
        at = time.time()
        one.process.kill()
        await one.process.wait()
        return at, time.time()

    async def stop(self, name: str) -> tuple[float, float, int]:
        """SIGTERM; returns when it was sent, when the process was gone, and its exit code."""
        one = self._running[name]
        one.ended_by_us = True
        at = time.time()
        one.process.send_signal(signal.SIGTERM)
        code = await one.process.wait()
        return at, time.time(), code

    async def said(self, name: str, words: str) -> None:
        """Wait until this start of the process has written these words."""
        latest = time.monotonic() + _READY_S
        while words not in self._since_start(name):
            self.check()
            if time.monotonic() > latest:
                raise DiedError(f"{name} has not said {words!r} within {_READY_S:g} s: see {self.log_of(name)}")
            await asyncio.sleep(0.05)

    async def answers(self, url: str) -> None:
        """Wait until this address answers anything at all."""
        latest = time.monotonic() + _READY_S
        async with httpx.AsyncClient(timeout=2) as http:
            while True:
                self.check()
                try:
                    await http.get(url)
                except httpx.TransportError as error:
                    if time.monotonic() > latest:
                        raise DiedError(f"nobody answers at {url} within {_READY_S:g} s: see {self._folder}") from error
                    await asyncio.sleep(0.05)
                else:
                    return

    def check(self) -> None:
        """Raise DiedError where a process has ended by itself."""
        for name, one in self._running.items():
            if one.process.returncode is not None and not one.ended_by_us:
                text = self._since_start(name).replace("\\n", "\n")  # a traceback is one line of JSON
                lines = text.splitlines()[-_LAST_LINES:]
                raise DiedError(
                    f"{name} ended by itself with {one.process.returncode}; {self.log_of(name)} ends with:\n"
                    + "\n".join(f"    {line}" for line in lines)
                )

    async def end(self) -> None:
        """Nobody is left."""
        for one in self._running.values():
            if one.process.returncode is None:
                one.process.terminate()
        for one in self._running.values():
            try:
                async with asyncio.timeout(10):
                    await one.process.wait()
            except TimeoutError:
                one.process.kill()
                await one.process.wait()

    def _since_start(self, name: str) -> str:
        with self.log_of(name).open("rb") as log:
            log.seek(self._running[name].log_from)
            return log.read().decode(errors="replace")
