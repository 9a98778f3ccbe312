"""What every connector promises, run against every connector and its own simulator: no network, no patching."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import (
    Article,
    ForbiddenError,
    GoneError,
    Message,
    MisconfiguredError,
    RejectedError,
    RetryableError,
    Status,
)
from connectors.freshdesk.simulator import FreshdeskSimulator
from tests.connectors.accounts import VENDORS, Account, Vendor, connected

NOTE = "<p>Draft: it left on <strong>Monday</strong>.</p><p>DP-7K2</p>"


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Every vendor in turn."""
    return VENDORS[request.param]


@pytest.fixture
async def account(vendor: Vendor) -> AsyncIterator[Account]:
    """An account with its usual limits."""
    async with connected(vendor, vendor.simulator()) as made:
        yield made


@pytest.fixture
async def small_account(vendor: Vendor) -> AsyncIterator[Account]:
    """An account whose calls are soon used up, and who is no admin there."""
    async with connected(vendor, vendor.small()) as made:
        yield made


def plain(message: Message) -> str:
    """Text of a message, from whichever field carries it."""
    return message.text or message.html


async def test_we_are_an_agent(account: Account) -> None:
    """The credentials belong to somebody with a name and an id."""
    me = await account.helpdesk.whoami()

    assert me.id
    assert me.name
    assert me.role == "agent"


async def test_a_new_ticket_holds_the_customers_message(account: Account) -> None:
    """Subject, requester and first message are there whatever the vendor keeps them in."""
    ticket = await account.helpdesk.ticket(await account.ticket())

    assert (ticket.helpdesk, ticket.account) == (account.helpdesk.name, account.helpdesk.account)
    assert ticket.subject == "Parcel to Spain"
    assert (ticket.requester.name, ticket.requester.email) == ("Ana Sol", "ana@example.com")
    assert ticket.requester.role == "end user"
    assert ticket.status in ("new", "open")
    assert ticket.channel == "email"
    assert ticket.url.startswith("http")
    (message,) = ticket.messages
    assert (message.kind, message.author.id) == ("requester message", ticket.requester.id)
    assert "Where is my parcel?" in plain(message)


async def test_a_note_is_never_public(account: Account) -> None:
    """Whatever the vendor's default, what we write is seen by agents alone: so says the simulator's own state."""
    ticket_id = await account.ticket()

    note = await account.helpdesk.add_note(await account.helpdesk.ticket(ticket_id), NOTE, run="01J")

    (stored,) = account.simulator.notes(ticket_id)
    assert not stored.public
    assert stored.id == note.id
    assert note.ticket_id == ticket_id
    assert [entry.public for entry in account.simulator.conversation(ticket_id).entries] == [True, False]


async def test_our_own_note_is_recognised(account: Account) -> None:
    """By our own id as author, as an internal note, with its reference readable: so we never answer ourselves."""
    me = await account.helpdesk.whoami()
    ticket_id = await account.ticket()
    note = await account.helpdesk.add_note(await account.helpdesk.ticket(ticket_id), NOTE, run="01J")

    ours = (await account.messages(ticket_id))[-1]

    assert (ours.id, ours.kind, ours.author.id) == (note.id, "internal note", me.id)
    assert "DP-7K2" in plain(ours)


async def test_a_long_conversation_is_read_whole_and_in_order(account: Account) -> None:
    """More than one page, every kind of message, nothing twice."""
    ticket_id = await account.ticket()
    expected = ["requester message"]
    for number in range(1, 37):
        await account.simulator.customer_message(ticket_id, text=f"Question {number}.")
        await account.simulator.agent_message(ticket_id, text=f"Answer {number}.", public=True)
        await account.simulator.agent_message(ticket_id, text=f"Remark {number}.", public=False)
        expected += ["requester message", "public reply", "internal note"]

    first, *others = await account.messages(ticket_id)

    assert [first.kind, *(message.kind for message in others)] == expected
    assert [message.at for message in others] == sorted(message.at for message in others)
    assert len({message.id for message in others}) == 108
    for number, (question, reply, remark) in enumerate(
        zip(others[::3], others[1::3], others[2::3], strict=True), start=1
    ):
        assert f"Question {number}." in plain(question)
        assert f"Answer {number}." in plain(reply)
        assert f"Remark {number}." in plain(remark)
        assert reply.author.role == "agent"
        assert question.author.role == "end user"


