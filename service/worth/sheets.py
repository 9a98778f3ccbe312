"""Tables of figures: the same for a page, an export and a report. Pure."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO

from service.worth import wording
from service.worth.definition import Unit
from service.worth.figure import Figure
from service.worth.intervals import Interval


@dataclass(frozen=True, slots=True)
class Measure:
    """An interval that is no figure of its own: a mean of a group, or a difference of two."""

    interval: Interval
    unit: Unit
    difference: bool = False


Cell = str | int | float | Figure | Measure | None

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: of the definition it leads to, where there is one. `unit`: of numbers that are no figures."""

    title: str
    name: str = ""
    unit: Unit = "number"
    number: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name`: as exports call it, "categories". The first column says what a row is of. empty: what is said without rows. hint: before them."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    empty: str = "Nothing in this period."
    hint: str = ""


def text(cell: Cell, column: Column) -> str:
    """A cell as people read it, without its denominator."""
    if isinstance(cell, Figure):
        return wording.shown(cell)
    if isinstance(cell, Measure):
        told = cell.interval
        return wording.value(told.point, cell.unit, signed=cell.difference) if told.enough else wording.too_few(told.n)
    if isinstance(cell, float):
        return wording.value(cell, column.unit)
    return f"{cell:,}" if isinstance(cell, int) else cell or ""


def aside(cell: Cell) -> str:
    """What stands smaller beside it: the denominator, and for a difference its interval."""
    if isinstance(cell, Figure):
        return wording.counted(cell)
    if not isinstance(cell, Measure) or not cell.interval.enough:
        return ""
    return wording.between(cell.interval, cell.unit, signed=True) if cell.difference else f"of {cell.interval.n:,}"


def folded(sheet: Sheet) -> Sheet:
    """Without the rows in which every figure, or the difference, rests on too few: a sentence names them, with a count that stands beside the name."""
    dropped = [row for row in sheet.rows if not _tells(row)]
    if not dropped:
        return sheet
    named = ", ".join(f"{row[0]} ({row[1]:,})" if isinstance(row[1], int) else f"{row[0]}" for row in dropped)
    said = f"Too few for a figure: {named}."
    kept = [row for row in sheet.rows if row not in dropped]
    return replace(sheet, rows=kept, hint=" ".join(filter(None, (sheet.hint, said))), empty="")


def csv_of(sheet: Sheet) -> str:
    """For a spreadsheet: a figure becomes its value, both ends of its interval, and its denominator; too few, no value.

    A text that a spreadsheet would take for a formula gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    spread = [_spread(column, [row[place] for row in sheet.rows]) for place, column in enumerate(sheet.columns)]
    written = StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow([title for titles, _ in spread for title in titles])
    for number in range(len(sheet.rows)):
        lines.writerow([_safe(value) for _, values in spread for value in values[number]])
    return written.getvalue()


def markdown_of(sheet: Sheet) -> str:
    """A table of Markdown; nothing a cell holds ends it."""
    if not sheet.rows:
        return f"{sheet.hint or sheet.empty}\n"
    lines = [f"{sheet.hint}\n"] if sheet.hint else []
    lines.append(_line([column.title for column in sheet.columns]))
    lines.append("|" + "|".join(" ---: " if column.number else " --- " for column in sheet.columns) + "|")
    for row in sheet.rows:
        told = [(text(cell, column), aside(cell)) for cell, column in zip(row, sheet.columns, strict=True)]
        lines.append(_line([f"{said} ({more})" if more else said for said, more in told]))
    return "\n".join(lines) + "\n"


def _tells(row: Sequence[Cell]) -> bool:
    figures = [cell for cell in row if isinstance(cell, Figure | Measure)]
    differences = [cell for cell in figures if isinstance(cell, Measure) and cell.difference]
    return not figures or any(cell.interval.enough for cell in differences or figures)


def _line(cells: Sequence[str]) -> str:
    plain = [" ".join(cell.replace("|", "\\|").replace("<", "&lt;").split()) for cell in cells]
    return "| " + " | ".join(plain) + " |"


def _spread(column: Column, cells: Sequence[Cell]) -> tuple[list[str], list[list[str | int | float]]]:
    title = column.title.lower()
    if any(isinstance(cell, Figure | Measure) for cell in cells):
        return [title, f"{title}: low", f"{title}: high", f"{title}: hits", f"{title}: of"], [
            _told(cell) for cell in cells
        ]
    return [title], [["" if cell is None or isinstance(cell, Figure | Measure) else cell] for cell in cells]


def _told(cell: Cell) -> list[str | int | float]:
    if not isinstance(cell, Figure | Measure):
        return ["", "", "", "", ""]
    interval = cell.interval
    hits = cell.hits if isinstance(cell, Figure) and cell.kind == "share" else ""
    if not interval.enough:
        return ["", "", "", hits, interval.n]
    return [*(round(number, 6) for number in (interval.point, interval.low, interval.high)), hits, interval.n]


def _safe(cell: str | float) -> str | int | float:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
