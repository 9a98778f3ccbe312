"""Money that a text names: a number beside a currency, or one of three digits and more that is said to be paid, owed or refunded.

Dates, order numbers and telephone numbers are neither. Pure, linear.
"""

from __future__ import annotations

import re
from typing import Final

from service.triage.judged import Amount

_CURRENCIES: Final = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR",
    "$": "USD", "us$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
    "chf": "CHF", "fr.": "CHF", "sfr": "CHF", "franken": "CHF", "francs": "CHF",
    "¥": "JPY", "jpy": "JPY", "yen": "JPY",
    "zł": "PLN", "pln": "PLN", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "kč": "CZK", "czk": "CZK", "huf": "HUF",
    "aud": "AUD", "a$": "AUD", "cad": "CAD", "c$": "CAD", "nzd": "NZD", "inr": "INR", "₹": "INR", "brl": "BRL", "r$": "BRL",
    "try": "TRY", "₺": "TRY", "sgd": "SGD", "hkd": "HKD", "cny": "CNY", "rmb": "CNY",
}  # fmt: skip
_WORDS = {"try"}  # that mean something else in lower case

_NUMBER = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_CURRENCY = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_ROUND = r"(?:[.,][-–—]{1,2})?"
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<before>{_CURRENCY})[ \u00a0\u202f]?(?P<first>{_NUMBER})(?!\d|[.,]\d)"
    rf"|(?<![\w.,:/#-])(?P<second>{_NUMBER}){_ROUND}[ \u00a0\u202f]?(?P<after>{_CURRENCY})(?!\w)",
    re.IGNORECASE,
)
_PAID = (
    r"paid|pay|refund(?:ed)?|charged|cost(?:s|ed)?|price|worth|owe|owed|offer(?:ed|ing)?|estimate|says|compensation|deposit|bill(?:ed)?|invoice|sum|amount"
    r"|gezahlt|bezahlt|zahlen|zahle|preis|kostet(?:en)?|erstatt\w+|gutschrift|überwiesen|kaution|abgebucht|rechnung|betrag|summe|geboten|angeboten|bieten|schreiben"
)
_PLAIN = r"(?<![\w.,:/#-])(?<!order )(?<!number )(?<!nummer )(?<!ticket )(?<!booking )(?<!bestellung )(?<!invoice )(?<!rechnung )(?<!buchung )(?<!no )(?<!nr )(?!(?:19|20)\d\d(?![\d.,]))(?:\d{1,3}(?:[.,]\d{3}){1,2}|\d{3,5})(?:[.,]\d{2})?(?![\w%:/-]|[.,]\d)"
_UNIT = r"(?! ?(?:kwh|gb|mb|min|minute|stück|tage|days|seats|users|lizenz|licen|km|kg|ml|uhr|pm|am|mal|times|pages|seiten|percent|prozent))"
_OWED = re.compile(
    rf"(?<!\w)(?:{_PAID})(?: [^\W\d]{{1,12}}){{0,4}} (?P<behind>{_PLAIN}){_UNIT}"
    rf"|(?P<ahead>{_PLAIN})(?: [^\W\d]{{1,12}}){{0,2}} (?:{_PAID})(?!\w)",
    re.IGNORECASE,
)
_READ_CHARS = 10_000
_MOST = 20
_SPACES = str.maketrans("", "", "'’ \u00a0\u202f")


def amounts_in(text: str) -> tuple[Amount, ...]:
    """Every amount once, in the order of the text; at most twenty."""
    return tuple(dict.fromkeys(amount for amount, _ in amounts_with_words(text)))[:_MOST]


def amounts_with_words(text: str) -> list[tuple[Amount, str]]:
    """The same with how each was written."""
    found = []
    for match in _AMOUNT.finditer(text[:_READ_CHARS]):
        unit = match["before"] or match["after"]
        if unit.casefold() not in _WORDS or unit.isupper():
            found.append((Amount(_value(match["first"] or match["second"]), _CURRENCIES[unit.casefold()]), match[0]))
    if not found:  # where some have a currency, bare numbers beside them are something else more often
        found = [
            (Amount(_value(match["behind"] or match["ahead"])), match[0])
            for match in _OWED.finditer(text[:_READ_CHARS])
        ]
    return found


def _value(written: str) -> float:
    """1.234,50 and 1,234.50 and 1'234.50 are the same; three digits behind a single mark are thousands."""
    bare = written.translate(_SPACES)
    head, _, tail = bare.replace(",", ".").rpartition(".")
    if head and len(tail) <= 2:
        return float(f"{head.replace('.', '')}.{tail}")
    return float(re.sub(r"\D", "", bare))
