"""Zendesk's JSON in, our words out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import (
    Attachment,
    Channel,
    MessageKind,
    MisconfiguredError,
    Organization,
    Person,
    RejectedError,
    Related,
    Ticket,
)
from connectors.http import JSON
from connectors.zendesk import wire
from connectors.zendesk.channels import channel_of
from tests.connectors.zendesk.recorded import URL, recorded

ANA = Person(
    id="26155588908179",
    name="Ana Ruiz",
    email="ana@bluebike.example",
    phone="+34 600 000 001",
    role="end user",
    language="es",
)
BEN = Person(id="26155588900001", name="Ben Stone", email="ben@acme.example", role="agent", language="en")
USERS = {
    "7": {"id": 7, "name": "Ana", "role": "end-user"},
    "8": {"id": 8, "name": "Ben", "role": "agent"},
    "9": {"id": 9, "name": "Cleo", "role": "admin"},
    "10": {"id": 10, "name": "Dan", "role": "end-user", "suspended": True},
}
TICKET: JSON = {"id": 33, "requester_id": 7, "subject": "Parcel", "created_at": "2026-09-06T18:52:11Z"}


def read(**changes: object) -> Ticket:
    """The recorded ticket with some of its fields changed."""
    answer = recorded("ticket.json")
    answer["ticket"] |= changes
    pages = [recorded("comments_first.json"), recorded("comments_last.json")]
    return wire.to_ticket(answer, pages, base_url=URL, account="acme.zendesk.test", runs={})


def comment(**changes: object) -> JSON:
    """The requester's public comment with some of its fields changed."""
    return {
        "id": 331,
        "type": "Comment",
        "author_id": 7,
        "public": True,
        "html_body": "<p>Hello</p>",
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": "2026-09-06T18:52:11Z",
        **changes,
    }


def via(channel: str, rel: str | None = None, **origin: object) -> JSON:
    """How something came in, as Zendesk writes it."""
    return {"channel": channel, "source": {"from": origin, "to": {}, "rel": rel}}


def kind_of(**changes: object) -> MessageKind:
    """What that comment is to us."""
    return wire.to_message(comment(**changes), users=USERS, ticket=TICKET, runs={}).kind


def test_a_ticket_is_read_whole() -> None:
    """Ids as text, names from the side-loads, only fields that have a value."""
    ticket = read()

    assert (ticket.helpdesk, ticket.account, ticket.id) == ("zendesk", "acme.zendesk.test", "5158")
    assert (ticket.subject, ticket.status, ticket.priority, ticket.channel) == (
        "Where is my parcel?",
        "open",
        "high",
        "email",
    )
    assert (ticket.requester, ticket.assignee) == (ANA, BEN)
    assert ticket.organization == Organization(id="26155621659539", name="Blue Bike")
    assert (ticket.brand, ticket.group, ticket.form) == ("26155621587603", "26155621650000", "26155621471251")
    assert ticket.tags == ("delivery", "vip")
    assert ticket.fields == {
        "26155630658963": "A-1042",
        "26155630658965": "red, blue",
        "26155630658966": "true",
    }
    assert ticket.updated_at == datetime(2026, 9, 6, 19, 30, tzinfo=UTC)
    assert ticket.stamp == "2026-09-06T19:30:00Z"
    assert ticket.url == "https://acme.zendesk.test/agent/tickets/5158"
    assert not ticket.spam


def test_where_a_ticket_belongs_is_told_by_number_and_the_group_by_name_too() -> None:
    """What keeps it out can be any of these."""
    answer = recorded("ticket.json")
    answer["ticket"] |= {"group_id": 41, "brand_id": 51, "ticket_form_id": 61, "sharing_agreement_ids": [3]}
    answer["groups"] = [{"id": 40, "name": "Support"}, {"id": 41, "name": "Legal"}]
    ticket = wire.to_ticket(answer, [], base_url=URL, account="acme.zendesk.test", runs={})

    assert (ticket.group, ticket.group_name, ticket.brand, ticket.form) == ("41", "Legal", "51", "61")
    assert ticket.shared


