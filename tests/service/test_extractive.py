"""Quoting without a model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.analysis import analyse_by_rules
from service.conversation import Conversation, Turn
from service.drafting import Draft
from service.extractive import MIN_COVERAGE, quote_passages
from service.passages import Retrieval
from service.vectors import Found, Passage

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

DELIVERY = (
    "Delivery times",
    (
        "Parcels within the EU take three to five working days. We ship every weekday at noon.\n\n"
        "You get an e-mail with a tracking link once the parcel leaves our warehouse. If the tracking link does not work, "
        "wait one day and try again."
    ),
)
RETURNS = (
    "Return an item",
    (
        "You can return any item within 30 days.\n\nTo return an item:\n1. Open Orders in your account.\n2. Choose the order and "
        "select Return.\n3. Print the label.\n\nThe refund arrives within five days after we have received the item."
    ),
)
GERMAN = (
    "Artikel zurücksenden",
    "Sie können jeden Artikel innerhalb von 30 Tagen zurücksenden. Öffnen Sie dazu Bestellungen und wählen Sie Zurücksenden.",
)


def found(*articles: tuple[str, str], **values: Any) -> tuple[Found, ...]:
    """Passages in this order."""
    known = {
        "source": "folder",
        "breadcrumb": "",
        "language": "en",
        "audience": "public",
        "url": "https://help.acme.example",
    }
    return tuple(
        Found(
            Passage(**(known | {"id": title, "article": f"folder:{title}", "title": title, "text": text} | values)), 1.0
        )
        for title, text in articles
    )


def quoted(
    text: str, passages: tuple[Found, ...], *, coverage: float = 0.9, author: str = "<NAME_1>", team: str = "en"
) -> Draft:
    """What the writer makes of one message."""
    ticket = Conversation(subject="", turns=(Turn("requester", AT, text),), author=author)
    return quote_passages(ticket, analyse_by_rules(ticket), Retrieval(passages, coverage), team_language=team)


def test_the_sentences_that_speak_of_the_question_are_quoted() -> None:
    """Word for word, behind a greeting, and the note can say so."""
    draft = quoted("My tracking link does not work, what now?", found(DELIVERY, RETURNS))

    assert draft.text.startswith("Hi <NAME_1>,\n\n")
    assert "If the tracking link does not work, wait one day and try again." in draft.text
    assert "Open Orders" not in draft.text
    assert [citation.number for citation in draft.citations] == [1]
    assert (draft.covered, draft.writer, draft.language) == (True, "extractive", "en")
    assert "word for word" in draft.reason


def test_steps_stay_together() -> None:
    """Half of an instruction is worse than none."""
    draft = quoted("How can I return an item?", found(DELIVERY, RETURNS))

    assert (
        "To return an item:\n1. Open Orders in your account.\n2. Choose the order and select Return.\n3. Print the label."
        in draft.text
    )
    assert [citation.number for citation in draft.citations] == [2]


def test_two_questions_are_answered_from_two_articles() -> None:
    """In the order in which they were asked."""
    draft = quoted("How long does a parcel take? And how can I return an item?", found(RETURNS, DELIVERY))

    assert {citation.number for citation in draft.citations} == {1, 2}
    assert draft.text.index("three to five working days") < draft.text.index("1. Open Orders")


def test_an_article_in_the_customers_language_comes_first() -> None:
    """Also where another one was found before it."""
    draft = quoted("Wie kann ich einen Artikel zurücksenden?", found(RETURNS) + found(GERMAN, language="de"), team="de")

    assert "Öffnen Sie dazu Bestellungen" in draft.text
    assert "Open Orders" not in draft.text
    assert draft.text.startswith("Hallo <NAME_1>,")
    assert draft.gloss == ""


def test_a_shared_product_name_does_not_outweigh_the_customers_language() -> None:
    """Both articles speak of it; the one that the customer can read is quoted."""
    english = found(("Parcelo Sync E-204", "Parcelo Sync E-204: restart Parcelo Sync."))
    german = found(("Parcelo Sync E-204", "Bei E-204 starten Sie Parcelo Sync neu."), language="de")

    assert "starten Sie" in quoted("Was bedeutet E-204 bei Parcelo Sync, bitte?", english + german).text


def test_a_question_that_is_hardly_spoken_of_is_not_answered() -> None:
    """Even where one sentence seems to fit."""
    assert quoted("How can I return an item?", found(RETURNS), coverage=MIN_COVERAGE).covered
    assert not quoted("How can I return an item?", found(RETURNS), coverage=MIN_COVERAGE - 0.01).covered


def test_a_quotation_in_another_language_is_a_check() -> None:
    """Product names may match across languages; the customer cannot read the rest."""
    article = ("Sync error E-204", "Restart Parcelo to solve sync error E-204.")
    draft = quoted("Hallo, bei mir kommt der Parcelo sync error E-204, was soll ich tun?", found(article))

    assert draft.covered
    assert draft.checks == ("The quoted article is in English, the customer writes in German: translate it.",)
    assert "Sync error E-204" in draft.gloss


@pytest.mark.parametrize("hidden", [{"audience": "internal"}, {"pool": "ticket"}])
def test_what_is_not_for_this_customer_is_never_quoted(hidden: dict[str, str]) -> None:
    """An internal article is ours, a solved ticket another person's."""
    draft = quoted("How can I return an item?", found(RETURNS, **hidden))

    assert not draft.covered
    assert "30 days" not in draft.text


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Can exports be written as Parquet?", "could you tell me"),
        ("Kann man Exporte als Parquet schreiben?", "Können Sie mir"),
        ("Est-ce que les exports existent en Parquet ?", "pourriez-vous"),
        ("¿Se puede exportar en formato Parquet?", "¿podría"),
        ("È possibile esportare in formato Parquet?", "potrebbe"),
        ("É possível exportar em formato Parquet?", "pode descrever"),
        ("Kan ik de gegevens als Parquet exporteren?", "kunt u"),
    ],
)
def test_what_the_articles_do_not_answer_is_asked_back(text: str, question: str) -> None:
    """In the customer's language; nothing is guessed and nothing cited."""
    for draft in (
        quoted(text, found(DELIVERY, RETURNS), coverage=MIN_COVERAGE - 0.01),
        quoted(text, found(DELIVERY, RETURNS)),
        quoted(text, ()),
    ):
        assert not draft.covered
        assert question in draft.text
        assert draft.citations == ()
        assert draft.reason


