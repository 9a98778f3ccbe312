"""What a Zendesk comment is to us: a question, an answer, a note, or nobody's words at all."""

from __future__ import annotations

import re

from connectors.base import MessageKind, Person
from connectors.http import JSON
from connectors.zendesk.channels import BY_API, BY_MACHINE, channel_of

_VOICE = frozenset({"VoiceComment", "TpeVoiceComment"})

_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|automatische antwort|abwesenheits(?:notiz|nachricht)"
    r"|out of (?:the )?office|réponse automatique|absence du bureau|respuesta automática|undeliver(?:ed|able)"
    r"|delivery status notification|mail delivery (?:failed|subsystem)|returned mail|unzustellbar)\b",
    re.IGNORECASE,
)
_AUTOMATIC_SENDERS = frozenset({"mailer-daemon", "postmaster"})


def kind_of(comment: JSON, *, author: Person) -> MessageKind:
    """Who wrote it, how, and who may read it. A merge notice is nobody's words, public or private."""
    channel = (comment.get("via") or {}).get("channel")
    if source_of(comment).get("rel") == "merge":
        return "system message"
    if not comment["public"]:
        return "internal note"
    if comment.get("type") in _VOICE:  # a call is a log entry; a voicemail that was written down is a question
        return "requester message" if _is_voicemail(comment, author=author) else "system message"
    if author.role == "bot" or channel in BY_MACHINE:
        return "system message"
    if author.role == "end user":
        return "requester message"
    return "system message" if channel in BY_API else "public reply"


def _is_voicemail(comment: JSON, *, author: Person) -> bool:
    """https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/ (a call)."""
    rel = source_of(comment).get("rel")
    answered = (comment.get("data") or {}).get("answered_by_id") or rel in ("inbound", "outbound")
    return bool(transcript(comment)) and (rel == "voicemail" or (author.role == "end user" and not answered))


def transcript(comment: JSON) -> str:
    """What was said in a call, where the vendor has written it down."""
    return (comment.get("data") or {}).get("transcription_text") or "" if comment.get("type") in _VOICE else ""


def is_automatic(comment: JSON, *, ticket: JSON) -> bool:
    """Only what REST still shows of a mail: its sender and, for a ticket's first one, the subject. Zendesk suspends most."""
    if channel_of(comment.get("via")) != "email":
        return False
    sender = str((source_of(comment).get("from") or {}).get("address")).split("@", maxsplit=1)[0].lower()
    first = comment["created_at"] == ticket.get("created_at")
    return sender in _AUTOMATIC_SENDERS or (first and bool(_AUTOMATIC_SUBJECT.match(ticket.get("subject") or "")))


def source_of(part: JSON) -> JSON:
    """Where a ticket or comment came from, empty where that is not said."""
    return (part.get("via") or {}).get("source") or {}
