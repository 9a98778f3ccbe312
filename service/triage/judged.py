"""What triage says of a ticket: values, how sure, and the words they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from service.moods import Sentiment, Urgency

T = TypeVar("T")

SignalName = Literal[
    "person", "safety", "legal", "cancel", "press", "privacy", "security", "fraud", "vulnerable", "threat",
    "angry", "mood_fell", "repeated_question", "unsolved", "third_contact", "long_thread", "amount", "deadline_close", "untrusted", "churn",
    "told",
]  # fmt: skip
"""What speaks for a person. The first line: what only a person may answer, whatever else holds."""


@dataclass(frozen=True, slots=True)
class Judged(Generic[T]):
    """A value, how sure (0 to 1), and the words of the ticket (masked) that it rests on."""

    value: T
    sure: float = 0.0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that the customer names. currency: ISO 4217; "" unknown."""

    value: float
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for a person. alone: enough by itself, without another that agrees."""

    name: SignalName
    alone: bool = False
    words: tuple[str, ...] = ()  # masked, of the ticket; or our own: "3 tickets in seven days"


@dataclass(frozen=True, slots=True)
class Triage:
    """Of one customer message, with all that came before it. stakes, complexity: 1 to 5."""

    category: Judged[str]  # of the policy's; "": none fits
    intent: Judged[str]
    complexity: Judged[int]
    stakes: Judged[int]
    sentiment: Judged[Sentiment]
    shift: int  # of the mood over the thread, in levels: -2 fell by two
    urgency: Judged[Urgency]
    language: Judged[str]
    wants_person: Judged[bool]
    amounts: tuple[Amount, ...] = ()
    signals: tuple[Signal, ...] = ()
    contacts: int = 1  # related tickets of this requester in seven days, this one included

    def signal(self, name: SignalName) -> Signal | None:
        """The signal of this name, where it was found."""
        return next((one for one in self.signals if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known beside the ticket. facts: our names → values. unknown: names that could not be learnt, and why."""

    facts: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    happened: tuple[str, ...] = ()  # kinds of signals that the product pushed, newest first


NOBODY = Customer()
