"""A mail as its writer meant it to be read: text of HTML, quoted history and signature cut, hidden text dropped. Pure.

Whatever comes in, the work is bounded: bodies are cut at `MAX_CHARS`, tags at 12,000, lines at 10,000, and no step looks
at a character more than a fixed number of times.
"""

from __future__ import annotations

import re

from connectors.base import Message
from connectors.mail.history import newest_part as _newest_part
from connectors.mail.invisible import visible_text
from connectors.mail.rendering import HISTORY, SIGNATURE, linked, rendered

__all__ = ["MAX_CHARS", "html_to_text", "html_to_text_and_links", "message_text", "newest_part", "visible_text"]

MAX_CHARS = 1_000_000
"""Longer bodies are cut before they are read."""


def html_to_text(html: str) -> str:
    """The text a reader of the HTML sees, quoted history included.

    Blocks are lines, list items begin with "- " or "1. ", quotes with "> ", cells of a row stand between " | ". Links are
    their text, pictures nothing: an address or an alternative text that no reader sees could hold words for the model.
    """
    return html_to_text_and_links(html)[0]


def html_to_text_and_links(html: str) -> tuple[str, list[str]]:
    """The same, and the targets of the links in it, as they are written."""
    text, links = linked(html[:MAX_CHARS])
    lines = (line for line in text.replace(SIGNATURE, "").split("\n") if HISTORY not in line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), links


def newest_part(text: str) -> str:
    """What the writer of a plain text mail added: no quoted history, no signature, no invisible characters.

    Answers between quoted lines are kept, forwarded messages too. The text itself where nothing would be left.
    """
    return _newest_part(visible_text(text[:MAX_CHARS]))


def message_text(message: Message) -> str:
    """The newest words of a message, readable. HTML where there is any: the text beside it may hold what HTML hides."""
    if message.html.strip():
        return _newest_part(rendered(message.html[:MAX_CHARS]))
    return newest_part(message.text)
