"""When drafts of a category have got worse for certain, and when it is only chance."""

from __future__ import annotations

import random

import pytest

from service.quality.drift import Counts, Drift, drifts, in_words
from service.worth.intervals import Moments, moments


def counts(messages: int, *, accepted: float = 0.8, sure: float = 0.7, spread: float = 0.1) -> Counts:
    """Of so many messages, each with a draft."""
    return Counts(messages, messages, round(messages * accepted), Moments(messages, sure, spread**2))


def found(before: dict[str, Counts], now: dict[str, Counts]) -> dict[tuple[str, str], Drift]:
    """By category and kind."""
    return {(one.category, one.kind): one for one in drifts(before, now)}


def test_drafts_that_are_accepted_less_have_drifted() -> None:
    """By more than the margin for certain, with both shares."""
    told = found({"parcel": counts(400)}, {"parcel": counts(100, accepted=0.55)})
    one = told["parcel", "acceptance"]
    assert set(told) == {("parcel", "acceptance")}
    assert (one.before, one.now, one.change.n, one.raises) == (0.8, 0.55, 100, True)
    assert one.change.high < -0.1
    assert (
        in_words("acceptance", one.as_json())
        == "drafts sent as they are or edited: 55 %, before 80 % (25 points less, 15 to 35)"
    )


@pytest.mark.parametrize(
    "now",
    [
        counts(100, accepted=0.75),  # chance
        counts(29, accepted=0.0),  # too few
        counts(100, accepted=1.0, sure=0.95),  # better
        counts(4_000, accepted=0.73, sure=0.66),  # certain, and too little
    ],
)
def test_what_is_chance_or_too_few_or_better_or_small_is_none(now: Counts) -> None:
    """Nobody is told."""
    assert found({"parcel": counts(400)}, {"parcel": now}) == {}


def test_drafts_that_are_less_sure_have_drifted() -> None:
    """By their mean."""
    told = found({"parcel": counts(400)}, {"parcel": counts(100, sure=0.6)})
    assert set(told) == {("parcel", "confidence")}
    assert told["parcel", "confidence"].raises


def test_a_category_that_many_more_ask_about_has_drifted_and_one_that_fewer_do_is_only_told() -> None:
    """The other side of more is less: no tier goes up for it, nor for messages of no category."""
    before = {"parcel": counts(200), "billing": counts(200), "": Counts(100)}
    now = {"parcel": counts(120), "billing": counts(10), "": Counts(80)}
    told = {key: one.raises for key, one in found(before, now).items()}
    assert told == {("parcel", "mix"): True, ("billing", "mix"): False, ("", "mix"): False}


def test_a_new_category_has_nothing_to_be_worse_than() -> None:
    """It only changes the mix."""
    assert set(found({"parcel": counts(400)}, {"parcel": counts(50), "recall": counts(50)})) == {
        ("parcel", "mix"),
        ("recall", "mix"),
    }


@pytest.mark.parametrize("size", [40, 150])
def test_false_alarms_are_rare_and_what_is_worse_is_seen(size: int) -> None:
    """Simulated weeks of one category; all that is drawn is seeded, so this never changes."""
    draw = random.Random(size)

    def week(number: int, accepted: float, sure: float) -> Counts:
        certain = [draw.gauss(sure, 0.15) for _ in range(number)]
        return Counts(number, number, sum(draw.random() < accepted for _ in certain), moments(certain))

    weeks = 600
    pairs = [({"a": week(4 * size, 0.75, 0.7)}, {"a": week(size, 0.75, 0.7)}) for _ in range(weeks)]
    false = sum(bool(found(before, now)) for before, now in pairs)
    worse = [({"a": week(4 * size, 0.75, 0.7)}, {"a": week(size, 0.5, 0.7)}) for _ in range(weeks)]
    seen = sum(("a", "acceptance") in found(before, now) for before, now in worse)
    assert false <= weeks * 0.005
    assert seen >= weeks * {40: 0.3, 150: 0.9}[size]
