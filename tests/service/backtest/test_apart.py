"""The money of a backtest."""

from __future__ import annotations

import pytest

from service.backtest.apart import Purse
from service.errors import OverspentError
from service.groups import LLMSettings
from service.spending import Payer

LLM = LLMSettings(price_in=1.0, price_out=1.0)
PAYER = Payer("zendesk:acme", "1")


async def test_a_call_that_was_refused_leaves_it_empty_whatever_others_give_back() -> None:
    """The ticket of that call was cut short, and must not pass for the model's."""
    purse = Purse(LLM, most=1.0)
    taken = await purse.take(PAYER, tokens_in=900_000, tokens_out=0)
    with pytest.raises(OverspentError):
        await purse.take(PAYER, tokens_in=200_000, tokens_out=0)
    await purse.settle(taken, tokens_in=1_000, tokens_out=0)

    assert purse.empty
    with pytest.raises(OverspentError):
        await purse.take(PAYER, tokens_in=1, tokens_out=0)
    assert purse.spent == pytest.approx(0.001)


async def test_without_a_cap_it_is_never_empty() -> None:
    """And counts all the same."""
    purse = Purse(LLM, most=None)
    await purse.take(PAYER, tokens_in=5_000_000, tokens_out=0)
    assert not purse.empty
    assert purse.spent == 5.0
