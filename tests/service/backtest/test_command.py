"""`deskpilot backtest` as somebody runs it: over HTTP, resumed, capped, slowed down, compared."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from service.backtest import command
from service.backtest.command import Wish, replay_tickets
from service.backtest.results import compared, summary
from service.errors import ServiceError
from service.groups import KnowledgeSettings, LLMSettings
from service.settings import Settings, SettingsProblem
from tests.browser import open_page
from tests.service.backtest.account import LATER, LOST, Account, changed
from tests.service.backtest.test_results import some


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


async def test_what_is_left_is_what_is_asked_about(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Tickets that are done cost nothing; where nothing is left, nobody is asked."""
    await account.solved(3)
    await account.run(tickets=2)
    capsys.readouterr()
    await account.run(tickets=3)
    said = capsys.readouterr().err
    assert "2 of 3 tickets are done already." in said
    assert "1 ticket with main: about 4,000 tokens in and 500 out, some 0.0060 in your currency." in said
    assert await replay_tickets(account.settings, Wish(account.out, tickets=3, sure=False)) == 0
    assert "Go on?" not in capsys.readouterr().err


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
    account.settings = changed(account.settings, {"llm": {"model": "larger"}})

    with pytest.raises(ServiceError, match="another configuration"):
        await account.run(tickets=1)


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
