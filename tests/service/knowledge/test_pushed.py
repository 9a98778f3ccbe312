"""What a program of the team's own may put in, and what is said where it may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Article
from service.knowledge.pushed import UnfitError, to_article

PLAIN = {"title": "Refunds", "text": "Within five days."}


def read(body: object, *, source: str = "wiki", id_: str = "guide/refunds") -> Article:
    """The article that this JSON is."""
    return to_article(source, id_, json.dumps(body).encode())


def refused(body: object, **where: str) -> dict[str, str]:
    """What is wrong, by key."""
    with pytest.raises(UnfitError) as caught:
        read(body, **where)
    return {one.key: one.problem for one in caught.value.problems}


def test_what_is_left_out_is_safe() -> None:
    """Internal, so that nothing is quoted to a customer because somebody forgot a key."""
    assert read(PLAIN) == Article(
        source="wiki", id="guide/refunds", title="Refunds", html="<p>Within five days.</p>", audience="internal"
    )


def test_every_key_arrives() -> None:
    """As the index needs it."""
    body = {
        "title": " Refunds ",
        "html": "<p>Five days.</p>",
        "url": "https://wiki.example/refunds",
        "language": "pt-BR",
        "audience": "public",
        "brand": "7",
        "organization": "42",
        "breadcrumb": "Shop › Money",
        "updated_at": "2026-11-20T09:30:00",
    }

    assert read(body) == Article(
        source="wiki",
        id="guide/refunds",
        title="Refunds",
        html="<p>Five days.</p>",
        url="https://wiki.example/refunds",
        language="pt",
        audience="public",
        brand="7",
        organization="42",
        breadcrumb="Shop › Money",
        updated_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("texts", "html"),
    [
        ({"text": "a < b\nc\n\n<script>"}, "<p>a &lt; b<br>c</p><p>&lt;script&gt;</p>"),
        ({"markdown": "**Five** days <b>now</b>"}, "<p><strong>Five</strong> days &lt;b&gt;now&lt;/b&gt;</p>\n"),
        ({"html": "<p>as it is</p>"}, "<p>as it is</p>"),
    ],
)
def test_a_text_comes_in_one_of_three_kinds(texts: dict[str, str], html: str) -> None:
    """What looks like HTML in a text that is none is shown, not obeyed."""
    assert read({"title": "t", **texts}).html == html


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"title": None}, "title", "is not a text"),
        ({"title": " "}, "title", "is empty"),
        ({"titel": "x"}, "titel", "is not known here"),
        ({"html": "<p>"}, "html", "exactly one of"),
        ({"text": 5}, "text", "is not a text"),
        ({"text": "a\0b"}, "text", "holds characters that are none"),
        ({"text": "half \ud83d"}, "text", "holds characters that are none"),
        ({"title": "two\nlines"}, "title", "holds characters that are none"),
        ({"audience": "everybody"}, "audience", "write public or internal"),
        ({"audience": ["public"]}, "audience", "is not a text"),
        ({"url": "javascript:alert(1)"}, "url", "write a whole address"),
        ({"url": "//wiki.example/a"}, "url", "write a whole address"),
        ({"url": "https://[broken"}, "url", "write a whole address"),
        ({"url": "https://a.example/ b"}, "url", "write a whole address"),
        ({"language": "german"}, "language", "write a code"),
        ({"organization": ""}, "organization", "is empty"),
        ({"organization": None}, "organization", "is not a text"),
        ({"brand": " "}, "brand", "is empty"),
        ({"updated_at": "yesterday"}, "updated_at", "write a time"),
        ({"breadcrumb": "x" * 2_001}, "breadcrumb", "is longer than 2000"),
    ],
)
def test_what_cannot_be_taken_names_its_key(change: dict[str, Any], key: str, said: str) -> None:
    """An empty organisation above all: a template that lost its value must not open an article to everybody."""
    problems = refused(PLAIN | change)

    assert list(problems) == [key]
    assert said in problems[key]


def test_all_problems_are_told_at_once() -> None:
    """Nobody wants to hear of them one by one."""
    problems = refused({"audience": "x", "colour": "red"}, source="zendesk")

    assert sorted(problems) == ["audience", "colour", "html", "source", "title"]


def test_a_key_that_cannot_be_shown_is_named_as_far_as_it_can() -> None:
    """The answer is UTF-8, whatever came."""
    assert list(refused(PLAIN | {"\ud83d" + "x" * 99: 1})) == ["?" + "x" * 39]


@pytest.mark.parametrize(
    "source", ["zendesk", "freshdesk", "folder", "Wiki", "", "a" * 41, "-x", "zendesk macros", "a:b"]
)
def test_a_source_is_a_slug_of_its_own(source: str) -> None:
    """What we read ourselves would be removed by the next sync, or replaced."""
    assert list(refused(PLAIN, source=source)) == ["source"]


@pytest.mark.parametrize("id_", ["", " ", "a\nb", "x" * 301, "\ud800"])
def test_an_id_can_be_stored_and_shown(id_: str) -> None:
    """Slashes are fine; line breaks are not."""
    assert list(refused(PLAIN, id_=id_)) == ["id"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'"text"', b"1" * 5_000])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(UnfitError, match="is not a JSON object"):
        to_article("wiki", "1", body)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(["title", "html", "text", "markdown", "url", "language", "audience", "updated_at", "brand"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS | st.text(), st.text() | ANY_JSON))
def test_whatever_is_sent_is_an_article_or_a_list_of_problems(body: dict[str, Any]) -> None:
    """Never another exception, and never an article that cannot be stored."""
    try:
        article = read(body)
    except UnfitError as error:
        problems = [(one.key, one.problem) for one in error.problems]
    else:
        problems = []
        repr(article).encode()
        assert not article.url or article.url.lower().startswith(("http://", "https://"))
    json.dumps(problems, ensure_ascii=False).encode()
