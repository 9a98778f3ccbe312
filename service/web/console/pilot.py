"""Whether notes are written, and for which tickets: the switch and the pilot's scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.backlog import Backlog
from service.changes import SWITCHES, newest_changes
from service.outages import Outages, leak_of
from service.pauses import ALL, LONGEST_WHY, Pauses, pause_of, pauses_in
from service.pilot import Pilots, Scope, ScopeError, Week, change_in_words, read_scope
from service.web.console.layout import Layout, gone_on
from service.web.console.visitors import form_of, visitor_of

PATH = "/admin/pilot"

_CHANGES = 10
_FIELDS = ("groups", "brands", "tags", "percent", "holdout")
_TITLES = {"zendesk": "Zendesk", "freshdesk": "Freshdesk", ALL: "All helpdesks"}
_SAID = {"resume": "Notes are written again.", "cover": "The pilot is changed."}


@dataclass(frozen=True, slots=True)
class Covered:
    """What the form of one helpdesk shows. values: as written, so that nothing is lost where some of it is wrong."""

    helpdesk: str
    title: str
    scope: Scope
    week: Week
    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)


class _Page:
    """What the page shows, and what its forms do."""

    def __init__(self, layout: Layout, service: Service) -> None:
        self._layout, self._database, self._queue = layout, service.database, service.queue
        self._helpdesks = list(service.settings.helpdesks)
        self._pauses, self._pilots = Pauses(service.database), Pilots(service.database)

    async def shown(self, request: Request, wrong: Covered | None = None) -> HTMLResponse:
        """How it stands. wrong: a form that was sent and changed nothing."""
        standing = await Outages(self._database).standing()
        pauses, names = pauses_in(standing), self._helpdesks
        waiting = await Backlog(self._database, self._queue).waiting_for([pause_of(one.helpdesk) for one in pauses])
        return self._layout.page(
            request,
            "pilot.html.j2",
            title="Pilot",
            status=422 if wrong else 200,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            choices=[(name, _TITLES[name]) for name in [ALL] * (len(names) != 1) + names],
            pauses=[(_TITLES[one.helpdesk], one) for one in pauses if one.helpdesk in (ALL, *names)],
            leaks=[(name, _TITLES[name]) for name in names if leak_of(name) in standing],
            waiting=waiting,
            covered=[wrong if wrong and wrong.helpdesk == name else await self._covered(name) for name in names],
            changes=[
                (one, change_in_words(one)) for one in await newest_changes(self._database, limit=_CHANGES, of=SWITCHES)
            ],
            longest_why=LONGEST_WHY,
        )

    async def changed(self, deed: str, request: Request) -> Response:
        """`pause` and `resume` turn the switch of a helpdesk, or of all; `cover` sets a scope."""
        form, by = form_of(request), visitor_of(request).name
        helpdesk = form.one("helpdesk")
        if helpdesk not in self._helpdesks and (helpdesk != ALL or deed == "cover"):
            return self._layout.refusal(request, "unknown", 404)
        match deed:
            case "pause":
                await self._pauses.pause(helpdesk, by=by, why=form.one("why"))
            case "resume":
                await self._pauses.resume(helpdesk, by=by)
            case "cover":
                given = {name: form.one(name) for name in _FIELDS}
                try:
                    await self._pilots.cover(helpdesk, read_scope(given, helpdesk=helpdesk), by=by)
                except ScopeError as error:
                    known = await self._covered(helpdesk)
                    return await self.shown(request, replace(known, values=given, problems=error.problems))
            case _:
                return self._layout.refusal(request, "unknown", 404)
        return gone_on(PATH, said=deed)

    async def _covered(self, helpdesk: str) -> Covered:
        scope = await self._pilots.scope(helpdesk)
        values = {name: ", ".join(getattr(scope, name)) for name in ("groups", "brands", "tags")}
        values |= {"percent": str(scope.percent), "holdout": str(scope.holdout)}
        return Covered(helpdesk, _TITLES[helpdesk], scope, await self._pilots.week(helpdesk), values)


def router(layout: Layout, service: Service) -> APIRouter:
    """A page and its forms."""
    routes = APIRouter(tags=["admin page"])
    page = _Page(layout, service)

    @routes.get(PATH, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        """Whether notes are written, and for which tickets."""
        return await page.shown(request)

    @routes.post(f"{PATH}/{{deed}}", response_class=HTMLResponse)
    async def changed(deed: str, request: Request) -> Response:
        """A form was sent: pause, resume or cover."""
        return await page.changed(deed, request)

    return routes
