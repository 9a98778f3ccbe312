"""Labelled questions: which documents answer which, read from one JSON file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.labelled import LabelledError, Place, text_of, wrong


class Document(BaseModel):
    """What may be found. `text` is plain text."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: str = Field(min_length=1)
    title: str = ""
    text: str


class Query(BaseModel):
    """What somebody asked."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(strict=True)

    corpus: list[Document] = Field(min_length=1)
    queries: list[Query] = Field(min_length=1)
    qrels: dict[str, dict[str, int]]
    unanswerable: list[Query] = []


@dataclass(frozen=True, slots=True)
class Labelled:
    """relevant: ids of the documents that answer a query, by its id; at least one each. unanswerable: nothing answers them."""

    documents: Sequence[Document]
    queries: Sequence[Query]
    relevant: Mapping[str, Collection[str]]
    unanswerable: Sequence[Query] = ()


def read_labelled(path: Path) -> Labelled:
    """Read `{"corpus": [{id, title, text}], "queries": [{id, text}], "qrels": {query: {document: 1}}, "unanswerable": [{id, text}]}`.

    Blocking. Raises LabelledError.
    """
    text = text_of(path, largest=None)  # a corpus may be large
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise LabelledError(f"{path}, line {error.lineno}, column {error.colno}: no JSON ({error.msg})") from error
    except RecursionError as error:
        raise LabelledError(f"{path} is nested too deeply") from error
    try:
        file = _File.model_validate(given)
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        raise wrong(path, text, first["loc"], first["msg"], more=more) from error
    for key, problem in _contradictions(file):
        raise wrong(path, text, key, problem)
    relevant = {query: [document for document, gain in of.items() if gain > 0] for query, of in file.qrels.items()}
    return Labelled(file.corpus, file.queries, relevant, file.unanswerable)


def _contradictions(file: _File) -> Iterator[tuple[Place, str]]:
    """What is well-formed and cannot be: an id twice, a label of something that is not there."""
    yield from _twice({"corpus": file.corpus})
    yield from _twice({"queries": file.queries, "unanswerable": file.unanswerable})
    documents, queries = {one.id for one in file.corpus}, {one.id for one in file.queries}
    for named, labels in file.qrels.items():
        if named not in queries:
            yield ("qrels", named), "no such query in `queries`"
        for document in labels:
            if document not in documents:
                yield ("qrels", named, document), "no such document in `corpus`"
    for number, query in enumerate(file.queries):
        if not any(gain > 0 for gain in file.qrels.get(query.id, {}).values()):
            yield (
                ("queries", number),
                f"`qrels` names no document for {query.id!r}: move it to `unanswerable` or label it",
            )


def _twice(lists: Mapping[str, Sequence[Document | Query]]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for name, items in lists.items():
        for number, item in enumerate(items):
            if item.id in seen:
                yield (name, number, "id"), f"the id {item.id!r} comes twice"
            seen.add(item.id)
