"""The text of a macro without its placeholders: nobody but the helpdesk can fill them, so they never leave the connector.

Both vendors write them in Liquid: `{{ticket.requester.first_name}}`, `{{dc.refunds}}`, `{% if ... %}`.
https://support.zendesk.com/hc/en-us/articles/4408887218330
"""

from __future__ import annotations

import re
from html import escape

_CHARS = 20_000
"""A reply is shorter; what is longer is cut."""

_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?(?:\{%-?\s*endcomment\s*-?%\}|$)", re.DOTALL)
_OTHERWISE = re.compile(r"\{%-?\s*(?:else|elsif|when)\b[^{}]{0,500}%\}")
_TAG = re.compile(r"\{%[^{}]{0,500}%\}")
_VALUE = re.compile(r"\{\{[^{}]{0,500}\}\}")
_LIVE = re.compile(r"\{[{%]|[}%]\}")  # halves of what is broken
_GAP = "…"
_GAPS = re.compile(rf"{_GAP}(?:[ ]?{_GAP})+")
_GREETING = re.compile(rf"^(?:[^\W\d_]+\.?[ ]){{1,3}}{_GAP}[ ]?[,!:–-][ ]*")
_CLOSING = re.compile(r"(?:^|\n)[^\n.!?]{1,40},\s*$")  # "Best regards," whose name is gone
_SENTENCE_END = re.compile(r"[.!?]\W*$")
_FEWEST, _FEWEST_OF_SENTENCE = 5, 3
"""Words beside a placeholder: "Hello …," and "Ticket: …" say nothing, "Order … is on its way." does."""


def without_placeholders(text: str) -> str:
    """Plain text in which "…" stands for what the helpdesk would fill in; "" where nothing is left.

    Lines that say nothing without it (a greeting, a signature) go. Both branches of a condition stay, "…" between them.
    """
    text = _COMMENT.sub("", text[:_CHARS])
    for pattern, instead in ((_OTHERWISE, _GAP), (_TAG, ""), (_VALUE, _GAP), (_LIVE, _GAP)):
        text = pattern.sub(instead, text)
    lines = [_GAPS.sub(_GAP, line).rstrip() for line in text.strip().split("\n")]
    lines[0] = _GREETING.sub("", lines[0])
    kept = "\n".join(line for line in lines if _says(line))
    return re.sub(r"\n{3,}", "\n\n", _CLOSING.sub("", kept.rstrip())).strip()


def reply_html(text: str) -> str:
    """The text of a macro as HTML that reads the same; "" where nothing is left but placeholders."""
    paragraphs = without_placeholders(text).split("\n\n")
    return "".join(f"<p>{escape(one).replace(chr(10), '<br>')}</p>" for one in paragraphs if one)


def _says(line: str) -> bool:
    """Whether a line says something without what would be filled in; empty lines part paragraphs."""
    if _GAP not in line:
        return True
    words = re.findall(r"[^\W_]+", line)
    return len(words) >= (_FEWEST_OF_SENTENCE if _SENTENCE_END.search(line) else _FEWEST)
