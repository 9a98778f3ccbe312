"""How fast a webhook is taken, as ratios in one run: `python -m tests.bench.ack [--json]`.

Ours (`deskpilot serve --no-worker`) beside the floor and beside what people write today (tests/bench/rivals.py): three
processes on the same server and the same PostgreSQL with its default settings. Their turns alternate, so that what
else runs on the machine hits all alike: trust the ratios, not the numbers. Every ticket is another one; afterwards the
rows are counted, and a 2xx without its row (or a row without its 2xx) fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import uvloop
from rich.console import Console
from rich.table import Table

from service.web.server import free_port
from tests.bench.load import Deliveries, Load
from tests.bench.processes import DESKPILOT, HOST, answering, postgres, running
from tests.bench.rivals import SECRET
from tests.bench.story import NOWHERE, percentile

SERVERS = ("ours", "floor", "background")
TABLES = {"ours": "deliveries", "floor": "floor"}
CONNECTIONS = (1, 8, 32)
RATES = (50, 100, 200)
ROUNDS = 8
TURN_S = 1.0
PACED_S = 1.5
WARM_UP_S = 1.0

AT_LEAST = 0.8
"""ratio_floor: requests per second of ours to those of the floor, at 8 connections; the median over the rounds."""


@asynccontextmanager
async def servers(folder: Path, database: str) -> AsyncIterator[dict[str, Load]]:
    """All three, each as a process of its own, and the load for each."""
    async with AsyncExitStack() as stack:
        loads = {}
        for name in SERVERS:
            port = free_port(HOST, 0)
            environment = {
                "DESKPILOT_DATABASE_URL": database,
                "DESKPILOT_DATA_DIR": str(folder / "data"),
                "DESKPILOT_LOG_LEVEL": "ERROR",
                "DESKPILOT_ZENDESK__URL": NOWHERE,
                "DESKPILOT_ZENDESK__TOKEN": "t" * 40,
                "DESKPILOT_ZENDESK__WEBHOOK_SECRETS": SECRET,
            }
            rival = ("-m", "tests.bench.rivals", name, "--database", database)
            command: Sequence[str] = (*DESKPILOT, "serve", "--no-worker") if name == "ours" else rival
            process = await stack.enter_async_context(
                running(*command, "--port", str(port), environment=environment if name == "ours" else None)
            )
            await answering(f"http://{HOST}:{port}/healthz", process)
            loads[name] = Load(port, Deliveries(SECRET))
        yield loads


async def measure(*, rounds: int) -> dict[str, Any]:
    """All figures, in one run. Raises RuntimeError where rows and 2xx answers differ."""
    speeds: dict[str, dict[int, list[float]]] = {name: defaultdict(list) for name in SERVERS}
    times: dict[str, dict[int, list[float]]] = {name: defaultdict(list) for name in SERVERS}
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as name:
        folder = Path(name)
        async with postgres(folder) as database, servers(folder, database) as loads:
            for load in loads.values():
                await load.saturate(connections=max(CONNECTIONS), seconds=WARM_UP_S)
            for _ in range(rounds):
                for connections in CONNECTIONS:
                    for server, load in loads.items():
                        speed = await load.saturate(connections=connections, seconds=TURN_S)
                        speeds[server][connections].append(speed)
                for rate in RATES:
                    for server, load in loads.items():
                        times[server][rate] += await load.pace(per_second=rate, seconds=PACED_S)
            await judge(database, loads)
    ratios = [ours / floor for ours, floor in zip(speeds["ours"][8], speeds["floor"][8], strict=True)]
    return {
        "ratio_floor": round(statistics.median(ratios), 2),
        "requests_per_s": {
            server: {str(count): round(statistics.median(found)) for count, found in by.items()}
            for server, by in speeds.items()
        },
        "p99_ms": {
            server: {str(rate): round(percentile(found, 0.99), 1) for rate, found in by.items()}
            for server, by in times.items()
        },
    }


async def judge(database: str, loads: dict[str, Load]) -> None:
    """Every 2xx has its row and every row its 2xx. Raises RuntimeError."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        for server, table in TABLES.items():
            found = await connection.execute(f"SELECT count(*), count(DISTINCT ticket_id) FROM {table}".encode())  # noqa: S608 - our own table
            rows, tickets = await found.fetchone() or (0, 0)
            if not rows == tickets == loads[server].accepted:
                raise RuntimeError(f"{server}: {loads[server].accepted} answers 2xx, {rows} rows of {tickets} tickets")
    if refused := {server: load.refused for server, load in loads.items() if load.refused}:
        raise RuntimeError(f"requests were refused: {refused}")


def show(figures: dict[str, Any]) -> None:
    """The figures as tables."""
    console = Console()
    for key, title in (("requests_per_s", "requests/s at connections"), ("p99_ms", "p99 in ms at requests/s")):
        table = Table(title, *figures[key]["ours"], box=None)
        for server, by in figures[key].items():
            table.add_row(server, *(f"{value:g}" for value in by.values()))
        console.print(table)
    console.print(f"ours to the floor at 8 connections: {figures['ratio_floor']:g} (at least {AT_LEAST:g})")


def main() -> int:
    """Print the figures; exit 1 where the ratio misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each server")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measure(rounds=arguments.rounds))
    if arguments.json:
        print(json.dumps(figures))
    else:
        show(figures)
    return 0 if figures["ratio_floor"] >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
