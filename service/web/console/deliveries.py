"""Explain every silence: what came from the helpdesks and what became of it, of all tickets and of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from connectors import WEBHOOKS
from service.assembly import Service
from service.backlog import Backlog
from service.deliveries import WANTED, Deliveries, Filter, Wanted
from service.ledger import TicketKey
from service.web.console.layout import Layout
from service.web.console.outcomes import came, outcome_of, sentence, step, verdict

RESULTS = {
    "": "Everything",
    "note": "A note",
    "silence": "No note",
    "waiting": "Still waiting",
    "failed": "Given up",
}

_TICKET = re.compile(r"#?(?:(?P<helpdesk>[a-z]+):)?(?P<number>[\w-]{1,64})", re.ASCII)


def router(layout: Layout, service: Service) -> APIRouter:
    """Two pages."""
    routes = APIRouter(tags=["admin page"])
    desks = service.tools.library.helpdesks
    deliveries = Deliveries(service.database, accounts=[desk.account for desk in desks.values()])
    backlog = Backlog(service.database, service.queue)

    @routes.get("/admin/deliveries", response_class=HTMLResponse)
    async def newest(request: Request) -> HTMLResponse:
        """The newest first, 50 a page."""
        wanted = _filter(request.query_params)
        page = await deliveries.page(wanted)
        kept = {"helpdesk": wanted.helpdesk, "ticket": wanted.ticket_id, "result": wanted.fate}
        older = (
            urlencode({**{name: one for name, one in kept.items() if one}, "before": page.older}) if page.older else ""
        )
        return layout.page(
            request,
            "deliveries.html.j2",
            title="Deliveries",
            rows=[(told, came(told.what), outcome_of(told)) for told in page.told],
            page=page,
            older=older,
            wanted=wanted,
            given=request.query_params.get("ticket", "")[:80],
            filtered=any(kept.values()),
            helpdesks=list(desks),
            results=RESULTS,
            path_of=_path_of,
        )

    @routes.get("/admin/tickets/{ticket}", response_class=HTMLResponse)
    async def one(ticket: str, request: Request) -> HTMLResponse:
        """All that happened to one ticket, as `deskpilot jobs show` tells it, and how its notes came about."""
        name = _TICKET.fullmatch(ticket)
        if name is None or name["helpdesk"] not in WEBHOOKS:
            return layout.refusal(request, "unknown", 404)
        desk = desks.get(name["helpdesk"])
        history = await backlog.history(ticket)
        entries = await backlog.entries(ticket)
        key = TicketKey(name["helpdesk"], desk.account if desk else "", name["number"])
        return layout.page(
            request,
            "ticket.html.j2",
            title=f"{name['helpdesk'].capitalize()} {name['number']}",
            status=200 if history or entries else 404,
            ticket=ticket,
            history=[(at, *step(what, details)) for at, what, details in reversed(history)],
            entries=entries,
            drafts=(await service.tools.ledger.drafts(key))[::-1],
            verdict=verdict,
            sentence=sentence,
        )

    return routes


def _filter(query: Mapping[str, str]) -> Filter:
    """What the address asks for; whatever it does not mean asks for everything."""
    named = _TICKET.fullmatch(query.get("ticket", "").strip())
    helpdesk = (named["helpdesk"] if named else "") or query.get("helpdesk", "")
    fate: Wanted = next((one for one in WANTED if one == query.get("result", "")), "")
    before = query.get("before", "")
    return Filter(
        helpdesk=helpdesk if helpdesk in WEBHOOKS else "",
        ticket_id=named["number"] if named else "",
        fate=fate,
        before=int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0,
    )


def _path_of(ticket: str) -> str:
    return f"/admin/tickets/{quote(ticket, safe=':')}"
