"""Money in a text, however it is written; and numbers that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.triage.amounts import amounts_in
from service.triage.judged import Amount


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("You owe me € 1.234,50.", 1234.5, "EUR"),
        ("1.234,50 €", 1234.5, "EUR"),
        ("I paid $450 for it", 450, "USD"),
        ("450 EUR, please", 450, "EUR"),
        ("Das waren CHF 90.-", 90, "CHF"),
        ("90.- CHF", 90, "CHF"),
        ("CHF 1'299.95", 1299.95, "CHF"),
        ("£1,299.95", 1299.95, "GBP"),
        ("12,5 Euro", 12.5, "EUR"),
        ("1.500 Euro", 1500, "EUR"),
        ("12 000 EUR", 12000, "EUR"),
        ("EUR1,000,000", 1_000_000, "EUR"),
        ("640 pounds", 640, "GBP"),
        ("49,– €", 49, "EUR"),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, value: float, currency: str) -> None:
    """Marks of thousands and decimals differ by country; the last one with two digits behind it is the decimals'."""
    assert amounts_in(text) == (Amount(value, currency),)


@pytest.mark.parametrize(
    "text",
    [
        "Order 4711-450 of 12.11.2026",
        "my number is +1 555 0100",
        "version 2.10.3 from 3/4/2026",
        "at 10:30 on 2026-11-02",
        "I try 3 times",
        "room 450, floor 2",
        "100% eur",
        "Europe 2024",
        "neuro 5",
    ],
)
def test_a_number_without_a_currency_is_no_amount(text: str) -> None:
    """Dates, orders, telephones, versions, times."""
    assert amounts_in(text) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We paid 1,180 for the four of us", 1180),
        ("Could I pay the 318 in two parts?", 318),
        ("Für die Woche haben wir 1.960 gezahlt", 1960),
        ("die Erstattung von 249,90 fehlt", 249.9),
    ],
)
def test_a_number_that_was_paid_is_an_amount_of_unknown_currency(text: str, value: float) -> None:
    """People leave it out among themselves."""
    assert amounts_in(text) == (Amount(value),)


@pytest.mark.parametrize(
    "text",
    [
        "I paid order 4711",
        "I paid in 2024",
        "the price of 350 GB",
        "Zählerstand 8.812, nicht 9.812",
        "invoice #48812",
        "paid on 12.11.2026",
        "Rechnung 2026-4410",
    ],
)
def test_a_number_beside_a_word_of_money_is_not_always_one(text: str) -> None:
    """Order numbers, years, units and dates stand there, too."""
    assert amounts_in(text) == ()


def test_the_same_amount_counts_once() -> None:
    """And in the order of the text."""
    assert amounts_in("€ 5, then 5 EUR, then 7 EUR") == (Amount(5, "EUR"), Amount(7, "EUR"))


@given(
    st.integers(0, 9_999_999),
    st.integers(0, 99),
    st.sampled_from([(".", ","), (",", "."), ("'", "."), (" ", ",")]),
    st.booleans(),
)
def test_every_amount_comes_back_as_it_was(whole: int, cents: int, marks: tuple[str, str], before: bool) -> None:  # noqa: FBT001 - drawn
    """In each country's spelling, with the currency before or behind."""
    thousands, decimals = marks
    written = f"{whole:,}".replace(",", thousands) + f"{decimals}{cents:02}"
    text = f"I paid EUR {written}!" if before else f"I paid {written} EUR!"

    assert amounts_in(text) == (Amount(float(f"{whole}.{cents:02}"), "EUR"),)


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    """It comes from strangers."""
    for amount in amounts_in(text):
        assert amount.value >= 0
        assert len(amount.currency) in (0, 3)


@pytest.mark.parametrize(
    "piece", ["1", "1.", "1,000", "€", "EUR ", "1'1", "€1.", " 1 000", "paid ", "paid 100 ", "100 a "]
)
def test_a_hostile_text_is_read_in_linear_time(piece: str) -> None:
    """A hundred thousand characters of what the pattern likes."""
    assert len(amounts_in((piece * 100_000)[:100_000])) <= 20