@pytest.mark.parametrize("agreements", [[], None])
def test_a_ticket_without_sharing_agreements_is_not_shared(agreements: object) -> None:
    """The key is always there, and empty."""
    assert not read(sharing_agreement_ids=agreements).shared
    assert read(group_id=None).group_name == ""


def test_everybody_named_in_a_ticket_is_known() -> None:
    """Requester first, agents, and a CC of whom only the id is known."""
    people = read().people

    assert [person.id for person in people] == [ANA.id, BEN.id, "26155588900002", "26155588900003"]


def test_messages_stand_oldest_first_and_once() -> None:
    """Whatever order pages come in, and where a page repeats an entry because a comment slipped in between."""
    answer, first, last = recorded("ticket.json"), recorded("comments_first.json"), recorded("comments_last.json")
    last["comments"][0]["id"] = 1  # ids say nothing of time
    ticket = wire.to_ticket(answer, [last, first, last], base_url=URL, account="acme.zendesk.test", runs={})

    assert [message.kind for message in ticket.messages] == ["requester message", "public reply", "internal note"]


def test_our_own_note_is_known_by_its_run() -> None:
    """The mark stands in the metadata that the vendor keeps for us."""
    assert [message.run for message in read().messages] == ["", "", "01J8RUN"]


def test_our_own_note_is_known_by_its_audit_where_the_comment_says_nothing() -> None:
    """That comments repeat the mark is not documented; that audits keep it is."""
    pages = [recorded("comments_first.json"), recorded("comments_last.json")]
    pages[1]["comments"][0]["metadata"]["custom"] = {}
    runs = wire.to_runs({"audits": [recorded("note_stored.json")["audit"] | {"id": 33144692244380}]})
    ticket = wire.to_ticket(recorded("ticket.json"), pages, base_url=URL, account="a", runs=runs)

    assert wire.unmarked_audits(pages) == {"33144692244380"}
    assert [message.run for message in ticket.messages] == ["", "", "01J8RUN"]


def test_no_audit_is_needed_where_a_comment_has_the_mark() -> None:
    """Nor for what cannot be ours: public comments and agents' own notes."""
    first, last = recorded("comments_first.json"), recorded("comments_last.json")
    assert wire.unmarked_audits([first, last]) == frozenset()

    last["comments"][0] |= {"via": via("web"), "metadata": None}
    assert wire.unmarked_audits([first, last]) == frozenset()


def test_where_and_from_which_address_somebody_wrote_is_dropped() -> None:
    """Nothing of metadata.system goes on, nor an agent's private remarks on a user."""
    text = repr(read())

    assert not [secret for secret in ("203.0.113.7", "Sevilla", "Mailer/1.0", "likes to complain") if secret in text]


def test_files_are_listed_without_signature_logos_and_deleted_ones() -> None:
    """A pasted screenshot is part of the question, a logo is not."""
    assert read().messages[0].attachments == (Attachment("screenshot.png", "image/png", 151_560),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"author_id": 7}, "requester message"),
        ({"author_id": 8}, "public reply"),
        ({"author_id": 9}, "public reply"),
        ({"author_id": 8, "public": False}, "internal note"),
        ({"author_id": 7, "public": False}, "internal note"),
        ({"author_id": 7, "via": via("api")}, "requester message"),
        ({"author_id": 8, "via": via("api")}, "system message"),
        ({"author_id": 9, "via": via("web_service")}, "system message"),
        ({"author_id": 9, "via": via("api"), "public": False}, "internal note"),
        ({"author_id": 8, "via": via("email")}, "public reply"),
        ({"author_id": 8, "via": via("native_messaging")}, "public reply"),
        ({"author_id": 8, "via": via("system", "merge", ticket_id=34)}, "system message"),
        ({"author_id": 8, "via": via("web", "merge", ticket_id=34), "public": False}, "system message"),
        ({"author_id": 8, "via": via("rule", "trigger")}, "system message"),
        ({"author_id": 7, "via": via("system")}, "system message"),
        ({"author_id": -1}, "system message"),
        ({"author_id": -1, "public": False}, "internal note"),
        ({"author_id": 404}, "requester message"),
    ],
)
def test_who_wrote_and_who_may_read_decide_the_kind(changes: JSON, expected: MessageKind) -> None:
    """What a program or the helpdesk wrote is never an agent's answer; what is hidden is never a public reply."""
    assert kind_of(**changes) == expected


