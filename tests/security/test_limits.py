"""Nothing of a ticket that is kept out reaches a model, and no model costs more than it may."""

from __future__ import annotations

from pathlib import Path

from service.database import Database
from tests.security.limits import measured


async def test_every_bar_of_the_limits_is_met(database: Database, tmp_path: Path) -> None:
    """On cases of our own: no corpus has any."""
    missed = [bar for bar in await measured(database, tmp_path) if not bar.met]

    assert missed == []
