"""What a person who takes a ticket over may send at once: it says that somebody has read it, and promises nothing else."""

from __future__ import annotations

from service.analysis import Analysis
from service.conversation import SUMMARY_FROM, Conversation
from service.drafting import Draft
from service.languages import greeting

_TEXTS = {
    "de": "ich habe Ihre Nachricht gelesen und kümmere mich persönlich darum. Sie hören von mir, sobald ich alles geprüft habe.",
    "en": "I have read what you wrote and am taking this over myself. You will hear from me as soon as I have looked into it.",
    "es": "he leído su mensaje y me ocupo personalmente de su caso. Le escribiré en cuanto lo haya revisado todo.",
    "fr": "j'ai bien lu votre message et je m'en occupe personnellement. Je reviens vers vous dès que j'ai tout vérifié.",
    "it": "ho letto il suo messaggio e me ne occupo personalmente. Le scriverò appena avrò verificato tutto.",
    "nl": "ik heb uw bericht gelezen en pak dit zelf op. U hoort van mij zodra ik alles heb nagekeken.",
    "pt": "li a sua mensagem e vou tratar do assunto pessoalmente. Escrevo-lhe assim que tiver verificado tudo.",
}
"""In the customer's language; English where there is none. To be approved texts once the team's policy can name them."""


def acknowledge(conversation: Conversation, analysis: Analysis) -> Draft:
    """An acknowledgement that commits to nothing; no solution is drafted for a ticket that a person must take."""
    language = analysis.language if analysis.language in _TEXTS else "en"
    return Draft(
        text=f"{greeting(language, author=conversation.author)}\n\n{_TEXTS[language]}",
        language=language,
        covered=False,
        citations=(),
        checks=(),
        reason="" if len(conversation.turns) >= SUMMARY_FROM else analysis.summary.problem,
        gloss="",
        writer="extractive",
    )
