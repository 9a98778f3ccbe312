"""The one way in which a ticket changes: comment and fields, audit, events, then the account's triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.zendesk.simulator import events, rules
from connectors.zendesk.simulator.comment_text import to_plain
from connectors.zendesk.simulator.deliveries import Deliveries
from connectors.zendesk.simulator.records import JSON, SYSTEM_ID, Audit, Comment, Ticket, Trigger, User, Via
from connectors.zendesk.simulator.state import State

PAGE_CLIENT = "Mozilla/5.0"

_EVENTS = {"priority": "priority_changed", "group_id": "group_assignment_changed"}


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment about to be written. `html` is the whole `html_body`."""

    html: str
    public: bool
    author_id: int
    attachments: Sequence[str] = ()
    flags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One update. `fields`: attribute of Ticket -> new value; `custom`: `ticket.metadata` of the request."""

    actor_id: int
    via: Via
    comment: NewComment | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    custom: JSON = field(default_factory=dict)
    client: str = PAGE_CLIENT


class Changes:
    """Writes to tickets and tells everybody."""

    def __init__(self, state: State, deliveries: Deliveries) -> None:
        self._state = state
        self._deliveries = deliveries
        self.mailed: list[str] = []  # ids of comments that left as an e-mail to the requester

    def create(self, ticket: Ticket, change: Change) -> Audit:
        """Store a new ticket with its first comment."""
        self._state.tickets[ticket.id] = ticket
        ticket.tags = _tags(ticket.tags)
        opening = [{"type": "Create", "field_name": "subject", "value": ticket.subject}]
        opening.append({"type": "Create", "field_name": "status", "value": ticket.status})
        return self._write(ticket, change, kind="Create", more=opening)

    def update(self, ticket: Ticket, change: Change) -> Audit:
        """Change a ticket. An update that changes nothing leaves `updated_at` alone."""
        return self._write(ticket, change, kind="Change", more=[])

    def make_private(self, ticket: Ticket, comment: Comment, *, actor: User) -> None:
        """Hide a public comment from the requester."""
        comment.public = False
        ticket.updated_at = ticket.generated_at = self._state.now()
        self._publish("comment_made_private", ticket, {"comment": {"id": str(comment.id)}}, actor_id=actor.id)

    def run_late_rule(self, ticket: Ticket) -> None:
        """With `busy_triggers`: a rule that runs a second after our write, once its answer is made."""
        if not self._state.faults.busy_triggers:
            return
        number = self._state.field_id
        custom = ticket.custom_fields | {number: (ticket.custom_fields.get(number) or 0) + 1}
        via = Via("rule", rel="trigger", source={"id": self._state.form_id, "title": "Count updates", "deleted": False})
        self.update(ticket, Change(actor_id=SYSTEM_ID, via=via, fields={"custom_fields": custom}))
        ticket.updated_at += timedelta(seconds=1)

    def _write(self, ticket: Ticket, change: Change, *, kind: rules.Kind, more: list[JSON]) -> Audit:
        now = self._state.now()
        audit = Audit(
            self._state.new_id(),
            change.actor_id,
            now,
            change.via,
            events=[],
            custom=change.custom,
            client=change.client,
        )
        comment = self._comment(ticket, audit, change) if change.comment else None
        before, tags_before = ticket.status, list(ticket.tags)
        moved = self._fields(ticket, self._with_reopening(ticket, change, kind=kind))
        audit.events += more + moved
        if not audit.events:
            return audit
        ticket.audits.append(audit)
        ticket.updated_at = ticket.generated_at = now
        if ticket.status == "solved" != before:
            ticket.solved_times.append(now)
        elif before == "solved" and ticket.status == "open":
            ticket.reopens += 1
        self._tell(ticket, change, kind=kind, comment=comment, before=before, tags_before=tags_before)
        self._tell_of_fields(ticket, moved, actor_id=change.actor_id)
        if change.via.channel != "rule":
            self._run_triggers(rules.Update(kind, ticket, change.actor_id, change.via.channel, comment), audit)
        return audit

    def _comment(self, ticket: Ticket, audit: Audit, change: Change) -> Comment:
        new = change.comment
        assert new is not None  # noqa: S101, the caller looked
        comment = Comment(
            id=self._state.new_id(),
            audit_id=audit.id,
            author_id=new.author_id,
            html_body=new.html,
            plain_body=to_plain(new.html),
            public=new.public,
            via=change.via,
            created_at=audit.created_at,
            attachments=tuple(self._attachment(name) for name in new.attachments),
            flags=new.flags,
            client=change.client,
        )
        ticket.comments.append(comment)
        written: JSON = {
            "id": comment.id,
            "type": "Comment",
            "author_id": comment.author_id,
            "body": comment.plain_body,
        }
        written |= {"html_body": comment.html_body, "plain_body": comment.plain_body, "public": comment.public}
        audit.events.append(written | {"attachments": list(comment.attachments), "audit_id": audit.id})
        if comment.public and self._is_staff(comment.author_id):
            self.mailed.append(str(comment.id))
            audit.events.append(self._notification(ticket, comment))
        return comment

    def _fields(self, ticket: Ticket, fields: Mapping[str, Any]) -> list[JSON]:
        """Set attributes and return a Change event for each that really moved."""
        moved = []
        for name, given in fields.items():
            value = _tags(given) if name == "tags" else given
            previous = getattr(ticket, name)
            if value != previous:
                setattr(ticket, name, value)
                change = {"type": "Change", "field_name": name, "value": value, "previous_value": previous}
                moved.append({"id": self._state.new_id(), **change})
        return moved

    def _with_reopening(self, ticket: Ticket, change: Change, *, kind: str) -> Mapping[str, Any]:
        """A customer who writes again opens a pending or solved ticket."""
        new = change.comment
        again = kind == "Change" and new and new.public and not self._is_staff(new.author_id)
        if again and ticket.status in ("pending", "hold", "solved") and "status" not in change.fields:
            return {**change.fields, "status": "open"}
        return change.fields

    def _tell(
        self, ticket: Ticket, change: Change, *, kind: str, comment: Comment | None, before: str, tags_before: list[str]
    ) -> None:
        """Post the events of one update, each on its own."""
        if kind == "Create":
            self._publish("created", ticket, {}, actor_id=change.actor_id)
        if comment:
            self._publish("comment_added", ticket, events.comment_added(comment, self._state), actor_id=change.actor_id)
        if ticket.status != before:
            moved = {"current": ticket.status.upper(), "previous": before.upper()}
            self._publish("status_changed", ticket, moved, actor_id=change.actor_id)
            if ticket.status == "deleted":
                self._publish("soft_deleted", ticket, {}, actor_id=change.actor_id)
        added, gone = set(ticket.tags) - set(tags_before), set(tags_before) - set(ticket.tags)
        if added or gone:
            tags = {"tags_added": sorted(added), "tags_removed": sorted(gone)}
            self._publish("tags_changed", ticket, tags, actor_id=change.actor_id)

    def _tell_of_fields(self, ticket: Ticket, moved: Sequence[JSON], *, actor_id: int) -> None:
        """Post an event for each field that moved, whoever moved it."""
        for one in moved:
            now, was = one["value"], one["previous_value"]
            if one["field_name"] == "custom_fields":
                for number, field_ in self._state.fields.items():
                    if now.get(number) != was.get(number):
                        about = {
                            "id": str(number),
                            "title": field_.title,
                            "type": field_.kind,
                            "raw_title": field_.title,
                        }
                        event = {"current": now.get(number), "previous": was.get(number), "custom_field": about}
                        self._publish("custom_field_changed", ticket, event, actor_id=actor_id)
            elif kind := _EVENTS.get(one["field_name"]):
                event = {"current": now and str(now).upper(), "previous": was and str(was).upper()}
                self._publish(kind, ticket, event, actor_id=actor_id)

    def publish(self, kind: str, *, subject: str, detail: JSON, event: JSON) -> None:
        """Post one event to every webhook that subscribed to it."""
        name = f"{events.PREFIX}{kind}"
        wanted = [
            hook for hook in self._state.webhooks.values() if hook.status == "active" and name in hook.subscriptions
        ]
        body = events.envelope(kind, subject=subject, detail=detail, event=event, at=self._state.clock())
        for webhook in wanted:
            self._deliveries.post(webhook, events.pretty(body), event=kind)

    def _publish(self, kind: str, ticket: Ticket, event: JSON, *, actor_id: int) -> None:
        detail = events.ticket_detail(ticket, self._state, actor_id=actor_id)
        self.publish(f"ticket.{kind}", subject=f"zen:ticket:{ticket.id}", detail=detail, event=event)

    def _run_triggers(self, update: rules.Update, audit: Audit) -> None:
        """Run every trigger that applies, in order of position; each sees what the ones before it did."""
        for trigger in sorted(self._state.triggers.values(), key=lambda one: one.position):
            if (
                trigger.active
                and update.ticket.status != "deleted"
                and rules.applies(trigger.conditions, update, self._state)
            ):
                for action in trigger.actions:
                    self._act(trigger, action, update, audit)

    def _act(self, trigger: Trigger, action: JSON, update: rules.Update, audit: Audit) -> None:
        ticket, value = update.ticket, action.get("value")
        match action.get("field"):
            case "notification_webhook" if isinstance(value, list):
                if webhook := self._state.webhooks.get(str(value[0])):
                    body = rules.rendered(str(value[1]) if len(value) > 1 else "", update, self._state)
                    self._deliveries.post(webhook, body, event="trigger")
            case "set_tags":
                audit.events += self._fields(ticket, {"tags": str(value).split()})
            case "current_tags":
                audit.events += self._fields(ticket, {"tags": [*ticket.tags, *str(value).split()]})
            case "remove_tags":
                audit.events += self._fields(
                    ticket, {"tags": [tag for tag in ticket.tags if tag not in str(value).split()]}
                )
            case "status" | "priority" | "type" as name:
                audit.events += self._fields(ticket, {name: value})
            case _:
                audit.events.append(
                    {"id": self._state.new_id(), "type": "Notification", "subject": trigger.title, "recipients": []}
                )

    def _notification(self, ticket: Ticket, comment: Comment) -> JSON:
        source = {
            "deleted": False,
            "title": "Notify requester of comment update",
            "id": self._state.form_id,
            "revision_id": 3,
        }
        via = Via("rule", rel="trigger", source=source).json()
        return {
            "id": self._state.new_id(),
            "type": "Notification",
            "via": via,
            "subject": f"[{self._state.options.company}] Re: {ticket.subject}",
            "body": comment.plain_body,
            "recipients": [ticket.requester_id],
        }

    def _attachment(self, name: str) -> JSON:
        number = self._state.new_id()
        image = name.lower().endswith((".png", ".jpg", ".jpeg", ".gif"))
        address = f"{self._state.url}/attachments/token/{number}/?name={name}"
        return {
            "url": f"{self._state.url}/api/v2/attachments/{number}.json",
            "id": number,
            "file_name": name,
            "content_url": address,
            "mapped_content_url": address,
            "content_type": "image/png" if image else "application/octet-stream",
            "size": 15_156,
            "width": None,
            "height": None,
            "inline": False,
            "deleted": False,
            "malware_access_override": False,
            "malware_scan_result": "not_scanned",
            "thumbnails": [],
        }

    def _is_staff(self, user_id: int) -> bool:
        user = self._state.users.get(user_id)
        return user is None or user.role != "end-user"


def _tags(given: Sequence[str]) -> list[str]:
    """Tags as Zendesk keeps them: lower case, each once, in order of the alphabet."""
    return sorted({str(tag).strip().lower().replace(" ", "_") for tag in given if str(tag).strip()})
