"""A passage as the engines store it, and back. The payload is a flat object of texts and small integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from service.vectors import reach, words
from service.vectors.base import Cursor, Entry, Mark, Meta, Passage, passage_id
from service.vectors.ranking import BM25_BODY, BM25_TITLE, BODY, TITLE

Payload = dict[str, Any]

INDEXED = (
    "kind", "pool", "account", "brand", "organization", "requester", "audience", "language", "source", "article", "stamp", "by", reach.FIELD,
)  # fmt: skip
"""Fields that filters name. Servers may refuse to filter by a field without an index, and are slow without it."""

MARKED = ("article", "stamp", "model", "parts")

META_ID = "00000000-0000-5000-8000-000000000001"
"""The point that holds Meta. Beside it and the passages there is a Cursor per source."""

SUCCESSOR_ID = "00000000-0000-5000-8000-000000000002"
"""A point of its own, since Meta is read, changed and written back by several processes: what is built beside."""

SCHEME = 3
"""Version of what is stored of a passage, its word vectors included: another number, and the index is built anew."""

_TITLE_CHARS = 80
_PASSAGE_FIELDS = tuple(field.name for field in fields(Passage) if field.name != "id")


@dataclass(frozen=True, slots=True)
class Point:
    """What an engine stores under one id. No vectors: found by no search."""

    id: str
    vectors: Mapping[str, words.Sparse | tuple[float, ...]]
    payload: Payload


def body_of(passage: Passage) -> str:
    """The text that is indexed: the passage below its title and its place."""
    return "\n".join(part for part in (passage.title, passage.breadcrumb, passage.text) if part)


def title_of(passage: Passage) -> str:
    """The title that is indexed; a passage without one is known by its first words."""
    return passage.title or passage.text[:_TITLE_CHARS]


def points(entries: Iterable[Entry], meta: Meta) -> list[Point]:
    """Everything there is to store of these articles. Takes a millisecond for some thirty passages: not on the loop."""
    made = []
    for entry in entries:
        for number, passage in enumerate(entry.passages):
            vectors = dict(bm25(passage, meta))
            if entry.dense:
                dense = entry.dense[number]
                vectors |= {BODY: tuple(dense.body), TITLE: tuple(dense.title)}
            made.append(Point(passage.id, vectors, _payload(passage, entry)))
    return made


def bm25(passage: Passage, meta: Meta) -> dict[str, words.Sparse | tuple[float, ...]]:
    """The two word vectors of a passage, scaled by the index's lengths."""
    language = passage.language
    return {
        BM25_BODY: words.document_vector(body_of(passage), language=language, mean=meta.body_len or 1.0),
        BM25_TITLE: words.title_vector(title_of(passage), language=language, mean=meta.title_len or 1.0),
    }


def _payload(passage: Passage, entry: Entry) -> Payload:
    values: Payload = {name: getattr(passage, name) for name in _PASSAGE_FIELDS} | {"links": list(passage.links)}
    lengths = {"words": words.length(body_of(passage)), "title_words": words.length(title_of(passage))}
    mark = {"stamp": entry.mark.stamp, "model": entry.mark.model, "parts": len(entry.passages)}
    return {"kind": "passage", **values, reach.FIELD: reach.reach(values), **lengths, **mark}


def to_passage(point_id: str, payload: Payload) -> Passage:
    """Read a stored passage; one from before a field existed has its default."""
    values = {name: payload[name] for name in _PASSAGE_FIELDS if name in payload}
    return Passage(id=point_id, **{**values, "links": tuple(values.get("links") or ())})


def to_marks(payloads: Iterable[Payload]) -> dict[str, Mark]:
    """What is completely there, by article. An article of which a write was cut short has no mark."""
    seen: dict[str, set[tuple[str, str, int]]] = {}
    counts: dict[str, int] = {}
    for payload in payloads:
        article = payload["article"]
        seen.setdefault(article, set()).add((payload["stamp"], payload["model"], payload["parts"]))
        counts[article] = counts.get(article, 0) + 1
    marks = {}
    for article, states in seen.items():
        stamp, model, parts = next(iter(states))
        whole = len(states) == 1 and counts[article] == parts
        marks[article] = Mark(article, stamp if whole else "", model)
    return marks


def meta_point(meta: Meta) -> Point:
    """Meta as the index stores it."""
    return Point(META_ID, {}, {"kind": "meta", **asdict(meta), "languages": list(meta.languages)})


def successor_point(number: int) -> Point:
    """Which index is being built beside this one; 0 for none."""
    return Point(SUCCESSOR_ID, {}, {"kind": "successor", "number": number})


def to_meta(payload: Payload | None) -> Meta:
    """Read the index's own point; an empty index has none."""
    if payload is None:
        return Meta(scheme=SCHEME)
    values = {field.name: payload[field.name] for field in fields(Meta) if field.name in payload}
    return Meta(**{**values, "languages": tuple(values.get("languages", ()))})


def cursor_id(*, source: str, account: str) -> str:
    """Where the Cursor of a source lies."""
    return passage_id(account=account, source=source, article="", position=0)


def cursor_point(cursor: Cursor, *, source: str, account: str) -> Point:
    """A Cursor as the index stores it."""
    return Point(cursor_id(source=source, account=account), {}, {"kind": "cursor", **asdict(cursor)})


def to_cursor(payload: Payload | None) -> Cursor | None:
    """Read a source's own point; one of another version of ours is none."""
    try:
        known = {field.name for field in fields(Cursor)}
        return Cursor(**{name: value for name, value in payload.items() if name in known}) if payload else None
    except TypeError:
        return None
