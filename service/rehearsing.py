"""`deskpilot try`: the test box on the command line, through the running `serve` where there is one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service.assembly import assembled
from service.control import Control, asked, find
from service.errors import ServiceError
from service.rehearsal import Given, Rehearsed, TrialError, read_trial
from service.settings import Settings

_BLOCKS = re.compile(r"</(?:p|li|h3|h4|blockquote)>|<br>|<hr>")
_LONGEST_S = 600.0  # two calls of a slow local model


async def try_out(settings: Settings, given: Mapping[str, str], *, as_json: bool) -> int:
    """Print the note that a ticket with this question would get, and how it came about."""
    try:
        trial = read_trial(given)
        running = find(settings.data_dir)
        done = await _tried_by(running, given) if running else None
        if done is None:
            async with assembled(settings) as service:
                done = await service.rehearsal.run(trial)
    except TrialError as error:
        raise ServiceError("; ".join(f"{key} {said}" for key, said in error.problems.items())) from error
    if as_json:
        print(json.dumps(done.as_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        Console().print(_shown(done), highlight=False)
    return 0


async def _tried_by(control: Control, given: Mapping[str, str]) -> Rehearsed | None:
    """Have the running `serve` do it. None where nobody answers any more. Raises ServiceError, TrialError."""
    answer = await asked(control, "POST", "/api/try", cannot="try", also=(422,), read_s=_LONGEST_S, json=dict(given))
    if answer is None:
        return None
    if answer.status_code == 422:
        raise TrialError({one["key"]: one["problem"] for one in answer.json()["detail"]})
    told = answer.json()
    return Rehearsed(**{**told, "passages": tuple(Given(**one) for one in told["passages"])})


def _shown(done: Rehearsed) -> Group:
    passages = Table("", "score", "passage", "kind", box=None, pad_edge=False)
    for one in done.passages:
        kind = one.pool if one.audience == "public" else f"{one.pool}, internal"
        passages.add_row("✓" if one.cited else "", f"{one.score:.2f}", Text(one.title), kind)
    took = " · ".join(f"{stage} {seconds:.2f} s" for stage, seconds in done.seconds.items())
    spent = f"{done.calls} calls, {done.tokens_in:,} tokens in, {done.tokens_out:,} out"
    lines = [f"Searched for: {done.searched}", f"Confidence: {done.confidence:.0%}", took, spent]
    if done.silence:
        lines.insert(0, f"By itself this would get no note: {done.silence}")
    return Group(Panel(Text(_plain(done.note)), title=done.verdict), *map(Text, lines), passages)


def _plain(note: str) -> str:
    """A note as a terminal shows it."""
    lines = [
        " ".join(line.split())
        for line in re.sub(r"<[^>]+>", "", _BLOCKS.sub("\n", note.replace("<hr>", "\n────\n"))).split("\n")
    ]
    return html.unescape(re.sub(r"\n{3,}", "\n\n", "\n".join(lines))).strip()
