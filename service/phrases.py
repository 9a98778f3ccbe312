"""What a note says by itself, in the languages a team can read. A phrase that is missing is a type error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service import packet_words, reason_words

UNREAD = re.compile(r"(\d+) (screenshot|image|video|recording|file|attachment)s?")


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language. Braces are filled by `str.format`; `one`/`many` by number."""

    colon: str
    ready: str
    ready_one: str
    ready_many: str
    uncovered: str
    withheld: str
    person: str
    down: str
    down_since: str
    spent_today: str
    spent_hour: str
    no_key: str
    quoted: str
    quoted_instead: str
    by_rules: str
    says: str
    check: str
    why: str
    sources: str
    internal: str
    macro: str
    solved_ticket: str
    lesson: str  # that a person approved
    similar: str
    nearest: str
    unchecked: str
    unread: str
    unread_check: str
    problem: str
    tried: str
    open: str
    next: str
    next_person: str
    dont_promise: str
    dont_promise_what: str
    no_draft: str
    replaces: str
    superseded: str
    addresses_removed: str
    internal_removed: str
    placeholder_removed: str
    draft_cut: str
    citations_invalid: str
    nothing_left: str
    thin_check: str
    certainty: Mapping[str, str]  # how well the passages support the draft
    reasons: Mapping[str, str]  # codes of why a person is needed
    unread_kinds: Mapping[str, tuple[str, str]]  # kind -> one, many
    packet: packet_words.PacketWords
    attachment_words: tuple[str, ...]  # a check holding one of these speaks of an attachment already


ENGLISH = Phrases(
    colon=":",
    ready="Ready to send",
    ready_one="Ready to send after 1 check",
    ready_many="Ready to send after {n} checks",
    uncovered="Not covered by the articles: don't guess",
    withheld="The draft is withheld: answer in your own words",
    person="A person is needed",
    down="No AI draft: the language model is not answering",
    down_since="No AI draft: the language model has been down since {since}",
    spent_today="No AI draft: today's budget for the language model is used up",
    spent_hour="No AI draft: this hour's budget for this customer is used up",
    no_key="No AI draft: no language model is set",
    quoted="Quoted from your articles, no language model is set: read before sending",
    quoted_instead="The text below is quoted from your articles: read before sending.",
    by_rules="Written without a language model.",
    says="The draft in short",
    check="Check",
    why="Why",
    sources="Sources",
    internal="internal: not for quoting",
    macro="Macro",
    solved_ticket="Solved ticket",
    lesson="Lesson {number} (approved)",
    similar="Similar",
    nearest="Nearest",
    unchecked="Passages that may help, unchecked",
    unread="Unread",
    unread_check="open before sending: {what} (not read by deskpilot)",
    problem="Summary",
    tried="Tried",
    open="Open",
    next="Next",
    next_person="take the ticket over, then send the lines below",
    dont_promise="Don't promise",
    dont_promise_what="refunds, dates, exceptions",
    no_draft="no draft: answer in your own words",
    replaces="Replaces {reference}",
    superseded="Out of date, see {reference}: the ticket has moved on.",
    addresses_removed="addresses that are no source of this note were removed from the draft or made unclickable",
    internal_removed="a sentence quoted from an internal source was removed from the draft",
    placeholder_removed="a personal detail could not be filled in and was left out: read the draft for gaps",
    draft_cut="the draft was too long and ends with …: shorten it before sending",
    citations_invalid="no article supports the draft that was written, so it is not shown.",
    nothing_left="the draft only quoted an internal source, so it is not shown.",
    thin_check="the draft against its sources: they support it only thinly",
    certainty={"high": "well supported", "fair": "fairly well supported", "low": "thinly supported"},
    reasons=reason_words.ENGLISH,
    unread_kinds={
        "screenshot": ("screenshot", "screenshots"),
        "image": ("image", "images"),
        "video": ("video", "videos"),
        "recording": ("recording", "recordings"),
        "file": ("file", "files"),
        "attachment": ("attachment", "attachments"),
    },
    packet=packet_words.ENGLISH,
    attachment_words=("screenshot", "attach", "photo", "image", "picture", "video", "recording"),
)

