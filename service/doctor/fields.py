"""Whether the account has what the policy would have set in its tickets: groups, custom fields, their choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, get_args

from connectors.base import ConnectorError
from connectors.fields import CustomField
from connectors.setup import Check
from service.moods import Sentiment
from service.policy.document import Policy, Tier
from service.routing import is_of

_WHAT = "fields"
_REMEDY = "Correct the policy, or make it in the helpdesk: deploy/connect.md says where the ids are."


class Fielded(Protocol):
    """What is needed of a Helpdesk."""

    name: str

    async def custom_fields(self) -> Mapping[str, CustomField]:
        """See connectors.base.Helpdesk."""
        ...

    async def groups(self) -> Mapping[str, str]:
        """See connectors.base.Helpdesk."""
        ...


async def look(desk: Fielded, policy: Policy) -> list[Check]:
    """One Check for each that is missing or cannot be written; one where all is well; none where nothing may be written.

    A call for the groups and one for the fields, where the policy names any. Doubtful at most: notes are written all the same.
    """
    write = policy.write
    ids = {"zendesk": "zendesk", "freshdesk": "freshdesk"}.get(desk.name, "")
    groups = {name: str(getattr(one, ids, "")) for name, one in policy.groups.items()} if write.group else {}
    groups = {name: id_ for name, id_ in groups.items() if id_}
    fields = [name for name in (*write.fields.values(), *write.values) if is_of(desk.name, name)]
    if not groups and not fields:
        return []
    try:
        there = await desk.groups() if groups else {}
        known = await desk.custom_fields() if fields else {}
    except ConnectorError as error:
        said = f"Whether the account has what the policy would set cannot be read: {error}."
        return [Check(_WHAT, "doubtful", said, "Give our user the right to read groups and fields of tickets.")]
    missing = [f'the group "{name}" ({id_})' for name, id_ in groups.items() if id_ not in there]
    missing += [f"the custom field {name}" for name in dict.fromkeys(fields) if name not in known]
    found = [Check(_WHAT, "doubtful", f"The account does not have {one}: it is not set.", _REMEDY) for one in missing]
    found += _unfit(policy, {name: known[name] for name in fields if name in known})
    return found or [
        Check(_WHAT, "fine", f"The account has all that the policy sets: {len(groups) + len(set(fields))}.")
    ]


def _unfit(policy: Policy, fields: Mapping[str, CustomField]) -> Iterator[Check]:
    """Fields that customers see, and drop-downs that lack a word of ours."""
    words = {
        "sentiment": get_args(Sentiment),
        "tier": tuple(map(str, get_args(Tier))),
        "category": tuple(policy.categories),
    }
    for field in fields.values():
        if not field.hidden:
            said = f'Customers can see the custom field "{field.title}" ({field.id}): it is not set.'
            yield Check(_WHAT, "doubtful", said, "Hide it from customers, or name another one in the policy.")
    for name, id_ in policy.write.fields.items():
        choices = fields[id_].choices if id_ in fields else frozenset[str]()
        lacks = [word for word in words.get(name, ()) if word not in choices] if choices else []
        if lacks or (choices and name in ("intent", "summary")):
            said = f'The custom field "{fields[id_].title}" ({id_}) has no choice for {", ".join(lacks) or "every " + name}.'
            remedy = "Add these choices to the drop-down." if lacks else "Take a field for text."
            yield Check(_WHAT, "doubtful", said, remedy)
