"""Quoting without a model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.analysis import analyse_by_rules
from service.conversation import Conversation, Turn
from service.drafting import Citation, Draft
from service.extractive import ask_instead, quote_passages
from service.passages import Retrieval
from service.vectors import Found, Passage

ENOUGH = 0.4

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
    text: str, passages: tuple[Found, ...], *, confidence: float = 0.9, author: str = "<NAME_1>", team: str = "en"
) -> Draft:
    """What the writer makes of one message."""
    ticket = Conversation(subject="", turns=(Turn("requester", AT, text),), author=author)
    retrieval = Retrieval(passages, coverage=0.9, confidence=confidence)
    return quote_passages(ticket, analyse_by_rules(ticket), retrieval, team_language=team, abstain_below=ENOUGH)


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
    assert quoted("How can I return an item?", found(RETURNS), confidence=ENOUGH).covered
    assert not quoted("How can I return an item?", found(RETURNS), confidence=ENOUGH - 0.01).covered


def test_what_touches_a_person_is_quoted_only_where_the_article_surely_speaks_of_it() -> None:
    """Half a guess about personal data does harm."""
    asked = "Please delete all personal data that you hold about me under the GDPR."
    article = found(("Deleting personal data", "Personal data that we hold under the GDPR is deleted on request."))

    assert quoted(asked, article, confidence=0.85).covered
    assert not quoted(asked, article, confidence=0.75).covered


def test_a_quotation_is_as_sure_as_the_passages_were() -> None:
    """The rules look at the same words as retrieval: they add no evidence."""
    assert quoted("How can I return an item?", found(RETURNS), confidence=0.63).certainty == 0.63


def test_a_draft_that_is_too_unsure_gives_way_to_a_question() -> None:
    """Its text and citations go; what the model cost is still counted."""
    ticket = Conversation(subject="", turns=(Turn("requester", AT, "Kann man Exporte als Parquet schreiben?"),))
    unsure = Draft(
        "Ja, das geht.", "de", covered=True, citations=(Citation(1),), model="main", tokens_in=900, tokens_out=80
    )

    draft = ask_instead(unsure, ticket, analyse_by_rules(ticket), team_language="en")

    assert (draft.covered, draft.citations, draft.writer) == (False, (), "model")
    assert "Ja, das geht" not in draft.text
    assert "Können Sie mir" in draft.text
    assert "hardly support" in draft.reason
    assert (draft.model, draft.tokens_in, draft.tokens_out) == ("main", 900, 80)


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
        quoted(text, found(DELIVERY, RETURNS), confidence=ENOUGH - 0.01),
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

    assert draft.reason.startswith("Ausgewählte Abschnitte")
    assert draft.gloss == "was in „Return an item“ (Englisch) steht, Wort für Wort."


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


RESTART = (
    "Lamp flickers",
    (
        "A lamp that flickers has lost its driver.\n\n## What to do first\n\n1. Switch the lamp off.\n2. Wait one minute.\n\n"
        "## When it flickers after the restart\n\nThen the driver inside is broken. It cannot be repaired. We replace the lamp "
        "free of charge."
    ),
)
CASES = (
    "Changing an order",
    (
        "## Within 60 minutes\n\nOpen Orders and tap Change. You can choose another colour.\n\n"
        "## After 60 minutes\n\nThen nobody can reach it any more. Return it and order another colour."
    ),
)
SIZES = (
    "Lamps compared",
    "They differ in size.\n\nArc | Bow\nHeight | 30 cm | 45 cm\nWeight | 1 kg | 2 kg\n\nBoth are made of steel.",
)


def test_a_section_is_quoted_whole_and_below_its_heading() -> None:
    """A sentence such as "Then the driver is broken" says nothing without what came before."""
    draft = quoted("It still flickers after the restart. Is the driver broken?", found(RESTART, RETURNS))

    assert "When it flickers after the restart:\nThen the driver inside is broken. It cannot be repaired." in draft.text
    assert "Wait one minute" not in draft.text  # tried already


def test_a_question_that_no_passage_speaks_of_is_named() -> None:
    """It is not answered with what stands nearest, and the agent sees that it is open."""
    draft = quoted(
        "How can I return an item? And how much does a gift wrapping with a greeting card cost?",
        found(RETURNS, DELIVERY),
    )

    assert "1. Open Orders" in draft.text
    assert draft.checks == ("Not answered: “And how much does a gift wrapping with a greeting card cost?”",)


def test_two_questions_in_one_sentence_are_two() -> None:
    """The second is open here, the first is not."""
    draft = quoted("How can I return an item, and where is your showroom in Hamburg?", found(RETURNS, DELIVERY))

    assert "1. Open Orders" in draft.text
    assert draft.checks == ("Not answered: “where is your showroom in Hamburg?”",)


def test_all_cases_of_one_thing_are_quoted() -> None:
    """Words cannot tell which of them holds for the customer."""
    text = quoted("I took the wrong colour, can I change my order?", found(CASES, RETURNS)).text

    assert "Within 60 minutes:\n" in text
    assert "After 60 minutes:\n" in text


def test_a_table_is_quoted_as_lines_that_can_be_read() -> None:
    """With the names of its columns, and without a bar."""
    text = quoted("Which height and weight has the Bow?", found(SIZES)).text

    assert "They differ in size." in text
    assert "- Height: Arc 30 cm, Bow 45 cm\n- Weight: Arc 1 kg, Bow 2 kg" in text
    assert "|" not in text


def test_an_error_code_finds_its_article_in_whatever_language() -> None:
    """The one in the customer's language speaks of something else."""
    english = found(("Error F7", "F7 means that the cable is loose. Push it in."))
    german = found(("Lampe zurückgeben", "Sie können jede Lampe innerhalb von 30 Tagen zurückgeben."), language="de")
    draft = quoted("Meine Lampe zeigt F7 an, was bedeutet das?", english + german)

    assert "Push it in." in draft.text
    assert draft.checks == ("The quoted article is in English, the customer writes in German: translate it.",)


