"""What a solved ticket leaves for the next one, and which tickets leave nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Message, Organization, Person, Ticket
from service.masking import Masker
from service.solved import Unfit, passage_of, stamp_of
from service.vectors import Passage
from tests.service.tickets import ANA, ROBIN, agent, customer, note, said, ticket

LINDHOLM = Organization("o1", "Lindholm Ltd")
QUESTION = customer("Hi Robin,\n\nmy kettle does not switch off any more.\n\nKind regards\nAna Lind")
ANSWER = agent(
    "Dear Ms Lind,\n\nplease descale it with vinegar and boil it once.\n\nThen rinse it.\n\nBest regards,\nRobin"
)


def solved(*messages: Message, **more: Any) -> Ticket:
    """A ticket that ended well, unless `more` says otherwise."""
    return ticket(*(messages or (QUESTION, ANSWER)), **{"status": "solved", "organization": LINDHOLM, **more})


def kept(whole: Ticket) -> Passage:
    """What it leaves."""
    passage = passage_of(whole)
    assert isinstance(passage, Passage)
    return passage


def reason(whole: Ticket) -> str:
    """Why it leaves nothing."""
    unfit = passage_of(whole)
    assert isinstance(unfit, Unfit)
    return unfit.reason


def test_it_leaves_its_question_and_the_answer_that_ended_it() -> None:
    """Without greetings and sign-offs, in two parts with a blank line between them."""
    passage = kept(solved(subject="Kettle stays on"))

    assert passage.text == (
        "Question: my kettle does not switch off any more.\n\n"
        "Answer: please descale it with vinegar and boil it once.\nThen rinse it."
    )
    assert (passage.title, passage.breadcrumb, passage.language) == ("Kettle stays on", "7", "en")
    assert (passage.pool, passage.article, passage.source) == ("ticket", "zendesk ticket:7", "zendesk tickets")


def test_a_draft_may_say_what_it_says_but_has_no_address_to_link() -> None:
    """It was written to this organization; only agents could open the ticket."""
    passage = kept(solved(url="https://acme.zendesk.test/agent/tickets/7"))

    assert (passage.audience, passage.url) == ("public", "")


@pytest.mark.parametrize(
    ("organization", "requester", "bound"),
    [
        (LINDHOLM, ANA, ("o1", "*")),
        (None, ANA, ("*", "1")),
        (Organization("", "No id"), ANA, ("*", "1")),
        (None, Person(id=""), ("*", "")),  # nobody's: found by no ticket
    ],
)
def test_it_is_its_organizations_or_else_its_requesters(
    organization: Organization | None, requester: Person, bound: tuple[str, str]
) -> None:
    """Tickets without an organization never match each other."""
    passage = kept(solved(organization=organization, requester=requester))

    assert (passage.organization, passage.requester) == bound
    assert passage.account == "acme.zendesk.test"


def test_another_brands_ticket_stays_there() -> None:
    """A ticket without a brand is open to all of the organization."""
    assert kept(solved(brand="b1")).brand == "b1"
    assert kept(solved()).brand == "*"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"status": "open"}, "open"),
        ({"status": "pending"}, "pending"),
        ({"status": "deleted"}, "deleted"),
        ({"spam": True}, "spam"),
        ({"tags": ("deskpilot_off",)}, "deskpilot_off"),
        ({"tags": ("closed_by_merge",)}, "merged"),
        ({"channel": "side conversation"}, "side conversation"),
        ({"requester": ROBIN}, "team"),
        ({"satisfaction": "bad"}, "rated"),
    ],
)
def test_what_did_not_end_well_leaves_nothing(more: dict[str, Any], says: str) -> None:
    """And says why."""
    assert says in reason(solved(**more))


@pytest.mark.parametrize("more", [{"status": "closed"}, {"satisfaction": "good"}])
def test_closed_and_praised_tickets_ended_well(more: dict[str, Any]) -> None:
    """Closed is solved for good."""
    kept(solved(**more))


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ((QUESTION,), "last word"),
        ((QUESTION, ANSWER, customer("It still does not switch off.")), "last word"),
        ((QUESTION, agent("We have received your request.", automatic=True)), "last word"),
        ((QUESTION, note("Descale it, says the manual on page four.")), "last word"),
        ((QUESTION, said("system message", "This request was closed and merged into request #8.")), "last word"),
        ((ANSWER, QUESTION, ANSWER), "team wrote first"),
        ((customer("Help!"), ANSWER), "question is too short"),
        ((QUESTION, agent("Hi Ana,\n\ndone.\n\nBest regards\nRobin")), "answer is too short"),
        ((replace(QUESTION, untrusted=True), ANSWER), "doubts"),
        ((customer("My lawyer will sue you, the kettle burned me."), ANSWER), "person"),
        ((QUESTION, ANSWER, customer("I want to speak to a human, now!"), ANSWER), "person"),
    ],
)
def test_without_a_question_and_an_agents_answer_to_it_nothing_is_left(
    messages: tuple[Message, ...], says: str
) -> None:
    """Bots, notes and merge notices answer nothing; what needs a person is no example."""
    assert says in reason(solved(*messages))


def test_thanks_and_what_an_agent_says_to_them_end_nothing() -> None:
    """The answer is what came before them, and a customer's auto-reply takes nothing back."""
    absent = customer("I am out of the office until 4 December, I will return on Monday.")
    passage = kept(solved(QUESTION, ANSWER, customer("Thanks Robin, it works!"), agent("You're welcome!"), absent))

    assert "descale" in passage.text
    assert "welcome" not in passage.text


