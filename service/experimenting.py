"""`deskpilot experiment start | show | stop | promote`: compare another model, tone or guidance with the standing one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console

from service.database import open_database
from service.errors import LLMMisconfiguredError, LLMRefusedError, LLMUnavailableError
from service.experiments.experiment import STANDING, Experiment, ExperimentError, Rules, Variant, checked
from service.experiments.guardrails import Counts, Finding
from service.experiments.store import Experiments
from service.experiments.watching import judged_of
from service.llm import LLM
from service.settings import Settings
from service.steering import who

Run = Callable[..., None]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
By = Annotated[str, typer.Option("--by", help="Who you are, for the record.")]
Name = Annotated[str, typer.Argument(help="Of the experiment.")]

TRIED = "b"
"""The variant that the command line starts beside the standing one."""

_ANSWER_TOKENS = 16  # the least that all servers take


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    experiment = typer.Typer(
        no_args_is_help=True, help="Another model or prompt, on a share of tickets, with guardrails."
    )
    app.add_typer(experiment, name="experiment")

    @experiment.command("start")
    def start(
        name: Annotated[str, typer.Argument(help="Small letters, digits, hyphens; never used before.")],
        *,
        model: Annotated[str, typer.Option(help="That drafts in variant b; it must answer now.")] = "",
        tone: Annotated[str, typer.Option(help="Of variant b, in place of DESKPILOT_BRAND__TONE.")] = "",
        guidance: Annotated[str, typer.Option(help="Of variant b, in place of DESKPILOT_BRAND__GUIDANCE.")] = "",
        share: Annotated[int, typer.Option(help="So many per cent of tickets get variant b.", min=1, max=99)] = 50,
        price_in: Annotated[float | None, typer.Option(help="What a million tokens cost b's model.", min=0)] = None,
        price_out: Annotated[float | None, typer.Option(help="Likewise, of what it writes.", min=0)] = None,
        least: Annotated[int, typer.Option(help="Tickets in each arm before it is judged.", min=30)] = 100,
        wrong: Annotated[float, typer.Option(help="Most points more tickets with a wrong note.")] = 2,
        reopened: Annotated[float, typer.Option(help="Most points more reopened tickets.")] = 3,
        quoted: Annotated[float, typer.Option(help="Most points more tickets without a model's draft.")] = 5,
        cost: Annotated[float, typer.Option(help="Most per cent more cost of a ticket.")] = 25,
        by: By = "",
        json_: Json = False,
    ) -> None:
        """Begin: a share of tickets is drafted for by another model, or by a prompt with another tone or guidance."""
        tried = Variant(TRIED, share, model.strip(), tone.strip(), price_in, price_out, guidance.strip())
        rules = Rules(least, wrong / 100, reopened / 100, quoted / 100, cost / 100)
        run(start_experiment, name, tried, rules, by=by, as_json=json_)

    @experiment.command("show")
    def show(name: Annotated[str, typer.Argument(help="Without it, the newest.")] = "", *, json_: Json = False) -> None:
        """How a comparison stands: tickets, guardrails with their intervals, and who did what."""
        run(show_experiment, name, as_json=json_)

    @experiment.command("stop")
    def stop(name: Name, *, by: By = "") -> None:
        """End it: every ticket gets the standing drafts again."""
        run(stop_experiment, name, by=by)

    @experiment.command("promote")
    def promote(
        name: Name,
        variant: Annotated[str, typer.Argument(help="Which one is better, in your judgement.")] = TRIED,
        *,
        by: By = "",
        json_: Json = False,
    ) -> None:
        """End it, record your choice with the figures of now, and say which settings to change."""
        run(promote_variant, name, variant, by=by, as_json=json_)


async def start_experiment(
    settings: Settings, name: str, tried: Variant, rules: Rules, *, by: str, as_json: bool
) -> int:
    """Begin, after one call to a model that is named: one that does not answer would only be rolled back."""
    prices = (settings.llm.price_in, settings.llm.price_out)
    standing = Variant(STANDING, 100 - tried.share, "", "", *prices)
    if (tried.price_in is None) is not (tried.price_out is None):
        raise ExperimentError("say both prices, --price-in and --price-out")
    if tried.price_in is None and tried.model and None not in prices:
        raise ExperimentError(
            f"say what {tried.model} costs, --price-in and --price-out: cost is one of the guardrails"
        )
    if tried.price_in is None:
        tried = replace(tried, price_in=prices[0], price_out=prices[1])
    experiment = checked(Experiment(name, (standing, tried), rules))
    await _answers(settings, tried.model)
    async with open_database(settings) as database:
        started = await Experiments(database).start(experiment, by=who(by))
    if as_json:
        print(json.dumps(started.as_json(), indent=2))  # noqa: T201 - the command's output
        return 0
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    errors.print(f"{name} runs: {'; '.join(one.in_words for one in started.variants)}")
    return 0


async def show_experiment(settings: Settings, name: str, *, as_json: bool) -> int:
    """Print one, and the names of the others."""
    async with open_database(settings) as database:
        experiments = Experiments(database)
        newest = await experiments.newest()
        if not newest and not name:
            print("[]" if as_json else "There was no experiment.")  # noqa: T201 - the command's output
            return 0
        shown = await experiments.named(name) if name else newest[0]
        counts, judged = await experiments.counts(shown), await judged_of(experiments, shown)
    if as_json:
        print(json.dumps(_told(shown, counts, judged), indent=2))  # noqa: T201 - the command's output
        return 0
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{shown.name}: {shown.state.replace('_', ' ')}, started by {shown.by}")
    if why := shown.details.get("why"):
        console.print(f"  {why}")
    for one in shown.variants:
        console.print(f"  {one.in_words}: {counts[one.name].tickets} tickets")
        for finding in judged.get(one.name, ()):
            console.print(f"    {finding.in_words}")
    if others := [one.name for one in newest if one.name != shown.name]:
        console.print(f"others: {', '.join(others)}", style="dim")
    return 0


async def stop_experiment(settings: Settings, name: str, *, by: str) -> int:
    """End one that runs."""
    async with open_database(settings) as database:
        experiments = Experiments(database)
        if not await experiments.end(name, "stopped", by=who(by), details={"stopped_by": who(by)}):
            raise ExperimentError(f"{name} does not run: it is {(await experiments.named(name)).state}")
    Console(stderr=True).print(f"{name} is stopped: every ticket gets the standing drafts.")
    return 0


async def promote_variant(settings: Settings, name: str, variant: str, *, by: str, as_json: bool) -> int:
    """Record a person's choice. Nothing is changed by itself: the settings belong to whoever deploys."""
    async with open_database(settings) as database:
        experiments = Experiments(database)
        experiment = await experiments.named(name)
        chosen = experiment.variant(variant)
        if experiment.state == "rolled_back":
            raise ExperimentError(f"{name} was rolled back, for it did harm: {experiment.details.get('why', '')}")
        counts, judged = await experiments.counts(experiment), await judged_of(experiments, experiment)
        if broken := [one.in_words for one in judged.get(variant, ()) if one.broken]:
            raise ExperimentError(f"{variant} does harm: {'; '.join(broken)}")
        figures = {one: found.as_json() for one, found in counts.items()}
        details = {"promoted": variant, "promoted_by": who(by), "counts": figures}
        if not await experiments.end(name, "promoted", by=who(by), details=details, of=("running", "stopped")):
            raise ExperimentError(f"{name} cannot be promoted: it is {(await experiments.named(name)).state}")
    change = _settings_of(chosen)
    if as_json:
        print(json.dumps({"experiment": name, "promoted": variant, "settings": change}, indent=2))  # noqa: T201 - the command's output
        return 0
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    enough = all(one.enough for one in judged.get(variant, ()))
    errors.print(
        f"{variant} of {name} is promoted{'' if enough else ', on fewer tickets than it was to be judged by'}."
    )
    errors.print("Set this, and restart:" if change else "The settings stay as they are.")
    for setting, value in change.items():
        print(f"{setting}={value}")  # noqa: T201 - the command's output
    return 0


