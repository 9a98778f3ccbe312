"""What became of a ticket: how long it took, whether it came back, how it was rated. Pure; deploy/outcomes.md has the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Ticket
from connectors.mail import message_text
from service.ledger import TicketKey
from service.outcomes.outcome import Label, Outcome, Resolution
from service.outcomes.sent import Known, excluded_of, is_machine, is_reply, turns_of
from service.smalltalk import is_thanks_only

REOPENED: Final = timedelta(days=7)
AGAIN: Final = timedelta(days=7)


def resolution_of(ticket: Ticket, outcomes: Sequence[Outcome], known: Known) -> Resolution | None:
    """What became of the ticket; None where no customer has written."""
    first = next(iter(turns_of(ticket)), None)
    if first is None:
        return None
    before = known.resolution
    replies = [one for one in ticket.messages if is_reply(one)]
    solved_at = _solved_at(ticket, before)
    judged = [outcome for outcome in outcomes if outcome.tier]
    newest = outcomes[-1] if outcomes else None
    return Resolution(
        key=TicketKey(ticket.helpdesk, ticket.account, ticket.id),
        arm=outcomes[0].arm if outcomes else "silent",
        opened_at=first.asked[0].at,
        label=_label(outcomes),
        first_reply_at=next((one.at for one in replies if one.at >= first.asked[0].at), None),
        solved_at=solved_at,
        exchanges=sum(1 for one in replies if one.at <= solved_at) if solved_at else None,
        reopened_at=_reopened_at(ticket, solved_at, before),
        again_at=before.again_at if before else None,
        csat=_rated(ticket, before),
        csat_at=_rated_at(ticket, before),
        excluded=excluded_of(ticket),
        tier=max((outcome.tier for outcome in judged), default=0),
        category=next((one.category for one in reversed(outcomes) if one.category), ""),
        language=next((one.language for one in reversed(outcomes) if one.language), ""),
        brand=ticket.brand,
        group=ticket.group,
        channel=ticket.channel,
        variant=newest.variant if newest else "",
        requester=ticket.requester.id,
        details=before.details if before else {},
    )


def _label(outcomes: Sequence[Outcome]) -> Label:
    """Of a ticket: as is where every draft that was compared went out so; assisted where any was of use."""
    replied = [one for one in outcomes if one.reply_id]
    uses = [one.use for one in replied if one.use]
    if not replied:
        return ""
    if uses and all(use == "as_is" for use in uses):
        return "ai_as_is"
    return "ai_assisted" if any(use in ("as_is", "edited") for use in uses) else "human_only"


def _solved_at(ticket: Ticket, before: Resolution | None) -> datetime | None:
    """The first time, as far as is known; where the vendor does not say, when we saw it."""
    if before and before.solved_at:
        return min(before.solved_at, ticket.solved_at) if ticket.solved_at else before.solved_at
    if ticket.solved_at:
        return ticket.solved_at
    return ticket.updated_at if ticket.status in ("solved", "closed") else None


def _reopened_at(ticket: Ticket, solved_at: datetime | None, before: Resolution | None) -> datetime | None:
    """When a customer came back within seven days, with more than thanks. The helpdesk's own count has thanks in it, and no days."""
    if before and before.reopened_at:
        return before.reopened_at
    if solved_at is None:
        return None
    # by place where it is the same second: what stands behind the last answer came after it
    last = max((at for at, one in enumerate(ticket.messages) if is_reply(one) and one.at <= solved_at), default=-1)
    later = (
        one.at
        for at, one in enumerate(ticket.messages)
        if one.kind == "requester message"
        and (solved_at < one.at or (solved_at == one.at and -1 < last < at))
        and one.at <= solved_at + REOPENED
        and not is_machine(ticket, one)
        and not is_thanks_only(message_text(one))
    )
    return next(later, None)


def _rated(ticket: Ticket, before: Resolution | None) -> int | None:
    """As far as the vendor says it with the ticket; late, changed and withdrawn ones come by another way."""
    if ticket.satisfaction:
        return 1 if ticket.satisfaction == "good" else -1
    return before.csat if before else None


def _rated_at(ticket: Ticket, before: Resolution | None) -> datetime | None:
    csat = _rated(ticket, before)
    if csat is None:
        return None
    return before.csat_at if before and before.csat == csat and before.csat_at else ticket.updated_at
