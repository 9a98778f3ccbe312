"""Commands of whoever is woken: `deskpilot incident start | stop | stage | prolong | list | rehearse | report`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from service.assembly import helpdesks
from service.database import open_database
from service.incidents.history import History
from service.incidents.plan import STAGES, IncidentError, Plan, Stage, read_file, read_plan
from service.incidents.rehearsal import Rehearsal
from service.incidents.report import lasted
from service.incidents.running import Incident
from service.incidents.store import Incidents
from service.incidents.terminal import show_list, show_rehearsed, show_report
from service.policy.document import Policy
from service.policy.standing import required
from service.policy.values import Duration
from service.settings import Settings, SettingsProblem
from service.steering import By, Run, who

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)

Name = Annotated[str, typer.Argument(help="As in payments-down.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Text_ = Annotated[list[str], typer.Option("--text", help="As in en='We know of it.'; once for each language.")]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    incident = typer.Typer(
        no_args_is_help=True, help="Something is broken for many: their tickets get the status text."
    )
    app.add_typer(incident, name="incident")

    @incident.command("start")
    def start(
        name: Name,
        *,
        file: Annotated[Path | None, typer.Option(help="YAML: title, match, texts, expires.", dir_okay=False)] = None,
        title: Annotated[str, typer.Option(help="What is broken, for agents.")] = "",
        words: Annotated[list[str], typer.Option("--match-words", help="In its tickets; one is enough.")] = [],  # noqa: B006 - Typer copies it
        category: Annotated[list[str], typer.Option("--match-category", help="Of the policy.")] = [],  # noqa: B006 - as above
        text: Text_ = [],  # noqa: B006 - as above
        stage: Annotated[str, typer.Option(help=", ".join(STAGES))] = "",
        expires: Annotated[str, typer.Option(help="How long at most, as in 4h; up to 7d.")] = "",
        order: Annotated[list[str], typer.Option(help="Segments, in the order to answer them.")] = [],  # noqa: B006 - as above
        by: By = "",
        json_: Json = False,
    ) -> None:
        """From now on its tickets get the approved text as draft. What is given beside a file wins over it."""
        given = {"title": title, "expires": expires, "stage": stage, "order": order}
        match = {"words": words, "category": category}
        run(start_incident, name, file, given=given, match=match, texts=text, by=by, as_json=json_)

    @incident.command("stop")
    def stop(name: Name, *, by: By = "", json_: Json = False) -> None:
        """From now on tickets are drafted as always."""
        run(stop_incident, name, by=by, as_json=json_)

    @incident.command("stage")
    def stage_(
        name: Name,
        stage: Annotated[str, typer.Argument(help=", ".join(STAGES))],
        *,
        text: Text_ = [],  # noqa: B006 - as above
        by: By = "",
        json_: Json = False,
    ) -> None:
        """Go on to a stage, with its texts or with those given."""
        run(stage_incident, name, stage, texts=text, by=by, as_json=json_)

    @incident.command("prolong")
    def prolong(
        name: Name,
        expires: Annotated[str, typer.Option(help="So long from now on, as in 4h; up to 7d.")],
        *,
        by: By = "",
        json_: Json = False,
    ) -> None:
        """Let it run on, or again where it has expired."""
        run(prolong_incident, name, expires, by=by, as_json=json_)

    @incident.command("list")
    def list_(*, json_: Json = False) -> None:
        """Those that run, and the past ones."""
        run(list_incidents, as_json=json_)

    @incident.command("rehearse")
    def rehearse(
        what: Annotated[str, typer.Argument(help="A YAML file, or the name of an incident.")],
        *,
        days: Annotated[float, typer.Option(help="How far to look back.", min=0.01, max=365)] = 7,
        helpdesk: Annotated[
            bool, typer.Option("--helpdesk", help="Also read up to 200 of the tickets again, for their words and tags.")
        ] = False,
        json_: Json = False,
    ) -> None:
        """Which past tickets would have got the text. Writes nothing anywhere."""
        run(rehearse_incident, what, days=days, reading=helpdesk, as_json=json_)

    @incident.command("report")
    def report(
        name: Name,
        *,
        markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown to pass on.")] = False,
        json_: Json = False,
    ) -> None:
        """What it came to: tickets, times, texts, open questions."""
        run(report_incident, name, as_json=json_, as_markdown=markdown)


async def start_incident(
    settings: Settings,
    name: str,
    file: Path | None,
    *,
    given: Mapping[str, Any],
    match: Mapping[str, Sequence[str]],
    texts: Sequence[str],
    by: str,
    as_json: bool,
) -> int:
    """Start one."""
    policy = await policy_of(settings)
    with _told():
        written = read_file(file) if file else {}
        written = {**written, **{key: value for key, value in given.items() if value}, "name": name}
        if wanted := {key: list(values) for key, values in match.items() if values}:
            written["match"] = wanted
        if texts:
            stage = given.get("stage") or STAGES[0]
            written["texts"] = {**(written.get("texts") or {}), stage: _by_language(texts)}
        plan = read_plan(written, policy=policy)
        async with open_database(settings) as database:
            incident = await Incidents(database).start(plan, by=who(by), languages=policy.languages)
    _say(incident, f"runs until {_at(incident)}: its tickets get the text of {incident.stage}", as_json=as_json)
    return 0


async def stop_incident(settings: Settings, name: str, *, by: str, as_json: bool) -> int:
    """End one."""
    with _told():
        async with open_database(settings) as database:
            incident = await Incidents(database).stop(name, by=who(by))
    said = (
        f"is stopped after {lasted(incident.age_s)} and {incident.tickets} tickets: `deskpilot incident report {name}`"
    )
    _say(incident, said, as_json=as_json)
    return 0


async def stage_incident(
    settings: Settings, name: str, stage: str, *, texts: Sequence[str], by: str, as_json: bool
) -> int:
    """Take one to a stage."""
    with _told():
        wanted = _stage(stage)
        async with open_database(settings) as database:
            incident = await Incidents(database).stage(
                name, wanted, by=who(by), texts=_by_language(texts) if texts else None
            )
    _say(incident, f"is at {incident.stage}: its tickets get that text from now on", as_json=as_json)
    return 0


async def prolong_incident(settings: Settings, name: str, expires: str, *, by: str, as_json: bool) -> int:
    """Prolong one."""
    with _told():
        async with open_database(settings) as database:
            incident = await Incidents(database).prolong(name, _duration(expires), by=who(by))
    _say(incident, f"runs until {_at(incident)}", as_json=as_json)
    return 0


async def list_incidents(settings: Settings, *, as_json: bool) -> int:
    """Print all of them."""
    async with open_database(settings) as database:
        found = await Incidents(database).all()
    if as_json:
        print(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
        return 0
    show_list(found)
    return 0


async def rehearse_incident(settings: Settings, what: str, *, days: float, reading: bool, as_json: bool) -> int:
    """Print which past tickets one would have answered."""
    policy = await policy_of(settings)
    with _told():
        file = _file(what)
        async with open_database(settings, migrating=False) as database, httpx.AsyncClient() as http:
            if file:
                plan = read_plan({"name": "rehearsal", **file}, policy=policy)
            else:
                plan = await _planned(Incidents(database), what)
            rehearsal = Rehearsal(History(database), policy, helpdesks(settings, http) if reading else {})
            done = await rehearsal.run(plan, days=days)
    if as_json:
        print(json.dumps(done.as_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        show_rehearsed(done, reading=reading)
    return 0


async def report_incident(settings: Settings, name: str, *, as_json: bool, as_markdown: bool) -> int:
    """Print what one came to."""
    policy = await policy_of(settings)
    with _told():
        async with open_database(settings) as database:
            report = await History(database).report(await Incidents(database).one(name), policy)
    if as_json:
        print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    elif as_markdown:
        print(report.as_markdown(), end="")  # noqa: T201 - as above
    else:
        show_report(report)
    return 0


def _file(what: str) -> dict[str, Any] | None:
    """What stands in the file of this name; None: it is the name of an incident."""
    path = Path(what)
    return read_file(path) if path.suffix in (".yaml", ".yml") or path.is_file() else None


async def _planned(incidents: Incidents, name: str) -> Plan:
    """The plan of an incident that runs or ran."""
    one = await incidents.one(name)
    if one.match is None:
        raise IncidentError({"match": f"a newer version wrote that of {name}: rehearse it there"})
    given = {"name": name, "title": one.title, "texts": one.texts, "expires": timedelta(hours=1)}
    return Plan.model_validate({**given, "match": one.match})


async def policy_of(settings: Settings) -> Policy:
    """The policy in force."""
    return (await asyncio.to_thread(required, settings.policy_file)).policy


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong is told by key, all of it."""
    try:
        yield
    except IncidentError as error:
        raise SettingsProblem([f"{key}: {said}" if key else said for key, said in error.problems.items()]) from error


def _by_language(texts: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in texts]
    if wrong := [language for language, equals, _ in pairs if not equals]:
        raise IncidentError({"--text": f"{wrong[0]!r} has no language: write it as en='…', once for each language"})
    return {language.strip(): text.strip() for language, _, text in pairs}


def _stage(stage: str) -> Stage:
    found = next((one for one in STAGES if one == stage), None)
    if found is None:
        raise IncidentError({"stage": f"{stage!r} is none: they are {', '.join(STAGES)}"})
    return found


def _duration(text: str) -> timedelta:
    try:
        return _DURATION.validate_python(text)
    except ValidationError as error:
        raise IncidentError({"expires": "is no duration: a number and m, h or d, as in 4h"}) from error


def _say(incident: Incident, said: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(incident.as_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        Console(stderr=True, highlight=False, markup=False).print(f"{incident.name} {said}.", soft_wrap=True)


def _at(incident: Incident) -> str:
    return f"{incident.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
