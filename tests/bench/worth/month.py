"""A month at two helpdesks: 2,000 tickets, and agents who do with each draft what a seeded plan says.

The plan is the driver's alone: the service sees what an agent and a customer would leave in a helpdesk. What it then says of the month is
compared with the plan, figure by figure.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Literal

from tests.story.one_desk import OneDesk

Deed = Literal["as_is", "edited", "unused", "split", "phone", "silent"]
Rated = Literal["", "good", "bad", "changed", "withdrawn"]

_DEEDS: tuple[tuple[Deed, int], ...] = (
    ("as_is", 34),
    ("edited", 30),
    ("unused", 22),
    ("split", 6),
    ("phone", 3),
    ("silent", 5),
)
_RATED: tuple[tuple[Rated, int], ...] = (("", 62), ("good", 22), ("bad", 8), ("changed", 5), ("withdrawn", 3))
_ASKED = (
    "The tracking of my parcel has not moved for nine days. Is it lost?",
    "How do I descale my kettle, and how often?",
    "Mein Wasserkocher ist laut und hat weiße Flocken. Wie entkalke ich ihn?",
    "My parcel has not arrived and the tracking has not moved for a week. Do I get a new kettle?",
)
_OWN = (
    "I have talked to the depot and they bring it on Thursday between nine and noon.",
    "Thanks for the photo. A colleague from the workshop looks at it and calls you this afternoon.",
    "Ich habe das an die Werkstatt gegeben, jemand ruft Sie morgen zurück.",
)
_AGAIN = "It still does not work, what should I do now?"
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens to one ticket. changed: words that an agent replaces. at: when it comes."""

    number: int
    text: str
    deed: Deed
    changed: int
    reopened: bool
    rated: Rated
    at: datetime


@dataclass(slots=True)
class Truth:
    """What the plan came to. fidelity: of each compared reply."""

    uses: Counter[str] = field(default_factory=Counter)
    fidelity: dict[str, float] = field(default_factory=dict)  # by ticket
    reopened: int = 0
    good: int = 0
    rated: int = 0
    without_note: int = 0


def plan(seed: int, count: int, *, until: datetime) -> Iterator[Planned]:
    """So many tickets over the 28 days before."""
    dice = random.Random(seed)
    deeds, weights = zip(*_DEEDS, strict=True)
    ratings, shares = zip(*_RATED, strict=True)
    for number in range(count):
        deed: Deed = dice.choices(deeds, weights)[0]
        answered = deed != "silent"
        yield Planned(
            number=number,
            text=dice.choice(_ASKED),
            deed=deed,
            changed=dice.randint(1, 4),
            reopened=answered and dice.random() < 0.09,
            rated=dice.choices(ratings, shares)[0] if answered else "",
            at=until - timedelta(minutes=dice.randint(8 * 24 * 60, 27 * 24 * 60)),
        )


