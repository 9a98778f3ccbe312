"""Intervals against tables and against what they promise: 95 of 100 cover the truth."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from service.worth import intervals

# Two-sided 95 % quantiles of Student's t, as every statistics table prints them.
TABLE = {
    1: 12.7062,
    2: 4.3027,
    3: 3.1824,
    4: 2.7764,
    5: 2.5706,
    6: 2.4469,
    8: 2.3060,
    10: 2.2281,
    15: 2.1314,
    20: 2.0860,
    29: 2.0452,
    30: 2.0423,
    60: 2.0003,
    120: 1.9799,
    1000: 1.9623,
}


@pytest.mark.parametrize(("freedom", "quantile"), TABLE.items())
def test_a_t_quantile_is_the_one_of_the_tables(freedom: int, quantile: float) -> None:
    """Within 0.0001 from one degree of freedom on."""
    assert intervals.t_quantile(freedom) == pytest.approx(quantile, abs=0.0001)


def test_a_t_quantile_falls_with_its_degrees_of_freedom_to_the_normal_one() -> None:
    """Fractions, as Welch's are, lie between their neighbours; where the formula changes branches there is no step upwards."""
    walked = [intervals.t_quantile(1 + step / 10) for step in range(500)]
    assert all(a >= b for a, b in itertools.pairwise(walked))
    assert intervals.t_quantile(1e7) == pytest.approx(1.959964, abs=1e-5)
    with pytest.raises(ValueError, match="degrees"):
        intervals.t_quantile(0.5)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_share_has_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    """The four examples of Newcombe's paper on single shares (1998, table I)."""
    found = intervals.wilson(hits, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert (found.point, found.n) == (hits / of, of)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
    ],
)
def test_a_difference_of_shares_has_newcombes_interval(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """The examples of his paper on differences (1998, table II, method 10)."""
    found = intervals.difference(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.n == min(counts[1], counts[3])


def test_of_nothing_nothing_is_known() -> None:
    """No group, no figure: the widest interval there is, and never enough."""
    assert intervals.wilson(0, 0) == intervals.Interval(0.0, 1.0, 0.0, 0)
    assert intervals.difference(0, 0, 5, 50) == intervals.Interval(-1.0, 1.0, 0.0, 0)
    assert not intervals.mean([]).enough
    assert intervals.mean([4.0]).high == math.inf
    assert intervals.mean_difference([4.0], [1.0, 2.0]).low == -math.inf
    with pytest.raises(ValueError, match="no share"):
        intervals.wilson(3, 2)


def test_a_mean_has_students_interval() -> None:
    """By hand: 1 to 5 has mean 3 and variance 2.5; 2.7764 * sqrt(2.5 / 5) = 1.9633."""
    found = intervals.mean([1, 2, 3, 4, 5])
    assert (found.point, found.n) == (3.0, 5)
    assert (found.low, found.high) == pytest.approx((1.0367, 4.9633), abs=1e-3)


def test_a_difference_of_means_has_welchs_interval() -> None:
    """By hand: variances 2.5 and 10, error sqrt(2.5), 5.882 degrees; their t lies between the tables' 2.5706 and 2.4469."""
    found = intervals.mean_difference([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert found.point == -3.0
    assert 2.4469 * math.sqrt(2.5) < found.high + 3 < 2.47 * math.sqrt(2.5)
    assert found.low + found.high == pytest.approx(-6)
    assert intervals.mean_difference([2, 2], [1, 1]) == intervals.Interval(1.0, 1.0, 1.0, 2)


def test_moments_counted_elsewhere_give_the_same_interval() -> None:
    """A database may count them: count, mean and variance of the sample are all that is needed."""
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    assert intervals.mean_of(intervals.moments(values)) == intervals.mean(values)


def test_of_100_intervals_about_95_cover_the_truth() -> None:
    """What 95 % promises, for each of the five kinds, in 400 drawn samples: between 92 and 99 of 100."""
    dice = random.Random(8)
    covered = dict.fromkeys(("wilson", "difference", "mean", "mean_difference", "per_hit"), 0)
    for _ in range(400):
        a, b = (sum(dice.random() < share for _ in range(60)) for share in (0.7, 0.5))
        one, two = [dice.gauss(5, 2) for _ in range(30)], [dice.gauss(4, 6) for _ in range(40)]
        spent = [
            (dice.gammavariate(2, 0.002), dice.random() < 0.6) for _ in range(120)
        ]  # drafts that are dear are used as often
        costs, on_hits = [cost for cost, _ in spent], [cost for cost, hit in spent if hit]
        squares = sum(cost * cost for cost in costs)
        for name, found, truth in (
            (
                "per_hit",
                intervals.per_hit(sum(costs), squares, 120, hits=len(on_hits), on_hits=sum(on_hits)),
                0.004 / 0.6,
            ),
            ("wilson", intervals.wilson(a, 60), 0.7),
            ("difference", intervals.difference(a, 60, b, 60), 0.2),
            ("mean", intervals.mean(one), 5),
            ("mean_difference", intervals.mean_difference(one, two), 1),
        ):
            covered[name] += found.low <= truth <= found.high
    assert all(0.92 <= count / 400 <= 0.99 for count in covered.values()), covered


def test_a_difference_is_certain_when_nought_lies_outside_and_the_sample_is_large_enough() -> None:
    """Ten of ten against none of ten is plain to see, and still no figure: 10 of 30 needed."""
    assert not intervals.difference(10, 10, 0, 10).certain
    assert intervals.difference(90, 100, 50, 100).certain
    assert not intervals.difference(51, 100, 50, 100).certain


def test_what_every_try_costs_counts_for_each_hit() -> None:
    """Four tries of 1, 2, 3 and 4, of which the first and the last hit: 10 for two hits. By hand: e = c - 5a is -4, 2, 3, -1, whose squares are 30."""
    found = intervals.per_hit(10, 30, 4, hits=2, on_hits=5)
    half = intervals.t_quantile(3) * math.sqrt(4 / 3 * 30) / 2
    assert (found.point, found.n) == (5, 2)
    assert found.low == 0  # nothing costs less
    assert found.high == pytest.approx(5 + half)
    assert intervals.per_hit(10, 30, 4, hits=0, on_hits=0).high == math.inf
    same = intervals.per_hit(40, 40, 40, hits=40, on_hits=40)
    assert (same.low, same.point, same.high) == (1, 1, 1)
