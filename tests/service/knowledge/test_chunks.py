"""Articles cut into passages."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Article, Pool
from service.knowledge.chunks import cut_short, split, stamp
from service.vectors import words
from tests.hostile import PAGE_SIZE, PAGES, Bomb

ARTICLE = Article(
    source="zendesk",
    id="7",
    title="Refunds",
    html="<p>Within five days.</p>",
    url="https://help.acme.test/7",
    language="en",
    audience="public",
    account="acme.zendesk.test",
    brand="b1",
    organization="o1",
    breadcrumb="Orders › Money",
    updated_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def numbered(count: int, word: str = "w") -> str:
    """So many different words."""
    return " ".join(f"{word}{number}" for number in range(count))


def texts(html: str) -> list[str]:
    """Texts of the passages of an article with this body."""
    return [passage.text for passage in split(replace(ARTICLE, html=html))]


def test_a_short_article_is_one_passage_with_its_headings_in_the_text() -> None:
    """Up to 150 words stay whole."""
    html = f"<p>{numbered(70)}</p><h2>Later</h2><p>{numbered(70, 'x')}</p>"

    assert texts(html) == [f"{numbered(70)}\n\n## Later\n\n{numbered(70, 'x')}"]


def test_a_passage_carries_what_fences_and_notes_need() -> None:
    """Everything that the article says of itself."""
    (passage,) = split(ARTICLE)

    assert (passage.article, passage.source, passage.title) == ("zendesk:7", "zendesk", "Refunds")
    assert (passage.account, passage.brand, passage.organization) == ("acme.zendesk.test", "b1", "o1")
    assert (passage.audience, passage.language, passage.url) == ("public", "en", "https://help.acme.test/7")
    assert (passage.breadcrumb, passage.updated_at) == ("Orders › Money", "2026-01-02T03:04:05+00:00")


def test_a_long_article_is_cut_at_its_headings() -> None:
    """Each passage stands under the headings above it, and nothing of a section lies in another's passage."""
    html = (
        f"<p>{numbered(80, 'a')}</p><h2>Cards</h2><p>{numbered(60, 'b')}</p><h3>Gift cards</h3><p>{numbered(60, 'c')}</p>"
        f"<h2>Bank</h2><p>{numbered(60, 'd')}</p>"
    )

    passages = split(replace(ARTICLE, html=html))

    assert [(passage.breadcrumb, passage.text[:2]) for passage in passages] == [
        ("Orders › Money", "a0"),
        ("Orders › Money › Cards", "b0"),
        ("Orders › Money › Cards › Gift cards", "c0"),
        ("Orders › Money › Bank", "d0"),
    ]
    assert [passage.position for passage in passages] == [0, 1, 2, 3]


def test_a_long_text_is_cut_every_120_words_with_25_again() -> None:
    """Nothing is lost between two passages."""
    cut = texts(f"<p>{numbered(500)}</p>")

    assert [words.length(text) for text in cut] == [120] * 5
    for before, after in itertools.pairwise(cut):
        assert before.split()[-25:] == after.split()[:25]
    assert cut[-1].split()[-1] == "w499"


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    """A passage ends between two paragraphs rather than within one."""
    paragraphs = [numbered(80, word) for word in "abcd"]

    cut = texts("".join(f"<p>{text}</p>" for text in paragraphs))

    assert all(any(paragraph in text for text in cut) for paragraph in paragraphs)
    assert all(words.length(text) <= 120 for text in cut)


def test_a_list_and_a_table_are_kept_together() -> None:
    """Steps and rows lose their sense apart; a list of any length is cut between its items."""
    steps = "<ol>" + "".join(f"<li>Step{n} {numbered(10, 's')}</li>" for n in range(10)) + "</ol>"
    rows = "<table>" + "".join(f"<tr><td>Row{n}</td><td>{numbered(5, 'r')}</td></tr>" for n in range(10)) + "</table>"

    cut = texts(f"<p>{numbered(150)}</p>{steps}<p>{numbered(150, 'x')}</p>{rows}")

    assert any("Step0" in text and "Step9" in text for text in cut)
    assert any("Row0 |" in text and "Row9 |" in text for text in cut)
    long = texts("<ul>" + "".join(f"<li>item{n} {numbered(19, 'i')}</li>" for n in range(40)) + "</ul>")
    assert all(text.split("\n")[-1].endswith("i18") for text in long)


@pytest.mark.parametrize(
    "html",
    ["", "   ", "<p></p>", "<script>steal()</script>", "<h1>Only</h1><h2>headings</h2>", "<p style='display:none'>x</p>",
     "\x00\x01\x02", "<img src=x alt=y>"],
)  # fmt: skip
def test_an_article_that_says_nothing_has_no_passages(html: str) -> None:
    """Nothing to find, nothing to cite."""
    assert split(replace(ARTICLE, html=html)) == []


def test_what_no_reader_sees_is_left_out() -> None:
    """Scripts, styles and hidden text could hold orders for the model."""
    html = (
        "<p>Seen.</p><script>bad1()</script><style>.h{display:none}</style><p class=h>bad2</p><!-- bad3 -->"
        "<div style='display:none'><h2>bad4</h2><p>bad5</p></div><p hidden>bad6</p><template>bad7</template>ba\u200bd"
    )

    assert texts(html) == ["Seen.\n\nbad"]