def test_a_voicemail_that_was_written_down_is_the_requesters_message() -> None:
    """Its words are the transcript, not the call's table of details."""
    voicemail = comment(
        type="VoiceComment",
        via=via("voice", "voicemail", phone="+34600000001"),
        data={"transcription_text": "Where is my parcel?", "recording_url": "https://x/", "answered_by_id": None},
    )
    message = wire.to_message(voicemail, users=USERS, ticket=TICKET, runs={})

    assert (message.kind, message.text, message.html, message.channel) == (
        "requester message",
        "Where is my parcel?",
        "",
        "voice",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"via": via("voice", "inbound"), "data": {"answered_by_id": 8, "transcription_text": "hello"}},
        {"via": via("voice", "outbound"), "author_id": 8, "data": {"answered_by_id": 8}},
        {"via": via("voice", "voicemail"), "data": {"transcription_text": None}},
        {"via": via("voice")},
    ],
)
def test_a_call_is_an_entry_of_the_log(changes: JSON) -> None:
    """Nobody wrote it, so it is neither a question nor an answer."""
    for spelling in ("VoiceComment", "TpeVoiceComment"):
        assert kind_of(type=spelling, **changes) == "system message"


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"flags": [2]}},
        {"metadata": {"flags": [3], "trusted": True}},
        {"metadata": {"trusted": False}},
        {"flags": [0]},
        {"author_id": 10},
        {"author_id": 404},
    ],
)
def test_what_the_vendor_doubts_is_untrusted(changes: JSON) -> None:
    """Not signed in, not part of the conversation, suspended, or unknown."""
    assert wire.to_message(comment(**changes), users=USERS, ticket=TICKET, runs={}).untrusted


def test_an_ordinary_message_is_trusted() -> None:
    """Also where the requester is not among the side-loaded users."""
    for changes in ({}, {"metadata": {"flags": [11], "trusted": True}}, {"author_id": 7}):
        assert not wire.to_message(comment(**changes), users=USERS, ticket=TICKET, runs={}).untrusted
    assert not wire.to_message(comment(), users={}, ticket=TICKET, runs={}).untrusted


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"metadata": {"flags": [4]}}, "Parcel"),
        ({"via": via("email", address="MAILER-DAEMON@mx.example")}, "Parcel"),
        ({"via": via("mail")}, "Out of office: back on Monday"),
        ({"via": via("email")}, "Automatische Antwort: Parcel"),
        ({"via": via("email")}, "Undeliverable: Parcel"),
    ],
)
def test_automatic_mail_is_marked(changes: JSON, subject: str) -> None:
    """As far as REST shows it: Zendesk's flag, the sender, and the subject of the first mail."""
    ticket = {**TICKET, "subject": subject}

    assert wire.to_message(comment(**changes), users=USERS, ticket=ticket, runs={}).automatic


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"via": via("email", address="ana@bluebike.example")}, "Re: Out of office"),
        ({"via": via("web")}, "Out of office replies do not work"),
        ({"via": via("email"), "created_at": "2026-09-07T08:00:00Z"}, "Out of office: back on Monday"),
        ({"via": via("email")}, "Automatic door broken"),
    ],
)
def test_a_persons_message_is_not_automatic(changes: JSON, subject: str) -> None:
    """A later mail in a ticket that began with an automatic one is a person's."""
    ticket = {**TICKET, "subject": subject}

    assert not wire.to_message(comment(**changes), users=USERS, ticket=ticket, runs={}).automatic


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("mail", "email"),
        ("email", "email"),
        ("web", "form"),
        ("help_center", "portal"),
        ("api", "api"),
        ("web_service", "api"),
        ("chat", "chat"),
        ("native_messaging", "messaging"),
        ("whatsapp", "messaging"),
        ("sunshine_conversations_facebook_messenger", "messaging"),
        ("twitter_dm", "social"),
        ("facebook", "social"),
        ("instagram_dm", "social"),
        ("voice", "voice"),
        ("phone_call_inbound", "voice"),
        ("side_conversation", "side conversation"),
        ("carrier_pigeon", "other"),
        (8, "other"),
        (None, "other"),
    ],
)
def test_a_channel_has_our_word(name: object, channel: Channel) -> None:
    """Unknown ones are "other": new channels come every year."""
    assert channel_of({"channel": name}) == channel


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (via("web", "follow_up", ticket_id=103, subject="Parcel"), (Related("103", "follow-up"),)),
        (via("web", "split", ticket_id=104), (Related("104", "split"),)),
        (via("web", "merge", ticket_ids=[105, 106]), (Related("105", "merged"), Related("106", "merged"))),
        (via("web", "follow_up", ticket_id=5158), ()),
        (via("web"), ()),
        (None, ()),
    ],
)
def test_tickets_that_belong_to_its_history_are_named(origin: JSON | None, expected: tuple[Related, ...]) -> None:
    """Each once, never the ticket itself."""
    assert read(via=origin).related == expected


