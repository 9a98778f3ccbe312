"""What is set in a ticket beside its note: what the policy allows, and never over a person's choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Message, MessageKind, Note, Person, Ticket, Update
from service.analysis import Analysis, Summary
from service.ledger import SavedDraft, TicketKey
from service.masking import Masker, neutral
from service.policy.decision import Decision
from service.policy.document import Policy
from service.routing import (
    LONGEST,
    WANTED,
    due,
    ours_of,
    packed,
    suggestions,
    unpacked,
    wanted,
    wrote,
)
from service.triage.judged import Judged, Triage

ANA = Person("7", name="Ana Lind", email="ana@customer.example")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TICKET = Ticket(
    helpdesk="zendesk",
    account="acme.zendesk.test",
    id="5101",
    subject="Refund",
    status="new",
    channel="email",
    requester=ANA,
    updated_at=AT,
    messages=(Message("m1", "requester message", ANA, AT, text="I want a refund."),),
    group="1",
    group_name="Support",
    tags=("vip",),
    initial=frozenset({"group"}),
)
TRIAGE = Triage(
    category=Judged("refund"),
    intent=Judged("get money back"),
    complexity=Judged(2),
    stakes=Judged(3),
    sentiment=Judged("angry"),
    shift=0,
    urgency=Judged("high"),
    language=Judged("en"),
    wants_person=Judged(value=False),
)
ANALYSIS = Analysis(
    Summary("The kettle leaks and a refund is wanted."), intent="refund", sentiment="angry", urgency="high", language="en", query="refund"
)  # fmt: skip
DECISION = Decision(
    tier=3, category="refund", group="billing", priority="high", tags=("ai_refund", "Ai Angry"), fields=(("900", "refunds"),)
)  # fmt: skip
ALL: dict[str, Any] = {
    "version": 1,
    "groups": {"billing": {"title": {"en": "Billing", "de": "Abrechnung"}, "zendesk": "42", "freshdesk": "43"}},
    "write": {
        "group": True,
        "priority": True,
        "tags": "ai_*",
        "fields": {"intent": "901", "sentiment": "902", "language": "903", "summary": "904", "category": "905", "tier": "906"},
        "values": "900",
    },
}  # fmt: skip


def policy(**write: Any) -> Policy:
    """A policy that may write this; without words, everything."""
    return Policy.model_validate({**ALL, "write": write or ALL["write"]})


def proposed(*, restore: Any = str, **more: Any) -> Update:
    """What is wanted of the ticket."""
    given: dict[str, Any] = {"ticket": TICKET, "decision": DECISION, "triage": TRIAGE, "analysis": ANALYSIS}
    return wanted(**{**given, "policy": policy(), **more}, restore=restore)


def summarised(problem: str, *, masker: Masker | None = None) -> str:
    """What stands in the field for the summary."""
    masker = masker or Masker([ANA])
    analysis = replace(ANALYSIS, summary=Summary(masker.mask(problem)))
    return proposed(analysis=analysis, restore=masker.shown).fields.get("904", "")


def test_all_that_the_policy_allows_is_set_in_a_new_ticket() -> None:
    """Group and custom fields by the vendor's ids, tags as Zendesk spells them."""
    update = due(proposed(), TICKET, ours={})

    assert update is not None
    assert (update.group, update.priority, update.add_tags) == ("42", "high", ("ai_refund", "ai_angry"))
    assert update.fields == {
        "900": "refunds",
        "901": "get money back",
        "902": "angry",
        "903": "en",
        "904": "The kettle leaks and a refund is wanted.",
        "905": "refund",
        "906": "3",
    }


def test_nothing_is_set_that_the_policy_does_not_name() -> None:
    """Which is everything, by default."""
    silent = Policy.model_validate({"version": 1, "groups": ALL["groups"]})

    assert due(proposed(policy=silent), TICKET, ours={}) is None
    assert proposed(policy=policy(priority=True)).parts == {"priority": "high"}
    assert proposed(policy=policy(tags="ai_angry")).parts == {"tags": "ai_angry"}
    assert proposed(policy=policy(values=["7"])).parts == {}


