"""The policy in force: read at the start, looked at again every few seconds, replaced only by one that is good.

A file is written by editors, by `cp`, and by symbolic links that change (a ConfigMap). So its content is compared, and a new
one comes into force when two looks in a row have found the same: half a file is often good YAML, and a laxer policy.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from service.database import Database
from service.metrics import POLICY_INFO, POLICY_PROBLEMS
from service.policy.document import Policy
from service.policy.problems import PolicyError, Problem
from service.policy.reading import Read, builtin, content_of, read, understood
from service.policy.store import PolicyTexts
from service.queue import AWAY
from service.settings import SettingsProblem
from service.tasks import end

log = structlog.get_logger()

EVERY_S = 2.0
_LOGGED = 20  # problems of a file


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy, as tickets are judged by it. source: the file, or "built-in". since: in this process."""

    policy: Policy
    version: str
    source: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look has found. problems: why there is no content."""

    content: bytes
    problems: tuple[Problem, ...] = ()


class Policies:
    """Says which policy is in force, and what is wrong with the file, if that is another one."""

    def __init__(self, first: Read, *, file: Path | None, texts: PolicyTexts, secrets: Collection[str] | None) -> None:
        self._file, self._texts, self._secrets = file, texts, secrets
        self._in_force = _in_force(first)
        self._text = first.text
        self._seen = self._judged = _Seen(first.text.encode())
        self._problems: tuple[Problem, ...] = ()
        self._kept = False

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, file: Path | None, database: Database, *, secrets: Collection[str] | None = None, every_s: float = EVERY_S
    ) -> AsyncIterator[Policies]:
        """Read the file, and follow it while this is open. None: the built-in policy.

        secrets: names that look-ups may use; None: whatever they are. Raises SettingsProblem with all that is wrong.
        """
        first = await asyncio.to_thread(required, file, secrets=secrets)
        policies = cls(first, file=file, texts=PolicyTexts(database), secrets=secrets)
        await policies._keep()
        POLICY_PROBLEMS.set(0)
        _tell(first.version)
        following = asyncio.create_task(policies._follow(every_s), name="policy") if file else None
        try:
            yield policies
        finally:
            if following:
                await end([following])

    def current(self) -> InForce:
        """The policy in force."""
        return self._in_force

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why the file, as it is now, is not in force; empty where it is."""
        return self._problems

    async def look(self) -> None:
        """Look at the file once. What is new comes into force at the second look that finds it; bad is said, and changes nothing."""
        if self._file is None:
            return
        seen = await asyncio.to_thread(_look, self._file)
        again, self._seen = seen == self._seen, seen
        if again and seen != self._judged:
            self._judged = seen
            await self._judge(seen)
        if not self._kept:
            with contextlib.suppress(*AWAY):  # the next look tries again; tickets go on
                await self._keep()

    async def _judge(self, seen: _Seen) -> None:
        if seen.problems:
            self._refuse(seen.problems)
            return
        try:
            new = await asyncio.to_thread(understood, seen.content, source=str(self._file), secrets=self._secrets)
        except PolicyError as error:
            self._refuse(error.problems)
        else:
            self._take(new)

    async def _follow(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self.look()

    def _take(self, new: Read) -> None:
        self._problems = ()
        POLICY_PROBLEMS.set(0)
        if new.version == self._in_force.version:
            log.info("the policy file is good again, and as it was", version=new.version)
            return
        log.info("a new policy is in force", version=new.version, before=self._in_force.version, source=new.source)
        self._in_force, self._text, self._kept = _in_force(new), new.text, False
        _tell(new.version)

    def _refuse(self, problems: tuple[Problem, ...]) -> None:
        self._problems = problems
        POLICY_PROBLEMS.set(len(problems))
        log.error(
            "the policy file has problems: the last good policy stays in force",
            version=self._in_force.version,
            problems=[str(one) for one in problems[:_LOGGED]],
        )

    async def _keep(self) -> None:
        await self._texts.keep(self._in_force.version, self._text)
        self._kept = True


def required(file: Path | None, *, secrets: Collection[str] | None = None) -> Read:
    """The policy to begin with. Raises SettingsProblem with one sentence for each problem of the file. Blocks."""
    try:
        return read(file, secrets=secrets) if file else builtin()
    except PolicyError as error:
        raise SettingsProblem([str(one) for one in error.problems]) from error


def _look(file: Path) -> _Seen:
    try:
        return _Seen(content_of(file))
    except PolicyError as error:
        return _Seen(b"", error.problems)


def _tell(version: str) -> None:
    POLICY_INFO.clear()  # the one before is in force no longer
    POLICY_INFO.labels(version).set(1)


def _in_force(found: Read) -> InForce:
    return InForce(found.policy, found.version, found.source, datetime.now(UTC))
