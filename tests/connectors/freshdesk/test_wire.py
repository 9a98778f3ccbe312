"""Freshdesk's JSON into our words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Attachment, Message, Organization, Person, RejectedError, Related, Ticket
from connectors.freshdesk import wire
from tests.connectors.freshdesk.recorded import entry, recorded

ANA = Person(id="501", name="Ana Sol", email="ana@example.com", phone="+34 600 000 000")
ROBIN = Person(id="71", name="Robin Vale", email="robin@example.com", role="agent", language="en")


def read(ticket: dict[str, Any], *entries: dict[str, Any], people: dict[str, Person] | None = None) -> Ticket:
    """Read a ticket as the client does."""
    return wire.to_ticket(
        ticket, entries, account="acme.freshdesk.test", base_url="https://acme.freshdesk.test", people=people or {}
    )


def one(**changes: Any) -> Message:
    """Read a ticket with one conversation entry and return that."""
    return read(recorded("ticket"), entry(**changes)).messages[1]


def test_a_ticket_is_read_whole() -> None:
    """Every field that the co-pilot uses is found under its documented name."""
    ticket = read(recorded("ticket"), people={"71": ROBIN})

    assert (ticket.helpdesk, ticket.account, ticket.id, ticket.subject) == (
        "freshdesk",
        "acme.freshdesk.test",
        "42",
        "Parcel to Spain",
    )
    assert (ticket.status, ticket.channel, ticket.priority) == ("open", "email", "high")
    assert (ticket.brand, ticket.group, ticket.tags, ticket.spam) == ("9", "8801", ("vip", "spain"), False)
    assert ticket.requester == ANA
    assert ticket.assignee == ROBIN
    assert ticket.organization == Organization(id="300", name="Sol Trading")
    assert ticket.updated_at == datetime(2026, 10, 2, 9, 30, tzinfo=UTC)
    assert ticket.stamp == "2026-10-02T09:30:00Z"
    assert ticket.url == "https://acme.freshdesk.test/a/tickets/42"


def test_its_type_stands_for_the_form() -> None:
    """Freshdesk's forms leave no other trace in a ticket; it shares tickets with nobody, and names no group."""
    ticket = read({**recorded("ticket"), "type": "Incident"})

    assert (ticket.form, ticket.group_name, ticket.shared) == ("Incident", "", False)
    assert read({**recorded("ticket"), "type": None}).form == ""


def test_the_description_is_the_first_message() -> None:
    """Freshdesk keeps the first customer message beside the conversation; its id is made from the ticket's."""
    (message,) = read(recorded("ticket")).messages

    assert message == Message(
        id="ticket:42",
        kind="requester message",
        author=ANA,
        at=datetime(2026, 10, 1, 8, 0, tzinfo=UTC),
        html="<div>Where is my <b>parcel</b>?</div>",
        text="Where is my parcel?",
        channel="email",
        attachments=(Attachment(name="receipt.pdf", content_type="application/pdf", size_bytes=2048),),
    )


def test_messages_are_sorted_by_time_whatever_order_they_arrive_in() -> None:
    """The order of the vendor's list is not promised."""
    messages = read(recorded("ticket"), *recorded("conversations")).messages

    assert [message.id for message in messages] == ["ticket:42", "902", "903", "904"]
    assert [message.kind for message in messages] == [
        "requester message",
        "internal note",
        "public reply",
        "requester message",
    ]


def test_messages_of_the_same_second_keep_the_order_of_their_ids() -> None:
    """Freshdesk's clock has seconds: ids, not text, decide."""
    same = "2026-10-01T10:00:00Z"
    messages = read(recorded("ticket"), entry(id=1000, created_at=same), entry(id=999, created_at=same)).messages

    assert [message.id for message in messages[1:]] == ["999", "1000"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"source": 0}, "public reply"),
        ({"source": 2}, "public reply"),  # a public note: the customer sees it
        ({"source": 5}, "public reply"),  # a tweet back
        ({"source": 2, "private": True}, "internal note"),
        ({"source": 9, "private": True}, "internal note"),  # a phone note
        ({"source": 0, "incoming": True, "user_id": 501}, "requester message"),
        ({"source": 0, "incoming": True, "user_id": 777}, "requester message"),  # by a CC
        ({"source": 0, "incoming": True, "user_id": None}, "requester message"),
        ({"source": 0, "incoming": True, "private": True, "user_id": 777}, "system message"),  # answer to a forward
        ({"source": 8}, "system message"),  # forwarded to a third party
        ({"source": 8, "private": True}, "system message"),
        ({"source": 6, "incoming": True, "user_id": 501}, "system message"),  # survey feedback
        ({"source": 2, "user_id": None}, "system message"),  # an automation
        ({"source": 2, "private": True, "user_id": None}, "system message"),
    ],
)
def test_the_kind_follows_from_who_sees_it_and_who_wrote_it(changes: dict[str, Any], kind: str) -> None:
    """Only agents' public words count as a public reply; only what agents hide is an internal note."""
    assert one(**changes).kind == kind


