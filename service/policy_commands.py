"""`deskpilot policy`: the rules in force; `policy check`: is a file good; `policy schema`: its shape, for editors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.database import open_database
from service.embeddings import Embeddings
from service.outages import Outages
from service.pilot import Pilots
from service.policy.problems import PolicyError, Problem
from service.policy.reading import Read, builtin, read
from service.policy.schema import as_text
from service.policy.standing import required
from service.policy.summary import TIERS, categories_of, rules_of, written_by
from service.policy_trials import Bench, add_policy_commands
from service.rules import as_json as rules_as_json
from service.rules import in_words, policy_rules, rules_in_force
from service.settings import Settings
from service.triage.categories import Categories
from service.triage.triaging import Triager
from service.vectors import EmbeddedVectors

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
File = Annotated[Path | None, typer.Argument(help="A policy file; without it that of DESKPILOT_POLICY_FILE.")]


def policy_commands(run: Run) -> typer.Typer:
    """The command with those below it."""
    policy = typer.Typer(invoke_without_command=True, help="The rules in force, and the team's own policy file.")

    @policy.callback()
    def show(context: typer.Context, *, json_: Json = False) -> None:
        """The rules in force: which tickets, when a note, who answers what, which model, what it may cost, what is kept. No secrets."""
        if context.invoked_subcommand is None:
            run(show_policy, as_json=json_)

    @policy.command("check")
    def check(file: File = None, *, json_: Json = False) -> None:
        """Read a policy file and say all that is wrong with it (exit code 2), or what it says. Changes nothing."""
        run(check_policy, file, as_json=json_)

    @policy.command("schema")
    def schema() -> None:
        """Print the JSON schema of a policy file."""
        print(as_text(), end="")  # noqa: T201 - the command's output

    add_policy_commands(policy, run, at_the_bench)
    return policy


@asynccontextmanager
async def at_the_bench(settings: Settings) -> AsyncIterator[Bench]:
    """What judges tickets outside of the story; beside a running `serve`, with an index of examples of its own."""
    found = await asyncio.to_thread(required, settings.policy_file, secrets=settings.lookup.by_name)
    with TemporaryDirectory(prefix="deskpilot-") as folder:
        examples = EmbeddedVectors(Path(folder))
        try:
            async with Embeddings.opened(settings.embeddings) as embeddings:
                yield Bench(found, Triager(Categories(examples, embeddings)))
        finally:
            await examples.close()


async def show_policy(settings: Settings, *, as_json: bool) -> int:
    """Print the rules in force."""
    found, problems = await asyncio.to_thread(_read, settings.policy_file, secrets=settings.lookup.by_name)
    async with open_database(settings) as database:
        scopes = {name: await Pilots(database).scope(name) for name in settings.helpdesks}
        parts = rules_in_force(settings, scopes=scopes, standing=await Outages(database).standing())
    parts = (*parts, *policy_rules(found, problems, language=settings.team.language))
    if as_json:
        print(json.dumps(rules_as_json(parts), indent=2))  # noqa: T201 - the command's output
        return 0
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)  # names of settings are copied
    for part in parts:
        table.add_row(Text(part.title, style="bold"))
        for rule in part.rules:
            named = Text.assemble(f"  {rule.name}", (f"\n  {rule.setting}" if rule.setting else "", "dim"))
            table.add_row(named, Text(in_words(rule.value)))
    Console().print(table)
    return 0


async def check_policy(settings: Settings, file: Path | None, *, as_json: bool) -> int:
    """Print what is wrong with a file, or what it says. 2: it must not come into force."""
    found, problems = await asyncio.to_thread(_read, file or settings.policy_file, secrets=settings.lookup.by_name)
    if as_json:
        print(json.dumps(_as_json(found, problems), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    elif found is None:
        _complain(problems)
    else:
        _tell(found, language=settings.team.language)
    return 2 if found is None else 0


def _read(file: Path | None, *, secrets: Collection[str]) -> tuple[Read | None, Sequence[Problem]]:
    try:
        return (read(file, secrets=secrets) if file else builtin()), ()
    except PolicyError as error:
        return None, error.problems


def _as_json(found: Read | None, problems: Sequence[Problem]) -> dict[str, Any]:
    if found is None:
        told = [
            {"file": one.file, "line": one.line, "key": one.key, "problem": one.said, "remedy": one.remedy}
            for one in problems
        ]
        return {"good": False, "problems": told}
    policy = found.policy
    return {
        "good": True,
        "problems": [],
        "version": found.version,
        "source": found.source,
        "name": policy.name,
        "languages": policy.languages,
        "categories": len(policy.categories),
        "rules": [rule.name for rule in policy.rules],
        "answers": list(policy.answers),
        "playbooks": list(policy.playbooks),
        "written": written_by(policy),
    }


def _complain(problems: Sequence[Problem]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("line", justify="right", no_wrap=True)
    for title in ("key", "problem", "remedy"):
        table.add_column(title, overflow="fold")
    for one in problems:
        words = (str(one.line or ""), one.key or "the file", one.said, one.remedy)
        table.add_row(*(Text(word) for word in words))
    console = Console(stderr=True, highlight=False)
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
    console.print(Text.assemble(("✗", "red"), f" {problems[0].file} has {count}, and must not come into force."))
    console.print(table)


def _tell(found: Read, *, language: str) -> None:
    console, policy = Console(highlight=False, soft_wrap=True), found.policy
    lines = categories_of(policy, language=language)
    console.print(Text.assemble(("✓", "green"), f" {found.source} is good: version {found.version}."))
    for tier, words in sorted(TIERS.items(), reverse=True):
        names = [line.name for line in lines if line.tier == tier]
        console.print(Text(f"  Tier {tier}, {words}: {', '.join(names) or 'no category'}"))
    rules = rules_of(policy, language=language)
    console.print(
        Text(f"  {len(rules)} rules, {len(policy.answers)} approved answers, {len(policy.playbooks)} playbooks")
    )
    console.print(Text(f"  Written beside the note: {', '.join(written_by(policy)) or 'nothing'}"))
