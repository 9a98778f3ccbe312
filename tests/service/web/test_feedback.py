"""The page behind a note's two links: to look records nothing, to send does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from service.ballot import ballot
from service.database import Database
from service.feedback import Vote, token_for
from service.ledger import Ledger, SavedDraft, TicketKey
from service.votes import Votes
from service.web import feedback
from service.web.protection import Protection
from service.web.server import serving
from tests.browser import open_page

NOTE = SavedDraft(TicketKey("zendesk", "acme.example", "5158"), "1", "DP-7K2QX", "ready", "<p>x</p>", {})
ENGLISH = ballot("en")


@pytest.fixture
async def votes(database: Database) -> Votes:
    """Links to this very server."""
    await Ledger(database).save(NOTE)
    opened = Votes(database, public_url="http://desk.test")
    await opened.renew()
    return opened


def application(votes: Votes, language: str = "en") -> Protection:
    """Nothing but the page."""
    app = FastAPI()
    app.include_router(feedback.router(votes, language=language))
    return Protection(app, https=False)


@pytest.fixture
async def agent(votes: Votes) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who follows a link."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(votes))) as http:
        yield http


def links(votes: Votes) -> tuple[str, str]:
    """Right, wrong."""
    (_, right), (_, wrong) = votes.links(NOTE.key, NOTE.reference, language="en")
    return right, wrong


async def remarks(database: Database) -> list[tuple[str, str, str]]:
    """(comment, reason, answer) of each vote."""
    async with database.engine.connect() as connection:
        found = await connection.execute(sa.text("SELECT comment, reason, answer FROM feedback"))
        return [(row[0], row[1], row[2]) for row in found]


async def recorded(database: Database) -> list[tuple[str, str]]:
    """(judgement, comment) of each vote."""
    async with database.engine.connect() as connection:
        found = await connection.execute(sa.text("SELECT judgement, comment FROM feedback"))
        return [(row[0], row[1]) for row in found]


async def test_to_follow_a_link_shows_a_form_and_records_nothing(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """Mail scanners and previews open every link, and some ask for its head first."""
    right, wrong = links(votes)
    page, other = await agent.get(right), await agent.get(wrong)

    assert (page.status_code, other.status_code) == (200, 200)
    assert ENGLISH.right_title in page.text
    assert ENGLISH.wrong_title in other.text
    assert "DP-7K2QX" in page.text
    assert (await agent.head(right)).status_code == 200
    assert await recorded(database) == []


async def test_to_send_the_form_records_the_vote(agent: httpx.AsyncClient, votes: Votes, database: Database) -> None:
    """With a comment or without; the other link changes it."""
    right, wrong = links(votes)
    first = await agent.post(right, data={"comment": ""})
    assert await recorded(database) == [("right", "")]
    second = await agent.post(wrong, data={"comment": "It is 14 days, ña"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert ENGLISH.thanks_title in first.text
    assert await recorded(database) == [("wrong", "It is 14 days, ña")]


async def test_what_was_wrong_and_what_is_right_are_kept(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """Neither has to be said; a reason that is none of ours is none."""
    _, wrong = links(votes)
    assert (await agent.post(wrong, data={"reason": "DROP TABLE"})).status_code == 200
    assert await remarks(database) == [("", "", "")]
    said = {"reason": "outdated", "answer": "You have 14 days.", "comment": "see the new page"}
    assert ENGLISH.thanks_title in (await agent.post(wrong, data=said)).text
    assert await remarks(database) == [("see the new page", "outdated", "You have 14 days.")]


async def test_a_link_that_was_used_says_so_and_changes_nothing(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """Whoever it was passed on to; the other link still takes it back."""
    right, wrong = links(votes)
    await agent.post(wrong, data={"comment": "It is 14 days."})
    again = await agent.post(wrong, data={"comment": "Something else."})

    assert again.status_code == 200
    assert ENGLISH.known_title in again.text
    assert await recorded(database) == [("wrong", "It is 14 days.")]
    assert ENGLISH.thanks_title in (await agent.post(right)).text
    assert [judgement for judgement, _ in await recorded(database)] == ["right"]


async def test_a_link_expires(agent: httpx.AsyncClient, votes: Votes, database: Database) -> None:
    """Then it is a page like any other that is no link, whatever is sent to it."""
    key_id, key = votes.keys.newest or (0, b"")
    vote = Vote(NOTE.key, NOTE.reference, "wrong")
    token = token_for(vote, key_id=key_id, key=key, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    page = await agent.post(f"http://desk.test/feedback/{token}", data={"comment": "x"})

    assert page.status_code == 404
    assert ENGLISH.gone_title in page.text
    assert await recorded(database) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_forged_link_gets_a_page_that_tells_nothing(
    agent: httpx.AsyncClient, votes: Votes, database: Database, method: str
) -> None:
    """Whatever was wrong with it, it is the same page."""
    right, _ = links(votes)
    pages = [await agent.request(method, url) for url in (right[:-1], right + "a", "http://desk.test/feedback/x")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert ENGLISH.gone_title in pages[0].text
    assert await recorded(database) == []


async def test_a_note_that_was_forgotten_has_no_votes(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """The same page again."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DELETE FROM drafts"))

    assert (await agent.post(links(votes)[0], data={"comment": "x"})).status_code == 404


async def test_a_body_that_is_no_such_form_is_a_vote_without_comment(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """One that is far too long is not read."""
    right, _ = links(votes)
    assert (await agent.post(right, content=b"\xff\x00&&&=" + b"a=1&" * 50)).status_code == 200
    assert await recorded(database) == [("right", "")]
    assert (await agent.post(right, content=b"comment=" + b"x" * feedback.LARGEST_BYTES)).status_code == 413


async def test_a_database_that_is_gone_asks_to_send_it_again(
    agent: httpx.AsyncClient, votes: Votes, database: Database
) -> None:
    """On a page, not as a traceback."""
    right, _ = links(votes)
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DROP TABLE feedback"))
    page = await agent.post(right, data={"comment": "x"})

    assert page.status_code == 503
    assert ENGLISH.later_title in page.text


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
async def test_the_page_speaks_the_teams_language(votes: Votes, language: str) -> None:
    """All of it."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(votes, language))) as http:
        page = await http.get(links(votes)[1])

    assert f'<html lang="{language}">' in page.text
    words = ballot(language)
    asked = (words.comment, words.wrong_hint, words.reason, *words.reasons.values(), words.answer, words.answer_hint)
    for said in (words.wrong_title, words.wrong_lead, *asked, words.masked, words.send):
        assert said in unescape(page.text)


async def test_in_a_browser_it_is_one_button_and_nothing_is_loaded(votes: Votes, database: Database) -> None:
    """On a phone, under the policy that the page itself states; an error of the page would fail this test."""
    async with serving(application(votes), host="127.0.0.1", port=0) as url, open_page(width=390, height=780) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(links(votes)[1].replace("http://desk.test", url))
        styled = await page.evaluate("getComputedStyle(document.querySelector('button')).backgroundColor")
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        await page.get_by_label(ENGLISH.reasons["outdated"]).check()
        await page.get_by_label(ENGLISH.comment).fill("It is 14 days.")
        await page.get_by_label(ENGLISH.answer).fill("You have 14 days.")
        await page.get_by_role("button").click()
        await page.get_by_role("heading", name=ENGLISH.thanks_title).wait_for()

    assert styled != "rgba(0, 0, 0, 0)"
    assert overflow <= 0
    assert {one.rsplit("/", 1)[0] for one in asked} == {f"{url}/feedback"}
    assert await remarks(database) == [("It is 14 days.", "outdated", "You have 14 days.")]
