"""What agents really sent, against what we drafted: a ticket and its past in, outcomes out. Pure; deploy/outcomes.md has the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.base import Message, Ticket
from connectors.mail import html_to_text, message_text
from service.languages import detect
from service.ledger import SavedDraft, TicketKey
from service.occasions import HELD_OUT, LOT
from service.outcomes.fidelity import Compared, compared
from service.outcomes.outcome import Arm, Outcome, Resolution
from service.smalltalk import is_automatic, is_thanks_only

SPLIT: Final = timedelta(minutes=30)
"""Public replies so soon after each other are parts of one."""

_MERGED = frozenset({"closed_by_merge", "merged"})
_OF_THE_REPLY = frozenset({"before_note", "phone"})  # why it is in no comparison; all other words are of the ticket
_RULE = re.compile(r"<hr\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """What triage said of one message. tier: 1 to 3."""

    tier: int
    category: str
    language: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has of a ticket. drafts: oldest first. triages, silences: by message (of silences the reasons)."""

    drafts: Sequence[SavedDraft] = ()
    triages: Mapping[str, Judged] = field(default_factory=dict)
    silences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)  # by message, as kept
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a customer wrote until an agent answered, and that answer in its parts; notes of the time between."""

    asked: tuple[Message, ...]
    notes: tuple[Message, ...]  # before the first reply
    replies: tuple[Message, ...]
    late: tuple[Message, ...] = ()  # notes after it
    calls: tuple[Message, ...] = ()  # of agents: an answer that nobody can read


def turns_of(ticket: Ticket) -> Iterator[Turn]:
    """Consecutive messages of customers are one turn. Machines' messages, ours and theirs, are none."""
    asked, notes, replies, late = list[Message](), list[Message](), list[Message](), list[Message]()
    calls = list[Message]()
    for message in ticket.messages:
        if message.kind == "requester message" and not is_machine(ticket, message):
            if replies or calls:
                yield Turn(tuple(asked), tuple(notes), tuple(replies), tuple(late), tuple(calls))
                asked, notes, replies, late, calls = [], [], [], [], []
            if asked or not is_thanks_only(message_text(message)):  # thanks ask for no answer
                asked.append(message)
        elif is_call(message) and asked:
            calls.append(message)
        elif is_reply(message) and asked:
            replies.append(message)
        elif message.kind == "internal note" and asked:
            (late if replies else notes).append(message)
    if asked:
        yield Turn(tuple(asked), tuple(notes), tuple(replies), tuple(late), tuple(calls))