@pytest.mark.parametrize(
    ("text", "related"),
    [
        ("Ticket with ID #77 is merged into this ticket.", ("77",)),
        ("Tickets with IDs #77, #78 and #79 have been merged into this ticket", ("77", "78", "79")),
        ("Ticket 'Help with order #1234' (ID: 77) was merged into this ticket", ("77",)),
        ("This ticket is closed and merged into ticket 12", ()),  # the other end: nothing came here
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_a_merge_notice_is_nobodys_answer(text: str, related: tuple[str, ...], private: bool) -> None:  # noqa: FBT001
    """Notices are told by their text; the merged tickets belong to the history, a quoted subject's numbers don't."""
    ticket = read(recorded("ticket"), entry(source=2, private=private, body_text=text))

    assert ticket.messages[1].kind == "system message"
    assert ticket.related == tuple(Related(ticket_id=id_, kind="merged") for id_ in related)


@pytest.mark.parametrize(
    "changes",
    [
        {"incoming": True, "user_id": 501, "body_text": "Ticket #99 was merged into this ticket"},
        {"source": 0, "body_text": "Ticket #99 was merged into this ticket"},
        {"source": 2, "body_text": "I merged both branches into main, see #99"},
        {"source": 2, "body_text": "Ticket #99 was merged into this ticket. " + "x" * 500},
    ],
)
def test_nothing_else_brings_another_ticket_in(changes: dict[str, Any]) -> None:
    """A customer cannot pull another ticket into this one's history by writing about it."""
    assert read(recorded("ticket"), entry(**changes)).related == ()


def test_an_outbound_mail_begins_with_the_agents_words() -> None:
    """Source 10: an agent wrote first; the description is no customer's question."""
    message = read(recorded("ticket", source=10), people={"71": ROBIN}).messages[0]

    assert (message.kind, message.author) == ("public reply", ROBIN)


def test_a_cc_is_known_by_the_header_of_the_mail() -> None:
    """No call is needed for a name that the message carries."""
    message = one(incoming=True, user_id=502, from_email='"Cora Lind" <cora@example.com>')

    assert message.author == Person(id="502", name="Cora Lind", email="cora@example.com")


def test_an_unknown_agent_has_no_name_but_stays_an_agent() -> None:
    """A deleted agent's reply is still an agent's reply."""
    assert one(user_id=99).author == Person(id="99", role="agent")
    assert one(user_id=None).author == Person(id="", role="bot")


def test_a_requester_who_is_staff_is_an_agent() -> None:
    """Colleagues who write in are told apart from customers."""
    ticket = read(recorded("ticket", requester_id=71), people={"71": ROBIN})

    assert ticket.requester.role == "agent"
    assert ticket.messages[0].author.role == "agent"


def test_everybody_named_in_the_ticket_is_listed_once() -> None:
    """Names are masked from this list: requester, agents, authors and people in copy."""
    ticket = read(recorded("ticket"), *recorded("conversations"), people={"71": ROBIN})

    assert [(person.id, person.email) for person in ticket.people] == [
        ("501", "ana@example.com"),
        ("71", "robin@example.com"),
        ("72", ""),
        ("", "cora@example.com"),
    ]


@pytest.mark.parametrize(
    ("code", "status"),
    [(2, "open"), (3, "pending"), (4, "solved"), (5, "closed"), (6, "pending"), (7, "hold"), (23, "open")],
)
def test_statuses_become_words(code: int, status: str) -> None:
    """A custom status is neither solved nor closed."""
    assert read(recorded("ticket", status=code)).status == status


def test_a_ticket_in_the_trash_is_deleted_whatever_its_status() -> None:
    """Freshdesk still answers for it; a note there helps nobody."""
    assert read(recorded("ticket", deleted=True)).status == "deleted"
    assert read(recorded("ticket", spam=True)).spam


@pytest.mark.parametrize(
    ("code", "channel"),
    [
        (1, "email"),
        (2, "portal"),
        (3, "voice"),
        (7, "chat"),
        (9, "form"),
        (10, "email"),
        (99, "other"),
        (None, "other"),
    ],
)
def test_sources_become_channels(code: int | None, channel: str) -> None:
    """The policy decides by channel; an unknown code is no channel that gets notes by mistake."""
    assert read(recorded("ticket", source=code)).channel == channel


@pytest.mark.parametrize(("source", "channel"), [(9, "voice"), (0, "email"), (2, "email")])
def test_what_is_written_in_a_ticket_that_a_call_opened_is_no_call(source: int, channel: str) -> None:
    """An agent answers it by mail; only the log of a call is one."""
    message = read(recorded("ticket", source=3), entry(source=source)).messages[1]

    assert message.channel == channel


def test_fields_are_text_and_empty_ones_are_left_out() -> None:
    """Policies compare text."""
    assert read(recorded("ticket")).fields == {
        "type": "Question",
        "cf_order": "A-77",
        "cf_gift": "yes",
        "cf_count": "2",
        "cf_colours": "red, blue",
    }


@pytest.mark.parametrize(
    ("dates", "answered", "due"),
    [
        ({"fr_due_by": "2026-10-02T10:00:00Z", "due_by": "2026-10-04T10:00:00Z"}, False, 2),
        ({"fr_due_by": "2026-10-02T10:00:00Z", "due_by": "2026-10-04T10:00:00Z"}, True, 4),
        ({"fr_due_by": None, "due_by": "2026-10-04T10:00:00Z"}, False, 4),
        ({"fr_due_by": None, "due_by": None}, False, None),
    ],
)
def test_an_answer_is_due_by_the_service_level_that_still_runs(
    dates: dict[str, Any], due: int | None, *, answered: bool
) -> None:
    """The first reply's until there is one, then the solution's."""
    replies = [entry(private=False, incoming=False, user_id=71)] if answered else []
    ticket = read({**recorded("ticket"), **dates}, *replies)

    assert ticket.due_at == (datetime(2026, 10, due, 10, tzinfo=UTC) if due else None)


def test_old_accounts_leave_fields_out() -> None:
    """Optional fields that are missing or null are empty here."""
    bare = {
        key: value
        for key, value in recorded("ticket").items()
        if key in ("id", "requester_id", "status", "created_at", "updated_at")
    }
    ticket = read({**bare, "custom_fields": None, "tags": None, "company": None, "requester": None, "cc_emails": None})

    assert (ticket.subject, ticket.tags, ticket.organization, ticket.assignee) == ("", (), None, None)
    assert ticket.requester == Person(id="501")


@pytest.mark.parametrize(
    "written",
    ["2026-10-02T09:30:00Z", "2026-10-02T09:30:00.000000000Z", "2026-10-02T15:00:00+05:30", "2026-10-02T09:30:00"],
)
def test_timestamps_are_read_tolerantly(written: str) -> None:
    """Fractions, offsets and a missing zone are one moment in UTC."""
    assert read(recorded("ticket", updated_at=written)).updated_at == datetime(2026, 10, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": None},
        {"status": "Open"},
        {"updated_at": None},
        {"created_at": "yesterday"},
        {"updated_at": "0001-01-01T00:00:00+14:00"},
        {"requester": "Ana"},
        {"tags": 5},
        {"attachments": ["a.pdf"]},
        {"source": [1]},
    ],
)
def test_an_unknown_shape_of_a_ticket_is_rejected(changes: dict[str, Any]) -> None:
    """What cannot be read ends the job with the reason, chained."""
    with pytest.raises(RejectedError, match="ticket") as caught:
        read(recorded("ticket", **changes))

    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("missing", ["id", "incoming", "private", "created_at"])
def test_an_unknown_shape_of_an_entry_is_rejected(missing: str) -> None:
    """Above all, an entry without `private` is never taken for either kind."""
    broken = entry()
    del broken[missing]

    with pytest.raises(RejectedError, match="conversation entry"):
        read(recorded("ticket"), broken)


@pytest.mark.parametrize("body", [None, {}, {"results": []}, "text", [1]])
def test_a_list_that_is_no_array_is_rejected(body: object) -> None:
    """Freshdesk answers with bare arrays."""
    with pytest.raises(RejectedError):
        wire.listed(body, what="conversation entries")


def test_a_note_is_private_and_mailed_to_nobody() -> None:
    """The three keys of a note, and no other."""
    assert wire.from_note("<p>Draft</p>") == {"body": "<p>Draft</p>", "private": True, "notify_emails": []}


def test_strangers_are_those_the_ticket_does_not_name() -> None:
    """Requester (is it staff?), assignee and writers, newest first, each once; a CC only without a name in the mail."""
    entries = [
        *recorded("conversations"),
        entry(id=1, user_id=72, created_at="2026-10-03T00:00:00Z"),
        entry(id=2, incoming=True, user_id=502, from_email="cora@example.com"),
        entry(id=3, incoming=True, user_id=503, from_email='"Dan Moor" <dan@example.com>'),
        entry(id=4, user_id=None),
    ]

    found = wire.strangers(recorded("ticket"), entries)

    assert found == wire.Strangers(agents=("501", "71", "72"), contacts=("502",))


@pytest.mark.parametrize("value", ["", "1/../2", "1?x=1", "-1", "１２", "9" * 20, None])
def test_only_a_number_becomes_part_of_a_path(value: object) -> None:
    """Ids reach us in webhooks from strangers."""
    with pytest.raises(RejectedError):
        wire.number(value)


@pytest.mark.parametrize(("code", "primary"), [("pt-BR", "pt"), ("zh_CN", "zh"), ("EN", "en"), (None, ""), ("", "")])
def test_languages_are_primary_subtags(code: str | None, primary: str) -> None:
    """Articles and tickets are compared by main language."""
    assert wire.primary_subtag(code) == primary
