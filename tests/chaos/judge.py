"""The judge: says from the evidence alone whether a promise was broken.

A note answers the newest customer message of its ticket whose reference it carried when it was written. It is late where
its writer could know that the message was no longer the one to answer, because the customer or an agent had written since:

- Freshdesk offers no compare-and-set, so what counts is the writer's last look at the conversation before the note: a
  message stored before that look began was in it.
- Zendesk refuses a write on a ticket that has changed since it was read, with a clock of whole seconds: a message of a
  later second than the last look must have stopped the note, too.

So a note that was there before a newer message came is fine, and the message behind it gets its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from service.ledger import TicketKey, reference_for
from tests.chaos.evidence import POINTS, Asked, Evidence, Kill, Said, TicketName

_STAMPED_AFTER_S = 0.02  # the driver looks at its watch a moment after the helpdesk has looked at its own


@dataclass(frozen=True, slots=True)
class Demands:
    """What a run must have done to prove anything, and how long things may take."""

    resumed_within_s: float = 10.0
    exit_within_s: float = 25.0
    kills: int = 0
    kills_of_running_jobs: int = 0
    kills_at_each_point: int = 0


@dataclass(slots=True)
class Verdict:
    """Numbers, and a sentence for each breach."""

    messages: int = 0
    tickets: int = 0
    notes: int = 0
    kills: int = 0
    kills_of_running_jobs: int = 0
    kills_by_point: dict[str, int] = field(default_factory=dict)
    missing_notes: int = 0
    duplicate_notes: int = 0
    unwanted_notes: int = 0  # for thanks and machines
    late_notes: int = 0  # for a message that was superseded, or answered, in the writer's sight
    unknown_notes: int = 0  # that answer no customer's message
    public_writes: int = 0
    overlaps: int = 0
    unaccounted_webhooks: int = 0
    accepted_webhooks: int = 0
    failed_webhooks: int = 0  # refused or not answered
    resume_s_max: float = 0.0
    never_resumed: int = 0
    stops: int = 0
    exit_s_max: float = 0.0
    webhook_errors_elsewhen: int = 0  # while no process was being restarted
    breaches: list[str] = field(default_factory=list)

    def count(self, what: str, sentence: str) -> None:
        """One breach more."""
        setattr(self, what, getattr(self, what) + 1)
        self.breaches.append(f"{what}: {sentence}")


_LISTEN = ("web", "serve")  # the processes that take webhooks: of several, or the only one


@dataclass(frozen=True, slots=True)
class _Note:
    """A note as it was written; `looked`: when its writer's last look at the conversation began, `read`: ended."""

    id: str
    wrote: Asked
    looked: float
    read: float


def judge(evidence: Evidence, demands: Demands | None = None) -> Verdict:
    """Read everything and count."""
    verdict = Verdict(messages=sum(one.by == "customer" for one in evidence.said), kills=len(evidence.kills))
    demands = demands or Demands()
    asked = _cut_at_death(evidence)
    by_ticket: dict[TicketName, list[Asked]] = defaultdict(list)
    for one in asked:
        if one.ticket:
            by_ticket[one.ticket].append(one)
    said: dict[TicketName, list[Said]] = defaultdict(list)
    for message in evidence.said:
        said[message.ticket].append(message)
    verdict.tickets = len(said)
    for ticket in sorted(said.keys() | by_ticket.keys()):
        helpdesk_requests = [one for one in by_ticket[ticket] if one.where == "helpdesk"]
        _judge_notes(verdict, evidence, ticket, said[ticket], helpdesk_requests)
        _judge_overlaps(verdict, ticket, helpdesk_requests)
    _judge_privacy(verdict, evidence)
    _judge_webhooks(verdict, evidence, by_ticket)
    _judge_kills(verdict, evidence, by_ticket, demands)
    _judge_demands(verdict, demands)
    _judge_stops(verdict, evidence, demands)
    return verdict


def expected(said: Sequence[Said]) -> list[Said]:
    """The messages that must have a note: the newest of its ticket that deserves one and that no agent has answered."""
    newest: dict[TicketName, Said] = {}
    for message in said:  # in the order in which the helpdesk stored them
        if not message.automatic:
            newest[message.ticket] = message
    return [message for message in newest.values() if message.by == "customer" and message.deserves]


