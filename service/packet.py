"""What a person should know before the first word to a customer: the handoff packet. Pure; texts are masked.

Nothing in it is asked of a model: it is what triage found, what the policy says, and what is known of customer and ticket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.base import Ticket
from connectors.mail import message_text
from service.acknowledgement import acknowledge
from service.analysis import Analysis
from service.conversation import Conversation
from service.drafting import Draft
from service.evidence import evidence
from service.guard import clean
from service.ledger import SavedDraft
from service.letters import without_greeting, without_sign_off
from service.masking import Masker
from service.packet_words import PacketWords, packet_words
from service.passages import Retrieval
from service.plaintext import clip, one_line
from service.policy.deciding import Contact
from service.policy.decision import Decision
from service.policy.document import Policy
from service.policy.values import said
from service.safe_answers import in_language, safe_answer
from service.triage.judged import Customer, Triage
from service.vectors import Passage
from service.verbatim import sentences
from service.withheld import without_private, without_sensitive

_MOST_FACTS, _MOST_TRIED, _MOST_SIMILAR = 8, 3, 3
_NAME_CHARS, _VALUE_CHARS, _HOW_CHARS, _TRIED_CHARS = 40, 80, 120, 100
_SEEN_ANYWAY = frozenset({"language", "tags"})  # by whoever looks at the ticket
_ANSWER = "\nAnswer: "
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Similar:
    """A solved ticket of the same organization. how: the first sentence of the answer that ended it."""

    number: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """A playbook as an agent follows it. text: an approved one to send on the way."""

    title: str = ""
    steps: tuple[str, ...] = ()
    call: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """In the team's language. What the summary says was tried, and is open, the note adds, once the guard has read it."""

    reasons: tuple[str, ...] = ()  # keys of `Phrases.reasons`, or words of the team's language
    next: str = ""  # "retention team, first answer due 14:20"
    evidence: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()  # "plan Pro"
    unknown: tuple[str, ...] = ()  # "account health unknown"
    tried: tuple[str, ...] = ()
    dont_promise: tuple[str, ...] = ()
    similar: tuple[Similar, ...] = ()
    playbook: Steps = Steps()
    acknowledgement: Draft | None = None  # what to send at once; the note shows it as the draft

    def mapped(self, text: Callable[[str], str]) -> Packet:
        """With every text of the note changed; one that becomes empty goes."""

        def every(texts: Sequence[str]) -> tuple[str, ...]:
            return tuple(changed for one in texts if (changed := text(one)))

        steps = self.playbook
        return replace(
            self,
            next=text(self.next),
            evidence=every(self.evidence),
            customer=every(self.customer),
            unknown=every(self.unknown),
            tried=every(self.tried),
            dont_promise=every(self.dont_promise),
            similar=tuple(Similar(text(one.number), text(one.how)) for one in self.similar),
            playbook=Steps(text(steps.title), every(steps.steps), text(steps.call), text(steps.text)),
        )


@dataclass(frozen=True, slots=True)
class EarlierTicket:
    """Of this requester. said: what the team answered last, else the subject; one masked sentence."""

    number: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """What happened before this message. draft: reference of our note for an earlier one, and when it was posted."""

    tickets: tuple[EarlierTicket, ...] = ()
    contacts: tuple[Contact, ...] = ()  # other tickets of the last days, of which no more is known here; newest first
    draft: tuple[str, datetime] | None = None


def earlier_tickets(history: Sequence[Ticket], *, masker: Masker) -> tuple[EarlierTicket, ...]:
    """Newest first. history: tickets of the same requester, as the conversation was read with. CPU-bound."""
    found = []
    for ticket in history:
        replies = [one for one in ticket.messages if one.kind == "public reply" and not one.automatic]
        last = max((one.at for one in replies), default=ticket.updated_at)
        answer = _first_sentence(masker.mask(message_text(replies[-1]))) if replies else ""
        told = answer or masker.mask(one_line(ticket.subject, limit=_TRIED_CHARS))
        found.append(EarlierTicket(ticket.id, told, last))
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def before_of(history: Sequence[Ticket], drafts: Sequence[SavedDraft], *, masker: Masker) -> Before:
    """What a packet says of the past. drafts: ours for earlier messages of the ticket, oldest first. CPU-bound."""
    posted = [(draft.reference, draft.posted_at) for draft in drafts if draft.posted_at is not None]
    return Before(earlier_tickets(history, masker=masker), draft=posted[-1] if posted else None)


def gather(
    conversation: Conversation,
    analysis: Analysis,
    triage: Triage,
    decision: Decision,
    customer: Customer,
    *,
    passages: Retrieval,
    before: Before,
    policy: Policy,
    language: str,
    timezone: str,
    now: datetime,
) -> Packet:
    """The packet of a ticket that a person takes over. language, timezone: the team's."""
    words = packet_words(language)
    clock = now.astimezone(ZoneInfo(timezone))
    acknowledgement = safe_answer(policy, decision, conversation, analysis, team_language=language) or acknowledge(
        conversation, analysis, policy.acknowledgement, due=decision.due, now=now, timezone=timezone
    )
    if not acknowledgement.gloss and acknowledgement.language != language:
        acknowledgement = replace(acknowledgement, gloss=words.acknowledges)
    return Packet(
        reasons=decision.reasons,
        next=_next(decision, policy, acknowledgement, words, language=language, now=clock),
        evidence=evidence(triage, conversation, words),
        customer=_customer(customer, words, today=clock.date()),
        unknown=_unknown(customer, triage, words),
        tried=_tried(before, triage, policy, words, language=language, now=clock),
        dont_promise=decision.dont_promise,
        similar=tuple(_similar(one.passage) for one in passages.beside if one.passage.ticket)[:_MOST_SIMILAR],
        playbook=_steps(policy, decision, analysis, language=language),
        acknowledgement=acknowledgement,
    )