async def test_a_message_by_somebody_in_copy_is_theirs(account: Account) -> None:
    """It counts as the customer's side, under the writer's own name and id."""
    ticket_id = await account.simulator.open_ticket(
        name="Ana Sol",
        email="ana@example.com",
        subject="Parcel",
        text="Where is it?",
        cc=[("Cora Lind", "cora@example.com")],
    )
    await account.simulator.customer_message(ticket_id, text="I wonder, too.", email="cora@example.com")

    ticket = await account.helpdesk.ticket(ticket_id)

    assert ticket.messages[-1].kind == "requester message"
    assert (ticket.messages[-1].author.name, ticket.messages[-1].author.email) == ("Cora Lind", "cora@example.com")
    assert ticket.messages[-1].author.id != ticket.requester.id


async def test_a_bots_message_is_not_an_agents_answer(account: Account) -> None:
    """An acknowledgement by a rule does not mean that somebody has answered."""
    ticket_id = await account.ticket()
    await account.simulator.agent_message(ticket_id, text="We have received your message.", public=True, bot=True)

    assert [message.kind for message in await account.messages(ticket_id)] == ["requester message", "system message"]


async def test_attachments_are_listed_by_name(account: Account) -> None:
    """What nobody but a person can look at is at least known to exist."""
    ticket_id = await account.ticket()
    await account.simulator.customer_message(ticket_id, text="See the picture.", attachments=["label.png"])

    assert [file.name for file in (await account.messages(ticket_id))[-1].attachments] == ["label.png"]


async def test_a_solved_ticket_says_so(account: Account) -> None:
    """The vendors' words differ, ours does not."""
    ticket_id = await account.ticket()
    await account.simulator.set_status(ticket_id, "solved")

    assert (await account.helpdesk.ticket(ticket_id)).status == "solved"


async def test_a_rating_is_the_requesters_newest(account: Account) -> None:
    """Nobody has to rate, and everybody may think again."""
    ticket_id, unrated = await account.ticket(), await account.ticket()
    await account.simulator.rate(ticket_id, "bad")
    first = await account.helpdesk.rated(await account.helpdesk.ticket(ticket_id))
    await account.simulator.rate(ticket_id, "good")
    second = await account.helpdesk.rated(await account.helpdesk.ticket(ticket_id))

    assert (first.satisfaction, second.satisfaction) == ("bad", "good")
    assert (await account.helpdesk.rated(await account.helpdesk.ticket(unrated))).satisfaction == ""


async def test_where_a_ticket_belongs_is_read_and_read_anew_when_it_has_moved(account: Account) -> None:
    """Group, brand and form: what may keep it out."""
    first, second = await account.ticket(), await account.ticket()
    before = await account.helpdesk.ticket(first)
    await account.simulator.move(first, group="Legal", brand="Other", form="Incident")
    after, other = await account.helpdesk.ticket(first), await account.helpdesk.ticket(second)

    assert all((after.group, after.brand, after.form))
    assert (after.group, after.brand, after.form) != (before.group, before.brand, before.form)
    assert len({after.group, after.brand, after.form}) == 3
    assert (other.group, other.brand, other.form) == (before.group, before.brand, before.form)
    assert not after.shared


async def test_a_shared_ticket_says_so(account: Account) -> None:
    """Where the vendor shares tickets between accounts."""
    if isinstance(account.simulator, FreshdeskSimulator):
        return  # it has no such thing
    ticket_id = await account.ticket()
    await account.simulator.share(ticket_id)

    assert (await account.helpdesk.ticket(ticket_id)).shared


async def test_a_merged_ticket_belongs_to_the_history(account: Account) -> None:
    """The notice is nobody's answer, and names the ticket that came in."""
    source, target = await account.ticket(), await account.ticket()
    await account.simulator.merge(source, target)

    ticket = await account.helpdesk.ticket(target)

    assert [(related.ticket_id, related.kind) for related in ticket.related] == [(source, "merged")]
    assert ticket.messages[-1].kind == "system message"


async def test_a_ticket_that_never_was_is_gone(account: Account) -> None:
    """Reading it and writing to it end the job."""
    with pytest.raises(GoneError):
        await account.helpdesk.ticket("999999999")


