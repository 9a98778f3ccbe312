"""Tickets of a simulated account and what can happen to them, whoever does it: API, web page or test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from html import escape
from itertools import count
from mimetypes import guess_type
from typing import Any

from connectors.freshdesk.simulator.options import CLOSED, OPEN, PENDING, RESOLVED
from connectors.freshdesk.simulator.records import (
    Change,
    Conversation,
    Performer,
    Stats,
    StoredFile,
    StoredTicket,
)
from connectors.simulated.clock import Clock

REPLY, NOTE, PHONE = 0, 2, 9
"""`source` of a conversation."""

CHILD, PARENT = 2, 1
"""`association_type` of a ticket."""

Listener = Callable[[Change], None]


class Tickets:
    """All tickets. Every method that changes one stamps it, keeps its statistics and tells `changed`."""

    def __init__(self, *, clock: Clock, changed: Listener) -> None:
        self._clock = clock
        self._changed = changed
        self._ticket_ids = count(1)
        self._ids = count(43_130_000_001)
        self.all: dict[int, StoredTicket] = {}
        self.conversations: dict[int, Conversation] = {}
        self._of: defaultdict[int, list[Conversation]] = defaultdict(list)

    @contextmanager
    def unheard(self, at: datetime) -> Iterator[Callable[[datetime], None]]:
        """By another clock, which is set by what is yielded, and without a word to anybody."""
        moment, kept = [at], (self._clock, self._changed)
        self._clock, self._changed = lambda: moment[0], lambda _: None
        try:
            yield lambda later: moment.__setitem__(0, later)
        finally:
            self._clock, self._changed = kept

    def now(self) -> datetime:
        """The account's time in whole seconds."""
        return self._clock().replace(microsecond=0)

    def of(self, ticket_id: int) -> list[Conversation]:
        """A ticket's conversations, oldest first."""
        return list(self._of.get(ticket_id, ()))

    def files(self, names: Iterable[str]) -> list[StoredFile]:
        """Attachments of these names."""
        return [
            StoredFile(next(self._ids), name, guess_type(name)[0] or "application/octet-stream", 20_480, self.now())
            for name in names
        ]

    def open(self, ticket: StoredTicket, *, performer: Performer) -> StoredTicket:
        """Store a new ticket made with `new`."""
        self.all[ticket.id] = ticket
        self._tell(ticket, performer, "{ticket_action:created}")  # creation rules know no performer
        return ticket

    def new(self, *, subject: str, description: str, requester_id: int, source: int) -> StoredTicket:
        """A ticket that is not stored yet, for the caller to fill in."""
        now = self.now()
        stats = Stats(status_updated_at=now)
        return StoredTicket(
            next(self._ticket_ids), subject, description, requester_id, now, now, source=source, stats=stats
        )

    def customer_writes(
        self, ticket: StoredTicket, *, user_id: int, html: str, from_email: str, files: Iterable[str] = ()
    ) -> Conversation:
        """Store a message from outside; a ticket that waited or was done is open again."""
        entry = self._entry(ticket, html=html, user_id=user_id, incoming=True, private=False, source=REPLY)
        entry.from_email = from_email
        entry.attachments = self.files(files)
        ticket.stats.requester_responded_at = entry.created_at
        if ticket.status != OPEN:
            self._set_status(ticket, OPEN)
        self._tell(ticket, "requester", "{reply_sent:sent}", user_id=user_id)
        return entry

    def agent_replies(self, ticket: StoredTicket, *, user_id: int, html: str, by_api: bool = False) -> Conversation:
        """Store a public reply."""
        entry = self._entry(ticket, html=html, user_id=user_id, incoming=False, private=False, source=REPLY)
        entry.by_api = by_api
        ticket.stats.agent_responded_at = entry.created_at
        ticket.stats.first_responded_at = ticket.stats.first_responded_at or entry.created_at
        self._tell(ticket, "agent", "{reply_sent:sent}", user_id=user_id)
        return entry

    def add_note(
        self,
        ticket: StoredTicket,
        *,
        user_id: int | None,
        html: str,
        private: bool,
        incoming: bool = False,
        source: int = NOTE,
    ) -> Conversation:
        """Store a note, or the log of a call. A public one is mailed to the customer."""
        entry = self._entry(ticket, html=html, user_id=user_id, incoming=incoming, private=private, source=source)
        self._tell(ticket, "agent", "{note_type:private}" if private else "{note_type:public}", user_id=user_id)
        return entry

    def automation_writes(
        self, ticket: StoredTicket, *, html: str, public: bool, files: Iterable[str] = ()
    ) -> Conversation:
        """Store what an automation writes: no user, but the rule's id. It fires nothing: rules do not start rules."""
        source = REPLY if public else NOTE
        entry = self._entry(ticket, html=html, user_id=None, incoming=False, private=not public, source=source)
        entry.automation_id = 43_000_000_001
        entry.attachments = self.files(files)
        return entry

    def set_status(self, ticket: StoredTicket, status: int, *, performer: Performer) -> None:
        """Change the status; the same one again changes nothing."""
        before = ticket.status
        if before == status:
            return
        self._set_status(ticket, status)
        self.touch(ticket)
        self._tell(ticket, performer, f"{{status:{{from:{before},to:{status}}}}}")

    def change(self, ticket: StoredTicket, values: Mapping[str, Any], *, performer: Performer, user_id: int) -> None:
        """Set fields by their names in the record; rules hear of priority and group."""
        before = {name: getattr(ticket, name) for name in values}
        for name, value in values.items():
            setattr(ticket, name, value)
        self.touch(ticket)
        for name in ("priority", "group_id"):
            if name in values and values[name] != before[name]:
                moved = f"{{{name}:{{from:{before[name]},to:{values[name]}}}}}"
                self._tell(ticket, performer, moved, user_id=user_id)

    def touch(self, ticket: StoredTicket) -> None:
        """A field changed: move `updated_at`."""
        ticket.updated_at = self.now()

    def merge(self, source: StoredTicket, target: StoredTicket, *, by: int) -> None:
        """Close `source`, with a private note in each naming the other. The conversations stay where they are."""
        self.add_note(
            target,
            user_id=by,
            html=f"<div>Tickets with ids {source.id} are merged into this ticket.</div>",
            private=True,
        )
        self.add_note(
            source,
            user_id=by,
            html=f"<div>This ticket is closed and merged into ticket {target.id}</div>",
            private=True,
        )
        source.tags.append("merged")
        self.set_status(source, CLOSED, performer="agent")

    def associate(self, child: StoredTicket, parent: StoredTicket) -> None:
        """Make one ticket the other's child: the only link between tickets that the API shows."""
        child.association_type, child.associated = CHILD, [parent.id]
        parent.association_type = PARENT
        parent.associated.append(child.id)

    def delete(self, ticket: StoredTicket, *, forever: bool = False) -> None:
        """Move a ticket to the trash, or out of it."""
        ticket.deleted = True
        self.touch(ticket)
        if forever:
            del self.all[ticket.id]
            for entry in self.of(ticket.id):
                self.remove(entry)

    def remove(self, entry: Conversation) -> None:
        """Delete a conversation; nothing remains of it."""
        del self.conversations[entry.id]
        self._of[entry.ticket_id].remove(entry)

    def _entry(
        self, ticket: StoredTicket, *, html: str, user_id: int | None, incoming: bool, private: bool, source: int
    ) -> Conversation:
        now = self.now()
        entry = Conversation(next(self._ids), ticket.id, html, incoming, private, source, user_id, now, now)
        self.conversations[entry.id] = entry
        self._of[ticket.id].append(entry)
        self.touch(ticket)
        return entry

    def _set_status(self, ticket: StoredTicket, status: int) -> None:
        now = self.now()
        stats, before = ticket.stats, ticket.status
        ticket.status = status
        stats.status_updated_at = now
        stats.pending_since = now if status == PENDING else None
        if status in (RESOLVED, CLOSED):
            stats.resolved_at = stats.resolved_at or now
            stats.closed_at = now if status == CLOSED else None
        elif before in (RESOLVED, CLOSED):
            stats.reopened_at, stats.resolved_at, stats.closed_at = now, None, None

    def _tell(self, ticket: StoredTicket, performer: Performer, triggered: str, *, user_id: int | None = None) -> None:
        self._changed(Change(ticket.id, performer, triggered, user_id))


def html_of(text: str) -> str:
    """Plain text as the vendor stores it."""
    return f"<div>{escape(text, quote=False).replace(chr(10), '<br>')}</div>"
