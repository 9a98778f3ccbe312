"""What misleads is found lower: by votes, and by what agents really sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from service.database import Database
from service.feedback import Vote
from service.ledger import Ledger, SavedDraft, TicketKey
from service.merits import LEAST, LOWEST, Merit, Merits, weighed
from service.passages import reordered
from service.vectors import Found, Passage
from service.votes import Votes

GOOD, MISLEADING = "folder:delivery.md", "folder:old-prices.md"


def merit(cited: int, bad: int) -> Merit:
    """Of one article."""
    return Merit(("*", "folder:a.md"), cited, 0, bad, bad, None)


@pytest.mark.parametrize(
    ("cited", "bad", "factor"),
    [
        (LEAST - 1, LEAST - 1, 1.0),  # four are an accident
        (10, 0, 1.0),
        (10, 1, 1.0),  # its interval begins at .018, below the usual .05
        (20, 10, 0.751),  # begins at .299: .249 above it
        (100, 90, LOWEST),  # begins at .826
    ],
)
def test_a_factor_takes_away_only_what_is_sure(cited: int, bad: int, factor: float) -> None:
    """Computed by hand from Wilson's interval; of all others 5 in 100 are bad."""
    assert weighed(merit(cited, bad), others_bad=50, others=1_000) == pytest.approx(factor, abs=0.0006)


def test_an_article_is_not_blamed_where_all_are_as_bad() -> None:
    """A team that rewrites everything says nothing about one article."""
    assert weighed(merit(20, 10), others_bad=600, others=1_000) == 1.0


async def cited(database: Database, number: int, article: str, *, vote: str = "", use: str = "") -> None:
    """A note that cites this article, and what became of it."""
    key = TicketKey("zendesk", "acme.example", str(number))
    reference = f"DP-{number:05d}"
    ledger = Ledger(database)
    await ledger.save(SavedDraft(key, "1", reference, "ready", "<p>x</p>", {"cited": [["*", article]]}))
    await ledger.posted(key, "1", note_id=str(number))
    if vote:
        await Votes(database).record(Vote(key, reference, vote))  # type: ignore[arg-type]
    if use:
        async with database.engine.connect() as connection:
            await connection.execute(
                sa.text("""
                    INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at, reference, use, fidelity)
                    VALUES ('zendesk', 'acme.example', :ticket, '1', 'note', now(), :reference, :use, :fidelity)
                """),
                {
                    "ticket": str(number),
                    "reference": reference,
                    "use": use,
                    "fidelity": 0.0 if use == "unused" else 0.9,
                },
            )


async def test_what_agents_call_wrong_or_throw_away_stands_lower(database: Database) -> None:
    """Counted from votes and outcomes; a vote counts for more than a reply, and a note that nobody judged says nothing."""
    for number in range(12):
        await cited(database, number, GOOD, use="as_is")
    for number in range(20, 26):
        await cited(database, number, MISLEADING, use="unused")
    for number in range(30, 33):
        await cited(database, number, MISLEADING, vote="wrong", use="edited")
    await cited(database, 40, MISLEADING, vote="right", use="unused")
    for number in range(50, 60):
        await cited(database, number, GOOD)  # nobody has answered yet
    merits = Merits(database)

    assert await merits.count() == "2 articles, 1 of them lower"
    assert await merits.lowered() == {("*", MISLEADING): LOWEST}
    (worst,) = await merits.misleading()
    assert (worst.cited, worst.right, worst.wrong) == (10, 1, 3)
    assert worst.fidelity == pytest.approx(0.27)  # seven replies with 0, three with .9


async def test_an_article_that_was_mended_rises_again(database: Database) -> None:
    """The round counts anew; what is older than half a year counts no more."""
    for number in range(10):
        await cited(database, number, MISLEADING, vote="wrong")
    merits = Merits(database)
    await merits.count()
    assert await merits.lowered()
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE drafts SET created_at = created_at - interval '181 days'"))

    assert await merits.count() == "0 articles, 0 of them lower"
    assert await merits.lowered() == {}


def found(article: str, score: float) -> Found:
    """A passage of an article."""
    passage = Passage(article, article, "folder", article, "", "text", "", "en", "public")
    return Found(replace(passage, account="*"), score)


def test_a_good_match_that_misleads_stands_behind_a_fair_one() -> None:
    """And is still there, where there is nothing else."""
    best, fair, far = found(MISLEADING, 10.0), found(GOOD, 8.0), found("folder:c.md", 2.0)
    lowered = {("*", MISLEADING): LOWEST}

    assert [one.passage.article for one in reordered([best, fair, far], lowered)] == [GOOD, MISLEADING, "folder:c.md"]
    assert [one.score for one in reordered([best], lowered)] == [6.0]
    assert reordered([best, fair], {}) == [best, fair]
