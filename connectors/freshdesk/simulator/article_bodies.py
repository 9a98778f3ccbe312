"""The knowledge base in the vendor's JSON. Shapes: https://developers.freshdesk.com/api/#solutions and recordings."""

from __future__ import annotations

from connectors.freshdesk.simulator.records import JSON, Category, Folder, StoredArticle
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.values import stamp, text_of


def category_body(category: Category) -> JSON:
    """A category of the knowledge base."""
    made = stamp(category.created_at)
    return {
        "id": category.id,
        "name": category.name,
        "description": None,
        "visible_in_portals": [1],
        "created_at": made,
        "updated_at": made,
    }


def folder_body(folder: Folder, *, with_visibility: bool) -> JSON:
    """A folder; only it says who may read its articles."""
    made = stamp(folder.created_at)
    body: JSON = {
        "id": folder.id,
        "name": folder.name,
        "description": None,
        "category_id": folder.category_id,
        "created_at": made,
        "updated_at": made,
    }
    if with_visibility:
        body["visibility"] = folder.visibility
    if folder.company_ids:
        body["company_ids"] = folder.company_ids
    return body


def article_body(state: State, article: StoredArticle, language: str) -> JSON:
    """An article in one of its languages. KeyError where it has none in this one."""
    text = article.languages[language]
    return {
        "id": article.id,
        "type": 1,
        "status": 1 if text.draft else 2,
        "agent_id": state.people.agent.id,
        "created_at": stamp(article.created_at),
        "category_id": state.library.folders[article.folder_id].category_id,
        "folder_id": article.folder_id,
        "title": text.title,
        "updated_at": stamp(text.updated_at),
        "description": text.html,
        "description_text": text_of(text.html),
        "seo_data": {"meta_title": "", "meta_description": ""},
        "tags": [],
        "attachments": [],
        "cloud_files": [],
        "thumbs_up": 0,
        "thumbs_down": 0,
        "hits": 0,
        "suggested": 0,
        "feedback_count": 0,
    }
