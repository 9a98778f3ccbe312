"""The simulators' web page over HTTP, without a browser and without its script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from connectors.simulated.desk import DeskEntry, DeskRow, DeskTicket
from connectors.simulated.page import initials, page_router, shown_html

MORNING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class SmallDesk:
    """One ticket with one entry of each kind, and a memory of what the page asked for."""

    vendor = "Zendesk"
    account = "Acme"

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.row = DeskRow("7", "Where is <b>it</b>?", "Ana Marsh", "open", MORNING, notes=2)
        self.entries = [
            DeskEntry(
                "1", "Ana Marsh", "customer", public=True, html="<p>Hello</p>", at=MORNING, attachments=("label.png",)
            ),
            DeskEntry("2", "Robin Vale", "agent", public=True, html="<p>Hi Ana</p>", at=MORNING),
            DeskEntry(
                "3", "deskpilot", "co-pilot", public=False, html="<h3>Ready</h3><blockquote>Hi</blockquote>", at=MORNING
            ),
            DeskEntry("4", "Zendesk", "system", public=False, html="<p>merged</p>", at=MORNING),
        ]

    def rows(self) -> list[DeskRow]:
        """The one ticket."""
        return [self.row]

    def conversation(self, ticket_id: str) -> DeskTicket:
        """Its conversation."""
        if ticket_id != "7":
            raise KeyError(ticket_id)
        return DeskTicket(row=self.row, channel="email", tags=("vip",), entries=tuple(self.entries))

    async def customer_opens(self, *, name: str, email: str, subject: str, text: str) -> str:
        """Remember."""
        self.asked.append(("opens", name, email, subject, text))
        return "7"

    async def customer_writes(self, ticket_id: str, *, text: str) -> None:
        """Remember."""
        self.asked.append(("customer", ticket_id, text))

    async def agent_writes(self, ticket_id: str, *, text: str, public: bool) -> None:
        """Remember."""
        self.asked.append(("agent", ticket_id, text, public))

    async def agent_solves(self, ticket_id: str) -> None:
        """Remember."""
        self.asked.append(("solves", ticket_id))


@pytest.fixture
def desk() -> SmallDesk:
    """A helpdesk behind the page."""
    return SmallDesk()


@pytest.fixture
async def page(desk: SmallDesk) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without JavaScript."""
    app = FastAPI()
    app.include_router(page_router(desk))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk.test") as client:
        yield client


async def test_entries_say_who_wrote_them_and_who_may_read_them(page: httpx.AsyncClient) -> None:
    """The hooks of the browser tests, and the words an agent reads."""
    html = (await page.get("/tickets/7")).text

    found = re.findall(r'data-testid="entry"[^>]*data-by="([\w-]+)" data-public="(\w+)"', html)
    assert found == [("customer", "true"), ("agent", "true"), ("co-pilot", "false"), ("system", "false")]
    assert html.count("Internal note, not visible to the customer") == 4  # words and label of both notes
    assert "label.png" in html


