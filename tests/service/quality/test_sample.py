"""What a reviewer reads: all that was said, and nothing on who or what wrote the answer."""

from __future__ import annotations

from datetime import date

from service.quality.sample import Said, read, text_of
from tests.service.tickets import agent, customer, note, ticket

WEEK = date(2026, 11, 16)


def test_a_sample_is_the_question_the_answer_and_what_was_before() -> None:
    """Masked: names of customer and agent, addresses, links that may let somebody in."""
    of = ticket(
        customer("Hi, I am Ana Lind. Where is my kettle?"),
        agent("Hello Ana, it is on its way.\n\nBest, Robin Vale"),
        customer("It has not come. Write to ana@customer.example, please."),
        note("our draft stands here"),
        agent("Dear Ana,\n\ntrack it at https://track.example/x?token=abc today.\n\nRobin"),
    )
    told = text_of(of, "m3")
    sample = read(7, WEEK, told, ["Kim"])

    assert (sample.turn, sample.waited_s, sample.language, sample.reviewers) == (2, 120, "en", frozenset({"Kim"}))
    assert sample.before[0] == Said(by_customer=True, text="Hi, I am [name]. Where is my kettle?")
    assert not sample.before[1].by_customer
    everything = str(told)
    for word in ("Ana", "Lind", "Robin", "Vale", "customer.example", "token=abc", "draft"):
        assert word not in everything, word
    assert "track it at [link] today" in sample.answer


def test_what_is_gone_or_was_never_answered_is_no_sample() -> None:
    """An agent may have merged or cut it since."""
    of = ticket(customer("Where is my kettle?"), agent("On its way."), customer("And my cup?"))
    assert text_of(of, "m1")
    assert text_of(of, "m3") == {}
    assert text_of(of, "elsewhere") == {}


def test_a_number_at_the_edge_is_masked_whole() -> None:
    """Half of one is recognised by no mask."""
    filler = "word " * 596
    told = text_of(ticket(customer(f"{filler}my IBAN DE89 3704 0044 0532 0130 00 thanks"), agent("It comes.")), "m1")
    assert "3704" not in told["asked"]


def test_long_letters_are_cut() -> None:
    """Nobody reads fifty pages to judge one answer."""
    of = ticket(customer("Where is it? " * 2_000), agent("It comes. " * 2_000))
    told = text_of(of, "m1")
    assert max(len(told["asked"]), len(told["answer"])) <= 3_000
