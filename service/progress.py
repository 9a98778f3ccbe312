"""How a sync looks while it runs, here or in the `serve` that owns the index."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence

import httpx
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from service.control import Control
from service.errors import ServiceError
from service.knowledge.sources import Told
from service.knowledge.sync import SyncReport


@contextlib.contextmanager
def shown_progress(console: Console, *, transient: bool = False) -> Iterator[Told]:
    """A progress line per source on a terminal; nothing where the output is read by a program.

    transient: the lines go when all is done.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=transient) as progress:
        bars: dict[str, object] = {}

        def told(source: str, done: int, total: int | None) -> None:
            if source not in bars:
                bars[source] = progress.add_task(source, total=total)
            progress.update(bars[source], completed=done, total=total)  # type: ignore[arg-type]

        yield told


async def synced_by(control: Control, *, progress: Told) -> list[SyncReport] | None:
    """Have the running `serve` sync, and follow it. None where nobody answers any more.

    Raises ServiceError where it cannot, or breaks off.
    """
    headers = {"Authorization": f"Bearer {control.token}"}
    reports = []
    try:
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(10, read=None), trust_env=False) as http,
            http.stream("POST", f"{control.url}/api/sync", headers=headers) as answer,
        ):
            if answer.status_code in (401, 404):  # somebody else listens there by now: ours was killed
                return None
            if answer.status_code != 200:
                raise ServiceError(f"the running serve at {control.url} refuses to sync ({answer.status_code})")
            async for line in answer.aiter_lines():
                said = json.loads(line)
                if "problem" in said:
                    raise ServiceError(said["problem"])
                if "report" in said:
                    reports.append(SyncReport(**{**said["report"], "problems": tuple(said["report"]["problems"])}))
                else:
                    progress(said["source"], said["done"], said["total"])
    except httpx.ConnectError:
        return None
    except httpx.TransportError as error:
        raise ServiceError(
            f"the running serve at {control.url} broke off ({error}): sync again when it runs"
        ) from error
    return reports


def report_table(reports: Sequence[SyncReport]) -> RenderableType:
    """What a sync did, for people: a line per source, then what a person should know."""
    table = Table("source", "added", "changed", "unchanged", "removed", "failed", "passages", box=None, pad_edge=False)
    for report in reports:
        numbers = (report.added, report.changed, report.unchanged, report.removed, report.failed, report.passages)
        table.add_row(_named(report), *(str(number) for number in numbers))
    problems = [Text(f"! {problem}") for report in reports for problem in report.problems]
    return Group(table, *problems)


def _named(report: SyncReport) -> str:
    """The source, and in a word how much of it was read, where that is not all."""
    if not report.complete:
        return f"{report.source} (incomplete)"
    return f"{report.source} (changes)" if report.read == "changes" else report.source
