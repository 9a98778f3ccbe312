"""`deskpilot lessons list | approve | reject | revoke`: the queue of lessons without a browser."""

from __future__ import annotations

import contextlib
import getpass
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from service.database import open_database
from service.errors import ServiceError
from service.learning.lesson import LIVES_DAYS, MOST_DAYS, STATES, Lesson, lives
from service.learning.store import LessonStore
from service.settings import Settings

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""

Number = Annotated[int, typer.Argument(help="As `deskpilot lessons list` shows it.", min=1)]
By = Annotated[str, typer.Option("--by", help="Who you are, for the record.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_LISTED = 100


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    lessons = typer.Typer(no_args_is_help=True, help="What tickets teach, and who may know of it.")
    app.add_typer(lessons, name="lessons")

    @lessons.command("list")
    def list_(
        *, state: Annotated[str, typer.Option(help=", ".join(STATES))] = "waiting", as_json: Json = False
    ) -> None:
        """Those in a state: what waits by how often it was seen, the others by when it was decided."""
        run(show, state=state, as_json=as_json)

    @lessons.command("approve")
    def approve(
        number: Number,
        *,
        stamp: Annotated[
            str, typer.Option(help="As `deskpilot lessons list` shows it: of the text that you have read.")
        ],
        for_: Annotated[str, typer.Option("--for", help="organization (its own alone) or everyone.")],
        owner: Annotated[str, typer.Option(help="Who answers for it.")],
        days: Annotated[int, typer.Option(help="How long it is true.", min=1, max=MOST_DAYS)] = LIVES_DAYS,
        by: By = "",
        as_json: Json = False,
    ) -> None:
        """Have tickets get a lesson, once you have read it."""
        run(put_in_force, number, stamp=stamp, for_=for_, owner=owner, days=days, by=by, as_json=as_json)

    @lessons.command("reject")
    def reject(number: Number, *, by: By = "", as_json: Json = False) -> None:
        """Learn nothing of it."""
        run(turn_down, number, by=by, as_json=as_json)

    @lessons.command("revoke")
    def revoke(number: Number, *, by: By = "", as_json: Json = False) -> None:
        """Have no ticket get it from this moment on."""
        run(take_back, number, by=by, as_json=as_json)


async def show(settings: Settings, *, state: str, as_json: bool) -> int:
    """Print a part of the queue."""
    known = next((one for one in STATES if one == state), None)
    if known is None:
        raise ServiceError(f"{state!r} is no state of a lesson: write one of {', '.join(STATES)}")
    async with open_database(settings) as database:
        store = LessonStore(database)
        lessons, counts = await store.listed(known, limit=_LISTED), await store.counts()
    if as_json:
        told = {"lessons": [one.as_json() for one in lessons], "counts": counts}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
        return 0
    console = Console(highlight=False, markup=False)  # somebody's words may hold brackets
    for one in lessons:
        seen = f", seen in {one.seen} tickets" if one.seen > 1 else ""
        what = "hand over" if one.kind == "hand_over" else one.origin
        console.print(
            f"{one.id}  {what}, ticket {one.key.helpdesk}:{one.key.ticket_id}{seen}, stamp {one.stamp}", style="bold"
        )
        console.print(f"   {one.question}")
        console.print(f"   → {one.reply}" if one.reply else "   → a person answers")
        if one.changed:
            console.print(f"   changed: {one.changed}", style="dim")
        for found in one.against:
            console.print(f"   may contradict {found['title']}: {found['other']}")
        if one.expires_at:
            whom = "everyone" if one.everyone else "its own organization"
            console.print(f"   for {whom}, {one.owner}, until {one.expires_at.astimezone(UTC):%Y-%m-%d}", style="dim")
    console.print(", ".join(f"{name} {count}" for name, count in counts.items()))
    return 0


async def put_in_force(
    settings: Settings, number: int, *, stamp: str, for_: str, owner: str, days: int, by: str, as_json: bool
) -> int:
    """Approve one."""
    if for_ not in ("organization", "everyone"):
        raise ServiceError("say for whom: --for organization, or --for everyone")
    if not owner.strip():
        raise ServiceError("say who answers for it: --owner")
    async with _read(settings, number) as (store, lesson):
        if stamp.strip() != lesson.stamp:
            raise ServiceError(
                f"lesson {number} is not as you have read it: see `deskpilot lessons list` and give its stamp of now"
            )
        if for_ == "organization" and not lesson.bound:
            raise ServiceError(
                f"the organization and requester of lesson {number} are forgotten: --for everyone, or not at all"
            )
        until = lives(days, now=datetime.now(UTC))
        done = await store.approve(lesson, everyone=for_ == "everyone", owner=owner, until=until, by=_who(by))
        await store.hasten()
    return _told(done, number, as_json=as_json, said="approved; tickets get it within a minute")


async def turn_down(settings: Settings, number: int, *, by: str, as_json: bool) -> int:
    """Reject one."""
    async with _read(settings, number) as (store, lesson):
        done = await store.reject(lesson, by=_who(by))
    return _told(done, number, as_json=as_json, said="rejected")


async def take_back(settings: Settings, number: int, *, by: str, as_json: bool) -> int:
    """Revoke one. The row decides what tickets get; the index follows with the next round."""
    async with _read(settings, number) as (store, lesson):
        done = await store.revoke(lesson, by=_who(by))
        await store.hasten()
    return _told(done, number, as_json=as_json, said="revoked: no ticket gets it any more")


@asynccontextmanager
async def _read(settings: Settings, number: int) -> AsyncIterator[tuple[LessonStore, Lesson]]:
    async with open_database(settings) as database:
        store = LessonStore(database)
        lesson = await store.one(number)
        if lesson is None:
            raise ServiceError(f"there is no lesson {number}: see `deskpilot lessons list`")
        yield store, lesson


def _told(done: Lesson | None, number: int, *, as_json: bool, said: str) -> int:
    if done is None:
        raise ServiceError(
            f"lesson {number} does not stand so that this can be done: see `deskpilot lessons list --state`"
        )
    if as_json:
        print(json.dumps(done.as_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        Console(stderr=True, highlight=False).print(f"Lesson {number} is {said}.")
    return 0


def _who(by: str) -> str:
    with contextlib.suppress(KeyError, OSError):  # a container has a number for a name
        by = by or getpass.getuser()
    return by or "somebody at the command line"
