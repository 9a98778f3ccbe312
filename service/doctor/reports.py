"""Where the weekly report goes: whether its folder can be written, and whether somebody is at its webhook. Nothing is left there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from connectors.setup import Check
from service.groups import ReportSettings

_TIMEOUT_S = 8.0
_SEND = "`deskpilot report weekly --send` leaves the newest one there"


async def look(settings: ReportSettings, *, tls: bool = True) -> Sequence[Check]:
    """A Check for each place that is set; none where there is none. tls: False for tests, whose server has no certificate."""
    found = []
    if settings.folder:
        found.append(await asyncio.to_thread(_folder, settings.folder))
    if webhook := settings.webhook.get_secret_value():
        found.append(await _webhook(webhook, tls=tls))
    return found


def _folder(folder: Path) -> Check:
    """It is made with the first report: the nearest folder that is there is what counts."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check("weekly report", "fine", f"It is written to {folder}; {_SEND}.")
    why_not = "may not be written" if there.is_dir() else "is a file"
    remedy = "Set DESKPILOT_REPORT__FOLDER to a folder that may be written."
    return Check("weekly report", "wrong", f"It cannot be written to {folder}: {there} {why_not}.", remedy)


async def _webhook(address: str, *, tls: bool) -> Check:
    """Whether somebody takes connections there. Nothing is sent: some webhooks take any request for a report."""
    parts = urlsplit(address)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=tls or None)
    except TimeoutError:
        return _unheard(f"no answer within {_TIMEOUT_S:g} s")
    except OSError as error:  # a name, a refusal, a certificate
        return _unheard(error.strerror or type(error).__name__)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Check("weekly report", "fine", f"Somebody is at its webhook; {_SEND}.")


def _unheard(why: str) -> Check:
    """Doubtful: it may be reached through a proxy alone."""
    remedy = f"Check DESKPILOT_REPORT__WEBHOOK, and that this machine may call it; {_SEND}."
    return Check("weekly report", "doubtful", f"Nobody is to be reached at its webhook ({why}).", remedy)
