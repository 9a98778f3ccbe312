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