def _settings_of(chosen: Variant) -> dict[str, str]:
    """What makes a variant the standing one."""
    values: Mapping[str, object] = {
        "DESKPILOT_LLM__MODEL": chosen.model,
        "DESKPILOT_BRAND__TONE": chosen.tone,
        "DESKPILOT_BRAND__GUIDANCE": chosen.guidance,
        "DESKPILOT_LLM__PRICE_IN": chosen.price_in if chosen.model else None,
        "DESKPILOT_LLM__PRICE_OUT": chosen.price_out if chosen.model else None,
    }
    return {name: str(value) for name, value in values.items() if value not in ("", None)}


def _told(shown: Experiment, counts: Mapping[str, Counts], judged: Mapping[str, tuple[Finding, ...]]) -> dict[str, Any]:
    return shown.as_json() | {
        "counts": {name: found.as_json() for name, found in counts.items()},
        "findings": {name: [one.as_json() for one in found] for name, found in judged.items()},
    }


async def _answers(settings: Settings, model: str) -> None:
    """Raise ExperimentError where nothing can be compared, or the named model does not answer one tiny call."""
    if not settings.llm.on:
        raise ExperimentError("no model is set, so there is nothing to compare: set DESKPILOT_LLM__MODEL")
    if not model:
        return
    if model in (settings.llm.model, settings.llm.fast_model):
        raise ExperimentError(f"{model} is in your settings already: an experiment names another model")
    try:
        async with LLM.opened(settings.llm) as llm:
            if llm:
                asked = [{"role": "user", "content": "Say OK."}]
                await llm.complete(asked, model=model, schema={}, max_tokens=_ANSWER_TOKENS)
    except (LLMUnavailableError, LLMMisconfiguredError, LLMRefusedError) as error:
        raise ExperimentError(f"{model} cannot be tried: {error}") from error
