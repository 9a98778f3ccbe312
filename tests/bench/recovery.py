"""How soon all is well again: `python -m tests.bench.recovery [--json]`; takes some ten minutes, most of them time-outs.

A real `deskpilot serve` with the settings it ships with, a helpdesk and a model that answer from memory, a proxy before
each (tests/proxy.py). Each of its eight faults in turn, on the model and on the helpdesk: tickets come until the breaker is
open, then the fault ends. Seconds from there until the breaker is closed and a ticket written in that moment has its
note; and until the last one that waited has one. Then the database: gone, and hanging; seconds until a webhook was told 503.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from service.web.server import free_port
from tests.bench.processes import DESKPILOT, HOST, answering, running
from tests.bench.story import event, signed
from tests.bench.throughput import NOTED, Bench, bench
from tests.proxy import FAULTS, Fault, Proxy, proxying

EVERY_S = 2.0  # between two tickets while a fault lasts
REFUSALS = 20
LATE_S = 180.0
AT_MOST = {"back_to_normal_s_max": 30.0, "refused_s_max": 3.0}

_OPEN = b"SELECT count(*) FROM outages WHERE failures > 1"
_IS_NOTED = b"SELECT count(*) FROM drafts WHERE posted_at IS NOT NULL AND ticket_id::int = %s"


@dataclass(slots=True)
class Recovery:
    """What came of one fault."""

    back_to_normal_s: float
    last_note_s: float


@dataclass(slots=True)
class Figures:
    """By "dependency: fault"."""

    faults: dict[str, Recovery] = field(default_factory=dict)
    refused_s: list[float] = field(default_factory=list)


async def recover(given: Bench, proxy: Proxy, fault: Fault) -> Recovery:
    """One fault, until all its tickets have their notes."""
    async with (
        await psycopg.AsyncConnection.connect(given.database_url, autocommit=True) as connection,
        asyncio.timeout(LATE_S),
    ):
        proxy.fault = fault
        # what asks everybody to wait opens no breaker: its tickets are put off
        while not await given.one(connection, _OPEN) and not (fault == "too many" and proxy.spoiled):
            await _written(given, connection)
            await asyncio.sleep(EVERY_S)
        proxy.fault, ended = None, time.perf_counter()
        new = await _written(given, connection)
        while await given.one(connection, _OPEN) or not await given.one(connection, _IS_NOTED, new):
            await asyncio.sleep(0.1)
        normal_s = time.perf_counter() - ended
        while await given.one(connection, NOTED) < given.asked:
            await asyncio.sleep(0.1)
        proxy.spoiled = 0
        return Recovery(normal_s, time.perf_counter() - ended)


async def _written(given: Bench, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> int:
    given.asked += 1
    await given.put(connection, given.asked, given.asked)
    return given.asked


@contextmanager
def stopped(postgres: psutil.Process) -> Iterator[None]:
    """A database that hangs: connections stand, nothing is answered."""
    processes = [postgres, *postgres.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


async def refusals(url: str, secret: str) -> list[float]:
    """Seconds to each 503. Raises RuntimeError where a webhook was told anything else."""
    took = []
    async with httpx.AsyncClient(timeout=30) as http:
        for number in range(REFUSALS):
            body, began = event(900_000 + number), time.perf_counter()
            answer = await http.post(f"{url}/webhooks/zendesk", content=body, headers=signed(body, secret))
            took.append(time.perf_counter() - began)
            if answer.status_code != 503 or answer.headers["retry-after"] != "5":
                raise RuntimeError(f"a webhook without a database was told {answer.status_code}")
    return took


async def measure() -> Figures:
    """All figures, in one run."""
    figures = Figures()
    async with AsyncExitStack() as stack:
        given, environment = await stack.enter_async_context(bench())
        ports = {
            "helpdesk": int(given.desk_url.rpartition(":")[2]),
            "model": int(environment["DESKPILOT_LLM__BASE_URL"].rpartition(":")[2].partition("/")[0]),
        }
        proxies = {
            name: await stack.enter_async_context(proxying(port, latency_s=300.0)) for name, port in ports.items()
        }
        environment |= {
            "DESKPILOT_ZENDESK__URL": proxies["helpdesk"].url,
            "DESKPILOT_LLM__BASE_URL": f"{proxies['model'].url}/v1",
        }
        port = free_port(HOST, 0)
        process = await stack.enter_async_context(
            running(*DESKPILOT, "serve", "--port", str(port), environment=environment)
        )
        await answering(f"http://{HOST}:{port}/readyz", process)
        progress = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        task = progress.add_task("faults", total=len(proxies) * len(FAULTS))
        for name, proxy in proxies.items():
            for fault in FAULTS:
                progress.update(task, description=f"{name}: {fault}")
                figures.faults[f"{name}: {fault}"] = await recover(given, proxy, fault)
                progress.advance(task)
        await given.judge()
        pid = int((given.folder / "postgres" / "postmaster.pid").read_text().partition("\n")[0])
        secret = environment["DESKPILOT_ZENDESK__WEBHOOK_SECRETS"]
        postgres = psutil.Process(pid)
        with stopped(postgres):
            figures.refused_s += await refusals(f"http://{HOST}:{port}", secret)
        postgres.send_signal(signal.SIGQUIT)  # at once, as after a crash
        postgres.wait(timeout=10)
        figures.refused_s += await refusals(f"http://{HOST}:{port}", secret)
    return figures


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    found = asyncio.run(measure())
    figures = {
        "back_to_normal_s_max": max(one.back_to_normal_s for one in found.faults.values()),
        "last_note_s_max": max(one.last_note_s for one in found.faults.values()),
        "refused_s_max": max(found.refused_s),
    }
    figures = {name: round(value, 2) for name, value in figures.items()}
    if arguments.json:
        faults = {
            name: {"back_to_normal_s": round(one.back_to_normal_s, 2), "last_note_s": round(one.last_note_s, 2)}
            for name, one in found.faults.items()
        }
        print(json.dumps({**figures, "faults": faults}))
    else:
        table = Table("fault", "back to normal", "last note", box=None)
        for name, one in found.faults.items():
            table.add_row(name, f"{one.back_to_normal_s:.1f} s", f"{one.last_note_s:.1f} s")
        Console().print(table)
        Console().print(f"a webhook without a database is told 503 within {figures['refused_s_max']:g} s")
    return 1 if any(figures[name] > bar for name, bar in AT_MOST.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
