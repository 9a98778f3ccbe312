"""`deskpilot report weekly`: the report of a week, now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.database import open_database
from service.errors import ServiceError
from service.files import refuse_unwritable
from service.settings import Settings
from service.worth.delivery import Delivery
from service.worth.period import Period, week_before, week_of
from service.worth.weekly import html_of, json_of, markdown_of_report, weekly

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    report = typer.Typer(no_args_is_help=True, help="What agents made of the drafts, and what customers made of it.")
    app.add_typer(report, name="report")

    @report.command("weekly")
    def weekly_(
        *,
        week: Annotated[str, typer.Option(help="As in 2026-W47; without it the newest that is over.")] = "",
        html: Annotated[Path | None, typer.Option(help="Write a page that stands alone to this file.")] = None,
        markdown: Annotated[Path | None, typer.Option(help="Write Markdown to this file.")] = None,
        send: Annotated[
            bool,
            typer.Option("--send", help="Leave it where it goes on Mondays, now: in the folder, at the webhook."),
        ] = False,
        json_: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Figures of one week beside the week before; printed as Markdown where it is not written or sent."""
        run(report_weekly, week, html=html, markdown=markdown, send=send, as_json=json_)


async def report_weekly(
    settings: Settings, week: str, *, html: Path | None, markdown: Path | None, send: bool = False, as_json: bool
) -> int:
    """Count, write, send, print."""
    refuse_unwritable(html, markdown)
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    now = datetime.now(UTC)
    async with open_database(settings) as database:
        report = await weekly(database, _week(week, now=now, zone=settings.team.timezone), now=now)
        if send:
            places = await Delivery(database, settings.report, zone=settings.team.timezone).send(report)
            console.print(f"{report.name} is left at the {' and the '.join(places)}.")
    for path, content in ((html, html_of), (markdown, markdown_of_report)):
        if path:
            await asyncio.to_thread(path.write_text, content(report), encoding="utf-8")
            console.print(f"Written to {path}.")
    if as_json:
        print(json.dumps(json_of(report), indent=2, allow_nan=False))  # noqa: T201 - the command's output
    elif not (html or markdown or send):
        print(markdown_of_report(report))  # noqa: T201
    return 0


def _week(text: str, *, now: datetime, zone: str) -> Period:
    if not text:
        return week_before(now, zone=zone)
    try:
        week = week_of(text, zone=zone)
    except ValueError as error:
        raise ServiceError(f"--week: {error}") from error
    if week.since > now:
        raise ServiceError(f"--week: {text} has not begun: it is {week.first.isoformat()} to {week.last.isoformat()}")
    return week
