"""Reading the history of every helpdesk; what cannot be read is said, and nothing is made up for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import (
    ConnectorError,
    ForbiddenError,
    Helpdesk,
    MisconfiguredError,
    PastTicket,
    RejectedError,
    RetryableError,
)
from service.audit.past import Judges, Seen, left_out
from service.entities import Entities
from service.policy.deciding import InForce
from service.triage.triaging import Triager

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Bench:
    """What judges tickets outside of the story."""

    in_force: InForce
    triager: Triager
    entities: Entities | None


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of all helpdesks.

    left_out: how many, by why. answered: the helpdesks that the figures are of. problems: what could not be read, a sentence each.
    """

    seen: tuple[Seen, ...]
    left_out: Mapping[str, int]
    answered: tuple[str, ...]
    problems: tuple[str, ...]


async def read_history(
    desks: Mapping[str, Helpdesk], bench: Bench, *, since: datetime, told: Callable[[int], None]
) -> Read:
    """Read and judge the tickets opened since then. told: how many so far. What a helpdesk refuses is a problem, not an end."""
    seen: list[Seen] = []
    out: Counter[str] = Counter()
    answered: list[str] = []
    problems: list[str] = []
    for name, desk in desks.items():
        judges = Judges(bench.in_force, bench.triager, bench.entities, helpdesk=name, account=desk.account)
        before = len(seen) + out.total()
        try:
            async for batch in _batches(desk, since, out):
                seen += await judges.all(batch)
                told(len(seen))
        except ConnectorError as error:
            if len(seen) + out.total() == before:
                problems.append(_nothing_of(name, error))
                continue
            problems.append(_half_of(name, error))
        answered.append(name)
    return Read(tuple(seen), dict(out.most_common()), tuple(answered), tuple(problems))


def why_nothing(read: Read, *, since: datetime) -> Sequence[str]:
    """A sentence each, where no ticket counts: a report of nothing would look like one of a calm team. Else none."""
    if read.seen:
        return ()
    if not read.answered:
        return read.problems
    some = ", ".join(f"{count:,} {why}" for why, count in read.left_out.items())
    empty = (
        f"{' and '.join(read.answered)} {'have' if len(read.answered) > 1 else 'has'} no ticket of a customer since {since:%Y-%m-%d}"
        f"{f' (left out: {some})' if some else ''}: look further back with --months, or see that the credentials may read "
        "all tickets. No report is made, and no file written."
    )
    return (*read.problems, empty)


def _nothing_of(name: str, error: ConnectorError) -> str:
    return f"Nothing could be read from {name}, so it is in no figure: {_sentence(error)} {_remedy(name, error)}"


def _half_of(name: str, error: ConnectorError) -> str:
    """An end of the tickets before the history's own."""
    if isinstance(error, RejectedError):
        return f"{name} was not read to its end, so its figures are too low: {_sentence(error)} {_remedy(name, error)}"
    return f"{name} stopped answering, so its figures are too low: {_sentence(error)} Run the audit again."


def _sentence(error: ConnectorError) -> str:
    return f"{str(error).rstrip('.')}."


def _remedy(name: str, error: ConnectorError) -> str:
    """What a person can do about it."""
    setting = f"DESKPILOT_{name.upper()}__"
    match error:
        case MisconfiguredError():
            return f"`deskpilot doctor` tries {setting}URL and the credentials beside it."
        case ForbiddenError():
            return (
                f"Give the user or client behind {setting}… the right to read all tickets; `deskpilot doctor` tries it."
            )
        case RetryableError():
            return f"See that {setting}URL is right and answers from this machine, then run the audit again."
    return f"See that {setting}URL is the account's own address; `deskpilot doctor` tries it."


async def _batches(desk: Helpdesk, since: datetime, out: Counter[str]) -> AsyncIterator[list[PastTicket]]:
    """The tickets that count, some at a time, also those before a failure; the others are counted in `out`."""
    known: set[str] = set()  # a ticket that changes while we read comes twice
    batch: list[PastTicket] = []
    try:
        async for past in desk.history(since):
            if past.opened_at < since or past.id in known:
                continue
            known.add(past.id)
            if reason := left_out(past):
                out[reason] += 1
                continue
            batch.append(past)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
    except ConnectorError:
        yield batch
        raise
    yield batch