def outcomes_of(ticket: Ticket, known: Known, *, prices: Prices) -> tuple[Outcome, ...]:
    """One for each turn, named by its first message as it was when it was seen first. CPU-bound: call it in a thread."""
    excluded, turns = excluded_of(ticket), list(turns_of(ticket))
    nameless = {name: one for name, one in known.outcomes.items() if name not in {turn.asked[0].id for turn in turns}}
    made = (_outcome(ticket, turn, known, excluded, prices) for turn in turns)
    return tuple(_as_known(one, known, nameless) for one in made)


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens in and out; None: not set, and then nothing is said to have cost anything."""

    tokens_in: float | None = None
    tokens_out: float | None = None

    def of(self, tokens_in: int, tokens_out: int) -> float | None:
        """What so many tokens cost."""
        if self.tokens_in is None or self.tokens_out is None:
            return None
        return round((tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1_000_000, 6)


def excluded_of(ticket: Ticket) -> str:
    """Why a ticket is in no figure: one word; empty where it counts."""
    reasons = (
        (ticket.spam, "spam"),
        (ticket.status == "deleted", "deleted"),
        (bool(_MERGED & {tag.lower() for tag in ticket.tags}), "merged"),
        (ticket.channel == "side conversation", "side_conversation"),
        (ticket.requester.role != "end user", "team"),
    )
    return next((word for holds, word in reasons if holds), "")


def draft_in(html: str) -> str:
    """The draft that stands in a note of ours, as plain text: between the two rules. Empty where it has none."""
    parts = _RULE.split(html)
    return html_to_text(parts[1]) if len(parts) == 3 else ""


def _outcome(ticket: Ticket, turn: Turn, known: Known, excluded: str, prices: Prices) -> Outcome:
    first, ids = turn.asked[0], {message.id for message in (*turn.asked, *turn.notes, *turn.late)}
    written = [one for one in known.drafts if one.message_id in ids]
    drafts = [one for one in written if one.posted_at is not None]
    reply = _parts(turn)
    stood = [one for one in drafts if _stood(one, turn, reply)]
    draft = (stood or drafts or [None])[-1]  # type: ignore[list-item]
    held = any(HELD_OUT in known.silences.get(one.id, ()) for one in turn.asked) or any(
        LOT in one.details for one in drafts
    )
    judged = next(
        (known.triages[one.id] for one in reversed((*turn.asked, *turn.notes)) if one.id in known.triages), None
    )
    arm: Arm = "holdout" if held else "note" if draft else "silent"
    made = Outcome(
        key=TicketKey(ticket.helpdesk, ticket.account, ticket.id),
        message_id=first.id,
        arm=arm,
        asked_at=first.at,
        reference=draft.reference if draft else "",
        noted_at=_noted_at(draft, turn) if draft else None,
        reply_id=reply[0].id if reply else "",
        replied_at=reply[0].at if reply else None,
        excluded=excluded,
        tier=judged.tier if judged else 0,
        category=judged.category if judged else "",
        language=judged.language if judged else "",
        brand=ticket.brand,
        group=ticket.group,
        channel=ticket.channel,
        requester=ticket.requester.id,
    )
    if draft:
        made = _with_draft(made, draft.details)
    if written:
        made = _paid(made, written, prices)
    if draft and reply:
        made = _compared(made, draft, reply, stood=bool(stood))
    return made


def _as_known(made: Outcome, known: Known, nameless: Mapping[str, Outcome]) -> Outcome:
    """With what was seen of it before."""
    before = known.outcomes.get(made.message_id) or _same(made, nameless)
    if before is None:
        return made
    if made.reference in {
        one.reference for one in known.drafts if not one.html
    }:  # its text is forgotten: what was seen of it stays
        made = replace(made, excluded=made.excluded or before.excluded)
    return _kept(replace(made, message_id=before.message_id), before)


def _same(made: Outcome, nameless: Mapping[str, Outcome]) -> Outcome | None:
    """The outcome of the same note or reply whose first message is gone, or no longer the first: it is one, and keeps its name."""
    return next(
        (
            one
            for one in nameless.values()
            if (one.reply_id and one.reply_id == made.reply_id) or (one.reference and one.reference == made.reference)
        ),
        None,
    )


def _paid(made: Outcome, written: Sequence[SavedDraft], prices: Prices) -> Outcome:
    """What all its drafts cost: one that a newer one replaced, or that never became a note, is on the bill as well."""
    tokens_in = sum(int(one.details.get("tokens_in") or 0) for one in written)
    tokens_out = sum(int(one.details.get("tokens_out") or 0) for one in written)
    return replace(made, tokens_in=tokens_in, tokens_out=tokens_out, cost=prices.of(tokens_in, tokens_out))


def _with_draft(made: Outcome, details: Mapping[str, Any]) -> Outcome:
    """What the ledger says of the draft: who wrote it, how sure."""
    return replace(
        made,
        tier=int(details.get("tier") or made.tier),
        category=str(details.get("category") or made.category),
        language=str(details.get("language") or made.language),
        writer=str(details.get("writer") or ""),
        model=str(details.get("model") or ""),
        prompt_version=str(details.get("prompt_version") or ""),
        variant=str(details.get("variant") or ""),
        confidence=details.get("certainty"),
    )


def _compared(made: Outcome, draft: SavedDraft, reply: Sequence[Message], *, stood: bool) -> Outcome:
    """With what the reply made of the draft, where both can be read. Of a reply in parts what is nearest to the draft."""
    if not stood:
        return replace(made, excluded=made.excluded or "before_note")
    if draft.verdict == "person" or not (drafted := draft_in(draft.html)):
        return made
    texts = ["" if is_call(part) else message_text(part) for part in reply]
    if not any(text.strip() for text in texts):
        return replace(made, excluded=made.excluded or "phone")
    best: Compared = max(
        (compared(drafted, "\n\n".join(texts[:count])) for count in range(1, len(texts) + 1)),
        key=lambda one: one.fidelity,
    )
    details: dict[str, Any] = {"reused": best.reused, "parts": len(reply)}
    if _other_language(drafted, texts[0]):
        details["other_language"] = True
    return replace(made, use=best.use, fidelity=best.fidelity, details=details)


def _kept(made: Outcome, before: Outcome) -> Outcome:
    """What was seen once stays: a customer read the reply that an agent edited or deleted later.

    Later data still corrects: a reply that is older than the one known so far, or more parts of the same one.
    """
    if before.arm == "holdout":  # why stands in a silence, which is forgotten earlier
        made = replace(made, arm="holdout")
    if not before.replied_at:
        return made
    if before.excluded == "phone" and made.use:  # who called wrote as well
        return made
    called = made.excluded == "phone" and before.use  # and what was written is gone
    gone = bool(called) or made.replied_at is None or made.replied_at > before.replied_at
    same = made.reply_id == before.reply_id and made.details.get("parts", 0) <= before.details.get("parts", 0)
    if not gone and not (same and before.use):
        return made
    left_out = made.excluded
    if not left_out or left_out in _OF_THE_REPLY:
        left_out = before.excluded if before.excluded in _OF_THE_REPLY else ""
    return replace(
        made,
        reply_id=before.reply_id,
        replied_at=before.replied_at,
        reference=before.reference or made.reference,
        noted_at=before.noted_at or made.noted_at,
        use=before.use,
        fidelity=before.fidelity,
        excluded=left_out,
        details={**before.details, **({"gone": True} if gone else {})},
    )


def _noted_at(draft: SavedDraft, turn: Turn) -> datetime | None:
    """By the helpdesk's clock, as the reply is, once the note is seen in its ticket."""
    return next((note.at for note in (*turn.notes, *turn.late) if note.id == draft.note_id), draft.posted_at)


