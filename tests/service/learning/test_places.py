"""An address goes, in four languages; amounts, days and the way to the shop stay."""

from __future__ import annotations

import pytest

from service.learning.places import without_places


@pytest.mark.parametrize(
    "address",
    [
        "12 Mill Lane",
        "221b Baker Street",
        "SW1A 1AA",
        "Hauptstraße 5a",
        "Am Alten Weg 7",
        "Goethestr. 12",
        "10115 Berlin",
        "D-80331 München",
        "12 rue de la Paix",
        "3 bis, avenue Foch",
        "75002 Paris",
        "Calle Mayor 4",
        "Avenida de América, 12",
    ],
)
def test_an_address_goes(address: str) -> None:
    """Wherever it stands in a sentence."""
    assert without_places(f"We send it to {address}, as you said.") == "We send it to [address], as you said."


@pytest.mark.parametrize(
    "text",
    [
        "within 30 days of the way you ordered it",
        "it takes 2 to 5 working days by road",
        "Auf dem Rückweg 3 Tage, im Juni 10 Prozent",
        "Der Versand kostet 5 Euro, ab 100 Euro nichts",
        "il y a 2 places libres, cours de français",
        "el camino tarda 3 días; plaza libre",
        "error 20417 when the lid is open",
        "turn left into Mill Lane, the shop is in Berlin",
        "models KW-12 and KW-2040, 1.7 litres",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    """Word for word."""
    assert without_places(text) == text


def test_a_hostile_text_costs_no_time() -> None:
    """Linear: 100,000 characters of almost an address."""
    text = "12 Mill Mill " * 8_000

    assert without_places(text) == text
