"""What is found and in which order, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.vectors import (
    Question,
    Vectors,
)
from service.vectors.ranking import HYBRID, WORDS
from tests.service.vectors.samples import (
    FENCE,
    TEXTS,
    ask,
    entry,
    hybrid,
    passage,
    put,
    put_with_embeddings,
    signals,
    titles,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)


class TestSearch:
    """What is found, and in which order."""

    async def test_an_empty_index_finds_nothing(self, vectors: Vectors) -> None:
        """No passages is an answer, not an error."""
        assert await ask(vectors, "refund") == []
        assert (await vectors.status()).passages == 0

    async def test_a_passage_comes_back_as_it_was_put(self, vectors: Vectors) -> None:
        """Nothing that a note needs is lost on the way."""
        whole = passage(
            0,
            url="https://help.acme.test/1",
            breadcrumb="Orders › Money",
            position=0,
            updated_at="2026-01-02T03:04:05Z",
            links=("https://status.acme.test/now", "https://acme.test/?a=1"),
        )
        await put(vectors, entry(whole))

        assert (await ask(vectors, "refund"))[0].passage == whole

    async def test_words_match_in_any_form_of_the_questions_language(self, vectors: Vectors) -> None:
        """Stemming: a plural finds the singular."""
        await put(vectors, *(entry(passage(number)) for number in range(len(TEXTS))))

        assert titles(await ask(vectors, "my exports show errors"))[0] == "Export"

    async def test_words_in_the_title_count_more_than_once(self, vectors: Vectors) -> None:
        """The title is a field of its own: of two bodies with the word, the one that is about it wins."""
        await put(
            vectors,
            entry(passage(0, title="Shipping", text="Returns are free, and parcels come back within a week of time.")),
            entry(passage(1, title="Returns", text="Parcels that come back within a week of returns are free now.")),
        )

        assert titles(await ask(vectors, "returns")) == ["Returns", "Shipping"]
        assert len((await signals(vectors, Question("returns", "en")))["bm25_title"]) == 1

    async def test_without_embeddings_a_score_is_the_sum_of_both_word_signals(self, vectors: Vectors) -> None:
        """The weights in ranking.WORDS are what the engine adds up."""
        await put(vectors, *(entry(passage(number)) for number in range(len(TEXTS))))

        found = await ask(vectors, "refund of an order", replace(FENCE, languages=()))

        said = await signals(vectors, Question("refund of an order", "en"))
        assert found
        assert set(said) == set(WORDS)
        for one in found:
            expected = sum(WORDS[name] * scores.get(one.passage.id, 0.0) for name, scores in said.items())
            assert one.score == pytest.approx(expected, rel=1e-4)

    async def test_with_embeddings_a_score_is_the_sum_of_four_signals(self, vectors: Vectors) -> None:
        """The weights in ranking.HYBRID are what the engine adds up."""
        await put_with_embeddings(vectors)

        found = await vectors.search(hybrid("refund of an order"), fence=replace(FENCE, languages=()), limit=10)

        said = await signals(vectors, hybrid("refund of an order"))
        assert len(found) == len(TEXTS)
        assert set(said) == set(HYBRID) == found[0].signals
        for one in found:
            expected = sum(HYBRID[name] * scores.get(one.passage.id, 0.0) for name, scores in said.items())
            assert one.score == pytest.approx(expected, rel=1e-4)

    async def test_embeddings_of_another_model_are_not_compared(self, vectors: Vectors) -> None:
        """A cosine between two models means nothing: words alone decide then."""
        await put_with_embeddings(vectors)

        found = await vectors.search(replace(hybrid("refund"), model="another"), fence=FENCE, limit=10)

        assert {name for one in found for name in one.signals} == set(WORDS)

    async def test_a_question_of_stop_words_or_signs_finds_nothing(self, vectors: Vectors) -> None:
        """There is nothing to look for, and that is no error."""
        await put(vectors, entry(passage(0)))

        assert await ask(vectors, "of the and") == []
        assert await ask(vectors, "?!") == []
        assert await ask(vectors, "") == []

    async def test_a_very_long_question_gets_an_answer(self, vectors: Vectors) -> None:
        """20,000 characters of a forwarded thread are no reason to fail."""
        await put(vectors, *(entry(passage(number)) for number in range(len(TEXTS))))

        assert titles(await ask(vectors, "refund order " * 1_600))[0] == "Refunds"

    async def test_a_script_without_spaces_is_searched(self, vectors: Vectors) -> None:
        """Two characters stand for a word where no spaces do."""
        await put(
            vectors,
            entry(passage(0, title="退款", text="订单取消后五个工作日内退款。", language="zh")),
            entry(passage(1, title="密码", text="请在设置中重置密码。", language="zh")),
        )

        found = await ask(vectors, "怎么重置我的密码", replace(FENCE, languages=("zh",)), "zh")

        assert titles(found)[0] == "密码"


class TestLanguages:
    """Stemming by the passage's language, preference by the ticket's."""

    async def test_each_passage_is_stemmed_by_its_own_language(self, vectors: Vectors) -> None:
        """German inflection is folded for German passages, whatever else the index holds."""
        await put(
            vectors,
            entry(passage(0)),
            entry(
                passage(1, title="Rechnungen", text="Ihre Rechnungen finden Sie in den Bestellungen.", language="de")
            ),
        )

        found = await ask(vectors, "Wo ist die Rechnung meiner Bestellung?", replace(FENCE, languages=("de",)), "de")

        assert titles(found) == ["Rechnungen"]

    async def test_a_question_of_unknown_language_is_tried_in_every_stemming(self, vectors: Vectors) -> None:
        """Too short to guess a language: both indexed ones are looked through."""
        await put(
            vectors,
            entry(passage(0)),
            entry(passage(1, title="Rechnungen", text="Alle Rechnungen stehen im Konto.", language="de")),
        )

        assert titles(await ask(vectors, "Rechnung", replace(FENCE, languages=()), "")) == ["Rechnungen"]
        assert titles(await ask(vectors, "refunded", replace(FENCE, languages=()), "")) == ["Refunds"]

    async def test_a_passage_in_the_tickets_language_comes_before_its_translation(self, vectors: Vectors) -> None:
        """Preferred, not fenced: what exists only in another language is still found, after it."""
        await put(
            vectors,
            entry(passage(0, title="Code X-77", text="X-77 restart router", language="en")),
            entry(passage(1, title="Code X-77", text="X-77 router starten", language="de")),
        )

        german = await ask(vectors, "X-77", replace(FENCE, languages=("de",)), "de")
        english = await ask(vectors, "X-77", replace(FENCE, languages=("en", "de")), "en")

        assert [one.passage.language for one in german] == ["de", "en"]
        assert [one.passage.language for one in english] == ["en", "de"]
