"""The tables of operations. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from service.worth import wording
from service.worth.operations import Operations
from service.worth.sheets import Cell, Column, Sheet


def operations_sheets(found: Operations, *, zone: tzinfo) -> dict[str, Sheet]:
    """All of them, by name."""
    sheets = (_written(found, zone), _sureness(found), _totals(found))
    return {sheet.name: sheet for sheet in sheets}


def _written(found: Operations, zone: tzinfo) -> Sheet:
    columns = (
        Column("Hour" if found.hourly else "From", number=False),
        Column("Hours"),
        Column("Messages", "intake"),
        Column("Notes"),
        Column("No note"),
        Column("Handed over"),
        Column("An hour", "escalations"),
        Column("Not covered"),
        Column("An hour", "abstentions"),
    )
    form = "%Y-%m-%d %H:%M" if found.hourly else "%Y-%m-%d"
    rows: list[Sequence[Cell]] = [
        (
            one.begins(zone, form),
            round(one.hours, 1),
            one.intake,
            one.notes,
            one.silences,
            one.person,
            one.per_hour(one.person),
            one.uncovered,
            one.per_hour(one.uncovered),
        )
        for one in found.stretches
        if one.hours > 0
    ]
    return Sheet("intake", "What came, and what was written", columns, rows)


def _sureness(found: Operations) -> Sheet:
    columns = (Column("Confidence", number=False), Column("Drafts", "confidence"), Column("Accepted", "acceptance"))
    rows: list[Sequence[Cell]] = [
        (f"{one.low:.1f} to {one.high:.1f}", one.drafts, one.accepted) for one in found.sureness
    ]
    return Sheet("confidence", "Confidence", columns, rows)


def _totals(found: Operations) -> Sheet:
    """What the period has cost."""
    a_message = found.cost / found.priced if found.priced else None
    rows: list[Sequence[Cell]] = [
        ("Tokens", found.tokens),
        ("Messages with a price", found.priced),
        ("Cost, in the currency of the settings", f"{found.cost:,.2f}"),
        ("Cost of a message", "" if a_message is None else f"{a_message:,.4f}"),
        (wording.titled("note_after"), found.waited),
    ]
    return Sheet("totals", "Cost and speed", (Column("Figure", number=False), Column("Value")), rows)
