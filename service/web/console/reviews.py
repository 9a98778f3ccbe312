"""Reviews: a week's blind sample, judged by two people, and the categories that have drifted."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.changes import newest_changes
from service.learning.candidates import retold
from service.pilot import change_in_words
from service.quality.rubric import RUBRIC, ReviewError, agreement, scores_in
from service.quality.sample import Sample
from service.quality.store import REMARK_CHARS, REVIEWERS, SHARE, Review, Samples
from service.quality.watching import DriftError, Drifts
from service.reviewing import figures_of
from service.web.console.layout import Layout, gone_on
from service.web.console.visitors import Form, form_of, visitor_of

PATH: Final = "/admin/reviews"

_NAME_CHARS: Final = 60
_NOBODY: Final = "Say who reviews: two people judge each sample."
_SAID: Final = {
    "kept": "Kept. Here is the next one.",
    "done": "Kept. You have reviewed all there is for now.",
    "nothing": "There is nothing for you to review at the moment.",
    "lowered": "Lowered: its tickets stand where the policy has them, and it is looked at again in a week.",
}


class _Page:
    """What the page shows, and what its forms do."""

    def __init__(self, layout: Layout, service: Service) -> None:
        self._layout, self._service = layout, service
        self._samples, self._drifts = Samples(service.database), Drifts(service.database)

    async def shown(self, request: Request, *, status: int = 200, problem: str = "") -> HTMLResponse:
        """Weeks, agreement and drift. problem: why a form of it changed nothing."""
        weeks, pairs, standing, changes = await asyncio.gather(
            self._samples.weeks(),
            self._samples.pairs(),
            self._drifts.standing(),
            newest_changes(self._service.database, limit=10, of=("drift",)),
        )
        agreed = [(one.title, agreement(pairs[one.name])) for one in RUBRIC]
        return self._layout.page(
            request,
            "reviews.html.j2",
            title="Reviews",
            status=status,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            problem=problem,
            weeks=weeks,
            agreed=[(title, one.pairs, *figures_of(one)) for title, one in agreed],
            drifts=standing,
            changes=[(one, change_in_words(one)) for one in changes],
            reviewer=_reviewer(request),
            asks_name=visitor_of(request).by == "token",
            share=round(SHARE * 100),
            reviewers=REVIEWERS,
            most_name=_NAME_CHARS,
        )

    async def go_on(self, request: Request, reviewer: str, *, after: str = "") -> Response:
        """To the next sample of this reviewer. after: what was said on the way."""
        if not reviewer:
            return await self.shown(request, status=422, problem=_NOBODY)
        following = await self._samples.next_for(reviewer)
        if following is None:
            return _on(PATH, request, reviewer, said="done" if after else "nothing")
        return _on(f"{PATH}/{following.id}", request, reviewer, said=after)

    async def one(self, request: Request, number: int, *, form: Form | None = None, problem: str = "") -> Response:
        """A sample to judge; once two people did, what both gave."""
        sample = await self._samples.one(number)
        if sample is None:
            return self._layout.refusal(request, "unknown", 404)
        return self._layout.page(
            request,
            "review.html.j2",
            title=f"Sample {sample.id}",
            status=422 if problem else 200,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            problem=problem,
            sample=sample,
            waited=_waited(sample),
            rubric=RUBRIC,
            reviews=await self._samples.reviews_of(sample),
            reviewer=_reviewer(request),
            asks_name=visitor_of(request).by == "token",
            most_name=_NAME_CHARS,
            values={name: form.one(name) for name in form.fields} if form else {},
            most_remark=REMARK_CHARS,
        )

    async def given(self, request: Request) -> Response:
        """A review was sent."""
        form, reviewer = form_of(request), _reviewer(request)
        number = form.one("id")
        if not _is_number(number):
            return self._layout.refusal(request, "unknown", 404)
        if not reviewer:
            return await self.one(request, int(number), form=form, problem=_NOBODY)
        try:
            scores = scores_in({one.name: form.one(one.name) for one in RUBRIC})
            entities = self._service.tools.library.entities
            remark = await asyncio.to_thread(retold, form.one("remark"), limit=REMARK_CHARS, entities=entities)
            await self._samples.judge(int(number), Review(reviewer, scores, remark))
        except ReviewError as error:
            return await self.one(request, int(number), form=form, problem=str(error))
        return await self.go_on(request, reviewer, after="kept")

    async def lowered(self, request: Request) -> Response:
        """A person has a category stand where the policy has it."""
        try:
            await self._drifts.lower(form_of(request).one("category"), by=visitor_of(request).name)
        except DriftError as error:
            return await self.shown(request, status=422, problem=str(error))
        return gone_on(PATH, said="lowered")


def _reviewer(request: Request) -> str:
    """Whom a proxy names; else who says so, for all who know the admin token are one."""
    visitor = visitor_of(request)
    if visitor.by == "proxy":
        return visitor.name
    given = form_of(request).one("as") or request.query_params.get("as", "")
    return " ".join(given.split())[:_NAME_CHARS]


def _on(path: str, request: Request, reviewer: str, *, said: str) -> Response:
    given = {"as": reviewer} if visitor_of(request).by == "token" else {}
    query = urlencode(given | ({"said": said} if said else {}))
    return gone_on(f"{path}?{query}" if query else path)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _waited(sample: Sample) -> str:
    """In words, as roughly as a customer would say it."""
    hours = sample.waited_s / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{max(sample.waited_s / 60, 1):.0f} minutes"


def router(layout: Layout, service: Service) -> APIRouter:
    """The page, a sample by itself, and the forms."""
    routes = APIRouter(tags=["admin page"])
    page = _Page(layout, service)

    @routes.get(PATH, response_class=HTMLResponse)
    async def overview(request: Request) -> Response:
        """How far the weeks are, how well reviewers agree, and what has drifted."""
        return await page.shown(request)

    @routes.get(f"{PATH}/{{number}}", response_class=HTMLResponse)
    async def sample(number: str, request: Request) -> Response:
        """A sample."""
        if not _is_number(number):
            return layout.refusal(request, "unknown", 404)
        return await page.one(request, int(number))

    @routes.post(f"{PATH}/next", response_class=HTMLResponse)
    async def following(request: Request) -> Response:
        """To the next sample for whoever asks."""
        return await page.go_on(request, _reviewer(request))

    @routes.post(f"{PATH}/give", response_class=HTMLResponse)
    async def given(request: Request) -> Response:
        """A review was sent."""
        return await page.given(request)

    @routes.post(f"{PATH}/lower", response_class=HTMLResponse)
    async def lowered(request: Request) -> Response:
        """A drift is lowered."""
        return await page.lowered(request)

    return routes
