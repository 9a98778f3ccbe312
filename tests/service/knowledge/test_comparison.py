"""Articles that say the same twice, and those that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.base import Article
from service.knowledge.chunks import split
from service.knowledge.comparison import disagreements, likeness, near_duplicates
from service.knowledge.inventory import Holding, inventory_of
from tests.service.knowledge.planted import ARTICLES, DESCALING, article

OTHER = (
    "<p>Everything about parcels: who brings them, when they come, what to do when a neighbour took one in for you.</p>"
)


def inventory(articles: Sequence[Article]) -> list[Holding]:
    """As the index would hold them."""
    return inventory_of(passage for one in articles for passage in split(one))


def alike(*articles: Article) -> list[list[str]]:
    """Which of them say the same."""
    return [[one.article for one in group.holdings] for group in near_duplicates(inventory(articles))]


def test_two_articles_with_nearly_one_text_are_found() -> None:
    """However they are called, and in whatever order they come."""
    twins = article("a", "Descaling", DESCALING), article("b", "Limescale", DESCALING.replace("salad", "kitchen"))

    (group,) = near_duplicates(inventory([twins[1], article("c", "Parcels", OTHER), twins[0]]))
    assert [one.title for one in group.holdings] == ["Descaling", "Limescale"]
    assert 0.9 < group.share < 1


def test_an_article_inside_a_longer_one_is_found() -> None:
    """Its reader finds two, its author mends one."""
    assert alike(article("a", "Long", OTHER + DESCALING + OTHER.upper()), article("b", "Short", DESCALING))


@pytest.mark.parametrize(
    "other",
    [
        article("b", "Entkalken", DESCALING, language="de"),
        article("a:en-gb", "Descaling (UK)", DESCALING),
        article("b", "Another", OTHER),
        article("b", "Descaling", DESCALING, account="other.zendesk.test"),
        article("b", "Descaling", DESCALING, brand="2"),
        article("b", "Descaling", DESCALING, organization="9"),
    ],
    ids=["language", "locale", "text", "account", "brand", "organisation"],
)
def test_what_no_search_finds_beside_the_other_is_no_duplicate(other: Article) -> None:
    """Translations say the same on purpose; brands and organisations never see each other's articles."""
    mine = article("a", "Descaling", DESCALING, brand="1", organization="8")

    assert alike(mine, other) == []


def test_a_folder_that_repeats_the_help_centre_is_found() -> None:
    """What is open to every account meets what belongs to one."""
    assert alike(
        article("a", "Descaling", DESCALING), article("b", "Descaling", DESCALING, source="folder", account="*")
    )


def test_short_texts_are_not_compared() -> None:
    """A dozen words look like another dozen by chance."""
    short = "<p>Write to us with the number of your order.</p>"

    assert alike(article("a", "A", short), article("b", "B", short)) == []


def test_many_articles_of_one_template_are_one_group() -> None:
    """A row of each pair would bury all else, and comparing each with each would never end."""
    pages = [article(str(n), f"Page {n:03}", DESCALING.replace("salad", f"salad number {n}")) for n in range(80)]

    (group,) = near_duplicates(inventory(pages))
    assert len(group.holdings) == 80


def test_likeness_is_of_the_shorter_one() -> None:
    """From nothing to all."""
    one, two, three = inventory(
        [article("a", "1", DESCALING), article("b", "2", DESCALING + OTHER), article("c", "3", OTHER)]
    )

    assert likeness(one, two) == 1.0
    assert likeness(one, three) == 0.0
    assert likeness(replace(one), one) == 1.0


def test_contradicting_articles_are_found_once_with_both_sentences() -> None:
    """An admin decides by reading the two."""
    (finding,) = disagreements(inventory(ARTICLES))

    assert {finding.one.title, finding.other.title} == {"Returning an order", "Refunds and returns"}
    assert {finding.said, finding.other_said} == {
        "You can return any unused item within 30 days of delivery.",
        "Unused items can be returned within 14 days of delivery.",
    }


def test_brands_may_promise_different_things() -> None:
    """What one customer never reads beside the other contradicts nothing."""
    first, second = (replace(one, brand=str(n)) for n, one in enumerate(ARTICLES[1:3]))

    assert disagreements(inventory([first, second])) == []


def test_an_article_does_not_contradict_itself_or_its_translation() -> None:
    """A page that says 30 days, and 14 for gift cards, is one answer."""
    one = article(
        "a",
        "Returns",
        "<p>Unused items can be returned within 30 days.</p><p>Unused items are returned within 14 days.</p>",
    )

    assert disagreements(inventory([one, replace(one, id="a:en-gb")])) == []
