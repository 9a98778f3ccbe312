"""Who gets the weekly report: a folder, a webhook, or nobody. Once for each week, on Monday morning by the team's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import sqlalchemy as sa

from service.database import Database
from service.errors import ServiceError
from service.groups import ReportSettings
from service.worth.period import name_of_week, week_before
from service.worth.weekly import Weekly, html_of, markdown_of_report, weekly

LOOKED_EVERY_S = 900.0
"""How often somebody looks whether it is due; what did not work is tried again then."""

_FROM_HOUR = 6  # on Monday
_TIMEOUT_S = 30.0

Clock = Callable[[], datetime]


class UndeliveredError(ServiceError):
    """The report could not be left where it belongs; the next turn tries again."""


class Delivery:
    """A round. `zone`: the team's. transport: another way out than the network, for tests."""

    def __init__(
        self,
        database: Database,
        settings: ReportSettings,
        *,
        zone: str,
        clock: Clock = lambda: datetime.now(UTC),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._database, self._settings, self._zone = database, settings, zone
        self._clock, self._transport = clock, transport

    async def go(self) -> str:
        """Write and post what is due. Raises UndeliveredError; what was left before it stays and is not left again."""
        folder, webhook = self._settings.folder, self._settings.webhook.get_secret_value()
        now = self._clock()
        local = now.astimezone(ZoneInfo(self._zone))
        if not folder and not webhook:
            return "off"
        if local.weekday() == 0 and local.hour < _FROM_HOUR:
            return "not yet"
        week = week_before(now, zone=self._zone)
        name = name_of_week(week)
        due = [
            where
            for where, wanted in (("folder", folder), ("webhook", webhook))
            if wanted and not await self._is_done(name, where)
        ]
        if not due:
            return f"{name} is out"
        report = await weekly(self._database, week, now=now)
        if report.empty:
            return f"{name} has nothing to tell"
        await self._leave(report, due)
        return f"{name} to {' and '.join(due)}"

    async def send(self, report: Weekly) -> list[str]:
        """Leave it now wherever it is to go, also again; which places. One whose week is over does not go there by itself after that.

        Raises UndeliveredError, and ServiceError where no place is set.
        """
        places = {"folder": self._settings.folder, "webhook": self._settings.webhook.get_secret_value()}
        wanted = [where for where, place in places.items() if place]
        if not wanted:
            raise ServiceError(
                "The report has no place to go to: set DESKPILOT_REPORT__FOLDER or DESKPILOT_REPORT__WEBHOOK, or name a file with --html or --markdown"
            )
        await self._leave(report, wanted)
        return wanted

    async def _leave(self, report: Weekly, places: Sequence[str]) -> None:
        folder, webhook = self._settings.folder, self._settings.webhook.get_secret_value()
        if "folder" in places and folder:
            await asyncio.to_thread(_write, folder, report)
            await self._done(report, "folder")
        if "webhook" in places:
            await self._post(webhook, report)
            await self._done(report, "webhook")

    async def _post(self, webhook: str, report: Weekly) -> None:
        """JSON with `text` in Markdown, which chats show, and `html`. Its address is a secret: no error names it."""
        told = {"week": report.name, "text": markdown_of_report(report), "html": html_of(report)}
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, transport=self._transport) as http:
                answer = await http.post(webhook, json=told)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UndeliveredError(
                f"the webhook of the weekly report does not answer ({_why(error)}): check DESKPILOT_REPORT__WEBHOOK"
            ) from None
        if not answer.is_success:
            raise UndeliveredError(
                f"the webhook of the weekly report answered {answer.status_code}: check DESKPILOT_REPORT__WEBHOOK"
            )

    async def _is_done(self, week: str, where: str) -> bool:
        async with self._database.engine.connect() as connection:
            return bool(await connection.scalar(_IS_DONE, {"name": _mark(week, where)}))

    async def _done(self, report: Weekly, where: str) -> None:
        if report.until is None:  # what was sent in the middle of a week goes out once more when it is over
            async with self._database.engine.connect() as connection:
                await connection.execute(_DONE, {"name": _mark(report.name, where)})


def _why(error: Exception) -> str:
    """Why a webhook did not answer, without its address, which is a secret."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    if isinstance(error, httpx.ConnectError) and str(error):
        return str(error)  # of the machine that was called, or of its certificate: it knows no path
    return type(error).__name__


def _write(folder: Path, report: Weekly) -> None:
    """Both files, each whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in ((".html", html_of(report)), (".md", markdown_of_report(report))):
            path = folder / f"deskpilot-{report.name}{suffix}"
            beside = path.with_suffix(f"{suffix}.part")
            beside.write_text(content, encoding="utf-8")
            beside.replace(path)
    except OSError as error:
        raise UndeliveredError(
            f"the weekly report cannot be written to {folder}: {error.strerror or error}. Set DESKPILOT_REPORT__FOLDER to a folder that may be written"
        ) from error


def _mark(week: str, where: str) -> str:
    return f"report {week} {where}"


_IS_DONE = sa.text("SELECT true FROM rounds WHERE name = :name AND ended_at IS NOT NULL")
_DONE = sa.text(
    "INSERT INTO rounds (name, begun_at, ended_at, done) VALUES (:name, now(), now(), 'sent') ON CONFLICT DO NOTHING"
)
