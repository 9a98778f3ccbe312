"""What was found of messages is kept, and says what a ticket's past is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.ledger import TicketKey
from service.policy.deciding import Past, decide
from service.policy.decision import Decision
from service.policy.document import Tier
from service.triage.judged import NOBODY, Signal
from service.triage.store import Triages
from tests.service.policy.cases import Standing, conversation, policy, triage
from tests.service.tickets import START, customer, ticket

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
WEEK = datetime.now(UTC) - timedelta(days=7)


@pytest.fixture
def triages(database: Database) -> Triages:
    """Nothing is kept yet."""
    return Triages(database)


async def saved(
    triages: Triages, message_id: str, tier: Tier, *, key: TicketKey = KEY, category: str = "", **more: object
) -> None:
    """A message of this tier."""
    decision = replace(Decision(tier=tier), **more)  # type: ignore[arg-type]
    await triages.save(key, message_id, triage=triage(category=category), decision=decision, requester="1")


async def test_a_ticket_without_a_past_has_a_plain_one(triages: Triages) -> None:
    """Nothing was asked, nothing decided."""
    assert await triages.past(KEY) == Past()


async def test_the_past_is_the_highest_tier_of_this_ticket_alone(triages: Triages) -> None:
    """Not of another ticket, nor of the same number in another account."""
    await saved(triages, "m1", 2)
    await saved(triages, "m2", 1)
    await saved(triages, "m1", 3, key=TicketKey("zendesk", "acme.zendesk.test", "8"))
    await saved(triages, "m1", 3, key=TicketKey("zendesk", "other.zendesk.test", "7"))

    assert (await triages.past(KEY)).tier == 2


async def test_a_message_that_is_judged_again_has_one_row(triages: Triages, database: Database) -> None:
    """The newest: what a job found that died is replaced."""
    await saved(triages, "m1", 1)
    await triages.asked_back(KEY, "m1")
    await saved(triages, "m1", 3, category="refund", rules=("money", "escalation"), version="v2")

    async with database.engine.connect() as connection:
        rows = (await connection.execute(sa.text("SELECT * FROM triages"))).mappings().all()
    assert [(row["tier"], row["category"], row["rules"], row["policy"], row["asked_back"]) for row in rows] == [
        (3, "refund", ["money", "escalation"], "v2", False)
    ]


async def test_what_is_kept_holds_no_word_of_the_ticket(triages: Triages, database: Database) -> None:
    """Values and names; the words they rest on, and the intent, which a model wrote, are not."""
    found = triage(Signal("legal", alone=True, words=("my lawyer Canary",)), intent="Canary wants money")
    await triages.save(KEY, "m1", triage=found, decision=Decision(reasons=("Canary",)))

    async with database.engine.connect() as connection:
        row = (await connection.execute(sa.text("SELECT row_to_json(triages)::text FROM triages"))).scalar_one()
    assert '"signals": ["legal"]' in row
    assert "Canary" not in row


async def test_questions_back_are_counted_but_not_the_one_that_is_written_anew(triages: Triages) -> None:
    """An attempt that died after its question must not turn its own message to a person."""
    for message in ("m1", "m2", "m3"):
        await saved(triages, message, 1)
    await triages.asked_back(KEY, "m1")
    await triages.asked_back(KEY, "m2")

    assert (await triages.past(KEY)).asked_back == 2
    assert (await triages.past(KEY, "m2")).asked_back == 1


async def test_what_an_agent_lowered_stays_low_until_something_speaks_for_a_person_again(triages: Triages) -> None:
    """The past begins anew where an agent said so."""
    await saved(triages, "m1", 3)
    await saved(triages, "n2", 1, lowered=True)
    assert (await triages.past(KEY)).tier == 1

    await saved(triages, "m3", 2)
    assert (await triages.past(KEY)).tier == 2


async def test_a_tag_lowers_once_and_not_what_came_after_it(triages: Triages) -> None:
    """Tagged at tier 3; then a threat; then a calm message: the tag is older than the threat."""
    tiers = []
    found = {
        "m1": triage("angry", "cancel"),
        "m2": triage(),
        "m3": triage(Signal("legal", alone=True)),
        "m4": triage(),
    }
    for message, judged in found.items():
        of = ticket(customer("Hm"), tags=() if message == "m1" else ("deskpilot_tier_1",))
        past = await triages.past(KEY, message)
        decision = decide(
            Standing(policy()),
            ticket=of,
            conversation=conversation(of),
            triage=judged,
            customer=NOBODY,
            past=past,
            now=START,
            language="en",
        )
        await triages.save(KEY, message, triage=judged, decision=decision)
        tiers.append(decision.tier)

    assert tiers == [3, 1, 3, 3]


async def test_contacts_are_the_tickets_of_a_requester_in_a_time(triages: Triages) -> None:
    """The ticket itself is counted, kept or not; two messages in a ticket are one contact."""
    for number, category in ((1, "refund"), (2, "refund"), (3, "")):
        other = replace(KEY, ticket_id=f"1{number}")
        await saved(triages, "m1", 1, key=other, category=category)
        await saved(triages, "m2", 1, key=other, category=category)
    await saved(triages, "m1", 1)

    assert await triages.contacts(KEY, "1", since=WEEK) == 4
    assert await triages.contacts(KEY, "1", since=WEEK, category="refund") == 3
    assert await triages.contacts(KEY, "1", since=datetime.now(UTC) + timedelta(days=1)) == 1
    assert await triages.contacts(KEY, "2", since=WEEK) == 1
    assert await triages.contacts(KEY, "", since=WEEK) == 1
    assert await triages.contacts(replace(KEY, account="other"), "1", since=WEEK) == 1
    known = await triages.known(KEY, "m1", requester="1", since=WEEK)
    assert replace(known, tickets=()) == Past(contacts=4)
    assert {(one.ticket_id, one.category) for one in known.tickets} == {("11", "refund"), ("12", "refund"), ("13", "")}


async def test_escalations_are_other_tickets_of_a_requester_that_went_to_a_person(triages: Triages) -> None:
    """In thirty days; its own tier does not count, nor does somebody without an id."""
    tiers: tuple[tuple[int, Tier], ...] = ((1, 3), (2, 3), (3, 2))
    for number, tier in tiers:
        await saved(triages, "m1", tier, key=replace(KEY, ticket_id=f"1{number}"))
    await saved(triages, "m0", 3)

    assert (await triages.known(KEY, "m1", requester="1", since=WEEK)).escalations == 2
    assert (await triages.known(KEY, "m1", requester="", since=WEEK)).escalations == 0
