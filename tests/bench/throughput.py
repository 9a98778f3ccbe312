"""How many tickets per second go through the whole story: `python -m tests.bench.throughput [--json]`.

Model and helpdesk answer at once and cost next to nothing (tests/bench/canned.py, processes of their own). Workers are real
`deskpilot work` processes on one PostgreSQL, each with a data directory of its own. Tickets are put into the inbox in
one statement, without a debounce; the figure counts from there to the last note. Then the same with a model that takes
5 s per call and a hundred tickets at once in one worker. Figures are of this machine and of what else runs on it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from rich.console import Console
from rich.table import Table

from service.web.server import free_port
from tests.bench.processes import DESKPILOT, HOST, answering, postgres, rss_mb, running
from tests.story.articles import write_articles

TICKETS = 400
WARM_UP = 20  # tickets per worker: connections open, caches fill
SETTLE_S = 1.0  # until a worker that takes jobs of one queue takes those of all
SLOW_S = 5.0
AT_ONCE = 100
IDEAL_S = 2 * SLOW_S  # two calls, one after the other
LATE_S = 300.0

AT_LEAST = {"tickets_per_s_two_workers": 25.0}
AT_MOST = {"overlap_factor": 1.3, "rss_mb": 1024.0}
"""overlap_factor: seconds that AT_ONCE tickets took together in one worker, as a multiple of IDEAL_S. rss_mb: resident
memory of that worker with all of them in flight."""

_ASK = b"""
    INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id)
    SELECT 'zendesk', 'ticket', n, 'comment_added', n, '77', n * 10 FROM generate_series(%s::int, %s) n
"""
NOTED = b"SELECT count(*) FROM drafts WHERE posted_at IS NOT NULL"
_TOOK = b"""
    SELECT extract(epoch FROM max(posted_at) - min(received_at))
    FROM deliveries JOIN drafts USING (helpdesk, ticket_id) WHERE ticket_id::int >= %s
"""
_WORKERS = b"SELECT count(*) FROM procrastinate_workers"


@dataclass(slots=True)
class Bench:
    """The helpdesk, the database, and the numbers of tickets that were asked so far."""

    database_url: str
    desk_url: str
    folder: Path
    asked: int = 0

    async def put(self, connection: psycopg.AsyncConnection[tuple[object, ...]], first: int, last: int) -> None:
        """Put the tickets of these numbers into the inbox."""
        await connection.execute(_ASK, (first, last))

    async def ask(self, count: int) -> float:
        """Put so many tickets into the inbox and wait until each has its note; seconds until the last one stood there."""
        first, self.asked = self.asked + 1, self.asked + count
        async with await psycopg.AsyncConnection.connect(self.database_url, autocommit=True) as connection:
            await self.put(connection, first, self.asked)
            async with asyncio.timeout(LATE_S):
                while await self.one(connection, NOTED) < self.asked:
                    await asyncio.sleep(0.1)
            return await self.one(connection, _TOOK, first)

    async def workers(self) -> int:
        """How many have begun to take jobs (a process counts once per queue): each has read its articles by then."""
        async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
            return int(await self.one(connection, _WORKERS))

    async def one(self, connection: psycopg.AsyncConnection[tuple[object, ...]], query: bytes, *values: int) -> float:
        """The one number that `query` finds."""
        row = await (await connection.execute(query, values)).fetchone()
        return float(str(row[0])) if row else 0.0

    async def judge(self, *, but: int = 0) -> None:
        """Raises RuntimeError unless the helpdesk has one private note per ticket that was asked, `but` so many."""
        async with httpx.AsyncClient() as http:
            counted = (await http.get(f"{self.desk_url}/counted")).json()
        noted = self.asked - but
        if counted != {"tickets": noted, "notes": noted, "doubles": 0, "public": 0}:
            raise RuntimeError(f"{self.asked} tickets asked, but the helpdesk says {counted}")


@asynccontextmanager
async def bench(*, seconds: float = 0.0, poison: str = "") -> AsyncIterator[tuple[Bench, dict[str, str]]]:
    """A helpdesk, a model that takes `seconds`, and a database; with the environment of a worker on them.

    poison: what becomes of one ticket in a hundred, see tests/bench/canned.py.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deskpilot-bench-")))
        write_articles(folder / "articles")
        desk, model = (free_port(HOST, 0) for _ in range(2))
        canned = ("-m", "tests.bench.canned")
        for port, command in (
            (desk, ("desk", *(("--poison", poison) if poison else ()))),
            (model, ("model", "--seconds", str(seconds))),
        ):
            process = await stack.enter_async_context(running(*canned, *command, "--port", str(port)))
            await answering(f"http://{HOST}:{port}/counted", process)
        url = await stack.enter_async_context(postgres(folder))
        yield (
            Bench(url, f"http://{HOST}:{desk}", folder),
            {
                "DESKPILOT_DATABASE_URL": url,
                "DESKPILOT_DATA_DIR": str(folder / "data"),
                "DESKPILOT_LOG_LEVEL": "ERROR",
                "DESKPILOT_KNOWLEDGE__FOLDER": str(folder / "articles"),
                "DESKPILOT_ZENDESK__URL": f"http://{HOST}:{desk}",
                "DESKPILOT_ZENDESK__TOKEN": "t" * 40,
                "DESKPILOT_ZENDESK__WEBHOOK_SECRETS": "w" * 40,
                "DESKPILOT_LLM__BASE_URL": f"http://{HOST}:{model}/v1",
                "DESKPILOT_LLM__MODEL": "main",
                "DESKPILOT_LLM__FAST_MODEL": "fast",
                "DESKPILOT_LLM__TOKENS_PER_REQUESTER_HOUR": str(10**9),  # all tickets are one customer's
                "DESKPILOT_DEBOUNCE_S": "0",
                "DESKPILOT_DEBOUNCE_MAX_S": "0",
            },
        )


