"""`deskpilot audit` as somebody runs it, over both simulated helpdesks: what it prints, how it ends, which files it leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner, Result

from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.zendesk.simulator import ZendeskSimulator
from service.cli import app
from service.policy.reading import read
from service.web.server import serving
from tests.service.audit.history import ASKED

HOST = "127.0.0.1"
NOBODY = f"http://{HOST}:1"
STRANGE = "It was nice to meet you at the fair. The lid squeaks; write to ana.lind@customer.example."
DOCUMENT = Path(__file__).parents[3] / "deploy" / "audit.md"


@dataclass
class Buyer:
    """Somebody with both accounts, in a folder of their own."""

    zendesk: ZendeskSimulator
    freshdesk: FreshdeskSimulator
    folder: Path
    environment: dict[str, str]

    async def audit(self, *arguments: str, **settings: str) -> Result:
        """The command, with these settings in place of the good ones."""
        changed = {f"DESKPILOT_{name}": value for name, value in settings.items()}
        environment = {**self.environment, **changed, "COLUMNS": "100"}
        return await asyncio.to_thread(CliRunner().invoke, app, ["audit", *arguments], env=environment)

    async def tickets(self, *texts: str) -> None:
        """Of each text one in each helpdesk, some days ago, answered once and solved."""
        for number, text in enumerate(texts):
            at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1 + number)
            for simulator in (self.zendesk, self.freshdesk):
                with simulator.back_then(at) as later:
                    ticket_id = await simulator.open_ticket(
                        name="Ana Lind", email="ana.lind@customer.example", subject=text.split(".")[0], text=text
                    )
                    later(at + timedelta(hours=2))
                    await simulator.agent_message(ticket_id, text="Like this.", public=True)
                    await simulator.set_status(ticket_id, "solved")

    @property
    def files(self) -> set[str]:
        """What lies there now."""
        return {file.name for file in self.folder.iterdir() if not file.name.startswith(".")}

    @property
    def asked(self) -> list[tuple[str, str]]:
        """All calls to both accounts."""
        return [(one.method, one.path) for sim in (self.zendesk, self.freshdesk) for one in sim.requests]


@pytest.fixture
async def buyer(tmp_path: Path, database_url: str) -> AsyncIterator[Buyer]:
    """Both accounts answer, and have no ticket."""
    zendesk, freshdesk = ZendeskSimulator(), FreshdeskSimulator()
    async with (
        serving(zendesk.app, host=HOST, port=0) as zendesk_url,
        serving(freshdesk.app, host=HOST, port=0) as freshdesk_url,
    ):
        environment = {
            "DATABASE_URL": database_url,
            "ZENDESK__URL": zendesk_url,
            "ZENDESK__CLIENT_ID": zendesk.oauth_settings["client_id"],
            "ZENDESK__CLIENT_SECRET": zendesk.oauth_settings["client_secret"],
            "FRESHDESK__URL": freshdesk_url,
            "FRESHDESK__API_KEY": freshdesk.settings["api_key"],
        }
        prefixed = {f"DESKPILOT_{name}": value for name, value in environment.items()}
        yield Buyer(zendesk, freshdesk, tmp_path, prefixed)


def complaints(ended: Result) -> list[str]:
    """The lines on stderr that say what is wrong."""
    return [line.removeprefix("✗ ") for line in ended.stderr.splitlines() if line.startswith("✗ ")]


BOTH = ("--html", "audit.html", "--policy", "policy.yaml")


async def test_both_helpdesks_are_read_and_nothing_is_written_to_them(buyer: Buyer) -> None:
    """The files are those that were asked for; the proposed policy is good."""
    await buyer.tickets(ASKED["delivery"], ASKED["fault"], STRANGE)
    ended = await buyer.audit(*BOTH)

    assert ended.exit_code == 0
    assert ended.stdout.startswith("6 tickets of zendesk and freshdesk since ")
    assert buyer.files == {"audit.html", "policy.yaml"}
    assert read(buyer.folder / "policy.yaml").policy.name == "Proposed by the audit"
    assert {method for method, path in buyer.asked if path != "/oauth/tokens"} == {"GET"}


async def test_many_tickets_of_no_category_are_warned_of_with_what_some_of_them_say(buyer: Buyer) -> None:
    """Masked, as the report is passed on; in the page as in the terminal."""
    await buyer.tickets(ASKED["delivery"], STRANGE)
    ended = await buyer.audit("--html", "audit.html")
    page = (buyer.folder / "audit.html").read_text()

    assert "! 2 of 4 tickets (50%) were not told apart" in ended.stdout
    for told in (ended.stdout, page):
        assert "It was nice to meet you at the fair." in told
        assert "ana.lind" not in told
    assert (await buyer.audit("--helpdesk", "zendesk")).stdout.startswith("2 tickets of zendesk since")


@pytest.mark.parametrize(
    ("settings", "where", "remedy"),
    [
        ({"FRESHDESK__API_KEY": "wrong-key"}, "with 401", "`deskpilot doctor` tries DESKPILOT_FRESHDESK__URL and the credentials"),
        ({"FRESHDESK__URL": NOBODY}, "127.0.0.1:1 cannot be reached", "See that DESKPILOT_FRESHDESK__URL is right and answers"),
    ],
)  # fmt: skip
async def test_a_helpdesk_that_lets_nobody_in_is_one_clean_line_and_no_file(
    buyer: Buyer, settings: dict[str, str], where: str, remedy: str
) -> None:
    """What, where, and what to do; no empty table."""
    await buyer.tickets(ASKED["delivery"])
    ended = await buyer.audit("--helpdesk", "freshdesk", *BOTH, **settings)
    (said,) = complaints(ended)

    assert (ended.exit_code, ended.stdout, buyer.files) == (1, "", set())
    assert ended.stderr.strip() == f"✗ {said}"
    assert said.startswith("Nothing could be read from freshdesk, so it is in no figure: ")
    assert where in said
    assert remedy in said


async def test_where_no_helpdesk_answers_each_has_its_line(buyer: Buyer) -> None:
    """Zendesk refuses our client, nobody is at Freshdesk's address."""
    ended = await buyer.audit(*BOTH, ZENDESK__CLIENT_SECRET="wrong", FRESHDESK__URL=NOBODY)
    zendesk, freshdesk = complaints(ended)

    assert (ended.exit_code, ended.stdout, buyer.files) == (1, "", set())
    assert zendesk.startswith("Nothing could be read from zendesk")
    assert freshdesk.startswith("Nothing could be read from freshdesk")


