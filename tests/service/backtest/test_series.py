"""What stops a series, what goes on after it, and one cap for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import Response

from service.backtest.results import paid
from tests.service.backtest.account import Account
from tests.story.model import ANALYSIS, DRAFT, answering


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


async def test_what_the_other_side_cost_counts_also_where_it_is_not_wanted_this_time(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cap is the folder's."""
    await account.solved(1)
    (account.out / "against").mkdir(parents=True)
    (account.out / "against" / "results.jsonl").write_text(
        '{"model": "larger"}\n{"lost_cost": 2.0}\n{"helpdesk": "freshdesk", "ticket_id": "1", "messages": [{"cost": 3.0}]}\n'
    )
    code, _ = await account.run(tickets=1, most=5.0)

    assert (code, len(account.model.requests)) == (3, 0)
    assert "It stops at 5.00 in all, of which 5.00 is spent." in capsys.readouterr().err
    assert (await account.run(tickets=1, most=6.0))[0] == 0


async def test_what_came_to_no_result_is_paid_all_the_same(account: Account) -> None:
    """Else each run that stops would begin with money that is gone."""
    await account.solved(3)
    whole = answering(ANALYSIS, DRAFT)

    def without_a_draft(body: dict[str, Any]) -> Response:
        return Response(status_code=500) if '"reply"' in body["messages"][0]["content"] else whole(body)

    account.model.otherwise = without_a_draft
    code, made = await account.run(tickets=3, most=1.0)
    lost, asked = paid(account.out), len(account.model.requests)
    assert (code, made["summary"]["messages"]) == (3, 0)
    assert lost == pytest.approx(0.00018)  # of the analysis: with a cap it is one ticket at a time
    assert (await account.run(tickets=3, most=lost))[0] == 3
    assert len(account.model.requests) == asked

    account.model.otherwise = whole
    _, made = await account.run(tickets=3)
    assert paid(account.out) == pytest.approx(lost + 3 * made["summary"]["cost"])


async def test_one_cause_is_one_line(account: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not whole is not judged; the report is of the side that was replayed."""
    await account.solved(2)
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODEL=larger\n")
    await account.run(tickets=1)
    capsys.readouterr()
    code, made = await account.run(tickets=2, against=file, most=0.0001, min_coverage=0.5, min_fidelity=0.5)

    assert (code, made["failed"]) == (3, [])
    assert (made["summary"]["messages"], made["against"]["messages"]) == (1, 0)
    said = capsys.readouterr()
    assert said.err.count("✗") == 1
    assert "leaves (0.0004 is spent). The same command goes on" in said.err
    assert "Answer 1: the depot has it." in (account.out / "report.html").read_text()
    json.loads((account.out / "summary.json").read_text(), parse_constant=pytest.fail)


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
