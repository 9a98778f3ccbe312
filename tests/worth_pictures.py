"""Makes the README's pictures of what a buyer looks at first: `python -m tests.worth_pictures`. A backtest over a simulated fortnight, and an audit of a made-up half-year."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import structlog

from connectors.base import Helpdesk, PastTicket
from service.audit.command import _opened
from service.audit.findings import audited
from service.audit.page import audit_page
from service.audit.reading import read_history
from service.backtest.apart import Cap
from service.backtest.page import About, backtest_page
from service.backtest.replay import opened
from service.backtest.results import Result, summary
from service.database import open_database
from service.policy.values import said
from service.settings import Settings
from tests.bench.worth.__main__ import accounts
from tests.bench.worth.month import Agents, Truth, ends, plan
from tests.browser import open_page
from tests.pictures import PICTURES
from tests.service.audit.history import NOW, PastDesk, past

_TICKETS, _SEED = 60, 7


async def backtest(folder: Path) -> str:
    """Sixty tickets, replayed as if the articles had been there a month before: they were, in the account's time."""
    results: list[Result] = []
    async with open_database(Settings(data_dir=folder / "data")) as database, accounts(database, folder) as (desk, _):
        agents = Agents(desk, Truth(), seed=_SEED)
        ids = [await agents.live(one) for one in plan(_SEED, _TICKETS, until=ends() + timedelta(days=30))]
        helpdesk = desk.library.helpdesks[desk.name]
        async with opened(desk.library.settings, desk.library, Cap()) as replayer:
            for ticket_id in ids:
                results += await replayer.replay(await helpdesk.ticket(ticket_id), each=False)
    about = About(datetime.now(UTC), [desk.library.settings], [desk.name])
    return backtest_page(about, [results], [summary(results)], None)


async def audit() -> str:
    """A half-year in which parcels went astray in September."""
    dice = random.Random(_SEED)
    async with _opened(Settings()) as bench:
        policy, tickets = bench.in_force.policy, list[PastTicket]()
        for name, category in policy.categories.items():
            asked = [one for one in category.examples if one.isascii()] or list(category.examples)
            for _ in range(
                {"delivery": 190, "how_to": 140, "returns": 110, "fault": 90}.get(name, dice.randint(12, 60))
            ):
                day = dice.randint(60, 80) if name == "delivery" and dice.random() < 0.4 else dice.randint(1, 180)
                replies = dice.choice((1, 1, 1, 2)) if (category.stakes or 1) < 3 else dice.choice((1, 2, 3, 4))
                text = " ".join(dice.sample(asked, min(len(asked), dice.choice((1, 1, 2)))))
                hours = dice.lognormvariate(2.2, 0.9)
                tickets.append(past(len(tickets), text, day=day, hours=hours, replies=replies))
        since = NOW - timedelta(days=182)
        read = await read_history(
            {"zendesk": cast("Helpdesk", PastDesk(tickets))}, bench, since=since, told=lambda _: None
        )
    titles = {name: said(one.title, "en") for name, one in policy.categories.items()}
    return audit_page(
        audited(
            read.seen, left_out={"spam": 41, "merged": 17}, titles=titles, helpdesks=["zendesk"], since=since, until=NOW,
            timezone="Europe/Berlin",
        ),
        policy,
    )  # fmt: skip


async def main() -> None:
    """Both, the part that is seen first."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory:
        folder = Path(directory)
        for name, html in (("backtest", await backtest(folder)), ("audit", await audit())):
            file = folder / f"{name}.html"
            await asyncio.to_thread(file.write_text, html, encoding="utf-8")
            async with open_page(width=1100, height=1400) as page:
                await page.goto(file.as_uri())
                await page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
    print(f"written to {PICTURES}", file=sys.stderr)
