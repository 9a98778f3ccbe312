"""Personal data that can be recognised by its form: addresses, phones, cards, accounts, secrets. Pure, linear time.

Names and street addresses have no form; `masking.py` masks the names known from the ticket. Order numbers, versions,
hashes, dates and prices are not personal data and stay readable: they are what the answer depends on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, NamedTuple

from stdnum import iban, luhn, numdb

from service.credentials import find_secrets
from service.national_ids import find_national_ids
from service.phones import find_phones, word_before

Kind = Literal["EMAIL", "PHONE", "CARD", "IBAN", "ID", "IP", "SECRET", "NAME", "ORG", "PERSON", "ADDRESS"]


class Span(NamedTuple):
    """A stretch of the text and what it is."""

    start: int
    end: int
    kind: Kind


_TYPED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(
    (0xA0, 0x2007, 0x202F, 0x3000, 0x2009), 32
)
_TYPED |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), ord("-"))
_DIGITS_OF = (
    *(0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0x1040, 0x17E0),
    *range(0x1D7CE, 0x1D800, 10),
)
_TYPED |= {zero + digit: 48 + digit for zero in _DIGITS_OF for digit in range(10)}
"""Full-width and other digits, blanks and dashes as the ASCII they stand for; one character for one, so places agree."""

_EMAIL = re.compile(r"(?<![\w.+%-])[\w+][\w.!#$%'*+^`{|}~-]{0,120}+@(?:[^\W_][\w-]{0,62}+\.){1,8}[^\W\d_][\w-]{1,60}+")
_ODD_EMAIL = re.compile(r"\"[^\"\s@][^\"\n@]{0,63}\"@[\w.-]{3,100}|[\w.+-]{1,64}+@\[[0-9a-fA-F.:]{3,45}\]")
_CODED_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}%40(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_][\w-]{1,60}")
_SPELLED_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+-]{1,64}+(?: ?[\[({] ?(?:at|ät|@) ?[\])}] ?[\w-]{1,60}+(?: ?(?:\.|[\[({] ?(?:dot|punkt|\.) ?[\])}]) ?[\w-]{2,60}+){1,4}"
    r"| (?:at|ät|@) [\w-]{1,60}+(?: (?:dot|punkt) [\w-]{2,60}+){1,4}| @ (?:[^\W_][\w-]{0,62}\.){1,6}[^\W\d_]{2,24}+(?![\w(]))",
    re.IGNORECASE,
)
_DIGIT_RUN = re.compile(
    r"(?<![\d_-])(?<![\d][A-Za-z])(?<!\d\.)(?<!(?<!\d{6})\d,)\d(?:[ -]{0,2}\d|(?<=\d{4})\.(?=\d{4})\d){11,40}(?!\w)",
    re.ASCII,
)
_DIGITS = re.compile(r"\d+")
_CARD = re.compile(  # leading digits and lengths of the issuers
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01]|720)\d{12,13}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}|35\d{14}|(?:2131|1800)\d{11}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_CARD_GROUPS = re.compile(r"\d\d|4(?:-4)+(?:-[1-4])?|4-6-[45]|4-4-8|8-8|6-1[03]")
_NO_CARDS = frozenset({
    "imei", "iccid", "tracking", "sendung", "sendungsnummer", "fedex", "ups", "dhl", "usps", "isbn", "ean",
    "upc", "gtin", "sku", "serial", "seriennummer", "s/n", "barcode", "label", "etikett",
})  # fmt: skip
"""Words that say of a number what else it is, however well its checksum fits."""

_COUNTRY_CODE = re.compile(r"\+\d{0,3}[ -]?$")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ -]?\d{2}(?:[ -]{0,2}[A-Z0-9]){11,31}", re.IGNORECASE)
_IPV4 = re.compile(
    r"(?<![\w.])(?<!(?<!\.)(?<!\.\d)(?<!\.\d\d)\d,)\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d|-(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.])))",
    re.ASCII,
)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?:%\w{1,16})?(?![\w:])",
    re.ASCII,
)
_VERSION_BEFORE = re.compile(
    r"(?:\bv|version\w*|ver\.?|build|release\w*|firmware|fw|driver|treiber|updated?|upgraded?|update auf|patch|ios|android|windows|chrome|firefox|safari|edge"
    r"|plugin|sdk|node\.?js|java|php|python|software|nginx/|apache/|openssl|curl|bios|kernel|section|chapter|clause|abschnitt|kapitel|§)[\s:=/(]{0,3}"
    r"(?:(?:is|ist|v|from|von|de|to|auf|and|und|or|->|→|\d{1,5}(?:\.\d{1,5}){1,3})[\s:]{0,2}){0,4}v?$",
    re.IGNORECASE,
)
_VERSION_WITHIN = 48


def readable(text: str) -> str:
    """The text with full-width digits, unusual blanks and dashes as ASCII; the same length, place for place."""
    return text if text.isascii() else text.translate(_TYPED)


def find_identifiers(text: str, *, phones: frozenset[str] = frozenset()) -> list[Span]:
    """Where personal data stands in the text, first to last, without overlaps.

    phones: the last seven digits of numbers known from the ticket, which count however they are written.
    """
    left, found = readable(text), []
    numbers = partial(find_phones, known=phones)
    for find in (_secrets, _emails, _ibans, _cards, find_national_ids, _ips, numbers):
        spans = _apart(Span(*span) for span in find(left))
        found.extend(spans)
        left = _without(left, spans)
    return sorted(found)


def _apart(found: Iterable[Span]) -> list[Span]:
    """The same in order and without overlaps: what meets becomes one."""
    apart: list[Span] = []
    for span in sorted(found):
        if apart and span.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(apart[-1].end, span.end))
        else:
            apart.append(span)
    return apart


def _without(text: str, spans: list[Span]) -> str:
    """The text with what was found blanked out, so that the next finder does not see it."""
    if not spans:
        return text
    pieces, position = [], 0
    for start, end, _ in spans:
        pieces += [text[position:start], "\x00" * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _secrets(text: str) -> Iterator[tuple[int, int, Kind]]:
    for start, end in find_secrets(text):
        yield start, end, "SECRET"


def _emails(text: str) -> Iterator[tuple[int, int, Kind]]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.start() + len(match[0].rstrip("-_")), "EMAIL"
        for match in _ODD_EMAIL.finditer(text):
            yield *match.span(), "EMAIL"
    if "%40" in text:
        for match in _CODED_EMAIL.finditer(text):
            yield *match.span(), "EMAIL"
    if "at" in text or "@" in text or "ät" in text.lower():
        for match in _SPELLED_EMAIL.finditer(text):
            yield *match.span(), "EMAIL"


def _ibans(text: str) -> Iterator[tuple[int, int, Kind]]:
    position = 0
    while match := _IBAN.search(text, position):
        end = _iban_end(text, match)
        if end:
            yield match.start(), end, "IBAN"
        position = end or match.start() + 2  # the next may begin within what this one took for its own


def _iban_end(text: str, match: re.Match[str]) -> int:
    """Where the IBAN ends that begins here; 0: none does."""
    places = [place for place in range(*match.span()) if text[place].isalnum()]
    length = _iban_length(match[0][:2].upper())
    if not 0 < length <= len(places):
        return 0
    end = places[length - 1] + 1
    valid = not text[end : end + 1].isdigit() and iban.is_valid(text[match.start() : end], check_country=False)
    return end if valid else 0


@cache
def _iban_length(country: str) -> int:
    """How many characters an IBAN of the country has; 0: the country has none."""
    known = numdb.get("iban").info(country)
    structure = known[0][1].get("bban", "") if known else ""
    return 4 + sum(int(part) for part in re.findall(r"(\d+)!", structure)) if structure else 0


def _cards(text: str) -> Iterator[tuple[int, int, Kind]]:
    for run in _DIGIT_RUN.finditer(text):
        groups = [(group.start() + run.start(), group.end() + run.start()) for group in _DIGITS.finditer(run[0])]
        first = 0
        while first < len(groups):
            last = _card_end(text, groups, first)
            if last >= 0:
                yield groups[first][0], groups[last][1], "CARD"
                first = last
            first += 1


def _card_end(text: str, groups: list[tuple[int, int]], first: int) -> int:
    """The group with which the longest card number that begins at group `first` ends; -1: none does."""
    digits, found = "", -1
    for last in range(first, min(first + 8, len(groups))):
        start, end = groups[last]
        digits += text[start:end]
        if len(digits) > 19:
            break
        if _CARD.fullmatch(digits) and luhn.is_valid(digits) and _is_grouped(text, groups, first, last):
            found = last
    return found


def _is_grouped(text: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    """True where the groups are those of a card, or are all there are and nothing before says what else they are."""
    lengths = "-".join(str(end - start) for start, end in groups[first : last + 1])
    begins = groups[first][0]
    if _COUNTRY_CODE.search(text, max(0, begins - 6), begins) or word_before(text, begins).lower() in _NO_CARDS:
        return False
    if _CARD_GROUPS.fullmatch(lengths):
        return True
    whole = first == 0 and last == len(groups) - 1
    return whole and lengths != "3-7-7" and not word_before(text, begins)  # 3-7-7: orders of a large shop


def _ips(text: str) -> Iterator[tuple[int, int, Kind]]:
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - _VERSION_WITHIN) : match.start()]
        plain = ".".join(str(int(part)) for part in match[0].split("."))  # people write leading zeros
        if _is_address(IPv4Address, plain) and not _VERSION_BEFORE.search(before):
            yield *match.span(), "IP"
    if text.count(":") < 2:
        return
    for match in _IPV6.finditer(text):
        digits = match[0].partition("%")[0].replace(":", "")
        meant = match[0] == "::1" or (len(digits) >= 4 and any(map(str.isdigit, digits)))
        if meant and _is_address(IPv6Address, match[0]):
            yield *match.span(), "IP"


def _is_address(kind: Callable[[str], object], value: str) -> bool:
    try:
        kind(value)
    except AddressValueError:
        return False
    return True
