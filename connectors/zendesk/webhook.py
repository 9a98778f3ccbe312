"""Zendesk's webhooks: event-subscribed ones, and those that a trigger sends with a body of our template.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.base import Delivery, Event, ForgedError, UnreadableError
from connectors.http import JSON
from connectors.signing import ZENDESK_TEST_SECRET, signed_by_zendesk
from connectors.unambiguous import AmbiguousError, read_json

_SIGNATURE = "x-zendesk-webhook-signature"
_TIMESTAMP = "x-zendesk-webhook-signature-timestamp"

_EVENT = "zen:event-type:"

_LOOKED_AT = frozenset(
    {
        "ticket.created",
        "ticket.comment_added",
        "ticket.comment_made_private",
        "ticket.status_changed",
        "ticket.tags_changed",
        "ticket.merged",
        "ticket.soft_deleted",
        "ticket.marked_as_spam",
        "messaging_ticket.message_added",
    }
)
"""Events after which a ticket may want something of us."""

_READ = re.compile(r"article\.(?!vote_|comment_|subscription_|author_).+")
"""Events after which an article is read anew: published, unpublished, and whatever kind may come to be. All others are
answered and forgotten: votes, comments and followers change nothing in its text or in who may read it.
https://developer.zendesk.com/api-reference/webhooks/event-types/article-events/"""

_SHORTEST_SECRET = 16

# What goes on to a database and a log is held to what such a value can be.
_ID = re.compile(r"[0-9]{1,20}")
_DELIVERY_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_WHAT = re.compile(r"[0-9a-z_.]{1,80}")


def accept(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> Event:
    """Verify raw bytes, then read them. Raises ForgedError (first), UnreadableError. Never anything else."""
    if not signed_by_zendesk(
        body=delivery.body,
        signature=delivery.headers.get(_SIGNATURE, ""),
        timestamp=delivery.headers.get(_TIMESTAMP, ""),
        secrets=secrets,
        now=now,
    ):
        raise ForgedError("the Zendesk webhook carries no valid signature: check the signing secret and the clock")
    try:
        body: Any = read_json(delivery.body)
    except AmbiguousError:  # events come from Zendesk itself, so this is a trigger's template with a stranger's words
        return Event(kind="poll", what="ambiguous trigger body")
    except (ValueError, RecursionError) as error:
        # Whether Zendesk escapes what it puts into a trigger's template is not documented. The text in it is lost,
        # the fact that some ticket changed is not.
        if delivery.body.lstrip().startswith(b"{") and _EVENT.encode() not in delivery.body:
            return Event(kind="poll", what="unreadable trigger body")
        raise UnreadableError("the Zendesk webhook is signed, but it is not JSON") from error
    if not isinstance(body, dict):
        raise UnreadableError("the Zendesk webhook is signed, but it is not a JSON object")
    kind = body.get("type")
    if not isinstance(kind, str) or not kind.startswith(_EVENT):
        return _triggered(body)
    if "ticket_id" in body:  # no event has it, our template begins with it: the rest is what a stranger wrote
        return Event(kind="poll", what="ambiguous trigger body")
    return _event(body, kind)


def refuse(secrets: Sequence[str]) -> list[str]:
    """One sentence per webhook secret that must not be used; empty when all are fine. No secret is repeated."""
    found = []
    for number, secret in enumerate(secrets, start=1):
        which = f"Webhook secret {number} of Zendesk"
        if not secret.strip():
            found.append(f"{which} is blank: put the signing secret of the webhook there, or leave it out.")
        elif secret.strip() == ZENDESK_TEST_SECRET:
            found.append(f"{which} is the public test secret of Zendesk's documentation: put the webhook's own there.")
        elif secret != secret.strip():
            found.append(f"{which} begins or ends with a blank or a line break: remove it.")
        elif len(secret) < _SHORTEST_SECRET:
            found.append(f"{which} is shorter than {_SHORTEST_SECRET} characters: put the webhook's own secret there.")
    return found


def _event(body: JSON, kind: str) -> Event:
    """An event-subscribed webhook. Its ids are texts, unlike REST's."""
    name = kind.removeprefix(_EVENT)
    what = _only(_WHAT, name.removeprefix("ticket."))
    delivery_id = _only(_DELIVERY_ID, body.get("id"))
    detail, event = _object(body.get("detail")), _object(body.get("event"))
    if _READ.fullmatch(name):
        article_id = _about(body, detail, "article")
        if not article_id:
            raise UnreadableError(f"the Zendesk event {what} names no article")
        return Event(kind="article", article_id=article_id, delivery_id=delivery_id, what=what)
    if name not in _LOOKED_AT:
        return Event(kind="ignored", delivery_id=delivery_id, what=what)
    ticket_id = _about(body, detail, "ticket")
    if not ticket_id:
        raise UnreadableError(f"the Zendesk event {what} names no ticket")
    comment = _object(event.get("comment"))
    author_id = _only(_ID, _object(comment.get("author")).get("id"))
    return Event(
        kind="ticket",
        ticket_id=ticket_id,
        delivery_id=delivery_id,
        what=what,
        author_id=author_id,
        message_id=_only(_ID, comment.get("id")),
    )


def _triggered(body: JSON) -> Event:
    """A trigger's webhook: our template, ids only. It has no event id; a trigger runs once per update of a ticket."""
    ticket_id = _only(_ID, body.get("ticket_id"))
    if not ticket_id:
        raise UnreadableError("the Zendesk webhook is neither an event nor our trigger's template: it has no ticket_id")
    return Event(kind="ticket", ticket_id=ticket_id, what="trigger", author_id=_only(_ID, body.get("actor_id")))


def _about(body: JSON, detail: JSON, kind: str) -> str:
    """The id that an event is about; its subject names it too: "zen:ticket:5158"."""
    return _only(_ID, detail.get("id")) or _only(_ID, str(body.get("subject", "")).removeprefix(f"zen:{kind}:"))


def _object(value: object) -> JSON:
    return value if isinstance(value, dict) else {}


def _only(pattern: re.Pattern[str], value: object) -> str:
    """The value as text where it is a text or an integer of this pattern, else empty."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if pattern.fullmatch(text) else ""
