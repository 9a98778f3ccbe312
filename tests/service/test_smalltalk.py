"""Which messages need no answer."""

from __future__ import annotations

import pytest

from service.smalltalk import is_automatic, is_thanks_only

THANKS = [
    "Thanks, that solved it!",
    "Thanks a lot, that helped!",
    "Danke, das hat geholfen.",
    "Merci, ça m'a beaucoup aidé.",
    "Gracias, me ha ayudado mucho.",
    "Thank you so much for the quick help!",
    "thx",
    "Thanks Tom",
    "Thanks a lot!\n\nTom Weaver",
    "It works now, thank you.",
    "Perfect, all good now 👍",
    "👍",
    "🙏🙏",
    "ok",
    "Great, thanks again!",
    "The problem is solved. You can close the ticket.",
    "Got it, cheers :)",
    "Hi <NAME_1>,\nthank you very much for your fast reply!\nBest regards\n<NAME_2>",
    "Danke, klappt jetzt",
    "Vielen Dank für die schnelle Hilfe!",
    "Super, funktioniert. Danke!",
    "Hallo Frau Berger, herzlichen Dank! Das Problem ist gelöst.",
    "Alles klar, danke 😊",
    "Perfekt, keine weiteren Fragen.",
    "Besten Dank und einen schönen Tag!",
    "Das Ticket kann geschlossen werden. Danke!",
    "Merci beaucoup !",
    "Parfait, merci pour votre aide.",
    "Merci, ça marche maintenant 🎉",
    "Bonjour, merci pour votre réponse rapide. Bonne journée !",
    "C'est résolu, merci !",
    "Muchas gracias",
    "¡Perfecto, muchas gracias por la ayuda!",
    "Gracias, ya funciona.",
    "Mil gracias por su respuesta. Saludos",
    "Problema resuelto, gracias!",
    "Grazie mille!",
    "Perfetto, ora funziona. Grazie!",
    "Grazie per la risposta rapida, buona giornata",
    "Muito obrigada!",
    "Obrigado pela ajuda, está resolvido.",
    "Perfeito, agora funciona",
    "Dank je wel!",
    "Bedankt voor de snelle reactie, het werkt nu.",
    "Top, opgelost. Hartelijk dank!",
    "I’ll try it and let you know. Thanks!",
    "Received, thank you",
    "Danke <3",
]

MORE = [
    "Thanks, that helped, but the lid still leaks.",
    "Sorry, that did not help.",
    "Thanks, but it still fails",
    "thanks! One more thing: where is my invoice",
    "Thanks, when will it arrive?",
    "Thanks in advance",
    "Thanks, it does not work",
    "Thanks for nothing",
    "Thanks, again the problem",
    "Thanks. Please cancel my order",
    "Thanks, my order number is 48213",
    "Thank you, I am still waiting for the refund",
    "Perfect, and the second parcel?",
    "It works on my phone, not on the tablet",
    "Great, now the printer is offline",
    "Thank you for your reply. The link is broken.",
    "Ok, send me the form",
    "Thanks, see https://example.org/screenshot",
    "Thanks! Cancel",
    "Thanks, it worked until yesterday",
    "Okay, however the total is wrong",
    "Danke, aber es klappt nicht",
    "Danke. Und wann kommt das Paket?",
    "Vielen Dank im Voraus",
    "Danke, leider immer noch dasselbe",
    "Danke, bitte noch die Rechnung schicken",
    "Danke, Rechnung fehlt",
    "Funktioniert nicht",
    "Merci, mais ça ne marche pas",
    "Merci de me rappeler",
    "Merci d'avance",
    "Merci, et pour la facture ?",
    "Merci, il manque encore un article",
    "Gracias, pero no funciona",
    "Gracias de antemano",
    "Gracias. ¿Cuándo llega?",
    "Gracias, falta la factura",
    "Grazie, ma non funziona",
    "Grazie, quando arriva?",
    "Grazie, manca ancora la fattura",
    "Obrigado, mas ainda não funciona",
    "Obrigada, falta a fatura",
    "Bedankt, maar het werkt niet",
    "Bedankt, wanneer komt het pakket?",
    "Alvast bedankt",
    "Dank, nog een vraag",
    "Thanks <EMAIL_1>",
    "Hello",
    "Dear team",
    "",
    "My printer is offline.",
    "Where is my parcel",
    "Thanks 👎 still broken",
    "😡",
]

