"""A passage as what may be quoted of it: sections, and in them paragraphs, lists and tables that stay whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.passages import stems
from service.vectors import Passage

Tokens = frozenset[int]

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[^a-zà-ÿ\s])|(?<=[。！？])")

_LIST_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)]|[a-z]\))\s+\S")
_STEPS = re.compile(r"(?:[^\n]*[:：]\n)?\s*1[.)]\s")
_HEADING = re.compile(r"#{1,6}\s+")
_RULER = re.compile(r"[\s|:-]*")
_ENDS_WITH_MARK = re.compile(r"[.!?…:。！？：]$")
_LEANS = re.compile(
    r"(?:then|this|that|these|those|it|they|he|she|such|both|either|otherwise|afterwards?|after that|instead|so|but|and|or|also|however|therefore|if not"
    r"|dann|dies|das|dabei|dafür|dazu|damit|dadurch|danach|daher|deshalb|sonst|solche[rs]?|diese[rmns]?|außerdem|aber|und|oder|beides?|er|es"
    r"|alors|ensuite|puis|cela|ça|ce|cet|cette|ces|celui-ci|celle-ci|sinon|il|ils|elle|elles|mais|et|ou|donc|dans ce cas|ainsi"
    r"|entonces|después|luego|esto|este|esta|estos|estas|eso|ese|esa|si no|de lo contrario|pero|así|por eso|en ese caso|también"
    r"|poi|allora|questo|questa|questi|queste|altrimenti|così|depois|então|isto|isso|senão|assim|dan|daarna|dit|dat|deze|die|anders)(?!\w)",
    re.IGNORECASE,
)
"""How a sentence begins that cannot be understood without the one before."""
_POINTS_ON = re.compile(
    r"\b(?:(?:described|shown|listed|see|steps|explained) below|unten|weiter unten|ci-dessous|plus bas|a continuación|más abajo|di seguito|qui sotto"
    r"|abaixo|hieronder)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """What is quoted whole: a paragraph, or a list or table with the line that leads into it."""

    text: str
    words: Tokens

    @property
    def size(self) -> int:
        """In words."""
        return len(self.text.split())

    @property
    def leans(self) -> bool:
        """Whether it begins with a word that points back."""
        return bool(_LEANS.match(self.text))

    @property
    def steps(self) -> bool:
        """Whether it is a numbered list."""
        return bool(_STEPS.match(self.text))


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading, "" for none."""

    heading: str
    blocks: tuple[Block, ...]
    named: Tokens  # words of the heading
    words: Tokens  # of all of it

    @property
    def size(self) -> int:
        """In words."""
        return sum(block.size for block in self.blocks)

    @property
    def steps(self) -> bool:
        """Whether it tells what to do, step by step."""
        return any(block.steps for block in self.blocks)

    @property
    def lines(self) -> list[str]:
        """Each sentence, and each item of a list."""
        rows = [row for block in self.blocks for row in block.text.split("\n")]
        return [line for row in rows for line in SENTENCE_END.split(row)]

    @property
    def points_on(self) -> bool:
        """Whether it cannot be followed without what stands below it."""
        return any(_POINTS_ON.search(block.text) for block in self.blocks)

    @property
    def text(self) -> str:
        """As it is quoted: the heading as a line that leads in."""
        body = "\n\n".join(block.text for block in self.blocks)
        colon = "" if _ENDS_WITH_MARK.search(self.heading) else ":"
        return f"{self.heading}{colon}\n{body}" if self.heading else body


def sections(passage: Passage, *, heading: str = "") -> list[Section]:
    """The sections of a passage, in their order; those without a sentence are left out.

    heading: what the passage's beginning stands under, where that is known.
    """
    made: list[Section] = []
    name, rows = heading, list[str]()
    for row in [*_rows(passage), "#  "]:
        mark = _HEADING.match(row)
        if mark is None:
            rows.append(row)
            continue
        blocks = tuple(
            Block(text, stems(text, language=passage.language)) for text in _texts(rows) if re.search(r"\w", text)
        )
        if blocks:
            named = stems(name, language=passage.language)
            made.append(Section(name, blocks, named, named.union(*(block.words for block in blocks))))
        name, rows = row[mark.end() :].strip(), []
    return made


def _rows(passage: Passage) -> list[str]:
    """The lines; of a passage that was cut out of a long text, without the half sentence that it begins with."""
    text = passage.text
    if passage.position and text[:1].islower():
        first, *_ = [match.end() for match in SENTENCE_END.finditer(text)] or [0]
        text = text[first:]
    return text.split("\n")


def _texts(rows: Sequence[str]) -> Iterator[str]:
    """Paragraphs, lists with the line that leads into them, and tables as lists."""
    held, kind = list[str](), ""
    for row in rows:
        now = "table" if "|" in row else "item" if _LIST_ITEM.match(row) else "text" if row.strip() else ""
        led = bool(held) and held[-1].endswith((":", "："))
        if kind == "item" and now == "text" and row[:1].isspace():  # goes on with the item above
            held[-1] += f" {row.strip()}"
        elif not now:  # a list goes on behind a blank line, and a lead waits for its list
            kind = kind if kind == "item" or led else ""
        else:
            if held and now != kind and not (led and now != "text"):
                yield from _whole(held)
                held = []
            held.append(row.strip())
            kind = now
    yield from _whole(held)


def _whole(lines: Sequence[str]) -> Iterator[str]:
    rows = [line for line in lines if "|" in line]
    table = _table(rows, led=len(rows) < len(lines))
    if rows and not table and not rows[0].startswith("|"):  # a sentence with a bar in it
        table = rows
    yield "\n".join([*(line for line in lines if "|" not in line), *table])


def _table(rows: Sequence[str], *, led: bool) -> list[str]:
    """A table as lines that can be read: "- Holds: One 1.5 litres, Mini 0.8 litres". Without rows: nothing."""
    cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows if not _RULER.fullmatch(row)]
    if len(cells) < 2:
        return []
    head, body = cells[0], cells[1:]
    wide = max(len(row) for row in body)
    if wide == 2 and len(head) == 2:  # then each name is needed once
        lines = [f"- {': '.join(row)}" for row in body]
        return lines if led else [f"{' – '.join(head)}:", *lines]
    names = head[-(wide - 1) :] if wide > 1 else []  # the corner may be empty
    return [
        f"- {row[0]}: {', '.join(f'{name} {cell}' for name, cell in zip(names, row[1:], strict=False))}".rstrip(": ")
        for row in body
    ]
