"""How hard a ticket is to answer, and how much hangs on it: 1 to 5, by rules that a person can check.

Complexity begins at 1; one more each for a message of more than 80 words, for more than one question, for three messages of the
customer and more, for a fault or something that did not help, and for a file nobody has read. Stakes are the highest of: what the
policy says of the category; 3 for something urgent, 4 for an angry or leaving customer, 5 for what only a person may answer (3 for
a mere wish for one) and for a deal of its own, such as a tender; and for the largest amount 2 from 50, 3 from 200, 4 from 1,000, 5 from 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from re import Pattern
from typing import Final

from service.conversation import Conversation
from service.moods import Sentiment, Urgency, missing_in
from service.policy.document import Category
from service.questions import questions
from service.triage.cues import READ_CHARS, compiled, without_jokes
from service.triage.judged import Amount, Judged, Signal
from service.triage.signals import said_by_customer

_LONG_WORDS, _MANY_MESSAGES, _MOST = 80, 3, 5
_BY_AMOUNT: Final = ((10_000.0, 5), (1_000.0, 4), (200.0, 3), (50.0, 2))
_BY_SIGNAL: Final = {"person": 3, "angry": 4, "cancel": 4, "churn": 4, "mood_fell": 4, "told": 4}
_LARGE_DEAL: Final = """
(rfp|rfq|rfi|rfps|tender|invitation to bid|call for bids|procurement|msa|dpa and|redlines|master (service|services|agreement)|framework (agreement|contract))
(security|vendor|supplier|compliance|due diligence|infosec|risk) (questionnaire|assessment|review|audit|onboarding)
(own|our|individual|custom|bespoke|negotiated|standard) (contract|terms|agreement|conditions|msa|dpa|nda)
(soc 2|iso 27001|penetration test report|non-disclosure|nda|service level agreement) ... (sign*|send|need*|before|required|provide|contract|attached)
(group-wide|company-wide|enterprise-wide|roll-out|rollout|nationwide) ... (seats|users|licen*|employees|branches|sites|locations|workplaces)
#{1,3}[.,]?### (seats|users|licen[cs]es|employees|workplaces|devices|units|pieces|sites|staff|people|accounts)
(suppliers|vendors|bidders) ... (invited|bid|bids|tender*|shortlist*|submit*|offers by)
(take part|participate|submit|sign*|hand in) ... (bid|bids|tender|proposal*|rfp)
(procurement|purchasing|vendor management|it security|information security|legal department|compliance) (department|team|portal|process|requires|needs|asks|policy)
(fill in|fill out|complete|answer|return) (our|the|this|attached|enclosed) ... (questionnaire|catalogue|security form|vendor form|assessment|supplier form)
(ausfüllen|beantworten|zurücksenden|ergänzen) ... (fragebogen|katalog|selbstauskunft|formblatt)
(fragebogen|katalog|selbstauskunft|formblatt) ... (ausfüllen|ausfüll*|beantworten|zurück*|iso*|rechenzentr*|unterauftrag*)
(einkauf|einkaufsabteilung|beschaffung|it-sicherheit|informationssicherheit|rechtsabteilung|compliance) ... (verlangt|benötigt|prüf*|freigabe|fragebogen|vertrag|vorgaben|lieferant*|unterlagen)
(bevor|ehe) (unser|wir|der|die) ... (einsetzen|nutzen|freigeben|beauftragen|kaufen) ... (katalog|fragebogen|nachweis*|zertifikat*|iso*|audit|selbstauskunft)
(ausschreibung*|rahmenvertrag*|rahmenvereinbarung*|vergabe*|bieterfrage*|leistungsverzeichnis|lastenheft|lieferantenselbstauskunft|geheimhaltungsvereinbarung)
(sicherheits|informationssicherheits|lieferanten|compliance|it-sicherheits)-?(fragebogen|bewertung|audit|prüfung|selbstauskunft)
(eigene*|unsere*|individuelle*|gesonderte*) (vertrag*|einkaufsbedingungen|vertragsbedingungen|konditionen|avv|bedingungen|angebot* für #*)
(konzernweit*|unternehmensweit*|bundesweit*|einführung|rollout) ... (arbeitsplätze*|nutzer*|lizenzen|mitarbeit*|standorte*|filialen)
#{1,3}[.,]?### (arbeitsplätze*|nutzer*|lizenzen|mitarbeit*|geräte*|stück|standorte*|benutzer*|konten|plätze*|beschäftigte*)
"""
"""A deal of its own: a tender, a contract of theirs, their questionnaire, a thousand places."""


def complexity_of(conversation: Conversation, signals: Sequence[Signal]) -> Judged[int]:
    """How hard it is to answer."""
    said = said_by_customer(conversation)
    newest = conversation.newest
    reasons = {
        f"{len(newest.split())} words": len(newest.split()) > _LONG_WORDS,
        "several questions": len(questions(newest)) > 1,
        f"{len(said)} messages": len(said) >= _MANY_MESSAGES,
        "a fault": missing_in(newest, subject=conversation.subject) == "fault"
        or any(one.name == "unsolved" for one in signals),
        ", ".join(conversation.unread): bool(conversation.unread),
    }
    held = tuple(reason for reason, holds in reasons.items() if holds)
    return Judged(min(_MOST, 1 + len(held)), 0.5, held)


def stakes_of(
    conversation: Conversation,
    *,
    category: Category | None,
    sentiment: Sentiment,
    urgency: Urgency,
    amounts: Sequence[Amount],
    signals: Sequence[Signal],
) -> Judged[int]:
    """How much hangs on it, and the words of what weighs most."""
    deal = _large_deal().search(
        without_jokes(" ".join(f"{conversation.subject}. {conversation.newest}"[:READ_CHARS].split()))
    )
    weighed: list[tuple[int, tuple[str, ...]]] = [(1, ())]
    weighed += [(category.stakes, ())] if category and category.stakes else []
    weighed += [(3, ())] if urgency == "high" else []
    weighed += [(4, ())] if sentiment == "angry" else []
    weighed += [(level, ()) for one in amounts for least, level in _BY_AMOUNT if one.value >= least]
    weighed += [(5, (deal[0][:80],))] if deal else []
    weighed += [(_BY_SIGNAL.get(one.name, 5 if one.alone else 1), one.words) for one in signals]
    level, words = max(weighed, key=lambda one: one[0])
    return Judged(level, 0.6 if words else 0.4, words)


@cache
def _large_deal() -> Pattern[str]:
    return compiled(_LARGE_DEAL.splitlines())