def test_each_helpdesk_has_ids_of_its_own() -> None:
    """And a group without one is only suggested."""
    theirs = proposed(
        ticket=replace(TICKET, helpdesk="freshdesk"),
        policy=policy(group=True, fields={"tier": "cf_tier", "intent": "901"}),
    )
    assert (theirs.group, theirs.fields) == ("43", {"cf_tier": "3"})
    assert proposed(ticket=replace(TICKET, helpdesk="mail")).group == ""


@pytest.mark.parametrize("tag", ["deskpilot", "deskpilot_off", "Deskpilot tier1"])
def test_a_tag_that_is_an_order_to_us_is_never_set_by_us(tag: str) -> None:
    """It would pass for an agent's, and lower a tier."""
    assert proposed(policy=policy(tags=["*", tag]), decision=replace(DECISION, tags=(tag,))).add_tags == ()


def test_what_a_rule_says_goes_before_what_triage_says() -> None:
    """Of one field."""
    update = proposed(policy=policy(fields={"category": "900"}, values="900"))

    assert update.fields == {"900": "refunds"}


# -- never over a person's choice -------------------------------------------------------------------------------------

UPDATE = Update(group="42", priority="high", add_tags=("ai_refund",), fields={"901": "refund"})


def left(*, ours: dict[str, str] | None = None, update: Update = UPDATE, **ticket: Any) -> set[str]:
    """Names of the parts that are still to be set."""
    still = due(update, replace(TICKET, **ticket), ours=ours or {})
    return set(still.parts) if still else set()


def said(kind: MessageKind) -> Message:
    """An entry by an agent."""
    return Message("m2", kind, Person("9", role="agent"), AT)


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        ({}, {"group", "priority", "tags", "901"}),
        ({"initial": frozenset()}, {"priority", "tags", "901"}),  # somebody moved it there
        ({"group": "", "initial": frozenset()}, {"group", "priority", "tags", "901"}),
        ({"assignee": Person("9", role="agent")}, {"priority", "tags", "901"}),
        ({"group": "", "assignee": Person("9", role="agent")}, {"priority", "tags", "901"}),  # it would take the ticket away
        ({"messages": (said("public reply"),)}, {"priority", "tags", "901"}),
        ({"messages": (said("internal note"),)}, {"group", "priority", "tags", "901"}),
        ({"priority": "normal"}, {"group", "tags", "901"}),
        ({"priority": "low", "initial": frozenset({"priority"})}, {"priority", "tags", "901"}),
        ({"tags": ("AI_Refund",)}, {"group", "priority", "901"}),
        ({"fields": {"901": "a person's word"}}, {"group", "priority", "tags"}),
        ({"group": "42", "priority": "high", "tags": ("ai_refund",), "fields": {"901": "refund"}}, set()),
    ],
)  # fmt: skip
def test_only_what_is_empty_or_as_every_new_ticket_has_it_is_set(ticket: dict[str, Any], expected: set[str]) -> None:
    """And the latter only until somebody takes the ticket."""
    assert left(**ticket) == expected


def test_what_we_set_ourselves_is_set_anew() -> None:
    """A later message may change the picture."""
    ours = {"group": "41", "priority": "normal", "901": "delivery"}

    assert left(ours=ours, group="41", initial=frozenset(), priority="normal", fields={"901": "delivery"}) == set(
        UPDATE.parts
    )


def test_what_somebody_changed_after_us_is_theirs() -> None:
    """Changed or emptied, even back to what every new ticket has."""
    ours = {"group": "41", "priority": "normal", "901": "delivery", "tags": "ai_refund"}

    assert left(ours=ours, group="40", priority="low", fields={"901": "returns"}) == set()
    assert left(ours=ours, group="1", priority="", fields={}, tags=()) == set()


def test_what_we_set_before_is_remembered_by_what_the_helpdesk_confirmed() -> None:
    """The newest value of each part, and every tag."""
    notes = (
        Note("1", "5101", written={"priority": "normal", "tags": "ai_a ai_b"}, missed={"group": "no such group"}),
        Note("2", "5101"),
        Note("3", "5101", written={"priority": "high", "tags": "ai_c", "901": "x"}),
    )
    key = TicketKey("zendesk", "acme.zendesk.test", "5101")
    drafts = [SavedDraft(key, f"m{n}", "DP-7K2QX", "ready", "", wrote(note)) for n, note in enumerate(notes)]

    ours = ours_of(drafts)
    assert ours | {"901": ""} == {"priority": "high", "tags": "ai_a ai_b ai_c", "901": ""}
    assert "901" in left(ours=ours, fields={"901": "x"})
    assert "901" not in left(ours=ours, fields={"901": "y"})


