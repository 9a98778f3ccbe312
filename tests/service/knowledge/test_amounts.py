"""What articles state in numbers, and when two statements contradict each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.amounts import Statement, contradict, statements
from service.vectors import Passage


def passage(text: str, *, title: str = "Returns", language: str = "en", breadcrumb: str = "") -> Passage:
    """A passage that says this."""
    return Passage(
        id="1",
        article="folder:a.md",
        source="folder",
        title=title,
        breadcrumb=breadcrumb,
        text=text,
        url="",
        language=language,
        audience="public",
    )


def statement(text: str, title: str, language: str = "en", breadcrumb: str = "") -> Statement:
    """The one statement of a sentence."""
    (one,) = statements(passage(text, title=title, language=language, breadcrumb=breadcrumb))
    return one


@pytest.mark.parametrize(
    ("text", "language", "stated"),
    [
        ("You can return any unused item within 30 days of delivery.", "en", ("time", "most", 30, 30)),
        ("The refund reaches your bank account in three to five working days.", "en", ("working days", "", 3, 5)),
        ("Standard delivery of an order costs £4.90 in our country.", "en", ("GBP", "", 4.9, 4.9)),
        ("Standard delivery of an order costs 1,200 dollars there.", "en", ("USD", "", 1200, 1200)),
        ("Uploaded attachments of a ticket hold up to 2 GB of pictures.", "en", ("bytes", "most", 2048, 2048)),
        ("Ungenutzte Artikel können innerhalb von zwei Wochen zurückgesendet werden.", "de", ("time", "most", 14, 14)),
        ("Les articles non utilisés sont repris dans les 14 jours après livraison.", "fr", ("time", "most", 14, 14)),
        ("Los artículos sin usar se devuelven en un plazo de 14 días naturales.", "es", ("time", "most", 14, 14)),
        ("Your account is deleted after at least 12 months without any order.", "en", ("time", "least", 360, 360)),
    ],
)
def test_a_sentence_with_one_amount_is_a_statement(text: str, language: str, stated: tuple[object, ...]) -> None:
    """In the kind's smallest unit, so that two weeks are fourteen days; with the way it is bounded."""
    one = statement(text, "Returns", language)

    assert (one.kind, one.bound, one.lowest, one.highest) == stated
    assert one.said == text


@pytest.mark.parametrize(
    "text",
    [
        "Returns take 30 days.",  # of what, nobody knows
        "A return takes 5 days by standard post and 2 days by express courier.",
        "Call us about your order with the number 204 of the article.",
        "It costs £12.50 or 15 € depending on the country of delivery.",
        "",
    ],
)
def test_what_could_mean_many_things_states_nothing(text: str) -> None:
    """A report that cries wolf is read once."""
    assert statements(passage(text)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ("You can return any unused item within 30 days of delivery.", "Returning an order"),
            ("Unused items can be returned within 14 days of delivery.", "How refunds work"),
        ),
        (
            ("We refund the order within five working days.", "Returns"),
            ("The order is refunded within 10 working days.", "Refunds and money back"),
        ),
        (
            ("Standard delivery costs £4.90 for each order.", "Delivery"),
            ("Standard delivery costs £5.90 for each order.", "Delivery costs"),
        ),
        (
            ("Sie können ungenutzte Artikel innerhalb von 30 Tagen zurücksenden.", "Rückgabe", "de"),
            ("Ungenutzte Artikel können Sie innerhalb von 14 Tagen zurücksenden.", "Rückgabe und Erstattung", "de"),
        ),
        (
            ("Vous pouvez retourner un article non utilisé dans les 30 jours.", "Retours", "fr"),
            ("Un article non utilisé peut être retourné dans les 14 jours.", "Retours et remboursements", "fr"),
        ),
    ],
)
def test_different_amounts_of_one_thing_contradict_each_other(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """In any wording that says the same."""
    assert contradict(statement(*one), statement(*other))
    assert contradict(statement(*other), statement(*one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (  # the same length of time
            ("Standard delivery takes 30 days for large orders.", "Delivery"),
            ("Standard delivery takes one month for large orders.", "Delivery times"),
        ),
        (  # a range that holds the other
            ("The order is refunded within 3 to 10 working days.", "Refunds"),
            ("We refund the order within five working days.", "Refunds and returns"),
        ),
        (  # another action
            ("You can cancel the subscription up to 3 days before the next box.", "Your subscription"),
            ("You can pause the subscription up to 7 days before the next box.", "Your subscription"),
        ),
        (  # another product
            ("The kettle holds 1.7 litres of water.", "Kettle One"),
            ("The kettle holds 0.8 litres of water.", "Kettle Mini"),
        ),
        (  # another country
            ("Standard delivery takes 3 days for all orders.", "Delivery to Spain"),
            ("Standard delivery takes 8 days for all orders.", "Delivery to Norway"),
        ),
        (  # another plan: the section says which
            ("The reset link of your account expires after 24 hours.", "Passwords", "en", "Plans › Plan Team"),
            ("The reset link of your account expires after 2 hours.", "Passwords", "en", "Plans › Plan Business"),
        ),
        (  # another topic
            ("You can return any unused item within 30 days.", "Returns"),
            ("The lamp of the kettle blinks within 2 hours.", "Faults"),
        ),
    ],
)
def test_what_differs_for_a_reason_does_not(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Few findings, and those are right."""
    assert not contradict(statement(*one), statement(*other))


@given(st.text(max_size=2_000), st.sampled_from(["en", "de", "ja", "", "xx"]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    """Articles hold whatever their authors paste."""
    for one in statements(passage(f"{text} within 30 days of delivery of the order", language=language)):
        assert one.lowest <= one.highest
