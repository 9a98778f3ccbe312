"""What was found of each replayed ticket, in a file that a second run goes on with; and what it comes to. Pure but for the file."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from service.errors import ServiceError
from service.plaintext import clip
from service.worth.intervals import LEAST, Interval, mean, wilson

EXAMPLES = 20
_NAME = "results.jsonl"
_LOST = "lost_cost"  # of a line that is no result: what calls cost that came to none
_ROUNDING = 1e-6  # to which costs are kept
_SHOWN_CHARS = 60  # of a setting in an error
_MEASURES = ("coverage", "abstained", "person", "as_is", "edited", "unused", "fidelity")


@dataclass(frozen=True, slots=True)
class Result:
    """Of one message. Texts are masked. left_out: passages that were younger. cost: in the currency of the prices, or None."""

    helpdesk: str
    ticket_id: str
    message_id: str
    at: str
    verdict: str  # as the note's: ready, uncovered, person, no_model
    category: str
    tier: int
    language: str
    use: str
    fidelity: float | None  # None: nothing was drafted
    sources: tuple[str, ...]
    left_out: int
    seconds: float
    tokens_in: int
    tokens_out: int
    cost: float | None
    writer: str
    model: str
    asked: str = ""
    drafted: str = ""
    sent: str = ""
    reason: str = ""  # why there is no draft

    @property
    def covered(self) -> bool:
        """Whether an answer was drafted: not a question back, and not a person's matter."""
        return self.verdict in ("ready", "no_model") and self.fidelity is not None


Key = tuple[str, str]
"""A ticket: (helpdesk, id)."""


class Results:
    """A folder with a file of one line per ticket; the first line says by which configuration."""

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        """Reads what is there. Raises ServiceError where that is of another configuration."""
        self._file = folder / _NAME
        self._configuration = dict(configuration)
        self._known: dict[Key, list[Result]] = {}
        self._lost = 0.0
        self._writing = threading.Lock()
        if self._file.exists():
            head, *lines = _read(self._file)
            if other := _differing(head, self._configuration):
                raise ServiceError(
                    f"{self._file} holds results of another configuration ({other}): name another folder with --out, or delete it"
                )
            for line in lines:
                self._keep(line)

    @property
    def cost(self) -> float:
        """What all of it cost, in the currency of the prices; also what came to no result."""
        return self._lost + sum(one.cost or 0.0 for found in self._known.values() for one in found)

    def left(self, chosen: Sequence[Key]) -> list[Key]:
        """Those that were not replayed yet."""
        return [key for key in chosen if key not in self._known]

    def of(self, chosen: Sequence[Key]) -> list[Result]:
        """What is known of these; the folder may hold more."""
        return [one for key in chosen for one in self._known.get(key, ())]

    def begin(self) -> None:
        """Write the file anew with what is known: a line that was cut off is gone."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        known = (_line(key, found) for key, found in self._known.items())
        lost = [json.dumps({_LOST: self._lost})] if self._lost else []
        anew = self._file.with_suffix(".new")  # whatever ends us meanwhile, what was paid for is in one of both
        anew.write_text("\n".join([json.dumps(self._configuration), *lost, *known]) + "\n", encoding="utf-8")
        anew.replace(self._file)

    def add(self, key: Key, results: Sequence[Result]) -> None:
        """Keep what a ticket came to, at once; also that there is nothing to replay in it."""
        self._known[key] = list(results)
        self._append([_line(key, results)])

    def add_lost(self, cost: float) -> None:
        """Keep what calls cost that came to no result: the next run's cap has to know."""
        if cost > _ROUNDING:
            self._lost += cost
            self._append([json.dumps({_LOST: round(cost, 6)})])

    def _append(self, lines: Sequence[str]) -> None:
        with self._writing, self._file.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def _keep(self, given: dict[str, Any]) -> None:
        if _LOST in given:
            self._lost += given[_LOST]
            return
        found = [Result(**{**one, "sources": tuple(one["sources"])}) for one in given["messages"]]
        self._known[given["helpdesk"], given["ticket_id"]] = found


def _line(key: Key, results: Sequence[Result]) -> str:
    """Of a ticket, whole or not at all."""
    said = {"helpdesk": key[0], "ticket_id": key[1], "messages": [asdict(one) for one in results]}
    return json.dumps(said, ensure_ascii=False)


def paid(folder: Path) -> float:
    """What all in this folder cost so far, whatever the configuration; 0 where nothing is. Blocks."""
    file = folder / _NAME
    lines = _read(file)[1:] if file.exists() else []
    return sum(line.get(_LOST) or sum(one["cost"] or 0.0 for one in line.get("messages", ())) for line in lines)


def _read(file: Path) -> list[dict[str, Any]]:
    """The lines that are whole: the last one may be cut off. The first is the configuration. Raises ServiceError."""
    try:
        *lines, last = file.read_text(encoding="utf-8").splitlines() or ["{}"]
        read = [json.loads(line) for line in lines]
    except ValueError as error:
        raise ServiceError(
            f"{file} is no file of results ({error}): name another folder with --out, or delete it"
        ) from error
    with suppress(ValueError):
        read.append(json.loads(last))
    return read or [{}]


