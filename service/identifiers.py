"""Personal data that can be recognised by its form: addresses, phones, cards, accounts, secrets. Pure, linear time.

Names and street addresses have no form; `masking.py` masks the names known from the ticket. Order numbers, versions,
hashes, dates and prices are not personal data and stay readable: they are what the answer depends on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal, NamedTuple

from stdnum import iban, luhn, numdb

from service.phones import find_phones

Kind = Literal["EMAIL", "PHONE", "CARD", "IBAN", "ID", "IP", "SECRET", "NAME", "ORG", "PERSON"]


class Span(NamedTuple):
    """A stretch of the text and what it is."""

    start: int
    end: int
    kind: Kind


_TYPED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(
    (0xA0, 0x2007, 0x202F, 0x3000, 0x2009), 32
)
_TYPED |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), ord("-"))
_TYPED |= {start + digit: 48 + digit for start in (0x660, 0x6F0, 0x966) for digit in range(10)}
"""Full-width and other digits, blanks and dashes as the ASCII they stand for; one character for one, so places agree."""

_SECRET = re.compile(
    r"""-----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----[^-]{0,8000}(?:-----END\ [A-Z ]{0,30}PRIVATE\ KEY-----)?
    |\beyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?
    |\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[-_]?[A-Za-z0-9_-]{16,}+
    |\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|hf_|npm_|pypi-|dop_v1_|shp(?:at|ss|ca|pa)_|whsec_|lin_api_|figd_|dp\.pt\.)[\w-]{10,}+
    |\b(?:AKIA|ASIA|AROA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}+|\bSG\.[\w-]{16,}+\.[\w-]{16,}+|\bya29\.[\w-]{20,}+
    |\b[Bb]earer\ (?=[\w.~+/-]*\d)([\w.~+/-]{16,}+=*)""",
    re.VERBOSE,
)
_URL_LOGIN = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://([^\s/@:<>\"']{1,100}:[^\s/@<>\"']{1,200})@")
_NAMED_SECRET = re.compile(
    r"\b(?:pass(?:word|wort|code|phrase)|pwd|kennwort|mot de passe|contraseña|senha|wachtwoord|api[ _-]?key|secret(?:[ _-]?key)?"
    r"|access[ _-]?token|auth[ _-]?token|token|client[ _-]?secret|pin)[\"']?(?:\s?[:=]\s?|\s(?:is|ist|est|es|è|é|lautet)\s?:?\s?)[\"'`]?"
    r"(?=\D{0,40}\d)([^\s\"'`<>,;]{4,200}+)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w+][\w.!#$%'*+^`{|}~-]{0,120}+@(?:[^\W_][\w-]{0,62}+\.){1,8}[^\W\d_][\w-]{1,60}+")
_SPELLED_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+-]{1,64}+ ?[\[({] ?(?:at|ät) ?[\])}] ?[\w-]{1,60}+(?: ?(?:\.|[\[({] ?(?:dot|punkt) ?[\])}]) ?[\w-]{2,60}+){1,4}",
    re.IGNORECASE,
)
_DIGIT_RUN = re.compile(r"(?<![\w-])(?<!\d[.,])\d(?:[ -]?\d){11,40}(?!\w)")
_DIGITS = re.compile(r"\d+")
_CARD = re.compile(  # leading digits and lengths of the issuers
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01]|720)\d{12,13}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}|35\d{14}|(?:2131|1800)\d{11}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_NAMED_SSN = re.compile(r"\b(?:ssn|social security(?: number)?|s\.s\.n\.)\D{0,12}(\d{9})(?!\d)", re.IGNORECASE)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,31}", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(?<!\d,)\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:[0-9a-fA-F]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_VERSION_BEFORE = re.compile(
    r"(?:\bv|version|ver\.?|build|release|firmware|fw|driver|treiber|update|patch|app|ios|android|windows|chrome|firefox|safari|edge"
    r"|plugin|sdk|api|node|java|php|python)[\s:=/(]{0,3}(?:is |ist |v)?$",
    re.IGNORECASE,
)


def readable(text: str) -> str:
    """The text with full-width digits, unusual blanks and dashes as ASCII; the same length, place for place."""
    return text if text.isascii() else text.translate(_TYPED)


def find_identifiers(text: str, *, phones: frozenset[str] = frozenset()) -> list[Span]:
    """Where personal data stands in the text, first to last, without overlaps.

    phones: the last seven digits of numbers known from the ticket, which count however they are written.
    """
    left, found = readable(text), []
    for find in (_secrets, _emails, _ibans, _cards, _ids, _ips, lambda rest: find_phones(rest, known=phones)):
        spans = [Span(*span) for span in find(left)]
        found.extend(spans)
        left = _without(left, spans)
    return sorted(found)


def _without(text: str, spans: list[Span]) -> str:
    """The text with what was found blanked out, so that the next finder does not see it."""
    if not spans:
        return text
    pieces, position = [], 0
    for start, end, _ in sorted(spans):
        pieces += [text[position:start], "\x00" * (end - start)]
        position = end
    return "".join([*pieces, text[position:]])


def _secrets(text: str) -> Iterator[tuple[int, int, Kind]]:
    found = [match.span(1 if match.lastindex else 0) for match in _SECRET.finditer(text)]
    found += [match.span(1) for match in _URL_LOGIN.finditer(text)]
    found += [match.span(1) for match in _NAMED_SECRET.finditer(text) if any(map(str.isdigit, match[1]))]
    position = 0
    for start, end in sorted(found):
        if start >= position:
            yield start, end, "SECRET"
            position = end


def _emails(text: str) -> Iterator[tuple[int, int, Kind]]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), match.start() + len(match[0].rstrip("-_")), "EMAIL"
    if "at" in text or "ät" in text.lower():
        for match in _SPELLED_EMAIL.finditer(text):
            if "@" not in match[0]:
                yield *match.span(), "EMAIL"


def _ibans(text: str) -> Iterator[tuple[int, int, Kind]]:
    for match in _IBAN.finditer(text):
        places = [place for place in range(*match.span()) if text[place].isalnum()]
        length = _iban_length(match[0][:2].upper())
        if not 0 < length <= len(places):
            continue
        end = places[length - 1] + 1
        if not text[end : end + 1].isalnum() and iban.is_valid(text[match.start() : end], check_country=False):
            yield match.start(), end, "IBAN"


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
        if _CARD.fullmatch(digits) and luhn.is_valid(digits):
            found = last
    return found


def _ids(text: str) -> Iterator[tuple[int, int, Kind]]:
    for match in _SSN.finditer(text):
        yield *match.span(), "ID"
    for match in _NAMED_SSN.finditer(text):
        yield *match.span(1), "ID"


def _ips(text: str) -> Iterator[tuple[int, int, Kind]]:
    for match in _IPV4.finditer(text):
        if _is_address(IPv4Address, match[0]) and not _VERSION_BEFORE.search(
            text[max(0, match.start() - 20) : match.start()]
        ):
            yield *match.span(), "IP"
    if text.count(":") < 2:
        return
    for match in _IPV6.finditer(text):
        digits = sum(character != ":" for character in match[0])
        if (digits >= 6 or match[0] == "::1") and _is_address(IPv6Address, match[0]):
            yield *match.span(), "IP"


def _is_address(kind: Callable[[str], object], value: str) -> bool:
    try:
        kind(value)
    except AddressValueError:
        return False
    return True
