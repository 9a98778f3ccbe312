"""Does it grow? Five tickets a second for as long as you like: `python -m tests.bench.soak [--seconds N] [--json]`.

One real `deskpilot serve` (web and worker) on a PostgreSQL, with a helpdesk and a model that answer from memory
(tests/bench/canned.py). Every ticket is another one: its webhook is signed and sent, its note has to stand there in the end.
Memory and open files are looked at once a second. What the first tickets fill (caches, pools, the allocator's heaps) is
not growth: the first third of the time warms up, then the first and the last fifth of the rest are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import uvloop
from rich.console import Console
from rich.progress import Progress

from service.web.server import free_port
from tests.bench.load import Deliveries, Load
from tests.bench.processes import DESKPILOT, HOST, answering, descriptors, rss_mb, running, told
from tests.bench.throughput import LATE_S, NOTED, Bench, bench

PER_SECOND = 5
SECONDS = 600
MODEL_S = 1.0  # two calls a ticket: ten are on their way at any time
TURN_S = 10.0
WARM_UP = 1 / 3
COMPARED = 1 / 5

AT_MOST = {"rss_growth": 0.05, "descriptors_growth": 2}
"""rss_growth: a share of the first. descriptors_growth: a pool may open one more connection at a late peak; what leaks does
so with every ticket, and there are thousands."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How big the process was at one moment."""

    rss_mb: float
    descriptors: int


async def soak(seconds: float) -> dict[str, float]:
    """All figures. Raises RuntimeError where a webhook was refused or a note is missing, double or public."""
    async with bench(seconds=MODEL_S) as (given, environment):
        port = free_port(HOST, 0)
        serving = running(*DESKPILOT, "serve", "--port", str(port), environment=environment)
        async with serving as process:
            await answering(f"http://{HOST}:{port}/readyz", process)
            load = Load(port, Deliveries(environment["DESKPILOT_ZENDESK__WEBHOOK_SECRETS"]))
            samples: list[Sample] = []
            watching = asyncio.create_task(_watch(process.pid, samples))
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task(f"{PER_SECOND} tickets a second", total=seconds)
                while not progress.finished:
                    turn_s = min(TURN_S, seconds - progress.tasks[0].completed)
                    await load.pace(per_second=PER_SECOND, seconds=turn_s)
                    progress.advance(task, turn_s)
            watching.cancel()
            given.asked = load.accepted
            await _all_noted(given)
            await given.judge()
    if load.refused:
        raise RuntimeError(f"{load.refused} webhooks were refused")
    return {"seconds": seconds, "tickets": load.accepted, **compared(samples)}


async def _watch(pid: int, samples: list[Sample]) -> None:
    while True:
        samples.append(Sample(rss_mb(pid), descriptors(pid)))
        await asyncio.sleep(1)


async def _all_noted(given: Bench) -> None:
    async with (
        asyncio.timeout(LATE_S),
        await psycopg.AsyncConnection.connect(given.database_url, autocommit=True) as connection,
    ):
        while await given.one(connection, NOTED) < given.asked:
            await asyncio.sleep(0.2)


def compared(samples: Sequence[Sample]) -> dict[str, float]:
    """The first and the last fifth of what follows the warm-up; medians."""
    warm = samples[int(len(samples) * WARM_UP) :]
    fifth = max(int(len(warm) * COMPARED), 1)
    first, last = warm[:fifth], warm[-fifth:]
    rss = [statistics.median(one.rss_mb for one in part) for part in (first, last)]
    # the median of open files moves with what is in flight: the least of a while is what is held for good
    held = [min(one.descriptors for one in part) for part in (first, last)]
    return {
        "rss_first_mb": round(rss[0], 1),
        "rss_last_mb": round(rss[1], 1),
        "rss_growth": round(rss[1] / rss[0] - 1, 4),
        "descriptors_first": held[0],
        "descriptors_last": held[1],
        "descriptors_growth": max(held[1] - held[0], 0),
    }


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(soak(arguments.seconds))
    return told(figures, at_most=AT_MOST, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
