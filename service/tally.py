"""What is counted of a note once it stands in its ticket."""

from __future__ import annotations

import time

from service.ledger import SavedDraft
from service.metrics import CONFIDENCE, NOTE_SECONDS, NOTES
from service.spans import current


def noted(draft: SavedDraft, *, note_id: str) -> None:
    """Count a note that was just written, and name it in its span."""
    helpdesk, span = draft.key.helpdesk, current()
    NOTES.labels(helpdesk, draft.verdict, draft.details["writer"]).inc()
    certainty = draft.details.get("certainty")  # an older version of ours saved none
    if certainty is not None and draft.verdict != "person" and draft.details["writer"] != "approved":
        CONFIDENCE.labels(draft.verdict).observe(certainty)
    if span is None:
        return
    span.tell({"note.id": note_id, "note.reference": draft.reference, "note.verdict": draft.verdict})
    if span.since:
        NOTE_SECONDS.labels(helpdesk).observe(max(time.time() - span.since, 0.0))
