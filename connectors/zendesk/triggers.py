"""Our two triggers, for an account whose webhooks take no events. Pure.

https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/ and
https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from connectors.http import JSON

PATH = "/api/v2/triggers"

# Ids only: whether quotes in a text that is put in here are escaped is not documented.
_BODY = json.dumps({
    "v": 1,
    "ticket_id": "{{ticket.id}}",
    "actor_id": "{{current_user.id}}",
    "updated_at": "{{ticket.updated_at_with_timestamp}}",
})  # fmt: skip

_WEBHOOK = "notification_webhook"

_CREATED, _WRITTEN = "deskpilot: ticket created", "deskpilot: comment added"


def wanted(webhook_id: str, *, user_id: str) -> list[JSON]:
    """Both, as they are made. user_id: ours, whose notes call nobody.

    The second one fires for agents as well: they ask for a draft in an internal note.
    """
    action = {"field": _WEBHOOK, "value": [webhook_id, _BODY]}
    return [
        {
            "title": title,
            "description": description,
            "active": True,
            "conditions": {"all": [{"field": field, "operator": operator, "value": value} for field, operator, value in conditions], "any": []},
            "actions": [action],
        }
        for title, description, conditions in (
            (
                _CREATED,
                "tells us of a new ticket",
                (("update_type", "is", "Create"),),
            ),
            (
                _WRITTEN,
                "tells us of what a customer or an agent writes",
                (
                    ("update_type", "is", "Change"),
                    ("comment_is_public", "is", "not_relevant"),  # there is a comment, public or not
                    ("role", "is_not", user_id),
                    ("status", "less_than", "closed"),
                ),
            ),
        )
    ]  # fmt: skip


def found(there: Sequence[JSON], trigger: JSON, *, others: Collection[str]) -> JSON | None:
    """Ours of this title: one that calls our webhook, or one that is gone. others: ids of webhooks that are not ours."""
    return next((one for one in there if one["title"] == trigger["title"] and is_ours(one, others=others)), None)


def is_ours(trigger: JSON, *, others: Collection[str]) -> bool:
    """Whether we made it, and for no webhook of `others`."""
    calls = [str(one["value"][0]) for one in trigger["actions"] if one["field"] == _WEBHOOK]
    return trigger["title"] in (_CREATED, _WRITTEN) and bool(calls) and not set(calls) & set(others)


def put_right(old: JSON, trigger: JSON) -> JSON:
    """What to change so that it does all of what it was made for; empty: nothing. What a person has added to it stays."""
    conditions, actions = old["conditions"]["all"], old["actions"]
    has = {_told(one) for one in conditions}
    missing = [one for one in trigger["conditions"]["all"] if _told(one) not in has]
    (call,) = trigger["actions"]
    changed: JSON = {} if old["active"] else {"active": True}
    if missing:
        every = [*conditions, *missing]
        changed["conditions"] = {"all": every, "any": old["conditions"].get("any") or []}
    if call not in actions:
        changed["actions"] = [*(one for one in actions if one["field"] != _WEBHOOK), call]
    return changed


def _told(condition: JSON) -> tuple[str, str, str]:
    """A condition, however Zendesk gives it back: true for "true", a number for its digits."""
    return condition["field"], condition["operator"], str(condition["value"]).lower()
