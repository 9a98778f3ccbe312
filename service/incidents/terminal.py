"""Incidents, a rehearsal and a report on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.incidents.past import Rehearsed
from service.incidents.report import Report, facts, lasted
from service.incidents.running import Incident

_HITS = 20  # that people are shown


def show_list(found: Sequence[Incident]) -> None:
    """Those that run first."""
    if not found:
        Console().print("There is no incident, and there was none.")
        return
    table = Table("name", "state", "stage", "age", "tickets", "until (UTC)", "title", box=None, pad_edge=False)
    for one in found:
        until = f"{(one.ended_at or one.expires_at).astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(one.name, one.state, one.stage, lasted(one.age_s), str(one.tickets), until, Text(one.title))
    Console().print(table)


def show_rehearsed(done: Rehearsed, *, reading: bool) -> None:
    """Which tickets would have got the text, by language, and what could not be told."""
    console = Console(highlight=False, markup=False)
    console.print(
        f"{len(done.hits)} of {done.looked_at} tickets of the last {done.days:g} days would have got the text."
    )
    for language, count in done.languages.items():
        lacks = "  ✗ no text in it" if language in done.without else ""
        console.print(f"  {language}: {count}{lacks}", style="yellow" if lacks else "")
    if done.unjudged:
        hint = "their words are not kept" if reading else "--helpdesk reads up to 200 of them again"
        asked = ", ".join(done.lacking)
        console.print(
            f"{done.unjudged} cannot be told: the match asks for {asked}; {hint}.", style="yellow", soft_wrap=True
        )
    if done.reread or done.unread:
        console.print(f"{done.reread} were read again" + (f", {done.unread} could not be." if done.unread else "."))
    if done.hits:
        table = Table("ticket", "came (UTC)", "language", "category", box=None, pad_edge=False)
        for hit in done.hits[:_HITS]:
            table.add_row(hit.ticket, f"{hit.at.astimezone(UTC):%Y-%m-%d %H:%M}", hit.language, hit.category)
        console.print(table)
    console.print("Nothing was written.")


def show_report(report: Report) -> None:
    """What an incident came to."""
    console = Console(highlight=False, markup=False)
    console.print(f"{report.incident.name}: {report.incident.title}", style="bold")
    table = Table(box=None, show_header=False, pad_edge=False)
    for what, value in facts(report):
        table.add_row(what, Text(value))
    console.print(table)
    for head, rows in (
        (("hour (UTC)", "tickets"), [(f"{hour:%m-%d %H}:00", str(count)) for hour, count in report.by_hour.items()]),
        (("text", "language", "drafts"), [(stage, language, str(count)) for stage, language, count in report.texts]),
        (("open question", "tickets"), [(one.question, str(one.count)) for one in report.questions]),
    ):
        if rows:
            shown = Table(*head, box=None, pad_edge=False)
            for row in rows:
                shown.add_row(*map(Text, row))
            console.print()
            console.print(shown)