@asynccontextmanager
async def working(given: Bench, environment: Mapping[str, str], *, workers: int) -> AsyncIterator[Sequence[Process]]:
    """So many `deskpilot work`, ready."""
    async with AsyncExitStack() as stack:
        processes = []
        for number in range(workers):
            before = await given.workers()
            own = {**environment, "DESKPILOT_DATA_DIR": str(given.folder / f"worker-{number}")}
            process = await stack.enter_async_context(running(*DESKPILOT, "work", environment=own))
            while await given.workers() == before:
                if process.returncode is not None:
                    raise RuntimeError("a worker did not start")
                await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLE_S)
            processes.append(process)
        yield processes


async def per_second(*, workers: int, tickets: int) -> float:
    """Tickets per second through so many workers."""
    async with bench() as (given, environment), working(given, environment, workers=workers):
        await given.ask(WARM_UP * workers)
        took_s = await given.ask(tickets)
        await given.judge()
    return tickets / took_s


async def overlap() -> tuple[float, float]:
    """Seconds that AT_ONCE tickets take in one worker as a multiple of IDEAL_S, and its resident memory then, in MB."""
    async with bench(seconds=SLOW_S) as (given, environment):
        many = {**environment, "DESKPILOT_JOBS_AT_ONCE": str(AT_ONCE)}
        async with working(given, many, workers=1) as (worker,):
            await given.ask(WARM_UP)
            asking = asyncio.create_task(given.ask(AT_ONCE))
            biggest = 0.0
            while not asking.done():
                biggest = max(biggest, rss_mb(worker.pid))
                await asyncio.wait([asking], timeout=0.1)
            await given.judge()
            return await asking / IDEAL_S, biggest


async def measure(tickets: int) -> dict[str, float]:
    """All figures, in one run."""
    one = await per_second(workers=1, tickets=tickets)
    two = await per_second(workers=2, tickets=tickets)
    factor, rss = await overlap()
    figures = {
        "tickets_per_s_one_worker": one,
        "tickets_per_s_two_workers": two,
        "overlap_factor": factor,
        "rss_mb": rss,
    }
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--tickets", type=int, default=TICKETS, help="how many go through the workers")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.tickets))
    if arguments.json:
        print(json.dumps(figures))
    else:
        table = Table("figure", "measured", "bar", box=None)
        bars = {name: f"at least {value:g}" for name, value in AT_LEAST.items()}
        bars |= {name: f"at most {value:g}" for name, value in AT_MOST.items()}
        for name, value in figures.items():
            table.add_row(name, f"{value:g}", bars.get(name, ""))
        Console().print(table)
    missed = [name for name, bar in AT_LEAST.items() if figures[name] < bar]
    missed += [name for name, bar in AT_MOST.items() if figures[name] > bar]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
