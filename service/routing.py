"""What is set in a ticket beside its note: what the policy allows, and nothing that a person has chosen.

The rule. A part (group, priority, a custom field) is set where it is empty; where its value is the one that we set ourselves; or
where it is what every new ticket of the helpdesk has (Zendesk's default group, Freshdesk's priority Low) and nobody has taken the
ticket yet: no assignee, no public reply. What we set once and find changed, or emptied, is somebody's choice from then on; a tag
of ours that somebody took away does not come back. The group of a ticket that has an assignee is that person's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connectors.base import Note, Ticket, Update
from service.analysis import Analysis
from service.guard import clean
from service.ledger import SavedDraft
from service.masking import neutral
from service.plaintext import defang, one_line
from service.policy.decision import Decision
from service.policy.document import Group, Policy
from service.policy.values import said
from service.triage.judged import Triage

LONGEST = 255
"""Characters of a field: what a line of text of either helpdesk shows and takes."""

WANTED, WROTE = "wanted", "wrote"
"""Of a draft's details in the ledger: the Update that is to go with its note, and what of it was written."""

_OURS = "deskpilot"  # such tags are orders to us: set by ourselves, they would pass for an agent's
_SECRET = re.compile(r"<(?:CARD|IBAN|ID|IP|SECRET)_\d{1,6}>")
_FORMULA = "=+-@\t "
_PATTERN_END = "*"

Told = Literal["intent", "sentiment", "language", "category", "tier", "summary"]
"""What the policy can have written into a custom field."""

Restore = Callable[[str], str]
"""Puts back what was masked: Masker.shown this ticket's own values, masking.neutral words in their place ("[name]")."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the policy would set and the ticket does not have. value: a group's title, a priority, tags with commas, a field's text.

    part: of a custom field what it is about, or "field", where the value begins with its name.
    """

    part: Literal["group", "priority", "tags", "intent", "sentiment", "language", "category", "tier", "field"]
    value: str


def wanted(
    ticket: Ticket, decision: Decision, triage: Triage, analysis: Analysis, policy: Policy, *, restore: Restore
) -> Update:
    """All that the policy allows to be set, whatever stands in the ticket. Values of fields are single lines without addresses.

    What a rule says of a field goes before what triage says.
    """
    write, told = policy.write, _told(decision, triage, analysis)
    fields = {id_: _line(told[name], restore) for name, id_ in write.fields.items()}
    fields |= {name: one_line(value, limit=LONGEST) for name, value in decision.fields if name in write.values}
    fields = {name: value for name, value in fields.items() if value and is_of(ticket.helpdesk, name)}
    return Update(
        group=_group_id(policy.groups.get(decision.group), ticket) if write.group else "",
        priority=(decision.priority or "") if write.priority else "",
        add_tags=tuple(dict.fromkeys(tag for tag in map(_tag, decision.tags) if _allowed(tag, write.tags))),
        fields=fields,
    )


def is_of(helpdesk: str, field: str) -> bool:
    """Whether a custom field can be this helpdesk's: Zendesk's are numbers, Freshdesk's names; a policy may name both."""
    return field.isdecimal() == (helpdesk == "zendesk")


def due(update: Update, ticket: Ticket, *, ours: Mapping[str, str]) -> Update | None:
    """What of it the ticket lacks and nobody else has chosen; None: nothing."""
    taken = ticket.assignee is not None or any(message.kind == "public reply" for message in ticket.messages)
    untouched = frozenset[str]() if taken else ticket.initial

    def may(name: str, value: str, there: str) -> bool:
        if not value or value == there:
            return False
        if name in ours:
            return bool(there) and ours[name] in (there, _digest(there))
        return not there or name in untouched

    group_is_free = ticket.assignee is None and may("group", update.group, ticket.group)
    standing = {tag.casefold() for tag in ticket.tags} | set(ours.get("tags", "").split())
    left = Update(
        group=update.group if group_is_free else "",
        priority=update.priority if may("priority", update.priority, ticket.priority) else "",
        add_tags=tuple(tag for tag in update.add_tags if tag not in standing),
        fields={name: value for name, value in update.fields.items() if may(name, value, ticket.fields.get(name, ""))},
    )
    return left if left.parts else None


def _told(decision: Decision, triage: Triage, analysis: Analysis) -> dict[Told, str]:
    """What a custom field may hold, by what the policy calls it; masked."""
    return {
        "intent": triage.intent.value or analysis.intent,
        "sentiment": triage.sentiment.value,
        "language": triage.language.value or analysis.language,
        "category": decision.category or triage.category.value,
        "tier": str(decision.tier),
        "summary": analysis.summary.problem,
    }


