"""The figures of twenty tickets, against what was counted by hand; and days that are the team's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.tables import outcomes
from service.worth import wording
from service.worth.figure import share
from service.worth.period import Filters, Period
from service.worth.quality import choices, quality
from service.worth.score import WEIGHTS, score_of
from tests.service.worth.ledger import LATER, MONDAY, write_judgements, write_twenty

WEEK = Period(date(2026, 11, 16), date(2026, 11, 22), "UTC")


async def test_the_figures_of_twenty_tickets_are_those_counted_by_hand(database: Database) -> None:
    """Numerators and denominators, not only shares; what is left out is counted by its reason, and in nothing else."""
    await write_twenty(database)
    await write_judgements(database)
    found = await quality(database, WEEK, Filters(), now=LATER)

    counted = {name: (one.hits, one.interval.n) for name, one in found.figures.items() if one.kind == "share"}
    assert counted == {
        "acceptance": (8, 10),
        "as_is": (4, 10),
        "edited": (4, 10),
        "unused": (2, 10),
        "escalation": (2, 3),
        "ai_as_is": (4, 15),
        "ai_assisted": (4, 15),
        "human_only": (7, 15),  # three of them held out
        "reopened": (2, 15),
        "again": (1, 15),
        "csat": (5, 9),
        "wrong": (2, 3),  # the fourth vote is on a message of a bot
        "missed": (1, 9),
    }
    means = {name: one.interval for name, one in found.figures.items() if one.kind == "mean"}
    assert {name: one.n for name, one in means.items()} == {
        "fidelity": 10,
        "note_to_reply": 12,
        "exchanges": 15,
        "first_reply": 15,
        "to_solution": 15,
        "cost_message": 14,
        "cost_accepted": 8,
        "qa": 2,  # samples, of which one has two reviews
        "agreement": 1,
    }
    assert {name: one.point for name, one in means.items()} == pytest.approx(
        {
            "fidelity": 0.72,
            "note_to_reply": 65,
            "exchanges": (29 + 9) / 15,
            "first_reply": (780 + 12 / 6 + 180) / 15,
            "to_solution": (78 + 66) / 15,
            "cost_message": 0.01,
            "cost_accepted": 0.14 / 8,
            "qa": ((7 / 8 + 4 / 6) / 2 + 0) / 2,
            "agreement": 2 / 3,
        }
    )
    assert found.left_out == {
        ("messages", "bot"): 1,
        ("messages", "merged"): 1,
        ("tickets", "bot"): 1,
        ("tickets", "merged"): 1,
    }
    assert (found.messages.asked, found.tickets.opened, found.messages.cost.n) == (17, 17, 14)
    assert found.messages.cost.total == pytest.approx(0.14)
    assert (dict(found.lessons.states), found.lessons.used) == ({"waiting": 1, "approved": 2, "rejected": 1}, 1)
    assert {name: one.interval.n for name, one in found.criteria.items()} == {
        "intent": 2,
        "policy": 2,
        "timing": 2,
        "tone": 2,
    }


async def test_what_rests_on_few_is_no_figure(database: Database) -> None:
    """With twenty tickets there is none, no score either; the counts are told all the same."""
    await write_twenty(database)
    found = await quality(database, WEEK, Filters(), now=LATER)
    assert not any(one.shown for one in found.figures.values())
    assert found.figures["acceptance"].as_json() == {"name": "acceptance", "of": 10, "hits": 8, "too_few": True}
    assert found.score.value is None
    assert not any(one.difference.certain for one in found.against.effects)


async def test_effects_compare_tickets_with_notes_to_those_held_out_and_to_those_before(database: Database) -> None:
    """Ours less theirs: 12 solved with notes against 3 held out, and against one from before, of which no history tells reopenings as we see them."""
    await write_twenty(database)
    found = {
        (one.name, one.against): one for one in (await quality(database, WEEK, Filters(), now=LATER)).against.effects
    }
    held = found["to_solution", "holdout"]
    assert (held.ours.point, held.theirs.point, held.difference.point) == (6.5, 22.0, -15.5)
    assert (held.ours.n, held.theirs.n, held.difference.n) == (12, 3, 3)
    assert held.difference.low < -15.5 < held.difference.high < 0
    assert found["csat", "holdout"].difference.point == pytest.approx(4 / 7 - 1 / 2)
    assert found["reopened", "holdout"].difference.point == pytest.approx(2 / 12)
    assert {name for name, against in found if against == "baseline"} == {
        "exchanges",
        "first_reply",
        "to_solution",
        "csat",
    }
    assert found["to_solution", "baseline"].theirs.n == 1


async def test_what_was_solved_less_than_seven_days_ago_is_not_yet_good(database: Database) -> None:
    """A week on, to the minute of a solution: seven of fifteen are old enough, of which one came back; the others wait, in every comparison."""
    await write_twenty(database)
    at = MONDAY + timedelta(days=8, hours=5)  # seven days after ticket 4; of the hold-out all three were solved by then
    found = await quality(database, WEEK, Filters(), now=at)
    reopened, again = found.figures["reopened"], found.figures["again"]
    assert (reopened.hits, reopened.interval.n, reopened.unsettled) == (1, 7, 8)
    assert (again.hits, again.interval.n, again.unsettled) == (0, 7, 8)
    (against,) = [one for one in found.against.effects if (one.name, one.against) == ("reopened", "holdout")]
    assert (against.ours.n, against.theirs.n) == (4, 3)
    early = await quality(database, WEEK, Filters(), now=MONDAY + timedelta(days=7))
    assert early.figures["reopened"].as_json() == {
        "name": "reopened",
        "of": 0,
        "hits": 0,
        "unsettled": 15,
        "too_few": True,
    }
    assert wording.counted(early.figures["reopened"]) == "15 too new"
    assert early.figures["csat"].interval.n == 9  # of what is final there is no less


async def test_categories_and_labels_stand_side_by_side(database: Database) -> None:
    """Each with its own denominators."""
    await write_twenty(database)
    found = await quality(database, WEEK, Filters(), now=LATER)
    assert [(one.name, one.messages.asked, one.messages.compared) for one in found.categories] == [
        ("billing", 9, 6),
        ("delivery", 6, 4),
        ("", 2, 0),
    ]
    assert {name: (one.opened, one.good, one.rated) for name, one in found.labels.items()} == {
        "ai_as_is": (4, 2, 2),
        "ai_assisted": (4, 2, 4),
        "human_only": (7, 1, 3),
    }


@pytest.mark.parametrize(
    ("filters", "compared", "opened"),
    [
        (Filters(category="delivery"), 4, 6),
        (Filters(tier="3"), 1, 3),
        (Filters(arm="holdout"), 0, 3),
        (Filters(helpdesk="freshdesk"), 0, 0),
        (Filters(language="en", category="billing"), 6, 6),
        (Filters(model="main"), 10, 0),
    ],
)
async def test_a_filter_keeps_the_rest_out_of_every_figure(
    database: Database, filters: Filters, compared: int, opened: int
) -> None:
    """Of messages and of tickets; several hold together."""
    await write_twenty(database)
    found = await quality(database, WEEK, filters, now=LATER)
    assert (found.messages.compared, found.tickets.opened) == (compared, opened)
    assert sum(day.messages.compared for day in found.days) == compared


async def test_what_there_is_to_filter_by_is_what_was_seen(database: Database) -> None:
    """Values of the newest messages, and no empty ones."""
    await write_twenty(database)
    assert await choices(database) == {
        "category": ["billing", "delivery"],
        "helpdesk": ["zendesk"],
        "language": ["en"],
        "model": ["main"],
    }


@pytest.mark.parametrize(("middle", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
async def test_a_message_belongs_to_the_teams_day_when_the_clocks_change(
    database: Database, middle: date, hours: int
) -> None:
    """One a quarter of an hour over three days in Berlin: 96, then 92 or 100, then 96, and none is lost or counted twice."""
    period = Period(date.fromordinal(middle.toordinal() - 1), date.fromordinal(middle.toordinal() + 1), "Europe/Berlin")
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at)"
                " SELECT 'zendesk', 'acme', at::text, '1', 'note', at"
                " FROM generate_series(CAST(:first AS timestamptz), CAST(:last AS timestamptz), interval '15 minutes') AS at"
            ),
            {"first": datetime(2026, 1, 1, tzinfo=UTC), "last": datetime(2026, 12, 1, tzinfo=UTC)},
        )
    found = await quality(database, period, Filters(), now=LATER)
    assert [day.messages.asked for day in found.days] == [96, hours * 4, 96]
    assert [day.hours for day in found.days] == [24, hours, 24]


async def test_late_data_corrects_the_day_it_belongs_to(database: Database) -> None:
    """A reply that comes days later counts for the day on which the customer asked."""
    await write_twenty(database)
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.update(outcomes)
            .where(outcomes.c.ticket_id == "13")
            .values(use="as_is", fidelity=1.0, replied_at=datetime(2026, 12, 24, tzinfo=UTC))
        )
    found = await quality(database, WEEK, Filters(), now=LATER)
    assert found.days[-1].messages.as_is == 1
    assert found.figures["as_is"].hits == 5


def test_a_score_is_the_weighted_mean_of_what_there_is() -> None:
    """Two parts are there: (25 x 0.8 + 10 x (1 - 0.1)) / 35 = 82.857; a part with 29 is as if it were not."""
    figures = {
        "acceptance": share("acceptance", 80, 100),
        "reopened": share("reopened", 5, 50),
        "csat": share("csat", 1, 29),
    }
    score = score_of(figures)
    assert score.value == pytest.approx(100 * (25 * 0.8 + 10 * 0.9) / 35)
    assert score.weight == 35
    assert sum(WEIGHTS.values()) == 100
