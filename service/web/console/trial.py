"""The test box: paste a question, see the passages and the note; nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from service.assembly import Service
from service.errors import DatabaseUnavailableError, ServiceError
from service.markup import sanitise
from service.rehearsal import Rehearsed, TrialError, read_trial
from service.web.console.layout import Layout
from service.web.console.visitors import form_of

_FIELDS = ("question", "subject", "helpdesk", "brand", "organization", "language")
_VERDICTS = {
    "ready": ("Ready", "good"),
    "uncovered": ("Not covered", "warn"),
    "person": ("A person is needed", "warn"),
    "no_model": ("No model", "calm"),
}
_STAGES = {
    "mask": "mask",
    "analyse": "analyse",
    "passages": "find passages",
    "draft": "draft",
    "note": "check and compose",
}
_POOLS = {"article": "article", "macro": "macro", "ticket": "solved ticket", "lesson": "lesson"}


def router(layout: Layout, service: Service) -> APIRouter:
    """A page with one form, which answers with the same page."""
    routes = APIRouter(tags=["admin page"])
    helpdesks = [(name, name.capitalize()) for name in service.settings.helpdesks]

    def page(
        request: Request,
        *,
        status: int = 200,
        values: Mapping[str, str] | None = None,
        problems: Mapping[str, str] | None = None,
        problem: str = "",
        done: Rehearsed | None = None,
    ) -> HTMLResponse:
        return layout.page(
            request,
            "trial.html.j2",
            title="Try it",
            status=status,
            values=dict.fromkeys(_FIELDS, "") | dict(values or {}),
            problems={key: f"{said[:1].upper()}{said[1:]}." for key, said in (problems or {}).items()},
            problem=problem,
            helpdesks=helpdesks,
            done=done,
            note=Markup(sanitise(done.note)) if done else "",  # noqa: S704 - our own, and sanitised once more
            verdict=_VERDICTS[done.verdict] if done else ("", ""),
            seconds=[(_STAGES.get(stage, stage), took) for stage, took in done.seconds.items()] if done else [],
            pools=_POOLS,
        )

    @routes.get("/admin/try", response_class=HTMLResponse)
    async def ask(request: Request) -> Response:
        """The form."""
        return page(request)

    @routes.post("/admin/try", response_class=HTMLResponse)
    async def tried(request: Request) -> Response:
        """The form with what became of the question below it."""
        given = {name: form_of(request).one(name) for name in _FIELDS}
        try:
            return page(request, values=given, done=await service.rehearsal.run(read_trial(given)))
        except TrialError as error:
            return page(request, status=422, values=given, problems=error.problems)
        except DatabaseUnavailableError:
            raise  # told as on every page
        except ServiceError as error:
            return page(request, status=503, values=given, problem=str(error))

    return routes
