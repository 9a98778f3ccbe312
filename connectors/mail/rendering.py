"""An HTML mail as the lines a reader sees; quoted history is marked, not cut, so that `history.py` decides in one place."""

from __future__ import annotations

import re
from collections import Counter

from connectors.mail import elements
from connectors.mail.invisible import visible_text
from connectors.mail.markup import Token, attributes, tokens
from connectors.mail.sheet import Sheet
from connectors.mail.styles import Look, declarations, look, merged

HISTORY = "\x1e"
"""A line of its own where a mail program says that older messages begin. Cannot come from a mail: controls are removed."""

SIGNATURE = "\x1f"
"""First character of the lines that a mail program marks as the writer's signature."""

_MARKS = re.compile(f"([{HISTORY}{SIGNATURE}])")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_MAX_DEPTH = 2_000
_MAX_PREFIX = 5


class _Frame:
    """An open element."""

    __slots__ = ("look", "name", "number", "outer", "quote", "signature", "spaced")

    def __init__(self, name: str, shown: Look, outer: Look, found: dict[str, str]) -> None:
        self.name, self.look, self.outer, self.number = name, shown, outer, 0
        self.quote = elements.quotes(name, found)
        self.signature = bool(found) and elements.signs(found)
        self.spaced = name in elements.SPACED and not (name == "p" and bool(found) and elements.tight(found))


class _Page:
    """Builds the lines while the tokens go by."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._stack: list[_Frame] = []
        self._open: list[tuple[str, Counter[str]]] = [("", Counter())]  # per scope: how many of a name are open
        self._look = Look()
        self._quotes = 0
        self._pre = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._signatures = 0
        self._mark = ""  # bullet of the list item that has no text yet
        self._gap = ""  # what is written before the next text of this line: a space, a cell border
        self.links: list[str] = []  # where what a reader sees leads
        self._looks: dict[tuple[int, str, str], tuple[Look, Look]] = {}
        for implied in ("html", "body"):
            self._look = self._style(self._look, implied, {})

    @property
    def full(self) -> bool:
        """True where reading on would cost more than a mail is worth; what follows is cut."""
        return self._sheet.budget < 0

    def text(self, data: str) -> None:
        if not self._look.seen:
            return
        if self._pre:
            first, *rest = data.replace("\r\n", "\n").split("\n")
            self._write(first)
            for line in rest:
                self.end_line()
                self._write(line)
            return
        words = _SPACES.sub(" ", data)
        if words[:1] == " ":
            self._gap = self._gap or " "
        if words != " " and words:
            self._write(words.strip(" "))
            if words[-1] == " ":
                self._gap = " "

    def _write(self, words: str) -> None:
        if words:
            if self._line and self._gap:
                self._line.append(self._gap)
            if self._mark:
                self._line.append(self._mark)
            self._gap = self._mark = ""
            self._line.append(words)

    def end_line(self) -> None:
        """Finish the line, also an empty one."""
        prefix = (SIGNATURE if self._signatures else "") + "> " * min(self._quotes, _MAX_PREFIX)
        self._lines.append(prefix + "".join(self._line) if self._line else prefix.rstrip(" "))
        self._line.clear()
        self._gap = ""

    def _block(self, *, spaced: bool) -> None:
        if self._line:
            self.end_line()
        self._gap = ""
        if spaced and not self._mark and self._lines and self._lines[-1].strip("> " + SIGNATURE):
            self.end_line()

    def open(self, name: str, source: str) -> None:
        found = attributes(source) if source else {}
        if name == "br":
            if self._look.seen:
                self.end_line()
            return
        if "id" in found and elements.HISTORY_IDS.fullmatch(found["id"]) and not self._look.hidden:
            self._block(spaced=False)
            self._lines.append("> " * min(self._quotes, _MAX_PREFIX) + HISTORY)
        if name in elements.VOID:
            if name == "hr":
                self._block(spaced=False)
            return
        if name in elements.IMPLIED:
            self._close_implied(name)
        elif name in elements.CLOSES_P and self._open[-1][1]["p"]:
            self.close("p")
        if len(self._stack) >= _MAX_DEPTH and not found:
            return
        self._push(name, source, found)

    def _push(self, name: str, source: str, found: dict[str, str]) -> None:
        frame = _Frame(name, self._shown(name, source, found), self._look, found)
        if name in ("ul", "ol") and self._open[-1][1]["li"]:
            frame.spaced = False
        if name == "a" and "href" in found and frame.look.seen:
            self.links.append(found["href"].strip())
        if name in elements.BLOCKS:
            self._block(spaced=frame.spaced)
        elif name in ("td", "th") and self._line:
            self._gap = " | "
        if name == "li" and frame.look.seen:
            self._mark = self._bullet()
        self._pre += name in ("pre", "xmp")
        self._quotes += frame.quote
        self._signatures += frame.signature
        self._put(frame)

    def _put(self, frame: _Frame) -> None:
        self._stack.append(frame)
        self._open[-1][1][frame.name] += 1
        if frame.name in elements.SCOPES:
            self._open.append((frame.name, Counter()))
        self._look = frame.look

    def _bullet(self) -> str:
        around = [frame for frame in self._stack[-40:] if frame.name in ("ul", "ol")]
        if not around:
            return "- "
        around[-1].number += 1
        return "  " * min(len(around) - 1, 4) + (f"{around[-1].number}. " if around[-1].name == "ol" else "- ")

    def _shown(self, name: str, source: str, found: dict[str, str]) -> Look:
        if self._look.hidden:
            return self._look
        key = (id(self._look), name, source)
        if key not in self._looks:  # holds the outer look too, so that its id stays taken
            self._looks[key] = (self._look, self._style(self._look, name, found))
        return self._looks[key][1]

    def _style(self, parent: Look, name: str, found: dict[str, str]) -> Look:
        if elements.withheld(name, found):
            return parent._replace(seen=False, hidden=True)
        marks = _marks(name, found) if self._sheet.rules else frozenset()
        style = {**elements.presented(name, found), **self._sheet.style(marks, parent.inside)}
        shown = look(parent, merged(style, declarations(found["style"])) if "style" in found else style)
        inside = marks & self._sheet.asked
        return shown._replace(inside=shown.inside | inside) if inside else shown

    def close(self, name: str) -> None:
        if name in ("br", "p") and not self._open[-1][1][name]:  # "</br>" and a lone "</p>" are line breaks
            self._block(spaced=name == "p")
            return
        level = len(self._open) - 1
        if name in elements.SCOPES and name not in elements.TABLE_PARTS:
            while level > 0 and self._open[level][0] != name and self._open[level][0] not in elements.TABLE_PARTS:
                level -= 1
            level = level - 1 if self._open[level][0] == name else -1
        elif name in elements.TABLE_PARTS:
            while level > 0 and not self._open[level][1][name] and self._open[level][0] != "table":
                level -= 1
            if name == "table" and self._open[level][0] == "table":
                level -= 1
        if level >= 0 and self._open[level][1][name]:
            self._pop_to(name, level)

    def _close_implied(self, name: str) -> None:
        for ended in elements.IMPLIED[name]:
            if ended in elements.TABLE_PARTS:
                if self._open[-1][0] == ended or self._open[-1][1][ended]:
                    self.close(ended)
            elif self._open[-1][1][ended] and self._inner(ended):
                self.close(ended)

    def _inner(self, name: str) -> bool:
        """True where no list begins between here and the open element: a nested list's item ends no outer item."""
        for frame in reversed(self._stack[-40:]):
            if frame.name == name:
                return True
            if frame.name in ("ul", "ol", "dl"):
                return False
        return False

    def _pop_to(self, name: str, level: int) -> None:
        """Close everything down to the newest open element of this name in its scope."""
        kept: list[_Frame] = []
        while self._stack:
            frame = self._stack.pop()
            if frame.name in elements.SCOPES:
                self._open.pop()
            self._open[-1][1][frame.name] -= 1
            self._leave(frame)
            if frame.name == name and len(self._open) - 1 == level:
                break
            if frame.name in elements.FORMATTING and not frame.look.seen and frame.outer.seen and len(kept) < 20:
                kept.append(frame)
        # A formatting element left open goes on behind the end of the block it began in, as in a browser.
        for frame in reversed(kept):
            frame.outer = self._look
            self._put(frame)

    def _leave(self, frame: _Frame) -> None:
        if frame.name in elements.BLOCKS:
            self._block(spaced=frame.spaced)
        if frame.name == "li":
            self._mark = ""
        self._pre -= frame.name in ("pre", "xmp")
        self._quotes -= frame.quote
        self._signatures -= frame.signature
        self._look = frame.outer

    def lines(self) -> str:
        if self._line:
            self.end_line()
        return "\n".join(self._lines)


