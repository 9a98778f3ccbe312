"""The three forms of a comment: `html_body`, and the plain text that also holds what a mail hides by CSS."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

import nh3

_STORED_TAGS = frozenset(
    """a b blockquote br caption cite code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre q s span strong sub
    sup table tbody td tfoot th thead tr u ul""".split()  # noqa: SIM905, reads better than 37 quoted names
)

_BREAKING = frozenset({"p", "div", "br", "li", "tr", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})


def wrapped(inner: str, *, from_mail: bool = False) -> str:
    """HTML as every comment's `html_body` has it."""
    kind = "zd-comment zd-comment-pre-styled" if from_mail else "zd-comment"
    return f'<div class="{kind}" dir="auto">{inner}</div>'


def from_text(text: str) -> str:
    """Paragraphs for a plain text; HTML in it is shown, not obeyed."""
    paragraphs = (escape(part, quote=False).replace("\n", "<br>") for part in text.split("\n\n") if part.strip())
    return "".join(f'<p dir="auto">{part}</p>' for part in paragraphs)


def from_api_html(html: str) -> str:
    """What is kept of an agent's `html_body`: no scripts, styles, classes, comments or images."""
    return nh3.clean(html, tags=set(_STORED_TAGS), attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})


def to_plain(html: str) -> str:
    """The text of HTML, hidden parts included: Zendesk does not look at CSS."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002, the base class's
        self._silent += tag in ("script", "style")
        if tag in _BREAKING:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style") and self._silent > 0
        if tag in _BREAKING:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