def _stood(draft: SavedDraft, turn: Turn, reply: Sequence[Message]) -> bool:
    """Whether the note stood in the ticket when the agent replied: by place, for clocks tick in seconds; by time where it is gone."""
    if not reply or any(note.id == draft.note_id for note in turn.notes):
        return True
    if any(note.id == draft.note_id for note in turn.late):
        return False
    return draft.posted_at is not None and draft.posted_at <= reply[0].at


def _parts(turn: Turn) -> tuple[Message, ...]:
    """The reply: the first, and what soon follows it; a call where nothing was written."""
    if not turn.replies:
        return turn.calls[:1]
    parts = [turn.replies[0]]
    for message in turn.replies[1:]:
        if message.at - parts[-1].at > SPLIT:
            break
        parts.append(message)
    return tuple(parts)


def is_reply(message: Message) -> bool:
    """Whether an agent wrote to the customer: no bot, no rule of the helpdesk."""
    return message.kind == "public reply" and not message.automatic and message.author.role == "agent"


def is_call(message: Message) -> bool:
    """Whether an agent spoke to the customer: the log of a call, whoever may see it. What was said in it is no text of a reply."""
    return message.channel == "voice" and message.kind != "requester message" and message.author.role == "agent"


def is_machine(ticket: Ticket, message: Message) -> bool:
    """Whether a message from outside was written by a machine: an auto-reply, a bounce."""
    return message.automatic or is_automatic(ticket.subject, message_text(message))


def _other_language(draft: str, reply: str) -> bool:
    ours, theirs = detect(draft), detect(reply)
    return bool(ours and theirs and ours != theirs)