AUTOMATIC = [
    ("Automatic reply: Your order", "I am away."),
    ("Out of Office", ""),
    ("Out of office: until Monday", ""),
    ("Re: Autoreply", ""),
    ("Automatische Antwort: Ihre Anfrage", ""),
    ("AW: Abwesenheitsnotiz", ""),
    ("Réponse automatique : Votre commande", ""),
    ("Absence du bureau", ""),
    ("Respuesta automática: pedido", ""),
    ("Fuera de la oficina", ""),
    ("Risposta automatica: ordine", ""),
    ("Fuori sede", ""),
    ("Resposta automática: encomenda", ""),
    ("Automatisch antwoord: bestelling", ""),
    ("Afwezig tot 12 mei", ""),
    ("Undeliverable: Your order", ""),
    ("Undelivered Mail Returned to Sender", ""),
    ("Delivery Status Notification (Failure)", ""),
    ("Unzustellbar: Ihre Bestellung", ""),
    ("Non remis : Votre commande", ""),
    ("Onbestelbaar: bestelling", ""),
    ("Re: Your order", "Thank you for your e-mail. I am currently out of the office and will be back on 12 May."),
    ("Re: Ihre Bestellung", "Ich bin derzeit nicht im Büro. In dringenden Fällen wenden Sie sich an meine Vertretung."),
    ("Re: Commande", "Je suis absent du bureau jusqu'au 3 mai."),
    ("Re: Pedido", "Estoy fuera de la oficina hasta el lunes."),
    ("Re: Ordine", "Sono fuori ufficio fino al 3 maggio."),
    ("Re: Encomenda", "Estou fora do escritório até segunda-feira."),
    ("Re: Bestelling", "Ik ben momenteel afwezig tot 12 mei."),
    ("Re: Order", "This is the mail system at host mx.example.org. I'm sorry to have to inform you ..."),
    ("Re: Order", "Your message to ana@example.org couldn't be delivered."),
]

PERSONAL = [
    ("Out of office not working in your app", "It never sends."),
    ("Question about the automatic reply", "How do I set it?"),
    ("Re: Your order", "I will be out of the office until Monday. Can you deliver on Tuesday?"),
    ("Our mails come back", "Hello, our customers get: Delivery to the following recipient failed permanently"),
    ("Delivery", "When is the delivery?"),
    ("Delivery of my order has not arrived", "Where is it?"),
    ("Lieferung", "Ich bin bis Freitag im Urlaub, können Sie danach liefern?"),
    ("Printer", "My printer is offline."),
    ("", ""),
    ("Abwesenheit eintragen", "Wie trage ich Abwesenheiten ein?"),
]


@pytest.mark.parametrize("text", THANKS)
def test_thanks_alone_need_no_answer(text: str) -> None:
    """A message that only thanks or confirms gets silence."""
    assert is_thanks_only(text)


@pytest.mark.parametrize("text", MORE)
def test_thanks_with_anything_else_need_an_answer(text: str) -> None:
    """A question, a report, a wish or an unknown word is enough."""
    assert not is_thanks_only(text)


@pytest.mark.parametrize(("subject", "text"), AUTOMATIC)
def test_mail_of_a_machine_is_known_without_the_vendors_flag(subject: str, text: str) -> None:
    """Absence notes, automatic answers and delivery failures."""
    assert is_automatic(subject, text)


@pytest.mark.parametrize(("subject", "text"), PERSONAL)
def test_a_person_who_writes_about_such_mail_is_a_person(subject: str, text: str) -> None:
    """The words must begin the subject or the text, and whoever asks is a person."""
    assert not is_automatic(subject, text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks a lot, the kettle works perfectly now!",
        "Danke, der Wasserkocher läuft wieder einwandfrei!",
        "Merci, la bouilloire fonctionne parfaitement.",
        "Gracias, el hervidor ya funciona perfectamente",
    ],
)
def test_that_a_thing_works_is_thanks_as_well(text: str) -> None:
    """Whatever it is called."""
    assert is_thanks_only(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, works now but how do I reset it",
        "Thanks, the kettle works but the lid does not",
        "Thanks, the parcel arrived broken",
        "Danke, der Wasserkocher läuft aus",
        "Merci, la bouilloire ne fonctionne pas",
    ],
)
def test_what_is_said_beside_it_is_no_thanks(text: str) -> None:
    """The pattern takes only what it knows; a word more, and the message gets its answer."""
    assert not is_thanks_only(text)
