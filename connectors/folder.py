"""Articles from a folder of Markdown and HTML files: what a team already has, without a help centre.

A folder is what a team gives to its customers, so a file is public unless its front matter says otherwise:

    ---
    title: Refunds
    audience: internal
    ---
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt

from connectors.base import Article, Audience, MisconfiguredError, RejectedError
from connectors.mail import MAX_CHARS, html_to_text
from connectors.mail.markup import Token, decoded, tokens

MARKDOWN = frozenset({".md", ".markdown"})
HTML = frozenset({".html", ".htm"})

_HEAD = frozenset({"html", "head", "meta", "link", "base", "title", "style", "script"})
_FRAME = frozenset({"html", "head", "body"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

LARGEST_BYTES = 5 * 1024 * 1024
"""An article of a book's length; what is larger is an export or a picture inside the page."""

_KEYS = ("title", "url", "language", "audience", "brand", "organization", "breadcrumb")

_LONGEST_VALUE = 2_000
"""Every passage of an article repeats what its front matter says."""

_AUDIENCES: Mapping[str, Audience] = {"public": "public", "internal": "internal"}

_ENTRY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*)")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)
_SUFFIX_LANGUAGE = re.compile(r"(.+)\.([a-z]{2})(?:[-_][A-Za-z]{2,4})?")

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es"
    " et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg"
    " ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl"
    " nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv"
    " sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_ISO_639_1 = frozenset(_CODES.split())
"""A suffix of any other two letters is part of the name: "node.js.md" is not written in "js"."""


@dataclass(frozen=True, slots=True)
class Page:
    """A file without its front matter: the title it gives itself, and the rest as HTML."""

    title: str
    html: str


def folder_articles(path: Path, *, base_url: str = "", problems: list[str] | None = None) -> Iterator[Article]:
    """Read every *.md, *.markdown, *.html and *.htm below `path`, in the order of their paths.

    Blocking and pure reading: call it in a thread. `Article.id` is the path within the folder, with slashes.
    base_url: where the pages stand on the web; "refunds/cash.de.md" is `{base_url}/refunds/cash`. Empty: no address.
    problems: gets one sentence per file that is left out (binary, empty, not UTF-8, over 5 MB, unreadable, a link that
    leads out of the folder, front matter with an unknown key: "refunds.md:3: ..."), and the rest goes on. Without it
    the first such file raises RejectedError. Names that begin with a dot are passed over.

    Raises MisconfiguredError where `path` is not a folder.
    """
    root = Path(path)
    if not root.is_dir():
        raise MisconfiguredError(f"{root} is not a folder: the articles were expected there")
    for file in _files(root, problems):
        try:
            yield _article(file, root=root, base_url=base_url)
        except RejectedError as problem:
            if problems is None:
                raise
            problems.append(str(problem))


def markdown_to_html(text: str) -> str:
    """Render Markdown as in a folder, its title included. Blocking: a megabyte of brackets takes seconds."""
    return str(_markdown().render(text[:MAX_CHARS]))