def test_a_merge_notice_names_the_ticket_that_was_merged() -> None:
    """The target ticket's own `via` says nothing of it."""
    page = recorded("comments_last.json")
    page["comments"][0]["via"] = via("system", "merge", ticket_id=481)
    ticket = wire.to_ticket(recorded("ticket.json"), [page, page], base_url=URL, account="a", runs={})

    assert ticket.related == (Related("481", "merged"),)


@pytest.mark.parametrize(
    ("status", "expected"), [("new", "new"), ("hold", "hold"), ("CLOSED", "closed"), ("deleted", "deleted")]
)
def test_a_status_is_lower_case(status: str, expected: str) -> None:
    """Events spell it in capitals."""
    assert read(status=status).status == expected


def test_spam_is_a_tag_or_a_suspended_requester() -> None:
    """Zendesk has no field for it: what agents mark as spam it deletes."""
    answer = recorded("ticket.json")
    answer["users"][0]["suspended"] = True

    assert read(tags=["spam"]).spam
    assert wire.to_ticket(answer, [], base_url=URL, account="a", runs={}).spam


def level(metric: str, stage: str, breach_at: str | None) -> JSON:
    """A service level as the side-load shows it."""
    return {"metric": metric, "stage": stage, "breach_at": breach_at, "hours": 1}


@pytest.mark.parametrize(
    ("levels", "hour"),
    [
        ([level("next_reply_time", "active", "2026-09-06T20:00:00Z")], 20),
        ([level("first_reply_time", "achieved", "2026-09-06T17:00:00Z"), level("next_reply_time", "active", "2026-09-06T21:00:00Z")], 21),
        ([level("next_reply_time", "active", "2026-09-06T22:00:00Z"), level("first_reply_time", "active", "2026-09-06T21:00:00Z")], 21),
        ([level("requester_wait_time", "active", "2026-09-06T18:00:00Z")], None),
        ([level("next_reply_time", "paused", None)], None),
        ([level("next_reply_time", "active", None)], None),
        ([], None),
    ],
)  # fmt: skip
def test_an_answer_is_due_by_the_nearest_service_level_of_a_reply_that_runs(
    levels: list[JSON], hour: int | None
) -> None:
    """What is achieved, paused, or about something else than an answer does not count."""
    ticket = read(slas={"policy_metrics": levels})

    assert ticket.due_at == (datetime(2026, 9, 6, hour, tzinfo=UTC) if hour else None)


def test_a_plan_without_service_levels_has_no_due_date() -> None:
    """The side-load is left out there."""
    assert read().due_at is None


def test_missing_parts_of_a_ticket_are_empty() -> None:
    """Most fields may be null."""
    empty = dict.fromkeys(
        ["assignee_id", "organization_id", "group_id", "brand_id", "ticket_form_id", "priority", "tags", "via"]
    )
    ticket = read(**empty, custom_fields=None, subject=None, raw_subject=None, collaborator_ids=None)

    assert (ticket.assignee, ticket.organization, ticket.brand, ticket.priority, ticket.tags) == (
        None,
        None,
        "",
        "",
        (),
    )
    assert (ticket.subject, ticket.channel, ticket.fields) == ("", "other", {})


