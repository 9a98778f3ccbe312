"""An article cut into passages: at its headings, about 120 words each, tables and lists whole where they fit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from connectors.base import Article
from connectors.mail import MAX_CHARS, html_to_text_and_links
from service.links import kept_links
from service.plaintext import clip
from service.vectors import Passage, passage_id, words

SPLITTING = 3
"""Version of the way articles are cut: another number, and the next sync builds a new index beside the old one."""

_WORDS = 120
_OVERLAP = 25
_WHOLE = 150
"""Lengths in words; texts up to _WHOLE are left as they are. Measured on two sets (deploy/decisions/0015)."""

_PASSAGES_MAX = 500
"""Some 65,000 words: what is longer is no help article, and its end is left out."""

_NAME_CHARS = 300
"""Of a title or a heading, which every passage below it repeats: what is longer is a text."""

_PATH = " › "

_HEADING = re.compile(r"<h([1-6])\b[^>]*+>?", re.IGNORECASE)  # also without an end: then nothing is read twice
_MARKED = re.compile(r"⟦h([1-6])⟧")
"""Headings are marked in the HTML, and found again in its text: what hides a heading hides its mark as well."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, a list or a table. level: of a heading; 0 for all else."""

    text: str
    level: int = 0


def split(article: Article) -> list[Passage]:
    """The passages of an article, in its order; none where it says nothing.

    Blocking: some 50 ms for 100 kB, at most a second. Positions and ids are the same for the same article. Scripts and
    hidden text are left out. A text without a stated language gets the one that its stop words show.
    """
    blocks, links = _blocks(_unicode(article.html))
    language = words.primary(article.language) or words.guess("\n".join(block.text for block in blocks[:50]))
    title = _name(article.title) or next((block.text for block in blocks if block.level), "")
    above = _name(article.breadcrumb)
    updated_at = article.updated_at.isoformat() if article.updated_at else ""
    key = article_key(article)
    return [
        Passage(
            id=passage_id(account=article.account, source=article.source, article=key, position=position),
            article=key,
            source=article.source,
            title=title,
            breadcrumb=_PATH.join(part for part in (above, *path) if part),
            text=text,
            url=article.url,
            language=language,
            audience=article.audience,
            account=article.account,
            brand=article.brand,
            organization=article.organization,
            pool=article.pool,
            position=position,
            updated_at=updated_at,
            links=links if article.pool == "article" else (),
        )
        for position, (path, text) in enumerate(_cut(blocks))
    ]


def article_key(article: Article) -> str:
    """How passages and marks name the article: "folder:refunds.md"."""
    return f"{article.source}:{article.id}"


def stamp(article: Article) -> str:
    """Two hashes with a dot between: of all that is embedded, and of who may find it where.

    When the article was last touched changes neither. How it is cut is no part of it: the index as a whole says that.
    """
    values = asdict(article)
    del values["updated_at"], values["pool"]  # a source has one pool, and is named in the stamp
    label = [values.pop(name) for name in ("audience", "brand", "organization", "url")]
    hashes = (hashlib.sha256(json.dumps(one, sort_keys=True).encode()) for one in ([1, values], label))
    return ".".join(one.hexdigest() for one in hashes)


def cut_short(article: Article, passages: Sequence[Passage]) -> bool:
    """Whether the article is longer than what is read of one, so that its end is missing."""
    return len(article.html) > MAX_CHARS or len(passages) >= _PASSAGES_MAX


def _unicode(text: str) -> str:
    """Text that can be stored: half a character out of broken JSON becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _name(text: str) -> str:
    return clip(" ".join(_unicode(text).split()), limit=_NAME_CHARS)


def _blocks(html: str) -> tuple[list[_Block], tuple[str, ...]]:
    """The readable text in order, between blank lines and each heading by itself; and where its links lead."""
    blocks: list[_Block] = []
    text, links = html_to_text_and_links(_HEADING.sub(r"\g<0>⟦h\1⟧", html[:MAX_CHARS]))
    for paragraph in text.split("\n\n"):
        lines: list[str] = []
        for line in paragraph.split("\n"):
            mark = _MARKED.search(line)
            if mark is None:
                lines.append(line.rstrip())
                continue
            heading = _MARKED.sub("", line).strip()
            level = int(mark[1]) if len(heading) <= _NAME_CHARS else 0
            blocks += [_Block("\n".join(lines)), _Block(heading, level)]
            lines = []
        blocks.append(_Block("\n".join(lines)))
    return [block for block in blocks if block.text.strip()], kept_links(links)


def _cut(blocks: Sequence[_Block]) -> list[tuple[tuple[str, ...], str]]:
    """Heading path and text of each passage. A short article stays whole, its headings in the text, marked as such."""
    if all(block.level for block in blocks):
        return []
    whole = "\n\n".join(f"## {block.text}" if block.level else block.text for block in blocks)
    if words.length(whole) <= _WHOLE:
        return [((), whole)]
    passages: list[tuple[tuple[str, ...], str]] = []
    for path, texts in _sections(blocks):
        for text in _windows(texts):
            passages.append((path, text))
            if len(passages) == _PASSAGES_MAX:
                return passages
    return passages


def _sections(blocks: Sequence[_Block]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """What stands below each heading, with the headings it stands under; headings above nothing only lead on."""
    path: dict[int, str] = {}
    texts: list[str] = []
    for block in blocks:
        if not block.level:
            texts.append(block.text)
            continue
        if texts:
            yield tuple(path.values()), texts
            texts = []
        path = {level: text for level, text in path.items() if level < block.level} | {block.level: block.text}
    if texts:
        yield tuple(path.values()), texts


def _windows(texts: Sequence[str]) -> Iterator[str]:
    """Passages of about _WORDS words; each begins with the last _OVERLAP words of the one before."""
    whole = "\n\n".join(texts)
    if words.length(whole) <= _WHOLE:
        yield whole
        return
    held, count, fresh = "", 0, False  # fresh: there is more in what is held than the overlap
    for joint, unit in _units(texts):
        size = words.length(unit)
        if fresh and count + size > _WORDS:
            yield held
            held, count, fresh = *_tail(held), False
        held, count, fresh = f"{held}{joint}{unit}" if held else unit, count + size, True
        if size > _WORDS:
            *full, held = _slices(held)
            yield from full
            count = words.length(held)
    yield held


def _units(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is kept whole, and what joins it to the one before: paragraphs, lists, tables; of a long one its lines."""
    for text in texts:
        lines = [text] if words.length(text) <= _WORDS else text.split("\n")
        for number, line in enumerate(lines):
            yield ("\n" if number else "\n\n"), line


def _slices(text: str) -> list[str]:
    """Cut a long text between words: _WORDS each, the last _OVERLAP of them again in the next."""
    pieces = list(words.PIECE.finditer(text))
    starts = range(0, max(1, len(pieces) - _OVERLAP), _WORDS - _OVERLAP)
    return [text[pieces[at].start() : pieces[min(at + _WORDS, len(pieces)) - 1].end()] for at in starts]


def _tail(text: str) -> tuple[str, int]:
    """The last _OVERLAP words, and how many they are."""
    pieces = list(words.PIECE.finditer(text))[-_OVERLAP:]
    return text[pieces[0].start() :], len(pieces)
