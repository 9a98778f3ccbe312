"""When many similar tickets are an alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.incidents.spike import PAST, Spike, Uncategorised, Wave, is_spike, spike_of_words, spikes, usual
from service.ledger import Unanswered
from service.policy.document import Incidents

LIMITS = Incidents(window=timedelta(minutes=30), factor=4.0, at_least=6)
WINDOWS = PAST / LIMITS.window  # 672 of half an hour
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("within", "of_usual", "alarm"),
    [(6, 0.0, True), (5, 0.0, False), (6, 1.5, True), (6, 1.51, False), (8, 2.0, True), (7, 2.0, False)],
)
def test_a_spike_is_enough_and_so_many_times_the_usual(within: int, of_usual: float, alarm: bool) -> None:  # noqa: FBT001
    """A tie of either is one."""
    assert is_spike(within, of_usual, LIMITS) is alarm


def test_usual_is_the_mean_of_the_windows_before() -> None:
    """Of 14 days; of less where less is known, and never of less than one window."""
    assert usual(672, PAST, LIMITS.window) == 1.0
    assert usual(12, timedelta(hours=2), LIMITS.window) == 3.0
    assert usual(5, timedelta(minutes=1), LIMITS.window) == 5.0
    assert usual(0, timedelta(), LIMITS.window) == 0.0


@given(
    within=st.integers(0, 500),
    before=st.integers(0, 100_000),
    past_min=st.floats(0, 14 * 1440),
    factor=st.floats(1.01, 50),
    at_least=st.integers(2, 50),
)
def test_more_tickets_never_end_an_alarm_and_a_busier_past_never_raises_one(
    within: int, before: int, past_min: float, factor: float, at_least: int
) -> None:
    """Whatever the limits."""
    limits = Incidents(window=timedelta(minutes=30), factor=factor, at_least=at_least)
    past = timedelta(minutes=past_min)
    of_usual = usual(before, past, limits.window)
    if is_spike(within, of_usual, limits):
        assert within >= at_least
        assert is_spike(within + 1, of_usual, limits)
        assert is_spike(within, usual(before // 2, past, limits.window), limits)
    assert usual(before + 1, past, limits.window) > of_usual


def test_the_largest_stands_first_and_equal_ones_by_name() -> None:
    """What has no category is looked at by its words, not here."""
    waves = [Wave(name, count, 0, PAST) for name, count in (("b", 6), ("a", 6), ("c", 9), ("d", 5), ("", 50))]

    assert spikes(waves, LIMITS) == [Spike("c", 9, 0.0), Spike("a", 6, 0.0), Spike("b", 6, 0.0)]


def told(text: str, number: int, *, within: bool = True) -> Uncategorised:
    """A ticket without a category."""
    return Uncategorised(Unanswered(text, "en", f"zendesk:{number}", NOW), within)


def test_without_categories_tickets_that_speak_of_the_same_are_a_spike() -> None:
    """And say which words they have in common."""
    asked = ["cannot sign in", "sign in fails", "sign in error", "sign in broken", "unable to sign in", "sign in loops"]
    others = ["parcel is late", "refund a kettle", "change my address", "wrong colour", "gift card", "tea subscription"]
    spike = spike_of_words([told(text, n) for n, text in enumerate([*asked, *others])], past=PAST, limits=LIMITS)

    assert spike
    assert (spike.category, spike.tickets, spike.usual) == ("", 6, 0.0)
    assert "sign" in spike.words
    assert spike_of_words([told(text, n) for n, text in enumerate(others)], past=PAST, limits=LIMITS) is None


def test_what_is_asked_all_the_time_is_no_spike() -> None:
    """Two hours in which as many asked the same."""
    now = [told("cannot sign in to the app", n) for n in range(8)]
    before = [told("sign in to app does not work", 100 + n, within=False) for n in range(32)]

    assert spike_of_words(now, past=timedelta(hours=2), limits=LIMITS)  # nothing was before
    assert spike_of_words([*now, *before], past=timedelta(hours=2), limits=LIMITS) is None
