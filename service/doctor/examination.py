"""All parts looked at together, each with its own patience: one that hangs is a line, never the end of the others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from connectors.base import ConnectorError
from connectors.setup import Check
from service.errors import ServiceError
from service.settings import SettingsProblem

log = structlog.get_logger()

Look = Callable[[], Awaitable[Sequence[Check]]]

_GRACE_S = 2.0  # in which what was told to stop lets go of what it holds

_ADVICE = re.compile(
    r"(?P<said>.+?): (?P<advice>(?:check|correct|install|lower|mend|put|set|start|stop|sync|use)\b.*)", re.DOTALL
)
"""Errors of ours end in what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something to look at. remedy: what to do where it gives no answer at all."""

    what: str
    look: Look
    remedy: str
    limit_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, in the order of the parts. hanging: a part gave no answer, and a thread of it may wait for ever."""

    checks: tuple[Check, ...]
    hanging: bool = False


async def examined(parts: Sequence[Part]) -> Examination:
    """Look at all of them at the same time."""
    tasks = [asyncio.create_task(_look(part), name=f"doctor: {part.what}") for part in parts]
    found = await asyncio.gather(*(_found(part, task) for part, task in zip(parts, tasks, strict=True)))
    hanging = any(checks is None for checks in found)
    if hanging:
        await asyncio.wait(tasks, timeout=_GRACE_S)
    told = [checks if checks is not None else [_silent(part)] for part, checks in zip(parts, found, strict=True)]
    return Examination(tuple(check for checks in told for check in checks), hanging=hanging)


async def _look(part: Part) -> Sequence[Check]:
    return await part.look()


async def _found(part: Part, task: asyncio.Task[Sequence[Check]]) -> Sequence[Check] | None:
    """What it says; None where it does not say anything in time."""
    await asyncio.wait([task], timeout=part.limit_s)
    if not task.done():
        task.cancel()  # and not awaited: what hangs in a thread does not hear it
        return None
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, SettingsProblem):
        return [failed(part.what, problem) for problem in error.problems]
    if isinstance(error, ServiceError | ConnectorError | OSError):
        return [failed(part.what, str(error), part.remedy)]
    log.error("a part could not be looked at", part=part.what, exc_info=error)
    said = f"It could not be looked at, by a defect of ours ({type(error).__name__})."
    return [Check(part.what, "wrong", said, "Report it with the lines above.")]


def _silent(part: Part) -> Check:
    return Check(part.what, "wrong", f"There was no answer within {part.limit_s:g} s.", part.remedy)


def failed(what: str, error: str, remedy: str = "") -> Check:
    """A check that is wrong, of an error that says what to do; remedy: where it does not."""
    advised = _ADVICE.fullmatch(error)
    said, advice = (advised["said"], advised["advice"]) if advised else (error, remedy)
    return Check(what, "wrong", _sentence(said), _sentence(advice))


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}" if text else ""
