"""A solved ticket drafted again: with what was known then, without itself, and nothing written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.backtest.apart import Cap
from service.backtest.replay import opened
from service.backtest.results import Result
from service.backtest.then import Then, before, moments_of
from service.database import Database
from service.outcomes.sent import draft_in
from service.vectors import Fence, Found, Passage, Question, Status
from tests import dump
from tests.service.tickets import agent, customer, note, ticket
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=1)  # when today's articles were there already
EARLIER = NOW - timedelta(days=1)  # when they were not
OTHER = "The depot has found it, and brings it tomorrow."


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened_team:
        yield opened_team


async def solved(here: Team, *replies: str, at: datetime = LATER) -> str:
    """A ticket of that day: a question before each reply, and solved."""
    simulator, ticket_id = here.desk.simulator, ""
    with simulator.back_then(at) as later:
        for number, reply in enumerate(replies):
            later(at + timedelta(hours=2 * number))
            if number:
                await simulator.customer_message(ticket_id, text=f"And now? {LOST}")
            else:
                ticket_id = await here.ask(LOST, who="ana")
            later(at + timedelta(hours=2 * number + 1))
            await simulator.agent_message(ticket_id, text=reply, public=True)
        await simulator.set_status(ticket_id, "solved")
    return ticket_id


async def replayed(here: Team, ticket_id: str, *, each: bool = False) -> list[Result]:
    """What comes of it."""
    library = here.desk.library
    async with opened(library.settings, library, Cap()) as replayer:
        return await replayer.replay(await library.helpdesks[here.desk.name].ticket(ticket_id), each=each)


async def test_a_draft_is_compared_with_what_the_agent_sent_and_nothing_is_written(here: Team) -> None:
    """In the helpdesk, the database and the index all is as it was."""
    shown = draft_in((await here.told(LOST, who="bea")).html)
    as_is, other = await solved(here, shown), await solved(here, OTHER)
    desk = here.desk
    before_ = await dump.tables(desk.database.conninfo), await dump.passages(desk.library.vectors), len(desk.writes)
    ((first,), (second,)) = [await replayed(here, one) for one in (as_is, other)]
    after = await dump.tables(desk.database.conninfo), await dump.passages(desk.library.vectors), len(desk.writes)

    assert before_ == after
    assert (first.verdict, first.use, first.fidelity) == ("ready", "as_is", 1.0)
    assert (second.verdict, second.use, second.left_out) == ("ready", "unused", 0)
    assert second.fidelity is not None
    assert second.fidelity < 0.5
    assert first.sources == ("When a parcel does not arrive",)
    assert (first.tier, first.category, first.writer) == (1, "delivery", "model")
    assert first.tokens_in > 0
    assert "Ana Lind" not in f"{first.asked}{first.drafted}{first.sent}"


async def test_an_answer_that_exists_only_in_later_knowledge_is_never_used(here: Team) -> None:
    """It is neither shown to the model nor quoted, and the result says that something was left out."""
    ticket_id = await solved(here, OTHER, at=EARLIER)
    here.calls()
    (made,) = await replayed(here, ticket_id)
    asked = "\n".join(one.text for one in here.model.requests)

    assert made.left_out > 0
    assert made.verdict == "uncovered"
    assert made.fidelity is None
    assert "kettle" not in made.drafted  # it asks back
    assert "We send a new kettle free of charge" not in asked


async def test_each_message_is_replayed_as_the_ticket_stood(here: Team) -> None:
    """The first knows nothing of the second, nor of any answer."""
    ticket_id = await solved(here, "Which order is it?", OTHER)
    here.calls()
    made = await replayed(here, ticket_id, each=True)
    drafting = [one.text for one in here.model.requests[-4:] if one.body["model"] == "main"]

    assert len(made) == 2
    assert "And now?" not in drafting[0]
    assert "Which order is it?" not in drafting[0]
    assert "Which order is it?" in drafting[1]
    assert OTHER not in drafting[1]
    assert len(await replayed(here, ticket_id)) == 1


async def test_what_only_a_person_answers_is_said_and_not_drafted(here: Team) -> None:
    """Coverage is not raised by what must not be drafted."""
    simulator = here.desk.simulator
    with simulator.back_then(LATER):
        ticket_id = await here.ask("How much citric acid do I take for my kettle?", who="cem")
        await simulator.agent_message(ticket_id, text="30 g, as the article says.", public=True)
        await simulator.set_status(ticket_id, "solved")
    (made,) = await replayed(here, ticket_id)

    assert (made.verdict, made.tier, made.drafted) == ("person", 3, "")
    assert not made.covered


def found(article: str, updated_at: str) -> Found:
    """A passage that matches."""
    return Found(
        Passage(article, article, "folder", article, "", "text", "", "en", "public", updated_at=updated_at), 1.0
    )


class Listed:
    """An index that finds all it has, in order."""

    def __init__(self, has: list[Found]) -> None:
        self._has, self.asked = has, list[int]()

    async def search(self, question: Question, *, fence: Fence, limit: int) -> list[Found]:  # noqa: ARG002
        """The first so many."""
        self.asked.append(limit)
        return self._has[:limit]

    async def status(self) -> Status:
        """As many."""
        return Status(len(self._has), "")


OLD, YOUNG = (NOW - timedelta(days=9)).isoformat(), (NOW + timedelta(days=9)).isoformat()


async def test_what_is_younger_does_not_take_the_places_of_what_was_there() -> None:
    """The search goes on until there are enough, or no more."""
    index = Listed([found(f"new{n}", YOUNG) for n in range(30)] + [found(f"old{n}", OLD) for n in range(4)])
    then = Then(index, moment=NOW, without="")  # type: ignore[arg-type]
    shown = await then.search(Question("x"), fence=Fence("a"), limit=4)

    assert [one.passage.article for one in shown] == ["old0", "old1", "old2", "old3"]
    assert index.asked == [4, 16, 64]
    assert then.left_out == 4


async def test_a_ticket_does_not_answer_itself_and_what_has_no_day_is_not_shown() -> None:
    """What cannot be proved to be older is not."""
    index = Listed([found("zendesk ticket:7", OLD), found("undated", ""), found("old", OLD)])
    then = Then(index, moment=NOW, without="zendesk ticket:7")  # type: ignore[arg-type]

    assert [one.passage.article for one in await then.search(Question("x"), fence=Fence("a"), limit=5)] == ["old"]


@pytest.mark.parametrize(
    ("updated_at", "was_there"),
    [
        ("2026-01-01T12:00:00+00:00", True),
        ("2026-01-01T14:30:00+02:00", False),  # 12:30 UTC
        ("2026-01-01T13:30:00+02:00", True),
        ("2026-01-01T12:29:59", True),
        ("", False),
    ],
)
def test_a_day_is_compared_as_a_moment(updated_at: str, *, was_there: bool) -> None:
    """Whatever zone it is written in."""
    assert before(updated_at, datetime(2026, 1, 1, 12, 30, tzinfo=UTC)) is was_there


def test_a_ticket_stands_as_it_stood() -> None:
    """Nothing that came later: no tag, no note, no rating, no end."""
    whole = ticket(
        customer("My kettle shows E3."), note("She is a VIP"), agent("Please descale it."), customer("I did. And now?"),
        agent("We send a new one."), status="solved", tags=("vip", "refunded"), satisfaction="good", priority="high", group="5", form="7", fields={"resolution": "refunded"},
    )  # fmt: skip
    ((turn, first), (_, second)) = list(moments_of(whole, each=True))

    assert [one.text for one in first.messages] == ["My kettle shows E3."]
    assert [one.text for one in second.messages] == ["My kettle shows E3.", "Please descale it.", "I did. And now?"]
    assert (first.status, first.tags, first.satisfaction, first.priority) == ("open", (), "", "")
    assert (first.group, first.form, first.fields) == ("", "", {})  # rules of the policy would read them
    assert [reply.text for reply in turn.replies] == ["Please descale it."]
    assert list(moments_of(ticket(customer("Anybody there?")), each=True)) == []
