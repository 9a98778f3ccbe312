"""A second opinion on the HTML of a note: html5lib parses it as a browser would."""

from __future__ import annotations

import re
from collections.abc import Collection
from xml.etree.ElementTree import Element

import html5lib

ALLOWED = frozenset(["p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4", "hr"])
LIVE_TEXT = re.compile(
    r"[a-z][a-z0-9+.-]*://\S|\bwww\.\w|\b(?:javascript|data|mailto):\S|(?<![\w@.])(?:[\w-]+\.)+(?:com|net|org|example|io)\b",
    re.IGNORECASE,
)


def parsed(html: str) -> Element:
    """The fragment as a browser sees it."""
    fragment: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return fragment


def text_of(html: str) -> str:
    """What is left where HTML is turned into plain text."""
    return "".join(parsed(html).itertext()).strip()


def assert_safe(html: str, *, links: Collection[str]) -> None:
    """Allowed tags only, `a[href]` the only attribute, every address one of `links`, no live address as text."""
    root = parsed(html)
    for element in root.iter():
        if element is root:
            continue
        assert isinstance(element.tag, str), "a comment"
        assert element.tag in ALLOWED, element.tag
        assert set(element.attrib) <= ({"href"} if element.tag == "a" else set())
        assert element.get("href", "") in {"", *links}
    text = "".join(_text_outside_links(root))
    for link in links:  # a source's own address may stand as text
        text = re.sub(re.escape(link) + r"(?![\w/?#&=-])", "", text) if link else text
    assert not LIVE_TEXT.search(text), LIVE_TEXT.search(text)


def _text_outside_links(element: Element) -> list[str]:
    inside = [] if element.tag == "a" else [element.text or ""]
    for child in element:
        inside += [*_text_outside_links(child), " " if child.tag in ("p", "br", "li", "hr") else "", child.tail or ""]
    return inside
