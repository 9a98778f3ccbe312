"""Where people live, out of a text that others may read: streets with a number, postcodes with a town. Pure, linear time.

The masks of service/masking.py know what has a form of its own; an address has one only roughly, so a model may see it and a lesson
must not keep it. A street without a number, or a town alone, is nobody's address and stays. Names count with their capitals: "within
30 days of the way" is none.
"""

from __future__ import annotations

import re
from typing import Final

GONE: Final = "[address]"

_NAME = r"(?-i:[A-ZÄÖÜÉÈÁÍÓÚÑ])[\w'’.-]{1,30}"
_SMALL = r"(?:de|du|des|del|la|las|le|les|los|der|dem|den|l['’]|d['’])"
_NUMBER = r"\d{1,5}(?:[ ]?(?-i:[a-f]))?\b(?![ ]?(?:%|€|mal\b|tag|stund|woche|minut|monat|jahr|werktag|euro|kilo|meter|día|hora|veces|euros))"

_PLACES = re.compile(
    "|".join(
        (
            # 12 Mill Lane, 221b Baker Street
            rf"\b\d{{1,5}}(?-i:[a-f])?,?[ ](?:{_NAME}[ ]){{1,3}}(?:street|st|road|rd|avenue|ave|lane|ln|drive|close|court|crescent|square|terrace|way|boulevard|blvd)\b",
            # Hauptstraße 5a, Am Alten Weg 7
            rf"\b(?-i:[A-ZÄÖÜ])[\w-]{{1,40}}(?:straße|strasse|str\.|weg|platz|gasse|allee|ring|ufer|damm)[ ]{_NUMBER}",
            rf"\b(?:am|an der|auf der|im|zum|zur)[ ](?:{_NAME}[ ]){{1,2}}(?:straße|strasse|weg|platz|gasse|allee|ring|ufer|damm)[ ]{_NUMBER}",
            # 12 bis, rue de la Paix
            rf"\b\d{{1,5}}(?:[ ]?(?:bis|ter))?,?[ ](?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours)(?:[ ]{_SMALL}){{0,3}}[ ]?{_NAME}",
            # Calle Mayor 4
            rf"\b(?:calle|c/|avenida|avda\.|plaza|paseo|camino)(?:[ ]{_SMALL}){{0,3}}(?:[ ]{_NAME}){{1,4}},?[ ](?:n[.º°]?[ ]?)?{_NUMBER}",
            # 10115 Berlin, 75002 Paris: five digits before a capital letter
            r"\b(?:[DF]-)?\d{5}[ ](?-i:[A-ZÄÖÜÉ])[\w'’-]{2,30}\b",
            # SW1A 1AA
            r"\b(?-i:[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})\b",
        )
    ),
    re.IGNORECASE,
)


def without_places(text: str) -> str:
    """The text with "[address]" for each."""
    return _PLACES.sub(GONE, text)
