"""Votes and the keys of their links, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from service.database import Database
from service.feedback import Judgement, Remarks, Vote
from service.ledger import Ledger, SavedDraft, TicketKey
from service.votes import MOST_ANSWER_CHARS, MOST_CHARS, PATH, Votes
from tests import dump

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


async def rows(database: Database, columns: str = "judgement, comment") -> list[tuple[Any, ...]]:
    """What is kept."""
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(sa.text(f"SELECT {columns} FROM feedback"))]  # noqa: S608


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
        await votes.record(vote(judgement), Remarks(comment))  # type: ignore[arg-type]

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

    assert await votes.record(vote(), Remarks("ana@customer.example is angry")) == "gone"
    assert await rows(database) == []


async def test_a_comment_is_masked_for_good_and_cut(votes: Votes, database: Database) -> None:
    """As little of a customer is kept as can be."""
    said = "Write to ana.lind@customer.example, card 4111 1111 1111 1111.\0 "
    await votes.record(vote("wrong"), Remarks(said + "word " * 400, "facts", said + "word " * 4_000))

    ((comment, reason, answer),) = await rows(database, "comment, reason, answer")
    assert reason == "facts"
    for kept, most in ((comment, MOST_CHARS), (answer, MOST_ANSWER_CHARS)):
        assert "ana.lind" not in kept
        assert "4111" not in kept
        assert "[e-mail]" in kept
        assert len(kept) <= most


async def test_a_number_at_the_edge_of_a_comment_is_masked_whole(votes: Votes, database: Database) -> None:
    """Half of one is recognised by no mask."""
    comment = "word " * ((MOST_CHARS - 20) // 5) + "my IBAN DE89 3704 0044 0532 0130 00"
    await votes.record(vote("wrong"), Remarks(comment))
    assert "3704" not in await dump.tables(database.conninfo)


async def test_the_same_vote_again_adds_what_was_left_out_and_changes_nothing_that_was_said(
    votes: Votes, database: Database
) -> None:
    """A link that was passed on cannot put other words into an agent's mouth; who comes back with the answer loses nothing."""
    before = counted()
    said = [
        await votes.record(vote("wrong"), Remarks("it is 14 days")),
        await votes.record(vote("wrong"), Remarks("it is 14 days")),
        await votes.record(vote("wrong"), Remarks("nonsense", "outdated", "You have 14 days.")),
        await votes.record(vote("wrong"), Remarks("", "tone", "You have 99 days.")),
    ]

    assert said == ["kept", "known", "kept", "known"]
    assert await rows(database, "comment, reason, answer") == [("it is 14 days", "outdated", "You have 14 days.")]
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [0, 1]


async def test_what_a_note_said_earlier_does_not_undo_a_later_vote(votes: Votes, database: Database) -> None:
    """A ticket's notes are read at every look; the newest word counts, whichever way it came."""
    now = datetime.now(UTC)
    assert await votes.record(vote("wrong"), at=now - timedelta(hours=2)) == "kept"
    assert await votes.record(vote("right")) == "kept"
    assert await votes.record(vote("wrong"), at=now - timedelta(hours=2)) == "known"
    assert await rows(database, "judgement, came") == [("right", "link")]

    assert await votes.record(vote("wrong"), Remarks(reason="policy"), at=now + timedelta(hours=1)) == "kept"
    assert await rows(database, "judgement, came, reason") == [("wrong", "note", "policy")]


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
