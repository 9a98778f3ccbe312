"""Rules of a Zendesk account that would mail people because we wrote a note, and what keeps them from it. Pure.

https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/ and
https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from connectors.base import Person
from connectors.http import JSON
from connectors.setup import Check

_PEOPLE = {
    "requester_id": "the requester",
    "requester_and_ccs": "the requester and the people in copy",
    "assignee_id": "the assignee",
    "all_agents": "all agents",
    "group_id": "the ticket's group",
}
_OURSELVES = "current_user"  # whoever wrote, which is us

_CHANGES = frozenset({"changed", "value", "value_previous", "changed_to", "changed_from"})
"""Operators that ask for a change of a field: a note changes none."""

_WITH_NOTES = re.compile(r"ticket\.(?:comments|latest_comment)\w*")
"""Placeholders that show agents internal notes, too."""

_SHOWN = 10


def checks(triggers: Sequence[JSON], automations: Sequence[JSON], *, me: Person) -> list[Check]:
    """One for each rule that mails people, with the condition that excludes us; one that is fine where there is none."""
    found = [*_of_triggers(triggers, me=me), *_of_automations(automations)]
    if not found:
        return [Check("mail rules", "fine", "No trigger or automation mails people because of our notes.")]
    more = [Check("mail rules", "doubtful", f"{len(found) - _SHOWN} more rules do so.")] if len(found) > _SHOWN else []
    return found[:_SHOWN] + more


def condition(me: Person) -> JSON:
    """What a trigger needs among "Meet ALL of the following conditions" so as not to act on what we write."""
    return {"field": "role", "operator": "is_not", "value": me.id}


def _of_triggers(rules: Sequence[JSON], *, me: Person) -> Iterator[Check]:
    remedy = (
        f'Add to its "Meet ALL of the following conditions": Current user | Is not | {me.name}; '
        f"in the API {json.dumps(condition(me))}."
    )
    for rule in rules:
        whom = [person for person, _ in _mails(rule)]
        if rule.get("active") and whom and _fires(rule["conditions"], me=me):
            said = f'The trigger "{rule["title"]}" mails {" and ".join(whom)} whenever we write a note.'
            yield Check("mail rules", "doubtful", said, remedy)


def _of_automations(rules: Sequence[JSON]) -> Iterator[Check]:
    """They run by the hour, not because of us: what counts is whether their text shows notes."""
    for rule in rules:
        for person, text in _mails(rule):
            shown = _WITH_NOTES.search(text)
            if rule.get("active") and shown and "requester" not in person:  # who sees public comments in any case
                yield Check(
                    "mail rules",
                    "doubtful",
                    f'The automation "{rule["title"]}" mails {person} a text with internal notes in it ({{{{{shown[0]}}}}}).',
                    "Put {{ticket.latest_public_comment_formatted}} there: no condition of automations asks who wrote.",
                )
                break


def _mails(rule: JSON) -> Iterator[tuple[str, str]]:
    """Whom a rule mails, in words, and subject and text of the mail."""
    for action in rule["actions"]:
        value = action["value"]
        if action["field"] not in ("notification_user", "notification_group") or not isinstance(value, list):
            continue
        whom = str(value[0])
        if whom != _OURSELVES:
            kind = action["field"].removeprefix("notification_")
            yield _PEOPLE.get(whom, f"{kind} {whom}"), " ".join(str(part) for part in value[1:])


def _fires(conditions: JSON, *, me: Person) -> bool:
    """Whether a trigger may act on an internal note of ours; what depends on the ticket counts as yes."""
    every, some = conditions.get("all") or [], conditions.get("any") or []
    return all(_may_hold(one, me=me) for one in every) and (not some or any(_may_hold(one, me=me) for one in some))


def _may_hold(rule: JSON, *, me: Person) -> bool:
    field, operator, value = rule["field"], rule["operator"], str(rule["value"]).lower()
    if operator in _CHANGES:
        return False
    facts = {
        "update_type": {"change"},
        "comment_is_public": {"false", "not_relevant"},
        "role": {"agent", me.id},
        "current_via_id": {"5"},  # the API
    }.get(field)
    if facts is None or (field == "role" and value in ("assignee_id", "requester_id")):
        return True
    named = value in facts
    return named if operator == "is" else not named
