"""How often the policy is right about labelled tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from service.policy.labelled import LabelledTicket
from service.policy.scores import Hits, Scores, scores, tried
from tests.service.policy.cases import ByWords, Standing, policy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

TOLD = policy("""
categories: {refund: {tier: 2}, parcel: {}}
rules:
  - {name: money, when: {words: [money back]}, then: {tier: 2}}
  - {name: often, when: {contacts: {over: 2}}, then: {tier: 3}}
  - {name: never, when: {words: [zebra]}, then: {tier: 3}}
""")


def labelled(tier: int, *messages: Any, **more: Any) -> LabelledTicket:
    """A ticket somebody labelled; numbered by its text."""
    given = {"id": str(messages), "language": "en", "tier": tier, "messages": messages, **more}
    return LabelledTicket.model_validate(given)


async def scored(*tickets: LabelledTicket) -> Scores:
    """All of them judged."""
    all_tried = [await tried(one, in_force=Standing(TOLD), judge=ByWords(), now=NOW) for one in tickets]
    return scores(all_tried, TOLD)


TICKETS: Sequence[LabelledTicket] = (
    labelled(1, "Where is my parcel?", category="parcel"),
    labelled(2, "A refund, please", category="refund"),
    labelled(2, "I want my money back", category="refund"),
    labelled(3, "I want to speak to a human", category="parcel", language="de"),
    labelled(3, "What a day it was", category="other"),
    labelled(1, "My parcel again", category="parcel", contacts_7d=3),
)


async def test_recall_precision_and_confusion_are_counted() -> None:
    """Of three judged tier 3 two are right; of three labelled so, one is missed."""
    found = await scored(*TICKETS, labelled(3, "Unacceptable! I cancel my contract", category="other"))

    assert (found.tickets, found.tier3_recall, found.tier3_precision) == (7, 0.6667, 0.6667)
    assert found.by_tier == {1: {1: 1, 3: 1}, 2: {2: 2}, 3: {1: 1, 3: 2}}
    assert found.by_language == {
        "de": {"tier3_recall": 1.0, "tier3_precision": 1.0},
        "en": {"tier3_recall": 0.5, "tier3_precision": 0.5},
    }
    assert found.by_category["refund"] == {"": 1, "refund": 1}
    assert (found.category_accuracy, found.unknown_categories) == (0.4286, ("other",))


async def test_hits_are_counted_per_rule_also_of_one_that_never_fired() -> None:
    """Right is a ticket that is labelled with the rule's tier or a higher one."""
    found = await scored(*TICKETS)

    assert found.hits == {
        "money": Hits(1, 1),
        "often": Hits(1, 0),
        "never": Hits(0, 0),
        "escalation": Hits(1, 1),
        "category parcel": Hits(2, 2),
        "category refund": Hits(1, 1),
    }


async def test_wrong_tickets_are_shown_what_a_person_should_have_taken_first() -> None:
    """With what was found, so that one can see why."""
    found = await scored(*TICKETS)

    assert [(one["labelled"], one["tier"], one["rules"]) for one in found.wrong] == [
        (3, 1, []),
        (1, 3, ["category parcel", "often"]),
    ]
    assert found.wrong[0]["begins"] == "· What a day it was"


async def test_a_ticket_is_judged_by_all_its_messages() -> None:
    """It was for a person once, so it stays theirs."""
    drift = labelled(
        3, "My lawyer will hear of this", {"agent": "I am sorry."}, "Thanks, sorted out. One more question?"
    )

    assert (await scored(drift)).tier3_recall == 1.0


async def test_where_nothing_counts_there_is_no_share() -> None:
    """No ticket of tier 3, none judged so, and no category labelled."""
    found = await scored(labelled(1, "Hello?"))

    assert (found.tier3_recall, found.tier3_precision, found.category_accuracy) == (None, None, None)
