"""Text a stranger may have written, made harmless: nothing invisible in it, and no address a helpdesk would turn into a link."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from connectors.mail.invisible import visible_text

# Lone surrogates cannot be written as UTF-8; private use and non-characters mean nothing to a reader
NO_TEXT = re.compile("[\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\ufdd0-\ufdef\U000f0000-\U0010ffff]")

_LABEL = r"[\w\-\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u2600-\u27bf\U0001f000-\U0001faff]"
_DOT = r"[.\uff0e\u3002\uff61]"  # browsers read the ideographic full stops as dots of a domain too
LIVE = re.compile(
    rf"""
    (?P<url> (?<![A-Za-z0-9+.\-]) [A-Za-z0-9+.\-]++ \s? : [/\\]{{2}} [^\s<>"]*+ )
  | (?P<scheme> \b (?:javascript|vbscript|data|mailto|tel|sms|callto|skype|blob) \s? : (?=\S) )
  | (?P<email> (?<![\w.+'\-]) [\w.+'\-]++ @ {_LABEL}++ (?: {_DOT} {_LABEL}++ )++ )
  | (?P<host> (?: [/\\]{{2}} | (?<!{_LABEL}) ) {_LABEL}++ (?: {_DOT} {_LABEL}++ )++ (?: :\d{{1,5}} )? (?: [/?\#\\][^\s<>"]*+ )? )
    """,
    re.VERBOSE | re.IGNORECASE,
)
TRAIL = ".,;:!?)]}'\u2019\u201c\u201d\u00bb\u2026*_"
FILE_NAME = re.compile(
    r".*\.(?:txt|pdf|png|jpe?g|gif|webp|heic|csv|xlsx?|docx?|pptx?|odt|html?|js|json|xml|log|exe|dmg)", re.IGNORECASE
)
ABBREVIATIONS = frozenset({"p.ej", "v.gr"})
MARKS = ("[.]", "[:]", "[at]")


def plain(text: str, *, limit: int) -> str:
    """`text` without anything invisible, at most `limit` characters, lines end with LF. Linear."""
    visible = visible_text(NO_TEXT.sub("", text[: 4 * limit])).replace("\t", " ")
    return clip(re.sub(r"\n[ ]*(?:\n[ ]*)+", "\n\n", visible).strip(), limit=limit)


def one_line(text: str, *, limit: int) -> str:
    """`plain`, on one line."""
    return clip(" ".join(plain(text, limit=2 * limit).split()), limit=limit)


def clip(text: str, *, limit: int) -> str:
    """At most `limit` characters, cut at a word where there is one, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    word = re.search(r"\s\S*\Z", cut)
    return (cut[: word.start()] if word and word.start() > limit // 2 else cut).rstrip() + "…"


def shorter(texts: Sequence[str], over: int, *, least: int) -> tuple[str, ...]:
    """`texts` with `over` words less, the last ones first. Each keeps `least` words; where that is 0 it may become empty."""
    kept = list[str]()
    for text in reversed(texts):
        split = text.split()
        stay = min(len(split), max(least, len(split) - max(over, 0)))
        stay = 0 if least == 0 and stay < min(3, len(split)) else stay  # two words of a sentence say nothing
        over -= len(split) - stay
        kept.append(text if stay == len(split) else f"{' '.join(split[:stay]).rstrip('.,;:…')}…" if stay else "")
    return tuple(reversed(kept))


def defang(
    text: str, allowed_urls: Collection[str], *, keep_emails: bool = False, contacts: Collection[str] = ()
) -> str:
    """Make every live-looking address dead ("evil[.]example"), except exactly the allowed ones.

    Helpdesks and mail programs turn URLs, bare domains and mail addresses that stand in a note as text into links.
    keep_emails: the text holds restored values of its own ticket, whose mail addresses may stay. contacts: mail addresses that
    may stay anyway. Idempotent, linear.
    """

    def dead(found: re.Match[str]) -> str:
        token = found[0]
        if found["scheme"]:
            return f"{token[:-1].rstrip()}[:]"
        if found["email"]:
            return token if keep_emails or token in contacts else _dead(token)
        if found["host"]:
            return _dead_host(token)
        core = token
        while core not in allowed_urls and core[-1] in TRAIL:
            core = core[:-1]
        return token if core in allowed_urls else _dead(token)

    return LIVE.sub(dead, text)


def emails_in(text: str) -> frozenset[str]:
    """The mail addresses of a text, as they stand there."""
    return frozenset(found[0] for found in LIVE.finditer(text) if found["email"]) if "@" in text else frozenset()


def deadened(before: str, after: str) -> bool:
    """True where `defang` made `after` of `before` by killing an address (and not just by parting two sentences)."""
    return any(after.count(mark) > before.count(mark) for mark in MARKS)


def _dead(token: str) -> str:
    core = token.rstrip(TRAIL)
    cut = re.sub(_DOT, "[.]", core)
    return re.sub(r"\s?:(?=[/\\\w+])", "[:]", cut).replace("@", "[at]") + token[len(core) :]


def _dead_host(token: str) -> str:
    """A dotted name: an address, or just "file.pdf", "1.5", "again.Please"."""
    tail = re.search(r"[:/?#\\]", token.lstrip("/\\"))
    if tail or token[0] in "/\\":
        bare = not re.search(r"[^\W\d_]{2}", token) and "/" not in token and "\\" not in token  # "1.5:30"
        return token if bare else _dead(token)
    labels = re.split(_DOT, token)
    last = labels[-1].strip("-_")
    if len(last) < 2 or (re.search(r"\d", last) and not last.lower().startswith("xn--")):
        return token
    if len(labels) == 2 and (FILE_NAME.fullmatch(token) or token.lower() in ABBREVIATIONS):
        return token
    if len(labels) == 2 and last.istitle() and (labels[0][-1].islower() or labels[0].isdigit()):
        return f"{labels[0]}. {labels[1]}"  # two sentences without a space: readable, and no linkifier joins them
    return _dead(token)