def test_broken_html_is_read_as_far_as_it_goes() -> None:
    """No closing tags, wrong nesting, half a character."""
    assert texts("<div><p>one<p>two <b>bold</div></i> three\ud800") == ["one\n\ntwo bold\n\nthree?"]


def test_an_article_without_title_takes_its_first_heading() -> None:
    """A passage should be called something."""
    assert split(replace(ARTICLE, title=" ", html="<h2>Money back</h2><p>soon</p>"))[0].title == "Money back"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You can ask for a refund of your order in the settings.", "en"),
        ("Sie können die Erstattung in den Einstellungen beantragen, wenn das Paket nicht ankommt.", "de"),
        ("Vous pouvez demander le remboursement de votre commande dans les paramètres.", "fr"),
        ("U kunt de terugbetaling van uw bestelling aanvragen in de instellingen.", "nl"),
        ("E-504", ""),
    ],
)
def test_a_language_that_nobody_states_is_guessed_from_stop_words(text: str, language: str) -> None:
    """A folder rarely says; too little text stays unknown."""
    assert split(replace(ARTICLE, language="", html=f"<p>{text}</p>"))[0].language == language


def test_ids_are_stable_and_differ_by_place() -> None:
    """The same article always has the same ids; another account's twin has others."""
    html = f"<p>{numbered(500)}</p>"
    first, again = split(replace(ARTICLE, html=html)), split(replace(ARTICLE, html=html))
    other = split(replace(ARTICLE, html=html, account="other.zendesk.test"))

    assert [passage.id for passage in first] == [passage.id for passage in again]
    assert len({passage.id for passage in first + other}) == 2 * len(first)


@pytest.mark.parametrize(
    "change", [{"audience": "internal"}, {"brand": "7"}, {"organization": "42"}, {"url": "https://b"}]
)
def test_who_may_read_it_where_is_a_stamp_of_its_own(change: dict[str, str]) -> None:
    """What is embedded is in the first half, so a change of the second costs nothing."""
    other = replace(ARTICLE, **change)  # type: ignore[arg-type]
    text, _, label = stamp(ARTICLE).partition(".")

    assert stamp(other).startswith(f"{text}.")
    assert not stamp(other).endswith(label)
    assert stamp(replace(other, title="Another")).partition(".")[0] != text


def test_a_stamp_changes_with_the_article_and_not_with_the_time() -> None:
    """Touching an article costs nothing; moving, opening or rewriting it does."""
    assert stamp(ARTICLE) == stamp(replace(ARTICLE, updated_at=None))
    changes = {"title": "x", "html": "x", "url": "x", "language": "x", "audience": "internal", "breadcrumb": "x"}
    assert len({stamp(ARTICLE)} | {stamp(replace(ARTICLE, **{n: v})) for n, v in changes.items()}) == 7  # type: ignore[arg-type]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", [*PAGES.values(), Bomb("字")], ids=[*PAGES, "no spaces"])
def test_five_megabytes_are_bounded(bomb: Bomb) -> None:
    """Few enough passages, short enough each, read before pytest's time-out; and the report can tell that the end is missing."""
    article = replace(ARTICLE, html=bomb.body("", PAGE_SIZE))

    passages = split(article)

    assert len(passages) <= 500
    assert max((len(passage.text) for passage in passages), default=0) <= 6_600
    assert cut_short(article, passages)
    assert not cut_short(ARTICLE, split(ARTICLE))


@pytest.mark.parametrize("place", ["title", "breadcrumb", "heading"])
def test_what_every_passage_repeats_is_short(place: str) -> None:
    """A megabyte of heading above five hundred passages would be half a gigabyte in the index."""
    long, body = "word " * 80_000, f"<p>{'text ' * 100_000}</p>"
    article = replace(ARTICLE, html=body, **{} if place == "heading" else {place: long})  # type: ignore[arg-type]
    if place == "heading":
        article = replace(article, html=f"<h2>{long}</h2>{body}")

    passages = split(article)

    assert len(passages) == 500
    assert max(len(passage.title) + len(passage.breadcrumb) for passage in passages) < 700
    assert passages[0].text.startswith("word word" if place == "heading" else "text text")


def test_every_passage_carries_the_links_of_its_article() -> None:
    """Web addresses only, each once: a draft may give one to the customer, whichever part of the article it cites."""
    html = (
        f'<p>{numbered(190)} <a href="https://status.acme.test/now">status</a></p><h2>Later</h2>'
        f'<p>{numbered(190, "x")} <a href="/relative">a</a> <a href="mailto:a@b.test">b</a> <a href="https://status.acme.test/now">c</a></p>'
    )

    passages = split(replace(ARTICLE, html=html))
    assert len(passages) > 1
    assert {passage.links for passage in passages} == {("https://status.acme.test/now",)}


@pytest.mark.parametrize("pool", ["macro", "ticket"])
def test_only_articles_have_links(pool: Pool) -> None:
    """What was said to one customer leads where only that customer may go."""
    html = '<p>See <a href="https://acme.test/orders/7">your order</a>.</p>'

    assert [passage.links for passage in split(replace(ARTICLE, html=html, pool=pool))] == [()]
