"""`deskpilot policy explain` and `deskpilot policy test`, through both simulators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner

from connectors.base import Ticket
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.zendesk.simulator import ZendeskSimulator
from service.assembly import helpdesks
from service.database import open_database
from service.errors import ServiceError
from service.groups import FreshdeskSettings, ZendeskSettings
from service.ledger import TicketKey
from service.policy.decision import Decision
from service.policy.document import Policy
from service.policy_trials import Bench, add_policy_commands, explain_ticket, try_policy
from service.settings import Settings, SettingsProblem
from service.spending import Spending
from service.triage.judged import Customer
from service.triage.store import Triages
from service.web.server import serving
from tests import fake_llm
from tests.service.policy.cases import ByWords, Standing, policy, triage

SECRET = [SecretStr("a-secret-nobody-knows")]

TOLD = policy("""
groups: {senior: {title: Senior, first_answer: 1h}}
escalation: {group: senior}
categories: {cups: {}, mugs: {}}
rules:
  - {name: money, when: {words: [money back], customer: {plan: gold}}, then: {tier: 2, checks: [the amount]}}
""")

TICKETS = """
- {id: a, language: en, tier: 3, category: other, messages: [I want to speak to a human]}
- {id: b, language: en, tier: 3, messages: ["[bold]What a day[/bold]"]}
- {id: c, tier: 1, messages: [Where is it?]}
"""


class Gold:
    """Everybody has the gold plan."""

    async def of(self, ticket: Ticket, policy: Policy) -> Customer:
        assert ticket.requester.id
        assert policy is TOLD
        return Customer({"plan": "gold"}, {"health": "unknown to the CRM"})


@asynccontextmanager
async def opened(_: Settings) -> AsyncIterator[Bench]:
    """That policy, and triage by words."""
    yield Bench(Standing(TOLD), ByWords(), Gold())


@pytest.fixture(params=["zendesk", "freshdesk"])
async def desk(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[str, Any, Settings]]:
    """A simulated account behind a port, and the settings for it."""
    async with httpx.AsyncClient() as http:
        simulator = ZendeskSimulator(http=http) if request.param == "zendesk" else FreshdeskSimulator(http=http)
        async with serving(simulator.app, host="127.0.0.1", port=0) as url:
            more: dict[str, Any]
            if isinstance(simulator, ZendeskSimulator):
                given = simulator.oauth_settings
                secret = SecretStr(given["client_secret"])
                more = {
                    "zendesk": ZendeskSettings(
                        url=url, client_id=given["client_id"], client_secret=secret, webhook_secrets=SECRET
                    )
                }
            else:
                key = SecretStr(simulator.settings["api_key"])
                more = {"freshdesk": FreshdeskSettings(url=url, api_key=key, webhook_secrets=SECRET)}
            yield request.param, simulator, Settings(database_url=SecretStr(database_url), **more)


async def told(settings: Settings, ticket: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that `policy explain` prints."""
    await explain_ticket(settings, ticket, opened=opened, helpdesk="", model=False, as_json=True)
    return json.loads(capsys.readouterr().out)


