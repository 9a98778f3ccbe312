"""Outcomes in the database: late data corrects, and nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.base import Ticket
from service.database import Database
from service.ledger import Ledger
from service.outcomes.observing import Observer
from service.outcomes.outcome import Resolution
from service.outcomes.sent import Known, Prices
from service.outcomes.store import Outcomes
from tests.service.outcomes.test_sent import ANSWER, KEY, OURS, QUESTION, draft, solved
from tests.service.tickets import START, agent, customer, ticket


@pytest.fixture
async def observer(database: Database) -> Observer:
    """With a draft that was posted as note n1."""
    ledger = Ledger(database)
    await ledger.save(draft())
    await ledger.posted(KEY, "m1", note_id="n1")
    return Observer(Outcomes(database), Prices(1.0, 4.0))


async def test_what_was_kept_is_read_back_as_it_was(observer: Observer, database: Database) -> None:
    """To the microsecond: else each look would write again."""
    made = await observer.observe(solved(QUESTION, OURS, agent(ANSWER), satisfaction="good"))
    known = await Outcomes(database).known(KEY)

    assert list(known.outcomes.values()) == list(made.outcomes)
    assert known.resolution == made.resolution
    assert not await Outcomes(database).keep(made.outcomes, made.resolution, known=known)


async def test_a_rating_that_comes_later_corrects_the_figure(observer: Observer, database: Database) -> None:
    """And a change of mind, too."""
    of = solved(QUESTION, OURS, agent(ANSWER))
    for satisfaction, csat in (("", None), ("good", 1), ("bad", -1)):
        await observer.observe(replace(of, satisfaction=satisfaction))  # type: ignore[arg-type]
        known = await Outcomes(database).known(KEY)
        assert known.resolution is not None
        assert known.resolution.csat == csat


async def test_two_who_look_at_once_leave_one_row(observer: Observer, database: Database) -> None:
    """Each turn, each ticket."""
    for of in (ticket(QUESTION, OURS), ticket(QUESTION, OURS, agent(ANSWER)), solved(QUESTION, OURS, agent(ANSWER))):
        await observer.observe(of)
    async with database.engine.connect() as connection:
        counts = (
            await connection.execute(
                sa.text("SELECT (SELECT count(*) FROM outcomes), (SELECT count(*) FROM resolutions)")
            )
        ).one()

    assert tuple(counts) == (1, 1)


def resolution(
    number: str, *, opened: int, solved: int | None = None, category: str = "fault", requester: str = "1"
) -> Resolution:
    """Days after the start."""
    key = replace(KEY, ticket_id=number)
    at = START + timedelta(days=opened)
    return Resolution(
        key,
        "note",
        at,
        category=category,
        requester=requester,
        solved_at=START + timedelta(days=solved) if solved is not None else None,
    )


@pytest.mark.parametrize(
    ("second", "again"),
    [
        (resolution("8", opened=5), True),
        (resolution("8", opened=8), True),
        (resolution("8", opened=9), False),  # eight days after
        (resolution("8", opened=5, category="billing"), False),
        (resolution("8", opened=5, requester="2"), False),
        (resolution("8", opened=0), False),  # before it was solved
    ],
)
async def test_the_same_question_of_the_same_requester_within_a_week(
    database: Database, second: Resolution, *, again: bool
) -> None:
    """The first answer did not do."""
    outcomes = Outcomes(database)
    await outcomes.keep((), resolution("7", opened=0, solved=1), known=Known())
    await outcomes.keep((), second, known=Known())
    known = await outcomes.known(KEY)

    assert known.resolution is not None
    assert (known.resolution.again_at == second.opened_at) == again


async def test_a_ticket_that_turns_out_to_count_for_nothing_asked_nothing_again(database: Database) -> None:
    """Spam, merged, the team's own: neither at first nor later."""
    outcomes, second = Outcomes(database), resolution("8", opened=5)
    await outcomes.keep((), resolution("7", opened=0, solved=1), known=Known())
    await outcomes.keep((), replace(second, excluded="merged"), known=Known())
    assert (await again(outcomes)) is None

    await outcomes.keep((), second, known=Known())
    assert (await again(outcomes)) == second.opened_at
    await outcomes.keep((), replace(second, excluded="spam"), known=Known())
    assert (await again(outcomes)) is None


async def again(outcomes: Outcomes) -> datetime | None:
    """When the first ticket's question came again."""
    known = (await outcomes.known(KEY)).resolution
    assert known is not None
    return known.again_at


async def test_a_look_that_began_earlier_takes_away_nothing_that_others_wrote(
    observer: Observer, database: Database
) -> None:
    """A rating of the hourly round, and another ticket's word that it was asked again; a newer rating in the ticket wins."""
    outcomes, of = Outcomes(database), solved(QUESTION, OURS, agent(ANSWER))
    await observer.observe(of)
    stale = await outcomes.known(KEY)
    assert stale.resolution is not None
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.text("UPDATE resolutions SET csat = -1, csat_at = :at, again_at = :at"),
            {"at": START + timedelta(hours=2)},
        )
    await outcomes.keep((), replace(stale.resolution, group="5"), known=stale)

    known = (await outcomes.known(KEY)).resolution
    assert known is not None
    assert (known.csat, known.again_at, known.group) == (-1, START + timedelta(hours=2), "5")
    newer = replace(known, csat=1, csat_at=START + timedelta(hours=3))
    await outcomes.keep((), newer, known=await outcomes.known(KEY))
    assert (await outcomes.known(KEY)).resolution == newer


async def test_one_reply_is_counted_once_though_its_first_message_goes(observer: Observer, database: Database) -> None:
    """An agent deletes a double or a card's number, or an earlier mail comes late: the outcome keeps its name."""
    double = customer("My kettle shows E3 and does not heat, please help.")
    await observer.observe(
        ticket(replace(QUESTION, id="m1"), replace(double, id="m2"), OURS, replace(agent(ANSWER), id="m4"))
    )
    await observer.observe(ticket(replace(double, id="m2"), OURS, replace(agent(ANSWER), id="m4")))
    known = await Outcomes(database).known(KEY)

    assert [(one.message_id, one.reply_id, one.use) for one in known.outcomes.values()] == [("m1", "m4", "as_is")]


async def test_what_was_seen_stays_when_the_text_of_the_note_is_forgotten(
    observer: Observer, database: Database
) -> None:
    """An answer by phone counts for nothing, before and after."""
    of = ticket(QUESTION, OURS, agent("", channel="voice"))
    (before,) = (await observer.observe(of)).outcomes
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE drafts SET html = ''"))
    (after,) = (await observer.observe(of)).outcomes

    assert (before.excluded, after.excluded) == ("phone", "phone")


async def test_a_database_that_is_gone_keeps_nobody_from_a_note(observer: Observer, database: Database) -> None:
    """The next look sees the same."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DROP TABLE outcomes"))
    of: Ticket = ticket(QUESTION, OURS, agent(ANSWER))

    assert (await observer.observe(of)).outcomes == ()