async def test_a_deleted_ticket_is_gone_or_marked(account: Account) -> None:
    """Vendors differ in what a trash is; none lets us take it for a living ticket."""
    ticket_id = await account.ticket()
    read = await account.helpdesk.ticket(ticket_id)
    await account.simulator.delete(ticket_id)

    with contextlib.suppress(GoneError):
        assert (await account.helpdesk.ticket(ticket_id)).status == "deleted"
    with pytest.raises(RejectedError):
        await account.helpdesk.add_note(read, NOTE, run="01J")


@pytest.mark.parametrize("ticket_id", ["", "x", "1/../2", "1?include=users", "-1"])
async def test_what_is_no_id_never_reaches_the_vendor(account: Account, ticket_id: str) -> None:
    """Ids come from webhooks: whatever stands there never becomes another address."""
    before = len(account.simulator.requests)

    with pytest.raises(RejectedError):
        await account.helpdesk.ticket(ticket_id)

    assert len(account.simulator.requests) == before


async def test_a_wrong_key_is_a_misconfiguration(account: Account) -> None:
    """Whatever is asked, no job works until a person acts."""
    ticket = await account.helpdesk.ticket(await account.ticket())

    with pytest.raises(MisconfiguredError):
        await account.intruder.whoami()
    with pytest.raises(MisconfiguredError):
        await account.intruder.ticket(ticket.id)
    with pytest.raises(MisconfiguredError):
        await account.intruder.add_note(ticket, NOTE, run="01J")
    with pytest.raises(MisconfiguredError):
        [article async for article in account.intruder.articles()]
    assert account.simulator.notes(ticket.id) == []


async def test_a_used_up_rate_limit_says_when_to_come_back(small_account: Account) -> None:
    """429 is retryable, with the seconds that the vendor names."""

    async def use_up() -> None:
        for _ in range(60):
            await small_account.helpdesk.whoami()

    with pytest.raises(RetryableError) as caught:
        await use_up()

    assert caught.value.after_s is not None
    assert 0 < caught.value.after_s <= 60


async def test_a_note_whose_answer_was_lost_is_found_by_reading_again(account: Account) -> None:
    """The write is retryable but may have landed: the next read shows it, so there is never a second note."""
    me = await account.helpdesk.whoami()
    ticket_id = await account.ticket()
    ticket = await account.helpdesk.ticket(ticket_id)
    account.simulator.faults.lost_answers = 1

    with pytest.raises(RetryableError):
        await account.helpdesk.add_note(ticket, NOTE, run="01J")

    ours = (await account.messages(ticket_id))[-1]
    assert (ours.author.id, ours.kind) == (me.id, "internal note")
    assert "DP-7K2" in plain(ours)
    assert len(account.simulator.notes(ticket_id)) == 1


async def test_articles_say_who_may_read_them(account: Account) -> None:
    """Everybody's are public, a team's internal; each knows its account, language, place and address."""
    account.simulator.add_article(
        Article(
            source="",
            id="a",
            title="Delivery times",
            html="<p>Three days.</p>",
            language="en",
            audience="public",
            breadcrumb="Shipping › Delivery",
        )
    )
    account.simulator.add_article(
        Article(
            source="",
            id="b",
            title="Escalation",
            html="<p>Call the depot.</p>",
            language="en",
            audience="internal",
            breadcrumb="Team › Shipping",
        )
    )

    found = {article.title: article async for article in account.helpdesk.articles()}

    assert {title: article.audience for title, article in found.items()} == {
        "Delivery times": "public",
        "Escalation": "internal",
    }
    for article in found.values():
        assert (article.source, article.account) == (account.helpdesk.name, account.helpdesk.account)
        assert article.language == "en"
        assert article.url.startswith("http")
    assert found["Delivery times"].breadcrumb == "Shipping › Delivery"
    assert "Three days." in found["Delivery times"].html


async def test_an_article_for_one_company_is_bound_to_it(account: Account) -> None:
    """Internal all the same: who wrote the ticket may not be who the company lets read it."""
    account.simulator.add_article(
        Article(source="", id="a", title="Your contract", html="<p>Net 30.</p>", language="en", organization="4711")
    )

    (found,) = [article async for article in account.helpdesk.articles()]

    assert (found.audience, found.organization) == ("internal", "4711")


async def test_drafts_are_nobodys_yet(account: Account) -> None:
    """A key that sees drafts does not give them away."""
    article = Article(source="", id="a", title="New prices", html="<p>Secret.</p>", language="en", audience="public")
    account.simulator.add_article(article, draft=True)

    assert [found.title async for found in account.helpdesk.articles()] == []


