"""Freshdesk's merge notices: ordinary notes, told apart by nothing but their text.

Unconfirmed: the wording is not documented, differs by language and can be edited by the agent who merges. What is read
here are the sentences that the vendor's own screens and apps use in English; any other notice stays a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.base import Related

JSON = dict[str, Any]

_MERGED = re.compile(r"\bmerged\b[^.\n]{0,40}?\b(?:in)?to\b", re.IGNORECASE)
_MERGED_HERE = re.compile(r"\bmerged\b[^.\n]{0,40}?\b(?:in)?to\s+this\s+ticket\b", re.IGNORECASE)

_QUOTED = re.compile(r"\".*\"|“.*”|‘.*’|(?<!\w)'.*'(?!\w)", re.DOTALL)
"""From the first quotation mark to the last: a subject may hold quotation marks itself."""

_TICKET_IDS = re.compile(
    r"(?:#|\b(?:tickets?|ids?)\b[\s:]{0,3})\s?([0-9]{1,19}(?:\s?(?:,|and|&)\s?#?[0-9]{1,19}){0,20})", re.IGNORECASE
)

_NOTE = 2  # conversation source
_CHILD = 2  # association_type
_NOTICE_CHARS = 500  # a notice is a sentence; a longer note is an agent's own words


def is_notice(entry: JSON) -> bool:
    """Say whether a conversation entry is a merge notice, in either of the two tickets."""
    text = str(entry.get("body_text") or "")
    return (
        entry.get("source") == _NOTE
        and not entry["incoming"]
        and len(text) <= _NOTICE_CHARS
        and bool(_TICKET_IDS.search(text) and _MERGED.search(text))
    )


def merged_here(entries: Sequence[JSON]) -> tuple[str, ...]:
    """Ids of the tickets that were merged into this one, as far as its notices say so, each once.

    Quoted parts are left out: they may be a customer's subject. A hint all the same: whoever reads the other ticket
    compares the requester first.
    """
    found: dict[str, None] = {}
    for entry in filter(is_notice, entries):  # first, for it also keeps long texts away from the patterns
        text = _QUOTED.sub("", str(entry["body_text"]))
        if _MERGED_HERE.search(text):
            for ids in _TICKET_IDS.findall(text):
                found.update(dict.fromkeys(re.findall(r"[0-9]+", ids)))
    return tuple(found)


def parents(ticket: JSON) -> Iterator[Related]:
    """The ticket this one is a child of. Unconfirmed: seen in public clients only (2 means child)."""
    if ticket.get("association_type") == _CHILD:
        yield from (Related(str(parent), kind="follow-up") for parent in ticket.get("associated_tickets_list") or ())
