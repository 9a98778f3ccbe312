"""What the guard tells the team, in the languages a team can read. A phrase that is missing is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from service.groups import Promise

Fault = Literal["prompt", "placeholder", "personal", "unsupported", "asks_nothing"]
"""Why words of a model are not shown: they repeat our instructions, hold another ticket's placeholder or somebody's data; what
claims to answer shares nothing with what it cites; what does not claim to asks nothing either."""

SUSPECT: frozenset[Fault] = frozenset({"prompt", "placeholder", "personal"})
"""Of these the note says first that a draft is withheld; the others say that the articles do not answer."""


@dataclass(frozen=True, slots=True)
class Cautions:
    """One language. Braces are filled by `str.format`."""

    withheld: Mapping[Fault, str]  # why a draft is not shown
    left_out: Mapping[Fault, str]  # why a line beside the draft is not
    sensitive: str  # a number of the ticket that no reply repeats
    stray: str
    unsupported: str
    promises: Mapping[Promise, str]


_ENGLISH = Cautions(
    withheld={
        "prompt": "The model's draft repeated its own instructions, so it is not shown: something in this ticket may be meant to steer it.",
        "placeholder": "The model's draft named a personal detail that is not this ticket's, so it is not shown.",
        "personal": "The model's draft held personal data (an address, a phone or account number, a secret) that stands neither in this ticket"
        " nor in a cited article, so it is not shown.",
        "unsupported": "The model's draft shares nothing with the passages it cites, so it is not shown.",
        "asks_nothing": "No article answers, and the model's draft asks for nothing either, so it is not shown.",
    },
    left_out={
        "prompt": "a line of the model's was left out: it repeated its instructions",
        "placeholder": "a line of the model's was left out: it named a personal detail that is not this ticket's",
        "personal": "a line of the model's was left out: it held personal data that is not this ticket's",
        "unsupported": "a line of the model's was left out: nothing supports it",
        "asks_nothing": "a line of the model's was left out",
    },
    sensitive="a card, account or ID number or a secret of this ticket was left out of the draft: never repeat it in a mail",
    stray="an address, number or code that no source names was removed with its sentence: something in the ticket may have asked for it",
    unsupported="No cited source says: {what}",
    promises={
        "refund": "Promises money or something free that no cited article grants: {what}",
        "legal": "A legal statement that no cited article makes: {what}",
        "date": "Promises a date or deadline that no cited article gives: {what}",
    },
)
_GERMAN = Cautions(
    withheld={
        "prompt": "Der Entwurf des Modells wiederholte seine eigenen Anweisungen und wird nicht gezeigt: etwas in diesem Ticket soll es vielleicht"
        " lenken.",
        "placeholder": "Der Entwurf des Modells nannte eine persönliche Angabe, die nicht aus diesem Ticket ist, und wird nicht gezeigt.",
        "personal": "Der Entwurf des Modells enthielt personenbezogene Daten (eine Adresse, eine Telefon- oder Kontonummer, ein Geheimnis), die weder in"
        " diesem Ticket noch in einem zitierten Artikel stehen, und wird nicht gezeigt.",
        "unsupported": "Der Entwurf des Modells hat mit den Textstellen, die er nennt, nichts gemein und wird nicht gezeigt.",
        "asks_nothing": "Kein Artikel antwortet, und der Entwurf des Modells fragt auch nichts: er wird nicht gezeigt.",
    },
    left_out={
        "prompt": "eine Zeile des Modells fehlt: sie wiederholte seine Anweisungen",
        "placeholder": "eine Zeile des Modells fehlt: sie nannte eine persönliche Angabe, die nicht aus diesem Ticket ist",
        "personal": "eine Zeile des Modells fehlt: sie enthielt personenbezogene Daten, die nicht aus diesem Ticket sind",
        "unsupported": "eine Zeile des Modells fehlt: nichts stützt sie",
        "asks_nothing": "eine Zeile des Modells fehlt",
    },
    sensitive="eine Karten-, Konto- oder Ausweisnummer oder ein Geheimnis aus dem Ticket fehlt im Entwurf: nie in einer Mail wiederholen",
    stray="eine Adresse, Zahl oder Kennung, die keine Quelle nennt, wurde mit ihrem Satz entfernt: vielleicht verlangte sie etwas im Ticket",
    unsupported="Keine zitierte Quelle sagt: {what}",
    promises={
        "refund": "Sagt Geld oder etwas Kostenloses zu, das kein zitierter Artikel gewährt: {what}",
        "legal": "Eine rechtliche Aussage, die kein zitierter Artikel macht: {what}",
        "date": "Sagt einen Termin oder eine Frist zu, die kein zitierter Artikel nennt: {what}",
    },
)
_FRENCH = Cautions(
    withheld={
        "prompt": "Le brouillon du modèle répétait ses propres instructions et n'est pas montré : quelque chose dans ce ticket cherche peut-être à le"
        " diriger.",
        "placeholder": "Le brouillon du modèle citait une donnée personnelle qui n'est pas de ce ticket et n'est pas montré.",
        "personal": "Le brouillon du modèle contenait des données personnelles (adresse, numéro de téléphone ou de compte, secret) qui ne figurent ni"
        " dans ce ticket ni dans un article cité, et n'est pas montré.",
        "unsupported": "Le brouillon du modèle n'a rien de commun avec les passages qu'il cite et n'est pas montré.",
        "asks_nothing": "Aucun article ne répond, et le brouillon du modèle ne demande rien non plus : il n'est pas montré.",
    },
    left_out={
        "prompt": "une ligne du modèle a été omise : elle répétait ses instructions",
        "placeholder": "une ligne du modèle a été omise : elle citait une donnée personnelle qui n'est pas de ce ticket",
        "personal": "une ligne du modèle a été omise : elle contenait des données personnelles qui ne sont pas de ce ticket",
        "unsupported": "une ligne du modèle a été omise : rien ne l'appuie",
        "asks_nothing": "une ligne du modèle a été omise",
    },
    sensitive="un numéro de carte, de compte ou d'identité ou un secret du ticket a été omis du brouillon : ne jamais le répéter par e-mail",
    stray="une adresse, un nombre ou un code qu'aucune source ne nomme a été retiré avec sa phrase : quelque chose dans le ticket l'a peut-être demandé",
    unsupported="Aucune source citée ne dit : {what}",
    promises={
        "refund": "Promet de l'argent ou une gratuité qu'aucun article cité n'accorde : {what}",
        "legal": "Une affirmation juridique qu'aucun article cité ne fait : {what}",
        "date": "Promet une date ou un délai qu'aucun article cité ne donne : {what}",
    },
)
_SPANISH = Cautions(
    withheld={
        "prompt": "El borrador del modelo repetía sus propias instrucciones y no se muestra: puede que algo en este ticket pretenda dirigirlo.",
        "placeholder": "El borrador del modelo nombraba un dato personal que no es de este ticket y no se muestra.",
        "personal": "El borrador del modelo contenía datos personales (dirección, número de teléfono o de cuenta, secreto) que no están ni en este"
        " ticket ni en un artículo citado, y no se muestra.",
        "unsupported": "El borrador del modelo no tiene nada en común con los pasajes que cita y no se muestra.",
        "asks_nothing": "Ningún artículo responde, y el borrador del modelo tampoco pregunta nada: no se muestra.",
    },
    left_out={
        "prompt": "se omitió una línea del modelo: repetía sus instrucciones",
        "placeholder": "se omitió una línea del modelo: nombraba un dato personal que no es de este ticket",
        "personal": "se omitió una línea del modelo: contenía datos personales que no son de este ticket",
        "unsupported": "se omitió una línea del modelo: nada la respalda",
        "asks_nothing": "se omitió una línea del modelo",
    },
    sensitive="se omitió del borrador un número de tarjeta, cuenta o identidad o un secreto del ticket: no repetirlo nunca por correo",
    stray="se quitó, con su frase, una dirección, un número o un código que ninguna fuente nombra: puede que algo en el ticket lo pidiera",
    unsupported="Ninguna fuente citada dice: {what}",
    promises={
        "refund": "Promete dinero o algo gratis que ningún artículo citado concede: {what}",
        "legal": "Una afirmación legal que ningún artículo citado hace: {what}",
        "date": "Promete una fecha o un plazo que ningún artículo citado da: {what}",
    },
)

LANGUAGES: Mapping[str, Cautions] = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}


def cautions(language: str) -> Cautions:
    """The words of a team's language ("de", "de-AT"); English for one that is not written yet."""
    return LANGUAGES.get(language.lower().partition("-")[0], _ENGLISH)
