"""Articles of Freshdesk Solutions: categories, their folders, their articles. There is no list of changes: all of it.

What may be shown to customers hangs on the folder, not on the article, so folders are read anew by every crawl.
Source: https://developers.freshdesk.com/api/#solutions
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Article, Audience, GoneError, RejectedError
from connectors.freshdesk import wire
from connectors.freshdesk.paging import listed as _listed
from connectors.http import JSON, Door

_DEEPEST = 10  # folders in folders; Freshdesk allows fewer

_PUBLISHED = 2
_EVERYONE, _SELECTED_COMPANIES = 1, 4


@dataclass(frozen=True, slots=True)
class Folder:
    """Where an article stands and who may read it there."""

    id: str
    breadcrumb: str
    audience: Audience
    organization: str = "*"


async def crawl(
    door: Door, *, languages: Sequence[str] = (), unread: dict[str, str] | None = None
) -> AsyncIterator[Article]:
    """Read every published article, folder by folder.

    languages: Freshdesk codes ("de", "pt-BR") to read beside the primary language; none: those that the account's
    settings name. A key that may not read the settings leaves the primary language's name empty.
    unread: gets id and reason of each that is not as documented, and the rest goes on; None: the first one raises.
    """
    primary, supported = await _languages(door)
    others = [code for code in dict.fromkeys(languages or supported) if code and code != primary]
    async for folder in _folders(door):
        path = f"/api/v2/solutions/folders/{folder.id}/articles"
        originals: dict[Any, JSON] = {}
        async for body in _listed(door, path, what="articles"):
            originals[body.get("id")] = body
            if _published(body) and (found := _read(body, unread, folder=folder, door=door, language=primary)):
                yield found
        for code in others:
            async for body in _translated(door, f"{path}/{code}"):
                if not _published(body) or _same(body, originals.get(body.get("id"))):
                    continue
                if found := _read(body, unread, folder=folder, door=door, language=code, translation=True):
                    yield found


def _read(
    body: JSON, unread: dict[str, str] | None, *, folder: Folder, door: Door, language: str, translation: bool = False
) -> Article | None:
    """One article; None where it is not as documented, and `unread` says so."""
    try:
        return to_article(body, folder=folder, door=door, language=language, translation=translation)
    except RejectedError as error:
        if unread is None:
            raise
        unread[_id(wire.number(body.get("id")), language, translation=translation)] = str(error)
        return None


def _id(number: str, language: str, *, translation: bool) -> str:
    return f"{number}-{language}" if translation else number


def to_article(body: JSON, *, folder: Folder, door: Door, language: str, translation: bool = False) -> Article:
    """Read one article of a folder. A translation shares its original's number, so its id carries the language too."""
    with wire.documented_shape("article"):
        id_ = wire.number(body["id"])
        return Article(
            source="freshdesk",
            id=_id(id_, language, translation=translation),
            title=str(body.get("title") or ""),
            html=str(body.get("description") or ""),
            url=_url(door.base_url, id_, audience=folder.audience, language=language if translation else ""),
            language=wire.primary_subtag(language),
            audience=folder.audience,
            account=door.host,
            organization=folder.organization,
            breadcrumb=folder.breadcrumb,
            updated_at=wire.time(body["updated_at"]) if body.get("updated_at") else None,
        )


def to_folder(body: JSON, *, within: str, inside: Folder | None = None) -> Folder:
    """Read a folder. `within`: breadcrumb above it. `inside`: the folder around it, which can only narrow who reads.

    Public is visibility 1 (everyone) alone; a recording without the field exists, and counts as restricted.
    Exactly one company selected (visibility 4): bound to it. Two and more cannot be told to the index: for nobody.
    """
    with wire.documented_shape("folder"):
        companies = body.get("company_ids") or []
        one = body.get("visibility") == _SELECTED_COMPANIES and len(companies) == 1
        outer_public = inside is None or inside.audience == "public"
        some = body.get("visibility") == _SELECTED_COMPANIES
        organization = wire.number(companies[0]) if one else "" if some else "*"
        return Folder(
            id=wire.number(body["id"]),
            breadcrumb=" › ".join(part for part in (within, str(body.get("name") or "")) if part),
            audience="public" if body.get("visibility") == _EVERYONE and outer_public else "internal",
            organization=inside.organization if inside and inside.organization != "*" else organization,
        )


async def _folders(door: Door) -> AsyncIterator[Folder]:
    async for category in _listed(door, "/api/v2/solutions/categories", what="categories"):
        name, id_ = str(category.get("name") or ""), wire.number(category.get("id"))
        async for body in _listed(door, f"/api/v2/solutions/categories/{id_}/folders", what="folders"):
            async for folder in _with_subfolders(door, body, within=name):
                yield folder


async def _with_subfolders(
    door: Door, body: JSON, *, within: str, inside: Folder | None = None, depth: int = 0
) -> AsyncIterator[Folder]:
    """A folder and those in it. Unconfirmed: `sub_folders_count` and the path come from other clients of the API."""
    folder = to_folder(body, within=within, inside=inside)
    yield folder
    if not body.get("sub_folders_count") or depth == _DEEPEST:
        return
    async for inner in _listed(door, f"/api/v2/solutions/folders/{folder.id}/subfolders", what="folders"):
        async for found in _with_subfolders(door, inner, within=folder.breadcrumb, inside=folder, depth=depth + 1):
            yield found


async def _translated(door: Door, path: str) -> AsyncIterator[JSON]:
    """Articles of a folder in another language; none where Freshdesk does not know the folder in it."""
    try:
        async for body in _listed(door, path, what="articles"):
            yield body
    except GoneError:
        return


async def _languages(door: Door) -> tuple[str, tuple[str, ...]]:
    """Primary language and the others of the knowledge base; empty where the key may not read the settings."""
    try:
        answer = await door.call("GET", "/api/v2/settings/helpdesk")
    except RejectedError:  # 403: not an administrator's key; 404: not on this plan
        return "", ()
    with wire.documented_shape("settings"):
        return str(answer.body.get("primary_language") or ""), tuple(answer.body.get("supported_languages") or ())


def _published(body: JSON) -> bool:
    return body.get("status") == _PUBLISHED


def _same(body: JSON, original: JSON | None) -> bool:
    """Whether what came as a translation is the original: unconfirmed, so guarded against, or each would count twice."""
    return original is not None and all(body.get(key) == original.get(key) for key in ("title", "description"))


def _url(base_url: str, id_: str, *, audience: Audience, language: str) -> str:
    """Portal page for everybody, agent page for what only agents may open."""
    if audience == "internal":
        return f"{base_url}/a/solutions/articles/{id_}" + (f"?lang={language}" if language else "")
    return f"{base_url}{f'/{language}' if language else ''}/support/solutions/articles/{id_}"
