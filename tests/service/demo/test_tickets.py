"""The demo's ticket files: a stranger's are read, or refused in a sentence that names the file and the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.base import ConnectorError
from service.demo.tickets import DemoTicket, Entry, TicketFileError, load_tickets

HELLO = {"from": "customer", "text": "Where is my parcel?"}
TICKET: dict[str, Any] = {
    "helpdesk": "zendesk",
    "subject": "Parcel",
    "requester": {"name": "Ana Lind", "email": "ana@customer.example"},
    "messages": [HELLO],
    "expect": "note",
}


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """Two articles, one of them with an address."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "parcels.md").write_text("---\ntitle: Parcels\nurl: https://help.example/parcels\n---\nSeven days.\n")
    (folder / "returns.md").write_text("---\ntitle: Returns\n---\nThirty days.\n")
    return folder


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """The folder of ticket files."""
    folder = tmp_path / "tickets"
    folder.mkdir()
    return folder


def load(tickets: Path, articles: Path, **changes: Any) -> DemoTicket:
    """The ticket of a file that differs from TICKET in these keys; None leaves one out."""
    raw = {key: value for key, value in {**TICKET, **changes}.items() if value is not None}
    (tickets / "01-parcel.yaml").write_text(yaml.safe_dump(raw))
    (ticket,) = load_tickets(tickets, articles)
    return ticket


def test_a_file_with_what_it_must_have_is_a_ticket(tickets: Path, articles: Path) -> None:
    """Five keys; the rest has its default."""
    assert load(tickets, articles) == DemoTicket(
        name="01-parcel",
        helpdesk="zendesk",
        subject="Parcel",
        requester="Ana Lind",
        email="ana@customer.example",
        entries=(Entry(by="customer", text="Where is my parcel?"),),
        expect="note",
    )


def test_every_key_is_read(tickets: Path, articles: Path) -> None:
    """What a file can say reaches the demo."""
    cc = {"from": "cc", "name": "Kim Sorel", "email": "kim@customer.example", "html": "<p>Mine too</p>"}
    ticket = load(
        tickets,
        articles,
        organization="Globex",
        channel="chat",
        tags=["vip", 7],
        messages=[
            {**HELLO, "attachments": ["a.png"], "automatic": True},
            cc,
            {"from": "agent", "text": "Look", "private": True},
        ],
        says="Shows everything.",
        expect_source="parcels.md",
    )

    assert (ticket.organization, ticket.channel, ticket.tags, ticket.says) == (
        "Globex",
        "chat",
        ("vip", "7"),
        "Shows everything.",
    )
    assert ticket.entries == (
        Entry(by="customer", text="Where is my parcel?", attachments=("a.png",), automatic=True),
        Entry(by="cc", html="<p>Mine too</p>", name="Kim Sorel", email="kim@customer.example"),
        Entry(by="agent", text="Look", private=True),
    )


def test_a_requester_without_address_gets_one_of_the_file(tickets: Path, articles: Path) -> None:
    """Two such tickets are two people."""
    assert load(tickets, articles, requester={"name": "Ana Lind"}).email == "01-parcel@customer.example"


@pytest.mark.parametrize(
    ("source", "shown"), [("parcels.md", "https://help.example/parcels"), ("returns.md", "Returns")]
)
def test_a_stated_source_is_what_the_note_shows_of_it(tickets: Path, articles: Path, source: str, shown: str) -> None:
    """The address, or the title where there is none."""
    ticket = load(tickets, articles, expect_source=source)

    assert (ticket.expect_source, ticket.states_source) == (shown, True)


def test_stating_that_nothing_is_cited_differs_from_stating_nothing(tickets: Path, articles: Path) -> None:
    """`expect_source: null` is a claim too."""
    (tickets / "a.yaml").write_text(yaml.safe_dump({**TICKET, "expect_source": None}))
    (tickets / "b.yaml").write_text(yaml.safe_dump(TICKET))

    assert [ticket.states_source for ticket in load_tickets(tickets, articles)] == [True, False]