def suggestions(
    ticket: Ticket, decision: Decision, triage: Triage, analysis: Analysis, policy: Policy, *, language: str = ""
) -> tuple[Suggestion, ...]:
    """What the policy says of this ticket and is not already so, for the note; masked. language: the team's.

    Of custom fields those that are not set anyway: they hold something else, or rules name them and may not set them. Not the
    summary, which the note has.
    """
    group = policy.groups.get(decision.group)
    found = []
    if group is not None:
        names = {_group_id(group, ticket), *(title.casefold() for title in group.title.values())} - {""}
        if names.isdisjoint((ticket.group, ticket.group_name.casefold())):
            found.append(Suggestion("group", said(group.title, language)))
    if decision.priority and decision.priority != ticket.priority:
        found.append(Suggestion("priority", decision.priority))
    standing = {tag.casefold() for tag in ticket.tags}
    if tags := [tag for tag in dict.fromkeys(map(_tag, decision.tags)) if tag and tag not in standing]:
        found.append(Suggestion("tags", ", ".join(tags)))
    own = {name for name, _ in decision.fields}
    for about, value in _told(decision, triage, analysis).items():
        name = policy.write.fields.get(about, "")
        if about != "summary" and name not in own and _stands_otherwise(ticket, name, value, is_set=True):
            found.append(Suggestion(about, value))
    for name, value in decision.fields:
        if _stands_otherwise(ticket, name, value, is_set=name in policy.write.values):
            found.append(Suggestion("field", f"{name} {value}"))
    return tuple(found)


def _stands_otherwise(ticket: Ticket, field: str, value: str, *, is_set: bool) -> bool:
    """Whether this helpdesk's field has another value. is_set: we may set it, and do where it is empty."""
    standing = ticket.fields.get(field, "")
    return (
        bool(field and value) and is_of(ticket.helpdesk, field) and standing != value and bool(standing or not is_set)
    )


def packed(update: Update) -> dict[str, Any]:
    """For the details of a draft under WANTED, which hold nobody's data: of an update that was made with masking.neutral."""
    given = {"group": update.group, "priority": update.priority, "add_tags": list(update.add_tags)}
    return {name: value for name, value in (given | {"fields": dict(update.fields)}).items() if value}


def unpacked(details: Mapping[str, Any]) -> Update:
    """What `packed` made of it; empty where a draft has none."""
    kept = details.get(WANTED) or {}
    return Update(
        group=str(kept.get("group", "")),
        priority=str(kept.get("priority", "")),
        add_tags=tuple(map(str, kept.get("add_tags", ()))),
        fields={str(name): str(value) for name, value in (kept.get("fields") or {}).items()},
    )


def wrote(note: Note) -> dict[str, Any]:
    """For the details of a posted draft. Of custom fields a digest: enough to know our own text again."""
    plain = ("group", "priority", "tags")
    kept = {name: value if name in plain else _digest(value) for name, value in note.written.items()}
    return {WROTE: kept} if kept else {}


def ours_of(drafts: Iterable[SavedDraft]) -> dict[str, str]:
    """What earlier notes of this ticket set, newest value of each; drafts: oldest first. "tags": all that we ever set.

    Only what the helpdesk confirmed: what may have been written, after an answer was lost, passes for a person's; so does all
    of ours once the text of the notes is too old to be kept.
    """
    ours: dict[str, str] = {}
    for draft in drafts:
        for name, value in (draft.details.get(WROTE) or {}).items():
            ours[name] = f"{ours.get(name, '')} {value}".strip() if name == "tags" else str(value)
    return ours


def _digest(value: str) -> str:
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def _group_id(group: Group | None, ticket: Ticket) -> str:
    ids = {"zendesk": group.zendesk, "freshdesk": group.freshdesk} if group else {}
    return ids.get(ticket.helpdesk, "")


def _allowed(tag: str, patterns: Iterable[str]) -> bool:
    """Whether the policy names it, and it is no order to us."""
    if not tag or tag.startswith(_OURS):
        return False
    return any(
        tag.startswith(one[:-1].lower()) if one.endswith(_PATTERN_END) else tag == one.lower() for one in patterns
    )


def _tag(given: str) -> str:
    """As Zendesk keeps tags: lower case, no spaces."""
    return "_".join(given.lower().split())


def _line(masked: str, restore: Restore) -> str:
    """A text of the ticket as it may stand in a field, which travels further than a note: into views, exports and reports.

    So numbers of cards and accounts, passwords and the like stay out, links are dead, and no spreadsheet takes it for a formula.
    """
    text = restore(clean(_SECRET.sub(lambda found: neutral(found[0]), masked), limit=2 * LONGEST))
    return one_line(defang(text, (), keep_emails=True).lstrip(_FORMULA), limit=LONGEST)
