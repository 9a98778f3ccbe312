"""What customers and agents write, and when: bursts, thanks, automatic mail, answers in between. The same seed, the same script."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["question", "thanks", "automatic", "agent"]

MESSAGES_PER_TICKET = 5

_QUESTIONS = (
    "my kettle model {name} does not switch on any more. What can I do?",
    "the lid of my kettle model {name} does not close. Is that covered by the warranty?",
    "how do I descale the kettle model {name}? There is a white layer in it.",
    "where do I find a new filter for the kettle model {name}?",
    "I want to send the kettle model {name} back. Who pays for the parcel?",
)
_THANKS = ("Thank you very much!", "Perfect, thanks!", "Great, thank you.")
_AUTOMATIC = "This is an automatic reply. I am out of the office until Monday and will read your message then."
_ANSWER = "Hello, please put the kettle on its base again and tell us what you see."
_BURST = 0.4  # of the messages that follow another one: while its note is being written, or before
_BURST_S = (0.02, 1.5)
_THANKING, _AUTOMATED, _ANSWERED = 0.1, 0.06, 0.15
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody writes. `due_s`: after the start. `first`: it opens the ticket."""

    due_s: float
    ticket: int  # the script's own number
    kind: Kind
    text: str
    first: bool = False

    @property
    def deserves(self) -> bool:
        """A note, by what it says."""
        return self.kind == "question"


def helpdesk_of(ticket: int) -> str:
    """Half of the tickets each."""
    return ("zendesk", "freshdesk")[ticket % 2]


def spelled(number: int) -> str:
    """A number as a word that nothing takes for an order number, a phone or a name: 4711 -> "mazugo"."""
    word = ""
    for _ in range(3):
        number, syllable = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word


def written(*, messages: int, over_s: float, seed: str, tickets_from: int = 0) -> list[Act]:
    """So many customer messages over so many seconds, in a fifth as many tickets, in the order of time."""
    chance = random.Random(seed)
    tickets = max(1, messages // MESSAGES_PER_TICKET)
    shares = [messages // tickets + (number < messages % tickets) for number in range(tickets)]
    acts = []
    for number, share in enumerate(shares, start=tickets_from):
        acts += _ticket(number, share, over_s=over_s, chance=chance)
    return sorted(acts, key=lambda act: act.due_s)


def question(ticket: int, *, due_s: float = 0.0, first: bool = True) -> Act:
    """A message that deserves a note."""
    text = _QUESTIONS[ticket % len(_QUESTIONS)].format(name=f"{helpdesk_of(ticket)} {spelled(ticket)}")
    return Act(due_s, ticket, "question", f"Hello, {text}", first)


def _ticket(number: int, messages: int, *, over_s: float, chance: random.Random) -> list[Act]:
    """One ticket's conversation: bursts of messages, spread over what is left of the time."""
    bursts = [1]
    for _ in range(messages - 1):
        if chance.random() < _BURST:
            bursts[-1] += 1
        else:
            bursts.append(1)
    starts = sorted(chance.uniform(0, over_s) for _ in bursts)
    acts = list[Act]()
    for start, length in zip(starts, bursts, strict=True):
        now = max(start, acts[-1].due_s + 0.02) if acts else start
        if acts and chance.random() < _ANSWERED:
            acts.append(Act(now, number, "agent", _ANSWER))
            now += 0.02
        for _ in range(length):
            acts.append(_customer(number, now, first=not acts, chance=chance))
            now += chance.uniform(*_BURST_S)
    if chance.random() < _ANSWERED:
        acts.append(Act(acts[-1].due_s + chance.uniform(*_BURST_S), number, "agent", _ANSWER))
    return acts


def _customer(number: int, due_s: float, *, first: bool, chance: random.Random) -> Act:
    draw = chance.random()
    if not first and draw < _THANKING:
        return Act(due_s, number, "thanks", chance.choice(_THANKS))
    if not first and draw < _THANKING + _AUTOMATED:
        return Act(due_s, number, "automatic", _AUTOMATIC)
    return question(number, due_s=due_s, first=first)
