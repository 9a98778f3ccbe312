"""What poison costs the others: `python -m tests.bench.poison [--json]`.

Two real workers, a helpdesk and a model that answer from memory, a steady stream of tickets; three runs of it: without
poison, with one ticket in a hundred that always fails (the helpdesk answers 500 to whoever asks for it), and with one in a
hundred that kills the worker that asks for it (SIGKILL; its platform starts another). Seconds from webhook to note, of the
tickets that are none. Each killer dies in the middle of what its worker has in flight, five times: the dearer the model's
time, the more neighbours are done again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress

import psycopg

from service.jobs import ATTEMPTS
from tests.bench.canned import POISON_EVERY
from tests.bench.processes import DESKPILOT, running, told
from tests.bench.story import percentile
from tests.bench.throughput import LATE_S, NOTED, WARM_UP, Bench, bench

PER_SECOND = 4.0
TICKETS = 400
WORKERS = 2

AT_MOST = {"p95_rise_failing": 0.2, "p95_rise_killing": 0.2}

_PARKED = b"SELECT count(*) FROM parked"
_TRIES = b"SELECT coalesce(max(attempts), 0) FROM parked"
_TOOK = b"""
    SELECT extract(epoch FROM posted_at - received_at)::float
    FROM deliveries JOIN drafts USING (helpdesk, ticket_id) WHERE ticket_id::int > %s
"""


async def run(poison: str) -> list[float]:
    """Seconds to the note of each ticket that is not poison. Raises RuntimeError where a note is missing, double or public."""
    async with bench(poison=poison) as (given, environment):
        keepers = [asyncio.create_task(_kept(given, environment, number)) for number in range(WORKERS)]
        try:
            while await given.workers() < WORKERS:
                await asyncio.sleep(0.1)
            await given.ask(WARM_UP)
            first, given.asked = given.asked, given.asked + TICKETS
            poisoned = len(range(POISON_EVERY, given.asked + 1, POISON_EVERY)) if poison else 0
            return await _streamed(given, first, poisoned=poisoned, parked=poisoned if poison == "kills" else 0)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)


async def _streamed(given: Bench, first: int, *, poisoned: int, parked: int) -> list[float]:
    async with await psycopg.AsyncConnection.connect(given.database_url, autocommit=True) as connection:
        for number in range(first + 1, given.asked + 1):
            await given.put(connection, number, number)
            await asyncio.sleep(1 / PER_SECOND)
        async with asyncio.timeout(LATE_S):
            while await given.one(connection, NOTED) < given.asked - poisoned:
                await asyncio.sleep(0.1)
            while await given.one(connection, _PARKED) < parked:
                await asyncio.sleep(0.1)
        if parked and await given.one(connection, _TRIES) > ATTEMPTS:
            raise RuntimeError("poison was tried more often than it may be")
        await given.judge(but=poisoned)
        return [float(row[0]) for row in await (await connection.execute(_TOOK, (first,))).fetchall()]


async def _kept(given: Bench, environment: Mapping[str, str], number: int) -> None:
    """A worker that is started again whenever it dies."""
    own = {**environment, "DESKPILOT_DATA_DIR": str(given.folder / f"worker-{number}")}
    while True:
        with suppress(ProcessLookupError):
            async with running(*DESKPILOT, "work", environment=own) as process:
                await process.wait()


async def measure() -> dict[str, float]:
    """All figures, in one run."""
    p95 = {poison or "none": percentile(await run(poison), 0.95) for poison in ("", "fails", "kills")}
    return {
        "p95_s": round(p95["none"], 3),
        "p95_failing_s": round(p95["fails"], 3),
        "p95_killing_s": round(p95["kills"], 3),
        "p95_rise_failing": round(p95["fails"] / p95["none"] - 1, 3),
        "p95_rise_killing": round(p95["kills"] / p95["none"] - 1, 3),
    }


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    figures = asyncio.run(measure())
    return told(figures, at_most=AT_MOST, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
