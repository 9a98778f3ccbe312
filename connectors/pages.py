"""Pages of a knowledge base, and what a source says of their changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Audience = Literal["public", "internal"]
"""`public`: every customer may read it. `internal`: agents only, or a restricted segment of customers."""

Pool = Literal["article", "macro", "ticket"]
"""Where knowledge comes from: a help article, a macro / canned response, a solved ticket."""


@dataclass(frozen=True, slots=True)
class Article:
    """A page of the knowledge base, or a macro, whole. A source has one pool.

    `id` is stable within `source`; before a colon in it stands the page's number.
    """

    source: str  # "zendesk", "zendesk macros", "freshdesk", "folder"
    id: str
    title: str
    html: str
    url: str = ""
    language: str = ""  # primary subtag, lower case; empty: unknown
    audience: Audience = "internal"
    account: str = "*"  # host name of the helpdesk it belongs to; "*": every account of this deployment
    brand: str = "*"  # vendor id; "*": every brand
    organization: str = "*"  # vendor id; "*": not bound to one organisation
    breadcrumb: str = ""  # "Category › Section"
    updated_at: datetime | None = None
    pool: Pool = "article"


@dataclass(frozen=True, slots=True)
class Changed:
    """Numbers of the pages that changed, and up to when that is told, by the helpdesk's clock."""

    ids: tuple[str, ...]
    upto: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as it stands now, in all its languages; in none: it is archived, deleted or a draft.

    problem: why it could not be read; then nothing is known of it.
    """

    id: str
    articles: tuple[Article, ...] = ()
    problem: str = ""
