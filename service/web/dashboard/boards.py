"""The pages of the dashboards, behind the door of the admin page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.web.console.layout import Layout, gone_on
from service.web.dashboard import pictures
from service.web.dashboard.asked import PERIODS, Asked, Field, form, read
from service.web.dashboard.running import now
from service.worth import sheets, wording
from service.worth.contacts import contacts
from service.worth.contacts_sheets import contacts_sheets
from service.worth.definition import Definition
from service.worth.definitions import BY_NAME, DEFINITIONS
from service.worth.operations import operations
from service.worth.operations_sheets import operations_sheets
from service.worth.quality import Quality, choices, quality
from service.worth.quality_sheets import quality_sheets
from service.worth.sheets import Cell, Column, Sheet, csv_of

ROOT = "/dashboard"
_SCRIPT = f"{ROOT}/dashboard.js"
_FOLDER = Path(__file__).parent
_KEPT_S = 86_400  # a script of ours, under an address that names its version

TABS = (
    (ROOT, "Quality"),
    (f"{ROOT}/contacts", "Contacts"),
    (f"{ROOT}/operations", "Operations"),
    (f"{ROOT}/definitions", "Definitions"),
)
"""(path, word) of the dashboards."""

_HEADLINES = ("acceptance", "fidelity", "csat", "reopened", "again", "wrong")
_EFFORT = ("exchanges", "first_reply", "to_solution", "note_to_reply", "cost_message", "cost_accepted")
_JUDGED = ("escalation", "missed", "qa", "agreement")


@dataclass(frozen=True, slots=True)
class Frame:
    """What all boards share. fields: the filters; of the definitions there are none."""

    asked: Asked
    fields: Sequence[Field]
    periods: Sequence[tuple[str, str]] = PERIODS
    tabs: Sequence[tuple[str, str]] = TABS
    defined: Mapping[str, Definition] = field(default_factory=lambda: BY_NAME)
    text: Callable[[Cell, Column], str] = sheets.text
    aside: Callable[[Cell], str] = sheets.aside
    titled: Callable[[str], str] = wording.titled


def router(service: Service) -> APIRouter:
    """Pages, exports, and the two scripts."""
    routes = APIRouter(tags=["dashboards"])
    zone = service.settings.team.timezone
    layout = Layout(timezone=zone, beside=_FOLDER)
    database = service.database

    def asked_in(request: Request) -> Asked:
        return read(request.query_params, now=datetime.now(UTC), zone=zone)

    @routes.get(ROOT, response_class=HTMLResponse)
    async def board(request: Request) -> HTMLResponse:
        """Quality."""
        asked, at = asked_in(request), datetime.now(UTC)
        found, known = await asyncio.gather(quality(database, asked.period, asked.filters, now=at), choices(database))
        return layout.page(
            request,
            "quality.html.j2",
            title="Quality",
            script=_SCRIPT,
            frame=_frame(asked, known),
            found=found,
            sheets=quality_sheets(found),
            groups=_groups(found),
            pictures={
                "uses": pictures.uses(found),
                "trend": pictures.trend(found),
                "labels": pictures.labels(found),
            },
        )

    @routes.get(f"{ROOT}/definitions", response_class=HTMLResponse)
    async def definitions(request: Request) -> HTMLResponse:
        """What every figure is."""
        asked = asked_in(request)
        return layout.page(
            request, "definitions.html.j2", title="Definitions", frame=_frame(asked, None), definitions=DEFINITIONS
        )

    @routes.get(f"{ROOT}/contacts", response_class=HTMLResponse)
    async def contacts_board(request: Request) -> HTMLResponse:
        """What customers write about."""
        asked = asked_in(request)
        found = await contacts(database, asked.period, asked.filters)
        frame = _frame(asked, await choices(database))
        return layout.page(
            request,
            "contacts.html.j2",
            title="Contacts",
            script=_SCRIPT,
            frame=frame,
            found=found,
            sheets=contacts_sheets(found),
            pictures={"drivers": pictures.drivers(found)},
        )

    @routes.get(f"{ROOT}/operations", response_class=HTMLResponse)
    async def operations_board(request: Request) -> HTMLResponse:
        """How it runs."""
        asked, at = asked_in(request), datetime.now(UTC)
        found, standing = await asyncio.gather(
            operations(database, asked.period, asked.filters, now=at),
            now(service.figures, helpdesk=asked.filters.helpdesk),
        )
        return layout.page(
            request,
            "operations.html.j2",
            title="Operations",
            script=_SCRIPT,
            frame=_frame(asked, await choices(database)),
            fresh=standing.fresh,
            spent=await service.tools.spending.today(),
            sheets={**operations_sheets(found, zone=ZoneInfo(zone)), **standing.sheets},
            pictures={
                "written": pictures.written(found, zone=ZoneInfo(zone)),
                "rates": pictures.rates(found, zone=ZoneInfo(zone)),
                "sureness": pictures.sureness(found),
            },
        )

    @routes.get(f"{ROOT}/{{board}}/{{name}}.csv")
    async def export(request: Request, board: str, name: str) -> Response:
        """One table of a dashboard, with the same period and filters."""
        there = await _sheets_of(service, board, asked_in(request))
        return _csv(layout, request, there, name)

    _serve_scripts(routes)

    @routes.get(f"{ROOT}/{{path:path}}", response_class=HTMLResponse)
    async def unknown(path: str, request: Request) -> Response:
        """No such page, unless a slash too much was typed."""
        if not path or path.endswith("/"):
            return gone_on(request.url.path.rstrip("/"))
        return layout.refusal(request, "unknown", 404)

    return routes


def _serve_scripts(routes: APIRouter) -> None:
    @routes.get(_SCRIPT)
    async def script() -> Response:
        """Our own few lines."""
        return _served("dashboard.js")

    @routes.get(f"{ROOT}/chart.js")
    async def library() -> Response:
        """Chart.js, as its makers publish it; its licence lies beside it."""
        return _served("chart.js")


async def _sheets_of(service: Service, board: str, asked: Asked) -> Mapping[str, Sheet]:
    """All tables of a board; of one that is none, none."""
    database, period, filters = service.database, asked.period, asked.filters
    if board == "quality":
        return quality_sheets(await quality(database, period, filters, now=datetime.now(UTC)))
    if board == "contacts":
        return contacts_sheets(await contacts(database, period, filters))
    if board != "operations":
        return {}
    standing = await now(service.figures, helpdesk=filters.helpdesk)
    found = await operations(database, period, filters, now=datetime.now(UTC))
    return {**operations_sheets(found, zone=ZoneInfo(period.zone)), **standing.sheets}


def _frame(asked: Asked, known: Mapping[str, Sequence[str]] | None) -> Frame:
    return Frame(asked, () if known is None else form(asked, known))


def _groups(found: Quality) -> list[tuple[str, list[tuple[str, str, str, str, bool]]]]:
    """(heading, [(name, value, interval, counted, whether there is a figure)])."""
    groups = (
        ("What agents send, and what customers make of it", _HEADLINES),
        ("Effort and cost", _EFFORT),
        ("What people judge", _JUDGED),
    )
    return [(heading, [_card(found, name) for name in names]) for heading, names in groups]


def _card(found: Quality, name: str) -> tuple[str, str, str, str, bool]:
    figure = found.figures[name]
    unit = wording.unit_of(name)
    return name, wording.shown(figure), wording.between(figure.interval, unit), wording.counted(figure), figure.shown


def _csv(layout: Layout, request: Request, there: Mapping[str, Sheet], name: str) -> Response:
    if name not in there:
        return layout.refusal(request, "unknown", 404)
    headers = {"Content-Disposition": f'attachment; filename="deskpilot-{name}.csv"'}
    # a spreadsheet takes a file without the mark for one of the last century
    return Response("\ufeff" + csv_of(there[name]), media_type="text/csv; charset=utf-8", headers=headers)


def _served(name: str) -> Response:
    script = (_FOLDER / name).read_bytes()
    return Response(
        script, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": f"private, max-age={_KEPT_S}"}
    )
