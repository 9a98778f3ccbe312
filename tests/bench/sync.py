"""How long a help centre of 5,000 articles takes: first sync, the same again, what changed alone.

Run: `python -m tests.bench.sync`. The simulated Zendesk is a process of its own behind real HTTP; the index is the
embedded one; the embeddings endpoint is the tests' fake one, which counts what it is asked. `by_hand` reads all articles,
as `deskpilot sync` and the daily sweep do; `hourly` asks what changed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog

from connectors.base import Article
from connectors.zendesk.simulator import Options, ZendeskSimulator
from service.assembly import opened_library
from service.groups import ZendeskSettings
from service.knowledge.sources import Library, sync_all
from service.knowledge.sync import SyncReport
from service.settings import Settings
from service.web.server import free_port, serving
from tests.bench.processes import HOST, answering, rss_mb, running, told
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings

ARTICLES = 5_000
CHANGED = 10

AT_MOST = {"by_hand_unchanged_s": 10.0, "by_hand_unchanged_embedding_calls": 0, "hourly_unchanged_embedding_calls": 0}


def article(number: int, *, version: int = 1) -> Article:
    """An article of some 250 words under two headings, the same for the same number and version."""
    chance = random.Random(f"{number} {version}")
    words = [f"{chance.choice(SYLLABLES)}{chance.choice(SYLLABLES)}" for _ in range(250)]
    html = "".join(f"<h2>{words[at]}</h2><p>{' '.join(words[at : at + 125])}.</p>" for at in (0, 125))
    return Article(
        source="",
        id=f"{number}",
        title=f"How to {words[0]} number {number}",
        html=html,
        language="en",
        audience="public",
        breadcrumb=f"Category {number % 7} › Section {number % 40}",
        updated_at=datetime.now(UTC) - timedelta(days=30) if version == 1 else None,
    )


SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]


async def account(port: int, count: int) -> None:
    """The simulated account on this port, for ever. POST /change?count= changes so many articles."""
    simulator = ZendeskSimulator(url=f"http://{HOST}:{port}", options=Options(per_minute=100_000))
    for number in range(count):
        simulator.add_article(article(number))

    async def change(count: int) -> dict[str, str]:
        for number in range(count):
            simulator.add_article(article(number, version=2))
        return {}

    simulator.app.add_api_route("/change", change, methods=["POST"])
    simulator.app.add_api_route("/token", lambda: simulator.token_settings, methods=["GET"])
    async with serving(simulator.app, host=HOST, port=port):
        await asyncio.Event().wait()


async def measured(count: int) -> dict[str, float]:
    """All figures."""
    port = free_port(HOST, 0)
    url = f"http://{HOST}:{port}"
    async with running("-m", "tests.bench.sync", "--account", str(port), "--articles", str(count)) as process:
        await answering(url, process)
        with fake_embeddings() as fake, tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as folder:
            async with httpx.AsyncClient(base_url=url, timeout=60) as http:
                given = (await http.get("/token")).json()
                settings = Settings(
                    data_dir=Path(folder), zendesk=ZendeskSettings(**given), embeddings=fake.settings(timeout_s=60)
                )
                async with opened_library(settings) as library:
                    return await _figures(library, fake, http, count)


async def _figures(library: Library, fake: FakeEmbeddings, http: httpx.AsyncClient, count: int) -> dict[str, float]:
    figures: dict[str, float] = {"articles": count}

    async def timed(name: str, *, changes_only: bool) -> SyncReport:
        fake.requests.clear()
        began = time.perf_counter()
        (report,) = await sync_all(library, progress=lambda *_: None, changes_only=changes_only)
        figures[f"{name}_s"] = round(time.perf_counter() - began, 2)
        figures[f"{name}_embedding_calls"] = len(fake.requests)
        figures[f"{name}_texts_embedded"] = len(fake.texts)
        if report.failed or not report.complete:
            raise RuntimeError(f"{name}: {report}")
        return report

    first = await timed("first", changes_only=False)
    figures["passages"] = first.passages
    same = await timed("by_hand_unchanged", changes_only=False)
    if same.unchanged != count:
        raise RuntimeError(f"not unchanged: {same}")
    await asyncio.sleep(1.1)  # the account's times are whole seconds
    await timed("hourly_unchanged", changes_only=True)
    await http.post("/change", params={"count": CHANGED})
    changed = await timed(f"hourly_{CHANGED}_changed", changes_only=True)
    if (changed.changed, changed.read) != (CHANGED, "changes"):
        raise RuntimeError(f"not what changed: {changed}")
    figures["resident_mb"] = round(rss_mb(os.getpid()), 1)
    return figures


def main() -> int:
    """Measure, or be the account that is measured against."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--account", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.account:
        asyncio.run(account(arguments.account, arguments.articles))
        return 0
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    return told(asyncio.run(measured(arguments.articles)), at_most=AT_MOST, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
