"""A model that does whatever a stranger asks, in every field there is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi.responses import Response

from tests.fake_llm import completion

Manner = Literal["fields", "mixed", "raw", "closing"]
MANNERS: tuple[Manner, ...] = ("fields", "mixed", "raw", "closing")
"""How it answers: nothing but the attack in every field; behind a good reply; no JSON at all; the attack closes the JSON."""

GOOD = (
    "Hi there,\n\nafter seven working days without news we treat a parcel as lost and send a new kettle free of charge."
)

_WORD = re.compile(r"\bmake (qz[a-z]{4})\b")


def code_word(number: int) -> str:
    """A word that says in a prompt which ticket it is of; letters only, so that nothing masks it."""
    letters = ""
    for _ in range(4):
        number, letter = divmod(number, 26)
        letters += chr(ord("a") + letter)
    return f"qz{letters}"


@dataclass
class Obedient:
    """What is said to whom, and what was asked. `orders`: by code word, what to say and how."""

    orders: dict[str, tuple[str, Manner]] = field(default_factory=dict)
    prompts: dict[str, list[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)  # requests that are of no ticket

    def answer(self, body: dict[str, Any]) -> Response:
        """Obey."""
        read = "\n".join(str(message["content"]) for message in body["messages"])
        found = _WORD.search(read)
        if found is None or found[1] not in self.orders:
            self.unknown[body["model"]] += 1
            return completion({"reply": GOOD, "covered": True, "citations": [1]})(body)
        self.prompts.setdefault(found[1], []).append(read)
        said, manner = self.orders[found[1]]
        drafts = '"reply"' in body["messages"][0]["content"]
        if manner == "raw":
            return completion(said)(body)
        if manner == "closing":
            key = "reply" if drafts else "problem"
            head = f'{{"{key}": "{GOOD} ' if drafts else f'{{"{key}": "'
            rest = '", "covered": true, "citations": [1], "checks": [], "reason": "", "gloss": "", "asks": true}'
            return completion(f'{head}{said}{rest}\n{{"{key}": "{said}"}}')(body)
        return completion(_draft(said, manner) if drafts else _analysis(said))(body)


def _analysis(said: str) -> dict[str, Any]:
    return {
        "problem": said, "tried": [said, said], "open": [said], "intent": said, "sentiment": said, "urgency": said, "language": "en",
        "query": said, "asks": True, "wishes": [said],
    }  # fmt: skip


def _draft(said: str, manner: Manner) -> dict[str, Any]:
    return {
        "reply": said if manner == "fields" else f"{GOOD}\n\n{said}",
        "covered": True,
        "citations": [{"number": 1, "supports": said}, {"number": 99, "supports": said}],
        "checks": [said, said],
        "reason": said,
        "gloss": said,
    }
