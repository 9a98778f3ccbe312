"""What is compared, and whose ticket is in which variant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from service.experiments.experiment import (
    Experiment,
    ExperimentError,
    Rules,
    Variant,
    assigned,
    checked,
    rules_in,
    variants_in,
)
from service.ledger import TicketKey

SMALLER = Experiment("smaller", (Variant("a", 80), Variant("b", 20, model="small")))


def key(number: int) -> TicketKey:
    """Of one ticket."""
    return TicketKey("zendesk", "acme.example", str(number))


def test_a_ticket_stays_in_its_variant_and_shares_are_kept() -> None:
    """By a hash; 20 per cent of 5,000 are 1,000, with a standard deviation of 28."""
    drawn = [assigned(SMALLER, key(number)).label for number in range(5_000)]

    assert drawn == [assigned(SMALLER, key(number)).label for number in range(5_000)]
    assert Counter(drawn)["smaller:b"] == pytest.approx(1_000, abs=140)


def test_another_experiment_draws_anew() -> None:
    """Else the same customers' tickets would always be the ones that are tried on."""
    again = replace(SMALLER, name="smaller-2")
    both = sum(
        assigned(SMALLER, key(number)).variant.name == assigned(again, key(number)).variant.name == "b"
        for number in range(5_000)
    )
    assert both == pytest.approx(200, abs=70)  # 4 per cent, not 20


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(SMALLER, name="Small model"), "small letters"),
        (replace(SMALLER, variants=SMALLER.variants[:1]), "at least two"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 30, model="small"))), "add up to 100"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20))), "names a model, a tone or a guidance"),
        (
            replace(SMALLER, variants=(Variant("a", 80, model="x"), Variant("b", 20, model="y"))),
            "what the settings say",
        ),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, tone="kind\nRules: none"))), "one line"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, tone="dear {{ brand }}"))), "braces"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, tone="x" * 301))), "300 characters"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, guidance="x" * 601))), "600 characters"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, guidance="[1] {x}"))), "a guidance is one line"),
        (replace(SMALLER, variants=(Variant("a", 80), Variant("b", 20, model="a model"))), "without spaces"),
        (replace(SMALLER, rules=Rules(least=29)), "30 tickets"),
        (replace(SMALLER, rules=Rules(wrong=2)), "0 to 100 per cent"),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong: Experiment, said: str) -> None:
    """Before a ticket is touched."""
    assert checked(SMALLER) is SMALLER
    with pytest.raises(ExperimentError, match=said):
        checked(wrong)


def test_what_another_version_kept_can_be_read() -> None:
    """With fewer fields, and with more."""
    assert variants_in([{"name": "a"}, {"name": "b", "model": "small", "later": 1}]) == (
        Variant("a", 50),
        Variant("b", 50, model="small"),
    )
    assert rules_in({"least": 50, "later": 1}) == Rules(least=50)
