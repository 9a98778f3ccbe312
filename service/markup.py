"""Plain text as HTML, and the one door through which HTML leaves: what both helpdesks show as it is meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from html import unescape

import nh3
from markupsafe import Markup, escape

TAGS = frozenset(["p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4", "hr"])
LIST_LINE = re.compile(r"(?:([-*•])|\d{1,3}[.)])\s+(.*)")
# not beside a letter or inside a dotted name: "evil.**example**" would read as an address
BOLD = re.compile(r"(?<![^\s(])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?!\w|\.\w)")


def sanitise(html: str) -> str:
    """Only TAGS, and web addresses in `a[href]` as the only attribute. Idempotent.

    http stays beside https: a help centre in one's own network may have no TLS, and only a source's address gets here.
    """
    return nh3.clean(html, tags=set(TAGS), attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=None)


def draft_html(text: str, urls: Collection[str] = ()) -> Markup:
    """A draft's text as HTML: blank lines part paragraphs, "- " and "1. " lines make lists, other line ends stay.

    urls: addresses which become links; nothing else does.
    """
    known = re.compile(f"({'|'.join(re.escape(url) for url in sorted(urls, key=len, reverse=True)) or '(?!)'})")
    return Markup("\n").join(block for part in text.split("\n\n") for block in _blocks(part.split("\n"), known))


def words_beside(html: str) -> int:
    """How many words a note has beside its draft, which stands between the rules."""
    beside = re.sub(r"<hr>.*<hr>", " ", html, flags=re.DOTALL)
    return len(unescape(re.sub(r"<[^>]+>", " ", beside)).split())


def _blocks(lines: Sequence[str], known: re.Pattern[str]) -> Iterator[Markup]:
    """One paragraph's lines; a list may follow a line without a blank one between."""
    kind, run = "p", list[str]()
    for line in [*map(str.strip, lines), ""]:
        item = LIST_LINE.fullmatch(line)
        now = "p" if item is None else "ul" if item[1] else "ol"
        if run and (now != kind or not line):
            yield _block(kind, [_inline(text, known) for text in run])
            run = []
        kind = now
        if line:
            run.append(item[2] if item else line)


def _block(kind: str, lines: Sequence[Markup]) -> Markup:
    if kind == "p":
        return Markup("<p>{}</p>").format(Markup("<br>").join(lines))
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    return (Markup("<ul>{}</ul>") if kind == "ul" else Markup("<ol>{}</ol>")).format(items)


def _inline(line: str, known: re.Pattern[str]) -> Markup:
    """Escaped, with known addresses as links, and **bold** as bold: models write it whatever they are told."""
    pieces = [BOLD.split(part) if i % 2 == 0 else part for i, part in enumerate(known.split(line))]
    html = Markup("")
    for piece in pieces:
        if isinstance(piece, str):
            html += Markup('<a href="{0}">{0}</a>').format(piece)
        else:
            html += Markup("").join(
                Markup("<strong>{}</strong>").format(text) if i % 2 else escape(text) for i, text in enumerate(piece)
            )
    return html
