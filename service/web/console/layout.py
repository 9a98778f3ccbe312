"""What all pages of the administrators share: frame, navigation, style, policy, and how times are told.

A page is a router in a file of its own here, listed in `pages.py`, and a template beside it that extends layout.html.j2. A form is
`<form method="post" action="…">{{ csrf }} … </form>`: the door answers 403 to one without. After a change, redirect with `gone_on`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.web.console.visitors import visitor_of

NAVIGATION = (
    ("/admin", "Overview"),
    ("/dashboard", "Dashboards"),
    ("/admin/deliveries", "Deliveries"),
    ("/admin/incidents", "Incidents"),
    ("/admin/knowledge", "Knowledge"),
    ("/admin/lessons", "Lessons"),
    ("/admin/outreach", "Outreach"),
    ("/admin/pilot", "Pilot"),
    ("/admin/policy", "Policy"),
    ("/admin/reviews", "Reviews"),
    ("/admin/try", "Try it"),
)
"""(path, word) of what stands at the top of every page."""

SCRIPT = "/admin/console.js"


class Layout:
    """Makes pages. timezone: the team's. beside: a folder with templates of its own and one more style, which come first."""

    def __init__(self, *, timezone: str, beside: Path | None = None) -> None:
        folder = Path(__file__).parent
        self._zone, self._zone_name = ZoneInfo(timezone), timezone
        self._templates = Environment(
            loader=FileSystemLoader([beside, folder] if beside else folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "when": self.when,
            "to_the_minute": self.to_the_minute,
            "ago": ago,
            "counted": counted,
        }
        style = (folder / "console.css").read_text(encoding="utf-8")
        for more in sorted(beside.glob("*.css")) if beside else ():
            style += more.read_text(encoding="utf-8")
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._style = Markup(style)  # noqa: S704 - our own file
        self._policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    def page(
        self,
        request: Request,
        template: str,
        *,
        title: str,
        status: int = 200,
        script: bool | str = False,
        **given: object,
    ) -> HTMLResponse:
        """A page, whole. script: it is brought up to date by console.js, or by a script of this address. given: for the template; all of it is escaped."""
        visitor = visitor_of(request)
        path = request.url.path.rstrip("/")
        html = self._templates.get_template(template).render(
            title=title,
            style=self._style,
            script=SCRIPT if script is True else script or "",
            visitor=visitor,
            csrf=Markup('<input type="hidden" name="csrf" value="{}">').format(visitor.form_token),
            navigation=[(to, word, _is_here(path, to)) for to, word in NAVIGATION],
            zone=self._zone_name,
            **given,
        )
        policy = self._policy + "; script-src 'self'; connect-src 'self'" * bool(script)
        return HTMLResponse(html, status, {"Content-Security-Policy": policy})

    def refusal(self, request: Request, why: str, status: int) -> HTMLResponse:
        """A page that says why there is none, and what to do. why: see refusal.html.j2."""
        return self.page(request, "refusal.html.j2", title="deskpilot", status=status, why=why, path=request.url.path)

    def when(self, at: datetime | None) -> Markup:
        """A moment in the team's zone, which the foot of every page names."""
        if at is None:
            return Markup("")
        seconds = f"{at.astimezone(self._zone):%S}"
        return Markup('<time datetime="{}">{}:{}</time>').format(
            at.astimezone(UTC).isoformat(timespec="seconds"), self.to_the_minute(at), seconds
        )

    def to_the_minute(self, at: datetime) -> str:
        """A moment in the team's zone, as plain text."""
        local = at.astimezone(self._zone)
        year = "" if local.year == datetime.now(self._zone).year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M}"

    def midnight(self, now: datetime) -> datetime:
        """When the team's day began."""
        return now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)


def gone_on(path: str, *, said: str = "") -> RedirectResponse:
    """After a change: look at this page of ours, so that a reload changes nothing. said: a key of the page's own words, in ?said=."""
    return RedirectResponse(f"{path}?said={said}" if said else path, 303)


def ago(at: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago, as people say it. now: aware; None: this moment."""
    if at is None:
        return "never"
    passed = (now or datetime.now(UTC)) - at
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if passed >= length:
            return f"{counted(passed // length, unit)} ago"
    return "just now"


def counted(count: int, word: str, many: str = "") -> str:
    """A number and its word: 1 ticket, 2,000 tickets."""
    return f"{count:,} {word if count == 1 else many or f'{word}s'}"


def _is_here(path: str, to: str) -> bool:
    return path == to or (to != "/admin" and path.startswith(f"{to}/"))
