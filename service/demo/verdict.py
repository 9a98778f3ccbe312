"""Whether a ticket got what its file states, read back through the helpdesk's own API."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Helpdesk, Message, Person
from service.demo.tickets import DemoTicket
from service.ledger import Ledger, SavedDraft, TicketKey
from service.occasions import is_ours

_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in the helpdesk for one ticket of the demo."""

    ticket: DemoTicket
    ticket_id: str
    url: str
    notes: tuple[Message, ...]  # ours, private ones
    public: int  # messages of ours that a customer could see: must be none
    draft: SavedDraft | None = None
    silences: tuple[str, ...] = ()
    seconds: float | None = None  # from the last message to its note
    problems: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """One object per ticket, for programs."""
        details = self.draft.details if self.draft else {}
        return {
            "ticket": self.ticket.name,
            "helpdesk": self.ticket.helpdesk,
            "ticket_id": self.ticket_id,
            "expect": self.ticket.expect,
            "expect_source": self.ticket.expect_source or None,
            "verdict": self.draft.verdict if self.draft else None,
            "note": self.notes[-1].html if self.notes else None,
            "notes": len(self.notes),
            "sources": details.get("sources", []),
            "confidence": details.get("confidence"),
            "writer": details.get("writer"),
            "silence": list(self.silences),
            "seconds": self.seconds,
            "ok": not self.problems,
            "problems": list(self.problems),
        }


async def see(
    desk: Helpdesk, me: Person, ledger: Ledger, ticket: DemoTicket, *, ticket_id: str, written_at: datetime
) -> Seen:
    """Read a ticket back and judge it."""
    stored = await desk.ticket(ticket_id)
    mine = [message for message in stored.messages if message.author.id == me.id]
    notes = tuple(message for message in mine if is_ours(message, me=me))
    drafts = await ledger.drafts(TicketKey(desk.name, stored.account, ticket_id))
    draft = drafts[-1] if drafts else None
    posted = draft.posted_at if draft else None
    seen = Seen(
        ticket=ticket,
        ticket_id=ticket_id,
        url=stored.url,
        notes=notes,
        public=sum(1 for message in mine if message.kind != "internal note"),
        draft=draft,
        silences=tuple(reason for _, reason in await ledger.silences(TicketKey(desk.name, stored.account, ticket_id))),
        seconds=round((posted - written_at).total_seconds(), 2) if posted else None,
    )
    return Seen(
        **{name: getattr(seen, name) for name in seen.__slots__ if name != "problems"}, problems=_problems(seen)
    )


def _problems(seen: Seen) -> tuple[str, ...]:
    """What differs from what the file states; one sentence each."""
    problems = []
    expected = 0 if seen.ticket.expect == "none" else 1
    if seen.public:
        problems.append(f"{seen.public} message(s) of ours are public")
    if len(seen.notes) != expected:
        problems.append(f"{len(seen.notes)} private note(s), {expected} stated")
    if not seen.notes or not expected:
        return tuple(problems)
    handed_over = seen.draft is not None and seen.draft.verdict == _PERSON
    if handed_over != (seen.ticket.expect == "packet"):
        problems.append("a person is asked for" if handed_over else "no person is asked for")
    cited = seen.draft.details["sources"] if seen.draft else []
    if seen.ticket.expect_source:
        shown = html.unescape(seen.notes[-1].html)
        if seen.ticket.expect_source not in cited or seen.ticket.expect_source not in shown:
            problems.append(f"the note does not cite {seen.ticket.expect_source}, but {', '.join(cited) or 'nothing'}")
    elif seen.ticket.states_source and seen.ticket.expect == "note" and cited:
        problems.append(f"the note cites {', '.join(cited)}, though no article answers this")
    return tuple(problems)
