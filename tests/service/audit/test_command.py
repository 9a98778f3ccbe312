"""`deskpilot audit` over a history: it reads, and writes nothing but the files that it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.base import Helpdesk, PastTicket
from service.audit.command import Bench, Read, _opened, read_history
from service.audit.findings import audited
from service.audit.page import audit_page
from service.settings import Settings
from tests.browser import open_page
from tests.service.audit.history import ASKED, NOW, PastDesk, past

SINCE = NOW - timedelta(days=180)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """The built-in policy and its examples, as the command opens them."""
    async with _opened(Settings()) as opened:
        yield opened


async def read(bench: Bench, desk: PastDesk) -> Read:
    """All of its history."""
    return await read_history({"zendesk": cast("Helpdesk", desk)}, bench, since=SINCE, told=lambda _: None)


async def test_tickets_are_judged_as_they_came(bench: Bench) -> None:
    """By their first message alone: kind, stakes, tier; what became of them is the helpdesk's word."""
    desk = PastDesk(
        [
            past(1, ASKED["delivery"], tags=("deskpilot_tier_3", "vip")),
            past(2, ASKED["legal"], replies=4, hours=50),
            past(3, ASKED["fault"], replies=1, reopens=1),
            past(4, "Please fix.", replies=None, solved_at=None, status="open"),
        ]
    )
    delivery, legal, fault, still_open = (await read(bench, desk)).seen

    assert (delivery.kind, delivery.tier, delivery.first_contact, delivery.hours) == ("delivery", 1, True, 5.0)
    assert (legal.kind, legal.tier, legal.first_contact, legal.hours) == ("legal", 3, False, 50.0)
    assert legal.stakes == 5
    assert fault.first_contact is False  # it came back
    assert (still_open.first_contact, still_open.hours) == (None, None)
    assert desk.asked == [SINCE]


async def test_what_is_no_question_of_a_customer_is_left_out_and_counted(bench: Bench) -> None:
    """And a ticket that changed while it was read counts once; one that was opened earlier not at all."""
    tickets = [
        past(1, ASKED["delivery"]),
        past(1, ASKED["delivery"]),
        past(2, ASKED["delivery"], spam=True),
        past(3, ASKED["delivery"], tags=("closed_by_merge",)),
        past(4, "Out of office: I am away until Monday.", subject="Automatic reply: your order"),
        past(5, ASKED["delivery"], day=200),
    ]
    found = await read(bench, PastDesk(tickets))

    assert [one.id for one in found.seen] == ["1"]
    assert found.left_out == {"spam": 1, "merged": 1, "sent by a machine": 1}


async def test_nobodys_address_stands_in_an_example(bench: Bench) -> None:
    """The report is passed on."""
    mail = past(
        1, "Where is my parcel? Write to ana.lind@customer.example.", subject="Parcel for ana.lind@customer.example"
    )
    (one,) = (await read(bench, PastDesk([mail]))).seen

    assert "ana.lind" not in one.example
    assert one.example


async def test_a_helpdesk_that_stops_answering_leaves_what_was_read_and_says_so(bench: Bench) -> None:
    """Half a history is no small history."""
    found = await read(bench, PastDesk([past(n, ASKED["delivery"]) for n in range(150)], breaks_after=120))

    assert len(found.seen) == 100
    assert found.problems == (
        "zendesk stopped answering, so its figures are too low: GET /api/v2/incremental/tickets/cursor: the helpdesk answered 503",
    )


def months(plan: Sequence[tuple[str, int, dict[str, Any]]]) -> list[PastTicket]:
    """Spread over half a year."""
    made, number = list[PastTicket](), 0
    for text, count, more in plan:
        for turn in range(count):
            number += 1
            made.append(past(number, text, day=1 + (turn * 37) % 178, **more))
    return made


async def test_the_page_reads_on_a_phone_and_on_paper(bench: Bench, tmp_path: Path) -> None:
    """Under its own policy, without a script; nothing wider than the screen but the table in its own frame."""
    tickets = months(
        [(ASKED["delivery"], 80, {}), (ASKED["fault"], 50, {"replies": 3}), (ASKED["legal"], 35, {"replies": 6})]
    )
    found = await read(bench, PastDesk(tickets))
    titles = {"delivery": "Delivery", "fault": "Fault", "legal": "Legal"}
    made = audited(
        found.seen, left_out=found.left_out, titles=titles, helpdesks=["zendesk"], since=SINCE, until=NOW,
        timezone="Europe/Berlin", problems=["zendesk was not read to its end: 403 <script>alert(1)</script>"],
    )  # fmt: skip
    file = tmp_path / "audit.html"
    await asyncio.to_thread(file.write_text, audit_page(made, bench.in_force.policy), encoding="utf-8")

    async with open_page(width=390, height=844) as page:
        await page.goto(file.as_uri())
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        shown = await page.inner_text("main")
        drawn = await page.locator(".matrix circle").count()
        coloured = await page.evaluate("getComputedStyle(document.querySelector('.matrix circle')).fill")

    assert overflow <= 0
    assert drawn == len([kind for kind in made.kinds if kind.name])
    assert coloured not in ("rgb(0, 0, 0)", "none")
    assert "<script>alert(1)</script>" in shown  # said, not run
    assert "Delivery: 80 tickets" in shown