def test_the_team_reads_its_own_language() -> None:
    """Reason and gloss."""
    draft = quoted("How can I return an item?", found(RETURNS), team="de")

    assert draft.reason.startswith("Ausgewählte Sätze")
    assert draft.gloss.startswith("was in „Return an item“ steht")


def test_a_customer_without_a_name_is_greeted_all_the_same() -> None:
    """And an unknown language in English."""
    assert quoted("How can I return an item?", found(RETURNS), author="").text.startswith("Hello,\n\n")


def test_headings_and_tables_are_not_sentences() -> None:
    """They read badly out of their place."""
    article = ("Prices", "## Prices of returns\n| Country | Price |\n| --- | --- |\nA return is free within the EU.")
    draft = quoted("What is the price of a return?", found(article))

    assert "A return is free within the EU." in draft.text
    assert "|" not in draft.text
    assert "#" not in draft.text


def test_a_long_article_is_not_quoted_whole() -> None:
    """An agent reads it in passing, a customer too."""
    article = ("Returns", " ".join(f"Return number {number} of an item is free." for number in range(200)))

    assert len(quoted("Is the return of an item free?", found(article)).text.split()) < 180


def test_who_asks_how_gets_the_steps_even_from_another_passage_of_the_article() -> None:
    """A long article is cut in two: what it is about stands in one passage, what to do in the other."""
    about = found(
        ("Descaling", "Limescale makes the kettle loud and leaves white flakes in the tea."), article="folder:d"
    )
    steps = found(
        ("Descaling steps", "1. Fill in cold water.\n2. Add citric acid.\n3. Rinse twice."), article="folder:d"
    )
    asked = quoted("There are white flakes in the tea and the kettle is loud. How do I descale it?", about + steps)

    assert "white flakes" in asked.text
    assert "2. Add citric acid." in asked.text
    assert {citation.number for citation in asked.citations} == {1, 2}
