"""The demo's company: its articles can be read, its tickets parse, and words alone find what each ticket states."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from connectors.base import Article
from connectors.folder import folder_articles
from connectors.mail import html_to_text, newest_part
from connectors.zendesk.simulator import ZendeskSimulator
from service.demo.macros import load_macros
from service.demo.tickets import DemoTicket, load_tickets
from service.knowledge.sync import sync
from service.passages import Retrieval, find_passages
from service.vectors import EmbeddedVectors, Fence
from tests.connectors.accounts import VENDORS, connected

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
ARTICLES = DEMO / "articles"
TICKETS = sorted((DEMO / "tickets").glob("*.yaml"))
LANGUAGES = {"02-kalk": "de", "03-retour": "fr", "04-plazo": "es"}  # all others: English


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    """All articles, read as a customer's folder is."""
    return list(folder_articles(ARTICLES))


@pytest.fixture(scope="module")
def tickets() -> dict[str, DemoTicket]:
    """All tickets, by name."""
    return {ticket.name: ticket for ticket in load_tickets(DEMO / "tickets", ARTICLES)}


@pytest.fixture
async def index(articles: list[Article], data_dir: Path) -> AsyncIterator[EmbeddedVectors]:
    """Articles and macros as a customer's first sync leaves them: no embeddings."""
    vectors = EmbeddedVectors(data_dir / "qdrant")
    await vectors.open()
    await sync(articles, vectors=vectors, embeddings=None, source="folder", account="*")
    twin = ZendeskSimulator()
    for macro in load_macros(DEMO / "macros.yaml"):
        twin.add_macro(macro.title, macro.html, group=macro.group)
    async with connected(VENDORS["zendesk"], twin) as account:
        desk = account.helpdesk
        await sync(desk.macros(), vectors=vectors, embeddings=None, source="zendesk macros", account=desk.account)
    yield vectors
    await vectors.close()


async def found_for(ticket: DemoTicket, index: EmbeddedVectors) -> Retrieval:
    """What the newest message of a ticket finds."""
    newest = [entry for entry in ticket.entries if entry.by == "customer"][-1]
    fence = Fence(account="acme.zendesk.test", languages=(LANGUAGES.get(ticket.name, "en"),))
    text = newest_part(newest.text or html_to_text(newest.html))
    return await find_passages(f"{ticket.subject} {text}", fence=fence, vectors=index, embeddings=None)


def test_the_help_centre_has_forty_articles_in_four_languages(articles: list[Article]) -> None:
    """Large enough that finding the right one is not luck."""
    assert Counter(article.language for article in articles) == {"en": 29, "de": 6, "fr": 3, "es": 2}
    assert [article.id for article in articles if article.audience == "internal"] == [
        "internal/goodwill-limits.md",
        "internal/safety-and-legal.md",
    ]


def test_every_article_has_an_address_a_title_and_a_place_of_its_own(articles: list[Article]) -> None:
    """What a source shows in a note is never ambiguous."""
    assert len({article.url for article in articles}) == len(articles)
    assert len({(article.title, article.language) for article in articles}) == len(articles)
    for article in articles:
        assert article.url.startswith("https://help.kettlewick.example/")
        assert article.breadcrumb


@pytest.mark.parametrize("file", sorted(ARTICLES.rglob("*.md")), ids=lambda file: file.relative_to(ARTICLES).as_posix())
def test_an_article_is_a_page_and_not_a_book(file: Path) -> None:
    """90 to 300 words, as help articles are."""
    body = file.read_text(encoding="utf-8").split("---\n", 2)[2]

    assert 90 <= len(body.split()) <= 300


def test_both_helpdesks_get_the_same_number_of_tickets(tickets: dict[str, DemoTicket]) -> None:
    """Every kind of outcome is shown, by twelve different people."""
    assert Counter(ticket.helpdesk for ticket in tickets.values()) == {"zendesk": 6, "freshdesk": 6}
    assert Counter(ticket.expect for ticket in tickets.values()) == {"note": 9, "none": 2, "packet": 1}
    assert len({ticket.email for ticket in tickets.values()}) == len(tickets)
    assert len({name.split("-")[0] for name in tickets}) == len(tickets)


@pytest.mark.parametrize("file", TICKETS, ids=lambda file: file.stem)
def test_a_ticket_file_says_what_it_shows_and_what_it_expects(file: Path, tickets: dict[str, DemoTicket]) -> None:
    """A file is an example to copy: it states everything, and a note that is due answers a customer's newest message."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    ticket = tickets[file.stem]

    assert raw["says"]
    assert "expect_source" in raw
    assert raw["expect_source"] is None or (ARTICLES / raw["expect_source"]).is_file()
    assert ticket.email.endswith(".example")
    assert next(entry.by for entry in reversed(ticket.entries) if not entry.private) == "customer"
    assert ticket.expect == "note" or not ticket.expect_source


async def test_words_alone_find_the_article_each_ticket_states(
    tickets: dict[str, DemoTicket], index: EmbeddedVectors
) -> None:
    """The demo works without a key: the stated article comes first, and clearly."""
    for ticket in tickets.values():
        if ticket.expect_source:
            best, *others = (await found_for(ticket, index)).found
            second = next(found for found in others if found.passage.article != best.passage.article)
            assert best.passage.url == ticket.expect_source, ticket.name
            assert best.score > 1.4 * second.score, ticket.name


async def test_a_ticket_finds_the_macro_that_answers_it_and_no_other(
    tickets: dict[str, DemoTicket], index: EmbeddedVectors
) -> None:
    """Six macros, twelve tickets: what merely shares a word with one is left out."""
    found = {name: (await found_for(ticket, index)).beside for name, ticket in tickets.items()}

    assert {name: [one.passage.title for one in beside] for name, beside in found.items() if beside} == {
        "01-parcel-late": ["Lost parcel, choose replacement or refund"],
        "07-e3-long-thread": ["E3 that stays, new base", "Photo of the serial number"],
    }
    assert [one.passage.audience for one in found["07-e3-long-thread"]] == ["internal", "public"]


async def test_the_question_no_article_answers_stands_apart(
    tickets: dict[str, DemoTicket], index: EmbeddedVectors
) -> None:
    """Every answerable question is covered several times as well."""
    coverage = {
        name: (await found_for(ticket, index)).coverage for name, ticket in tickets.items() if ticket.expect == "note"
    }

    unanswered = coverage.pop("06-engraving")
    assert min(coverage.values()) > 3 * unanswered
