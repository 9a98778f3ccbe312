"""What a note says of triage, handoff and approved texts, in the languages a team can read. A phrase that is missing is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

_LONGEST_AGO = 6
"""Days for which a weekday says which day was meant."""


@dataclass(frozen=True, slots=True)
class PacketWords:
    """One language. Braces are filled by `str.format`."""

    due: str
    overdue: str
    take_over: str  # where no group is named
    below_approved: str
    approved: str
    approved_titled: str
    not_approved: str
    acknowledges: str
    incident: str
    incident_ready: str
    status_text: str
    must_check: str
    customer: str
    unknown: str
    context: str  # what the customer's product tells us
    happened: str
    our_draft: str
    earlier: str
    asked: str  # another ticket, of which only the category is known
    solved_by: str
    playbook: str
    call: str
    text: str
    suggested: str
    parts: Mapping[str, str]  # of a suggestion
    priorities: Mapping[str, str]
    quoted: str
    in_last: str  # where words stand that triage rests on, in quotation marks
    in_subject: str
    in_earlier: str
    found: Mapping[str, str]  # signals that rest on no words; {n}: a number, {nth}: its ordinal
    numbers: tuple[str, ...]  # from 2
    ordinals: tuple[str, ...]  # from 2
    ordinal: str  # beyond them
    today: str
    yesterday: str
    weekdays: tuple[str, ...]  # from Monday, as in "on Monday"
    day: str  # {day}, {month}
    months: tuple[str, ...]

    def number(self, n: int) -> str:
        """In words up to ten."""
        return self.numbers[n - 2] if 2 <= n <= len(self.numbers) + 1 else str(n)

    def nth(self, n: int) -> str:
        """In words up to sixth."""
        return self.ordinals[n - 2] if 2 <= n <= len(self.ordinals) + 1 else self.ordinal.format(n=n)

    def date(self, day: date, *, today: date) -> str:
        """A day with its month, and with its year where that is not this one."""
        said = self.day.format(day=day.day, month=self.months[day.month - 1])
        return said if day.year == today.year else f"{said} {day.year}"

    def clock(self, moment: datetime, *, now: datetime) -> str:
        """A time of day, with its date where that is not today; both in the team's time zone."""
        today, day = now.date(), moment.date()
        return f"{moment:%H:%M}" if day == today else f"{self.date(day, today=today)}, {moment:%H:%M}"

    def ago(self, moment: datetime, *, now: datetime) -> str:
        """When something was, as one says it; both in the team's time zone."""
        days = (now.date() - moment.date()).days
        if days <= 1:
            return self.today if days <= 0 else self.yesterday
        return self.weekdays[moment.weekday()] if days <= _LONGEST_AGO else self.date(moment.date(), today=now.date())