def _differing(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, in a few words; empty: nothing."""
    names = [name for name in {**there, **now} if there.get(name) != now.get(name)]
    return "; ".join(_change(name, there.get(name), now.get(name)) for name in names)


def _change(name: str, there: object, now: object) -> str:
    if isinstance(there, dict) and isinstance(now, dict):  # of digests, which say nothing to anybody
        return f"{name}: {', '.join(part for part in {**there, **now} if there.get(part) != now.get(part))}"
    return f"{name}: {_shown(there)} there, {_shown(now)} now"


def _shown(value: object) -> str:
    return clip(json.dumps(value, ensure_ascii=False), limit=_SHOWN_CHARS)


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares are of all messages but those of use (as is, edited, unused), which are of the drafts. seconds, cost: means."""

    messages: int
    tickets: int
    drafts: int
    coverage: Interval
    abstained: Interval
    person: Interval
    as_is: Interval
    edited: Interval
    unused: Interval
    fidelity: Interval
    seconds: float
    cost: float | None  # of a message
    tokens_in: int
    tokens_out: int
    younger_left_out: int  # messages for which passages were left out
    sources: tuple[tuple[str, int], ...]  # the most cited

    @property
    def enough(self) -> bool:
        """Whether there are as many as a figure needs."""
        return self.messages >= LEAST

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to know before any figure is believed, a sentence each."""
        young = (
            f"For {self.younger_left_out:,} of {self.messages:,} messages articles were left out, since they were changed after the message and "
            "nobody knows what they said then: the coverage of today is higher. Articles of a folder are as old as their files."
        )
        few = f"{self.messages:,} messages are too few for a figure (at least {LEAST}): read the examples."
        return (*([] if self.enough else [few]), *([young] if self.younger_left_out > self.messages / 2 else []))

    def as_json(self) -> dict[str, Any]:
        """For programs: counts, and shares with their interval; of too few without one."""
        intervals = {name: getattr(self, name).as_json() for name in _MEASURES}
        return {**asdict(self), **intervals, "enough": self.enough, "remarks": list(self.remarks)}


def summary(results: Sequence[Result]) -> Summary:
    """What they come to."""
    drafted = [one for one in results if one.covered]
    cited: dict[str, int] = {}
    for one in results:
        for source in one.sources:
            cited[source] = cited.get(source, 0) + 1
    costs = [one.cost for one in results if one.cost is not None]
    of = len(results)
    return Summary(
        messages=of,
        tickets=len({(one.helpdesk, one.ticket_id) for one in results}),
        drafts=len(drafted),
        coverage=wilson(len(drafted), of),
        abstained=wilson(sum(one.verdict != "person" and not one.covered for one in results), of),
        person=wilson(sum(one.verdict == "person" for one in results), of),
        as_is=wilson(sum(one.use == "as_is" for one in drafted), len(drafted)),
        edited=wilson(sum(one.use == "edited" for one in drafted), len(drafted)),
        unused=wilson(sum(one.use == "unused" for one in drafted), len(drafted)),
        fidelity=mean([one.fidelity for one in drafted if one.fidelity is not None]).within(0, 1),
        seconds=round(fmean(one.seconds for one in results), 3) if results else 0.0,
        cost=round(sum(costs) / of, 6) if costs else None,
        tokens_in=sum(one.tokens_in for one in results),
        tokens_out=sum(one.tokens_out for one in results),
        younger_left_out=sum(one.left_out > 0 for one in results),
        sources=tuple(sorted(cited.items(), key=lambda item: (-item[1], item[0]))[:15]),
    )


def worst_first(results: Sequence[Result]) -> list[Result]:
    """Examples to read: drafts that agents would have used the least of, then the rest."""
    drafted = sorted((one for one in results if one.covered), key=lambda one: one.fidelity or 0.0)
    return [*drafted, *(one for one in results if not one.covered)][:EXAMPLES]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second configuration less the first, on the messages that both replayed."""

    messages: int
    coverage: Interval
    fidelity: Interval  # of the messages for which both drafted
    cost: float | None
    seconds: float
    worse: tuple[str, ...]  # what got worse beyond the margin, for certain

    @property
    def enough(self) -> bool:
        """Whether there are as many as a figure needs."""
        return self.messages >= LEAST

    def as_json(self) -> dict[str, Any]:
        """For programs; of too few without a difference."""
        told = {**asdict(self), "coverage": self.coverage.as_json(), "fidelity": self.fidelity.as_json()}
        return told if self.enough else {**told, "cost": None, "seconds": None}


def compared(first: Sequence[Result], second: Sequence[Result], *, margin: float) -> Comparison:
    """Pairwise: the same tickets, so that only the configurations differ. margin: that is no regression yet."""
    by_key = {(one.helpdesk, one.ticket_id, one.message_id): one for one in first}
    pairs = [(by_key[key], one) for one in second if (key := (one.helpdesk, one.ticket_id, one.message_id)) in by_key]
    coverage = mean([float(after.covered) - float(before.covered) for before, after in pairs]).within(-1, 1)
    fidelity = mean(
        [after.fidelity - before.fidelity for before, after in pairs
         if before.covered and after.covered and after.fidelity is not None and before.fidelity is not None]
    ).within(-1, 1)  # fmt: skip
    costs = [(before.cost, after.cost) for before, after in pairs]
    told = [after - before for before, after in costs if before is not None and after is not None]
    figures = {"coverage": coverage, "fidelity": fidelity}
    return Comparison(
        messages=len(pairs),
        coverage=coverage,
        fidelity=fidelity,
        cost=round(sum(told) / len(told), 6) if told else None,
        seconds=round(fmean(after.seconds - before.seconds for before, after in pairs), 3) if pairs else 0.0,
        worse=tuple(name for name, one in figures.items() if one.n >= LEAST and one.point < -margin and one.high < 0),
    )
