"""Zendesk's JSON <-> our words, pure. The vendor's names stay in here.

Shapes: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and …/ticket_comments/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

from connectors.base import (
    Attachment,
    Change,
    Message,
    MisconfiguredError,
    Organization,
    Person,
    RejectedError,
    Related,
    Role,
    Satisfaction,
    Status,
    Ticket,
)
from connectors.http import JSON
from connectors.zendesk.channels import BY_API, channel_of
from connectors.zendesk.kinds import is_automatic, kind_of, source_of, transcript

_ROLES: Mapping[str, Role] = {"end-user": "end user", "agent": "agent", "admin": "agent"}

_STATUSES: Mapping[str, Status] = {
    "new": "new",
    "open": "open",
    "pending": "pending",
    "hold": "hold",
    "solved": "solved",
    "closed": "closed",
    "archived": "closed",
    "deleted": "deleted",
    "scrubbed": "deleted",
}

_ZENDESK_ITSELF = "-1"

_DOUBTED_FLAGS = frozenset({0, 2, 3})  # untrusted sender · not part of the conversation · was not signed in
_GENERATED_FLAG = 4  # Zendesk took the mail for an automatic one and told nobody of it

_ORIGINS: Mapping[str, Literal["follow-up", "split", "merged"]] = {
    "follow_up": "follow-up",
    "split": "split",
    "merge": "merged",
}

_REPLIES = ("first_reply_time", "next_reply_time", "periodic_update_time")

_DECORATION_BYTES = 10_000
"""Inline images below this are the logos of signatures; a screenshot is hardly ever so small."""


@contextmanager
def documented_shape(what: str) -> Iterator[None]:
    """Turn what reading an undocumented shape raises into a RejectedError that names `what` was read."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise RejectedError(f"Zendesk's {what} is not as documented ({type(error).__name__}: {error})") from error


def to_self(answer: JSON) -> Person:
    """Whom the credentials belong to. Zendesk answers 200 with an anonymous user to wrong ones: MisconfiguredError."""
    with documented_shape("current user"):
        user = answer["user"]
        if user["id"] is None:
            raise MisconfiguredError("Zendesk takes us for an anonymous user: check the credentials")
        person = _person(user)
    if person.role != "agent":
        raise MisconfiguredError(f"Zendesk's user {person.id} is not an agent: give it the role of an agent or admin")
    return person


def to_ticket(answer: JSON, pages: Sequence[JSON], *, base_url: str, account: str, runs: Mapping[str, str]) -> Ticket:
    """Read a ticket (with its side-loads) and all pages of its comments (with theirs), in any order.

    runs: audit id -> run of ours, where only the audit has kept it; see `unmarked_audits`.
    """
    with documented_shape("ticket"):
        ticket, tags = answer["ticket"], tuple(str(tag) for tag in answer["ticket"].get("tags") or ())
        ticket_id = str(ticket["id"])
        users = {str(user["id"]): user for source in (answer, *pages) for user in source.get("users") or ()}
        requester = _author(ticket["requester_id"], users)
        comments = {str(comment["id"]): comment for page in pages for comment in page["comments"]}.values()
        messages = sorted(
            (to_message(comment, users=users, ticket=ticket, runs=runs) for comment in comments), key=lambda m: m.at
        )
        cc = (*(ticket.get("collaborator_ids") or ()), *(ticket.get("email_cc_ids") or ()))
        people = {person.id: person for person in (requester, *map(_person, users.values()))}
        people |= {str(one): Person(id=str(one)) for one in cc if str(one) not in people}
        return Ticket(
            helpdesk="zendesk",
            account=account,
            id=ticket_id,
            subject=ticket.get("subject") or ticket.get("raw_subject") or "",
            status=_STATUSES[ticket["status"].lower()],
            channel=channel_of(ticket.get("via")),
            requester=requester,
            updated_at=datetime.fromisoformat(ticket["updated_at"]),
            messages=tuple(messages),
            stamp=ticket["updated_at"],
            assignee=_author(ticket["assignee_id"], users) if ticket.get("assignee_id") else None,
            organization=_organization(ticket.get("organization_id"), answer.get("organizations") or ()),
            brand=_text(ticket.get("brand_id")),
            group=_text(ticket.get("group_id")),
            group_name=_name_of(ticket.get("group_id"), answer.get("groups") or ()),
            form=_text(ticket.get("ticket_form_id")),
            priority=(ticket.get("priority") or "").lower(),
            due_at=_due_at(ticket),
            tags=tags,
            shared=bool(ticket.get("sharing_agreement_ids")),
            # Zendesk deletes what agents mark as spam and suspends its sender; a tag is how rules of an account mark it
            spam="spam" in tags or bool(users.get(requester.id, {}).get("suspended")),
            people=tuple(people.values()),
            related=tuple(_related(ticket, comments)),
            fields=fields(ticket),
            url=f"{base_url}/agent/tickets/{ticket_id}",
            satisfaction=_satisfaction(ticket),
            solved_at=_solved_at(answer, ticket),
            initial=frozenset({"group"} if _is_default(ticket.get("group_id"), answer.get("groups") or ()) else ()),
        )


