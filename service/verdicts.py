"""What agents say of our notes in notes of their own: "@deskpilot wrong: it is 14 days". Kept as a vote, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.base import Person, Ticket
from service.commands import verdict_in
from service.entities import Entities
from service.feedback import Judgement, Reason, Remarks, Vote
from service.ledger import REFERENCE, TicketKey
from service.masking import Masker, everybody
from service.occasions import is_ours, reference_in
from service.votes import Votes

log = structlog.get_logger()

_REASONS: Mapping[str, Reason] = {
    **dict.fromkeys(("fact", "facts", "fakten"), "facts"),
    **dict.fromkeys(("outdated", "out of date", "old", "veraltet"), "outdated"),
    **dict.fromkeys(("policy", "rules", "regeln"), "policy"),
    **dict.fromkeys(("beside the question", "not asked", "am thema vorbei"), "unasked"),
    **dict.fromkeys(("hand over", "handover", "person", "mensch"), "hand_over"),
    **dict.fromkeys(("tone", "ton"), "tone"),
}
"""Words that say why, where nothing else follows; else what follows is the right answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one note of ours. `at`: when the agent's note was written, by the helpdesk's clock."""

    reference: str
    judgement: Judgement
    remarks: Remarks
    at: datetime


def verdicts_in(ticket: Ticket, *, me: Person) -> tuple[Verdict, ...]:
    """All of a ticket, oldest first. One that names no reference is about the newest note of ours above it."""
    found: list[Verdict] = []
    newest = ""
    for message in ticket.messages:
        if is_ours(message, me=me):
            newest = reference_in(message) or newest
        elif said := verdict_in(message):
            reference = said["reference"].upper() if said["reference"] else newest
            if REFERENCE.fullmatch(reference):
                judgement: Judgement = "right" if said["right"] else "wrong"
                found.append(Verdict(reference, judgement, _remarks(said, judgement), message.at))
    return tuple(found)


async def keep_verdicts(votes: Votes, ticket: Ticket, *, me: Person, entities: Entities | None) -> None:
    """Keep what agents said of our notes in this ticket; what is kept already changes nothing. Raises DatabaseUnavailableError."""
    verdicts = await asyncio.to_thread(verdicts_in, ticket, me=me)
    if not verdicts:
        return
    key, masker = (
        TicketKey(ticket.helpdesk, ticket.account, ticket.id),
        Masker(everybody(ticket), ticket.organization, entities),
    )
    for verdict in verdicts:
        vote = Vote(key, verdict.reference, verdict.judgement)
        if await votes.record(vote, verdict.remarks, masker=masker, at=verdict.at) == "kept":
            log.info("an agent judged a note", reference=verdict.reference, judgement=verdict.judgement)


def _remarks(said: re.Match[str], judgement: Judgement) -> Remarks:
    rest = said.string[said.end() :].strip()
    if judgement == "right":
        return Remarks(comment=rest)
    reason = _REASONS.get(rest.rstrip(".!").lower())
    return Remarks(reason=reason) if reason else Remarks(answer=rest)
