"""Macros of Zendesk: which of them are texts for customers."""

from __future__ import annotations

import pytest

from connectors.base import Article, Audience, RejectedError
from connectors.http import JSON
from connectors.zendesk.macros import to_macros


def macro(*actions: tuple[str, object], restriction: JSON | None = None, title: str = "Refunds::After return") -> JSON:
    """A macro as the list has it."""
    return {
        "id": 35436,
        "title": title,
        "active": True,
        "updated_at": "2026-10-01T08:00:00Z",
        "actions": [{"field": field, "value": value} for field, value in actions],
        "restriction": restriction,
    }


def read(*macros: JSON) -> list[Article]:
    """What is read of a page."""
    return to_macros({"macros": list(macros)}, account="acme.zendesk.test")


HTML = ("comment_value_html", "<p>Hi {{ticket.requester.name}},</p><p>your money comes back.</p>")


def test_a_macro_is_the_comment_it_writes() -> None:
    """With its folders as its place, and no address: a customer cannot open it."""
    (found,) = read(macro(HTML, ("status", "pending")))

    assert (found.title, found.breadcrumb, found.html) == (
        "After return",
        "Refunds",
        "<p>your money comes back.</p>",
    )
    assert (found.source, found.id, found.account, found.pool, found.url, found.audience) == (
        "zendesk macros", "35436", "acme.zendesk.test", "macro", "", "public",
    )  # fmt: skip


@pytest.mark.parametrize("value", ["It comes back.", ["channel:all", "It comes back."], ["It comes back."]])
def test_a_plain_comment_comes_alone_or_with_its_channel(value: object) -> None:
    """Both forms are documented; the channel is no text."""
    assert [found.html for found in read(macro(("comment_value", value)))] == ["<p>It comes back.</p>"]


@pytest.mark.parametrize(
    ("public", "restriction", "audience"),
    [
        (None, None, "public"),
        (True, None, "public"),
        ("true", {}, "public"),
        (False, None, "internal"),
        ("false", None, "internal"),
        (True, {"type": "Group", "id": 7, "ids": [7, 8]}, "internal"),
        (True, {"type": "Something new"}, "internal"),
    ],
)
def test_what_is_for_some_agents_or_no_customer_is_internal(
    public: object, restriction: JSON | None, audience: Audience
) -> None:
    """It may inform the agent; it is never quoted."""
    mode = () if public is None else (("comment_mode_is_public", public),)
    assert [found.audience for found in read(macro(HTML, *mode, restriction=restriction))] == [audience]


def test_somebodys_own_macros_and_those_that_write_nothing_are_left_out() -> None:
    """A macro that only sets a status answers nobody; one whose text is all dynamic content neither."""
    own = macro(HTML, restriction={"type": "User", "id": 9})

    assert read(own, macro(("status", "solved")), macro(("comment_value", "{{dc.text}}")), macro()) == []


def test_a_page_of_another_shape_is_named() -> None:
    """Not a KeyError."""
    with pytest.raises(RejectedError, match="page of macros"):
        to_macros({"macro": []}, account="acme.zendesk.test")
