"""Lessons: what tickets teach waits here for a person, who approves, rewrites, rejects or revokes it, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.changes import newest_changes
from service.errors import EntitiesError
from service.languages import name_of
from service.learning.lesson import LIVES_DAYS, MOST_DAYS, OWNER_CHARS, QUESTION_CHARS, REPLY_CHARS, SHOWN, Lesson
from service.learning.proposing import Proposal, proposal
from service.learning.store import PAGE
from service.learning.teaching import Decided, LessonError
from service.learning.wording import Part, parts
from service.pilot import change_in_words
from service.web.console.layout import Layout, gone_on
from service.web.console.visitors import Form, form_of, visitor_of

PATH: Final = "/admin/lessons"

_CHANGES: Final = 10
_TAUGHT: Final = {
    "edited": "an agent changed the draft",
    "solved": "an agent answered without a draft, and it ended well",
    "corrected": "a vote says what is right",
}
_SAID: Final = {
    "approve": "Approved: tickets get it from now on.",
    "taken": "Noted: the rule stands in the policy file.",
    "edit": "Rewritten.",
    "reject": "Rejected: nothing is learnt of it.",
    "revoke": "Revoked: no ticket gets it any more.",
    "late": "Done. The index does not answer at the moment; it follows by itself. What is revoked is in no draft all the same.",
}
_DEEDS: Final = ("approve", "edit", "reject", "revoke")
_WORDS: Final = {
    "waiting": "Waiting",
    "approved": "Approved",
    "rejected": "Rejected",
    "revoked": "Revoked",
    "expired": "Expired",
}
_NOTHING: Final = {
    "waiting": "Nothing waits. When an agent changes a draft, solves a ticket without one, or says in a vote what is right, it stands here.",
    "approved": "No lesson is approved.",
    "rejected": "None was rejected.",
    "revoked": "None was revoked.",
    "expired": "None has expired.",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A lesson as the page shows it. values: of a form that was sent and changed nothing, and why."""

    lesson: Lesson
    changed: tuple[Part, ...]
    rule: Proposal | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class _Page:
    """What the page shows, and what its forms do."""

    def __init__(self, layout: Layout, service: Service) -> None:
        self._layout, self._service = layout, service
        self._teaching, self._store = service.tools.teaching, service.tools.teaching.store

    async def shown(self, request: Request, state: str) -> Response:
        """A tab, page by page."""
        known = next((one for one in SHOWN if one == state), None)
        page = request.query_params.get("page", "1")
        if known is None or not (page.isascii() and page.isdecimal() and 0 < int(page[:6]) < 10_000):
            return self._layout.refusal(request, "unknown", 404)
        number = int(page)
        lessons = await self._store.listed(known, skip=(number - 1) * PAGE, limit=PAGE + 1)
        return await self._page(request, [await self._card(one) for one in lessons[:PAGE]], state=known, page=number, more=len(lessons) > PAGE)  # fmt: skip

    async def one(self, request: Request, number: int, *, form: Form | None = None, problem: str = "") -> Response:
        """A lesson by itself. problem: why a form of it changed nothing."""
        lesson = await self._store.one(number)
        if lesson is None:
            return self._layout.refusal(request, "unknown", 404)
        values = {name: form.one(name) for name in form.fields} if form else {}
        card = await self._card(lesson, values=values, problem=problem)
        return await self._page(request, [card], state=lesson.state, alone=True)

    async def decided(self, request: Request, deed: str) -> Response:
        """A form was sent: approve, edit, reject or revoke."""
        form = form_of(request)
        number = form.one("id")
        if deed not in _DEEDS or not (number.isascii() and number.isdecimal() and len(number) < 19):
            return self._layout.refusal(request, "unknown", 404)
        lesson = await self._store.one(int(number))
        if lesson is None:
            return self._layout.refusal(request, "unknown", 404)
        if form.one("stamp") != lesson.stamp:
            said = "Somebody has rewritten it since you opened the page: read it as it is now."
            return await self.one(request, lesson.id, problem=said)
        try:
            done = await self._do(deed, lesson, form, by=visitor_of(request).name)
        except (LessonError, EntitiesError) as error:
            return await self.one(request, lesson.id, form=form, problem=str(error))
        tab = PATH if lesson.state == "waiting" else f"{PATH}/{done.lesson.state}"
        return gone_on(tab, said="late" if done.late else _said(deed, lesson))

    async def _do(self, deed: str, lesson: Lesson, form: Form, *, by: str) -> Decided:
        match deed:
            case "approve":
                days = form.one("days")
                if form.one("for") not in ("organization", "everyone"):
                    raise LessonError("Say for whom it is approved.")
                return await self._teaching.approve(
                    lesson,
                    everyone=form.one("for") == "everyone",
                    owner=form.one("owner"),
                    days=int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0,
                    by=by,
                )
            case "edit":
                question, reply = form.one("question"), form.one("reply")
                return await self._teaching.rewrite(lesson, question=question, reply=reply, by=by)
            case "reject":
                return await self._teaching.reject(lesson, by=by)
        return await self._teaching.revoke(lesson, by=by)

    async def _card(self, lesson: Lesson, *, values: Mapping[str, str] | None = None, problem: str = "") -> Card:
        rule = None
        if lesson.kind == "hand_over":
            rule = await asyncio.to_thread(proposal, lesson, self._service.policies.current().policy)
        return Card(lesson, tuple(parts(lesson.changed)), rule, values or {}, problem)

    async def _page(
        self, request: Request, cards: list[Card], *, state: str, page: int = 1, more: bool = False, alone: bool = False
    ) -> HTMLResponse:
        counts = await self._store.counts()
        changes = await newest_changes(self._service.database, limit=_CHANGES, of=("lesson",))
        return self._layout.page(
            request,
            "lessons.html.j2",
            title=f"Lesson {cards[0].lesson.id}" if alone else "Lessons",
            status=422 if any(card.problem for card in cards) else 200,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            cards=cards,
            state=state,
            tabs=[
                (PATH if name == "waiting" else f"{PATH}/{name}", name, _WORDS[name], counts[name]) for name in SHOWN
            ],
            nothing=_NOTHING.get(state, ""),
            page=page,
            more=more,
            alone=alone,
            taught=_TAUGHT,
            changes=[(one, change_in_words(one)) for one in changes],
            me=visitor_of(request).name,
            days=LIVES_DAYS,
            most_days=MOST_DAYS,
            longest={"owner": OWNER_CHARS, "question": QUESTION_CHARS, "reply": REPLY_CHARS},
            name_of=name_of,
        )


def _said(deed: str, lesson: Lesson) -> str:
    return "taken" if deed == "approve" and lesson.kind == "hand_over" else deed


def router(layout: Layout, service: Service) -> APIRouter:
    """The tabs, a lesson by itself, and the forms."""
    routes = APIRouter(tags=["admin page"])
    page = _Page(layout, service)

    @routes.get(PATH, response_class=HTMLResponse)
    async def waiting(request: Request) -> Response:
        """What waits, the most often seen first."""
        return await page.shown(request, "waiting")

    @routes.get(f"{PATH}/{{which}}", response_class=HTMLResponse)
    async def others(which: str, request: Request) -> Response:
        """Another tab, or the lesson of a number."""
        if which.isascii() and which.isdecimal() and len(which) < 19:
            return await page.one(request, int(which))
        return await page.shown(request, which)

    @routes.post(f"{PATH}/{{deed}}", response_class=HTMLResponse)
    async def decided(deed: str, request: Request) -> Response:
        """A form was sent: approve, edit, reject or revoke."""
        return await page.decided(request, deed)

    return routes
