"""What a draft states that nothing it was given says: whole sentences, and names and codes. Pure.

Numbers are looked at where the draft is written (service/drafting.py). What is said in another language than the passages is
compared by its codes alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.knowledge.amounts import names_in
from service.passages import telling
from service.vectors import Passage, words
from service.verbatim import SENTENCE, sentences, tidy

_FEWEST = 4  # telling words of a sentence that states something
_LEAST = 0.34  # of them, in the cited passages
_SAYING = 3  # telling words of a whole draft: "yes, gladly" needs no support
_MOST = 40  # sentences that are looked at; a reply has ten

_WORD = re.compile(r"\w+")
_CODE = re.compile(r"(?<![\w<‹/.-])(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[^\W\d_])[^\W_][\w-]{2,40}(?![\w>›/])")
_COUNTED = re.compile(r"\d+(?:st|nd|rd|th|am|pm|h|x|er|re|e|[kmg]b|[kmc]?m|kg|g|ml|l|min|s|w|v|mah|º|ª)", re.IGNORECASE)
_BARE = re.compile(r"(?=[!-~]{3,}\Z)(?!<|\.+\Z)(?=.*[A-Za-z0-9])(?:[^a-z]+|(?=.*[A-Za-z])(?=.*\d).+)")
_MAYBE = re.compile(r"[A-Z0-9][!-~]{2}|[!-~][A-Z0-9][!-~]|[!-~]{2}[A-Z0-9]")
_BEGINS = re.compile(r"[:;.!?…–—(/]\s*\Z")  # a clause: its first word has its capital for that
_ADDRESS = re.compile(r"https?:|www\.|\b[a-z\d-]{2,40}\.[a-z]{2,12}\b|<[a-z!/?]", re.IGNORECASE)
_TAG = re.compile(r"<[a-z!/?][^\s>]{0,40}", re.IGNORECASE)
_ACTS = re.compile(r"<[a-z][^>]{0,200}[\s/\"'](?:on[a-z]{3,20}|srcdoc)\s*=", re.IGNORECASE)
_FEW = 3  # words of a sentence that says nothing where none of them is the sources'
_DECIDES = re.compile(
    r"\b(?:yes|no|not|never|un\w+|sadly|correct|right|exact\w*|certain\w*|definite\w*|absolute\w*|sure|agreed|indeed|always|only|both|either|neither"
    r"|ja|nein|nicht|kein\w*|nie|leider|richtig|genau|sicher|natürlich|immer|nur|beide\w*"
    r"|oui|non|pas|jamais|hélas|malheureusement|exacte\w*|bien|toujours|les deux"
    r"|sí|nunca|tampoco|lamentablemente|correcto|exacto|claro|siempre|solo|ambos)\b",
    re.IGNORECASE,
)
"""Without such a word a reply of three words decides nothing."""
_AFTER_STOP = re.compile(r"(?<=[.!?…])\s+")  # also before a sign: a tag may begin what comes next
_STRANGE = re.compile(
    r"(?<![\w<‹_-])(?:[A-Z]{2,20}(?:-[A-Z\d]{2,20}){1,4}|(?=[\w-]{0,40}\d)[\w-]{3,40}|\d{3,20})(?![\w>›-])"
)
_PLACEHOLDER = re.compile(r"[<‹]?\b[A-Z]{2,10}_\d{1,6}\b[>›]?")
_KNOWN = frozenset(
    [
        "ok",
        "faq",
        "pdf",
        "url",
        "id",
        "am",
        "pm",
        "usb",
        "usa",
        "uk",
        "eu",
        "ui",
        "html",
        "csv",
        "tv",
        "pc",
        "it",
        "ceo",
        "vat",
        "iban",
        "sms",
        "wifi",
        "qr",
        "app",
    ]
)
_COURTESY = re.compile(
    r"\b(?:thank|thanks|sorry|apolog\w+|hesitate|glad|happy to|let (?:me|us) know|reach out|contact us|colleague|look forward|best wishes"
    r"|dank\w*|leid|entschuldig\w+|zögern|gerne?|freue|kolleg\w+|melden sie sich"
    r"|merci|désolé\w*|excus\w+|hésitez|plaisir|collègue\w*|n'hésite\w*"
    r"|gracias|sentimos|lament\w+|disculp\w+|dude|gusto|compañer\w+)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"[?？؟;]|\b(?:please|kindly|let (?:me|us) know|tell (?:me|us)|send (?:me|us)|colleague|bitte|teilen sie|kolleg\w+|veuillez|merci de|collègue\w*"
    r"|por favor|ind[ií]qu\w+|compañer\w+)\b",
    re.IGNORECASE,
)
_ASKING = ("en", "de", "fr", "es")
"""Languages in which `_ASKS` knows how one asks without a question mark."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What nobody supports, as the draft writes it."""

    sentences: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def unsupported(
    text: str, cited: Sequence[Passage], given: Sequence[Passage], told: Collection[str], *, language: str
) -> Claims:
    """Sentences that no cited passage supports, names and codes that no given passage and no text of the ticket holds.

    told: the ticket's texts, and others that the writer knew (the brand). language: the draft's.
    """
    lines = [_PLACEHOLDER.sub(" ", one) for one in _stated(text)][:_MOST]
    names = _names(lines, [*told, *map(_all_of, given)], given, language=language)
    readable = [passage for passage in cited if passage.language in ("", language)]
    if not readable or not words.family(language):  # what is not stemmed rarely meets
        return Claims(names=names)
    asked = telling(" ".join(told), language=language)
    backed = frozenset[int]().union(*(telling(_all_of(passage), language=language) for passage in readable))
    found = []
    for line in lines:
        meant = telling(line, language=language) - asked
        if len(meant) >= _FEWEST and len(meant & backed) < _LEAST * len(meant) and not _COURTESY.search(line):
            found.append(line)
    return Claims(tuple(dict.fromkeys(found)), names)


