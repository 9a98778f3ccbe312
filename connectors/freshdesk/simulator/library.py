"""The knowledge base of a simulated account: categories, folders with a visibility, articles in several languages."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from connectors.base import Article
from connectors.freshdesk.simulator.records import Category, Folder, StoredArticle, Translation
from connectors.simulated.clock import Clock

EVERYONE, AGENTS, SELECTED_COMPANIES = 1, 3, 4
"""Folder visibilities that our articles need; 2 logged-in users, 5 bots, 6 and 7 segments can be given by number."""

_DEFAULT_BREADCRUMB = ("General", "FAQ")


class Library:
    """Articles are added the way the rest of deskpilot describes them; the vendor's structure is made around them."""

    def __init__(self, *, clock: Clock, language: str) -> None:
        self._clock = clock
        self.language = language
        self._ids = count(43_000_010_001)
        self.categories: dict[int, Category] = {}
        self.folders: dict[int, Folder] = {}
        self.articles: dict[int, StoredArticle] = {}
        self._known: dict[str, int] = {}  # id given by the caller -> id of the vendor

    @property
    def languages(self) -> list[str]:
        """Every language that some article has, the primary one first."""
        others = {language for article in self.articles.values() for language in article.languages} - {self.language}
        return [self.language, *sorted(others)]

    def add(self, article: Article, *, draft: bool = False, visibility: int | None = None) -> int:
        """Store an article, or replace the same language of the same `article.id`.

        `audience` becomes the folder's visibility (everyone, or agents only), an `organization` "selected companies".
        An article that exists in a second language only gets a draft in the primary one: translations need it.
        """
        now = self._clock().replace(microsecond=0)
        updated_at = (article.updated_at or now).replace(microsecond=0)
        stored = self.articles.get(self._known.get(article.id, 0))
        if stored is None:
            folder = self._folder(article, visibility=visibility)
            stored = StoredArticle(next(self._ids), folder.id, updated_at)
            self.articles[stored.id] = stored
            if article.id:
                self._known[article.id] = stored.id
        language = article.language or self.language
        stored.languages[language] = Translation(article.title, article.html, updated_at, draft=draft)
        stored.languages.setdefault(self.language, Translation(article.title, "", updated_at, draft=True))
        return stored.id

    def remove(self, article_id: int) -> None:
        """Delete an article in all languages. Lists simply lack it from now on. Raises KeyError."""
        del self.articles[article_id]
        self._known = {given: known for given, known in self._known.items() if known != article_id}

    def is_public(self, article: StoredArticle, language: str) -> bool:
        """True where every visitor of the portal may read this article in this language."""
        text = article.languages.get(language)
        return text is not None and not text.draft and self.folders[article.folder_id].visibility == EVERYONE

    def breadcrumb(self, article: StoredArticle) -> str:
        """Category and folder of an article."""
        folder = self.folders[article.folder_id]
        return f"{self.categories[folder.category_id].name} › {folder.name}"

    def _folder(self, article: Article, *, visibility: int | None) -> Folder:
        names = [part.strip() for part in article.breadcrumb.split("›") if part.strip()]
        category_name = names[0] if names else _DEFAULT_BREADCRUMB[0]
        name = names[-1] if len(names) > 1 else _DEFAULT_BREADCRUMB[1]
        companies = [] if article.organization == "*" else [int(article.organization)]
        if visibility is None:
            visibility = SELECTED_COMPANIES if companies else EVERYONE if article.audience == "public" else AGENTS
        now = self._clock().replace(microsecond=0)
        category = self._category(category_name, now=now)
        for folder in self.folders.values():
            same_place = (folder.category_id, folder.name) == (category.id, name)
            if same_place and (folder.visibility, folder.company_ids) == (visibility, companies):
                return folder
        made = Folder(next(self._ids), category.id, name, visibility, now, company_ids=companies)
        self.folders[made.id] = made
        return made

    def _category(self, name: str, *, now: datetime) -> Category:
        for category in self.categories.values():
            if category.name == name:
                return category
        made = Category(next(self._ids), name, now)
        self.categories[made.id] = made
        return made
