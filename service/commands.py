"""What agents write to us in internal notes: "@deskpilot shorter", "@deskpilot tier 2", "@deskpilot wrong: it is 14 days". Pure."""

from __future__ import annotations

import re

from connectors.base import Message
from connectors.mail import message_text

_COMMAND = re.compile(r"@deskpilot\b[:,]?[ \t]*(?P<hint>[^\r\n]*)", re.IGNORECASE)

_VERDICT = re.compile(
    r"(?:(?P<right>right|richtig|juste|correcto)|(?P<wrong>wrong|falsch|faux|incorrecto))\b"
    r"(?:[ \t]+(?P<reference>DP-\w{5})\b)?[ \t]*(?P<sign>[:,.!]?)[ \t]*",
    re.IGNORECASE,
)
"""What a verdict on a note begins with. Without a sign and with more behind it, it is a hint: "@deskpilot right to cancel?"."""


def command_in(note: Message) -> re.Match[str] | None:
    """The command of an internal note that an agent wrote; `hint` is what stands behind it on its line.

    A stranger's mail can become a private note, and one that a machine wrote gives no commands.
    """
    if note.kind != "internal note" or note.author.role != "agent" or note.untrusted or note.automatic:
        return None
    return _COMMAND.search(message_text(note))


def opens_its_line(note: Message, command: re.Match[str]) -> bool:
    """Whether it is an order of the agent's own. In the middle of a line, or copied in by another app, it may be somebody else's words."""
    before = command.string[: command.start()].rpartition("\n")[2]
    return note.channel != "api" and not before.strip()


def verdict_in(note: Message) -> re.Match[str] | None:
    """What an agent's note says of a note of ours (`right`, `wrong`, `reference`), where that is what it is for."""
    command = command_in(note)
    if command is None or not opens_its_line(note, command):
        return None
    said = _VERDICT.match(command.string, command.start("hint"))
    if said is None:
        return None
    ends = said.end() >= len(command.string) or command.string[said.end()] in "\r\n"
    return said if said["sign"] or ends else None
