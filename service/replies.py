"""Ready-made sentences: to a customer, in the customer's language, and to the team, in the team's."""

from __future__ import annotations

from dataclasses import dataclass

from service.languages import NAMES


@dataclass(frozen=True, slots=True)
class ToCustomer:
    """One language. None of these promises anything."""

    question: str  # asked where the articles do not answer
    lead_in: str  # in front of a quotation


@dataclass(frozen=True, slots=True)
class ToTeam:
    """One language. Braces are filled by `str.format`."""

    quoted: str
    not_found: str
    unreadable: str
    refused: str
    foreign: str
    other_language: str
    unsupported: str
    matched: str
    seen_removed: str
    cut: str
    fill_in: str
    gloss_quote: str
    gloss_question: str


_CUSTOMER = {
    "en": ToCustomer(
        "so that I can give you a certain answer: could you tell me a little more about what you are trying to do, and what happens instead?",
        "here is what our help pages say about this:",
    ),
    "de": ToCustomer(
        "damit ich Ihnen sicher antworten kann: Können Sie mir etwas genauer beschreiben, was Sie vorhaben und was stattdessen passiert?",
        "dazu steht auf unseren Hilfeseiten:",
    ),
    "fr": ToCustomer(
        "afin de vous répondre avec certitude, pourriez-vous me préciser ce que vous souhaitez faire et ce qui se passe à la place ?",
        "voici ce qu'indiquent nos pages d'aide à ce sujet :",
    ),
    "es": ToCustomer(
        "para poder darle una respuesta segura: ¿podría contarme con un poco más de detalle qué quiere hacer y qué ocurre en su lugar?",
        "esto es lo que dicen nuestras páginas de ayuda al respecto:",
    ),
    "it": ToCustomer(
        "per poterle rispondere con certezza: potrebbe descrivermi meglio che cosa vorrebbe fare e che cosa succede invece?",
        "ecco che cosa dicono le nostre pagine di aiuto:",
    ),
    "pt": ToCustomer(
        "para lhe poder dar uma resposta segura: pode descrever com um pouco mais de detalhe o que pretende fazer e o que acontece?",
        "isto é o que dizem as nossas páginas de ajuda:",
    ),
    "nl": ToCustomer(
        "om u een zeker antwoord te kunnen geven: kunt u iets preciezer beschrijven wat u wilt doen en wat er in plaats daarvan gebeurt?",
        "dit staat er op onze hulppagina's:",
    ),
    "pl": ToCustomer(
        "aby udzielić pewnej odpowiedzi, proszę o nieco więcej szczegółów: co dokładnie chcą Państwo zrobić i co dzieje się zamiast tego?",
        "oto informacje z naszych stron pomocy:",
    ),
    "sv": ToCustomer(
        "för att kunna ge ett säkert svar: kan du beskriva lite närmare vad du vill göra och vad som händer i stället?",
        "så här står det på våra hjälpsidor:",
    ),
    "da": ToCustomer(
        "for at kunne give et sikkert svar: kan du beskrive lidt nærmere, hvad du vil gøre, og hvad der sker i stedet?",
        "sådan står der på vores hjælpesider:",
    ),
    "nb": ToCustomer(
        "for å kunne gi et sikkert svar: kan du beskrive litt nærmere hva du vil gjøre, og hva som skjer i stedet?",
        "dette står på hjelpesidene våre:",
    ),
    "fi": ToCustomer(
        "jotta voin vastata varmasti: voisitko kertoa hieman tarkemmin, mitä haluat tehdä ja mitä sen sijaan tapahtuu?",
        "ohjesivuillamme sanotaan tästä näin:",
    ),
    "cs": ToCustomer(
        "abych vám mohl odpovědět s jistotou: můžete mi trochu podrobněji popsat, co chcete udělat a co se děje místo toho?",
        "na našich stránkách nápovědy se k tomu píše:",
    ),
}

