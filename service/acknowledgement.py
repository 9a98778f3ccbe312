"""What a person who takes a ticket over may send at once: it says that somebody has read it, and promises nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from service.analysis import Analysis
from service.conversation import SUMMARY_FROM, Conversation
from service.drafting import Draft
from service.languages import greeting
from service.packet_words import PACKET_WORDS

TIME = "{time}"
"""Of an approved text: filled with the time until which somebody answers."""

_AHEAD = timedelta(minutes=15)
"""A time that is nearer is not named: the agent has to read the note first, and may send the text after it."""

_TEXTS = {
    "de": "ich habe Ihre Nachricht gelesen und kümmere mich persönlich darum. Sie hören von mir, sobald ich alles geprüft habe.",
    "en": "I have read what you wrote and am taking this over myself. You will hear from me as soon as I have looked into it.",
    "es": "he leído su mensaje y me ocupo personalmente de su caso. Le escribiré en cuanto lo haya revisado todo.",
    "fr": "j'ai bien lu votre message et je m'en occupe personnellement. Je reviens vers vous dès que j'ai tout vérifié.",
    "it": "ho letto il suo messaggio e me ne occupo personalmente. Le scriverò appena avrò verificato tutto.",
    "nl": "ik heb uw bericht gelezen en pak dit zelf op. U hoort van mij zodra ik alles heb nagekeken.",
    "pt": "li a sua mensagem e vou tratar do assunto pessoalmente. Escrevo-lhe assim que tiver verificado tudo.",
}
"""In the customer's language; English where there is none. Where the policy has no approved text that can be said."""


def acknowledge(
    conversation: Conversation,
    analysis: Analysis,
    approved: Mapping[str, str] | None = None,
    *,
    due: datetime | None = None,
    now: datetime | None = None,
    timezone: str = "UTC",
) -> Draft:
    """An acknowledgement that commits to nothing; no solution is drafted for a ticket that a person must take.

    approved: the policy's texts by language; the customer's is taken, verbatim, with TIME filled with the target, by the clock of
    `timezone`, and with its date where that is not the day of `now`. A text that needs a time where there is none, or none that is
    at least 15 minutes ahead, is not taken: then, and in other languages, a text of ours that names no time.
    """
    language = analysis.language
    said = (approved or {}).get(language, "")
    if TIME in said:
        time = _time(due, language=language, now=now, timezone=timezone)
        said = said.replace(TIME, time) if time else ""
    own = language if language in _TEXTS else "en"
    return Draft(
        text=f"{greeting(language if said else own, author=conversation.author)}\n\n{said or _TEXTS[own]}",
        language=language if said else own,
        covered=False,
        citations=(),
        checks=(),
        reason="" if said or len(conversation.turns) >= SUMMARY_FROM else analysis.summary.problem,
        gloss="",
        writer="approved" if said else "extractive",
    )


def _time(due: datetime | None, *, language: str, now: datetime | None, timezone: str) -> str:
    """What the customer reads; empty where no time may be named."""
    if due is None or now is None or due - now < _AHEAD:
        return ""
    here, clock = (moment.astimezone(ZoneInfo(timezone)) for moment in (due, now))
    words = PACKET_WORDS.get(language)
    if words is None:
        return f"{here:%H:%M}" if here.date() == clock.date() else f"{here:%Y-%m-%d, %H:%M}"
    said = words.clock(here, now=clock)
    return f"le {said}" if language == "fr" and here.date() != clock.date() else said
