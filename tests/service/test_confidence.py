"""How likely it is that what was found answers."""

from __future__ import annotations

import pytest

from connectors.base import Audience
from service import confidence as curves
from service.confidence import fit_for
from service.vectors import Found, Passage


def found(*scores: float, titles: tuple[str, ...] = (), dense: bool = False) -> list[Found]:
    """Passages of as many articles, best first. dense: embeddings had a say."""
    audience: Audience = "public"
    return [
        Found(
            Passage(
                id=str(number),
                article=f"folder:{number}",
                source="folder",
                title=titles[number] if titles else f"Article {number}",
                breadcrumb="",
                text="-",
                url="",
                language="en",
                audience=audience,
            ),
            score,
            frozenset({"dense_body", "bm25_body"} if dense else {"bm25_body"}),
        )
        for number, score in enumerate(scores)
    ]


def confidence(among: list[Found], *, coverage: float) -> float:
    """By the curve that suits them."""
    return curves.confidence(among, coverage=coverage, fit=fit_for(among))


def test_an_article_that_stands_out_is_more_likely_than_one_of_many() -> None:
    """Nine that are nearly as good say that the question is only about something of the kind."""
    clear = confidence(found(20, *[6] * 9), coverage=0.5)
    unclear = confidence(found(20, *[19] * 9), coverage=0.5)

    assert clear > 0.8
    assert unclear < 0.3


def test_how_high_all_scores_are_says_nothing() -> None:
    """A long question has high scores everywhere."""
    assert confidence(found(40, 12, 10), coverage=0.5) == pytest.approx(confidence(found(4, 1.2, 1), coverage=0.5))


def test_the_more_of_the_question_is_spoken_of_the_likelier() -> None:
    """Of two articles that stand out alike."""
    assert confidence(found(9, 5), coverage=0.9) > confidence(found(9, 5), coverage=0.1)


def test_versions_of_one_article_do_not_compete() -> None:
    """The same title three times is one answer."""
    titles = ("Returns", "returns ", "Returns", "Parcels")
    assert confidence(found(9, 8.9, 8.8, 3, titles=titles), coverage=0.5) == pytest.approx(
        confidence(found(9, 3), coverage=0.5)
    )


def test_with_embeddings_versions_compete_in_part() -> None:
    """Of several releases of a note nobody knows which is meant: less sure than of one, and surer than among strangers."""
    same, others = ("Returns", "Returns", "Returns", "Parcels"), ("Returns", "Refunds", "Money", "Parcels")
    one, versions, strangers = (
        confidence(found(*scores, titles=titles, dense=True), coverage=0.5)
        for scores, titles in (
            ((0.9, 0.3), ("Returns", "Parcels")),
            ((0.9, 0.85, 0.8, 0.3), same),
            ((0.9, 0.85, 0.8, 0.3), others),
        )
    )

    assert strangers < versions < one


def test_articles_without_a_title_are_articles_of_their_own() -> None:
    """An empty title is no name."""
    untitled = confidence(found(9, 8.9, 8.8, titles=("", "", "")), coverage=0.5)

    assert untitled == pytest.approx(confidence(found(9, 8.9, 8.8), coverage=0.5))


def test_nothing_found_is_no_answer() -> None:
    """There is nothing that could be one."""
    assert confidence([], coverage=0.0) == 0


def test_one_article_alone_is_judged_by_what_it_speaks_of() -> None:
    """Standing out is no feat where nothing stands beside it."""
    assert confidence(found(3), coverage=0.0) < 0.5
    assert 0.7 < confidence(found(3), coverage=1.0) < 0.9


def test_two_of_four_articles_that_speak_of_a_question_do_not_rule_each_other_out() -> None:
    """Few articles are no sign that all are only a little about it."""
    assert confidence(found(10, 8, 3, 1), coverage=0.8) > 0.7


def test_with_embeddings_the_distance_counts() -> None:
    """Cosines do not grow with the question, so that .3 above the next ones is much, whatever they are."""
    clear = confidence(found(1.2, 0.8, 0.8, 0.8, dense=True), coverage=0.5)

    assert clear > 0.6
    assert clear == pytest.approx(confidence(found(0.9, 0.5, 0.5, 0.5, dense=True), coverage=0.1))
    assert confidence(found(1.2, 1.15, 1.1, 1.1, dense=True), coverage=0.9) < 0.2
    assert 0.4 < confidence(found(0.9, dense=True), coverage=0.5) < 0.6  # alone, it stands out from nothing
