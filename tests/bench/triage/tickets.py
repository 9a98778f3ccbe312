"""Labelled support tickets of our own: to write the rules by, to widen them by, to be judged on. README.md says how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

Language = Literal["en", "de"]
Sentiment = Literal["angry", "unhappy", "neutral", "content", "happy"]
Tier = Literal[1, 2, 3]

CATEGORIES = frozenset({
    "how_to", "fault", "delivery", "returns", "refund", "billing", "cancellation", "account_access", "order_change", "feature_request", "praise",
    "complaint", "sales", "security", "privacy", "legal", "safety", "press", "fraud", "vulnerable", "other",
})  # fmt: skip
"""The ids of the built-in policy's categories."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the thread."""

    text: str
    by_agent: bool


@dataclass(frozen=True, slots=True)
class LabelledTicket:
    """One invented ticket as it stands after its last message, and what a labeller said of it."""

    id: str
    language: Language
    tier: Tier
    category: str  # one of CATEGORIES
    sentiment: Sentiment  # of the newest customer message
    person: bool  # an explicit wish for a human being
    hard: bool  # tier 3 said indirectly, or words of tier 3 in a harmless ticket
    subject: str
    messages: tuple[Said, ...]  # oldest first
    contacts_7d: int  # the customer's tickets on it in the last seven days, this one included
    tags: tuple[str, ...]

    @property
    def customer_texts(self) -> tuple[str, ...]:
        """What the customer wrote, without the subject, oldest first."""
        return tuple(said.text for said in self.messages if not said.by_agent)


def tuned() -> list[LabelledTicket]:
    """The half that may be read while the rules are written."""
    return _read(_HERE / "tuned.yaml")


def validation() -> list[LabelledTicket]:
    """The set written blind to the rules and to both halves, to see while widening whether phrases generalise."""
    return _read(_HERE / "validation.yaml")


def untouched() -> list[LabelledTicket]:
    """The half that is only counted on."""
    return _read(_HERE / "untouched.yaml")


def seen() -> list[LabelledTicket]:
    """A blind set whose first count is told in decision 0036; weights are learnt from it since."""
    return _read(_HERE / "seen.yaml")


def fresh() -> list[LabelledTicket]:
    """The blind set that is kept aside: counted on, not read."""
    return _read(_HERE / "fresh.yaml")


def _read(path: Path) -> list[LabelledTicket]:
    """Read one file; a missing key or an unknown one raises."""
    rows: Sequence[Mapping[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [_to_ticket(row) for row in rows]


def _to_ticket(row: Mapping[str, Any]) -> LabelledTicket:
    told = {
        **row,
        "messages": tuple(_to_said(message) for message in row["messages"]),
        "contacts_7d": row.get("contacts_7d", 1),
        "tags": tuple(row.get("tags", ())),
    }
    return LabelledTicket(**told)


def _to_said(message: str | Mapping[str, str]) -> Said:
    """A bare string is the customer's, `{agent: ...}` an agent's."""
    return Said(message, by_agent=False) if isinstance(message, str) else Said(message["agent"], by_agent=True)