def test_the_ledger_keeps_none_of_the_tickets_words() -> None:
    """Of what was written a digest, of what is wanted words in place of what was masked."""
    masker = Masker([ANA])
    analysis = replace(ANALYSIS, summary=Summary(masker.mask("Ana Lind (ana@customer.example) wants her money back")))
    kept = packed(proposed(analysis=analysis, restore=neutral))
    note = Note("1", "5101", written=proposed(analysis=analysis, restore=masker.shown).fields)

    assert kept["fields"]["904"] == "[name] ([e-mail]) wants her money back"
    assert "Ana" in note.written["904"]
    assert "Ana" not in str(wrote(note))


def test_what_is_wanted_survives_the_ledger() -> None:
    """A job that dies before the note is posted leaves it to the next one."""
    assert unpacked({WANTED: packed(UPDATE)}) == UPDATE
    assert unpacked({}).parts == {}
    assert packed(Update()) == {}


# -- what may stand in a field ----------------------------------------------------------------------------------------


def test_a_summary_has_this_tickets_own_values_back() -> None:
    """On one line, cut at a word."""
    masker = Masker([ANA])
    long = summarised("Ana Lind writes:\n\n" + "the kettle leaks " * 40, masker=masker)

    assert long.startswith("Ana Lind writes: the kettle leaks")
    assert "\n" not in long
    assert len(long) <= LONGEST
    assert long.endswith("…")
    assert "<NAME_1>" in summarised("<NAME_1> writes", masker=Masker([])).replace("‹", "<").replace("›", ">")


@pytest.mark.parametrize("secret", ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"])
def test_numbers_of_cards_and_accounts_stay_out(secret: str) -> None:
    """A field travels further than a note: views, exports, reports, other people's programs."""
    text = summarised(f"She paid with {secret} yesterday.")

    assert secret[-4:] not in text
    assert "She paid with [" in text


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+cmd", "@SUM(A1)", "-2"])
def test_no_spreadsheet_takes_a_field_for_a_formula(text: str) -> None:
    """Reports are opened in one."""
    assert summarised(f"{text} is what the customer wrote")[:1] not in "=+-@"


def test_no_link_stands_in_a_field() -> None:
    """Somebody would click it."""
    assert "https://" not in summarised("See https://evil.example/x and pay")


# -- what the note suggests -------------------------------------------------------------------------------------------


def suggested(
    ticket: Ticket = TICKET, decision: Decision = DECISION, language: str = "en", **write: Any
) -> dict[str, str]:
    """What the note proposes, by part. write: what may be set; without words, everything."""
    found = suggestions(ticket, decision, TRIAGE, ANALYSIS, policy(**write), language=language)
    return {one.part: one.value for one in found}


def test_the_note_suggests_what_is_not_so_already() -> None:
    """Whether or not it may be written: in the team's language."""
    assert suggested(language="de") == {
        "group": "Abrechnung",
        "priority": "high",
        "tags": "ai_refund, ai_angry",
    }
    done = replace(TICKET, group="42", priority="high", tags=("ai_refund", "ai_angry"))
    assert suggested(done) == {}
    assert suggested(replace(done, group="5", group_name="BILLING")) == {}
    assert suggested(decision=Decision()) == {}


def test_the_note_suggests_custom_fields_that_are_not_set_anyway() -> None:
    """Another value stands there, so it is somebody's; or a rule names the field, and nobody allows us to set it."""
    chosen = {
        "900": "returns",
        "901": "a new kettle",
        "902": "angry",
        "903": "de",
        "904": "Leaks.",
        "905": "",
        "906": "1",
    }
    there = replace(TICKET, group="42", priority="high", tags=("ai_refund", "ai_angry"), fields=chosen)
    assert suggested(there) == {
        "intent": "get money back",
        "language": "en",
        "tier": "3",
        "field": "900 refunds",
    }
    assert suggested(replace(there, fields={}), priority=True) == {"field": "900 refunds"}
    assert suggested(replace(there, fields={"900": "refunds"}), priority=True) == {}
    assert suggested(replace(there, helpdesk="freshdesk", group="43"), priority=True) == {}  # its fields have names
