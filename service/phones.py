"""Telephone numbers in running text, told apart from order numbers, versions, dates and prices. Pure, bounded work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, takewhile
from typing import Literal

import phonenumbers

_WITH_ZERO = (
    "GB",
    "DE",
    "FR",
    "IT",
    "NL",
    "AT",
    "CH",
    "BE",
    "SE",
    "FI",
    "AU",
    "JP",
    "IN",
    "BR",
    "IE",
    "ZA",
    "NZ",
    "RO",
    "TR",
    "IL",
)
_WITHOUT_ZERO = ("US", "ES", "IT", "PT", "DK", "NO", "PL", "BR", "IN")
"""Countries whose national numbers are known without a country code, by whether those begin with a zero."""

MAX_CHECKS = 60
"""Numbers of one text that are compared with the numbering plans; more in one text are taken for phones unseen."""

_CANDIDATE = re.compile(
    r"(?<![\w#])(?<!\w\+)(?<![A-Za-z0-9_][-/])(?<!\d[.:])(?<!(?<!\d{6})\d,)\+{0,2}\(?\d(?:[ .\-/()]{0,3}\d){5,35}(?!\d)"
    r"(?: ?(?:x|ext\.? ?|extension |durchwahl |-)\d{1,6})?(?!\w|[./-]\d|-[0-9A-Fa-f]{2}\b)",
    re.ASCII,  # in Japanese a number touches its words
)
_SAYS_PHONE = (
    r"my (?:phone )?number|m(?:eine|y|in|it|ijn) nummer|mi número|mon numéro|il mio numero|o meu número|mój numer|(?:phone|contact|call(?:back)?|day(?:time)?|home|work"
    r"|office|cell|mobile|fax) ?(?:number|no|nr|#)|phones?|tel|mob(?:ile?s?)?|ph|cell(?:phone|ulare?s?)?|fax|call(?:ed|ing|s)?(?: (?:me|us|you|back))?(?: (?:on|at|back|under))?"
    r"|reach(?:ed|able)?|contact (?:me|us)|ring(?:e|en)?(?: me)?|answering|messages? to|text(?:ed)? me|voicemail|sms|whatsapp|signal|telegram|viber|office|desk|hotline|landline|dial"
    r"|handy\w*|mobil\w*|rufnummer|durchwahl|rückruf\w*|anruf\w*|erreich(?:en|bar)|telefo\w*|phon\w*|fon|festnetz|portable|téléphon\w*|tél|appel\w*|joindre|joignable"
    r"|rappel\w*|fixe|teléfono\w*|tlf|tfno|tfn|móvil\w*|llam\w+|fijo|chiam\w+|recapito|cellulare|telef\w+|telem\w+|telemóvel|celular|ligar?|ligue|bel(?:len|t)?|gsm|bereikbaar"
    r"|mobiel\w*|komórk\w*|dzwoni\w*|zadzwo\w*|ruft?|meld\w*|puhelin\w*|тел\w*|моб\w*|registered|[tmfpwh](?=[:.] ?$)"
)
_CJK = "電話|电话|手机|携帯|전화|連絡先"
_SAYS_OTHER = (
    r"order|bestell\w*|auftrag\w*|invoice|rechnung\w*|ticket|case|ref|reference|referenz|tracking|track|sendung\w*|paket\w*|parcel"
    r"|shipment|sku|isbn|ean|upc|gtin|serial|serien\w*|seriennummer|s/n|version|build|release|artikel\w*|article|item|part|model|modell"
    r"|kunden\w*|customer|account|konto\w*|contract|vertrag\w*|commande|facture|colis|pedido|factura|envío|ordine|fattura"
    r"|spedizione|encomenda|fatura|bestelling|factuur|transaction|transaktion|payment|booking|buchung\w*|policy|vat|ust\w*|iva|tva"
    r"|error|code|fehler|id|price|preis|total|amount|betrag|sum|date|datum|timestamp|mac|imei|zip|plz|asin|lot|batch|charge|chargen\w*|po|vorgang\w*|aktenzeichen|label|etikett|box|barcode|strichcode|imei|iccid|fedex|ups|dhl|usps|dpd|gls|hermes|voucher"
    r"|gutschein\w*|coupon|suivi|seguimiento|rows?|lines?|zeilen?|pages?|seiten?|grid|isin|cas|din|iso|rfc"
)
_CONTEXT = re.compile(
    rf"(?<![^\W_])(?:(?P<phone>{_SAYS_PHONE})|(?P<other>{_SAYS_OTHER}))(?![^\W_])|(?P<cjk>{_CJK})", re.IGNORECASE
)
_AFTER = re.compile(r"[\s,()-]{0,3}(?:office|fax|mobile|mobil|cell|home|work|desk|tel|phone)\b", re.IGNORECASE)
_MONEY_AFTER = re.compile(
    r"\s?(?:[€$£¥%]|eur\b|usd\b|gbp\b|chf\b|[.,]\d{1,3}(?!\d)|kr\b|zł|(?:k|m)?(?:b|g|l)\b|[kmg]b\b|ms\b|km\b|x\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?:[ .-]\d{1,6}){0,4}"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:(?:19|20)\d\d|\d\d)(?: (?:- )?\d{1,2})?"
    r"|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
)
_BETWEEN = re.compile(r" ?/ ?(?=\(?\d{2,})| {1,3}(?=\(\d|00?[1-9]\d)")
_NANP = re.compile(r"(?:(?:00|011)?1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])[2-9]\d\d[-. ]\d{4}")
_DOTTED = re.compile(r"0\d(?:\.\d\d){4}|\d{3}\.\d{3}\.\d{4}|0\d{2,4}(?:\.\d{2,4}){1,3}")


def find_phones(text: str, *, known: frozenset[str] = frozenset()) -> Iterator[tuple[int, int, Literal["PHONE"]]]:
    """Where phone numbers stand: start, end, "PHONE". known: last seven digits of numbers that count in any writing."""
    asked = count(1)  # how often the numbering plans are

    def is_phone(place: tuple[int, int]) -> bool:
        verdict = _told(text, *place, known=known)
        return next(asked) > MAX_CHECKS or _is_assigned(text[slice(*place)]) if verdict is None else verdict

    for match in _CANDIDATE.finditer(text):
        whole = _bare(text, *match.span())
        for start, end in [whole] if is_phone(whole) else takewhile(is_phone, _parts(text, match)):
            yield start, end, "PHONE"


def _parts(text: str, match: re.Match[str]) -> list[tuple[int, int]]:
    """Where the numbers stand if what looks like one is several, one behind the other; none where it cannot be."""
    betweens = [(match.start() + one.start(), match.start() + one.end()) for one in _BETWEEN.finditer(match[0])]
    begins, ends = [match.start(), *(end for _, end in betweens)], [*(start for start, _ in betweens), match.end()]
    return [_bare(text, *place) for place in zip(begins, ends, strict=True)] if betweens else []


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The place without a bracket that opens around the whole number."""
    return start + (text[start] == "(" and ")" not in text[start:end]), end