async def test_subjects_are_text_and_messages_are_cleaned(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """Whatever strangers write, nothing of it runs."""
    hostile = '<p onclick="x()">Hi<script>alert(1)</script><img src="https://spy.example/p.png"><a href="javascript:x()">go</a></p>'
    desk.entries[0] = replace(desk.entries[0], html=hostile)

    html = (await page.get("/tickets/7")).text

    assert "Where is &lt;b&gt;it&lt;/b&gt;?" in html
    assert not re.search(r"onclick|alert\(|spy\.example|javascript:", html)


async def test_only_our_own_files_may_run(page: httpx.AsyncClient) -> None:
    """A strict policy on every answer, no inline script or style, nothing from elsewhere."""
    for path in ("/", "/tickets/new", "/tickets/7", "/page/desk.css", "/page/desk.js"):
        answer = await page.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
    html = (await page.get("/tickets/7")).text
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=|(src|href)=\"(https?:)?//", html)


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        ({"write_as": "customer", "text": " Hello? "}, [("customer", "7", "Hello?")]),
        ({"write_as": "reply", "text": "Hi"}, [("agent", "7", "Hi", True)]),
        ({"write_as": "note", "text": "Psst"}, [("agent", "7", "Psst", False)]),
        ({"write_as": "note", "text": "  "}, []),
    ],
)
async def test_the_box_writes_as_whoever_was_chosen(
    page: httpx.AsyncClient, desk: SmallDesk, form: dict[str, str], asked: list[tuple[object, ...]]
) -> None:
    """A note is never written as a public reply; nothing is written without words."""
    answer = await page.post("/tickets/7/messages", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets/7")
    assert desk.asked == asked


async def test_an_unknown_choice_is_not_guessed(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """Better nothing than the wrong audience."""
    answer = await page.post("/tickets/7/messages", data={"write_as": "everyone", "text": "x"})

    assert answer.status_code == 422
    assert desk.asked == []


async def test_a_new_ticket_is_opened_and_shown(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """All four fields reach the helpdesk."""
    form = {"name": "Ana", "email": "ana@globex.example", "subject": "Parcel", "text": "Where?"}

    answer = await page.post("/tickets", data=form)

    assert answer.headers["location"] == "/tickets/7"
    assert desk.asked == [("opens", "Ana", "ana@globex.example", "Parcel", "Where?")]


async def test_a_half_filled_form_comes_back_with_what_was_typed(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """Nobody types a message twice."""
    answer = await page.post("/tickets", data={"name": "Ana", "email": "nowhere", "text": "Long story"})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Long story</textarea>" in answer.text
    assert desk.asked == []


async def test_the_solve_button_goes_when_the_ticket_is_solved(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """It is offered once."""
    assert 'data-testid="solve"' in (await page.get("/tickets/7")).text
    await page.post("/tickets/7/solve")
    assert desk.asked == [("solves", "7")]

    desk.row = replace(desk.row, status="Resolved")
    assert 'data-testid="solve"' not in (await page.get("/tickets/7")).text


async def test_a_page_that_did_not_change_is_not_sent_again(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """The script asks every second; only news costs anything."""
    etag = (await page.get("/tickets/7")).headers["etag"]

    assert (await page.get("/tickets/7", headers={"If-None-Match": etag})).status_code == 304
    desk.entries.append(replace(desk.entries[0], id="5"))
    assert (await page.get("/tickets/7", headers={"If-None-Match": etag})).status_code == 200


async def test_an_unknown_ticket_is_not_found(page: httpx.AsyncClient) -> None:
    """404, for reading and for writing."""
    assert (await page.get("/tickets/8")).status_code == 404
    assert (await page.post("/tickets/8/messages", data={"text": "x"})).status_code == 404
    assert (await page.get("/page/page.py")).status_code == 404


async def test_another_sites_form_is_refused(page: httpx.AsyncClient, desk: SmallDesk) -> None:
    """A demo on loopback can be reached from every page the browser shows."""
    cross = {"Sec-Fetch-Site": "cross-site"}

    for path in ("/tickets", "/tickets/7/messages", "/tickets/7/solve"):
        assert (await page.post(path, data={"text": "x"}, headers=cross)).status_code == 403
    assert desk.asked == []


def test_a_note_keeps_the_tags_that_make_it_readable() -> None:
    """Headings, quotes, rules, lists and links survive; styles do not."""
    note = '<h3 style="color:red">Ready</h3><hr><blockquote><p>Hi</p></blockquote><ol><li><a href="https://a.example/x">1</a></li></ol>'

    shown = shown_html(note)

    assert shown.startswith("<h3>Ready</h3><hr><blockquote><p>Hi</p></blockquote><ol><li><a ")
    assert 'target="_blank"' in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana Marsh", "AM"), ("deskpilot", "D"), ("Ana de la Cruz", "AC"), ("", "?"), ("…", "?")]
)
def test_a_face_has_one_or_two_letters(name: str, letters: str) -> None:
    """First and last word."""
    assert initials(name) == letters
