"""The switch by which a person stops the writing of notes, for one helpdesk or for all, and lets it go on.

It stands among the outages: every look reads those anyway, so all replicas obey at once; tickets wait for it as for any
other, and the sweep lets them go within a second after it is over. Nobody probes it. A stop after a leak is another one:
`leak_of` in service/outages.py, and no pause touches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import MisconfiguredError
from service.changes import change, named
from service.database import Database, storable
from service.errors import PausedError
from service.outages import OPENS_AFTER, Outage, Outages, Standing, leak_of
from service.tables import outages

ALL = "*"
"""In place of a helpdesk: all of them."""

LONGEST_WHY = 200

_PREFIX = "pause:"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pause:
    """Notes are not written. helpdesk: "*" all."""

    helpdesk: str
    since: datetime
    by: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"helpdesk": self.helpdesk, "since": self.since.isoformat(), "by": self.by, "why": self.why}


class Pauses:
    """Reads and turns the switches. Who turned one is recorded with it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self) -> list[Pause]:
        """Those that are in force."""
        return pauses_in(await Outages(self._database).standing())

    async def pause(self, helpdesk: str, *, by: str, why: str) -> None:
        """Write no notes from now on. Said again, it changes who and why, not since when."""
        who, reason = named(by), " ".join(storable(why).split())[:LONGEST_WHY]
        said = {"reason": reason, "by_whom": who, "failures": OPENS_AFTER, "probe_at": _NEVER}
        switched = insert(outages).values(name=pause_of(helpdesk), **said)
        async with self._database.transactions.begin() as connection:
            await connection.execute(switched.on_conflict_do_update(index_elements=["name"], set_=said))
            await connection.execute(change("pause", helpdesk, by=who, details={"why": reason}))

    async def resume(self, helpdesk: str, *, by: str) -> bool:
        """Write notes again. False: this was not paused."""
        async with self._database.transactions.begin() as connection:
            gone = await connection.execute(sa.delete(outages).where(outages.c.name == pause_of(helpdesk)))
            if gone.rowcount:
                await connection.execute(change("resume", helpdesk, by=by))
            return bool(gone.rowcount)


def pause_of(helpdesk: str) -> str:
    """Under which name it stands among the outages. helpdesk: "*" all."""
    return f"{_PREFIX}{helpdesk}"


def pauses_in(standing: Standing) -> list[Pause]:
    """Those among the outages."""
    return [_pause(one) for name, one in sorted(standing.items()) if name.startswith(_PREFIX)]


def refuse_stopped(standing: Standing, helpdesk: str) -> None:
    """Raise MisconfiguredError where a leak has stopped the writing, PausedError where a person has."""
    if leak_of(helpdesk) in standing:
        raise MisconfiguredError(
            f"a note in {helpdesk} came back public, so nothing is written there: mend its settings, "
            f"then run `deskpilot resume {helpdesk}`"
        )
    found = standing.get(pause_of(ALL)) or standing.get(pause_of(helpdesk))
    if found:
        pause = _pause(found)
        what = "all notes" if pause.helpdesk == ALL else f"notes for {helpdesk}"
        reason = f"{what} are paused by {pause.by} since {pause.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        said = f"{reason}: {pause.why}" if pause.why else reason
        raise PausedError(found.name, said, since=found.since, open_=True)


def _pause(outage: Outage) -> Pause:
    return Pause(outage.name.removeprefix(_PREFIX), outage.since, outage.by, outage.reason)
