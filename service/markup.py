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

WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def sanitise(html: str) -> str:
    """Only TAGS, and web addresses in `a[href]` as the only attribute. Idempotent.

    http stays beside https: a help centre in one's own network may have no TLS, and only a source's address gets here.
    """
    clean = nh3.clean(
        html,
        tags=set(TAGS),
        attributes={"a": {"href"}, "*": set()},  # "*": else `title` and `lang` stay
        attribute_filter=_web_only,
        url_schemes={"http", "https"},
        link_rel=None,
    )
    return re.sub(r"<pre>\n+", "<pre>", clean)  # a parser drops the first one each time it reads it


def _web_only(_tag: str, _attribute: str, value: str) -> str | None:
    """Whole addresses: a relative one leads into the helpdesk, and so does one that begins with an odd blank."""
    return value if WEB_ADDRESS.match(value) else None


def draft_html(text: str, urls: Collection[str] = ()) -> Markup:
    """A draft's text as HTML: blank lines part paragraphs, "- " and "1. " lines make lists, other line ends stay.

    urls: addresses which become links; nothing else does.
    """
    known = re.compile(f"({'|'.join(re.escape(url) for url in sorted(urls, key=len, reverse=True)) or '(?!)'})")
    blocks = (block for part in text.split("\n\n") for block in _blocks(part.split("\n"), known))
    return Markup("\n".join(blocks))  # noqa: S704 - `_inline` escapes every word of it


def words_beside(html: str) -> int:
    """How many words a note has beside its draft, which stands between the rules."""
    beside = re.sub(r"<hr>.*<hr>", " ", html, flags=re.DOTALL)
    return len(unescape(re.sub(r"<[^>]+>", " ", beside)).split())


def _blocks(lines: Sequence[str], known: re.Pattern[str]) -> Iterator[str]:
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


def _block(kind: str, lines: Sequence[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(lines)}</p>"
    return f"<{kind}>{''.join(f'<li>{line}</li>' for line in lines)}</{kind}>"


def _inline(line: str, known: re.Pattern[str]) -> str:
    """Escaped, with known addresses as links, and **bold** as bold: models write it whatever they are told."""
    pieces = [_bold(part) if i % 2 == 0 else _link(part) for i, part in enumerate(known.split(line))]
    return "".join(pieces)


def _bold(text: str) -> str:
    pieces = [str(escape(part)) for part in BOLD.split(text)]
    return "".join(f"<strong>{piece}</strong>" if i % 2 else piece for i, piece in enumerate(pieces))


def _link(url: str) -> str:
    return f'<a href="{escape(url)}">{escape(url)}</a>'
