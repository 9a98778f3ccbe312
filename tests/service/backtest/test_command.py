"""`deskpilot backtest` as somebody runs it: over HTTP, resumed, capped, slowed down, compared."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import Response
from pydantic import SecretStr

from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from service.assembly import opened_library
from service.backtest import command
from service.backtest.command import Wish, replay_tickets
from service.backtest.overlay import overlay
from service.backtest.results import compared, summary
from service.errors import ServiceError
from service.groups import FreshdeskSettings, KnowledgeSettings, LLMSettings
from service.knowledge.sources import sync_all
from service.settings import Settings, SettingsProblem
from service.web.server import serving
from tests import fake_llm
from tests.browser import open_page
from tests.service.backtest.test_results import some
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


class Account:
    """A served Freshdesk with solved tickets, and a model."""

    def __init__(self, simulator: FreshdeskSimulator, model: fake_llm.FakeLLM, settings: Settings, out: Path) -> None:
        self.simulator, self.model, self.settings, self.out = simulator, model, settings, out

    async def solved(self, count: int) -> None:
        """So many tickets, each answered differently."""
        for number in range(count):
            with self.simulator.back_then(LATER + timedelta(minutes=number)):
                ticket_id = await self.simulator.open_ticket(
                    name="Ana Lind", email=f"ana{number}@customer.example", subject="My parcel", text=LOST
                )
                await self.simulator.agent_message(ticket_id, text=f"Answer {number}: the depot has it.", public=True)
                await self.simulator.set_status(ticket_id, "solved")

    async def run(self, **more: Any) -> tuple[int, dict[str, Any]]:
        """The exit code, and what the summary says."""
        code = await replay_tickets(self.settings, replace(Wish(self.out, sure=True), **more))
        return code, json.loads((self.out / "summary.json").read_text())


@pytest.fixture
async def account(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    """Knowledge is read before the tickets come."""
    simulator = FreshdeskSimulator(options=Options())
    with fake_llm.serving() as model:
        model.otherwise = answering(ANALYSIS, DRAFT)
        async with serving(simulator.app, host="127.0.0.1", port=0) as url:
            settings = Settings(
                database_url=SecretStr(database_url),
                data_dir=tmp_path / "data",
                freshdesk=FreshdeskSettings(url=url, api_key=SecretStr(simulator.settings["api_key"])),
                knowledge=KnowledgeSettings(folder=write_articles(tmp_path / "articles"), sync_every_s=0),
                llm=model.settings(price_in=1.0, price_out=4.0),
            )
            monkeypatch.setattr("service.backtest.command.load", lambda **changes: _changed(settings, changes))
            async with opened_library(settings) as library:
                await sync_all(library, progress=lambda *_: None)
            yield Account(simulator, model, settings, tmp_path / "out")


def _changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    """As the environment of this process would give them, with some that differ."""
    llm = settings.llm.model_copy(update=changes.get("llm", {}))
    return settings.model_copy(update={"llm": llm})


async def test_a_report_is_written_and_a_second_run_pays_for_nothing(account: Account) -> None:
    """Whatever is there is not asked again."""
    await account.solved(5)
    code, made = await account.run(tickets=4)
    asked = len(account.model.requests)
    again, _ = await account.run(tickets=4)

    assert (code, again) == (0, 0)
    assert made["summary"]["messages"] == 4
    assert made["summary"]["drafts"] == 4
    assert made["summary"]["coverage"] == {"of": 4, "too_few": True}
    assert made["summary"]["cost"] > 0
    assert made["whole"] is True
    assert len(account.model.requests) == asked
    await account.run(tickets=5)
    assert len(account.model.requests) == asked + 2


async def test_whoever_has_never_synced_gets_the_knowledge_read_first(account: Account, tmp_path: Path) -> None:
    """And is told where there is none, before anything is asked or paid."""
    await account.solved(1)
    elsewhere = account.settings.model_copy(update={"data_dir": tmp_path / "new"})
    assert await replay_tickets(elsewhere, Wish(account.out, tickets=1, sure=True)) == 0
    made = json.loads((account.out / "summary.json").read_text())
    assert made["summary"]["drafts"] == 1

    bare = KnowledgeSettings(sync_every_s=0)
    nothing = elsewhere.model_copy(update={"data_dir": tmp_path / "newer", "knowledge": bare})
    with pytest.raises(ServiceError, match="no article to draft from"):
        await replay_tickets(nothing, Wish(tmp_path / "other", tickets=1, sure=True))


async def test_a_cap_without_prices_is_refused(tmp_path: Path) -> None:
    """It would never stop anything."""
    settings = Settings(llm=LLMSettings(base_url="http://127.0.0.1:1/v1", model="m", price_in=1.0))
    with pytest.raises(SettingsProblem, match="--max-cost needs prices"):
        await replay_tickets(settings, Wish(tmp_path, most=1.0, sure=True))


async def test_money_that_is_used_up_stops_it_and_the_next_run_goes_on(account: Account) -> None:
    """Exit code 3: it is no failure, and not whole."""
    await account.solved(4)
    cost = (await account.run(tickets=1))[1]["summary"]["cost"]
    code, made = await account.run(tickets=4, most=cost)  # a call is paid at its most before it is made

    assert code == 3
    assert made["whole"] is False
    assert "might cost more than the cap of" in made["stopped"]
    assert made["summary"]["messages"] == 1  # what an earlier run paid counts
    asked = len(account.model.requests)
    assert (await account.run(tickets=4, most=cost))[0] == 3
    assert len(account.model.requests) == asked
    code, made = await account.run(tickets=4)
    assert (code, made["summary"]["messages"]) == (0, 4)
    code, made = await account.run(tickets=2)
    assert (code, made["summary"]["messages"]) == (0, 2)  # of the four, the two that were asked for


async def test_both_sides_of_a_comparison_share_the_cap(account: Account, tmp_path: Path) -> None:
    """The second one begins with what the first has left."""
    await account.solved(2)
    cost = (await account.run(tickets=2))[1]["summary"]["cost"] * 2
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODEL=larger\n")
    code, made = await account.run(tickets=2, against=file, most=cost + 1e-6)
    assert (code, made["summary"]["messages"], made["against"]["messages"]) == (3, 2, 0)
    assert not any(one.body["model"] == "larger" for one in account.model.requests)


async def test_what_is_left_is_what_is_asked_about(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Tickets that are done cost nothing; where nothing is left, nobody is asked."""
    await account.solved(3)
    await account.run(tickets=2)
    capsys.readouterr()
    await account.run(tickets=3)
    said = capsys.readouterr().err
    assert "2 of 3 tickets are done already." in said
    assert "1 ticket with main: about 4,000 tokens in and 500 out, some 0.01 in your currency." in said
    assert await replay_tickets(account.settings, Wish(account.out, tickets=3, sure=False)) == 0
    assert "Go on?" not in capsys.readouterr().err


