"""Telling languages apart in messages of a sentence or two."""

from __future__ import annotations

import pytest

from service.languages import GREETING_ENDS, GREETING_WORDS, NAMES, detect, greeting, name_of

MESSAGES = {
    "en": [
        "Hi, I can't log in since this morning. It says error 403, what should I do?",
        "Where is my order? The tracking link does not work.",
        "Can exports be written as Parquet?",
        "Is there a dark mode in the app?",
        "Do you deliver to Italia?",
    ],
    "de": [
        "Hallo, ich kann mich nicht einloggen. Es kommt Error 403, was soll ich tun?",
        "Wo ist meine Bestellung? Der Tracking-Link geht nicht.",
        "Ich möchte mein Abo kündigen. Bitte um Bestätigung.",
        "Gibt es einen Dark Mode in der App?",
    ],
    "fr": [
        "Bonjour, je n'arrive plus à me connecter. Que dois-je faire ?",
        "Où est ma commande ? Le lien de suivi ne marche pas.",
        "La tasse est arrivée cassée. Je voudrais un remboursement.",
    ],
    "es": [
        "Hola, no puedo iniciar sesión. ¿Qué tengo que hacer?",
        "¿Dónde está mi pedido? El enlace de seguimiento no funciona.",
        "Hola, quiero devolver un artículo. ¿Cómo lo hago?",
    ],
    "it": [
        "Buongiorno, non riesco ad accedere. Cosa devo fare?",
        "Dov'è il mio ordine? Il link di tracciamento non funziona.",
        "La tazza è arrivata rotta. Vorrei un rimborso.",
    ],
    "pt": [
        "Olá, não consigo entrar na minha conta. O que devo fazer?",
        "Onde está o meu pedido? O link de rastreio não funciona.",
        "A caneca chegou partida. Quero um reembolso.",
    ],
    "nl": [
        "Hallo, ik kan niet inloggen. Wat moet ik doen?",
        "Waar is mijn bestelling? De trackinglink werkt niet.",
        "Is er een donkere modus in de app?",
    ],
    "pl": ["Dzień dobry, nie mogę się zalogować. Co mam zrobić?"],
    "sv": ["Hej, jag kan inte logga in. Vad ska jag göra?"],
    "da": ["Hej, jeg kan ikke logge ind. Hvad skal jeg gøre?"],
    "fi": ["Hei, en pääse kirjautumaan sisään. Mitä minun pitäisi tehdä?"],
    "cs": ["Dobrý den, nemohu se přihlásit. Co mám dělat?"],
    "uk": ["Вітаю, не можу увійти. Що робити?"],
    "ru": ["Здравствуйте, не могу войти. Что делать?"],
    "zh": ["你好,我的订单在哪里?物流链接打不开。"],
    "ja": ["注文した商品が届きません。どうすればいいですか?"],
    "ko": ["주문이 도착하지 않았습니다. 어떻게 해야 하나요?"],
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in MESSAGES.items() for text in texts])
def test_a_short_message_gives_its_language_away(language: str, text: str) -> None:
    """Two sentences are what a customer writes."""
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "Ok", "<NAME_1> <EMAIL_1>", "https://acme.example/a/b", "INV-2026-00417", "?!" * 500]
)
def test_too_little_is_not_guessed(text: str) -> None:
    """The caller then looks at earlier messages."""
    assert detect(text) == ""


def test_what_is_no_language_does_not_count() -> None:
    """A German line above an English stack trace is German."""
    text = "Der Export bricht ab, was kann ich tun?\n```\nTraceback: the server returned an error while reading the file\n```"

    assert detect(text) == "de"


@pytest.mark.parametrize("language", NAMES)
def test_a_greeting_is_recognised_as_one(language: str) -> None:
    """What we write ourselves must not be greeted twice."""
    for line in (greeting(language, author="<NAME_1>"), greeting(language)):
        assert GREETING_WORDS.match(line) or GREETING_ENDS.search(line) or line.startswith(("<NAME_1>", "您好"))
    assert "<NAME_1>" in greeting(language, author="<NAME_1>")


def test_an_unknown_language_is_greeted_in_english() -> None:
    """And named by its code in a prompt."""
    assert greeting("xx") == "Hello,"
    assert name_of("xx") == "xx"