def _next(decision: Decision, policy: Policy, draft: Draft, words: PacketWords, *, language: str, now: datetime) -> str:
    """Who, until when, and what to do with the text below. now: by the team's clock."""
    group = policy.groups.get(decision.group)
    due = ""
    if decision.due is not None:
        here = decision.due.astimezone(now.tzinfo)
        said_so = words.due if here > now else words.overdue
        due = said_so.format(due=words.clock(here, now=now))
    taken = said(group.title, language) if group else words.take_over if due else ""
    who = ", ".join(filter(None, (taken, due)))
    return "; ".join(filter(None, (who, words.below_approved if draft.covered else "")))


def _customer(customer: Customer, words: PacketWords, *, today: date) -> tuple[str, ...]:
    told = {name: value for name, value in customer.facts.items() if value and name not in _SEEN_ANYWAY}
    facts = [f"{_named(name)} {_value(value, words, today=today)}" for name, value in told.items()]
    happened = ", ".join(dict.fromkeys(map(_named, customer.happened[:_MOST_TRIED])))
    return (*facts[:_MOST_FACTS], *([words.happened.format(what=happened)] if happened else []))


def _unknown(customer: Customer, triage: Triage, words: PacketWords) -> tuple[str, ...]:
    """What could not be learnt; before it, that all of it may be somebody else's: a forged sender has the facts of whom they play."""
    doubted = (
        (words.found["untrusted"],) if triage.signal("untrusted") and (customer.facts or customer.happened) else ()
    )
    names = (words.context if name == "context" else _named(name) for name in customer.unknown)
    return (*doubted, *(words.unknown.format(name=name) for name in names))[:_MOST_FACTS]


def _named(name: str) -> str:
    return one_line(name.replace("_", " "), limit=_NAME_CHARS)


def _value(value: str, words: PacketWords, *, today: date) -> str:
    """A day as one says it; all else as it is."""
    told = one_line(value, limit=_VALUE_CHARS)
    found = _DAY.fullmatch(told)
    try:
        return words.date(date.fromisoformat(found[1]), today=today) if found else told
    except ValueError:
        return told


def _tried(
    before: Before, triage: Triage, policy: Policy, words: PacketWords, *, language: str, now: datetime
) -> tuple[str, ...]:
    lines = []
    for one in before.tickets[:_MOST_TRIED]:
        when = words.ago(one.at.astimezone(now.tzinfo), now=now)
        lines.append(words.earlier.format(what=_bare(one.said, _TRIED_CHARS), when=when, number=one.number))
    told = {one.number for one in before.tickets}
    related = [one for one in before.contacts if one.ticket_id not in told and one.category == triage.category.value]
    for contact in related[: _MOST_TRIED - len(lines)]:
        when = words.ago(contact.at.astimezone(now.tzinfo), now=now)
        kind = policy.categories.get(contact.category)
        what = said(kind.title, language) if kind else ""
        lines.append(words.asked.format(what=what, when=when, number=contact.ticket_id).lstrip(", "))
    if before.draft is not None:
        reference, at = before.draft
        when = words.clock(at.astimezone(now.tzinfo), now=now)
        lines.append(words.our_draft.format(reference=reference, when=when))
    return tuple(lines)


def _similar(passage: Passage) -> Similar:
    """What is kept of a solved ticket holds nobody's data (service/solved.py), and is of the same organization or requester."""
    answer = passage.text.partition(_ANSWER)[2]
    return Similar(passage.ticket, _bare(_first_sentence(answer), _HOW_CHARS))


def _steps(policy: Policy, decision: Decision, analysis: Analysis, *, language: str) -> Steps:
    playbook = policy.playbooks.get(decision.playbook)
    if playbook is None:
        return Steps()
    texts = playbook.texts
    text = texts[in_language(texts, analysis.language, policy.languages)] if any(texts.values()) else ""
    return Steps(
        title=said(playbook.title, language),
        steps=tuple(said(step, language) for step in playbook.steps),
        call=said(playbook.call, language),
        text=text,
    )


def _first_sentence(letter: str) -> str:
    """The first of a letter that says something."""
    body = without_sign_off(without_greeting(letter))
    said_so = sentences(body[: 10 * _HOW_CHARS])
    return next((one for one in said_so if len(one.split()) >= 3), said_so[0] if said_so else "")


def _bare(text: str, limit: int) -> str:
    """As it stands between quotation marks: harmless, and without the full stop."""
    return clip(without_private(clean(without_sensitive(text)[0])).rstrip("."), limit=limit)
