"""95 % intervals of shares, means and their differences. Pure; every figure with a comparison takes its interval from here.

Shares: Wilson's score interval, and Newcombe's hybrid of two of them for a difference (his method 10, Statistics in Medicine 17, 1998).
Both stay inside what is possible and hold at 0 and 1, where the textbook interval has no width. Means: Student's t, and Welch's
for a difference, as the spread of two groups is hardly ever the same. The t quantile is Hill's (algorithm 396, CACM 13, 1970): within
0.0001 of the tables from three degrees of freedom on, exact for one and two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

LEAST = 30
"""Under this many nothing is shown as a figure: half of a share's interval is then up to 18 points wide."""

_TAIL = 0.05  # both tails together
_Z = NormalDist().inv_cdf(1 - _TAIL / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """`point` with its 95 % interval. `n`: how many it rests on; of a difference the smaller of both groups."""

    low: float
    high: float
    point: float
    n: int

    @property
    def enough(self) -> bool:
        """Whether it may be shown as a figure."""
        return self.n >= LEAST

    def within(self, low: float, high: float) -> Interval:
        """Cut at what is possible: Student's interval of a mean knows no end."""
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def as_json(self) -> dict[str, Any]:
        """For programs: without a point where it rests on too few."""
        return (
            {"point": self.point, "low": self.low, "high": self.high, "of": self.n}
            if self.enough
            else {"of": self.n, "too_few": True}
        )

    @property
    def certain(self) -> bool:
        """Of a difference: whether it may be shown, and nought lies outside."""
        return self.enough and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Moments:
    """What a mean's interval needs of its values, so that a database can count them. `variance`: of the sample (n - 1)."""

    n: int
    mean: float
    variance: float


def wilson(hits: int, of: int) -> Interval:
    """The share `hits / of`. Of nothing: anything from 0 to 1, its point 0. ValueError for hits that are more than all."""
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if not of:
        return Interval(0.0, 1.0, 0.0, 0)
    share, z2 = hits / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    # At the ends the bound is the end itself; the sum would miss it by a rounding.
    return Interval(0.0 if hits == 0 else middle - half, 1.0 if hits == of else middle + half, share, of)


def difference(hits_a: int, of_a: int, hits_b: int, of_b: int) -> Interval:
    """Share a less share b (Newcombe). Without one of the groups: anything from -1 to 1."""
    a, b = wilson(hits_a, of_a), wilson(hits_b, of_b)
    if not of_a or not of_b:
        return Interval(-1.0, 1.0, 0.0, 0)
    point = a.point - b.point
    low = point - math.hypot(a.point - a.low, b.high - b.point)
    high = point + math.hypot(a.high - a.point, b.point - b.low)
    return Interval(low, high, point, min(of_a, of_b))


def mean(values: Sequence[float]) -> Interval:
    """The mean of `values`, in their unit. Fewer than two have no spread: the interval is then without ends (infinite)."""
    return mean_of(moments(values))


def mean_difference(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Mean of a less mean of b (Welch). A group of fewer than two: an interval without ends."""
    return mean_difference_of(moments(a), moments(b))


def moments(values: Sequence[float]) -> Moments:
    """Count, mean and variance of `values`; without any, nought."""
    n = len(values)
    if not n:
        return Moments(0, 0.0, 0.0)
    average = math.fsum(values) / n
    return Moments(n, average, math.fsum((value - average) ** 2 for value in values) / (n - 1) if n > 1 else 0.0)


def mean_of(group: Moments) -> Interval:
    """As `mean`, from moments that were counted elsewhere."""
    if group.n < 2:
        return Interval(-math.inf, math.inf, group.mean, group.n)
    half = t_quantile(group.n - 1) * math.sqrt(group.variance / group.n)
    return Interval(group.mean - half, group.mean + half, group.mean, group.n)


def mean_difference_of(a: Moments, b: Moments) -> Interval:
    """As `mean_difference`, from moments that were counted elsewhere."""
    point, n = a.mean - b.mean, min(a.n, b.n)
    if n < 2:
        return Interval(-math.inf, math.inf, point, n)
    of_a, of_b = a.variance / a.n, b.variance / b.n
    error2 = of_a + of_b
    if not error2:  # all values the same in both groups
        return Interval(point, point, point, n)
    freedom = error2**2 / (of_a**2 / (a.n - 1) + of_b**2 / (b.n - 1))  # Welch and Satterthwaite
    half = t_quantile(freedom) * math.sqrt(error2)
    return Interval(point - half, point + half, point, n)


def per_hit(total: float, squares: float, of: int, *, hits: int, on_hits: float) -> Interval:
    """Everything spent on `of` tries, by hit: a ratio of two sums, whose spread is linearised (Cochran, Sampling Techniques, chapter 6).

    squares: the sum of the squares of what each try cost. on_hits: what the hits alone cost. `n` are the hits. Without any: no ends.
    """
    if of < 2 or not hits:
        return Interval(0.0, math.inf, total / hits if hits else 0.0, hits)
    ratio = total / hits
    spread = max(
        squares - 2 * ratio * on_hits + ratio * ratio * hits, 0.0
    )  # of cost - ratio * (1 for a hit, 0 for none)
    half = t_quantile(of - 1) * math.sqrt(of / (of - 1) * spread) / hits
    return Interval(max(ratio - half, 0.0), ratio + half, ratio, hits)


def t_quantile(freedom: float) -> float:
    """The t that 95 % of Student's distribution with `freedom` >= 1 degrees (fractions as well) lie within. ValueError under 1."""
    n, p = freedom, _TAIL
    if n < 1:
        raise ValueError(f"{n} degrees of freedom: at least 1 is needed")
    if n == 1:
        return 1 / math.tan(p * math.pi / 2)
    if n == 2:
        return math.sqrt(2 / (p * (2 - p)) - 2)
    # The names, and every constant, are Hill's.
    a = 1 / (n - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * p) ** (2 / n)
    if y <= 0.05 + a:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2)
        return math.sqrt(n * (y + 1 / ((d * p) ** (2 / n))))
    x = -_Z
    if n < 5:
        c += 0.3 * (n - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = x * x
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    return math.sqrt(n * math.expm1(a * y * y))