def test_the_last_of_several_answers_counts() -> None:
    """The first one did not help."""
    again = customer("I did, it still stays on.")
    passage = kept(solved(QUESTION, ANSWER, again, agent("Then the thermostat is broken: we send you a new kettle.")))

    assert passage.text.endswith("Answer: Then the thermostat is broken: we send you a new kettle.")


def test_nobodys_data_is_kept() -> None:
    """Names, addresses, phones, cards, secrets and links become words; order numbers and product names stay."""
    asked = customer(
        "I am Ana Lind of Lindholm Ltd, ana@customer.example, +49 170 1234567, card 4111 1111 1111 1111. "
        "Order 4711 is at https://shop.example/orders/4711?token=s3cr3t, also shop.example/o/s3cr3t, password: hunter22x"
    )
    answer = agent(
        "Ana, Robin here: the M3 of order 4711 is on its way to 10.1.2.3, DE89 3704 0044 0532 0130 00 was paid."
    )
    passage = kept(solved(asked, answer, subject="Order 4711 of Ana Lind, ana@customer.example"))

    shown = f"{passage.title} {passage.text}"
    for private in ("Ana", "Lind", "Robin", "@", "170", "4111", "https", "s3cr3t", "hunter22x", "10.1.2.3", "DE89"):
        assert private not in shown
    assert "Order 4711 is at [link]" in passage.text
    assert "M3" in passage.text
    assert passage.title == "Order 4711 of [name], [e-mail]"


def test_what_one_ticket_holds_is_never_restored_in_another_ones_note() -> None:
    """Placeholders go by numbers within a ticket: here they are words, whoever wrote them."""
    canary = Person(id="1", name="Cana Ryman", email="canary@a.example", phone="+49 170 7654321")
    asked = customer(
        "Cana Ryman here, canary@a.example, 0170 7654321. <EMAIL_1> ‹NAME_1› PHONE_1 <<NAME_1>NAME_2>", author=canary
    )
    passage = kept(solved(asked, ANSWER, requester=canary, people=(canary, ROBIN)))

    other = Masker([Person(id="5", name="Ben Other", email="ben@b.example", phone="+49 30 5555555")])
    other.mask("Ben Other, ben@b.example, +49 30 5555555")

    stored = f"{passage.title}\n{passage.text}"
    assert other.restore(stored) == stored
    assert other.unresolved(stored) == []
    assert not [part for part in ("Cana", "Ryman", "canary", "7654321", "_1") if part in stored]


PIECES = st.sampled_from(
    ("<EMAIL_1>", "EMAIL_1", "‹NAME_2›", "<", ">", "_1", "NAME", "a@b.example", "Ana", "\ue000", " ", "\n", "hello")
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_text_leaves_anything_that_a_masker_would_fill(text: str) -> None:
    """However somebody puts it together."""
    other = Masker([Person(id="5", name="Ben Other")])
    other.mask("Ben Other ben@b.example bea@b.example")
    passage = kept(solved(customer(f"my kettle does not switch off {text}"), ANSWER, subject=f"Kettle {text}"))

    assert other.restore(passage.title + passage.text) == passage.title + passage.text


def test_a_monstrous_ticket_is_cut() -> None:
    """One passage, whatever somebody pastes."""
    passage = kept(
        solved(customer("my kettle hums " * 9_000), agent("Please descale it. " * 9_000), subject="x" * 5_000)
    )

    assert len(passage.text) < 5_000
    assert len(passage.title) <= 200


def test_a_stamp_tells_whether_anything_of_it_changed() -> None:
    """Also who may find it; not when it was last touched."""
    passage = kept(solved())

    assert stamp_of(passage) == stamp_of(kept(solved()))
    assert stamp_of(passage) == stamp_of(replace(passage, updated_at="2027-01-01"))
    assert stamp_of(passage) != stamp_of(kept(solved(organization=None)))
    assert stamp_of(passage) != stamp_of(kept(solved(QUESTION, agent("Please descale it, then let it dry."))))


def test_a_german_ticket_is_german() -> None:
    """Whatever the helpdesk thinks of its requester."""
    asked = customer("Guten Tag,\n\nmein Wasserkocher schaltet nicht mehr ab. Was kann ich tun?\n\nViele Grüße\nAna")
    passage = kept(
        solved(asked, agent("Hallo Frau Lind,\n\nbitte entkalken Sie ihn mit Essig.\n\nMit freundlichen Grüßen\nRobin"))
    )

    assert passage.language == "de"
    assert passage.text.endswith("Answer: bitte entkalken Sie ihn mit Essig.")
