"""How fast the main job is: `python -m tests.bench.story [--json]`.

The service runs as its own process (`deskpilot serve`), as it does for an operator. Load, both twins and a model that
answers at once run in this one, on the same two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from connectors.zendesk.simulator import Options, ZendeskSimulator
from service.web.server import free_port, serving
from tests import fake_llm
from tests.bench.processes import HOST, ROOT, rss_mb, told
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering

NOWHERE = f"http://{HOST}:9"  # the discard port: refuses at once, as a stopped container does

BARS = {
    "ack_p99_ms": 100.0,
    "ack_p99_ms_dependencies_down": 100.0,
    "own_time_p50_ms": 150.0,
    "ready_s": 5.0,
    "rss_mb": 250.0,
}
"""What the figures may be at most."""

PER_SECOND, SECONDS = 100, 20
TICKETS = 40
WARM_UP = 5


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Served:
    """A running `deskpilot serve`. `ready_s`: from its start until it said it was ready."""

    url: str
    pid: int
    ready_s: float


@asynccontextmanager
async def serve(environment: Mapping[str, str], *, port: int, probe: str = "/readyz") -> AsyncIterator[Served]:
    """`deskpilot serve` as its own process, until the block ends."""
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DESKPILOT_")}
    url = f"http://{HOST}:{port}"
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**clean, **environment})
    try:
        async with httpx.AsyncClient(timeout=1) as http:
            while not await _answers(http, f"{url}{probe}"):
                if process.returncode is not None:
                    raise RuntimeError(f"serve ended with {process.returncode}")
                await asyncio.sleep(0.01)
        yield Served(url, process.pid, time.perf_counter() - began)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a Zendesk delivery."""
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")).decode()
    return {"x-zendesk-webhook-signature": digest, "x-zendesk-webhook-signature-timestamp": timestamp}


def event(ticket_id: int) -> bytes:
    """A comment was added to this ticket."""
    return json.dumps(
        {
            "type": "zen:event-type:ticket.comment_added",
            "id": f"event-{ticket_id}",
            "subject": f"zen:ticket:{ticket_id}",
            "detail": {"id": str(ticket_id), "status": "OPEN"},
            "event": {"comment": {"id": "1", "is_public": True, "author": {"id": "77", "is_staff": False}}},
            "zendesk_event_version": "2022-11-06",
        },
        indent=3,
    ).encode()


async def acks(url: str, secret: str) -> list[float]:
    """Milliseconds to each 2xx in an open loop: requests leave on time, whether or not earlier ones were answered."""
    took: list[float] = []

    async def one(http: httpx.AsyncClient, number: int) -> None:
        body = event(900_000 + number)
        began = time.perf_counter()
        answer = await http.post(f"{url}/webhooks/zendesk", content=body, headers=signed(body, secret))
        took.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=200), timeout=30) as http:
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(PER_SECOND * SECONDS):
                await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
                group.create_task(one(http, number))
    return took[PER_SECOND:]  # the first second opens connections


@asynccontextmanager
async def helpdesk() -> AsyncIterator[ZendeskSimulator]:
    """A Zendesk whose limits are out of the way: here the service is measured, not the vendor's patience."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        port = free_port(HOST, 0)
        generous = Options(per_minute=10**6, updates_per_minute=10**6)
        simulator = ZendeskSimulator(http=http, url=f"http://{HOST}:{port}", options=generous)
        await stack.enter_async_context(serving(simulator.app, host=HOST, port=port))
        yield simulator


async def ask(simulator: ZendeskSimulator, number: int) -> str:
    """A customer asks; returns the ticket's id."""
    return await simulator.open_ticket(
        name="Ana Lind",
        email=f"ana{number}@customer.example",
        subject="Where is my parcel?",
        text="Hello, the tracking of my parcel has not moved for nine days. Is it lost? Do I get a new kettle?",
    )


async def noted(simulator: ZendeskSimulator, ticket_id: str) -> None:
    """Wait for the ticket's note, looked for every millisecond."""
    while not simulator.notes(ticket_id):
        await asyncio.sleep(0.001)


async def own_times(simulator: ZendeskSimulator) -> list[float]:
    """Milliseconds from the customer's message to its note, one ticket after the other."""
    took = []
    for number in range(TICKETS + WARM_UP):
        began = time.perf_counter()
        ticket_id = await ask(simulator, 1000 + number)
        await noted(simulator, ticket_id)
        took.append((time.perf_counter() - began) * 1000)
    return took[WARM_UP:]


def settings(folder: Path, zendesk: Mapping[str, str], secret: str, **more: str) -> dict[str, str]:
    """Environment of a service that is connected to the twin."""
    names = {
        "DATA_DIR": str(folder / "data"),
        "LOG_LEVEL": "ERROR",
        "KNOWLEDGE__FOLDER": str(folder / "articles"),
        "ZENDESK__URL": zendesk["url"],
        "ZENDESK__CLIENT_ID": zendesk["client_id"],
        "ZENDESK__CLIENT_SECRET": zendesk["client_secret"],
        "ZENDESK__WEBHOOK_SECRETS": secret,
        **more,
    }
    return {f"DESKPILOT_{name}": value for name, value in names.items()}


async def synced(served: Served, simulator: ZendeskSimulator) -> None:
    """Wait until the service knows its articles: a first ticket then cites one."""
    for number in range(600):
        ticket_id = await ask(simulator, number)
        await noted(simulator, ticket_id)
        if "href=" in simulator.notes(ticket_id)[-1].html:
            return
    raise RuntimeError(f"{served.url} never cited an article")


async def measure() -> dict[str, float]:
    """All figures, in one run."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as name, fake_llm.serving() as model:
        folder = Path(name)
        write_articles(folder / "articles")
        model.otherwise = answering(ANALYSIS, DRAFT)
        llm = {"LLM__BASE_URL": f"{model.url}/v1", "LLM__API_KEY": "k", "LLM__MODEL": "main", "LLM__FAST_MODEL": "fast"}
        async with helpdesk() as simulator:
            port = free_port(HOST, 0)
            secret = simulator.connect_webhook(f"http://{HOST}:{port}/webhooks/zendesk")
            zendesk = simulator.oauth_settings
            figures = {}

            at_once = settings(folder, zendesk, secret, **llm, DEBOUNCE_S="0", DEBOUNCE_MAX_S="0")
            async with serve(at_once, port=port) as served:
                await synced(served, simulator)
                figures["own_time_p50_ms"] = statistics.median(await own_times(simulator))

            async with serve(settings(folder, zendesk, secret, **llm), port=port) as served:  # the database is warm now
                figures["ready_s"] = served.ready_s
                figures["ack_p99_ms"] = percentile(await acks(served.url, secret), 0.99)
                figures["rss_mb"] = rss_mb(served.pid)

            gone = {**zendesk, "url": NOWHERE}
            down = settings(folder, gone, secret, **{**llm, "LLM__BASE_URL": f"{NOWHERE}/v1", "QDRANT__URL": NOWHERE})
            async with serve(down, port=port, probe="/healthz") as served:
                figures["ack_p99_ms_dependencies_down"] = percentile(await acks(served.url, secret), 0.99)
    return {name: round(figures[name], 2) for name in BARS}


def main() -> int:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    figures = asyncio.run(measure())
    return told(figures, at_most=BARS, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