GERMAN = Phrases(
    colon=":",
    ready="Versandfertig",
    ready_one="Versandfertig nach 1 Prüfung",
    ready_many="Versandfertig nach {n} Prüfungen",
    uncovered="Nicht durch die Artikel abgedeckt: nicht raten",
    withheld="Der Entwurf wird zurückgehalten: in eigenen Worten antworten",
    person="Hier ist ein Mensch gefragt",
    down="Kein KI-Entwurf: das Sprachmodell antwortet nicht",
    down_since="Kein KI-Entwurf: das Sprachmodell ist seit {since} nicht erreichbar",
    spent_today="Kein KI-Entwurf: das heutige Budget für das Sprachmodell ist aufgebraucht",
    spent_hour="Kein KI-Entwurf: das Budget dieser Stunde für diesen Kunden ist aufgebraucht",
    no_key="Kein KI-Entwurf: es ist kein Sprachmodell eingestellt",
    quoted="Aus Ihren Artikeln zitiert, kein Sprachmodell eingestellt: vor dem Senden lesen",
    quoted_instead="Der Text unten ist aus Ihren Artikeln zitiert: vor dem Senden lesen.",
    by_rules="Ohne Sprachmodell geschrieben.",
    says="Der Entwurf in Kürze",
    check="Prüfen",
    why="Warum",
    sources="Quellen",
    internal="intern: nicht zitieren",
    macro="Textbaustein",
    solved_ticket="Gelöstes Ticket",
    lesson="Lektion {number} (freigegeben)",
    similar="Ähnlich",
    nearest="Am nächsten",
    unchecked="Textstellen, die helfen könnten, ungeprüft",
    unread="Ungelesen",
    unread_check="vor dem Senden öffnen: {what} (von deskpilot nicht gelesen)",
    problem="Zusammenfassung",
    tried="Versucht",
    open="Offen",
    next="Als Nächstes",
    next_person="Ticket übernehmen, dann die Zeilen unten senden",
    dont_promise="Nicht zusagen",
    dont_promise_what="Erstattungen, Termine, Ausnahmen",
    no_draft="kein Entwurf: in eigenen Worten antworten",
    replaces="Ersetzt {reference}",
    superseded="Überholt, siehe {reference}: das Ticket ist weitergegangen.",
    addresses_removed="Adressen, die keine Quelle dieser Notiz sind, wurden im Entwurf entfernt oder unklickbar gemacht",
    internal_removed="ein Satz aus einer internen Quelle wurde aus dem Entwurf entfernt",
    placeholder_removed="eine persönliche Angabe ließ sich nicht einsetzen und fehlt: Entwurf auf Lücken lesen",
    draft_cut="der Entwurf war zu lang und endet mit …: vor dem Senden kürzen",
    citations_invalid="kein Artikel stützt den geschriebenen Entwurf, deshalb wird er nicht gezeigt.",
    nothing_left="der Entwurf zitierte nur eine interne Quelle, deshalb wird er nicht gezeigt.",
    thin_check="den Entwurf gegen seine Quellen: sie stützen ihn nur schwach",
    certainty={"high": "gut belegt", "fair": "recht gut belegt", "low": "schwach belegt"},
    reasons=reason_words.GERMAN,
    unread_kinds={
        "screenshot": ("Screenshot", "Screenshots"),
        "image": ("Bild", "Bilder"),
        "video": ("Video", "Videos"),
        "recording": ("Aufnahme", "Aufnahmen"),
        "file": ("Datei", "Dateien"),
        "attachment": ("Anhang", "Anhänge"),
    },
    packet=packet_words.GERMAN,
    attachment_words=("screenshot", "anhang", "anhäng", "angehängt", "foto", "bild", "video", "aufnahme"),
)

FRENCH = Phrases(
    colon="\u00a0:",
    ready="Prêt à envoyer",
    ready_one="Prêt à envoyer après 1 vérification",
    ready_many="Prêt à envoyer après {n} vérifications",
    uncovered="Les articles n'y répondent pas : ne pas deviner",
    withheld="Le brouillon est retenu : répondre avec vos propres mots",
    person="Une personne est nécessaire",
    down="Pas de brouillon par IA : le modèle de langage ne répond pas",
    down_since="Pas de brouillon par IA : le modèle de langage est en panne depuis {since}",
    spent_today="Pas de brouillon par IA : le budget du jour pour le modèle de langage est épuisé",
    spent_hour="Pas de brouillon par IA : le budget de cette heure pour ce client est épuisé",
    no_key="Pas de brouillon par IA : aucun modèle de langage n'est configuré",
    quoted="Cité de vos articles, aucun modèle de langage configuré : à relire avant l'envoi",
    quoted_instead="Le texte ci-dessous est cité de vos articles : à relire avant l'envoi.",
    by_rules="Écrit sans modèle de langage.",
    says="Le brouillon en bref",
    check="À vérifier",
    why="Pourquoi",
    sources="Sources",
    internal="interne : ne pas citer",
    macro="Macro",
    solved_ticket="Ticket résolu",
    lesson="Leçon {number} (approuvée)",
    similar="Similaire",
    nearest="Le plus proche",
    unchecked="Passages qui peuvent aider, non vérifiés",
    unread="Non lu",
    unread_check="à ouvrir avant l'envoi : {what} (non lu par deskpilot)",
    problem="Résumé",
    tried="Déjà essayé",
    open="En suspens",
    next="Ensuite",
    next_person="prendre le ticket en charge, puis envoyer les lignes ci-dessous",
    dont_promise="Ne pas promettre",
    dont_promise_what="remboursements, dates, exceptions",
    no_draft="pas de brouillon : répondre avec vos propres mots",
    replaces="Remplace {reference}",
    superseded="Dépassé, voir {reference} : le ticket a évolué.",
    addresses_removed="des adresses qui ne sont pas des sources de cette note ont été retirées du brouillon ou désactivées",
    internal_removed="une phrase citée d'une source interne a été retirée du brouillon",
    placeholder_removed="une donnée personnelle n'a pas pu être remise et manque : relire le brouillon",
    draft_cut="le brouillon était trop long et se termine par … : à raccourcir avant l'envoi",
    citations_invalid="aucun article n'appuie le brouillon écrit, il n'est donc pas montré.",
    nothing_left="le brouillon ne citait qu'une source interne, il n'est donc pas montré.",
    thin_check="le brouillon d'après ses sources : elles ne l'appuient que faiblement",
    certainty={"high": "bien étayé", "fair": "assez bien étayé", "low": "faiblement étayé"},
    reasons=reason_words.FRENCH,
    unread_kinds={
        "screenshot": ("capture d'écran", "captures d'écran"),
        "image": ("image", "images"),
        "video": ("vidéo", "vidéos"),
        "recording": ("enregistrement", "enregistrements"),
        "file": ("fichier", "fichiers"),
        "attachment": ("pièce jointe", "pièces jointes"),
    },
    packet=packet_words.FRENCH,
    attachment_words=("capture", "pièce jointe", "pièces jointes", "photo", "image", "vidéo", "enregistrement"),
)

