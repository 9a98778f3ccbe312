"""How long a dashboard takes over a full ledger: `python -m tests.bench.worth.dashboard [--json]`.

100,000 outcomes, as many tickets and notes, a fifth as many tickets from before, all within the 28 days that a page shows at first; in the
embedded PostgreSQL, through the whole application but for the network. Milliseconds are of the wall clock: a page at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import httpx
from pydantic import SecretStr

from service.assembly import assembled
from service.evaluation.measures import percentile
from service.groups import KnowledgeSettings, TeamSettings
from service.settings import Settings
from service.web.app import create_app
from tests.bench.worth.filling import fill
from tests.service.web.console.visitor import ADMIN, Browser

OUTCOMES = 100_000
TIMES = 40
PAGES = {
    "dashboard_ms_p95": "/dashboard",
    "dashboard_filtered_ms_p95": "/dashboard?category=billing&language=en",
    "contacts_ms_p95": "/dashboard/contacts",
    "operations_ms_p95": "/dashboard/operations",
}


async def dashboard_ms_p95(*, count: int = OUTCOMES, times: int = TIMES) -> dict[str, float]:
    """The 95th percentile of each page, after one that warms it."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory:
        settings = Settings(
            data_dir=Path(directory),
            admin_token=SecretStr(ADMIN),
            team=TeamSettings(timezone="Europe/Berlin"),
            knowledge=KnowledgeSettings(sync_every_s=0),
        )
        async with assembled(settings) as service:
            await fill(service.database, count=count)
            transport = httpx.ASGITransport(create_app(service), client=("192.0.2.7", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://desk.example", timeout=60) as http:
                browser = Browser(http)
                await browser.sign_in()
                return {name: await _timed(browser, path, times=times) for name, path in PAGES.items()}


async def _timed(browser: Browser, path: str, *, times: int) -> float:
    taken = []
    for number in range(times + 1):
        began = time.perf_counter()
        page = await browser.get(path)
        if page.status_code != 200:
            raise SystemExit(f"{path} answered {page.status_code}")
        if number:
            taken.append(1000 * (time.perf_counter() - began))
    return round(percentile(taken, 0.95), 1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print JSON alone")
    arguments.add_argument("--count", type=int, default=OUTCOMES)
    given = arguments.parse_args()
    measured = asyncio.run(dashboard_ms_p95(count=given.count))
    print(json.dumps(measured) if given.json else "\n".join(f"{name}: {value} ms" for name, value in measured.items()))
