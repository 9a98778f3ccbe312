"""What the judge reads: the simulators' logs and state, the driver's list of what should happen, the kills.

Times are seconds since the epoch, by one machine's clock. A process is its pid; 0 is one that did not say who it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Point = Literal["before the note", "after the note", "between ledger and note"]
"""The chosen points. Held back by the simulator: the note on its way in, the answer to it, the last look before it."""

POINTS: tuple[Point, ...] = ("before the note", "after the note", "between ledger and note")


@dataclass(frozen=True, slots=True, order=True)
class TicketName:
    """A ticket of one of the two helpdesks."""

    helpdesk: str
    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the driver wrote. `at`: when the helpdesk had stored it."""

    ticket: TicketName
    id: str  # as the service knows the message
    at: float
    by: Literal["customer", "agent"]
    deserves: bool = False  # a note, by what it says
    automatic: bool = False  # written by a machine: takes no question back


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a helpdesk or to the model. `end`: when its answer had left."""

    ticket: TicketName | None
    pid: int
    where: Literal["helpdesk", "model"]
    kind: str  # "ticket", "conversation", "note", "other", "model"
    start: float
    end: float
    status: int
    private: bool = True  # of a write: what it asked for
    note_id: str = ""  # what it stored
    html: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A note of the service as the helpdesk has it at the end."""

    ticket: TicketName
    id: str
    public: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery of a webhook. `status` 0: no answer, and `error` says why."""

    ticket: TicketName
    sent: float
    done: float
    status: int
    said: str = ""  # the answer's `detail`
    error: str = ""
    ours: bool = False  # it tells of what the service itself did


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL. `at`: just before it; `dead`: when the process was gone."""

    process: str
    pid: int
    at: float
    dead: float
    point: Point | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """One SIGTERM of a rolling restart. `ended`: when the process was gone; `ready`: when its successor was."""

    process: str
    pid: int
    at: float
    ended: float
    ready: float
    code: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. `accounts`: helpdesk -> the host name by which the service knows it."""

    accounts: Mapping[str, str]
    said: Sequence[Said]
    asked: Sequence[Asked]
    stored: Sequence[Stored]
    sent: Sequence[Sent]
    kills: Sequence[Kill] = ()
    stops: Sequence[Stop] = ()
    mailed: Sequence[str] = ()  # ids of notes of ours that left as an e-mail


def save(evidence: Evidence, path: Path) -> None:
    """Write it down, so that a breach can be looked at afterwards."""
    path.write_text(json.dumps(asdict(evidence)))


def rows(kind: type[T], given: Iterable[Mapping[str, Any]]) -> list[T]:
    """Records out of JSON."""
    named = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass, as all of the above
    return [
        kind(**{name: _ticket(value) if name == "ticket" else value for name, value in row.items() if name in named})
        for row in given
    ]


def load(path: Path) -> Evidence:
    """Read what `save` wrote."""
    given = json.loads(path.read_text())
    kinds = {"said": Said, "asked": Asked, "stored": Stored, "sent": Sent, "kills": Kill, "stops": Stop}
    return Evidence(
        accounts=given["accounts"],
        mailed=given["mailed"],
        **{name: rows(kind, given[name]) for name, kind in kinds.items()},
    )


def _ticket(value: Mapping[str, str] | None) -> TicketName | None:
    return TicketName(**value) if value else None
