"""The same automation rules made by hand: where to click in Freshdesk, and what to paste, one line each.

Names are those of the admin pages as of 2026.
Source: https://support.freshdesk.com/support/solutions/articles/132589
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from connectors.freshdesk.automations import AGENT, CONTENT, HEADER, REQUESTER, Kind, Wanted

USER_NAME = "deskpilot"
"""Of the Basic pair; any would do, only the password is looked at."""

_TABS: dict[Kind, str] = {"creation": "Ticket Creation", "updates": "Ticket Updates"}
_PERFORMERS = {AGENT: 'Agent (and "Any agent")', REQUESTER: "Requester"}
_EVENTS = {
    ("reply_sent", ""): "Reply is sent",
    ("note_type", "public"): "Note is added: Public",
    ("note_type", "private"): "Note is added: Private",
    ("status", ""): "Status is changed, from Any status to Any status",
}
_FIRST_ONLY = (
    'Where "Ticket Creation" is set to execute the first matching rule only, leave it so, for your own rules rely on it: new '
    "tickets that another rule takes first are noticed within five minutes."
)


def clicks(missing: Sequence[Wanted], *, base_url: str, endpoint: str, secret: str, why: str) -> tuple[str, ...]:
    """Steps that make these rules, one line each; none where none is missing. why: the API does not make them."""
    if not missing:
        return ()
    instead = (
        f'Where a rule has no "Requires authentication", add the custom header {HEADER} with the value {secret} instead; '
        f"where it has neither, let its URL end with /{secret}"
    )
    return (
        f"Sign in to {base_url} as an administrator and open Admin, Workflows, Automations ({why}).",
        *(line for wanted in missing for line in _rule(wanted, endpoint=endpoint, secret=secret)),
        instead,
        *([_FIRST_ONLY] if any(wanted.kind == "creation" for wanted in missing) else []),
        "Write a test ticket as a customer: its webhook arrives within seconds.",
    )


def _rule(wanted: Wanted, *, endpoint: str, secret: str) -> Iterator[str]:
    yield f'Tab "{_TABS[wanted.kind]}": click "New rule", or open the one of this name. Rule name: {wanted.name}'
    if wanted.kind == "updates":
        events = "; ".join(_EVENTS[event["field_name"], event.get("value", "")] for event in wanted.events)
        yield f'"When an action performed by": {_PERFORMERS[wanted.performer]}'
        yield f'"Involves any of these events": {events}'
    yield '"On tickets with these properties": Match ANY, In Tickets, If Priority, Is, and tick Low, Medium, High, Urgent (so: all)'
    yield f'"Perform these actions": Trigger webhook. Request type: POST. URL: {endpoint}'
    yield f'Tick "Requires authentication". Username: {USER_NAME} Password: {secret}'
    yield f"Encoding: JSON. Content: Advanced. Paste: {json.dumps(CONTENT)}"
    yield 'Click "Preview and save", then "Save and enable".'
