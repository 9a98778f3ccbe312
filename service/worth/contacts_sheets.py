"""The tables of contacts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from service.worth import wording
from service.worth.contacts import Contacts, Driver
from service.worth.intervals import LEAST
from service.worth.sheets import Cell, Column, Measure, Sheet


def contacts_sheets(found: Contacts) -> dict[str, Sheet]:
    """All of them, by name."""
    sheets = (_drivers(found), _gaps(found))
    return {sheet.name: sheet for sheet in sheets}


def _drivers(found: Contacts) -> Sheet:
    columns = (
        Column("Category", number=False),
        Column("Tickets", "drivers"),
        Column("Before"),
        Column("Change"),
        Column("Of all"),
        Column("Its part moved"),
    )
    rows: list[Sequence[Cell]] = [
        (
            one.category or wording.NO_CATEGORY,
            one.tickets,
            one.before,
            _change(one),
            Measure(one.part.interval, "share"),
            Measure(one.moved, "share", difference=True),
        )
        for one in found.drivers
    ]
    return Sheet("drivers", "Contact drivers", columns, rows)


def _change(driver: Driver) -> str:
    if driver.change is None:
        return wording.too_few(min(driver.tickets, driver.before))
    return f"{'+' if driver.change >= 0 else '−'}{abs(driver.change) * 100:.0f} %"


def _gaps(found: Contacts) -> Sheet:
    columns = (
        Column("Question", number=False),
        Column("About", number=False),
        Column("Tickets", "gaps"),
        Column("Before"),
        Column("Languages", number=False),
    )
    rows: list[Sequence[Cell]] = [
        (gap.topic.question, ", ".join(gap.topic.words), gap.tickets, gap.before, ", ".join(gap.topic.languages))
        for gap in found.gaps[:LEAST]
    ]
    return Sheet("gaps", "Knowledge gaps", columns, rows, empty="Every question was answered by an article.")