def front_matter(text: str, *, name: str) -> tuple[dict[str, str], str]:
    """Split `key: value` lines between two lines of `---` from the text. Raises RejectedError naming file and line."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    values: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        entry = line.strip()
        if entry == "---":
            return values, "".join(lines[number:])
        if not entry or entry.startswith("#"):
            continue
        match = _ENTRY.fullmatch(entry)
        if not match:
            raise RejectedError(f"{name}:{number}: front matter is lines of `key: value`, this is not one")
        key, value = match[1].lower(), match[2].strip()
        if key not in _KEYS:
            raise RejectedError(
                f"{name}:{number}: unknown key {key!r} in the front matter; known are {', '.join(_KEYS)}"
            )
        values[key] = _checked(key, _unquoted(value), where=f"{name}:{number}")
    raise RejectedError(f"{name}:1: front matter begins here and never ends: close it with a line of ---")


def _files(root: Path, problems: list[str] | None) -> Iterator[Path]:
    """Files to read, sorted; folders behind links are passed over, so nothing outside is read and nothing twice."""
    unreadable: list[OSError] = []
    found = [
        Path(folder, name)
        for folder, _, names in _walk(root, unreadable)
        for name in names
        if not name.startswith(".") and Path(name).suffix.lower() in MARKDOWN | HTML
    ]
    for error in unreadable:
        problem = f"{error.filename}: cannot be opened: {error.strerror}"
        if problems is None:
            raise RejectedError(problem) from error
        problems.append(problem)
    yield from sorted(found, key=lambda file: file.relative_to(root).as_posix())


def _walk(root: Path, unreadable: list[OSError]) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, names in os.walk(root, onerror=unreadable.append, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield folder, folders, names


def _article(file: Path, *, root: Path, base_url: str) -> Article:
    relative = PurePosixPath(file.relative_to(root).as_posix())
    text, changed_at = _read(file, root=root, name=str(relative))
    values, body = front_matter(text, name=str(relative))
    page = _from_markdown(body) if file.suffix.lower() in MARKDOWN else _from_html(body)
    if not page.html.strip() and not page.title:
        raise RejectedError(f"{relative}: is empty")
    stem, language = _stem_and_language(relative)
    return Article(
        source="folder",
        id=str(relative),
        title=values.get("title") or page.title or _words(stem),
        html=page.html,
        url=values.get("url") or _address(base_url, relative.with_name(stem)),
        language=_primary(values.get("language", "")) or language,
        audience=_AUDIENCES[values.get("audience") or "public"],
        brand=values.get("brand") or "*",
        organization=values.get("organization") or "*",
        breadcrumb=values.get("breadcrumb") or " › ".join(_words(part) for part in relative.parts[:-1]),
        updated_at=changed_at,
    )


def _read(file: Path, *, root: Path, name: str) -> tuple[str, datetime]:
    """Text of a file and when it changed. Raises RejectedError for whatever is not an article."""
    try:
        if not file.resolve(strict=True).is_relative_to(root.resolve(strict=True)):
            raise RejectedError(f"{name}: is a link that leads out of the folder")
        with file.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
            changed_at = datetime.fromtimestamp(os.fstat(opened.fileno()).st_mtime, tz=UTC)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise RejectedError(f"{name}: cannot be read: {error}") from error
    if len(content) > LARGEST_BYTES:
        raise RejectedError(f"{name}: is larger than {LARGEST_BYTES // 1024 // 1024} MB")
    if b"\0" in content:
        raise RejectedError(f"{name}: is not text (or UTF-16: save it as UTF-8)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RejectedError(f"{name}: is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    if not text.strip():
        raise RejectedError(f"{name}: is empty")
    return text, changed_at


def _from_markdown(text: str) -> Page:
    """Render Markdown; HTML in it is shown as text. Its first heading is the title, and leaves when it opens the page.

    Of the first MAX_CHARS, which is all that is read of an article: brackets alone cost 20 µs each.
    """
    markdown = _markdown()
    parsed = markdown.parse(text[:MAX_CHARS])
    at = next((place for place, token in enumerate(parsed) if token.type == "heading_open"), None)
    if at is None:
        return Page(title="", html=markdown.renderer.render(parsed, markdown.options, {}))
    title = "".join(child.content for child in parsed[at + 1].children or () if child.type in ("text", "code_inline"))
    body = parsed[3:] if at == 0 else parsed  # a heading is three tokens: open, text, close
    return Page(title=title.strip(), html=markdown.renderer.render(body, markdown.options, {}))


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _from_html(text: str) -> Page:
    """Body of a page or a fragment, as written; title is its first heading, else its `title`. An h1 that became it leaves.

    Both are looked for within the first MAX_CHARS and the tokenizer's limit of tags, in one pass: no tree is built, which
    a hostile page could make as large or as slow as it likes. A heading that nobody closed is none.
    """
    pieces = list(tokens(text[:MAX_CHARS]))
    begin = next((piece.start for piece in pieces if not _in_head(piece)), 0)
    cuts = [(0, begin), *((piece.start, piece.end) for piece in pieces if piece.name in _FRAME)]
    title = ""
    if heading := _first_heading(pieces):
        first, end = heading
        title = _one_line(html_to_text(text[first.start : end]))
        cuts += [(first.start, end)] * (first.name == "h1")
    if not title:
        named = (piece.data for piece in pieces if piece.kind == "raw" and piece.name == "title")
        title = _one_line(decoded(next(named, "")))
    return Page(title=title, html=_without(text, cuts).strip())


def _in_head(piece: Token) -> bool:
    """True for what stands in front of the body, whether or not there is a tag for it."""
    return piece.name in _HEAD or (piece.kind == "text" and not piece.data.strip())


def _first_heading(pieces: Sequence[Token]) -> tuple[Token, int] | None:
    """The start tag of the first h1, h2 or h3, and where the heading ends in the source."""
    headings = [piece for piece in pieces if piece.name in _HEADINGS]
    first = next((at for at, piece in enumerate(headings) if piece.kind == "open" and piece.name < "h4"), None)
    if first is None or first + 1 == len(headings) or headings[first + 1].kind == "open":
        return None
    return headings[first], headings[first + 1].end


def _without(text: str, cuts: Iterable[tuple[int, int]]) -> str:
    """The text without these stretches, which may overlap."""
    kept, position = list[str](), 0
    for start, end in sorted(cuts):
        kept.append(text[position:start])
        position = max(position, end)
    return "".join((*kept, text[position:]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _stem_and_language(relative: PurePosixPath) -> tuple[str, str]:
    """Split "cash.de.md" into "cash" and "de"; a suffix that is no language stays in the name."""
    match = _SUFFIX_LANGUAGE.fullmatch(relative.stem)
    return (match[1], match[2]) if match and match[2] in _ISO_639_1 else (relative.stem, "")


def _address(base_url: str, page: PurePosixPath) -> str:
    if not base_url:
        return ""
    parts = page.parts[:-1] if page.name.lower() == "index" else page.parts
    return "/".join((base_url.rstrip("/"), *(quote(part, safe="") for part in parts)))


def _checked(key: str, value: str, *, where: str) -> str:
    if len(value) > _LONGEST_VALUE:
        raise RejectedError(
            f"{where}: {key} is longer than {_LONGEST_VALUE} characters: is a line of --- missing above?"
        )
    if key == "audience" and value not in _AUDIENCES:
        raise RejectedError(f"{where}: audience is {value!r}: write public or internal")
    if key == "language" and not _LANGUAGE.fullmatch(value):
        raise RejectedError(f"{where}: language is {value!r}: write a code like de or pt-BR")
    if key == "url" and not (urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname):
        raise RejectedError(f"{where}: url is {value!r}: write a whole address, https://host/page")
    return value


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _primary(language: str) -> str:
    match = _LANGUAGE.fullmatch(language)
    return match[1].lower() if match else ""


def _words(name: str) -> str:
    """A file's or folder's name as a reader would write it: "lost-parcels" -> "Lost parcels"."""
    spaced = re.sub(r"[-_\s]+", " ", name).strip()
    return spaced[:1].upper() + spaced[1:]
