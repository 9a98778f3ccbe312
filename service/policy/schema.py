"""The published schema of a policy file (deploy/policy.schema.json), for editors and whoever writes one. JSON Schema 2020-12.

It tells shapes and keys; what fits together only `deskpilot policy check` knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.policy.document import Policy

_EFFECT = {
    "tier": "1: a draft. 2: a draft that a person must check. 3: only a person: a handoff packet, no solution. The highest that holds wins.",
    "why": "The reason, as agents read it in the note; without it the rule's name.",
    "group": "Who should take it: a name of `groups`. Of several the first that holds.",
    "priority": "Of several the first that holds.",
    "first_answer": "Until then the customer should have an answer, as 30m, 4h or 2d. Of several the shortest.",
    "tags": "Added to the ticket where `write.tags` allows it, else only suggested.",
    "fields": "Custom fields of the ticket, by the vendor's id or key; written only where `write.values` allows it.",
    "answer": "A name of `answers`: the draft is that text, word for word.",
    "playbook": "A name of `playbooks`: it stands in the handoff packet.",
    "checks": "What a person must check before sending, as it stands in the note.",
    "dont_promise": "What an answer must not promise, as it stands in the handoff packet.",
}

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "Policy": {
        "version": "Of this format.",
        "name": "For people.",
        "extends": "builtin: what this file does not say, the built-in policy says; its rules come after those of the file.",
        "languages": "Every approved text must be there in each of these.",
        "categories": "Kinds of tickets, by a short name.",
        "rules": "If, then; in the order in which they are asked.",
        "groups": "Who takes tickets, by a short name.",
        "targets": "Until the first answer, by priority.",
        "segments": "Kinds of customers whose tickets go to a person sooner, by a short name.",
        "escalation": "When a ticket goes to a person without a rule that says so.",
        "answers": "Approved texts that are sent word for word, by a short name.",
        "acknowledgement": "What a person who takes over may send at once, by language. {time} is the target.",
        "playbooks": "What a person does, by a short name.",
        "incidents": "When many similar tickets are an alarm.",
        "write": "Which fields of a ticket may be written beside the note. Without it none.",
        "lookups": "Where more is known about a customer.",
        "outreach": "Signals of your product that deserve a message before the customer writes.",
    },
    "Condition": {
        "category": "One of `categories`, or one below it.",
        "intent": "Words that stand in what the customer wants.",
        "words": "Words or phrases that stand in the newest message or the subject, whole, in any case.",
        "signal": "What triage has found.",
        "sentiment": "Of the newest message.",
        "urgency": "Of the newest message.",
        "language": "Of the customer, as de.",
        "channel": "By which the ticket came.",
        "brand": "The vendor's id of a brand or product.",
        "group": "The vendor's id or name of the ticket's group; not of `groups`.",
        "form": "The vendor's id of a form or type.",
        "tag": "Of the ticket.",
        "field": "Custom fields of the ticket, by the vendor's id or key, and their values.",
        "segment": "One of `segments`.",
        "customer": "Facts of `lookups` and of your product's own context, and their values.",
        "amount": "Any amount that the customer names.",
        "currency": "Of that amount, as EUR.",
        "stakes": "1 to 5.",
        "complexity": "1 to 5.",
        "contacts": "Related tickets of this requester in seven days, this one included.",
        "escalations": "Other tickets of this requester that went to a person, in thirty days.",
        "known_days": "Days since the customer's fact `since`; where that is unknown, the condition does not hold.",
        "none_of": "None of these may hold.",
        "any_of": "One of these must hold.",
    },
    "Range": {"over": "More than this.", "under": "Less than this."},
    "Effect": _EFFECT,
    "Category": {
        **_EFFECT,
        "title": "As agents read it.",
        "parent": "The category above, whose effects hold where this one says nothing.",
        "examples": "Questions as customers ask them, six to ten in each language; triage goes by the nearest.",
        "words": "Words that point here by themselves.",
        "stakes": "What a mistake costs, 1 to 5.",
    },
    "Rule": {
        "name": "Unique: it stands in the records of each ticket on which the rule fired.",
        "when": "All that is written must hold; of a list one value is enough.",
        "then": "What follows.",
    },
    "Group": {
        "title": "As agents read it.",
        "zendesk": "Its id there, where it is to be written.",
        "freshdesk": "Its id there, where it is to be written.",
        "skills": "What they know, as agents read it.",
        "first_answer": "Until then a customer of theirs should have an answer.",
    },
    "Segment": {
        "when": "Which customers.",
        "signals": "So many agreeing signals are enough, in place of `escalation.signals`.",
        "questions": "So many questions back at most, in place of `escalation.questions`.",
    },
    "Escalation": {
        "signals": "So many agreeing signals, then a person. An explicit wish for a person is always enough.",
        "questions": "So many questions back in a ticket, then a person.",
        "sure": "How sure triage must be of a category (0 to 1) for all that the category says; less sure, a person checks.",
        "group": "Who takes it where no rule says so: a name of `groups`.",
    },
    "Answer": {
        "title": "As agents read it.",
        "texts": "By language. Without links and placeholders; only a greeting is put before it.",
        "approved_by": "A role, rather than a name.",
    },
    "Playbook": {
        "title": "As agents read it.",
        "steps": "One after the other.",
        "call": "Whom to call.",
        "texts": "Approved texts to send on the way, by language.",
    },
    "Incidents": {
        "window": "Tickets of so long are counted.",
        "factor": "So many times what is usual for that window is an alarm.",
        "at_least": "Fewer tickets than this are none.",
        "start": "Whether such an alarm starts an incident by itself.",
        "lasts": "When an incident that started by itself ends.",
        "texts": "What customers are told in an incident that started by itself, by language.",
    },
    "Write": {
        "group": "Whether the suggested group is written.",
        "priority": "Whether the suggested priority is written.",
        "tags": "Which suggested tags are written: those, or those that begin so (ai_*).",
        "fields": "Which of our findings are written, and into which field of the vendor.",
        "values": "Custom fields that rules may set by `fields`.",
        "label": "Whether a solved ticket gets the tag ai_as_is, ai_assisted or human_only, by what agents sent.",
    },
    "Lookup": {
        "name": "As the note calls it; small letters, digits and _.",
        "kind": "hubspot and stripe know their own addresses and fields.",
        "url": "{email}, {id} and {organization} are filled in. https, or http on this machine.",
        "headers": "{secret:NAME} is a value of DESKPILOT_LOOKUP__SECRETS.",
        "fields": "Our name → path in the answer, as data.0.plan.",
        "keep": "So long an answer is taken again.",
    },
    "Outreach": {
        "name": "Unique.",
        "signal": "Its kind, as your product pushes it to /api/signals.",
        "customer": "Facts that must hold.",
        "data": "Values of the signal's own data that must hold.",
        "playbook": "A name of `playbooks`.",
        "subject": "By language. {name} is a value of the signal's data.",
        "texts": "By language. {name} is a value of the signal's data.",
        "expires": "After that nobody is asked about it any more.",
    },
}


def schema() -> dict[str, Any]:
    """The schema, made from the document's own types."""
    made = Policy.model_json_schema()
    parts: dict[str, dict[str, Any]] = {**made["$defs"], "Policy": made}
    for name, part in parts.items():
        part.pop("title", None)
        for key, value in part["properties"].items():
            value.pop("title", None)
            value.pop("format", None)  # an address with {email} is none yet
            value["description"] = DESCRIPTIONS[name][key]
    for one in _ids(parts):
        one["type"] = ["string", "number"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy of deskpilot",
        **made,
    }


def as_text() -> str:
    """As it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _ids(parts: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Texts that people write as numbers."""
    yield from (parts["Group"]["properties"][name] for name in ("zendesk", "freshdesk"))
    yield from (parts[name]["properties"]["fields"]["additionalProperties"] for name in ("Effect", "Category"))