def rests_on_nothing(text: str, cited: Sequence[Passage], *, language: str) -> bool:
    """Whether a draft that claims to answer shares not one word that says something with what it cites."""
    said = " ".join(_stated(text))
    if said and all(map(is_code, said.split())):
        return not any(said.casefold() in _all_of(passage).casefold() for passage in cited)
    readable = [passage for passage in cited if passage.language in ("", language)]
    meant = telling if words.family(language) else words.tokens  # `telling` would cut what has no spaces
    told = meant(said, language=language)
    if not readable or len(told) < _SAYING:
        return False
    return not any(told & meant(_all_of(passage), language=language) for passage in readable)


def is_code(said: str) -> bool:
    """Whether this is a single word that nobody says: "ZX-7731", "MTg1NA"."""
    return bool(_BARE.fullmatch(said.strip()))


def without_codes(text: str, cited: Sequence[Passage]) -> tuple[str, bool]:
    """The text without codes that stand alone, as a line or where a sentence would, and that no cited passage names.

    And whether there were any. Nobody writes one to a reader; strangers ask models to.
    """
    known = "\n".join(map(_all_of, cited))
    rows = text.split("\n")
    kept = []
    for row in rows:
        if not _MAYBE.search(row):
            kept.append(row)
            continue
        parts = [part[0].strip() for part in SENTENCE.finditer(row)]
        stay = [part for part in parts if not is_code(part) or part.strip(".!?") in known]
        if len(stay) == len(parts):
            kept.append(row)
        elif stay:
            kept.append(" ".join(stay))
    return (tidy("\n".join(kept)), True) if kept != rows else (text, False)


def without_strays(
    text: str,
    cited: Sequence[Passage],
    beside: Collection[str] = (),
    *,
    language: str,
    ordered: Collection[str] = frozenset(),
) -> tuple[str, bool]:
    """The text without sentences that bring something in and are about nothing that is known, and whether there were any.

    What they bring: an address, markup, a number, a code, or one of the words `ordered`, which only orders to a machine hold.
    Known are the cited passages and `beside`. Who is steered says such things between sentences of the article; a guess of the
    model's own is about the article, stays, and becomes a check. In a language that the passages do not have markup alone is
    taken away. A few words about nothing that is known ("Hope this helps!") go as well, and are not counted.
    """
    known = _Known(cited, beside, language=language, ordered=ordered)
    found, kept = False, []
    rows = text.split("\n")
    for number, row in enumerate(rows):
        parts = _AFTER_STOP.split(row, maxsplit=_MOST)
        stay = [part for part in parts if not known.strays(part)]
        found = found or len(stay) < len(parts)
        if number or len(parts) > 1:  # the first line alone is a greeting
            stay = [part for part in stay if not known.idles(part)]
        if len(stay) == len(parts):
            kept.append(row)
        elif stay:
            kept.append(" ".join(stay))
    return tidy("\n".join(kept)) if kept != rows else text, found