def score_of(ticket: JSON) -> str:
    """The answer to the survey: good, bad, offered or unoffered; the first two are also "…_with_comment"."""
    return str((ticket.get("satisfaction_rating") or {}).get("score") or "").lower().partition("_")[0]


def to_status(word: str) -> Status:
    """Our word for one of theirs. Raises KeyError."""
    return _STATUSES[word.lower()]


def _solved_at(answer: JSON, ticket: JSON) -> datetime | None:
    """When it was last solved: of one ticket its metrics stand in it, or beside it."""
    metrics = ticket.get("metric_set") or next(iter(answer.get("metric_sets") or ()), None) or {}
    return datetime.fromisoformat(metrics["solved_at"]) if metrics.get("solved_at") else None


def _satisfaction(ticket: JSON) -> Satisfaction:
    score = score_of(ticket)
    return "good" if score == "good" else "bad" if score == "bad" else ""


def _due_at(ticket: JSON) -> datetime | None:
    """When the next reply is due by the account's service levels; None where none runs (achieved, paused, no such plan).

    https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/ (`slas`)
    """
    levels = (ticket.get("slas") or {}).get("policy_metrics") or ()
    running = (one for one in levels if one.get("metric") in _REPLIES and one.get("stage") == "active")
    return min((datetime.fromisoformat(one["breach_at"]) for one in running if one.get("breach_at")), default=None)


def to_message(comment: JSON, *, users: Mapping[str, JSON], ticket: JSON, runs: Mapping[str, str]) -> Message:
    """Read one comment. Roles come from the side-loaded users: comments carry none.

    Of `metadata` only our own mark is read: it also holds the writer's address on the network and place.
    """
    with documented_shape("ticket comment"):
        author = _author(comment["author_id"], users)
        known = author.role == "bot" or author.id in users or author.id == _text(ticket.get("requester_id"))
        metadata = comment.get("metadata") or {}
        flags = {*(metadata.get("flags") or ()), *(comment.get("flags") or ())}
        said = transcript(comment)
        html = "" if said else comment.get("html_body") or ""
        doubted = bool(flags & _DOUBTED_FLAGS) or metadata.get("trusted") is False
        return Message(
            id=str(comment["id"]),  # an integer over REST, a string in webhooks
            kind=kind_of(comment, author=author),
            author=author,
            at=datetime.fromisoformat(comment["created_at"]),
            html=html,
            text="" if html else said or comment.get("plain_body") or comment.get("body") or "",
            channel=channel_of(comment.get("via")),
            attachments=tuple(_attachments(comment.get("attachments") or ())),
            automatic=_GENERATED_FLAG in flags or is_automatic(comment, ticket=ticket),
            untrusted=doubted or not known or bool(users.get(author.id, {}).get("suspended")),
            run=_run(comment) or runs.get(_text(comment.get("audit_id")), ""),
        )


def from_note(html: str, *, stamp: str, run: str, changes: JSON | None = None) -> JSON:
    """Body that adds an internal note, unless the ticket has moved on since `stamp`; changes: what is set with it.

    `public` is always sent: left out, it follows the first comment, so that the note is mailed to the customer.
    `safe_update` is sent as true or not at all: false acts like true.
    """
    ticket: JSON = {
        **(changes or {}),
        "comment": {"html_body": html, "public": False},
        "safe_update": True,
        "updated_stamp": stamp,
    }
    return {"ticket": {**ticket, "metadata": {"deskpilot_run": run}} if run else ticket}


def from_tags(tags: Sequence[str], *, stamp: str) -> JSON:
    """Body that makes these the ticket's tags, unless it has moved on since `stamp`."""
    return {"ticket": {"tags": list(dict.fromkeys(tags)), "safe_update": True, "updated_stamp": stamp}}