_TEAM = {
    "en": ToTeam(
        quoted="Sentences picked from the articles, word for word; what they leave out stands in the source.",
        not_found="No article speaks of the question clearly enough.",
        unreadable="The model's answer could not be read, so there is no draft.",
        refused="The model refused the text of this ticket, so there is no draft.",
        foreign="The quoted article is in {article}, the customer writes in {customer}: translate it.",
        other_language="The draft seems to be in {draft}, the customer writes in {customer}.",
        unsupported="In no source and not in the ticket: {what}",
        matched="The model named no source; the ones listed were matched by their words.",
        seen_removed="A sentence that claimed to have seen an attachment was removed.",
        cut="The draft ends early: the model ran into its limit.",
        fill_in="Fill in: {what}",
        gloss_quote="what “{titles}” says, word for word.",
        gloss_question="a question: what exactly does the customer want to do, and what happens instead?",
    ),
    "de": ToTeam(
        quoted="Ausgewählte Sätze der Artikel, wörtlich; was fehlt, steht in der Quelle.",
        not_found="Kein Artikel behandelt die Frage deutlich genug.",
        unreadable="Die Antwort des Modells war nicht lesbar, deshalb gibt es keinen Entwurf.",
        refused="Das Modell hat den Text dieses Tickets abgelehnt, deshalb gibt es keinen Entwurf.",
        foreign="Der zitierte Artikel ist auf {article}, der Kunde schreibt auf {customer}: bitte übersetzen.",
        other_language="Der Entwurf scheint auf {draft} zu sein, der Kunde schreibt auf {customer}.",
        unsupported="In keiner Quelle und nicht im Ticket: {what}",
        matched="Das Modell nannte keine Quelle; die aufgeführten passen nach ihren Wörtern.",
        seen_removed="Ein Satz, der einen Anhang gesehen haben wollte, wurde entfernt.",
        cut="Der Entwurf bricht ab: das Modell stieß an seine Grenze.",
        fill_in="Ausfüllen: {what}",
        gloss_quote="was in „{titles}“ steht, Wort für Wort.",
        gloss_question="eine Rückfrage: was genau hat der Kunde vor, und was passiert stattdessen?",
    ),
    "fr": ToTeam(
        quoted="Phrases choisies des articles, mot pour mot ; le reste est dans la source.",
        not_found="Aucun article ne traite assez clairement de la question.",
        unreadable="La réponse du modèle était illisible : pas de brouillon.",
        refused="Le modèle a refusé le texte de ce ticket : pas de brouillon.",
        foreign="L'article cité est en {article}, le client écrit en {customer} : à traduire.",
        other_language="Le brouillon semble être en {draft}, le client écrit en {customer}.",
        unsupported="Dans aucune source ni dans le ticket : {what}",
        matched="Le modèle n'a cité aucune source ; celles indiquées correspondent par leurs mots.",
        seen_removed="Une phrase prétendant avoir vu une pièce jointe a été supprimée.",
        cut="Le brouillon est coupé : le modèle a atteint sa limite.",
        fill_in="À compléter : {what}",
        gloss_quote="ce que dit « {titles} », mot pour mot.",
        gloss_question="une question : que souhaite faire le client, et que se passe-t-il à la place ?",
    ),
    "es": ToTeam(
        quoted="Frases elegidas de los artículos, literalmente; lo que falta está en la fuente.",
        not_found="Ningún artículo trata la pregunta con suficiente claridad.",
        unreadable="No se pudo leer la respuesta del modelo: no hay borrador.",
        refused="El modelo rechazó el texto de este ticket: no hay borrador.",
        foreign="El artículo citado está en {article}, el cliente escribe en {customer}: hay que traducirlo.",
        other_language="El borrador parece estar en {draft}, el cliente escribe en {customer}.",
        unsupported="En ninguna fuente ni en el ticket: {what}",
        matched="El modelo no citó ninguna fuente; las indicadas coinciden por sus palabras.",
        seen_removed="Se eliminó una frase que afirmaba haber visto un adjunto.",
        cut="El borrador está cortado: el modelo alcanzó su límite.",
        fill_in="Completar: {what}",
        gloss_quote="lo que dice «{titles}», palabra por palabra.",
        gloss_question="una pregunta: ¿qué quiere hacer exactamente el cliente y qué ocurre en su lugar?",
    ),
}

_OWN_NAMES = {
    "de": {"de": "Deutsch", "en": "Englisch", "es": "Spanisch", "fr": "Französisch", "it": "Italienisch", "nl": "Niederländisch", "pt": "Portugiesisch"},
    "fr": {"de": "allemand", "en": "anglais", "es": "espagnol", "fr": "français", "it": "italien", "nl": "néerlandais", "pt": "portugais"},
    "es": {"de": "alemán", "en": "inglés", "es": "español", "fr": "francés", "it": "italiano", "nl": "neerlandés", "pt": "portugués"},
}  # fmt: skip


def to_customer(language: str) -> tuple[ToCustomer, str]:
    """Sentences for a customer of this language, and the language they are in: English where there are none."""
    return (_CUSTOMER[language], language) if language in _CUSTOMER else (_CUSTOMER["en"], "en")


def to_team(language: str) -> ToTeam:
    """Sentences for the team."""
    return _TEAM.get(language, _TEAM["en"])


def language_name(language: str, *, team_language: str) -> str:
    """What the team calls a language; its code where that is not known."""
    names = _OWN_NAMES.get(team_language, NAMES)
    return names.get(language, language.upper())
