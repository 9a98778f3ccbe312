"""The money of a backtest."""

from __future__ import annotations

import pytest

from service.backtest.apart import Cap, Purse
from service.errors import OverspentError
from service.groups import LLMSettings
from service.spending import Payer

LLM = LLMSettings(price_in=1.0, price_out=1.0)
PAYER = Payer("zendesk:acme", "1")


async def test_a_call_that_was_refused_leaves_it_empty_whatever_others_give_back() -> None:
    """The ticket of that call was cut short, and must not pass for the model's."""
    cap = Cap(1.0)
    purse = Purse(LLM, cap)
    taken = await purse.take(PAYER, tokens_in=900_000, tokens_out=0)
    with pytest.raises(OverspentError):
        await purse.take(PAYER, tokens_in=200_000, tokens_out=0)
    await purse.settle(taken, tokens_in=1_000, tokens_out=0)

    assert cap.empty
    with pytest.raises(OverspentError):
        await purse.take(PAYER, tokens_in=1, tokens_out=0)
    assert cap.spent == pytest.approx(0.001)


async def test_without_a_cap_it_is_never_empty() -> None:
    """And counts all the same."""
    cap = Cap()
    purse = Purse(LLM, cap)
    await purse.take(PAYER, tokens_in=5_000_000, tokens_out=0)
    assert not cap.empty
    assert cap.spent == 5.0


async def test_two_configurations_and_what_was_paid_before_share_one_cap() -> None:
    """Each pays by its own prices."""
    cap = Cap(1.0, spent=0.5)
    await Purse(LLM, cap).take(PAYER, tokens_in=300_000, tokens_out=0)
    dear = Purse(LLMSettings(price_in=10.0, price_out=10.0), cap)
    with pytest.raises(OverspentError):
        await dear.take(PAYER, tokens_in=30_000, tokens_out=0)
    assert cap.spent == pytest.approx(0.8)
