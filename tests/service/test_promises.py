"""Promises that are the team's to make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.groups import Promise
from service.promises import promised
from service.vectors import Passage
from tests.service.test_guard import PUBLIC, passage

ALL: tuple[Promise, ...] = ("refund", "legal", "date")


def kinds(text: str, *cited: Passage, language: str = "en", of: tuple[Promise, ...] = ALL) -> list[Promise]:
    """What is promised in it without support."""
    return [kind for kind, _ in promised(text, of, cited, language=language)]


def said(text: str, language: str = "en") -> Passage:
    """A cited public passage."""
    return replace(passage("said", text=text).passage, language=language)


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "We will refund the full amount.", "refund"),
        ("en", "I have issued a refund for you.", "refund"),
        ("en", "You'll get your money back.", "refund"),
        ("en", "We can offer you a discount on the next order.", "refund"),
        ("de", "Wir erstatten Ihnen den Kaufpreis.", "refund"),
        ("de", "Sie erhalten eine Gutschrift.", "refund"),
        ("fr", "Nous vous rembourserons la totalité.", "refund"),
        ("fr", "Vous recevrez un remboursement.", "refund"),
        ("es", "Le reembolsaremos el importe.", "refund"),
        ("es", "Recibirá una compensación.", "refund"),
        ("en", "We are liable and will pay for damages.", "legal"),
        ("en", "You are legally entitled to this.", "legal"),
        ("de", "Wir haften für den Schaden.", "legal"),
        ("de", "Sie haben einen Rechtsanspruch, den wir garantieren.", "legal"),
        ("fr", "La loi vous donne ce droit, nous le garantissons.", "legal"),
        ("es", "Usted tiene derecho a ello por ley.", "legal"),
        ("en", "It will be with you by Friday.", "date"),
        ("en", "We'll answer within 24 hours.", "date"),
        ("en", "A technician is going to call you tomorrow.", "date"),
        ("en", "It will ship on 3 May.", "date"),
        ("de", "Das Paket wird bis Freitag zugestellt.", "date"),
        ("de", "Wir melden uns innerhalb von zwei Tagen.", "date"),
        ("fr", "Vous recevrez le colis demain.", "date"),
        ("fr", "Nous répondrons sous 48 heures.", "date"),
        ("es", "Lo recibirá el lunes.", "date"),
        ("es", "Le responderemos en 24 horas.", "date"),
    ],
)
def test_a_promise_that_no_cited_article_makes_is_found(language: str, text: str, kind: Promise) -> None:
    """In four languages."""
    assert kinds(f"Hi Ana,\n\n{text}", said("Kettles are made of steel.", language), language=language) == [kind]


@pytest.mark.parametrize(
    ("language", "text", "article"),
    [
        ("en", "We will refund the price of the kettle within 14 days.", "We refund the price of a kettle within two weeks of its return."),
        ("en", "A lost parcel will be replaced free of charge.", "A lost parcel is replaced free of charge."),
        ("en", "It will arrive within three to five working days.", PUBLIC),
        ("de", "Wir erstatten den Kaufpreis innerhalb von 14 Tagen.", "Wir erstatten den Kaufpreis innerhalb von 14 Tagen nach der Rückgabe."),
        ("fr", "Nous vous répondrons sous 48 heures.", "Nous répondons sous 48 heures aux demandes."),
        ("es", "Le responderemos en 24 horas.", "Respondemos a cada consulta en 24 horas."),
    ],
)  # fmt: skip
def test_what_a_cited_public_article_says_too_is_none(language: str, text: str, article: str) -> None:
    """The team has promised it already; said of agents alone it is not."""
    there = said(article, language)

    assert kinds(text, there, language=language) == []
    assert kinds(text, replace(there, audience="internal"), language=language) != []
    assert kinds(text, replace(there, pool="ticket"), language=language) != []


def test_another_amount_or_another_deadline_is_another_promise() -> None:
    """Whatever else the article says in the same words."""
    there = said("We refund the price of a kettle within 14 days of its return.")

    assert kinds("We will refund the price of the kettle within 30 days.", there) == ["refund", "date"]
    assert kinds("We will refund the price of the kettle by Friday.", there) == ["date"]


def test_a_deadline_counts_in_whatever_language_the_article_gives_it() -> None:
    """A span of time is the same in all of them."""
    assert kinds("We'll answer within two days.", said("Wir antworten in 48 Stunden.", "de")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Shall we refund the full amount?",
        "To ask for a refund, open your orders.",
        "Which day did you order?",
        "Hi Ana,\n\nopen 24/7, version 1.2.3.",
        "The button is blue.",
    ],
)
def test_what_commits_to_nothing_is_no_promise(text: str) -> None:
    """Questions, directions, facts."""
    assert kinds(text) == []


def test_the_team_chooses_what_is_flagged() -> None:
    """Each kind once, with its first sentence."""
    text = "We will refund you. We will refund everything by Friday."

    assert list(promised(text, ("refund",), (), language="en")) == [("refund", "We will refund you.")]
    assert kinds(text, of=()) == []
