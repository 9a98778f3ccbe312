"""From tickets to the knowledge report: what no article answers becomes a gap, and nobody's data gets into it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from service.knowledge.page import report_page
from service.knowledge.report import knowledge_report
from service.reporting import tables
from tests.story.conftest import Play

CANARIES = (
    "Canary Quillfeather",
    "canary.quillfeather@customer.example",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "KW-20417",
)


async def test_an_open_question_becomes_a_gap_without_the_customers_data(play: Play) -> None:
    """Name, address, phone, card and order stay in the ticket, whichever way the report is read."""
    name, email, phone, card, order = CANARIES
    text = (
        f"Can you engrave a name on the handle for my order {order}? Call {phone}, I paid with {card}. {name}, {email}"
    )
    ticket_id = await play.ask(subject=f"Engraving for {name}", name=name, email=email, text=text)
    await play.note("zendesk", ticket_id)
    answered = await play.ask(text="The tracking of my parcel has not moved for nine days. Is it lost?")
    await play.note("zendesk", answered)

    tools = play.stage.service.tools
    now = datetime.now(UTC) + timedelta(minutes=1)
    report = await knowledge_report(tools.library.vectors, play.ledger, days=1, kept_days=30, now=now)

    (gap,) = report.gaps.topics
    assert "engrave a name on the handle" in gap.question
    assert gap.tickets == (f"zendesk:{ticket_id}",)
    assert (report.notes, report.uncovered, report.cited_articles) == (2, 1, 1)
    out = io.StringIO()
    Console(file=out, width=100).print(tables(report))
    for told in (report.as_json(), report_page(report), out.getvalue()):
        parts = {part.casefold() for canary in CANARIES for part in (canary, *canary.split())} - {"+44", "20"}
        assert [part for part in parts if part in told.casefold() and part not in ticket_id] == []
