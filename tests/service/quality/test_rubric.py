"""Points of a review, and how well two reviewers agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.quality.rubric import RUBRIC, ReviewError, agreement, points_of, scores_in

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40)


def test_what_a_reviewer_leaves_open_is_no_nought() -> None:
    """It is in no figure."""
    assert scores_in({"intent": "2", "tone": "", "timing": "0"}) == {"intent": 2, "timing": 0}
    assert points_of({"intent": 2, "timing": 0}) == 0.5


@pytest.mark.parametrize("given", [{}, {"tone": ""}, {"tone": "3"}, {"tone": "two"}, {"intent": "2", "policy": "-1"}])
def test_points_that_are_none_are_refused(given: dict[str, str]) -> None:
    """With a sentence for whoever gave them."""
    with pytest.raises(ReviewError):
        scores_in(given)


def test_each_criterion_says_what_its_points_mean() -> None:
    """Two people who judge by different words cannot agree."""
    assert [one.name for one in RUBRIC] == ["intent", "policy", "tone", "timing"]
    assert all(len({*one.words}) == 3 and one.asks.endswith("?") for one in RUBRIC)


def test_kappa_by_hand() -> None:
    """Pairs are 0, 0, 1 and 4 apart: 5. Each first with each second: 8, 8, 4 and 8, so 28 of sixteen and 7 of four. 1 - 5 / 7."""
    found = agreement([(2, 2), (0, 0), (1, 2), (2, 0)])
    assert (found.pairs, found.same) == (4, 2)
    assert found.kappa == pytest.approx(2 / 7)


def test_where_all_points_are_the_same_there_is_no_kappa() -> None:
    """Chance would agree as well."""
    assert agreement([(2, 2)] * 40).kappa is None
    assert agreement([]).kappa is None


@given(PAIRS)
def test_kappa_is_the_same_from_both_sides_and_at_most_one(pairs: list[tuple[int, int]]) -> None:
    """Who is called first changes nothing."""
    found, turned = agreement(pairs), agreement([(b, a) for a, b in pairs])
    assert found.same == turned.same
    assert found.kappa == (None if turned.kappa is None else pytest.approx(turned.kappa))
    assert found.kappa is None or -1 <= found.kappa <= 1