def to_stamp(at: datetime) -> str:
    """A time as Zendesk spells it: whole seconds, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_changes(page: JSON, *, under: str) -> list[Change]:
    """The tickets of a page of found or exported ones."""
    with documented_shape("page of changed tickets"):
        return [
            Change(
                str(found["id"]),
                datetime.fromisoformat(found["updated_at"]),
                open=str(found["status"]).lower() not in ("solved", "closed", "deleted"),
                solved=str(found["status"]).lower() in ("solved", "closed"),
            )
            for found in page[under]
        ]


def to_stored_note(answer: JSON) -> tuple[str, bool]:
    """Id of the comment that an update has added, and whether it is private. Anything but `public: false` is not."""
    with documented_shape("answer to a note"):
        added = next((event for event in answer["audit"]["events"] if event["type"] == "Comment"), None)
        if added is None:
            raise ValueError("its audit names no comment")
        return str(added["id"]), added.get("public") is False


def unmarked_audits(pages: Iterable[JSON]) -> frozenset[str]:
    """Audits that may tell which run of ours wrote a private comment that came by the API and does not say so itself.

    That a comment repeats what was put beside its update is not documented. Empty where one comment does repeat it.
    """
    with documented_shape("ticket comment"):
        comments = [comment for page in pages for comment in page["comments"]]
        if any(map(_run, comments)):
            return frozenset()
        written = (comment for comment in comments if not comment["public"] and comment.get("audit_id"))
        return frozenset(str(one["audit_id"]) for one in written if (one.get("via") or {}).get("channel") in BY_API)


def to_runs(page: JSON) -> dict[str, str]:
    """Audit id -> run of ours, empty where it was not one."""
    with documented_shape("page of audits"):
        return {str(audit["id"]): _run(audit) for audit in page["audits"]}


def is_closed(answer: JSON) -> bool:
    """Whether a ticket takes no more comments."""
    with documented_shape("ticket"):
        return _STATUSES.get(answer["ticket"]["status"]) in ("closed", "deleted")


def _run(part: JSON) -> str:
    return _text(((part.get("metadata") or {}).get("custom") or {}).get("deskpilot_run"))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _person(user: JSON) -> Person:
    return Person(
        id=str(user["id"]),
        name=user.get("name") or "",
        email=user.get("email") or "",
        phone=user.get("phone") or "",
        role=_ROLES.get(user.get("role") or "", "end user"),
        language=(user.get("locale") or "").replace("_", "-").split("-")[0].lower(),
        since=(user.get("created_at") or "")[:10],
    )


def _author(user_id: object, users: Mapping[str, JSON]) -> Person:
    """A user by id. One that is not side-loaded (deleted for good) is taken for somebody from outside."""
    key = _text(user_id)
    if key == _ZENDESK_ITSELF:
        return Person(id=key, name="Zendesk", role="bot")
    return _person(users[key]) if key in users else Person(id=key)


def _attachments(files: Iterable[JSON]) -> Iterator[Attachment]:
    for file in files:
        size = file.get("size") or 0
        if not file.get("deleted") and not (file.get("inline") and size < _DECORATION_BYTES):
            yield Attachment(name=file["file_name"], content_type=file.get("content_type") or "", size_bytes=size)


def _organization(organization_id: object, organizations: Iterable[JSON]) -> Organization | None:
    if organization_id is None:
        return None
    return Organization(id=str(organization_id), name=_name_of(organization_id, organizations))


def _name_of(id_: object, rows: Iterable[JSON]) -> str:
    """The name of a side-loaded row; empty where it is not among them."""
    return next((row.get("name") or "" for row in rows if _text(row["id"]) == _text(id_)), "")


def _is_default(id_: object, groups: Iterable[JSON]) -> bool:
    """Whether this side-loaded group is the one that Zendesk gives every new ticket."""
    return any(group.get("default") is True and _text(group["id"]) == _text(id_) for group in groups)


def _related(ticket: JSON, comments: Iterable[JSON]) -> Iterator[Related]:
    """Tickets that this one goes on from, or that were merged into it, each once."""
    origin, seen = source_of(ticket), {str(ticket["id"])}
    found: list[Related] = []
    if kind := _ORIGINS.get(_text(origin.get("rel"))):
        found += [Related(ticket_id=one, kind=kind) for one in _ticket_ids(origin)]
    for notice in map(source_of, comments):
        if notice.get("rel") == "merge":
            found += [Related(ticket_id=one, kind="merged") for one in _ticket_ids(notice)]
    for related in found:
        if related.ticket_id not in seen:
            seen.add(related.ticket_id)
            yield related


def _ticket_ids(source: JSON) -> list[str]:
    origin = source.get("from") or {}
    return [str(one) for one in (origin.get("ticket_id"), *(origin.get("ticket_ids") or ())) if one]


def fields(ticket: JSON) -> dict[str, str]:
    """Custom fields that have a value, by id."""
    given = ticket.get("custom_fields") or ticket.get("fields") or ()
    return {str(field["id"]): _value(field["value"]) for field in given if field.get("value") not in (None, "", [])}


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
