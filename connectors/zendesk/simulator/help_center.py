"""The help centre's rows: articles with their translations, and who may read them."""

from __future__ import annotations

import re
from datetime import datetime

from connectors.base import Article, Audience
from connectors.zendesk.simulator.records import JSON, ArticleRow, Section, Translation
from connectors.zendesk.simulator.shapes import stamp
from connectors.zendesk.simulator.state import State

DEFAULT_LOCALE = "en-us"


def locale_of(language: str) -> str:
    """A help centre's locale for a primary subtag: "en" -> "en-us", "de" -> "de"."""
    return {"": DEFAULT_LOCALE, "en": DEFAULT_LOCALE}.get(language.lower(), language.lower())


class HelpCenter:
    """Articles of the simulated account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, article: Article, *, draft: bool = False) -> ArticleRow:
        """Add an article, or another translation of the one with the same id; the same locale again replaces its text."""
        locale, now = locale_of(article.language), article.updated_at or self._state.now()
        row = next((one for one in self._state.articles.values() if article.id in (one.external_id, str(one.id))), None)
        if row is None:
            row = ArticleRow(
                id=self._state.new_id(),
                section_id=self._state.section(article.breadcrumb).id,
                source_locale=locale,
                user_segment_id=None,
                created_at=now,
                touched_at=now.replace(microsecond=0),
                external_id=article.id,
                brand=article.brand,
            )
            self._state.articles[row.id] = row
        # An article that not everybody may read belongs to a user segment; agents see it all the same.
        row.user_segment_id = self._segment(article)
        before = row.translations.get(locale)
        row.translations[locale] = Translation(
            id=before.id if before else self._state.new_id(),
            locale=locale,
            title=article.title,
            body=article.html,
            draft=draft,
            created_at=before.created_at if before else now,
            updated_at=now.replace(microsecond=0),
        )
        return row

    def unpublish(self, number: int, *, locale: str = "") -> ArticleRow:
        """Make an article, or its text in one locale, a draft again. Raises KeyError."""
        row = self._state.articles[number]
        for text in [row.translations[locale]] if locale else row.translations.values():
            text.draft, text.updated_at = True, self._state.now()
        return row

    def restrict(self, number: int, *, organization: str = "*") -> None:
        """Show an article to the staff alone, or to one organisation. Its texts stay as they are. Raises KeyError."""
        row = self._state.articles[number]
        row.user_segment_id = self._segment_of("internal", organization)
        row.touched_at = self._state.now()

    def _segment(self, article: Article) -> int | None:
        """Who may read it: everybody, the staff, or one organisation."""
        return self._segment_of(article.audience, article.organization)

    def _segment_of(self, audience: Audience, organization: str) -> int | None:
        if organization != "*":
            return self._state.organization_segments.setdefault(int(organization), self._state.new_id())
        return self._state.staff_segment if audience == "internal" else None

    def segments_json(self) -> list[JSON]:
        """Everybody that restricted articles are for."""
        nobody = {"built_in": False, "group_ids": [], "organization_ids": [], "tags": [], "or_tags": []}
        staff = {"id": self._state.staff_segment, "name": "Agents and admins", "user_type": "staff", "built_in": True}
        return [nobody | staff] + [
            nobody | {"id": id_, "name": f"Of {one}", "user_type": "signed_in_users", "organization_ids": [one]}
            for one, id_ in self._state.organization_segments.items()
        ]

    def visible(self, *, locale: str | None, staff: bool) -> list[tuple[ArticleRow, Translation]]:
        """What the caller may see: agents everything, drafts and restricted articles included. No locale: each in its own."""
        found = []
        for row in self._state.articles.values():
            translation = row.translations.get(locale or row.source_locale)
            if translation and (staff or (not translation.draft and row.user_segment_id is None)):
                found.append((row, translation))
        return found

    def article_json(self, row: ArticleRow, translation: Translation) -> JSON:
        """An article in one locale. `draft` is that of the translation."""
        segment = row.user_segment_id
        return {
            "id": row.id,
            "url": f"{self._state.url}/api/v2/help_center/{translation.locale}/articles/{row.id}-{slug(translation.title)}.json",
            "html_url": self.address(row, translation),
            "author_id": self._state.agent.id,
            "comments_disabled": False,
            "content_tag_ids": [],
            "label_names": [],
            "draft": translation.draft,
            "promoted": False,
            "position": 0,
            "vote_sum": 0,
            "vote_count": 0,
            "section_id": row.section_id,
            "created_at": stamp(row.created_at),
            "updated_at": stamp(max(row.touched_at, translation.updated_at)),
            "edited_at": stamp(translation.updated_at),
            "name": translation.title,
            "title": translation.title,
            "body": translation.body,
            "source_locale": row.source_locale,
            "locale": translation.locale,
            "outdated": False,
            "outdated_locales": [],
            "permission_group_id": self._state.form_id,
            "user_segment_id": segment,
            "user_segment_ids": [] if segment is None else [segment],
        }

    def address(self, row: ArticleRow, translation: Translation) -> str:
        """Where a customer reads it."""
        return f"{self._state.url}/hc/{translation.locale}/articles/{row.id}-{slug(translation.title)}"

    def translation_json(self, row: ArticleRow, translation: Translation) -> JSON:
        """A translation by itself."""
        return {
            "id": translation.id,
            "url": f"{self._state.url}/api/v2/help_center/articles/{row.id}/translations/{translation.locale}.json",
            "html_url": self.address(row, translation),
            "source_id": row.id,
            "source_type": "Article",
            "locale": translation.locale,
            "title": translation.title,
            "body": translation.body,
            "outdated": False,
            "draft": translation.draft,
            "hidden": False,
            "created_at": stamp(translation.created_at),
            "updated_at": stamp(translation.updated_at),
            "updated_by_id": self._state.agent.id,
            "created_by_id": self._state.agent.id,
        }

    def section_json(self, section: Section) -> JSON:
        """A section or a category; names are not translated here."""
        family = "categories" if section.category_id is None else "sections"
        body: JSON = {
            "id": section.id,
            "url": f"{self._state.url}/api/v2/help_center/{DEFAULT_LOCALE}/{family}/{section.id}.json",
            "html_url": f"{self._state.url}/hc/{DEFAULT_LOCALE}/{family}/{section.id}-{slug(section.name)}",
            "position": 0,
            "created_at": stamp(section.created_at),
            "updated_at": stamp(section.created_at),
            "name": section.name,
            "description": "",
            "locale": DEFAULT_LOCALE,
            "source_locale": DEFAULT_LOCALE,
            "outdated": False,
        }
        if section.category_id is not None:
            body |= {"category_id": section.category_id, "parent_section_id": None}
        return body

    def locales(self) -> list[str]:
        """Every locale that is in use, the default first."""
        used = {locale for row in self._state.articles.values() for locale in row.translations}
        return [DEFAULT_LOCALE, *sorted(used - {DEFAULT_LOCALE})]

    def changed_since(self, start: datetime) -> list[tuple[datetime, ArticleRow, Translation]]:
        """(when, article, its own language) of what changed since `start`, oldest change first.

        Archived ones simply are not there any more.
        """
        rows = self.visible(locale=None, staff=True)
        changes = [
            (max(row.touched_at, *(one.updated_at for one in row.translations.values())), row, text)
            for row, text in rows
        ]
        return sorted((one for one in changes if one[0] >= start), key=lambda one: (one[0], one[1].id))


def slug(title: str) -> str:
    """A title as it stands in addresses: "How-long-does-it-take"."""
    return "-".join(re.findall(r"\w+", title))[:80]
