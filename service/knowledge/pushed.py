"""Articles that a program of the team's own puts in: checked, then indexed like any other. No sync removes them."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors.base import Article
from connectors.folder import markdown_to_html
from service.errors import ServiceError
from service.knowledge.chunks import article_key, split
from service.knowledge.sources import OURS, Library
from service.knowledge.sync import put_article

LARGEST_BYTES = 5 * 1024 * 1024
"""Of a body; an article of a book's length is smaller."""

_ACCOUNT = "*"  # every account of this deployment

_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BROKEN = re.compile(r"[\0\ud800-\udfff]")
_LONGEST_ID, _LONGEST_VALUE = 300, 2_000

_TEXTS = ("html", "text", "markdown")
_NAMES = ("title", "url", "language", "audience", "brand", "organization", "breadcrumb", "updated_at")

BODY = {
    "type": "object",
    "required": ["title"],
    "properties": {name: {"type": "string"} for name in (*_NAMES, *_TEXTS)},
    "additionalProperties": False,
    "oneOf": [{"required": [name]} for name in _TEXTS],
}
"""What is read, as a JSON schema."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with which key of what was sent; `body`: with all of it."""

    key: str
    problem: str


class UnfitError(Exception):
    """What was sent is no article that can be indexed. `problems`: all of them, at least one."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{one.key}: {one.problem}" for one in problems))
        self.problems = problems


class NotNowError(ServiceError):
    """The article cannot be embedded now: later it can."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of an article. passages: it has in the index. notes: what whoever sent it should know."""

    article: str
    passages: int
    new: bool
    notes: tuple[str, ...] = ()


async def put(library: Library, source: str, id_: str, body: bytes) -> Pushed:
    """Index what was sent as article `id_` of `source`, or replace it. Sent twice, it changes nothing.

    Raises UnfitError, NotNowError (an older state of it stays, for those who may still see it), VectorsUnavailableError.
    """
    article = await asyncio.to_thread(to_article, source, id_, body)
    passages = len(await asyncio.to_thread(split, article))
    if not passages:
        raise UnfitError(Problem("body", "the article says nothing: DELETE it instead"))
    key = article_key(article)
    known = await library.vectors.marks(source=source, account=_ACCOUNT, articles=[key])
    report = await put_article(article, vectors=library.vectors, embeddings=library.embeddings)
    if not report.settled:
        raise NotNowError(f"{report.problems[-1]}: send it again")
    if report.failed:
        raise UnfitError(Problem("body", report.problems[-1]))
    return Pushed(key, passages, new=not known, notes=report.problems)


async def remove(library: Library, source: str, id_: str) -> None:
    """Take an article out; one that is not there is no error. Raises UnfitError, VectorsUnavailableError."""
    if problems := [*_misnamed(source, id_)]:
        raise UnfitError(*problems)
    await library.vectors.remove([f"{source}:{id_}"], source=source, account=_ACCOUNT)


def to_article(source: str, id_: str, body: bytes) -> Article:
    """Read what was sent. Blocking: five megabytes take a second. Raises UnfitError with everything that is wrong."""
    problems = _misnamed(source, id_)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UnfitError(*problems, Problem("body", "is not a JSON object in UTF-8"))
    problems += [
        Problem(_shown(key), f"is not known here; known are {', '.join((*_NAMES, *_TEXTS))}")
        for key in given.keys() - {*_NAMES, *_TEXTS}
    ]
    values = {key: value for key, value in given.items() if key in _NAMES or key in _TEXTS}
    for key, value in values.items():
        if problem := _wrong(key, value):
            problems.append(Problem(key, problem))
    if "title" not in values:
        problems.append(Problem("title", "is missing"))
    written = [key for key in _TEXTS if key in values]
    if len(written) != 1:
        problems.append(Problem("html", f"send exactly one of {', '.join(_TEXTS)}"))
    if problems:
        raise UnfitError(*problems)
    language = _LANGUAGE.fullmatch(values.get("language", ""))
    return Article(
        source=source,
        id=id_,
        title=values["title"].strip(),
        html=_AS_HTML[written[0]](values[written[0]]),
        url=values.get("url", ""),
        language=language[1].lower() if language else "",
        audience="public" if values.get("audience") == "public" else "internal",
        account=_ACCOUNT,
        brand=values.get("brand", "*"),
        organization=values.get("organization", "*"),
        breadcrumb=values.get("breadcrumb", ""),
        updated_at=_time(values["updated_at"]) if "updated_at" in values else None,
    )


def _misnamed(source: str, id_: str) -> list[Problem]:
    problems = []
    if not _SOURCE.fullmatch(source):
        problems.append(
            Problem("source", "is up to 40 lower-case letters, digits, - and _, and begins with none of these two")
        )
    elif source in OURS:
        problems.append(Problem("source", f"{source} is read by us, and a sync would remove it: take another name"))
    if not id_.strip() or len(id_) > _LONGEST_ID or _UNPRINTABLE.search(id_):
        problems.append(Problem("id", f"is 1 to {_LONGEST_ID} printable characters"))
    return problems


def _wrong(key: str, value: object) -> str:
    """What is wrong with the value of a known key; empty where nothing is."""
    if not isinstance(value, str):
        return "is not a text; leave it out where there is none"
    if _BROKEN.search(value) or (key not in _TEXTS and _UNPRINTABLE.search(value)):
        return "holds characters that are none"
    if key not in _TEXTS and len(value) > _LONGEST_VALUE:
        return f"is longer than {_LONGEST_VALUE} characters"
    fits, otherwise = _CHECKS.get(key, (_anything, ""))
    return "" if fits(value) else otherwise


def _anything(_value: str) -> bool:
    return True


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)


def _time(value: str) -> datetime | None:
    """A time in ISO 8601; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(key: str) -> str:
    return _UNPRINTABLE.sub("?", key)[:40]


def _paragraphs(text: str) -> str:
    """Plain text: blank lines between paragraphs, lines as they are."""
    escaped = (html.escape(part.strip("\n")).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text))
    return "".join(f"<p>{part}</p>" for part in escaped)


_AS_HTML: dict[str, Callable[[str], str]] = {"html": str, "text": _paragraphs, "markdown": markdown_to_html}

_CHECKS: dict[str, tuple[Callable[[str], object], str]] = {
    "title": (str.strip, "is empty"),
    "brand": (str.strip, "is empty: leave it out where it is for every brand"),
    "organization": (str.strip, "is empty: leave it out where it is for every organisation"),
    "audience": (("public", "internal").__contains__, "write public or internal"),
    "language": (_LANGUAGE.fullmatch, "write a code like de or pt-BR"),
    "url": (_is_address, "write a whole address, https://host/page"),
    "updated_at": (_time, "write a time like 2026-11-20T09:30:00Z"),
}
"""By key: what the value must pass, and what to do where it does not."""
