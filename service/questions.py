"""The sentences of a message, and which of them ask something. Pure, linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_HEAD, _TAIL = 2_500, 1_500
"""Characters that are read of a message: people say what they want at its start or at its end."""

_WRAPPED = 60  # characters of a line from which on its end is a mail program's, not a writer's
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")
_LINE_END = re.compile(r"[.!?…:;。！？：][\"'”’»)]*$")
_NEW_LINE = re.compile(r"\s*(?:$|[-*•>|]|\d{1,2}[.)])")
_ASKED = re.compile(r"[?？][\"'”’»)]*$")
_BARE = re.compile(
    r"(?:please |hi,? |hello,? |and )?(?:how (?:do|can|could|should|to|long|much|many|often|does)|what (?:is|are|does|do|should|can)|where (?:is|are|can|do)"
    r"|when (?:will|do|does|can) (?:i|we|my|you|the)|can (?:i|we|you)|could (?:i|we|you)|do (?:i|we|you)|does (?:the|it|this)|is (?:it|there)|are there"
    r"|i(?:['’]d| would) like to know|(?:could|can) you tell me|(?:please )?tell me|explain|i want to know|do you (?:have|know|offer)|wie (?:kann|lange|viel|oft|geht|funktioniert|bekomme|muss)"
    r"|was (?:kostet|bedeutet|muss|kann|tun)|wo (?:ist|finde|kann)|wann (?:kommt|ist|wird)|kann (?:ich|man)|können (?:sie|wir)|gibt es|ich (?:möchte|würde gerne?) wissen"
    r"|comment |combien |quand |où |est-ce |puis-je|pouvez-vous|pourriez-vous|y a-t-il|je (?:voudrais|souhaite|souhaiterais) savoir"
    r"|cómo |cuánt[oa]s? |cuándo |dónde |puedo |pueden |podrían? |quisiera saber|me gustaría saber|come |quanto |quando |dove |posso |potete |vorrei sapere"
    r"|como |onde |podem? |gostaria de saber|hoe |waar |wanneer |kan ik|kunt u|ik wil graag weten)",
    re.IGNORECASE,
)
"""How a question begins whose writer left out the mark."""


_AND = re.compile(
    r",?\s+(?:and|und|et|y|e|en)\s+(?=(?:also )?(?:how|what|when|where|why|which|who|can (?:i|we|you)|do (?:i|we|you)|is (?:it|there)|will|wie|was|wann|wo|warum|welche\w*|kann"
    r"|können|gibt|combien|comment|quand|quel\w*|où|pourquoi|puis-je|est-ce|y a-t-il|que|qu'|cuánt\w+|cómo|cuándo|dónde|qué|puedo|hay|quanto|come|quando|dove|posso|como"
    r"|onde|hoe|wanneer|waar|kan)\b)",
    re.IGNORECASE,
)
"""What joins two questions in one sentence."""


def head_and_tail(text: str) -> str:
    """What is read of a message, at most 4,001 characters."""
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"


def sentences(text: str) -> list[str]:
    """Sentences in their order; the lines that a mail program broke are put together again."""
    lines = head_and_tail(text).split("\n")
    whole = [lines[0]]
    for before, line in pairwise(lines):
        goes_on = len(before) >= _WRAPPED and not _LINE_END.search(before[-8:]) and not _NEW_LINE.match(line)
        whole += [" " if goes_on else "\n", line]
    return [part.strip() for part in _SENTENCE_END.split("".join(whole)) if part.strip()]


def questions(told: Sequence[str]) -> list[str]:
    """Those of the sentences that ask; where none has the mark, those that begin as a question does."""
    return [one for one in told if _ASKED.search(one[-6:])] or [one for one in told if _BARE.match(one)]


def apart(asked: Sequence[str]) -> list[str]:
    """The same questions, those of one sentence each by itself: "How long does it take, and what does it cost?"."""
    return [part for one in asked for part in _AND.split(one) if part]
