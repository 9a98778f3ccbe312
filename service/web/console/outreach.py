"""Drafts for customers who have not written yet: a person copies one and sends it, or discards it. Nothing is sent from here."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.languages import name_of
from service.outreach.store import LONGEST_WHY, Outreaches
from service.web.console.layout import Layout, gone_on
from service.web.console.visitors import form_of, visitor_of

PATH: Final = "/admin/outreach"

_DEEDS: Final[dict[str, Literal["copied", "discarded"]]] = {"copied": "copied", "discard": "discarded"}
_SAID: Final = {
    "copied": "Noted: you have sent it.",
    "discard": "Discarded: nobody is written to.",
    "late": "Somebody was faster, or its time is over: nothing was changed.",
}
_DECIDED: Final = 10


def router(layout: Layout, service: Service) -> APIRouter:
    """A page and its forms."""
    routes = APIRouter(tags=["admin page"])
    outreaches = Outreaches(service.database)

    @routes.get(PATH, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        """What waits, the newest first, and what became of the others."""
        every = await outreaches.newest(state="")
        return layout.page(
            request,
            "outreach.html.j2",
            title="Outreach",
            said=_SAID.get(request.query_params.get("said", ""), ""),
            waiting=[one for one in every if one.state == "waiting"],
            decided=[one for one in every if one.state != "waiting"][:_DECIDED],
            counts=await outreaches.counts(),
            longest_why=LONGEST_WHY,
            name_of=name_of,
        )

    @routes.post(f"{PATH}/{{deed}}", response_class=HTMLResponse)
    async def decided(deed: str, request: Request) -> Response:
        """A form was sent: copied, or discard."""
        form = form_of(request)
        number = form.one("id")
        if deed not in _DEEDS or not (number.isascii() and number.isdecimal() and len(number) < 19):
            return layout.refusal(request, "unknown", 404)
        by = visitor_of(request).name
        done = await outreaches.decide(int(number), _DEEDS[deed], by=by, why=form.one("why"))
        return gone_on(PATH, said=deed if done else "late")

    return routes
