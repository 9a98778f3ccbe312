"""One ticket of the past as triage would have judged its first message: its kind, how hard, how much hangs on it, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Message, Organization, PastTicket, Person, Ticket
from service.analysis import analyse_by_rules
from service.conversation import read_conversation
from service.entities import Entities
from service.masking import Masker, neutral
from service.plaintext import one_line
from service.policy.deciding import InForce, Past, decide
from service.policy.document import Tier
from service.questions import sentences
from service.smalltalk import is_automatic
from service.triage.judged import NOBODY
from service.triage.triaging import Triager

_TEXT_CHARS = 8_000
_EXAMPLE_CHARS = 110
_GREETING_CHARS = 15
_AT_ONCE = 4  # two cores, and those that wait for the index
_MERGED = frozenset({"closed_by_merge", "merged"})


@dataclass(frozen=True, slots=True)
class Seen:
    """kind: a category of the policy, or empty. complexity, stakes: 1 to 5. hours: from its opening to its solution."""

    id: str
    kind: str
    complexity: int
    stakes: int
    tier: Tier
    language: str
    channel: str
    opened_at: datetime
    replies: int | None
    first_contact: bool | None  # solved with one reply, and for good; None: not solved, or not told
    first_reply_hours: float | None
    hours: float | None
    example: str  # masked
    sentence: str = ""  # the first of the message that says something, masked


def left_out(past: PastTicket) -> str:
    """Why a ticket is in no figure; empty where it is."""
    reasons = (
        (past.spam, "spam"),
        (past.status == "deleted", "deleted"),
        (bool(_MERGED & {tag.lower() for tag in past.tags}), "merged"),
        (past.channel == "side conversation", "side conversation"),
        (is_automatic(past.subject, past.text), "sent by a machine"),
        (not (past.subject.strip() or past.text.strip()), "without words"),
    )
    return next((reason for holds, reason in reasons if holds), "")


class Judges:
    """Judges tickets of one account without a model. Borrows the triage."""

    def __init__(
        self, in_force: InForce, triager: Triager, entities: Entities | None, *, helpdesk: str, account: str
    ) -> None:
        self._in_force, self._triager, self._entities = in_force, triager, entities
        self._helpdesk, self._account = helpdesk, account

    async def all(self, batch: Sequence[PastTicket]) -> list[Seen]:
        """Judge some, a few at a time."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(past: PastTicket) -> Seen:
            async with gate:
                return await self.judge(past)

        return await asyncio.gather(*map(one, batch))

    async def judge(self, past: PastTicket) -> Seen:
        """As its first message would have been judged on the day it came. Some milliseconds of a core, in threads."""
        ticket = self._as_it_came(past)
        # nobody's name is known here; what is recognised by its form is masked
        masker = Masker([], ticket.organization, self._entities)
        conversation = await asyncio.to_thread(read_conversation, ticket, (), answer=ticket.messages[0], masker=masker)
        analysis = await asyncio.to_thread(analyse_by_rules, conversation)
        triage = await self._triager.judge(
            ticket, conversation, analysis, policy=self._in_force.policy, contacts=1, now=past.opened_at
        )
        decision = decide(
            self._in_force, ticket=ticket, conversation=conversation, triage=triage, customer=NOBODY, past=Past(),
            now=past.opened_at, language="en",
        )  # fmt: skip
        said = conversation.subject or conversation.newest
        return Seen(
            id=past.id,
            kind=triage.category.value,
            complexity=triage.complexity.value,
            stakes=triage.stakes.value,
            tier=decision.tier,
            language=analysis.language,
            channel=past.channel,
            opened_at=past.opened_at,
            replies=past.replies,
            first_contact=_first_contact(past),
            first_reply_hours=_hours(past.opened_at, past.first_reply_at),
            hours=_hours(past.opened_at, past.solved_at),
            example=one_line(neutral(said), limit=_EXAMPLE_CHARS),
            sentence=one_line(neutral(first_sentence(conversation.newest)), limit=_EXAMPLE_CHARS),
        )

    def _as_it_came(self, past: PastTicket) -> Ticket:
        """With its first message alone; what became of it later, its tags included, was not known then."""
        who = Person(past.requester, language=past.language)
        message = Message(
            "1", "requester message", who, past.opened_at, text=past.text[:_TEXT_CHARS], channel=past.channel
        )
        return Ticket(
            helpdesk=self._helpdesk,
            account=self._account,
            id=past.id,
            subject=past.subject,
            status="new",
            channel=past.channel,
            requester=who,
            updated_at=past.opened_at,
            messages=(message,),
            organization=Organization(past.organization) if past.organization else None,
            brand=past.brand,
            people=(who,),
        )


def first_sentence(text: str) -> str:
    """The first that is no greeting; of a message that is nothing else, its first line."""
    told = sentences(text)
    return next((one for one in told if len(one) >= _GREETING_CHARS and not one.endswith(",")), "".join(told[:1]))


def _first_contact(past: PastTicket) -> bool | None:
    if past.replies is None or past.status not in ("solved", "closed"):
        return None
    return past.replies == 1 and not past.reopens


def _hours(since: datetime, until: datetime | None) -> float | None:
    return (until - since).total_seconds() / 3600 if until and until >= since else None