def test_files_come_in_the_order_of_their_names(tickets: Path, articles: Path) -> None:
    """Whoever numbers them means it; both spellings of the ending count."""
    for name in ("10-c.yaml", "02-b.yml", "01-a.yaml", "notes.txt"):
        (tickets / name).write_text(yaml.safe_dump(TICKET))

    assert [ticket.name for ticket in load_tickets(tickets, articles)] == ["01-a", "02-b", "10-c"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"expected": "note"}, "unknown key 'expected'"),
        ({"requester": {"nmae": "Ana"}}, "unknown key 'nmae'"),
        ({"messages": [{**HELLO, "body": "x"}]}, "unknown key 'body'"),
        ({"helpdesk": "zammad"}, "`helpdesk` must be one of zendesk, freshdesk, not 'zammad'"),
        ({"helpdesk": None}, "`helpdesk` must be one of zendesk, freshdesk, not None"),
        ({"expect": "notes"}, "`expect` must be one of note, none, packet, not 'notes'"),
        ({"channel": "pigeon"}, "`channel` must be one of email"),
        ({"messages": [{**HELLO, "from": "boss"}]}, "`from` must be one of customer, cc, agent, bot, not 'boss'"),
        ({"requester": "Ana Lind"}, "`requester` must be keys and values, not 'Ana Lind'"),
        ({"tags": "urgent"}, "`tags` must be a list, not 'urgent'"),
        ({"messages": "Hello"}, "`messages` must be a list, not 'Hello'"),
        ({"messages": ["Hello"]}, "each of the `messages` must be keys and values, not 'Hello'"),
        ({"messages": [{**HELLO, "attachments": "a.png"}]}, "`attachments` must be a list, not 'a.png'"),
        ({"messages": [{**HELLO, "private": "no"}]}, "`private` must be true or false, not 'no'"),
        ({"messages": None}, "`messages` must begin with one `from: customer`"),
        ({"messages": []}, "`messages` must begin with one `from: customer`"),
        ({"messages": [{"from": "agent", "text": "Hi"}, HELLO]}, "`messages` must begin with one `from: customer`"),
        ({"messages": [HELLO, {"from": "cc", "text": "Me too"}]}, "`from: cc` needs the `email`"),
        ({"expect_source": "nowhere.md"}, "expect_source names no file in"),
        ({"expect_source": ["parcels.md"]}, "`expect_source` must be a text"),
    ],
)
def test_what_a_file_gets_wrong_is_one_sentence_with_file_and_key(
    tickets: Path, articles: Path, changes: dict[str, Any], says: str
) -> None:
    """A stranger mends it without reading our code."""
    with pytest.raises(TicketFileError) as raised:
        load(tickets, articles, **changes)

    assert str(raised.value).startswith("01-parcel.yaml: ")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [("helpdesk: [", "cannot be read as YAML"), ("- a list", "holds no keys"), ("", "holds no keys")],
)
def test_a_file_that_is_no_ticket_at_all_is_named(tickets: Path, articles: Path, text: str, says: str) -> None:
    """Broken YAML, or something else."""
    (tickets / "broken.yaml").write_text(text)

    with pytest.raises(TicketFileError, match=rf"broken\.yaml {says}"):
        load_tickets(tickets, articles)


def test_a_key_that_is_no_text_is_unknown_too(tickets: Path, articles: Path) -> None:
    """YAML makes `true` of `on:`."""
    (tickets / "odd.yaml").write_text("on: 1\nhelpdesks: zendesk\n")

    with pytest.raises(TicketFileError, match=r"odd\.yaml: unknown key 'True'"):
        load_tickets(tickets, articles)


def test_a_source_that_no_note_could_cite_is_refused(tickets: Path, articles: Path) -> None:
    """A file beside the articles is there, but it is none of them."""
    (articles / "list.csv").write_text("a,b")

    with pytest.raises(TicketFileError, match=r"expect_source is not an article that can be read: list\.csv"):
        load(tickets, articles, expect_source="list.csv")


def test_an_empty_folder_says_what_was_looked_for(tickets: Path, articles: Path) -> None:
    """Not a demo of nothing that ends well."""
    with pytest.raises(TicketFileError, match=r"no ticket files \(\*\.yaml\) in .*tickets"):
        load_tickets(tickets, articles)


def test_articles_that_are_not_there_are_named(tickets: Path, tmp_path: Path) -> None:
    """The other folder of a stranger."""
    with pytest.raises((TicketFileError, ConnectorError), match="elsewhere"):
        load(tickets, tmp_path / "elsewhere", expect_source="parcels.md")