def test_a_message_without_html_has_its_text() -> None:
    """Text is used where there is no HTML."""
    message = wire.to_message(
        comment(html_body=None, plain_body="Hello", body="Hi"), users=USERS, ticket=TICKET, runs={}
    )

    assert (message.html, message.text) == ("", "Hello")


@pytest.mark.parametrize("broken", [{}, {"ticket": None}, {"ticket": []}, {"ticket": {"id": 1}}])
def test_an_unreadable_ticket_is_rejected_by_name(broken: JSON) -> None:
    """The reason is chained; asking again would not help."""
    with pytest.raises(RejectedError, match="Zendesk's ticket is not as documented") as caught:
        wire.to_ticket(broken, [], base_url=URL, account="a", runs={})
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("missing", ["id", "author_id", "public", "created_at"])
def test_an_unreadable_comment_is_rejected_by_name(missing: str) -> None:
    """Above all one that does not say whether it is public."""
    broken = {name: value for name, value in comment().items() if name != missing}

    with pytest.raises(RejectedError, match=f"ticket comment is not as documented.*{missing}"):
        wire.to_message(broken, users=USERS, ticket=TICKET, runs={})


@pytest.mark.parametrize("changes", [{"status": "confused"}, {"updated_at": "yesterday"}, {"updated_at": None}])
def test_an_undocumented_value_is_rejected(changes: JSON) -> None:
    """A status that has no word of ours is not guessed."""
    with pytest.raises(RejectedError):
        read(**changes)


def test_a_note_is_sent_private_and_with_nothing_else() -> None:
    """Comment, compare-and-set and our mark: assignee, group, status and tags would have side effects."""
    assert wire.from_note("<p>Draft</p>", stamp="2026-09-06T19:30:00Z", run="01J8RUN") == {
        "ticket": {
            "comment": {"html_body": "<p>Draft</p>", "public": False},
            "safe_update": True,
            "updated_stamp": "2026-09-06T19:30:00Z",
            "metadata": {"deskpilot_run": "01J8RUN"},
        }
    }
    assert "metadata" not in wire.from_note("<p>Draft</p>", stamp="s", run="")["ticket"]


def test_a_stored_note_is_the_comment_in_the_audit() -> None:
    """Its id is the one that the list of comments shows later."""
    assert wire.to_stored_note(recorded("note_stored.json")) == ("33144692244399", True)


@pytest.mark.parametrize("public", [True, None, "false", 0])
def test_anything_but_public_false_is_not_private(public: object) -> None:
    """Only the vendor's own `false` counts."""
    answer = recorded("note_stored.json")
    answer["audit"]["events"][1]["public"] = public

    assert wire.to_stored_note(answer) == ("33144692244399", False)


def test_an_answer_without_the_comment_is_rejected() -> None:
    """We cannot say then what was written."""
    answer = recorded("note_stored.json")
    answer["audit"]["events"] = []

    with pytest.raises(RejectedError, match="names no comment"):
        wire.to_stored_note(answer)


def test_an_anonymous_user_is_a_wrong_password() -> None:
    """Zendesk answers 200 to it."""
    with pytest.raises(MisconfiguredError, match="anonymous"):
        wire.to_self({"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})


def test_an_end_user_cannot_work_on_tickets() -> None:
    """A token of one is a mistake to point out at the start."""
    with pytest.raises(MisconfiguredError, match="not an agent"):
        wire.to_self({"user": {"id": 7, "name": "Ana", "role": "end-user"}})


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_agents_and_admins_are_agents(role: str) -> None:
    """The rest of the code knows no difference."""
    assert wire.to_self({"user": {"id": 8, "name": "Ben", "role": role}}).role == "agent"


@pytest.mark.parametrize(
    ("rating", "says"),
    [
        (None, ""),
        ({"score": "offered"}, ""),
        ({"score": "unoffered"}, ""),
        ({"score": "good", "comment": "Fast!"}, "good"),
        ({"score": "bad_with_comment"}, "bad"),
        ({}, ""),
    ],
)
def test_a_rating_comes_with_its_ticket(rating: JSON | None, says: str) -> None:
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/."""
    assert read(satisfaction_rating=rating).satisfaction == says
