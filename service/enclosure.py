"""Text of strangers on its way into a prompt: between marks that are new for each request, and that no text can write itself.

Whoever writes a ticket, an article or a macro knows how our prompts look. So the lines that part them carry a mark that was
drawn after the texts were written, and the texts lose what a model, or the server in front of it, could take for our own:
characters nobody sees, the control tokens of chat templates, lines that look like a fence.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from connectors.mail import visible_text

_BYTES = 8

_CONTROL = re.compile(
    r"<[|｜][^<>\n]{0,60}[|｜]>"  # <|im_start|>, <|eot_id|>, <｜User｜>
    r"|<</?SYS>>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"
    r"|</?s>|<(?:bos|eos|unk|pad)>|<(?:start|end)_of_(?:turn|role|text)>|<\[?/?(?:think|thinking|tool_call|tool_response)\]?>",
    re.IGNORECASE,
)
"""What chat templates put between roles. Several servers read it as such in the middle of a message, too."""

_HARMLESS = str.maketrans("<>[]|｜", "‹›()¦¦")
_FENCE = "==="

_SIGNS = "= \t"


def fresh_mark(texts: Iterable[str]) -> str:
    """A mark for one request: 16 hex digits that nobody could know, in none of its texts."""
    said = "\n".join(texts)
    while (mark := secrets.token_hex(_BYTES)) in said:
        pass
    return mark


def enclosed(text: str) -> str:
    """The text as it may stand between marks: readable as before, and nothing in it acts. Linear; twice is as once."""
    shown = _CONTROL.sub(lambda found: found[0].translate(_HARMLESS), visible_text(text))
    return "\n".join(map(_no_fence, shown.split("\n"))) if _FENCE in shown else shown


def enclosed_line(text: str) -> str:
    """The same for what has to stay on one line: a subject, a title."""
    return " ".join(enclosed(text).split())


def _no_fence(line: str) -> str:
    """Equals signs before or after words go; a row of nothing else is a rule that people draw, and stays."""
    bare = line.strip(_SIGNS)
    if not bare or _FENCE not in (
        line[: len(line) - len(line.lstrip(_SIGNS))] + line[len(line.rstrip(_SIGNS)) :]
    ).replace(" ", ""):
        return line
    return f"– {bare}"