SPANISH = Phrases(
    colon=":",
    ready="Listo para enviar",
    ready_one="Listo para enviar tras 1 comprobación",
    ready_many="Listo para enviar tras {n} comprobaciones",
    uncovered="Los artículos no lo cubren: no adivinar",
    withheld="El borrador se retiene: responder con sus propias palabras",
    person="Hace falta una persona",
    down="Sin borrador de IA: el modelo de lenguaje no responde",
    down_since="Sin borrador de IA: el modelo de lenguaje está caído desde las {since}",
    spent_today="Sin borrador de IA: el presupuesto de hoy para el modelo de lenguaje está agotado",
    spent_hour="Sin borrador de IA: el presupuesto de esta hora para este cliente está agotado",
    no_key="Sin borrador de IA: no hay ningún modelo de lenguaje configurado",
    quoted="Citado de sus artículos, sin modelo de lenguaje configurado: leer antes de enviar",
    quoted_instead="El texto de abajo está citado de sus artículos: leer antes de enviar.",
    by_rules="Escrito sin modelo de lenguaje.",
    says="El borrador en breve",
    check="Comprobar",
    why="Por qué",
    sources="Fuentes",
    internal="interno: no citar",
    macro="Macro",
    solved_ticket="Ticket resuelto",
    lesson="Lección {number} (aprobada)",
    similar="Similar",
    nearest="Lo más cercano",
    unchecked="Pasajes que pueden ayudar, sin comprobar",
    unread="Sin leer",
    unread_check="abrir antes de enviar: {what} (sin leer por deskpilot)",
    problem="Resumen",
    tried="Ya probado",
    open="Pendiente",
    next="Siguiente paso",
    next_person="hacerse cargo del ticket y enviar las líneas de abajo",
    dont_promise="No prometer",
    dont_promise_what="reembolsos, fechas, excepciones",
    no_draft="sin borrador: responder con sus propias palabras",
    replaces="Sustituye a {reference}",
    superseded="Desactualizada, véase {reference}: el ticket ha avanzado.",
    addresses_removed="se quitaron o desactivaron en el borrador direcciones que no son fuentes de esta nota",
    internal_removed="se quitó del borrador una frase citada de una fuente interna",
    placeholder_removed="un dato personal no se pudo rellenar y falta: revisar el borrador",
    draft_cut="el borrador era demasiado largo y termina en …: acortarlo antes de enviar",
    citations_invalid="ningún artículo respalda el borrador escrito, por eso no se muestra.",
    nothing_left="el borrador solo citaba una fuente interna, por eso no se muestra.",
    thin_check="el borrador con sus fuentes: apenas lo respaldan",
    certainty={"high": "bien respaldado", "fair": "bastante bien respaldado", "low": "poco respaldado"},
    reasons=reason_words.SPANISH,
    unread_kinds={
        "screenshot": ("captura de pantalla", "capturas de pantalla"),
        "image": ("imagen", "imágenes"),
        "video": ("vídeo", "vídeos"),
        "recording": ("grabación", "grabaciones"),
        "file": ("archivo", "archivos"),
        "attachment": ("adjunto", "adjuntos"),
    },
    packet=packet_words.SPANISH,
    attachment_words=("captura", "adjunt", "foto", "imagen", "vídeo", "grabación"),
)

LANGUAGES: Mapping[str, Phrases] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


def phrases(language: str) -> Phrases:
    """The phrases of a team's language ("de", "de-AT"); English for one that is not written yet."""
    return LANGUAGES.get(language.lower().partition("-")[0], ENGLISH)


def unread_in(words: Phrases, what: str) -> str:
    """Say "2 screenshots" in the team's language; a kind that is not known stays as it is."""
    if (known := UNREAD.fullmatch(what)) is None:
        return what
    one, many = words.unread_kinds[known[2]]
    return f"{known[1]} {one if known[1] == '1' else many}"
