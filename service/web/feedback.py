"""The page behind the two links of a note. To open it records nothing (mail scanners open every link); to send it does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from service.ballot import ballot
from service.errors import DatabaseUnavailableError
from service.feedback import REASONS, Reason, Remarks, Vote
from service.standalone import standalone
from service.votes import MOST_ANSWER_CHARS, MOST_CHARS, PATH, Recorded, Votes
from service.web.bodies import body_of

log = structlog.get_logger()

LARGEST_BYTES = 64 * 1024
"""Of the form: a comment and an answer of the longest characters, each of them in hexadecimal."""

Page = Literal["right", "wrong", "thanks", "known", "gone", "later"]

_TEMPLATE = Path(__file__).with_name("feedback.html.j2")
_STATUS: dict[Page, int] = {"gone": 404, "later": 503}


def router(votes: Votes, *, language: str) -> APIRouter:
    """Routes for whoever follows a link: the token in it is all that proves them. language: the team's."""
    routes = APIRouter(tags=["feedback"], prefix=PATH.rstrip("/"))

    @routes.get("/{token}", response_class=HTMLResponse)
    async def ask(token: str) -> HTMLResponse:
        """One form with one button. A token that is forged, has expired or was cut off gets the same page, whichever it is."""
        try:
            vote = await votes.read(token)
        except DatabaseUnavailableError as error:
            return _later(language, error)
        return _page(vote.judgement, language, vote) if vote else _page("gone", language)

    @routes.post("/{token}", response_class=HTMLResponse)
    async def record(token: str, request: Request) -> HTMLResponse:
        """Keep the vote; the other link's takes its place, and the same link's again adds what it left out."""
        try:
            vote = await votes.read(token)
            if vote is None:
                return _page("gone", language)
            recorded = await votes.record(vote, _remarks(await body_of(request, largest=LARGEST_BYTES)))
        except DatabaseUnavailableError as error:
            return _later(language, error)
        pages: dict[Recorded, Page] = {"kept": "thanks", "known": "known", "gone": "gone"}
        return _page(pages[recorded], language, None if recorded == "gone" else vote)

    return routes


def _remarks(form: bytes) -> Remarks:
    """What stands in the form's fields; nothing for anything that is no such form."""
    try:
        fields = parse_qs(form.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return Remarks()
    comment, said, answer = (fields.get(name, [""])[0] for name in ("comment", "reason", "answer"))
    reason: Reason = next((one for one in REASONS if one == said), "")
    return Remarks(comment, reason, answer)


def _later(language: str, error: DatabaseUnavailableError) -> HTMLResponse:
    log.warning("a vote could not be recorded", reason=str(error))
    return _page("later", language)


def _page(page: Page, language: str, vote: Vote | None = None) -> HTMLResponse:
    template = standalone(_TEMPLATE, forms="'self'")
    words = ballot(language)
    said: dict[Page, tuple[str, str, str]] = {
        "right": (words.right_title, words.right_lead, words.right_hint),
        "wrong": (words.wrong_title, words.wrong_lead, words.wrong_hint),
        "thanks": (words.thanks_title, words.thanks_lead, ""),
        "known": (words.known_title, words.known_lead, ""),
        "gone": (words.gone_title, words.gone_lead, ""),
        "later": (words.later_title, words.later_lead, ""),
    }
    title, lead, hint = said[page]
    html = template.render(
        page=page,
        words=words,
        title=title,
        lead=lead,
        hint=hint,
        note=words.note.format(reference=vote.reference, ticket=vote.key.ticket_id) if vote else "",
        most=MOST_CHARS,
        most_answer=MOST_ANSWER_CHARS,
        reasons=[(name, words.reasons[name]) for name in REASONS if name],
    )
    return HTMLResponse(
        html, _STATUS.get(page, 200), {"Content-Security-Policy": f"{template.policy}; frame-ancestors 'none'"}
    )
