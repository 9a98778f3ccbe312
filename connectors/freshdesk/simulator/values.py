"""How the vendor writes times, plain text and files."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

from connectors.freshdesk.simulator.records import JSON, StoredFile

_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<br ?/?>|</(?:p|div|li|h[1-6])>", re.IGNORECASE)


def stamp(moment: datetime | None) -> str | None:
    """The vendor's way to write a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def text_of(html: str) -> str:
    """What the vendor calls `description_text` or `body_text`."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", html))).strip()


def file_body(file: StoredFile) -> JSON:
    """An attachment. Its address is signed and expires; it lies on another host, which must never see the API key."""
    made = stamp(file.created_at)
    return {
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "created_at": made,
        "updated_at": made,
        "attachment_url": f"https://attachments.example/{file.id}?X-Amz-Expires=300&X-Amz-Signature={file.id:x}",
    }
