"""The handoff packet as lines of a note, and what of it gives way where the note is too long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from service.packet import Packet, Similar, Steps
from service.phrases import Phrases
from service.plaintext import shorter

Row = tuple[str, str]


def rows_before(packet: Packet, following: str, *, reason: str, incident: str, words: Phrases) -> list[Row]:
    """(label, text) of what to know before the first word.

    following: what to do, where nobody is named. reason: where triage rests on nothing that can be quoted.
    """
    known = "; ".join(filter(None, (", ".join(packet.customer), ", ".join(packet.unknown))))
    return [
        (words.packet.incident, incident),
        (words.next, packet.next or following),
        (words.why, " · ".join(packet.evidence) or reason),
        (words.packet.customer, known),
        (words.tried, ", ".join(packet.tried)),
        (words.dont_promise, ", ".join(packet.dont_promise) or words.dont_promise_what),
    ]


def rows_after(packet: Packet, words: Phrases) -> list[Row]:
    """(label, text) of what helps behind the lines to send."""
    solved = [
        f"{one.number} ({words.packet.solved_by.format(how=one.how)})" if one.how else one.number
        for one in packet.similar
    ]
    return [(words.similar, " · ".join(solved))]


def playbook_lines(packet: Packet, words: Phrases) -> list[str]:
    """The playbook's title, then its steps with numbers, whom to call, and the text to send; empty where there is none."""
    steps = packet.playbook
    if not steps.title:
        return []
    lines = [steps.title, *(f"{number}. {step}" for number, step in enumerate(steps.steps, start=1))]
    lines += [
        f"{label}{words.colon} {text}"
        for label, text in ((words.packet.call, steps.call), (words.packet.text, steps.text))
        if text
    ]
    return lines


def suggestion(suggested: Iterable[tuple[str, str]], words: Phrases) -> str:
    """Where the ticket belongs, on one line."""
    parts, priorities = words.packet.parts, words.packet.priorities
    return " · ".join(
        f"{parts.get(part, part)} {priorities.get(value, value) if part == 'priority' else value}"
        for part, value in suggested
    )


def demanded(checks: Sequence[str], reasons: Sequence[str], words: Phrases, *, needed: bool) -> list[str]:
    """What the policy wants checked, and why: reasons, once. needed: at least one check, whatever the policy names."""
    why = ", ".join(words.reasons.get(reason, reason) for reason in reasons)
    first, *others = checks or [words.packet.must_check if needed else ""]
    return [f"{first} ({why})" if why else first, *others] if first else []


Cut = Callable[[Packet, int], Packet]


def _texts(packet: Packet, _over: int) -> Packet:
    return replace(packet, playbook=replace(packet.playbook, text=""))


def _evidence(packet: Packet, _over: int) -> Packet:
    return replace(packet, evidence=packet.evidence[:2])


def _similar(packet: Packet, _over: int) -> Packet:
    return replace(packet, similar=packet.similar[:1])


def _steps(packet: Packet, over: int) -> Packet:
    """None goes while it can be told in a few words: a step left out is a mistake made."""
    return replace(packet, playbook=replace(packet.playbook, steps=shorter(packet.playbook.steps, over, least=4)))


def _facts(packet: Packet, over: int) -> Packet:
    return replace(packet, customer=shorter(packet.customer[:4], over, least=4), unknown=packet.unknown[:2])


def _long(packet: Packet, over: int) -> Packet:
    """Single lines that are long in themselves."""
    hows = shorter([one.how for one in packet.similar], over, least=0)
    similar = tuple(Similar(one.number, how) for one, how in zip(packet.similar, hows, strict=True))
    return replace(packet, tried=shorter(packet.tried[:3], over, least=8), similar=similar)


FIRST: tuple[Cut, ...] = (_texts, _evidence, _similar)
"""What gives way before anything else of the note; it can be looked up, or says the same again."""

THEN: tuple[Cut, ...] = (_facts, _long, _steps)
"""What gives way before what a person must check."""


def bare(packet: Packet) -> Packet:
    """What bounds every packet, however odd its texts are: some fifty words."""

    def few(texts: tuple[str, ...], most: int, words: int) -> tuple[str, ...]:
        return tuple(shorter([text], len(text), least=words)[0] for text in texts[:most])

    return replace(
        packet,
        next=few((packet.next,), 1, 10)[0],
        evidence=few(packet.evidence, 2, 6),
        customer=few(packet.customer, 2, 4),
        unknown=few(packet.unknown, 1, 4),
        tried=few(packet.tried, 1, 6),
        dont_promise=few(packet.dont_promise, 2, 4),
        similar=(),
        playbook=Steps(title=few((packet.playbook.title,), 1, 5)[0]),
    )
