"""Which rules of an account would mail people because of a note of ours, and whether the printed condition keeps them from it."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Person
from connectors.zendesk.mailing import checks, condition
from tests.connectors.zendesk.twin import Twin, twin

ME = Person(id="26155588900273", name="deskpilot")
TEXT = "{{ticket.comments_formatted}}"
TO_ASSIGNEE = {"field": "notification_user", "value": ["assignee_id", "Updated", TEXT]}
TO_GROUP = {"field": "notification_group", "value": ["group_id", "Updated", TEXT]}
TO_REQUESTER = {"field": "notification_user", "value": ["requester_id", "Updated", TEXT]}


def one(field: str, operator: str, value: Any) -> dict[str, Any]:
    """A condition."""
    return {"field": field, "operator": operator, "value": value}


def rule(*every: dict[str, Any], some: tuple[dict[str, Any], ...] = (), action: Any = TO_ASSIGNEE, **more: Any) -> Any:
    """A rule as the API lists it."""
    return {
        "title": "R",
        "active": True,
        "conditions": {"all": list(every), "any": list(some)},
        "actions": [action],
        **more,
    }


CHANGE = one("update_type", "is", "Change")
PRESENT = one("comment_is_public", "is", "not_relevant")

FIRES = {
    "any update": rule(CHANGE),
    "a comment is there": rule(CHANGE, PRESENT, one("role", "is_not", "assignee_id")),
    "a private comment": rule(one("comment_is_public", "is", "false")),
    "an agent wrote": rule(CHANGE, one("role", "is", "agent")),
    "not by mail": rule(one("current_via_id", "is_not", "4")),
    "one of two": rule(CHANGE, some=(one("comment_is_public", "is", value=True), one("status", "is", "open"))),
    "to the group": rule(CHANGE, action=TO_GROUP),
    "to the requester": rule(CHANGE, action=TO_REQUESTER),
    "no condition on what we do": rule(one("priority", "is", "urgent")),
}

RESTS = {
    "new tickets": rule(one("update_type", "is", "Create")),
    "public comments": rule(CHANGE, one("comment_is_public", "is", value=True)),
    "public comments, as written": rule(CHANGE, one("comment_is_public", "is", "true")),
    "what the requester sees": rule(one("comment_is_public", "is", "requester_can_see_comment")),
    "customers": rule(CHANGE, one("role", "is", "end_user")),
    "everybody but us": rule(CHANGE, PRESENT, condition(ME)),
    "a changed field": rule(CHANGE, one("assignee_id", "changed", None)),
    "a changed status": rule(CHANGE, one("status", "value", "solved")),
    "none of two": rule(CHANGE, some=(one("comment_is_public", "is", value=True), one("status", "changed", None))),
    "not the API": rule(CHANGE, one("current_via_id", "is_not", "5")),
    "switched off": rule(CHANGE, active=False),
    "no mail": rule(CHANGE, action={"field": "status", "value": "open"}),
    "to whoever wrote, which is us": rule(
        CHANGE, action={"field": "notification_user", "value": ["current_user", "", ""]}
    ),
}


@pytest.mark.parametrize("case", FIRES)
def test_a_trigger_that_acts_on_our_note_is_found(case: str) -> None:
    """With the condition that excludes us, in the words of the page and as it goes into the API."""
    (check,) = checks([FIRES[case]], [], me=ME)

    assert (check.state, check.said.endswith("whenever we write a note.")) == ("doubtful", True)
    assert "Current user | Is not | deskpilot" in check.remedy
    assert '{"field": "role", "operator": "is_not", "value": "26155588900273"}' in check.remedy


@pytest.mark.parametrize("case", RESTS)
def test_a_trigger_that_never_acts_on_our_note_is_left_in_peace(case: str) -> None:
    """A warning too many is one that nobody reads."""
    (check,) = checks([RESTS[case]], [], me=ME)

    assert check.state == "fine"


def test_an_automation_is_found_by_what_it_mails() -> None:
    """It runs by the hour: a text that shows notes is the matter, whom it goes to counts."""
    private = rule(action=TO_ASSIGNEE)
    public = rule(
        action={"field": "notification_user", "value": ["assignee_id", "", "{{ticket.latest_public_comment}}"]}
    )

    (check,) = checks([], [private, public, rule(action=TO_REQUESTER)], me=ME)

    assert (
        check.said
        == 'The automation "R" mails the assignee a text with internal notes in it ({{ticket.comments_formatted}}).'
    )
    assert "{{ticket.latest_public_comment_formatted}}" in check.remedy


def test_many_rules_are_counted_rather_than_listed() -> None:
    """A list of a hundred helps nobody."""
    found = checks([rule(CHANGE)] * 14, [], me=ME)

    assert (len(found), found[-1].said) == (11, "4 more rules do so.")


async def _mails(desk: Twin, title: str) -> int:
    """How often a rule mailed somebody after a note of ours."""
    ticket = await desk.ticket()
    before = len(desk.simulator.state.tickets[int(ticket)].audits)
    await desk.write(ticket)
    audits = desk.simulator.state.tickets[int(ticket)].audits[before:]
    return sum(event.get("subject") == title for audit in audits for event in audit.events)


async def test_the_condition_keeps_the_simulated_account_from_mailing() -> None:
    """What is printed, put in place, does what it says."""
    async with twin() as desk:
        me = Person(id=str(desk.simulator.state.api_user.id), name="deskpilot")
        made = desk.simulator.add_trigger("Tell the assignee", conditions={"all": [PRESENT]}, actions=[TO_ASSIGNEE])
        assert await _mails(desk, "Tell the assignee") == 1

        made.conditions["all"].append(condition(me))
        assert await _mails(desk, "Tell the assignee") == 0
