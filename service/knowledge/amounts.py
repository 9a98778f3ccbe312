"""What articles state in numbers: "returns within 30 days". Pure; English, German, French and Spanish."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from service.passages import telling
from service.plaintext import one_line
from service.vectors import Passage

Bound = Literal["most", "least", ""]

_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_SHORTEST, _LONGEST = 10, 400  # characters of a sentence: what is longer is a table
_FEWEST = 3  # telling words beside the amount: fewer are said of many things
_SURE = 4  # telling words in common that need no common topic beside them
_SAID = 300

_NUMBER_WORDS = {
    word: float(number)
    for number, listed in {
        1: "one ein eine einem einen einer une",
        2: "two zwei deux dos",
        3: "three drei trois tres",
        4: "four vier quatre cuatro",
        5: "five fünf cinq cinco",
        6: "six sechs seis",
        7: "seven sieben sept siete",
        8: "eight acht huit ocho",
        9: "nine neun neuf nueve",
        10: "ten zehn dix diez",
        12: "twelve zwölf douze doce",
        14: "fourteen vierzehn quatorze catorce",
        15: "fifteen fünfzehn quinze quince",
        20: "twenty zwanzig vingt veinte",
        24: "twenty-four vierundzwanzig vingt-quatre veinticuatro",
        30: "thirty dreißig trente treinta",
        60: "sixty sechzig soixante sesenta",
        90: "ninety neunzig quatre-vingt-dix noventa",
    }.items()
    for word in listed.split()
}

_UNITS: tuple[tuple[str, float, str], ...] = (
    (
        "working days",
        1,
        r"(?:working|business) days?|werktag(?:e|en)?|arbeitstag(?:e|en)?|jours? ouvr(?:és?|ables?)|días? (?:laborables?|hábiles)",
    ),
    ("time", 1 / 1440, r"minutes?|mins?|minuten?|minutos?"),
    ("time", 1 / 24, r"hours?|hrs?|stunden?|heures?|horas?"),
    ("time", 1, r"(?:calendar )?days?|tage?n?|kalendertage?n?|jours?|días?(?: naturales)?"),
    ("time", 7, r"weeks?|wochen?|semaines?|semanas?"),
    ("time", 30, r"months?|monate?n?|mois|mes(?:es)?"),
    ("time", 365, r"years?|jahre?n?|ans?|années?|años?"),
    ("EUR", 1, r"€|eur(?:os?)?\b"),
    ("GBP", 1, r"£|gbp\b|pounds?(?: sterling)?|pfund"),
    ("USD", 1, r"\$|usd\b|dollars?|dólares"),
    ("percent", 1, r"%|percent|per cent|prozent|pour cent|por ciento"),
    ("bytes", 1, r"mb\b|megabytes?"),
    ("bytes", 1024, r"gb\b|gigabytes?"),
    ("weight", 1, r"g\b|grams?|gramm|grammes?|gramos?"),
    ("weight", 1000, r"kg\b|kilos?|kilograms?|kilogramm|kilogrammes?"),
    ("volume", 1, r"lit(?:re|er|ro)s?\b|liter[n]?|l\b"),
    ("degrees", 1, r"°\s?c?\b|degrees?|grad\b|degrés?|grados?"),
)
"""(kind, how many of the kind's smallest unit, how it is written). A month is 30 days."""

_NUMBER = (
    rf"(?:\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,6}}(?:[.,]\d{{1,2}})?|\b(?:{'|'.join(map(re.escape, _NUMBER_WORDS))})\b)"
)
_JOINT = r"\s?(?:-|–|to|bis|à|a|or|oder|ou|o)\s?"
_SIGN = r"[€£$]"
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<sign>{_SIGN})\s?)?(?P<first>{_NUMBER})(?:{_JOINT}(?P<last>{_NUMBER}))?(?:[ \u00a0\u202f-]?(?P<unit>"
    + "|".join(f"(?P<u{number}>{pattern})" for number, (_, _, pattern) in enumerate(_UNITS))
    + r"))?(?!\w)",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:within|up to|at most|no more than|not? (?:longer|later) than|maximum(?: of)?|max\.?|under|until|innerhalb(?: von)?|binnen|bis(?: zu)?|höchstens|maximal"
    r"|dans (?:les|un délai de)|sous|jusqu'à|au plus|dentro de(?: los)?|hasta|como máximo|en un plazo de)\W{1,3}(?:the (?:first )?|den |der |die |les |los )?$",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:at least|minimum(?: of)?|min\.?|from|after|over|more than|every|mindestens|ab|nach|über|alle|au moins|après|plus de|tou(?:te)?s les|al menos|después de|a partir de"
    r"|más de|cada)\W{1,3}(?:the |den |der |die |les |los )?$",
    re.IGNORECASE,
)
_MODAL = re.compile(
    r"\b(?:peu(?:t|vent)|être|doi(?:t|vent)|ser|puede[ns]?|debe[ns]?|wird|werden|kann|können|muss|müssen|must|may|can|will)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_LONG_WORD = re.compile(r"\b[^\W\d_]{4,}\b")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with one amount of its kind.

    lowest, highest: of a range, in the kind's smallest unit; the same for a single number. about, topic: the telling words
    (stemmed) of the rest of the sentence, and of the article's title. names, maybe: see names_in; of sentence and place.
    """

    said: str
    kind: str
    bound: Bound
    lowest: float
    highest: float
    about: frozenset[int]
    topic: frozenset[int]
    names: frozenset[str]
    maybe: frozenset[str]


def statements(passage: Passage) -> list[Statement]:
    """The sentences of a passage that state exactly one amount of a kind, and enough beside it to know of what."""
    found = []
    for sentence in _SENTENCE.split(passage.text):
        amounts = _amounts(sentence) if _SHORTEST <= len(sentence) <= _LONGEST else []
        kinds = [kind for kind, *_ in amounts]
        found += [(sentence, *amount) for amount in amounts if kinds.count(amount[0]) == 1]
    if not found:
        return []
    language = passage.language
    topic = telling(passage.title, language=language)
    places, maybe = names_in(passage.title, *passage.breadcrumb.split(" › "), language=language, title=True)
    made = []
    for sentence, kind, lowest, highest, start in found:
        rest = _AMOUNT.sub(" ", sentence)
        about = telling(_MODAL.sub(" ", rest), language=language)
        if len(about) >= _FEWEST:
            names = places | names_in(rest, language=language)[0]
            said = one_line(sentence, limit=_SAID)
            made.append(Statement(said, kind, _bound(sentence[:start]), lowest, highest, about, topic, names, maybe))
    return made


def names_in(*texts: str, language: str, title: bool = False) -> tuple[frozenset[str], frozenset[str]]:
    """Words that are written like a name or a code, lower case: those that are one, and those that may be a common word.

    Capitals say little in German, and in a title where most words have one; a first word has it for another reason.
    """
    names: set[str] = set()
    maybe: set[str] = set()
    for text in texts:
        long = _LONG_WORD.findall(text)
        common = language == "de" or (title and 2 * sum(not word.islower() for word in long) > len(long) > 1)
        for number, word in enumerate(_WORD.findall(text)):
            if re.search(r"\d", word) or (word.isupper() and len(word) > 1):
                names.add(word.casefold())
            elif word[0].isupper() and number:
                (maybe if common else names).add(word.casefold())
    return frozenset(names), frozenset(maybe)


def contradict(one: Statement, other: Statement) -> bool:
    """Whether both speak of the same thing and cannot both be right. They are of one kind and bound."""
    if one.names != other.names or (one.maybe - other.maybe and other.maybe - one.maybe):
        return False
    in_common = one.topic & (other.topic | other.about) or other.topic & one.about
    if not in_common and len(one.about & other.about) < _SURE:
        return False
    if not (one.about <= other.about or other.about <= one.about):  # "cancel" and "pause" are two things
        return False
    low, high = sorted((one, other), key=lambda statement: statement.lowest)
    rounded = 1.15 if low.kind == "time" else 1.0  # a month is 28 to 31 days
    return high.lowest > rounded * low.highest


def amounts_in(text: str) -> frozenset[tuple[str, float, float]]:
    """Kind, lowest and highest of each amount with a unit, whatever the words: "2 weeks" and "14 Tage" are the same."""
    return frozenset(amount[:3] for amount in _amounts(text))


def _amounts(sentence: str) -> list[tuple[str, float, float, int]]:
    """(kind, lowest, highest, where) of each amount with a unit."""
    found = []
    for match in _AMOUNT.finditer(sentence):
        unit = next((number for number in range(len(_UNITS)) if match[f"u{number}"]), None)
        if unit is not None and match["sign"]:  # "£12 or 15 €"
            continue
        if unit is not None:
            kind, factor, _ = _UNITS[unit]
        elif match["sign"]:
            kind, factor = {"€": "EUR", "£": "GBP", "$": "USD"}[match["sign"]], 1.0
        else:
            continue
        first = _number(match["first"])
        last = _number(match["last"]) if match["last"] else first
        found.append((kind, min(first, last) * factor, max(first, last) * factor, match.start()))
    return found


def _number(written: str) -> float:
    if (word := _NUMBER_WORDS.get(written.casefold())) is not None:
        return word
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", written):
        return float(re.sub(r"[.,]", "", written))
    return float(written.replace(",", "."))


def _bound(before: str) -> Bound:
    tail = before[-40:]
    return "most" if _MOST.search(tail) else "least" if _LEAST.search(tail) else ""