def _told(text: str, start: int, end: int, *, known: frozenset[str]) -> bool | None:
    """What can be said without the numbering plans; None: ask them."""
    shown = text[start:end]
    digits = re.sub(r"\D", "", shown)
    if not 6 <= len(digits) <= 21 or shown.count("(") != shown.count(")"):
        return False
    return True if digits[-7:] in known else _by_form(text, start, end, digits)


def word_before(text: str, start: int) -> str:
    """The word shortly before a number that says it is nobody's ("order", "Rechnung"); "" where none does."""
    nearest = _nearest_word(text, start)
    return (nearest["other"] or "") if nearest else ""


def _nearest_word(text: str, start: int) -> re.Match[str] | None:
    """The last word before a number that says what it is."""
    return next(iter(list(_CONTEXT.finditer(text[max(0, start - 32) : start].rpartition("\n\n")[2]))[-1:]), None)


def _by_form(text: str, start: int, end: int, digits: str) -> bool | None:
    """What form and neighbourhood say; None: ask the numbering plans."""
    shown = text[start:end]
    if _DATE.fullmatch(shown):
        return False
    if shown.startswith("+") and len(digits) >= 8:
        return True
    nearest = _nearest_word(text, start)
    says_phone, says_other = bool(nearest and (nearest["phone"] or nearest["cjk"])), bool(nearest and nearest["other"])
    if _AFTER.match(text[end : end + 12]) or says_phone:
        bare = shown.isdigit() and digits[0] != "0"  # longer ones are devices' or parcels'
        return len(digits) <= (13 if bare else 15) or "x" in shown
    if (
        says_other
        or _MONEY_AFTER.match(text[end : end + 5])
        or text[max(0, start - 2) : start].strip()[-1:] in ("€", "$", "£", "¥")
    ):
        return False
    return _by_groups(shown, digits)


def _by_groups(shown: str, digits: str) -> bool | None:
    groups = re.findall(r"\d+", shown)
    if not 9 <= len(digits) <= 15:  # shorter ones are house numbers and post codes as often as phones
        return False
    if len(groups) == 1:  # bare digits are a phone where they begin like one and the plan knows them
        return None if digits[0] == "0" and 10 <= len(digits) <= 12 else False
    if _NANP.fullmatch(shown):
        return True
    return False if _is_odd(shown, digits, groups) else None


def _is_odd(shown: str, digits: str, groups: list[str]) -> bool:
    """True for what no country writes its phones like, as far as its first digit tells."""
    extended = any(map(str.isalpha, shown))
    pairs = {len(group) for group in groups} == {2}
    without_zero = digits[0] != "0" and ("/" in shown or (len(digits) > 11 and not extended) or pairs)
    isbn = digits.startswith(("978", "979")) and len(digits) == 13
    return without_zero or isbn or shown.count("/") > 1 or ("." in shown and not _DOTTED.fullmatch(shown))


def _is_assigned(shown: str) -> bool:
    """True where some country's numbering plan has the number."""
    if shown.startswith("00"):
        return _has(None, f"+{shown[2:]}")
    return any(_has(region, shown) for region in (_WITH_ZERO if shown.lstrip("(").startswith("0") else _WITHOUT_ZERO))


def _has(region: str | None, shown: str) -> bool:
    """Whether the numbering plan of the region (None: of the country whose code it begins with) has the number."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(shown, region))
    except phonenumbers.NumberParseException:
        return False
