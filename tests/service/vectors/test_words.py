"""Words as they are indexed and looked for: stemmed by language, counted, without stop words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.vectors import words

FORMS = {
    "en": ("The orders were refunded", "refunding an order"),
    "de": ("Die Bestellungen wurden geliefert", "wann liefert ihr meine Bestellung"),
    "fr": ("Les commandes remboursées", "rembourser une commande"),
    "es": ("Los pedidos reembolsados", "reembolsar un pedido"),
    "pt": ("Os pedidos cancelados", "cancelar um pedido"),
    "it": ("Gli ordini rimborsati", "rimborsare un ordine"),
    "nl": ("De bestellingen geleverd", "een bestelling"),
}
"""By language: two texts that share no word, but words that one asks for and the other has in another form."""


@pytest.mark.parametrize("language", FORMS)
def test_forms_of_a_word_meet_in_their_own_language(language: str) -> None:
    """As a sentence of the article and a question of the customer have them; without a stemmer nothing would meet."""
    told, asked = FORMS[language]

    assert words.tokens(told, language=language) & words.tokens(asked, language=language)
    assert not words.tokens(told, language="xx") & words.tokens(asked, language="xx")


@pytest.mark.parametrize("language", ["", "xx", "ja", "tlh-KX"])
def test_a_language_without_a_stemmer_keeps_its_words_as_they_are(language: str) -> None:
    """The same word is the same, and nothing is cut off or left out."""
    assert words.family(language) == ""
    assert words.tokens("Rechnung R-204", language=language) == words.tokens("r-204 RECHNUNG", language=language)
    assert len(words.tokens("the order was refunded", language=language)) == 4


@pytest.mark.parametrize(("tag", "family"), [("pt-BR", "pt"), ("en_US", "en"), ("DE", "de"), ("no", "no")])
def test_a_region_is_stemmed_as_its_language(tag: str, family: str) -> None:
    """However the helpdesk writes it."""
    assert words.family(tag) == family


def test_a_question_matches_by_its_stop_words_in_no_stemming() -> None:
    """The German word "die" is a word in English; in a German question it asks for nothing."""
    asked = words.query_vector("Die Bestellung", language="de", indexed=("de", "en"))

    assert not set(asked.indices) & words.tokens("they die", language="en")
    assert set(asked.indices) & words.tokens("Bestellungen", language="de")


@given(st.text(alphabet=st.sampled_from("ab.\t\n \x1cé中")) | st.text())
def test_every_way_to_count_words_counts_alike(text: str) -> None:
    """The quick way for plain ASCII, and the one for everything."""
    assert words.length(text) == len(words.PIECE.findall(text))


@pytest.mark.parametrize("characters", [39, 40, 41, 80, 81])
def test_an_endless_string_counts_as_several_words(characters: int) -> None:
    """Else a passage of one line of base64 would be a passage of one word."""
    text = f"see {'x' * characters}"

    assert words.length(text) == len(words.PIECE.findall(text)) == 1 + -(-characters // 40)


def found_by(title: str, question: str) -> float:
    """What the title gets of a question without embeddings."""
    held = words.title_vector(title, language="en", mean=5.0)
    asked = words.title_query(words.query_vector(question, language="en", indexed=("en",)), question)
    weights = dict(zip(held.indices, held.values, strict=True))
    return sum(weights.get(token, 0.0) * value for token, value in zip(asked.indices, asked.values, strict=True))


def test_a_title_is_found_by_another_spelling_of_its_name() -> None:
    """Written apart it shares no word with "WebSphere"; whole words count far more."""
    assert found_by("WebSphere start-up", "my web sphere is down") > found_by("Printers", "my web sphere is down")
    assert found_by("WebSphere start-up", "WebSphere") > 3 * found_by("WebSphere start-up", "web sphere")


def test_four_characters_are_never_taken_for_a_word() -> None:
    """A title about JavaScript does not have the word "java", nor any word it does not have."""
    held = words.title_vector("JavaScript", language="en", mean=5.0)

    assert not set(held.indices) & set(words.query_vector("java scri", language="en", indexed=("en",)).indices)


def test_the_first_sentence_counts_more() -> None:
    """It says what a message is about; the rest tells how it came to that."""
    asked = words.query_vector("Export broken. I tried Firefox.", language="en", indexed=("en",))
    first = words.query_vector("Export broken.", language="en", indexed=("en",))
    stressed = words.stressed(asked, first)
    weights = dict(zip(stressed.indices, stressed.values, strict=True))

    assert set(weights) == set(asked.indices)
    assert {weights[token] for token in first.indices} == {1.3}
    assert {weights[token] for token in set(weights) - set(first.indices)} == {1.0}


@pytest.mark.parametrize("text", ["", "?", "a", "ab", "漢字" * 10_000, "x" * 20_000, "\0", "_" * 50])
def test_any_title_and_any_question_has_its_characters(text: str) -> None:
    """Empty, of signs, endless, of a script without spaces."""
    held = words.title_vector(text, language="en", mean=1.0)
    asked = words.title_query(words.query_vector(text, language="", indexed=("", "en")), text)

    assert len(held.indices) == len(set(held.indices)) == len(held.values)
    assert len(asked.indices) == len(set(asked.indices)) == len(asked.values)
