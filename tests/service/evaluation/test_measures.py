"""Measures of a ranking, against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from service.evaluation.measures import (
    auroc,
    calibration_error,
    caught,
    hit,
    ndcg,
    percentile,
    recall,
    reciprocal_rank,
)

RANKED = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("relevant", "expected"),
    [
        ({"a"}, 1.0),
        ({"b"}, 1 / math.log2(3)),
        ({"a", "c"}, (1 + 1 / 2) / (1 + 1 / math.log2(3))),
        ({"z"}, 0.0),
        (set(), 0.0),
    ],
)
def test_a_gain_counts_the_less_the_lower_it_stands(relevant: set[str], expected: float) -> None:
    """Normalised by the best order there could be."""
    assert ndcg(RANKED, relevant) == pytest.approx(expected)


def test_what_stands_below_the_cut_counts_nothing() -> None:
    """Each measure looks at the first so many."""
    assert ndcg(RANKED, {"c"}, at=2) == 0
    assert recall(RANKED, {"a", "d"}, at=3) == 0.5
    assert reciprocal_rank(RANKED, {"d"}, at=3) == 0
    assert not hit(RANKED, {"d"}, at=3)


def test_a_perfect_order_of_more_than_can_be_shown_is_perfect() -> None:
    """Eleven relevant documents do not fit into ten places."""
    everything = [str(number) for number in range(11)]
    assert ndcg(everything, set(everything)) == pytest.approx(1.0)


def test_the_first_hit_decides_the_reciprocal_rank() -> None:
    """A second one adds nothing."""
    assert reciprocal_rank(RANKED, {"b", "c"}) == 0.5
    assert hit(RANKED, {"c"})


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [([0.9, 0.8], [0.1, 0.2], 1.0), ([0.1], [0.9], 0.0), ([0.5, 0.5], [0.5], 0.5), ([0.9, 0.3], [0.5, 0.1], 0.75)],
)
def test_auroc_is_how_often_a_positive_scores_higher(
    positive: list[float], negative: list[float], expected: float
) -> None:
    """Ties count half."""
    assert auroc(positive, negative) == pytest.approx(expected)


def test_of_one_kind_alone_there_is_no_auroc() -> None:
    """Nothing can be told apart."""
    assert auroc([0.5], []) is None
    assert auroc([], [0.5]) is None


def test_a_percentile_of_nothing_is_nothing() -> None:
    """A figure, and no crash."""
    assert percentile([], 0.5) == 0
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(list(range(100)), 0.95) == 95


def test_probabilities_that_come_true_as_often_as_they_say_are_calibrated() -> None:
    """Three of four that said .75; nothing is said about none."""
    assert calibration_error([0.75] * 3, [0.75]) == pytest.approx(0)
    assert calibration_error([1.0], [1.0]) == pytest.approx(0.5)
    assert calibration_error([0.95, 0.15], [0.95, 0.15]) == pytest.approx((0.45 + 0.35) / 2)
    assert calibration_error([], [0.5]) is None


def test_what_is_caught_lies_below_what_keeps_nine_of_ten() -> None:
    """One of the ten answerable may be lost, and no more."""
    answerable = [0.1, *(0.5 + number / 100 for number in range(9))]

    assert caught(answerable, [0.2, 0.49, 0.5, 0.9]) == 0.5
    assert caught(answerable, []) is None
