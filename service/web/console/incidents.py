"""Incidents: those that run, with what one does to them; a form that starts one; the past ones with their reports; spikes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import TypeAdapter, ValidationError

from service.assembly import Service
from service.changes import newest_changes
from service.incidents.alarms import standing_alarms
from service.incidents.history import History
from service.incidents.plan import STAGES, IncidentError, Stage, read_plan
from service.incidents.report import facts, lasted
from service.incidents.store import Incidents
from service.languages import NAMES
from service.pilot import change_in_words
from service.policy.document import Policy
from service.policy.values import Duration, said
from service.web.console.layout import Layout, gone_on
from service.web.console.visitors import Form, form_of, visitor_of

PATH = "/admin/incidents"

_CHANGES = 10
_PAST = 30
_TITLES: Mapping[str, str] = {stage: stage.capitalize() for stage in STAGES}
_LASTS = (("1h", "1 hour"), ("4h", "4 hours"), ("12h", "12 hours"), ("1d", "1 day"), ("3d", "3 days"), ("7d", "7 days"))
_SAID = {
    "start": "The incident runs: matching tickets get its text from now on.",
    "stop": "The incident is stopped: tickets are drafted as always.",
    "stage": "The incident is at another stage: tickets get that text from now on.",
    "prolong": "The incident is prolonged.",
}
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


class _Page:
    """What the page shows, and what its forms do."""

    def __init__(self, layout: Layout, service: Service) -> None:
        self._layout, self._service, self._database = layout, service, service.database
        self._incidents, self._history = Incidents(service.database), History(service.database)

    @property
    def _policy(self) -> Policy:
        """The one in force."""
        return self._service.policies.current().policy

    async def shown(
        self,
        request: Request,
        *,
        values: Mapping[str, str] | None = None,
        problems: Mapping[str, str] | None = None,
        of: str = "",
    ) -> HTMLResponse:
        """How it stands. problems: of a form that was sent and changed nothing; of: the incident that it was about."""
        policy, every = self._policy, await self._incidents.all()
        return self._layout.page(
            request,
            "incidents.html.j2",
            title="Incidents",
            status=422 if problems else 200,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            alarms=await standing_alarms(self._database),
            running=[one for one in every if one.state == "running"],
            past=[one for one in every if one.state != "running"][:_PAST],
            values=values or {"category": request.query_params.get("category", "")},
            problems=problems or {},
            wrong=of,
            categories=[(name, said(one.title, "en") or name) for name, one in policy.categories.items()],
            languages=[(language, NAMES.get(language, language)) for language in policy.languages],
            names=NAMES,
            stages=_TITLES,
            lasts=_LASTS,
            lasted=lasted,
            changes=[
                (one, change_in_words(one))
                for one in await newest_changes(self._database, limit=_CHANGES, of=("incident", "spike"))
            ],
        )

    async def changed(self, deed: str, request: Request) -> Response:
        """`start`, or one of the buttons of an incident that runs."""
        form, by = form_of(request), visitor_of(request).name
        name = form.one("name")
        try:
            match deed:
                case "start":
                    plan = read_plan(_written(form, self._policy), policy=self._policy)
                    await self._incidents.start(plan, by=by, languages=self._policy.languages)
                case "stop":
                    await self._incidents.stop(name, by=by)
                case "stage":
                    await self._staged(name, form, by=by)
                case "prolong":
                    await self._incidents.prolong(name, _duration(form.one("expires")), by=by)
                case _:
                    return self._layout.refusal(request, "unknown", 404)
        except IncidentError as error:
            values = {key: form.one(key) for key in form.fields}
            problems = {_field_of(key, self._policy): problem for key, problem in reversed(error.problems.items())}
            return await self.shown(request, values=values, problems=problems, of="" if deed == "start" else name)
        return gone_on(PATH, said=deed)

    async def reported(self, request: Request, name: str) -> Response:
        """The report of one, to read."""
        try:
            report = await self._history.report(await self._incidents.one(name), self._policy)
        except IncidentError:
            return self._layout.refusal(request, "unknown", 404)
        title = f"Incident {report.incident.title}"
        short = facts(report, when=self._layout.to_the_minute)
        return self._layout.page(
            request, "incident.html.j2", title=title, report=report, facts=short, names=NAMES, stages=_TITLES
        )

    async def written(self, request: Request, name: str) -> Response:
        """The same to pass on, as Markdown."""
        try:
            report = await self._history.report(await self._incidents.one(name), self._policy)
        except IncidentError:
            return self._layout.refusal(request, "unknown", 404)
        headers = {"Content-Disposition": f'attachment; filename="incident-{report.incident.name}.md"'}
        return PlainTextResponse(report.as_markdown(), media_type="text/markdown", headers=headers)

    async def _staged(self, name: str, form: Form, *, by: str) -> None:
        stage: Stage | None = next((one for one in STAGES if one == form.one("stage")), None)
        if stage is None:
            raise IncidentError({"stage": "Choose one."})
        texts = _texts(form, self._policy.languages)
        await self._incidents.stage(name, stage, by=by, texts=texts or None)


def router(layout: Layout, service: Service) -> APIRouter:
    """A page, its forms, and a report for each incident."""
    routes = APIRouter(tags=["admin page"])
    page = _Page(layout, service)

    @routes.get(PATH, response_class=HTMLResponse)
    async def shown(request: Request) -> Response:
        """Those that run, those that ran, spikes, and a form."""
        return await page.shown(request)

    @routes.get(f"{PATH}/{{name}}", response_class=HTMLResponse)
    async def reported(name: str, request: Request) -> Response:
        """What one came to."""
        return await page.reported(request, name)

    @routes.get(f"{PATH}/{{name}}/report.md", response_class=PlainTextResponse)
    async def written(name: str, request: Request) -> Response:
        """The same as Markdown."""
        return await page.written(request, name)

    @routes.post(f"{PATH}/{{deed}}", response_class=HTMLResponse)
    async def changed(deed: str, request: Request) -> Response:
        """A form was sent: start, stop, stage or prolong."""
        return await page.changed(deed, request)

    return routes


def _written(form: Form, policy: Policy) -> dict[str, Any]:
    """A plan, as the form has it. Its name is made of title and time."""
    title, stage = form.one("title"), form.one("stage") or STAGES[0]
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "incident"
    words = [part.strip() for part in form.one("words").split(",") if part.strip()]
    match = {"words": words, "category": form.one("category")}
    return {
        "name": f"{slug}-{datetime.now(UTC):%m%d-%H%M}",
        "title": title,
        "match": {key: value for key, value in match.items() if value},
        "texts": {stage: _texts(form, policy.languages) or {policy.languages[0]: ""}},
        "stage": stage,
        "expires": form.one("expires"),
    }


def _texts(form: Form, languages: Sequence[str]) -> dict[str, str]:
    return {language: text for language in languages if (text := form.one(f"text-{language}"))}


def _field_of(key: str, policy: Policy) -> str:
    """The field of the form that a problem belongs to."""
    parts = key.split(".")
    match parts:
        case ["texts", _, language] if language in policy.languages:
            return f"text-{language}"
        case ["texts", *_]:
            return f"text-{policy.languages[0]}"
        case ["match", "category", *_]:
            return "category"
        case ["match", *_]:
            return "words"
    return key if key in ("stage", "expires") else "title"


def _duration(text: str) -> timedelta:
    try:
        return _DURATION.validate_python(text)
    except ValidationError as error:
        raise IncidentError({"expires": "is no duration: a number and m, h or d, as in 4h"}) from error
