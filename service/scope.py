"""Which tickets are ours: those that the account's own lists keep out are never read for a model. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.base import Ticket
from service.groups import TicketsSettings

SHARED = "the ticket is shared with another account"


def kept_out(ticket: Ticket, rules: TicketsSettings) -> str:
    """Why this ticket goes to no model and gets no note, with the rule that says so; empty where it may.

    A denied trait wins over an allowed one; where several lists allow, the ticket has to be on each. Case does not matter.
    """
    if ticket.shared:
        return SHARED
    traits = (
        ("group", "GROUPS", (ticket.group, ticket.group_name), rules.deny_groups, rules.allow_groups),
        ("brand", "BRANDS", (ticket.brand,), rules.deny_brands, rules.allow_brands),
        ("form", "FORMS", (ticket.form,), rules.deny_forms, rules.allow_forms),
        ("tag", "TAGS", ticket.tags, rules.deny_tags, rules.allow_tags),
    )
    for what, setting, has, denied, _ in traits:
        if hit := _both(denied, has):
            return f"the ticket's {what} {hit} is in DESKPILOT_TICKETS__DENY_{setting}"
    if ticket.group and not ticket.group_name and any(not one.isdecimal() for one in rules.deny_groups):
        return "the name of the ticket's group is not told, and DESKPILOT_TICKETS__DENY_GROUPS holds a name"
    for what, setting, has, _, allowed in traits:
        if allowed and not _both(allowed, has):
            return f"no {what} of the ticket is in DESKPILOT_TICKETS__ALLOW_{setting}"
    return ""


def _both(listed: Iterable[str], has: Iterable[str]) -> str:
    """The first of the listed that the ticket has; empty where it has none."""
    traits = {trait.casefold() for trait in has if trait}
    return next((one for one in listed if one.casefold() in traits), "")
