"""The chaos test: `python -m tests.chaos [--messages N] [--kills M] [--seed S] [--embedded]`.

Prints the judge's table, then one line of JSON; exits with 1 on any breach.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.crew import DiedError
from tests.chaos.driver import Plan, staged
from tests.chaos.evidence import save
from tests.chaos.judge import Demands, Verdict, judge

_SHOWN = 40


def scaled(messages: int, kills: int, **more: object) -> tuple[Plan, Demands]:
    """A run of this size, and what it has to reach: three fifths of the kills hit a running job, a tenth each point."""
    points = max(1, kills // 10) if kills else 0
    if more.get("embedded"):
        more["gap_s"] = (9.0, 14.0)  # alone, it has to come back and go on before it is killed again
    plan = Plan(messages=messages, kills=kills, points=points, web_kills=kills // 8, rolling=messages // 10, **more)  # type: ignore[arg-type]
    return plan, Demands(kills=kills, kills_of_running_jobs=kills * 3 // 5, kills_at_each_point=points)


async def run(plan: Plan, demands: Demands, folder: Path) -> Verdict:
    """One run; its logs and its evidence stay in `folder`."""
    me = asyncio.current_task()
    if me:  # SIGTERM ends the processes, too
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    async with staged(plan, folder) as driver:
        evidence = await driver.run()
    save(evidence, folder / "evidence.json")
    return judge(evidence, demands)


def show(verdict: Verdict, console: Console) -> None:
    """The table, and a sentence for each breach."""
    table = Table("what", "number", box=None, pad_edge=False)
    for name, value in asdict(verdict).items():
        if isinstance(value, dict):
            for part, number in value.items():
                table.add_row(f"kills {part}", str(number))
        elif name != "breaches":
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    for sentence in verdict.breaches[:_SHOWN]:
        console.print(f"✗ {sentence}", markup=False, soft_wrap=True)
    if len(verdict.breaches) > _SHOWN:
        console.print(f"✗ and {len(verdict.breaches) - _SHOWN} more")


def main() -> int:
    """Run, show, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--lost", type=float, default=0.05, help="share of webhooks that never arrive")
    parser.add_argument("--embedded", action="store_true", help="one process on the embedded engines")
    given = parser.parse_args()
    console = Console(stderr=True)
    folder = Path(tempfile.mkdtemp(prefix="deskpilot-chaos-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user
    console.print(f"The log of each process, and the evidence: {folder}")
    plan, demands = scaled(given.messages, given.kills, seed=given.seed, lost=given.lost, embedded=given.embedded)
    began = time.monotonic()
    try:
        verdict = asyncio.run(run(plan, demands, folder))
    except DiedError as error:
        console.print(f"✗ {error}", markup=False, soft_wrap=True)
        return 2
    finally:
        shutil.rmtree(folder / "data", ignore_errors=True)
    show(verdict, Console())
    numbers = {name: value for name, value in asdict(verdict).items() if name != "breaches"}
    print(json.dumps({**numbers, "breaches": len(verdict.breaches), "took_s": round(time.monotonic() - began)}))
    return 1 if verdict.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
