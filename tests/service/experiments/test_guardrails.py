"""Harm is told for certain, or not at all."""

from __future__ import annotations

import json

import pytest

from service.experiments.experiment import Rules
from service.experiments.guardrails import Counts, findings
from service.worth.intervals import Moments

RULES = Rules(least=100)


def broken(standing: Counts, tried: Counts) -> list[str]:
    """The guardrails that are."""
    return [one.guardrail for one in findings(RULES, standing, tried) if one.broken]


@pytest.mark.parametrize(
    ("standing", "tried", "expected"),
    [
        (Counts(tickets=200, wrong=4), Counts(tickets=200, wrong=4), []),
        (Counts(tickets=200, wrong=4), Counts(tickets=200, wrong=10), []),  # 3 points more, from -0.8: not for certain
        (Counts(tickets=200, wrong=4), Counts(tickets=200, wrong=30), ["wrong"]),  # 13 points more, 7.7 for certain
        (Counts(tickets=200, wrong=4), Counts(tickets=99, wrong=90), []),  # under the least sample
        (Counts(tickets=99, wrong=0), Counts(tickets=200, wrong=180), []),  # likewise, of the other arm
        (Counts(200, solved=150, reopened=9), Counts(200, solved=150, reopened=40), ["reopened"]),
        (Counts(200, solved=150, reopened=9), Counts(200, solved=90, reopened=80), []),  # of solved ones there are 90
        (Counts(tickets=31), Counts(tickets=31, quoted=31), ["quoted"]),  # a model that is gone is told early
        (Counts(cost=Moments(200, 0.01, 1e-6)), Counts(cost=Moments(200, 0.02, 1e-6)), ["cost"]),
        (Counts(cost=Moments(200, 0.01, 1e-6)), Counts(cost=Moments(200, 0.012, 1e-6)), []),  # a fifth more is allowed
    ],
)
def test_a_variant_goes_when_its_whole_interval_lies_beyond_the_margin(
    standing: Counts, tried: Counts, expected: list[str]
) -> None:
    """And when both arms hold the least sample."""
    assert broken(standing, tried) == expected


def test_a_better_variant_is_never_stopped() -> None:
    """Guardrails look to one side."""
    assert broken(Counts(tickets=200, wrong=60), Counts(tickets=200, wrong=2)) == []


def test_what_is_not_known_yet_can_be_printed() -> None:
    """Of nothing there is no interval, and JSON knows no infinity."""
    found = findings(RULES, Counts(), Counts())

    assert not any(one.enough or one.broken for one in found)
    assert json.loads(json.dumps([one.as_json() for one in found], allow_nan=False))[3]["low"] is None
    assert found[0].in_words == "wrong: 0 of 100 tickets in the smaller arm"
