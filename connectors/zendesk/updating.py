"""What goes into the ticket in the same request as a note, and what the answer says came of it.

https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.base import ConnectorError, Ticket, Update
from connectors.fields import CustomField, CustomFields
from connectors.http import JSON, Door
from connectors.zendesk import wire
from connectors.zendesk.paging import pages

_NUMBER = re.compile(r"[0-9]{1,19}")
_PRIORITIES = ("low", "normal", "high", "urgent")
_CHOSEN = "tagger"
_KINDS = ("text", "textarea", "regexp", "integer", "decimal", _CHOSEN)  # what takes a line of text, or one choice


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: keys of the ticket in a PUT. sent: the parts behind them; missed: the others, and why."""

    changes: JSON = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)

    def refused(self, error: ConnectorError) -> Plan:
        """Nothing of it was written. Of what Zendesk says only the status is kept: its words may repeat a value."""
        why = f"Zendesk refused it: {str(error).partition(' (')[0]}"
        return Plan(missed={**self.missed, **dict.fromkeys(self.sent, why)})


async def planned(update: Update | None, ticket: Ticket, *, fields: CustomFields) -> Plan:
    """What of an update can be sent with a note.

    `tags` replaces the list: that nobody loses one is due to the guard by the stamp, as for all the others. There is no
    documented way to add some in this request (`additional_tags` is of `update_many` alone). A drop-down's value is a tag, too;
    which of the two counts where they differ is not documented, so they never do.
    """
    if update is None or not update.parts:
        return Plan()
    parts, missed = update.parts, await fields.objections(update.fields)
    if "group" in parts and not _NUMBER.fullmatch(update.group):
        missed["group"] = "not the number of a group"
    if "priority" in parts and update.priority not in _PRIORITIES:
        missed["priority"] = "not a priority of Zendesk"
    missed |= {name: "not the number of a custom field" for name in update.fields if not _NUMBER.fullmatch(name)}
    sent = {name: value for name, value in parts.items() if name not in missed}
    changes: JSON = {}
    if "group" in sent:
        changes["group_id"] = int(update.group)
    if "priority" in sent:
        changes["priority"] = update.priority
    if "tags" in sent:
        chosen = [name for name in update.fields if name in sent and (await fields.known())[name].choices]
        gone = {ticket.fields.get(name) for name in chosen}
        standing = (tag for tag in ticket.tags if tag not in gone)
        changes["tags"] = list(dict.fromkeys((*standing, *update.add_tags, *(update.fields[name] for name in chosen))))
    if custom := [{"id": int(name), "value": value} for name, value in update.fields.items() if name in sent]:
        changes["custom_fields"] = custom
    return Plan(changes, sent, missed)


def outcome(plan: Plan, answer: JSON) -> tuple[dict[str, str], dict[str, str]]:
    """What was written, as it stands in the ticket that was answered, and what was not.

    Zendesk is known to drop a value that it does not like, without a word.
    """
    stored = answer.get("ticket")
    there = _parts(stored) if plan.sent and isinstance(stored, dict) else {}
    written: dict[str, str] = {}
    for name, value in plan.sent.items():
        if name == "tags":
            kept = [tag for tag in value.split() if tag in there.get("tags", "").split()]
            written |= {"tags": " ".join(kept)} if kept else {}
        elif there.get(name) == value:
            written[name] = value
    lost = [name for name, value in plan.sent.items() if written.get(name) != value]
    return written, {**plan.missed, **dict.fromkeys(lost, "Zendesk took the note, but not this")}


async def custom_fields(door: Door) -> list[CustomField]:
    """The account's active ones. Customers see a field only where it is visible in the portal.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
    """
    found: list[CustomField] = []
    async for page in pages(door, "/api/v2/ticket_fields", params={}):
        with wire.documented_shape("list of ticket fields"):
            for one in page["ticket_fields"]:
                if one.get("active") and one.get("removable", True) and one.get("type") in _KINDS:  # else Zendesk's own
                    options = one.get("custom_field_options") or () if one["type"] == _CHOSEN else ()
                    choices = frozenset(str(option["value"]) for option in options)
                    hidden = one.get("visible_in_portal") is False
                    found.append(CustomField(str(one["id"]), str(one.get("title") or ""), hidden, choices))
    return found


async def groups(door: Door) -> dict[str, str]:
    """Id → name of those that were not deleted."""
    found: dict[str, str] = {}
    async for page in pages(door, "/api/v2/groups", params={}):
        with wire.documented_shape("list of groups"):
            found |= {str(one["id"]): str(one.get("name") or "") for one in page["groups"] if not one.get("deleted")}
    return found


def _parts(ticket: JSON) -> dict[str, str]:
    """The ticket as `Update.parts` names things; what is not as documented is not there."""
    found = {"group": str(ticket.get("group_id") or ""), "priority": str(ticket.get("priority") or "").lower()}
    tags, custom = ticket.get("tags"), ticket.get("custom_fields")
    if isinstance(tags, list):
        found["tags"] = " ".join(map(str, tags))
    if isinstance(custom, list) and all(isinstance(one, dict) and "id" in one for one in custom):
        found |= wire.fields({"custom_fields": custom})
    return found