ENGLISH = PacketWords(
    due="first answer due {due}",
    overdue="first answer was due {due}",
    take_over="take the ticket over",
    below_approved="the text below is approved: send it as it is",
    approved="approved text, verbatim",
    approved_titled="approved text “{title}”, verbatim",
    not_approved="no text is approved in {language}: this one is in {other}",
    acknowledges="somebody has read the message and is taking it over.",
    incident="Known incident",
    incident_ready="status text ready to send",
    status_text="approved status text, verbatim: no troubleshooting while the incident runs",
    must_check="a person must read this draft before it goes out",
    customer="Customer",
    unknown="{name} unknown",
    context="product context",
    happened="lately: {what}",
    our_draft="our draft {reference} of {when}",
    earlier="“{what}” {when} (ticket {number})",
    asked="{what}, {when} (ticket {number})",
    solved_by="solved by: “{how}”",
    playbook="Playbook",
    call="Call",
    text="Approved text",
    suggested="Suggested",
    parts={
        "group": "group",
        "priority": "priority",
        "tags": "tags",
        "intent": "intent",
        "sentiment": "mood",
        "language": "language",
        "category": "kind",
        "tier": "tier",
        "field": "field",
    },
    priorities={"low": "low", "normal": "normal", "high": "high", "urgent": "urgent"},
    quoted="“{words}”",
    in_last="{words} in the last message",
    in_subject="{words} in the subject",
    in_earlier="{words} in an earlier message",
    found={
        "mood_fell": "mood fell over {n} messages",
        "repeated_question": "asks the same again",
        "unsolved": "what was tried did not help",
        "third_contact": "{nth} contact in seven days about the same thing",
        "long_thread": "{n} messages in this ticket",
        "amount": "names {amount}",
        "deadline_close": "the answer is due soon",
        "untrusted": "the helpdesk doubts who sent it",
        "churn": "may leave",
        "told": "reads like what only a person answers",
    },
    numbers=("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ordinals=("second", "third", "fourth", "fifth", "sixth"),
    ordinal="{n}th",
    today="today",
    yesterday="yesterday",
    weekdays=("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    day="{day} {month}",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
)
GERMAN = PacketWords(
    due="erste Antwort bis {due}",
    overdue="erste Antwort war bis {due} fällig",
    take_over="das Ticket übernehmen",
    below_approved="der Text unten ist freigegeben: so senden",
    approved="freigegebener Text, wörtlich",
    approved_titled="freigegebener Text „{title}“, wörtlich",
    not_approved="für {language} ist kein Text freigegeben: dieser ist auf {other}",
    acknowledges="jemand hat die Nachricht gelesen und übernimmt.",
    incident="Bekannte Störung",
    incident_ready="Statustext versandfertig",
    status_text="freigegebener Statustext, wörtlich: keine Fehlersuche, solange die Störung läuft",
    must_check="ein Mensch muss diesen Entwurf lesen, bevor er hinausgeht",
    customer="Kunde",
    unknown="{name} unbekannt",
    context="Produktkontext",
    happened="zuletzt: {what}",
    our_draft="unser Entwurf {reference} von {when}",
    earlier="„{what}“ {when} (Ticket {number})",
    asked="{what}, {when} (Ticket {number})",
    solved_by="gelöst durch: „{how}“",
    playbook="Ablauf",
    call="Anrufen",
    text="Freigegebener Text",
    suggested="Vorschlag",
    parts={
        "group": "Gruppe",
        "priority": "Priorität",
        "tags": "Tags",
        "intent": "Anliegen",
        "sentiment": "Stimmung",
        "language": "Sprache",
        "category": "Art",
        "tier": "Stufe",
        "field": "Feld",
    },
    priorities={"low": "niedrig", "normal": "normal", "high": "hoch", "urgent": "dringend"},
    quoted="„{words}“",
    in_last="{words} in der letzten Nachricht",
    in_subject="{words} im Betreff",
    in_earlier="{words} in einer früheren Nachricht",
    found={
        "mood_fell": "Stimmung über {n} Nachrichten gesunken",
        "repeated_question": "fragt dasselbe noch einmal",
        "unsolved": "was versucht wurde, half nicht",
        "third_contact": "{nth} Kontakt in sieben Tagen zum selben Thema",
        "long_thread": "{n} Nachrichten in diesem Ticket",
        "amount": "nennt {amount}",
        "deadline_close": "die Antwort ist bald fällig",
        "untrusted": "der Helpdesk zweifelt am Absender",
        "churn": "könnte abwandern",
        "told": "klingt nach etwas, das nur ein Mensch beantwortet",
    },
    numbers=("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    ordinals=("zweiter", "dritter", "vierter", "fünfter", "sechster"),
    ordinal="{n}.",
    today="heute",
    yesterday="gestern",
    weekdays=("am Montag", "am Dienstag", "am Mittwoch", "am Donnerstag", "am Freitag", "am Samstag", "am Sonntag"),
    day="{day}. {month}",
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
)
FRENCH = PacketWords(
    due="première réponse avant {due}",
    overdue="première réponse attendue avant {due}",
    take_over="prendre le ticket en charge",
    below_approved="le texte ci-dessous est approuvé : l'envoyer tel quel",
    approved="texte approuvé, mot pour mot",
    approved_titled="texte approuvé « {title} », mot pour mot",
    not_approved="aucun texte n'est approuvé en {language} : celui-ci est en {other}",
    acknowledges="quelqu'un a lu le message et s'en occupe.",
    incident="Incident connu",
    incident_ready="texte d'état prêt à envoyer",
    status_text="texte d'état approuvé, mot pour mot : pas de dépannage tant que l'incident dure",
    must_check="une personne doit lire ce brouillon avant l'envoi",
    customer="Client",
    unknown="{name} : inconnu",
    context="contexte du produit",
    happened="récemment : {what}",
    our_draft="notre brouillon {reference} de {when}",
    earlier="« {what} » {when} (ticket {number})",
    asked="{what}, {when} (ticket {number})",
    solved_by="résolu par : « {how} »",
    playbook="Procédure",
    call="Appeler",
    text="Texte approuvé",
    suggested="Suggestion",
    parts={
        "group": "groupe",
        "priority": "priorité",
        "tags": "tags",
        "intent": "demande",
        "sentiment": "humeur",
        "language": "langue",
        "category": "nature",
        "tier": "niveau",
        "field": "champ",
    },
    priorities={"low": "basse", "normal": "normale", "high": "haute", "urgent": "urgente"},
    quoted="« {words} »",
    in_last="{words} dans le dernier message",
    in_subject="{words} dans l'objet",
    in_earlier="{words} dans un message précédent",
    found={
        "mood_fell": "humeur en baisse sur {n} messages",
        "repeated_question": "repose la même question",
        "unsolved": "ce qui a été essayé n'a pas aidé",
        "third_contact": "{nth} contact en sept jours pour la même chose",
        "long_thread": "{n} messages dans ce ticket",
        "amount": "parle de {amount}",
        "deadline_close": "la réponse est attendue bientôt",
        "untrusted": "le helpdesk doute de l'expéditeur",
        "churn": "pourrait partir",
        "told": "ressemble à ce que seule une personne traite",
    },
    numbers=("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    ordinals=("deuxième", "troisième", "quatrième", "cinquième", "sixième"),
    ordinal="{n}e",
    today="aujourd'hui",
    yesterday="hier",
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    day="{day} {month}",
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
)
SPANISH = PacketWords(
    due="primera respuesta antes de: {due}",
    overdue="la primera respuesta vencía: {due}",
    take_over="hacerse cargo del ticket",
    below_approved="el texto de abajo está aprobado: enviarlo tal cual",
    approved="texto aprobado, literal",
    approved_titled="texto aprobado «{title}», literal",
    not_approved="no hay texto aprobado en {language}: este está en {other}",
    acknowledges="alguien ha leído el mensaje y se hace cargo.",
    incident="Incidencia conocida",
    incident_ready="texto de estado listo para enviar",
    status_text="texto de estado aprobado, literal: sin diagnóstico mientras dure la incidencia",
    must_check="una persona debe leer este borrador antes de enviarlo",
    customer="Cliente",
    unknown="{name}: se desconoce",
    context="contexto del producto",
    happened="últimamente: {what}",
    our_draft="nuestro borrador {reference} de {when}",
    earlier="«{what}» {when} (ticket {number})",
    asked="{what}, {when} (ticket {number})",
    solved_by="resuelto con: «{how}»",
    playbook="Procedimiento",
    call="Llamar a",
    text="Texto aprobado",
    suggested="Sugerencia",
    parts={
        "group": "grupo",
        "priority": "prioridad",
        "tags": "etiquetas",
        "intent": "motivo",
        "sentiment": "ánimo",
        "language": "idioma",
        "category": "tipo",
        "tier": "nivel",
        "field": "campo",
    },
    priorities={"low": "baja", "normal": "normal", "high": "alta", "urgent": "urgente"},
    quoted="«{words}»",
    in_last="{words} en el último mensaje",
    in_subject="{words} en el asunto",
    in_earlier="{words} en un mensaje anterior",
    found={
        "mood_fell": "el ánimo bajó a lo largo de {n} mensajes",
        "repeated_question": "pregunta lo mismo otra vez",
        "unsolved": "lo que se probó no ayudó",
        "third_contact": "{nth} contacto en siete días por lo mismo",
        "long_thread": "{n} mensajes en este ticket",
        "amount": "menciona {amount}",
        "deadline_close": "la respuesta vence pronto",
        "untrusted": "el helpdesk duda del remitente",
        "churn": "podría marcharse",
        "told": "se parece a lo que solo atiende una persona",
    },
    numbers=("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    ordinals=("segundo", "tercer", "cuarto", "quinto", "sexto"),
    ordinal="{n}.º",
    today="hoy",
    yesterday="ayer",
    weekdays=("el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"),
    day="{day} de {month}",
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
)

PACKET_WORDS: Mapping[str, PacketWords] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


def packet_words(language: str) -> PacketWords:
    """The words of a team's language ("de", "de-AT"); English for one that is not written yet."""
    return PACKET_WORDS.get(language.lower().partition("-")[0], ENGLISH)
