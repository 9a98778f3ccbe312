"""Where the weekly report goes: whether its folder can be written, and whether somebody is at its webhook. Nothing is left there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import httpx

from connectors.setup import Check
from service.groups import ReportSettings
from service.worth.delivery import why

_TIMEOUT_S = 8.0
_GONE = frozenset({404, 410})
_SEND = "`deskpilot report weekly --send` leaves the newest one there"


async def look(settings: ReportSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> Sequence[Check]:
    """A Check for each place that is set; none where there is none. transport: another way out than the network, for tests."""
    found = []
    if settings.folder:
        found.append(await asyncio.to_thread(_folder, settings.folder))
    if webhook := settings.webhook.get_secret_value():
        found.append(await _webhook(webhook, transport))
    return found


def _folder(folder: Path) -> Check:
    """It is made with the first report: the nearest folder that is there is what counts."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check("weekly report", "fine", f"It is written to {folder}; {_SEND}.")
    why_not = "may not be written" if there.is_dir() else "is a file"
    remedy = "Set DESKPILOT_REPORT__FOLDER to a folder that may be written."
    return Check("weekly report", "wrong", f"It cannot be written to {folder}: {there} {why_not}.", remedy)


async def _webhook(address: str, transport: httpx.AsyncBaseTransport | None) -> Check:
    """Looked at without posting: whatever answers is somebody, and what it says to a look tells little of a post."""
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, transport=transport) as http:
            answer = await http.get(address)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = f"Its webhook does not answer ({why(error)})."
        return Check(
            "weekly report", "wrong", said, "Check DESKPILOT_REPORT__WEBHOOK, and that this machine may call it."
        )
    if answer.status_code in _GONE:
        said = f"Its webhook answered {answer.status_code} when it was looked at, which some do to all but a post."
        return Check("weekly report", "doubtful", said, f"Try it: {_SEND}.")
    return Check("weekly report", "fine", f"Its webhook answers; {_SEND}.")