async def test_a_ticket_is_explained_and_nothing_is_written(
    desk: tuple[str, Any, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    """Read from the helpdesk, judged, and told for people; its tag of an agent lowers it."""
    name, simulator, settings = desk
    number = await simulator.open_ticket(
        name="Ana Lind",
        email="ana@customer.example",
        subject="Kettle",
        text="Unacceptable! I cancel my contract. Money back!",
    )

    found = await told(settings, f"{name}:{number}", capsys)
    assert found["decision"]["tier"] == 3
    assert found["decision"]["reasons"] == ["cancel", "angry"]
    assert [one["name"] for one in found["fired"]] == ["money"]
    assert found["unknown"] == {"health": "unknown to the CRM"}

    await explain_ticket(settings, number, opened=opened, helpdesk=name, model=False, as_json=False)
    shown = capsys.readouterr().out
    assert "Tier 3: wants to cancel, angry" in shown
    assert "Check: the amount" in shown
    assert "First answer due" in shown

    await simulator.add_tag(number, "deskpilot_tier_1")
    lowered = await told(settings, number, capsys)
    assert (lowered["decision"]["tier"], lowered["decision"]["lowered"]) == (1, True)
    assert simulator.notes(number) == []


async def test_tickets_of_a_week_about_something_else_explain_nothing(
    desk: tuple[str, Any, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a note: of many only those of the same category count."""
    name, simulator, settings = desk
    number = await simulator.open_ticket(name="Ana", email="ana@customer.example", subject="Cups", text="Which cups?")
    async with httpx.AsyncClient() as http, open_database(settings) as database:
        ticket = await helpdesks(settings, http)[name].ticket(number)
        for other, category in (("a1", "mugs"), ("a2", "mugs"), ("a3", "cups")):
            key = TicketKey(name, ticket.account, other)
            await Triages(database).save(
                key, "1", triage=triage(category=category), decision=Decision(), requester=ticket.requester.id
            )

    assert (await told(settings, f"{name}:{number}", capsys))["contacts"] == 2


async def test_a_ticket_without_its_helpdesk_and_a_model_that_is_not_set_are_named(
    desk: tuple[str, Any, Settings],
) -> None:
    """What to write instead."""
    name, simulator, settings = desk
    number = await simulator.open_ticket(name="Ana", email="ana@customer.example", subject="Kettle", text="Hello?")

    with pytest.raises(ServiceError, match="say which helpdesk other:1 is in"):
        await explain_ticket(settings, "other:1", opened=opened, helpdesk="", model=False, as_json=False)
    with pytest.raises(SettingsProblem, match="No model is set"):
        await explain_ticket(settings, f"{name}:{number}", opened=opened, helpdesk="", model=True, as_json=False)


async def test_a_model_is_asked_where_somebody_says_so(
    desk: tuple[str, Any, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    """One call, as a note would make it, from the same budgets; without --model none, whatever is set."""
    name, simulator, settings = desk
    number = await simulator.open_ticket(name="Ana", email="ana@customer.example", subject="Kettle", text="Well, well?")
    with fake_llm.serving() as model:
        settings = settings.model_copy(update={"llm": model.settings()})
        model.reply({"problem": "A threat", "sentiment": "angry", "wishes": ["legal"], "language": "en"})
        assert (await told(settings, f"{name}:{number}", capsys))["signals"] == []
        assert model.requests == []

        await explain_ticket(settings, f"{name}:{number}", opened=opened, helpdesk="", model=True, as_json=True)
        found = json.loads("{" + capsys.readouterr().out.partition("{")[2])  # before it stands a line of the log
        assert [one["name"] for one in found["signals"]] == ["legal", "angry"]
        assert len(model.requests) == 1
        async with open_database(settings) as database:
            today = await Spending(database, settings.llm).today()
        assert [one.account.partition(":")[0] for one in today] == [name]

        settings = settings.model_copy(update={"llm": model.settings(daily_cap=0.0, price_in=1.0, price_out=1.0)})
        with pytest.raises(ServiceError, match="budget for the model is used up"):
            await explain_ticket(settings, f"{name}:{number}", opened=opened, helpdesk="", model=True, as_json=True)
        assert len(model.requests) == 1


def file(tmp_path: Path, text: str = TICKETS) -> Path:
    """Labelled tickets."""
    path = tmp_path / "tickets.yaml"
    path.write_text(text)
    return path


LEAST: dict[str, float | None] = {"tier3_recall": None, "tier3_precision": None}


async def test_labelled_tickets_are_counted_for_people_and_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shares, confusion, hits per rule, and what is wrong, whose brackets are no markup."""
    tickets = file(tmp_path)
    assert await try_policy(Settings(), tickets, opened=opened, least=LEAST, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["tier3_recall"], found["tier3_precision"], found["by_tier"]["3"]) == (0.5, 1.0, {"1": 1, "3": 1})
    assert found["hits"]["escalation"] == {"fired": 1, "right": 1}

    assert await try_policy(Settings(), tickets, opened=opened, least=LEAST, as_json=False) == 0
    shown = capsys.readouterr().out
    for part in ("recall of tier 3", "50.0%", "never fired", "Not in the policy: other", "[bold]What a day[/bold]"):
        assert part in shown


@pytest.mark.parametrize(
    ("least", "code"),
    [
        ({"tier3_recall": 0.5, "tier3_precision": 1.0}, 0),
        ({"tier3_recall": 0.51}, 1),
        ({"tier3_precision": 0.7, "tier3_recall": None}, 0),
    ],
)
async def test_below_a_threshold_it_ends_with_1(tmp_path: Path, least: dict[str, float | None], code: int) -> None:
    """For a pipeline that must not let a worse policy through."""
    assert await try_policy(Settings(), file(tmp_path), opened=opened, least=least, as_json=False) == code


async def test_a_threshold_that_nothing_counts_for_is_not_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without tier 3 proves nothing of its recall."""
    tickets = file(tmp_path, "- {id: c, tier: 1, messages: [Where is it?]}")

    assert await try_policy(Settings(), tickets, opened=opened, least={"tier3_recall": 0.1}, as_json=False) == 1
    assert "cannot be told" in capsys.readouterr().out


def test_the_commands_stand_in_the_command_line(tmp_path: Path) -> None:
    """An unreadable file ends with 2, as settings that are wrong do, and names its line."""
    app, codes = typer.Typer(), list[Any]()

    def run(command: Callable[..., Coroutine[Any, Any, int]], *given: Any, **more: Any) -> None:
        try:
            codes.append(asyncio.run(command(Settings(), *given, **more)))
        except SettingsProblem as error:
            codes.append(str(error))

    add_policy_commands(app, run, opened)
    runner = CliRunner()
    for text in (TICKETS, "- id: a\n  tier: 5\n  messages: [x]\n"):
        path = str(file(tmp_path, text))
        assert runner.invoke(app, ["test", path, "--min-recall", "0.9", "--json"]).exit_code == 0
    assert codes[0] == 1
    assert "line 2, 0.tier" in codes[1]