class Agents:
    """Those of one account."""

    def __init__(self, desk: OneDesk[Any], truth: Truth, *, seed: int) -> None:
        self._desk, self._truth, self._dice = desk, truth, random.Random(seed)

    async def live(self, planned: Planned) -> str:
        """A ticket from its first message to what becomes of it; its id."""
        simulator, at = self._desk.simulator, planned.at
        with simulator.back_then(at) as later:
            ticket_id: str = await self._desk.ask(
                planned.text,
                name=f"Customer {planned.number}",
                email=f"c{planned.number}@customer.example",
                subject="A question",
            )
            later(at + timedelta(minutes=1))
            await self._desk.look(ticket_id)
            draft = drafted(simulator.notes(ticket_id))
            if not draft:
                self._truth.without_note += 1
            later(at + timedelta(minutes=20))
            answered = await self._reply(ticket_id, planned, draft, later)
            if answered:
                later(at + timedelta(minutes=50))
                await simulator.set_status(ticket_id, "solved")
            await self._desk.look(ticket_id)
            if planned.reopened:
                later(at + timedelta(days=2))
                await simulator.customer_message(ticket_id, text=_AGAIN)
                await self._desk.look(ticket_id)
                self._truth.reopened += 1
            await self._rate(ticket_id, planned, later)
        return ticket_id

    async def _reply(self, ticket_id: str, planned: Planned, draft: str, later: Any) -> bool:
        """As the plan says; whether anything was said."""
        simulator = self._desk.simulator
        deed: Deed = planned.deed if draft or planned.deed in ("silent", "phone") else "unused"
        match deed:
            case "silent":
                return False
            case "phone":
                await simulator.agent_message(ticket_id, text="", public=True, channel="voice")
                return True
            case "as_is":
                text, fidelity = f"Hello,\n\n{draft}\n\nKind regards\nRobin", 1.0
            case "edited":
                text, fidelity = self._edited(draft, planned.changed)
            case "split":
                first, rest = halves(draft)
                await simulator.agent_message(ticket_id, text=first, public=True)
                later(planned.at + timedelta(minutes=25))
                await simulator.agent_message(ticket_id, text=rest, public=True)
                self._counted(ticket_id, "as_is", 1.0)
                return True
            case "unused":
                text = self._dice.choice(_OWN)
                fidelity = dice_of(draft, text)
        await simulator.agent_message(ticket_id, text=text, public=True)
        if draft:
            self._counted(
                ticket_id, "edited" if deed == "edited" else "as_is" if deed == "as_is" else "unused", fidelity
            )
        return True

    def _edited(self, draft: str, changed: int) -> tuple[str, float]:
        """So many words replaced by words of nobody's; what is left in common is known."""
        words = list(_WORD.finditer(draft))
        chosen = sorted(self._dice.sample(range(len(words)), min(changed, len(words) // 6 or 1)), reverse=True)
        text = draft
        for place in chosen:
            word = words[place]
            text = f"{text[: word.start()]}zq{place}{text[word.end() :]}"
        return text, (len(words) - len(chosen)) / len(words)  # 2m / (a + b), with a = b

    async def _rate(self, ticket_id: str, planned: Planned, later: Any) -> None:
        simulator = self._desk.simulator
        if not planned.rated:
            return
        later(planned.at + timedelta(days=3))
        await simulator.rate(ticket_id, "bad" if planned.rated == "bad" else "good")
        later(planned.at + timedelta(days=4))
        if planned.rated == "changed":
            await simulator.rate(ticket_id, "bad")
        elif planned.rated == "withdrawn":
            await simulator.unrate(ticket_id)
            return
        self._truth.rated += 1
        self._truth.good += planned.rated == "good"

    def _counted(self, ticket_id: str, use: str, fidelity: float) -> None:
        self._truth.uses[use] += 1
        self._truth.fidelity[f"{self._desk.name}:{ticket_id}"] = fidelity


def drafted(notes: list[Any]) -> str:
    """What an agent would copy out of the newest note: between its two rules, without the greeting."""
    parts = re.split(r"<hr\s*/?>", notes[-1].html) if notes else []
    if len(parts) != 3:  # no draft
        return ""
    text = re.sub(r"<[^>]+>", "", re.sub(r"</p>|</li>|<br\s*/?>", "\n", parts[1]))
    lines = [" ".join(line.split()) for line in unescape(text).split("\n") if line.strip()]
    return "\n".join(lines[1:] if len(lines) > 1 and lines[0].endswith(",") else lines)


def halves(draft: str) -> tuple[str, str]:
    """At the end of a sentence or line near the middle."""
    places = [found.end() for found in re.finditer(r"[.!?](?=\s)|\n", draft)] or [draft.find(" ") + 1]
    middle = min(places, key=lambda place: abs(place - len(draft) / 2))
    return draft[:middle], draft[middle:]


def dice_of(one: str, other: str) -> float:
    """Twice the words in common, in order, over all words; the plain way, table by table."""
    a, b = ([word.casefold() for word in _WORD.findall(text)] for text in (one, other))
    row = [0] * (len(b) + 1)
    for word in a:
        before = row
        row = [0]
        for place, other_word in enumerate(b):
            row.append(before[place] + 1 if word == other_word else max(before[place + 1], row[place]))
    return 2 * row[-1] / (len(a) + len(b)) if a and b else 0.0


def ends(now: datetime | None = None) -> datetime:
    """Of the month: now."""
    return (now or datetime.now(UTC)).replace(microsecond=0)
