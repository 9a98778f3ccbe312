"""What judges a history in these tests, and how it is read."""

from __future__ import annotations

from typing import cast

from connectors.base import Helpdesk
from service.audit.reading import Bench, Read, read_history
from tests.service.audit.history import SINCE, PastDesk


async def read(bench: Bench, *desks: PastDesk) -> Read:
    """All of their history."""
    named = {desk.name: cast("Helpdesk", desk) for desk in desks}
    return await read_history(named, bench, since=SINCE, told=lambda _: None)