def _marks(name: str, found: dict[str, str]) -> frozenset[str]:
    """What selectors call an element: "p", ".secret", "#x"."""
    classes = (f".{one}" for one in found.get("class", "").lower().split())
    return frozenset({name, *classes, f"#{found.get('id', '').lower()}"})


def rendered(html: str) -> str:
    """The lines of an HTML mail: quotes with "> " in front, `HISTORY` and `SIGNATURE` where the mail program says so."""
    return linked(html)[0]


def linked(html: str) -> tuple[str, list[str]]:
    """The same, and the targets of the links that a reader sees, as they are written."""
    pieces = list(tokens(html.replace(HISTORY, "").replace(SIGNATURE, "")))
    page = _Page(Sheet("\n".join(piece.data for piece in pieces if piece.kind == "raw" and piece.name == "style")))
    for piece in pieces:
        if page.full:
            break
        _read(page, piece)
    return _marks_kept(page.lines()), page.links


def _read(page: _Page, piece: Token) -> None:
    if piece.kind == "text":
        page.text(piece.data)
    elif piece.kind == "open":
        page.open(piece.name, piece.data)
    elif piece.kind == "close":
        page.close(piece.name)
    elif piece.name == "xmp":
        page.open("xmp", "")
        page.text(piece.data)
        page.close("xmp")


def _marks_kept(text: str) -> str:
    """Invisible characters removed, our own marks not."""
    return "".join(part if part in (HISTORY, SIGNATURE) else visible_text(part) for part in _MARKS.split(text))
