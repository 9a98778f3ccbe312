"""The account as the shared web page shows it."""

from __future__ import annotations

from connectors.freshdesk.simulator.records import Conversation, StoredTicket
from connectors.freshdesk.simulator.state import State
from connectors.simulated.desk import DeskEntry, DeskRow, DeskTicket, WrittenBy

_CHANNELS = {
    1: "Email",
    2: "Portal",
    3: "Phone",
    5: "Twitter",
    6: "Facebook",
    7: "Chat",
    9: "Feedback widget",
    10: "Outbound email",
}


def desk_rows(state: State) -> list[DeskRow]:
    """Tickets, last changed first; what is in the trash is left out."""
    kept = [ticket for ticket in state.tickets.all.values() if not ticket.deleted]
    kept.sort(key=lambda ticket: (ticket.updated_at, ticket.id), reverse=True)
    return [_row(state, ticket) for ticket in kept]


def desk_ticket(state: State, ticket: StoredTicket) -> DeskTicket:
    """One ticket with its conversation; the description is the first entry."""
    requester = state.people.contacts[ticket.requester_id]
    first = DeskEntry(
        id=f"description-{ticket.id}",
        author=requester.name,
        by="customer",
        public=True,
        html=ticket.description,
        at=ticket.created_at,
        attachments=tuple(file.name for file in ticket.attachments),
    )
    return DeskTicket(
        row=_row(state, ticket),
        channel=_CHANNELS.get(ticket.source, "Other"),
        tags=tuple(ticket.tags),
        entries=(first, *(_entry(state, entry) for entry in state.tickets.of(ticket.id))),
    )


def _row(state: State, ticket: StoredTicket) -> DeskRow:
    return DeskRow(
        id=str(ticket.id),
        subject=ticket.subject,
        requester=state.people.contacts[ticket.requester_id].name,
        status=state.options.status_names[ticket.status],
        updated_at=ticket.updated_at,
        notes=sum(entry.private for entry in state.tickets.of(ticket.id)),
    )


def _entry(state: State, entry: Conversation) -> DeskEntry:
    return DeskEntry(
        id=str(entry.id),
        author=state.people.name_of(entry.user_id),
        by=_written_by(state, entry),
        public=not entry.private,
        html=entry.html,
        at=entry.created_at,
        attachments=tuple(file.name for file in entry.attachments),
    )


def _written_by(state: State, entry: Conversation) -> WrittenBy:
    if entry.incoming:
        return "customer"
    if entry.user_id is None:
        return "system"
    return "co-pilot" if entry.user_id == state.people.api_user.id else "agent"