def answers(evidence: Evidence, message: Said, html: str) -> bool:
    """Whether a note's HTML carries the reference that belongs to this message."""
    ticket = message.ticket
    return reference_for(TicketKey(ticket.helpdesk, evidence.accounts[ticket.helpdesk], ticket.id), message.id) in html


def _cut_at_death(evidence: Evidence) -> list[Asked]:
    """The requests in their order; one whose sender was killed ends with it, whatever the helpdesk did with it then."""
    deaths = {kill.pid: kill.dead for kill in evidence.kills}
    return sorted(
        (replace(one, end=min(one.end, max(deaths.get(one.pid, math.inf), one.start))) for one in evidence.asked),
        key=lambda one: one.start,
    )


def _judge_notes(
    verdict: Verdict, evidence: Evidence, ticket: TicketName, said: Sequence[Said], requests: Sequence[Asked]
) -> None:
    customers = [one for one in said if one.by == "customer"]
    owed = {one.id for one in expected(said)}
    notes: dict[str, list[_Note]] = defaultdict(list)
    for note in _notes(requests):
        verdict.notes += 1
        answered = [one for one in customers if answers(evidence, one, note.wrote.html)]
        if answered:
            notes[answered[-1].id].append(note)
        else:
            verdict.count("unknown_notes", f"{_name(ticket)}: note {note.id} answers none of its messages")
    for number, message in enumerate(customers):
        theirs = notes[message.id]
        where = f"{_name(ticket)}: message {number + 1} of {len(customers)} ({message.id})"
        if message.id in owed and not theirs:
            verdict.count("missing_notes", f"{where} deserves a note and has none")
        for extra in theirs[1:]:
            verdict.count("duplicate_notes", f"{where} has note {theirs[0].id} and note {extra.id}")
        if theirs and not message.deserves:
            verdict.count("unwanted_notes", f"{where} deserves none and has note {theirs[0].id}")
        later = next((one for one in said[said.index(message) + 1 :] if not one.automatic), None)
        for note in theirs:
            if later and _could_know(note, later):
                verdict.count(
                    "late_notes",
                    f"{where} got note {note.id} {note.wrote.start - later.at:.3f} s after the {later.by} had written, "
                    f"by a look that began {note.looked - later.at:+.3f} s after it",
                )


def _notes(requests: Sequence[Asked]) -> Iterator[_Note]:
    for one in requests:
        if not one.note_id:
            continue
        mine = [other for other in requests if other.pid == one.pid and other.start < one.start]
        look = next((other for other in reversed(mine) if other.kind == "conversation"), None)
        read = next((other for other in reversed(mine) if other.kind == "ticket"), None)
        yield _Note(one.note_id, one, look.start if look else 0.0, read.end if read else 0.0)


def _could_know(note: _Note, later: Said) -> bool:
    if later.at < note.looked:
        return True
    guarded = note.wrote.ticket is not None and note.wrote.ticket.helpdesk == "zendesk"
    told = later.at - _STAMPED_AFTER_S
    return guarded and later.at < note.wrote.start and math.floor(told) > math.floor(note.read)


def _judge_overlaps(verdict: Verdict, ticket: TicketName, requests: Sequence[Asked]) -> None:
    """No two processes at one ticket: not at the same moment, and not between a look and the write it led to."""
    longest: Asked | None = None  # of those that began before, the one that ends last
    for one in requests:
        if longest and longest.pid != one.pid and one.start < longest.end:
            verdict.count("overlaps", f"{_name(ticket)}: {_what(longest)} and {_what(one)} at the same time")
        if longest is None or one.end >= longest.end:
            longest = one
    for write in (one for one in requests if one.note_id):
        looks = [
            one for one in requests if one.pid == write.pid and one.kind == "conversation" and one.end <= write.start
        ]
        since = looks[-1].start if looks else write.start
        between = [one for one in requests if one.pid != write.pid and since < one.start < write.start]
        for one in between[:1]:
            verdict.count("overlaps", f"{_name(ticket)}: {_what(one)} between the last look and {_what(write)}")