def test_the_gloss_names_language_and_headings() -> None:
    """So that a team that cannot read the draft knows what it sends."""
    german = found(
        ("Lampe", "## Pflege\n\nWischen Sie die Lampe mit einem Tuch ab.\n\n## Maße\n\nDie Lampe ist 30 cm hoch.")
    )
    passages = tuple(Found(replace(one.passage, language="de"), one.score) for one in german)
    draft = quoted("Womit soll ich die Lampe abwischen, mit einem Tuch?", passages)

    assert draft.gloss == "what “Lampe” (German; Pflege) says, word for word."


@pytest.mark.parametrize(
    ("text", "asked", "reason"),
    [
        ("hello", "how can I help you?", "does not say what it is about"),
        ("My lamp is broken since this morning.", "what exactly happens", "clearly enough"),
        ("Where is my order?", "number of your order", "clearly enough"),
        ("Where is my order AB-20417?", "a little more about", "clearly enough"),
        ("Can it be engraved?", "a little more about", "clearly enough"),
        ("Please delete my personal data.", "the right person here sees it", "decide who answers"),
        ("Die Lampe ist kaputt.", "was genau passiert", "clearly enough"),
        ("Bonjour, où est ma commande ?", "numéro de commande", "clearly enough"),
        ("Por favor, borren todos mis datos personales.", "la persona adecuada", "decide who answers"),
    ],
)
def test_what_is_asked_back_suits_what_is_missing(text: str, asked: str, reason: str) -> None:
    """A report of a fault, an order without its number, a bare greeting; and no question where a person must answer."""
    draft = quoted(text, ())

    assert asked in draft.text
    assert reason in draft.reason


def test_a_frame_in_english_around_another_language_is_a_check() -> None:
    """There are no ready sentences in Japanese."""
    article = ("電球の交換", "電球を交換するには、電源を切ってください。")
    draft = quoted("電球を交換するにはどうすればいいですか？", found(article, language="ja"))

    assert draft.text.startswith("Hi <NAME_1>,\n\nhere is what our help pages say")
    assert draft.checks == (
        "The draft's own sentences are in English, the customer writes in Japanese: translate them.",
    )


def test_a_question_at_the_end_of_a_long_mail_is_answered() -> None:
    """However much is told before it."""
    told = "We moved house in spring and many things were different since then. " * 60
    draft = quoted(f"{told}\n\nHow can I return an item?", found(DELIVERY, RETURNS))

    assert "1. Open Orders" in draft.text


def test_half_a_sentence_at_the_start_of_a_passage_is_left_out() -> None:
    """A long article is cut between words."""
    article = ("Lamps", "with the screw. A lamp that hums needs a new bulb. Turn it to the left.")
    draft = quoted("My lamp hums, does it need a new bulb?", found(article, position=2))

    assert "with the screw" not in draft.text
    assert "A lamp that hums needs a new bulb." in draft.text
