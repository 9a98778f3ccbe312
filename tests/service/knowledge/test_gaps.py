"""Questions without an answer, grouped by what they are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.gaps import topics
from service.ledger import Unanswered
from tests.service.knowledge.planted import GIFTS

START = datetime(2026, 11, 1, tzinfo=UTC)


def question(asked: str, number: int, **more: Any) -> Unanswered:
    """A question of so many hours later."""
    given: dict[str, Any] = {"language": "en", "ticket": f"zendesk:{number}", "at": START + timedelta(hours=number)}
    return Unanswered(asked, **{**given, **more})


VOLTAGE = ("Does the kettle work at 110 volts?", "Can I use it with 110 volts in Japan, which voltage does it need?")


def test_questions_about_one_thing_are_one_topic() -> None:
    """The most asked first; the list is what to write next."""
    asked = [
        *(question(text, n) for n, text in enumerate(GIFTS)),
        *(question(text, 9 + n) for n, text in enumerate(VOLTAGE)),
    ]

    gift, voltage = topics(asked)
    assert (gift.count, gift.question in GIFTS) == (4, True)
    assert {"gift", "subscription"} <= set(gift.words)
    assert (voltage.count, voltage.question in VOLTAGE, "volts" in voltage.words) == (2, True, True)
    assert voltage.tickets == ("zendesk:10", "zendesk:9")
    assert voltage.last == START + timedelta(hours=10)


def test_a_topic_counts_tickets_and_not_messages() -> None:
    """One customer who asks three times is one customer."""
    (topic,) = topics([question(GIFTS[0], n, ticket="zendesk:1") for n in range(3)])

    assert (topic.count, topic.tickets) == (1, ("zendesk:1",))


def test_a_question_like_no_other_stands_alone() -> None:
    """It is a gap, too."""
    found = topics([question("engraving on the handle", 1), question("Where is my invoice for tax?", 2)])

    assert [(one.question, one.count, one.words) for one in found] == [
        ("Where is my invoice for tax?", 1, ()),
        ("engraving on the handle", 1, ()),
    ]


def test_the_nearest_article_is_that_of_most_questions() -> None:
    """The one to extend, if one is."""
    near = [("a", "zendesk:1:en"), None, ("a", "zendesk:2:en"), ("a", "zendesk:2:en")]

    (topic,) = topics([question(text, n, nearest=near[n]) for n, text in enumerate(GIFTS)])
    assert topic.nearest == ("a", "zendesk:2:en")


def test_languages_are_grouped_apart_and_told() -> None:
    """Words are all that is compared."""
    found = topics(
        [question(GIFTS[1], 1), question("Teeabo als Geschenk", 2, language="de"), question("x y", 3, language="")]
    )

    assert sorted(one.languages for one in found) == [(), ("de",), ("en",)]


def test_a_word_that_everybody_uses_joins_nothing() -> None:
    """A shop for kettles would have one gap, called kettle."""
    things = ("lid", "handle", "cable", "lamp", "spout", "filter", "gauge", "base", "button", "seal", "paint", "manual")
    verbs = ("loose", "dirty", "hot")
    asked = [
        question(f"kettle {thing} {verb}", n) for n, (thing, verb) in enumerate((t, v) for t in things for v in verbs)
    ]

    assert max(one.count for one in topics(asked)) <= len(things)


def test_no_question_makes_no_topic() -> None:
    """A base that answers everything."""
    assert topics([]) == []


@given(st.lists(st.tuples(st.text(max_size=200), st.sampled_from(["en", "de", "ja", ""])), max_size=12))
def test_any_questions_can_be_grouped(texts: list[tuple[str, str]]) -> None:
    """No ticket is lost or counted twice."""
    found = topics([question(text, n, language=language) for n, (text, language) in enumerate(texts)])

    assert sum(one.count for one in found) == len(texts)
