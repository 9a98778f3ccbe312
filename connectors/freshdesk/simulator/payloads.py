"""Bodies of webhooks: a text with `{{placeholders}}`, filled in from the ticket.

Source: the vendor's article 132589 ("Trigger Webhook") and bodies kept by integrations that receive them. There is no
signature and no event id; values are words ("Open"), and ids inserted in quotes arrive as text.
"""

from __future__ import annotations

import json
import re

from connectors.freshdesk.simulator.options import PRIORITY_NAMES
from connectors.freshdesk.simulator.records import Change, StoredTicket
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.values import text_of

SIMPLE = (
    '{"freshdesk_webhook":{"ticket_id":{{ticket.id}},"ticket_subject":"{{ticket.subject}}",'
    '"ticket_description":"{{ticket.description}}","ticket_url":"{{ticket.url}}","ticket_status":"{{ticket.status}}",'
    '"ticket_priority":"{{ticket.priority}}","ticket_type":"{{ticket.ticket_type}}",'
    '"ticket_contact_name":"{{ticket.requester.name}}","ticket_contact_email":"{{ticket.requester.email}}",'
    '"triggered_event":"{{triggered_event}}"}}'
)
"""What "Simple" sends with every field ticked. Note that `triggered_event` holds text which is not JSON."""

ADVANCED = '{"v":1,"ticket_id":"{{ticket.id}}","event":"{{triggered_event}}"}'
"""What our documentation tells administrators to write: ids only."""

CHATTY = (
    '{"v":1,"ticket_id":"{{ticket.id}}","event":"{{triggered_event}}","subject":"{{ticket.subject}}",'
    '"latest":"{{ticket.latest_public_comment_text}}"}'
)
"""What an administrator writes who did not read it: the customer's words, which may break the JSON."""

_PLACEHOLDER = re.compile(r"\{\{([\w.]+)\}\}")


def render(state: State, change: Change, *, content: str) -> bytes:
    """Fill in a body. Unknown placeholders become empty, as the vendor's do."""
    values = _values(state, state.tickets.all[change.ticket_id], triggered=change.triggered)

    def filled(match: re.Match[str]) -> str:
        value = values.get(match.group(1), "")
        # whether the vendor escapes quotes is not documented: both can be had
        return value if state.faults.unescaped_quotes else json.dumps(value, ensure_ascii=False)[1:-1]

    return _PLACEHOLDER.sub(filled, content).encode()


def _values(state: State, ticket: StoredTicket, *, triggered: str) -> dict[str, str]:
    requester = state.people.contacts[ticket.requester_id]
    public = [entry.html for entry in state.tickets.of(ticket.id) if not entry.private]
    latest = f"{public[-1] if public else ticket.description}\n\n"
    return {
        "ticket.id": str(ticket.id),
        "ticket.subject": ticket.subject,
        "ticket.description": ticket.description,
        "ticket.description_text": text_of(ticket.description),
        "ticket.url": f"{state.url}/a/tickets/{ticket.id}",
        "ticket.status": state.options.status_names[ticket.status],
        "ticket.priority": PRIORITY_NAMES[ticket.priority],
        "ticket.ticket_type": ticket.type or "",
        "ticket.tags": ", ".join(ticket.tags),
        "ticket.latest_public_comment": latest,
        "ticket.latest_public_comment_text": text_of(latest),
        "ticket.requester.name": requester.name,
        "ticket.requester.email": requester.email,
        "ticket.agent.name": state.people.name_of(ticket.responder_id) if ticket.responder_id else "",
        "triggered_event": triggered,
    }