def _judge_privacy(verdict: Verdict, evidence: Evidence) -> None:
    public = {one.id: one.ticket for one in evidence.stored if one.public}
    for note_id, ticket in public.items():
        verdict.count("public_writes", f"{_name(ticket)}: note {note_id} is public")
    for note_id in set(evidence.mailed) - public.keys():
        verdict.count("public_writes", f"note {note_id} was mailed to a customer")
    for one in evidence.asked:
        if not one.private and one.note_id not in public:
            verdict.count("public_writes", f"{_name(one.ticket)}: {_what(one)} did not ask for a private note")


def _judge_webhooks(verdict: Verdict, evidence: Evidence, by_ticket: dict[TicketName, list[Asked]]) -> None:
    """Who was told 2xx has our word: after that, somebody looks at the ticket. What tells of our own note may be left."""
    looks = {
        ticket: max((one.start for one in asked if one.where == "helpdesk" and one.kind == "ticket"), default=0.0)
        for ticket, asked in by_ticket.items()
    }
    for one in evidence.sent:
        if not 200 <= one.status < 300:
            verdict.failed_webhooks += 1
            continue
        verdict.accepted_webhooks += 1
        if one.said == "ignored" or one.ours:
            continue
        if looks.get(one.ticket, 0.0) < one.sent:
            verdict.count("unaccounted_webhooks", f"{_name(one.ticket)}: a webhook was accepted, then nobody looked")


def _judge_kills(
    verdict: Verdict, evidence: Evidence, by_ticket: dict[TicketName, list[Asked]], demands: Demands
) -> None:
    verdict.kills_by_point = dict.fromkeys(POINTS, 0)
    for kill in evidence.kills:
        hit = [one for one in evidence.asked if one.pid == kill.pid and one.start <= kill.at < one.end]
        verdict.kills_of_running_jobs += bool(hit)
        if kill.point and hit:
            verdict.kills_by_point[kill.point] += 1
        for ticket in sorted({one.ticket for one in hit if one.ticket}):
            again = [one.start for one in by_ticket[ticket] if one.start > kill.at and one.pid != kill.pid]
            if not again:
                verdict.count("never_resumed", f"{_name(ticket)}: nobody went on after {kill.process} was killed")
                continue
            took = min(again) - kill.at
            verdict.resume_s_max = round(max(verdict.resume_s_max, took), 2)
            if took > demands.resumed_within_s:
                verdict.breaches.append(
                    f"resume_s_max: {_name(ticket)}: {took:.1f} s after {kill.process} was killed, somebody went on"
                )


def _judge_demands(verdict: Verdict, demands: Demands) -> None:
    for name, least, real in (
        ("kills", demands.kills, verdict.kills),
        ("kills_of_running_jobs", demands.kills_of_running_jobs, verdict.kills_of_running_jobs),
        *(
            (f"kills {point}", demands.kills_at_each_point, verdict.kills_by_point[point])
            for point in (POINTS if demands.kills_at_each_point else ())
        ),
    ):
        if real < least:
            verdict.breaches.append(f"the run proves too little: {real} {name}, {least} are wanted")


def _judge_stops(verdict: Verdict, evidence: Evidence, demands: Demands) -> None:
    verdict.stops = len(evidence.stops)
    for stop in evidence.stops:
        took = stop.ended - stop.at
        verdict.exit_s_max = round(max(verdict.exit_s_max, took), 2)
        if took > demands.exit_within_s or stop.code != 0:
            verdict.breaches.append(f"exit_s_max: {stop.process} ended {took:.1f} s after SIGTERM with {stop.code}")
    if not evidence.stops:
        return
    down = [(stop.at, stop.ready) for stop in evidence.stops if stop.process in _LISTEN]
    down += [(kill.at, _back(evidence, kill)) for kill in evidence.kills if kill.process in _LISTEN]
    for one in evidence.sent:
        if one.error and not any(at <= one.done and one.sent <= ready for at, ready in down):
            verdict.count("webhook_errors_elsewhen", f"{_name(one.ticket)}: {one.error}, and no web process was down")


def _back(evidence: Evidence, kill: Kill) -> float:
    """When the web answered again after this kill."""
    return min((one.done for one in evidence.sent if one.status and one.sent > kill.dead), default=math.inf)


def _name(ticket: TicketName | None) -> str:
    return f"{ticket.helpdesk} {ticket.id}" if ticket else "no ticket"


def _what(one: Asked) -> str:
    return f"process {one.pid} ({one.kind})"
