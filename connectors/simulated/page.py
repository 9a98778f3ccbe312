"""The web page of a simulated helpdesk: tickets, conversation, and a box to write as the customer or as an agent.

Works as plain forms; a small script (`static/desk.js`) fetches the same page again every second and patches in what is new.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

import jinja2
import nh3
from fastapi import APIRouter, Form, Header, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from connectors.simulated.desk import Desk, DeskEntry, DeskTicket

_HERE = Path(__file__).parent

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""Sent with every answer. The page shows what strangers wrote, so nothing but our own two files may run or be loaded."""

_SHOWN_TAGS = frozenset(
    """a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s small span strong sub sup
    table tbody td th thead tr u ul""".split()  # noqa: SIM905, reads better than 36 quoted names
)

_MOST_CHARS = 50_000  # of a message written on the page; a helpdesk takes about 64,000

WriteAs = Literal["customer", "reply", "note"]


def page_router(desk: Desk) -> APIRouter:
    """The page's routes: `/`, `/tickets/...` and its files below `/page/`. Include it last, behind the API's routes."""
    pages = _Pages(desk)
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", pages.start, methods=["GET"])
    router.add_api_route("/tickets", pages.open_ticket, methods=["POST"])
    router.add_api_route("/tickets/new", pages.new_ticket, methods=["GET"])
    router.add_api_route("/tickets/{ticket_id}", pages.ticket, methods=["GET"])
    router.add_api_route("/tickets/{ticket_id}/messages", pages.write, methods=["POST"])
    router.add_api_route("/tickets/{ticket_id}/solve", pages.solve, methods=["POST"])
    router.add_api_route("/page/{name}", static_file, methods=["GET"])
    return router


def shown_html(html: str) -> str:
    """What an agent sees of a message's HTML: no styles, no scripts, no images; links open elsewhere and tell nothing."""
    return nh3.clean(
        html,
        tags=set(_SHOWN_TAGS),
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def article_page(*, title: str, html: str, breadcrumb: str, account: str, vendor: str) -> HTMLResponse:
    """A help-centre article as a customer reads it, so that the links in notes lead somewhere."""
    body = Markup(shown_html(html))  # noqa: S704, cleaned
    article = _templates().get_template("article.html")
    page = article.render(title=title, body=body, breadcrumb=breadcrumb, account=account, vendor=vendor)
    return HTMLResponse(page, headers=HEADERS)


async def static_file(name: str) -> FileResponse:
    """One of the page's own files."""
    known = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}
    if name not in known:
        raise HTTPException(status_code=404, detail="no such file")
    return FileResponse(_HERE / "static" / name, media_type=known[name], headers=HEADERS)


def entry_label(entry: DeskEntry) -> str:
    """Who may read an entry, in words."""
    if not entry.public:
        return "Internal note, not visible to the customer"
    return {"customer": "Customer", "agent": "Public reply", "co-pilot": "Public reply", "system": "System"}[entry.by]


def entry_version(entry: DeskEntry) -> str:
    """Changes when an entry must be drawn again (edited, redacted, made private)."""
    return _digest((entry.html, entry.public, entry.by, entry.author, entry.attachments))


def initials(name: str) -> str:
    """One or two letters for the round picture beside an entry."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:])) or "?"


def _digest(value: object) -> str:
    return blake2b(repr(value).encode(), digest_size=8).hexdigest()


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = lambda html: Markup(shown_html(html))  # noqa: S704, cleaned one line above
    environment.filters["initials"] = initials
    environment.filters["label"] = entry_label
    environment.filters["version"] = entry_version
    environment.filters["digest"] = _digest
    return environment


class _Pages:
    """The handlers, around one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = _templates().get_template("desk.html")

    async def start(self, if_none_match: Annotated[str, Header()] = "") -> Response:
        return self._answer(None, mode="start", known=if_none_match)

    async def new_ticket(self, if_none_match: Annotated[str, Header()] = "") -> Response:
        return self._answer(None, mode="new", known=if_none_match)

    async def ticket(self, ticket_id: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        return self._answer(self._known(ticket_id), mode="ticket", known=if_none_match)

    async def open_ticket(
        self,
        request: Request,
        *,
        name: Annotated[str, Form(max_length=200)] = "",
        email: Annotated[str, Form(max_length=200)] = "",
        subject: Annotated[str, Form(max_length=300)] = "",
        text: Annotated[str, Form(max_length=_MOST_CHARS)] = "",
    ) -> Response:
        _own_form(request)
        given = {"name": name.strip(), "email": email.strip(), "subject": subject.strip(), "text": text.strip()}
        if not all(given.values()) or "@" not in email:
            return self._answer(
                None, mode="new", given=given, problem="Fill in all four fields; the e-mail address needs an @."
            )
        return _see(await self._desk.customer_opens(**given))

    async def write(
        self,
        request: Request,
        ticket_id: str,
        *,
        write_as: Annotated[WriteAs, Form()] = "customer",
        text: Annotated[str, Form(max_length=_MOST_CHARS)] = "",
    ) -> Response:
        _own_form(request)
        self._known(ticket_id)
        if text.strip() and write_as == "customer":
            await self._desk.customer_writes(ticket_id, text=text.strip())
        elif text.strip():
            await self._desk.agent_writes(ticket_id, text=text.strip(), public=write_as == "reply")
        return _see(ticket_id)

    async def solve(self, request: Request, ticket_id: str) -> Response:
        _own_form(request)
        self._known(ticket_id)
        await self._desk.agent_solves(ticket_id)
        return _see(ticket_id)

    def _known(self, ticket_id: str) -> DeskTicket:
        try:
            return self._desk.conversation(ticket_id)
        except KeyError as error:
            raise HTTPException(status_code=404, detail=f"there is no ticket {ticket_id}") from error

    def _answer(
        self,
        ticket: DeskTicket | None,
        *,
        mode: Literal["start", "new", "ticket"],
        known: str = "",
        given: dict[str, str] | None = None,
        problem: str = "",
    ) -> Response:
        rows = self._desk.rows()
        etag = f'"{_digest((rows, ticket, mode, given))}"'
        headers = HEADERS | {"ETag": etag}
        if known == etag:
            return Response(status_code=304, headers=headers)
        page = self._page.render(
            desk=self._desk, rows=rows, ticket=ticket, mode=mode, given=given or {}, problem=problem
        )
        return HTMLResponse(page, status_code=422 if problem else 200, headers=headers)


def _own_form(request: Request) -> None:
    """Refuse a form that another site's page sent: a demo on loopback is reachable from every page the browser shows."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(status_code=403, detail="this form was sent by another site")


def _see(ticket_id: str) -> RedirectResponse:
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303, headers=HEADERS)