async def test_an_article_in_two_languages_is_two_articles(account: Account) -> None:
    """Under two ids, so that one does not replace the other."""
    for language, title in (("en", "Delivery times"), ("de", "Lieferzeiten")):
        account.simulator.add_article(
            Article(source="", id="a", title=title, html=f"<p>{title}</p>", language=language, audience="public")
        )

    found = [article async for article in account.helpdesk.articles()]

    assert sorted((article.language, article.title) for article in found) == [
        ("de", "Lieferzeiten"),
        ("en", "Delivery times"),
    ]
    assert len({article.id for article in found}) == 2


async def test_a_changed_ticket_is_found_without_a_webhook(small_account: Account) -> None:
    """What a webhook could not tell us, a question can; also one that is not an admin's."""
    ticket_id = await small_account.ticket()
    changed = small_account.helpdesk.changed_since(datetime.now(UTC) - timedelta(hours=1))

    assert [change.ticket_id async for change in changed] == [ticket_id]


@pytest.mark.parametrize(("status", "open_", "solved"), [("pending", True, False), ("solved", False, True)])
async def test_a_changed_ticket_says_whether_it_is_solved(
    small_account: Account, status: Status, *, open_: bool, solved: bool
) -> None:
    """Without being read."""
    await small_account.simulator.set_status(await small_account.ticket(), status)
    changed = small_account.helpdesk.changed_since(datetime.now(UTC) - timedelta(hours=1))

    assert [(change.open, change.solved) async for change in changed] == [(open_, solved)]


async def test_a_follow_up_names_the_ticket_it_follows(account: Account) -> None:
    """What was said before belongs to the story."""
    parent = await account.ticket()
    await account.simulator.set_status(parent, "closed")
    follow_up = await account.helpdesk.ticket(await account.simulator.follow_up(parent))

    assert [(related.ticket_id, related.kind) for related in follow_up.related] == [(parent, "follow-up")]


async def test_a_merged_ticket_is_named_and_its_notice_is_nobodys_answer(account: Account) -> None:
    """The merged ticket's history is read; the notice does not silence us."""
    source, target = await account.ticket(), await account.ticket()
    await account.simulator.merge(source, target)
    merged = await account.helpdesk.ticket(target)

    assert [(related.ticket_id, related.kind) for related in merged.related] == [(source, "merged")]
    assert "public reply" not in [message.kind for message in merged.messages]


async def test_macros_are_texts_of_the_team(account: Account) -> None:
    """More than a page of them; for groups alone: internal; no placeholder, no address, none that is empty."""
    simulator = account.simulator
    if isinstance(simulator, FreshdeskSimulator):  # no recording shows that it says for whom they are
        simulator.faults.macros_with_visibility = True
    for number in range(120):
        simulator.add_macro(
            f"Refunds::After return {number}", f"<p>Hi {{{{ticket.requester.name}}}},</p><p>Day {number}.</p>"
        )
    simulator.add_macro("Goodwill", "<p>Offer a tea.</p>", group="Tier 2")
    simulator.add_macro("Empty", "<p>{{dc.text}}</p>")

    found = {macro.title: macro async for macro in account.helpdesk.macros()}

    assert len(found) == 121
    assert {title for title, macro in found.items() if macro.audience == "internal"} == {"Goodwill"}
    refund = found["After return 7"]
    assert (refund.html, refund.breadcrumb, refund.url, refund.pool) == ("<p>Day 7.</p>", "Refunds", "", "macro")
    assert (refund.source, refund.account) == (f"{account.helpdesk.name} macros", account.helpdesk.account)
    assert len({macro.id for macro in found.values()}) == 121


async def test_somebodys_own_macros_are_not_the_teams(account: Account) -> None:
    """The key sees its owner's."""
    account.simulator.add_macro("Mine", "<p>Mine alone.</p>", personal=True)

    assert [macro.title async for macro in account.helpdesk.macros()] == []


@pytest.mark.parametrize(("status", "error"), [(403, ForbiddenError), (404, GoneError)])
async def test_an_account_without_macros_for_us_says_so(account: Account, status: int, error: type[Exception]) -> None:
    """A plan or a role without them is told from a list that breaks off."""
    account.simulator.faults.macros_refused = status

    with pytest.raises(error):
        [macro async for macro in account.helpdesk.macros()]