async def test_of_two_helpdesks_of_which_one_fails_the_figures_are_of_the_other(buyer: Buyer) -> None:
    """Said in the terminal, on the page, in the policy and for programs; exit code 1."""
    await buyer.tickets(ASKED["delivery"], ASKED["fault"])
    ended = await buyer.audit(*BOTH, FRESHDESK__API_KEY="wrong-key")
    page, policy = ((buyer.folder / name).read_text() for name in ("audit.html", "policy.yaml"))
    program = await buyer.audit("--json", FRESHDESK__API_KEY="wrong-key")

    assert (ended.exit_code, program.exit_code) == (1, 1)
    assert ended.stdout.startswith("2 tickets of zendesk since ")
    assert "✗ Nothing could be read from freshdesk" in ended.stdout
    assert "2 tickets of Zendesk, " in page
    assert "Nothing could be read from freshdesk" in page
    assert "# 2 tickets of zendesk were read.\n# Not whole: Nothing could be read from freshdesk" in policy
    assert json.loads(program.stdout)["helpdesks"] == ["zendesk"]
    assert complaints(program) == json.loads(program.stdout)["problems"]


async def test_a_span_without_tickets_is_a_sentence_and_no_report(buyer: Buyer) -> None:
    """Exit code 1, for programs, too: whoever wants figures gets none."""
    for more in ((), ("--json",)):
        ended = await buyer.audit(*BOTH, *more)
        (said,) = complaints(ended)

        assert (ended.exit_code, ended.stdout, buyer.files) == (1, "", set())
        assert said.startswith("zendesk and freshdesk have no ticket of a customer since ")


async def test_a_policy_that_somebody_wrote_is_refused_before_the_first_call(buyer: Buyer) -> None:
    """And replaced where they say so."""
    await buyer.tickets(ASKED["delivery"])
    file = buyer.folder / "policy.yaml"
    await asyncio.to_thread(file.write_text, "version: 1\nextends: builtin\n")
    refused = await buyer.audit(*BOTH)
    calls, left = len(buyer.asked), buyer.files
    forced = await buyer.audit(*BOTH, "--force")

    assert (refused.exit_code, refused.stdout, calls, left) == (1, "", 0, {"policy.yaml"})
    assert complaints(refused)[0].startswith("policy.yaml is there already")
    assert "--force" in complaints(refused)[0]
    assert forced.exit_code == 0
    assert read(file).policy.name == "Proposed by the audit"


async def test_a_second_run_replaces_nothing_that_was_changed_meanwhile(buyer: Buyer) -> None:
    """The same content is fine; a proposal that somebody has worked on stays, and the new one stands beside it."""
    await buyer.tickets(ASKED["delivery"])
    file = buyer.folder / "policy.yaml"
    codes = [(await buyer.audit("--policy", "policy.yaml")).exit_code for _ in range(2)]
    changed = await asyncio.to_thread(file.read_text) + "languages: [en]\n"
    await asyncio.to_thread(file.write_text, changed)
    ended = await buyer.audit("--policy", "policy.yaml")

    assert codes == [0, 0]
    assert ended.exit_code == 1
    assert complaints(ended)[0].startswith("policy.yaml stays as it is")
    assert await asyncio.to_thread(file.read_text) == changed
    (beside,) = buyer.files - {"policy.yaml"}
    assert f"Written to {beside}" in ended.stderr


def never(word: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    pytest.fail(f"{word} in the JSON")


def keys(told: Any) -> set[str]:
    """All of them, at every level; what counts by a name of the team's is not one."""
    if isinstance(told, dict):
        return set(told) | {key for name, one in told.items() if name != "left_out" for key in keys(one)}
    return {key for one in told for key in keys(one)} if isinstance(told, list) else set()


async def test_programs_read_iso_times_real_numbers_and_documented_units(buyer: Buyer) -> None:
    """Every key stands in the document."""
    storm = [ASKED["fault"]] * 40
    await buyer.tickets(ASKED["delivery"], *storm, STRANGE)
    ended = await buyer.audit("--json", "--months", "2")
    told = json.loads(ended.stdout, parse_constant=never)
    documented = await asyncio.to_thread(DOCUMENT.read_text, encoding="utf-8")

    assert ended.exit_code == 0
    for name in ("since", "until"):
        assert datetime.fromisoformat(told[name]).utcoffset() == timedelta(0)
        assert "T" in told[name]
    assert all(datetime.fromisoformat(week).weekday() == 0 for week, _ in told["weeks"])
    fault = next(kind for kind in told["kinds"] if kind["name"] == "fault")
    assert (fault["tickets"], fault["median_first_reply_hours"], fault["first_contact"]["point"]) == (80, 2.0, 1.0)
    assert all(0 <= kind[share] <= 1 for kind in told["kinds"] for share in ("share", "effort", "person"))
    assert {key for key in keys(told) if f"`{key}`" not in documented} == set()
