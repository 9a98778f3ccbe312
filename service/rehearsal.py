"""The test box: a question goes the way of a ticket's, up to its note, and nothing is written anywhere.

The steps are the story's own (service/author.py); the ticket is made up. No helpdesk is asked, no draft, silence, gap or vote is
kept. What a model costs is paid from the same budgets, and one that does not answer is an outage here as there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connectors.base import Message, Organization, Person, Ticket
from service.author import Author, Circumstances
from service.certainty import in_words
from service.content import Written
from service.knowledge.sources import Library
from service.occasions import Occasion, Silence, occasion_for, silence_after_analysis
from service.outages import Outages
from service.settings import Settings
from service.vectors import Passage

LARGEST_BYTES = 128 * 1024
"""Of a question with all that belongs to it, as JSON."""

REFERENCE = "DP-TRY00"
"""Stands in the note in place of a ticket's own reference."""

_PAYER = "test box"  # the requester whose tokens of an hour it uses
_BROKEN = re.compile(r"[\0\ud800-\udfff]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class TrialError(Exception):
    """What was asked cannot be tried. `problems`: one sentence by key."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {said}" for key, said in problems.items()))
        self.problems = dict(problems)


def _text(value: str) -> str:
    return _BROKEN.sub("", value).strip()


def _name(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise ValueError("holds characters that are none")
    return value.strip()


Line = Annotated[str, AfterValidator(_name)]


class Trial(BaseModel):
    """A question as a customer would ask it. brand, organization: the helpdesk's ids. language: empty, as it is found."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, title="trial")

    question: Annotated[str, AfterValidator(_text)] = Field(max_length=20_000)
    subject: Annotated[str, AfterValidator(_text)] = Field("", max_length=300)
    helpdesk: Line = Field("", max_length=20)
    brand: Line = Field("", max_length=100)
    organization: Line = Field("", max_length=100)
    language: Line = Field("", max_length=2, pattern="^([a-z]{2})?$")


def read_trial(given: bytes | Mapping[str, object]) -> Trial:
    """From a body, or from a form's fields. Raises TrialError with all that is wrong."""
    try:
        trial = Trial.model_validate_json(given) if isinstance(given, bytes) else Trial.model_validate(given)
    except ValidationError as error:
        wrong = {
            str(one["loc"][0]) if one["loc"] else "body": f"{one['msg'][:1].lower()}{one['msg'][1:]}"
            for one in error.errors()
        }
        raise TrialError(wrong) from error
    if not trial.question:
        raise TrialError({"question": "is empty: write what a customer would ask"})
    return trial


@dataclass(frozen=True, slots=True)
class Given:
    """A passage that was found. score: as the search ranks; comparable within one question only."""

    title: str
    place: str  # the heading it stands under; empty: none
    text: str
    url: str
    pool: str
    audience: str
    score: float
    cited: bool


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a ticket would have got. note: its HTML. silence: why it would get no note by itself; empty where it would."""

    helpdesk: str
    verdict: str
    note: str
    silence: str
    searched: str
    language: str
    confidence: float
    certainty: str
    reason: str
    writer: str
    model: str
    passages: tuple[Given, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


class Rehearsal:
    """Tries questions. Holds no more than the story does."""

    def __init__(self, author: Author, library: Library, outages: Outages) -> None:
        self._author, self._library, self._outages = author, library, outages

    async def run(self, trial: Trial) -> Rehearsed:
        """One question. Raises TrialError for a helpdesk that is not connected; ServiceError where the index does not answer."""
        ticket = self._made_up(trial)
        occasion = Occasion(ticket.messages[0], key=ticket.messages[0].id, asked=True)
        now = Circumstances(await self._outages.standing(), patient=False)
        attempt = self._author.attempt(ticket, now)
        conversation, masker = await self._author.read(ticket, (), occasion, attempt)
        if trial.language:
            conversation = replace(conversation, language=trial.language)
        written = await self._author.write(ticket, conversation, occasion, attempt, now)
        assert isinstance(written, Written)  # noqa: S101 - it was asked for, and nobody is held out of what is tried
        silence = _silence(ticket, occasion, written, self._library.settings)
        with attempt.timed("note"):
            reviewed, note = await asyncio.to_thread(self._author.note, written, masker, reference=REFERENCE)
        return _told(reviewed, ticket, note=note, silence=silence, seconds=attempt.seconds, calls=attempt.calls)

    def _made_up(self, trial: Trial) -> Ticket:
        """A ticket with this one message; everything else is empty."""
        desks = self._library.helpdesks
        name = trial.helpdesk or next(iter(desks), "")
        if name and name not in desks:
            raise TrialError({"helpdesk": f"{name} is not connected; connected are {', '.join(desks) or 'none'}"})
        who, at = Person(_PAYER, language=trial.language), datetime.now(UTC)
        return Ticket(
            helpdesk=name,
            account=desks[name].account if name else "",
            id=_PAYER,
            subject=trial.subject,
            status="open",
            channel="form",
            requester=who,
            updated_at=at,
            messages=(Message("1", "requester message", who, at, text=trial.question, channel="form"),),
            organization=Organization(trial.organization) if trial.organization else None,
            brand=trial.brand,
            people=(who,),
        )


def _silence(ticket: Ticket, occasion: Occasion, written: Written, settings: Settings) -> str:
    """Why a ticket with this message would get no note by itself, as far as its text says so."""
    by_itself = occasion_for(ticket, me=Person(""), when=settings.notes)
    if isinstance(by_itself, Silence):
        return by_itself.reason
    silence = silence_after_analysis(replace(occasion, asked=False), written.analysis, when=settings.notes)
    return silence.reason if silence else ""


def _told(
    written: Written, ticket: Ticket, *, note: str, silence: str, seconds: Mapping[str, float], calls: int
) -> Rehearsed:
    draft, analysis, passages = written.draft, written.analysis, written.passages
    cited = {citation.number for citation in draft.citations}
    return Rehearsed(
        helpdesk=ticket.helpdesk,
        verdict=written.verdict,
        note=note,
        silence=silence,
        searched=analysis.query,
        language=analysis.language,
        confidence=round(passages.confidence, 3),
        certainty=in_words(draft.certainty) if draft.covered and draft.writer != "approved" else "",
        reason=draft.reason,
        writer=draft.writer,
        model=draft.model,
        passages=tuple(
            Given(
                title=found.passage.title,
                place=_place(found.passage),
                text=found.passage.text,
                url=found.passage.url,
                pool="lesson" if found.passage.lesson else found.passage.pool,
                audience=found.passage.audience,
                score=round(found.score, 3),
                cited=number in cited,
            )
            for number, found in enumerate(passages.given, start=1)
        ),
        seconds={stage: round(took, 3) for stage, took in seconds.items()},
        calls=calls,
        tokens_in=analysis.tokens_in + draft.tokens_in,
        tokens_out=analysis.tokens_out + draft.tokens_out,
    )


def _place(passage: Passage) -> str:
    """The last part of the breadcrumb, where it says more than the title."""
    last = passage.breadcrumb.rpartition(" › ")[2]
    return "" if last == passage.title else last
