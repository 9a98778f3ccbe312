"""Votes and the keys of their links, on a real database."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from service.database import Database
from service.feedback import Judgement, Vote
from service.ledger import Ledger, SavedDraft, TicketKey
from service.votes import MOST_CHARS, PATH, Votes

KEY = TicketKey("zendesk", "acme.example", "5158")
NOTE = SavedDraft(KEY, "1", "DP-7K2QX", "ready", "<p>x</p>", {})
URL = "https://desk.example"


@pytest.fixture
async def votes(database: Database) -> Votes:
    """With a note to vote on."""
    await Ledger(database).save(NOTE)
    opened = Votes(database, public_url=URL)
    await opened.renew()
    return opened


def vote(judgement: Judgement = "right", reference: str = NOTE.reference) -> Vote:
    """On the note."""
    return Vote(KEY, reference, judgement)


def token(votes: Votes, judgement: int = 0) -> str:
    """The last part of one of the note's links."""
    return votes.links(KEY, NOTE.reference, language="en")[judgement][1].removeprefix(URL + PATH)


async def rows(database: Database) -> list[tuple[Any, ...]]:
    """What is kept: judgement, comment."""
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(sa.text("SELECT judgement, comment FROM feedback"))]


async def sql(database: Database, statement: str) -> None:
    """Change something behind the service's back."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text(statement))


async def test_a_note_has_a_link_for_each_judgement_in_the_teams_words(votes: Votes) -> None:
    """Each is read back as the vote it stands for."""
    (right, _), (wrong, _) = votes.links(KEY, NOTE.reference, language="de-AT")

    assert (right, wrong) == ("Richtig", "Falsch")
    assert await votes.read(token(votes, 0)) == vote("right")
    assert await votes.read(token(votes, 1)) == vote("wrong")


async def test_without_an_address_of_ours_a_note_has_no_links(database: Database) -> None:
    """Nobody could open them."""
    votes = Votes(database)
    await votes.renew()

    assert votes.links(KEY, NOTE.reference, language="en") == ()


async def test_a_second_vote_takes_the_place_of_the_first(votes: Votes, database: Database) -> None:
    """One row per note, and each change of mind is counted once."""
    before = counted()
    for judgement, comment in (("right", "thanks"), ("wrong", "it is 14 days"), ("wrong", "it is 14 days")):
        assert await votes.record(vote(judgement), comment)  # type: ignore[arg-type]

    assert await rows(database) == [("wrong", "it is 14 days")]
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1]


def counted() -> list[float]:
    """Votes by judgement."""
    values = [
        REGISTRY.get_sample_value("deskpilot_feedback_total", {"helpdesk": "zendesk", "judgement": one})
        for one in ("right", "wrong")
    ]
    return [value or 0.0 for value in values]


async def test_a_vote_on_a_note_that_was_forgotten_is_not_kept(votes: Votes, database: Database) -> None:
    """What a requester had deleted does not come back by a vote."""
    await sql(database, "DELETE FROM drafts")

    assert not await votes.record(vote(), "ana@customer.example is angry")
    assert await rows(database) == []


async def test_a_comment_is_masked_for_good_and_cut(votes: Votes, database: Database) -> None:
    """As little of a customer is kept as can be."""
    await votes.record(vote(), "Write to ana.lind@customer.example, card 4111 1111 1111 1111.\0 " + "word " * 400)

    ((_, comment),) = await rows(database)
    assert "ana.lind" not in comment
    assert "4111" not in comment
    assert "[e-mail]" in comment
    assert len(comment) <= MOST_CHARS


async def test_replicas_read_each_others_links(votes: Votes, database: Database) -> None:
    """The one that serves the page need not be the one that wrote the note, nor have been there when its key was made."""
    other = Votes(database, public_url=URL)

    assert await other.read(token(votes)) == vote()


async def test_a_key_is_replaced_after_a_month_and_forgotten_when_its_links_have_expired(
    votes: Votes, database: Database
) -> None:
    """Links that stand in notes go on working meanwhile."""
    old = token(votes)
    await sql(database, "UPDATE feedback_keys SET made_at = now() - interval '31 days'")
    await votes.renew()
    new = token(votes)

    assert old.partition(".")[0] != new.partition(".")[0]
    assert await votes.read(old) == await votes.read(new) == vote()

    await sql(database, "UPDATE feedback_keys SET made_at = made_at - interval '31 days'")
    await votes.renew()
    assert await votes.read(old) is None
    assert await votes.read(new) == vote()
