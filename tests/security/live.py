"""The second opinion on a note: html5lib reads it as a browser does, and what a helpdesk makes a link of is told apart.

Nothing here is of the product: a mistake in its patterns must not be repeated by its judge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from tests.service.safe_html import ALLOWED, parsed

_IMAGES = frozenset(
    [
        "img",
        "image",
        "svg",
        "picture",
        "video",
        "audio",
        "source",
        "object",
        "embed",
        "iframe",
        "canvas",
        "input",
        "link",
    ]
)
_TLDS = "com|net|org|info|biz|io|ai|app|dev|co|me|example|test|xyz|online|site|shop|cloud|de|fr|es|uk|eu|us|ru|cn|in|nl|it|ch|at|be|se|tv|ly|gl|to|wiki|zip|mov"
_LIVE = re.compile(
    rf"""
    [a-z][a-z0-9+.\-]{{1,20}}\s?:[/\\]{{2}}[^\s<>"]+
  | \b(?:javascript|vbscript|data|mailto|tel|sms|callto|skype|file|blob)\s?:\s?[^\s\]]\S*
  | \bwww\.\w[^\s<>"]*
  | [\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+
  | (?<![\w@.\-])(?:[\w\-]+\.)+(?:{_TLDS}|xn--[a-z0-9\-]+)\b(?:[/?\#:][^\s<>"]*)?
  | (?<![\w@.\-])(?:[\w\-]+\.)+[a-z]{{2,24}}/[^\s<>"]*
  | (?<![\w:])[/\\]{{2}}[\w\-]+(?:\.[\w\-]+)+[^\s<>"]*
  | (?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:[:/][^\s<>"]*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What Zendesk, Freshdesk and mail programs are known to turn into links when it stands as text."""

_BRACES = re.compile(r"\{\{|\{%")  # what opens a placeholder of either vendor; a closing half alone is text
_BLOCKS = frozenset(["p", "br", "li", "ul", "ol", "hr", "blockquote", "h3", "h4", "pre"])


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a note that should not be there. kind: link, image, tag, address, braces, canary, word."""

    kind: str
    what: str


def findings(
    html: str, *, links: Collection[str], canary: str = "", must_not: Collection[str] = (), own: Collection[str] = ()
) -> list[Finding]:
    """All that is wrong with a note. links: addresses that may stand in it. own: mail addresses of its ticket."""
    root = parsed(html)
    found = list(_marked(root, links))
    text = text_of(root, links=links)
    live = [one for one in autolinked(text) if one not in own]
    found += [Finding("address", one) for one in live]
    found += [Finding("braces", one) for one in _BRACES.findall(text)]
    if canary and (hit := re.search(canary, unicodedata.normalize("NFKC", text))):
        found.append(Finding("canary", hit[0]))
    acts = [*live, *(f"<{one}" for one in _acting(root, links))]
    found += [Finding("word", word) for word in must_not if any(word.lower() in one.lower() for one in acts)]
    return found


def autolinked(text: str) -> list[str]:
    """The parts of a text that would become links."""
    seen = [hit[0] for hit in _LIVE.finditer(text)]
    return seen + [hit[0] for hit in _LIVE.finditer(unicodedata.normalize("NFKC", text)) if hit[0] not in seen]


def text_of(root: Element, *, links: Collection[str] = ()) -> str:
    """All text of a note, blocks on lines of their own; of an allowed link its text, but not where that is the address."""
    text = "".join(_texts(root))
    for link in sorted(links, key=len, reverse=True):
        text = re.sub(rf"{re.escape(link)}(?![\w/?#&=%-])", " ", text) if link else text
    return text


def _texts(element: Element) -> Iterator[str]:
    gap = "\n" if element.tag in _BLOCKS else ""
    yield gap + (element.text or "")
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    yield gap


def _marked(root: Element, links: Collection[str]) -> Iterator[Finding]:
    for element in root.iter():
        if element is root:
            continue
        name = element.tag if isinstance(element.tag, str) else "comment"
        if name in _IMAGES:
            yield Finding("image", name)
        if name not in ALLOWED:
            yield Finding("tag", name)
        for attribute, value in element.attrib.items():
            if (name, attribute) != ("a", "href"):
                yield Finding("tag", f"{name} {attribute}={value}")
            elif value not in links:
                yield Finding("link", value)


def _acting(root: Element, links: Collection[str]) -> Iterator[str]:
    """Elements and attributes that are more than text, as they would be written."""
    for element in root.iter():
        if element is not root and isinstance(element.tag, str):
            given = " ".join(f"{name}={value}" for name, value in element.attrib.items() if value not in links)
            yield f"{element.tag} {given}"