class _Known:
    """What sentences of one text are held against."""

    def __init__(
        self, cited: Sequence[Passage], beside: Collection[str], *, language: str, ordered: Collection[str]
    ) -> None:
        self._language, self._ordered, self._beside = language, ordered, beside
        self._readable = [one for one in cited if one.language in ("", language) and words.family(language)]
        self._articles = "\n".join(map(_all_of, cited)).casefold()
        self._texts = "\n".join([self._articles, *beside]).casefold()
        addresses = {url for passage in cited for url in (passage.url, *passage.links) if url}
        self._addresses = sorted(addresses, key=len, reverse=True)

    @cached_property
    def _backed(self) -> frozenset[int]:  # most texts bring in nothing, and never ask
        return self._telling("\n".join([*map(_all_of, self._readable), *self._beside]))

    def strays(self, sentence: str) -> bool:
        """Whether it brings something in, and is about nothing known."""
        bare = _PLACEHOLDER.sub(" ", sentence)
        for address in self._addresses:
            bare = bare.replace(address, " ")
        # nobody writes markup in a reply, but about it where the article does; never one that acts
        if _ACTS.search(bare) or any(tag.casefold() not in self._articles for tag in _TAG.findall(bare)):
            return True
        said = frozenset(_WORD.findall(bare.casefold()))
        brings = _ADDRESS.search(bare) or strange_in(bare, self._texts) or not said.isdisjoint(self._ordered)
        if not self._readable or not brings or _COURTESY.search(bare):
            return False
        plain = " ".join(word for word in _STRANGE.sub(" ", bare).split() if not _ADDRESS.search(word))
        meant = self._telling(plain)
        return len(meant & self._backed) < _LEAST * max(len(meant), 1)

    def idles(self, sentence: str) -> bool:
        """Whether it is a few words that decide nothing and are about nothing known."""
        if not self._readable or sentence[-1:] in ":,?？" or not 1 < len(_WORD.findall(sentence)) <= _FEW:
            return False
        if _COURTESY.search(sentence) or _DECIDES.search(sentence) or _PLACEHOLDER.search(sentence):
            return False
        meant = self._telling(sentence)
        return bool(meant) and meant.isdisjoint(self._backed)

    def _telling(self, text: str) -> frozenset[int]:
        return telling(text, language=self._language)


def strange_in(text: str, known: str) -> bool:
    """Whether it names a number or a code that is not in `known`, which is in lower case."""
    return any(token.casefold() not in known for token in _STRANGE.findall(text))


def states_anything(text: str) -> bool:
    """Whether there is more than a greeting."""
    return bool(_stated(text))


def asks_nothing(text: str, *, language: str) -> bool:
    """Whether a draft without an answer asks for nothing either: then it states what nobody supports."""
    return language in _ASKING and bool(text.strip()) and not _ASKS.search(text)


def _stated(text: str) -> list[str]:
    """The sentences that state something: no questions, and no greeting."""
    first, _, rest = text.partition("\n")
    body = rest if len(first.split()) <= 5 and first.rstrip()[-1:] in ",!:" else text
    return [one for one in sentences(body) if one.rstrip()[-1:] not in "?？"]


def _names(lines: Sequence[str], known: Iterable[str], given: Sequence[Passage], *, language: str) -> tuple[str, ...]:
    held = "\n".join(known).casefold()
    there, squeezed = set(_WORD.findall(held)), re.sub(r"[\W_]", "", held)
    codes = [
        code[0]
        for line in lines
        for code in _CODE.finditer(line)
        if not _COUNTED.fullmatch(code[0]) and re.sub(r"[\W_]", "", code[0].casefold()) not in squeezed
    ]
    if not any(passage.language in ("", language) for passage in given):
        return tuple(dict.fromkeys(codes))
    within = {part for code in codes for part in _WORD.findall(code.casefold())}
    named = []
    for line in lines:
        new = names_in(line, language=language)[0] - there - within - _KNOWN
        named += [
            word[0]
            for word in _WORD.finditer(line)
            if word[0].casefold() in new and len(word[0]) > 2 and word[0].isalpha()
            if not _BEGINS.search(line[max(0, word.start() - 3) : word.start()])
        ]
    return tuple(dict.fromkeys([*codes, *named]))


def _all_of(passage: Passage) -> str:
    return f"{passage.title} {passage.breadcrumb} {passage.text}"