async def test_a_file_that_changes_nothing_is_refused_before_anything_is_paid(account: Account, tmp_path: Path) -> None:
    """Both sides would be the same, and the second be paid for nothing."""
    await account.solved(1)
    file = tmp_path / "same.env"
    file.write_text("DESKPILOT_LLM__MODEL=main\n")
    await account.run(tickets=1)
    asked = len(account.model.requests)
    with pytest.raises(SettingsProblem, match="changes nothing"):
        await account.run(tickets=1, against=file)
    assert len(account.model.requests) == asked


async def test_the_folder_of_the_other_side_is_looked_at_before_anything_is_paid(
    account: Account, tmp_path: Path
) -> None:
    """What differs is named."""
    await account.solved(1)
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODEL=larger\n")
    await account.run(tickets=1, against=file)
    asked = len(account.model.requests)
    file.write_text("DESKPILOT_LLM__MODEL=largest\n")
    with pytest.raises(ServiceError, match='model: "larger" there, "largest" now'):
        await account.run(tickets=1, against=file)
    assert len(account.model.requests) == asked


async def test_whoever_presses_ctrl_c_gets_the_report_of_what_is_done(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, one sentence of how to go on, and the next run does go on."""
    await account.solved(6)
    asked = 0

    def interrupting(body: dict[str, Any]) -> Response:
        nonlocal asked
        asked += 1
        if asked == 5:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # in a thread of the model's own
        return answering(ANALYSIS, DRAFT)(body)

    account.model.otherwise = interrupting
    code, made = await account.run(tickets=6)
    assert code == 3
    assert made["stopped"] == "you asked for it"
    assert made["summary"]["messages"] < 6
    said = capsys.readouterr().err
    assert said.count("✗") == 1
    assert "Stopped: you asked for it. The same command goes on where it stopped." in said
    assert "Unfinished: you asked for it." in (account.out / "report.html").read_text()
    code, made = await account.run(tickets=6)
    assert (code, made["summary"]["messages"]) == (0, 6)


async def test_a_model_that_does_not_answer_stops_it_instead_of_changing_the_figures(account: Account) -> None:
    """A quoted draft in place of a written one would say something else about the model."""
    await account.solved(3)
    account.model.script.extend([lambda _: Response(status_code=500)] * 20)
    code, made = await account.run(tickets=3)

    assert code == 3
    assert made["summary"]["messages"] == 0


async def test_a_helpdesk_that_asks_to_slow_down_is_waited_for(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its limit is no end."""
    await account.solved(3)
    account.simulator.faults.refused = 2
    waited: list[float] = []

    async def no_sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("service.backtest.choosing._pause", no_sleep)
    code, made = await account.run(tickets=3)

    assert (code, made["summary"]["messages"]) == (0, 3)
    assert len(waited) == 2


async def test_two_configurations_are_compared_on_the_same_tickets(account: Account, tmp_path: Path) -> None:
    """A change of the model, as a gate would run it."""
    await account.solved(3)
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODEL=larger\n")
    code, made = await account.run(tickets=3, against=file)

    assert code == 1
    assert made["failed"] == ["a regression cannot be judged: 3 messages were replayed by both, and it needs 30"]
    assert made["difference"]["messages"] == 3
    assert [one["model"] for one in made["configurations"]] == ["main", "larger"]
    assert {one.body["model"] for one in account.model.requests} == {"fast", "main", "larger"}
    assert (account.out / "against" / "results.jsonl").exists()


async def test_thresholds_make_it_a_gate(account: Account) -> None:
    """Exit code 1, and why."""
    await account.solved(2)
    code, made = await account.run(tickets=2, min_fidelity=0.9)

    assert code == 1
    assert made["failed"] == ["fidelity cannot be judged: it rests on 2, and needs 30"]


def test_a_gate_tells_what_is_below_and_what_cannot_be_judged() -> None:
    """A sentence for each, in the order of the thresholds."""
    good, poor = some(40), some(40, fidelity=0.5, use="edited")
    wish = Wish(Path("out"), min_coverage=0.5, min_fidelity=0.9)
    assert command._failed(summary(good), None, wish) == []
    assert command._failed(summary(poor), None, wish) == ["fidelity is 0.50 of 40, below 0.9"]
    assert len(command._failed(summary(some(29)), None, wish)) == 2
    worse = compared(good, poor, margin=0.02)
    assert command._failed(summary(poor), worse, Wish(Path("out"))) == ["fidelity got worse"]
    few = compared(good[:29], poor[:29], margin=0.02)
    assert "cannot be judged" in command._failed(summary(poor), few, Wish(Path("out")))[0]


async def test_another_configuration_wants_another_folder(account: Account) -> None:
    """Nothing is mixed; and without a solved ticket there is nothing to do."""
    with pytest.raises(ServiceError, match="no solved tickets"):
        await account.run()
    await account.solved(1)
    await account.run(tickets=1)
    account.settings = _changed(account.settings, {"llm": {"model": "larger"}})

    with pytest.raises(ServiceError, match="another configuration"):
        await account.run(tickets=1)


def test_a_misspelt_setting_of_the_other_configuration_is_refused(tmp_path: Path) -> None:
    """Both sides would be the same, and be paid twice."""
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODLE=small\n", encoding="utf-8")
    with pytest.raises(SettingsProblem, match="did you mean DESKPILOT_LLM__MODEL"):
        overlay(file)


@pytest.mark.parametrize("text", ["LLM__MODEL=x", "DESKPILOT_LLM__MODEL", "= = ="])
def test_a_file_that_is_no_settings_is_refused_by_its_line(tmp_path: Path, text: str) -> None:
    """Before anything is paid."""
    file = tmp_path / "other.env"
    file.write_text(f"# what differs\n{text}\n")
    if text == "DESKPILOT_LLM__MODEL":
        assert overlay(file) == {"llm": {"model": None}}
        return

    with pytest.raises(SettingsProblem, match="Line 2"):
        overlay(file)


async def test_the_report_reads_on_a_phone_and_runs_nothing(account: Account) -> None:
    """Under its own policy; what a customer wrote is shown, not run."""
    await account.solved(3)
    with account.simulator.back_then(LATER + timedelta(hours=2)):
        ticket_id = await account.simulator.open_ticket(
            name="Bea", email="bea@customer.example", subject="x", text=f"<script>alert(1)</script> {LOST}"
        )
        await account.simulator.agent_message(ticket_id, text="It is <b>not</b> lost.", public=True)
        await account.simulator.set_status(ticket_id, "solved")
    await account.run(tickets=4)
    async with open_page(width=390, height=844) as page:
        await page.goto((account.out / "report.html").as_uri())
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        shown = await page.inner_text("main")
        pictures = await page.locator("svg").count()

    assert overflow <= 0
    assert "It is <b>not</b> lost." in shown
    assert "bea@customer.example" not in shown
    assert (pictures, "too few (4 of 30)" in shown) == (0, True)  # a picture would be a figure
