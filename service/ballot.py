"""The words of a vote, in the note and on the page behind it, in the languages a team can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ballot:
    """One language. Braces are filled by `str.format`."""

    language: str
    right: str  # the two links of a note
    wrong: str
    note: str
    right_title: str
    right_lead: str
    wrong_title: str
    wrong_lead: str
    comment: str
    right_hint: str
    wrong_hint: str
    reason: str
    reasons: Mapping[str, str]  # by service.feedback.Reason
    answer: str
    answer_hint: str
    masked: str
    send: str
    thanks_title: str
    thanks_lead: str
    known_title: str
    known_lead: str
    gone_title: str
    gone_lead: str
    later_title: str
    later_lead: str


_ENGLISH = Ballot(
    language="en",
    right="Right",
    wrong="Wrong",
    note="Note {reference} · ticket {ticket}",
    right_title="This note was right",
    right_lead="You could send the draft, or it told you what you needed to know.",
    wrong_title="This note was wrong",
    wrong_lead="You had to write something else, or it sent you the wrong way.",
    comment="In a few words, if you like",
    right_hint="What helped?",
    wrong_hint="What led it astray?",
    reason="What was wrong, if you like",
    reasons={
        "facts": "A fact is wrong",
        "outdated": "Out of date",
        "policy": "Against our rules",
        "unasked": "Beside the question",
        "hand_over": "A person should have taken it",
        "tone": "How it was said",
    },
    answer="The right answer, if you have it",
    answer_hint="A reviewed answer can become a lesson for the next ticket.",
    masked="Please no names: only e-mail addresses, numbers and the like are masked.",
    send="Send",
    thanks_title="Thank you",
    thanks_lead="That is noted. If you change your mind, follow the other link in the note.",
    known_title="Already noted",
    known_lead="This was said before, so nothing has changed. To take it back, follow the other link in the note.",
    gone_title="This link does not work any more",
    gone_lead="Links in a note work for 30 days, and only as they stand there. Nothing was recorded.",
    later_title="Not recorded",
    later_lead="We cannot write it down at the moment. Please go back and send it again in a minute.",
)

_GERMAN = Ballot(
    language="de",
    right="Richtig",
    wrong="Falsch",
    note="Notiz {reference} · Ticket {ticket}",
    right_title="Diese Notiz war richtig",
    right_lead="Der Entwurf ließ sich senden, oder es stand darin, was zu wissen war.",
    wrong_title="Diese Notiz war falsch",
    wrong_lead="Es war etwas anderes zu schreiben, oder sie führte in die Irre.",
    comment="Ein paar Worte, wenn Sie möchten",
    right_hint="Was hat geholfen?",
    wrong_hint="Was hat in die Irre geführt?",
    reason="Was war falsch, wenn Sie mögen",
    reasons={
        "facts": "Eine Angabe stimmt nicht",
        "outdated": "Veraltet",
        "policy": "Gegen unsere Regeln",
        "unasked": "An der Frage vorbei",
        "hand_over": "Das war Sache eines Menschen",
        "tone": "Der Ton",
    },
    answer="Die richtige Antwort, falls Sie sie haben",
    answer_hint="Eine geprüfte Antwort kann zur Lehre für das nächste Ticket werden.",
    masked="Bitte keine Namen: maskiert werden nur Mailadressen, Nummern und Ähnliches.",
    send="Senden",
    thanks_title="Danke",
    thanks_lead="Das ist vermerkt. Wer es sich anders überlegt, folgt dem anderen Link in der Notiz.",
    known_title="Schon vermerkt",
    known_lead="Das wurde bereits gesagt, es hat sich nichts geändert. Wer es zurücknehmen will, folgt dem anderen Link in der Notiz.",
    gone_title="Dieser Link gilt nicht mehr",
    gone_lead="Links in einer Notiz gelten 30 Tage, und nur so, wie sie dort stehen. Es wurde nichts vermerkt.",
    later_title="Nicht vermerkt",
    later_lead="Im Moment lässt es sich nicht festhalten. Bitte zurückgehen und in einer Minute noch einmal senden.",
)

_FRENCH = Ballot(
    language="fr",
    right="Juste",
    wrong="Faux",
    note="Note {reference} · ticket {ticket}",
    right_title="Cette note était juste",
    right_lead="Le brouillon pouvait être envoyé, ou elle disait ce qu'il fallait savoir.",
    wrong_title="Cette note était fausse",
    wrong_lead="Il a fallu écrire autre chose, ou elle vous a induit en erreur.",
    comment="En quelques mots, si vous le souhaitez",
    right_hint="Qu'est-ce qui a aidé ?",
    wrong_hint="Qu'est-ce qui l'a égarée ?",
    reason="Ce qui était faux, si vous le souhaitez",
    reasons={
        "facts": "Un fait est inexact",
        "outdated": "Ce n'est plus à jour",
        "policy": "Contraire à nos règles",
        "unasked": "À côté de la question",
        "hand_over": "Une personne devait le prendre",
        "tone": "Le ton",
    },
    answer="La bonne réponse, si vous l’avez",
    answer_hint="Une réponse relue peut devenir une leçon pour le prochain ticket.",
    masked="Pas de noms, s'il vous plaît : seuls les adresses e-mail, les numéros et autres sont masqués.",
    send="Envoyer",
    thanks_title="Merci",
    thanks_lead="C'est noté. Pour changer d'avis, suivez l'autre lien de la note.",
    known_title="Déjà noté",
    known_lead="Cela a déjà été dit, rien n'a changé. Pour revenir en arrière, suivez l'autre lien de la note.",
    gone_title="Ce lien n'est plus valable",
    gone_lead="Les liens d'une note sont valables 30 jours, et seulement tels qu'ils y figurent. Rien n'a été enregistré.",
    later_title="Pas enregistré",
    later_lead="L'enregistrement est impossible pour le moment. Revenez en arrière et renvoyez dans une minute.",
)

_SPANISH = Ballot(
    language="es",
    right="Correcto",
    wrong="Incorrecto",
    note="Nota {reference} · ticket {ticket}",
    right_title="Esta nota era correcta",
    right_lead="El borrador se podía enviar, o decía lo que hacía falta saber.",
    wrong_title="Esta nota era incorrecta",
    wrong_lead="Hubo que escribir otra cosa, o llevaba por mal camino.",
    comment="En pocas palabras, si quiere",
    right_hint="¿Qué ayudó?",
    wrong_hint="¿Qué la llevó por mal camino?",
    reason="Qué estaba mal, si quiere",
    reasons={
        "facts": "Un dato es incorrecto",
        "outdated": "Está desactualizado",
        "policy": "Contra nuestras reglas",
        "unasked": "No responde a la pregunta",
        "hand_over": "Debía atenderlo una persona",
        "tone": "El tono",
    },
    answer="La respuesta correcta, si la tiene",
    answer_hint="Una respuesta revisada puede convertirse en una lección para el próximo ticket.",
    masked="Sin nombres, por favor: solo se ocultan direcciones de correo, números y similares.",
    send="Enviar",
    thanks_title="Gracias",
    thanks_lead="Queda anotado. Para cambiar de opinión, siga el otro enlace de la nota.",
    known_title="Ya anotado",
    known_lead="Ya se había dicho, así que nada ha cambiado. Para retirarlo, siga el otro enlace de la nota.",
    gone_title="Este enlace ya no sirve",
    gone_lead="Los enlaces de una nota sirven durante 30 días, y solo tal como están en ella. No se ha registrado nada.",
    later_title="No registrado",
    later_lead="Ahora mismo no se puede guardar. Vuelva atrás y envíelo de nuevo en un minuto.",
)

_LANGUAGES: Mapping[str, Ballot] = {one.language: one for one in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH)}


def ballot(language: str) -> Ballot:
    """The words in a team's language ("de", "de-AT"); English for one that is not written yet."""
    return _LANGUAGES.get(language.lower().partition("-")[0], _ENGLISH)
