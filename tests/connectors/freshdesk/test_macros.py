"""Canned responses of Freshdesk: what a response says of itself, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Audience, RejectedError
from connectors.freshdesk.macros import to_macro

BODY: dict[str, Any] = {
    "id": 82_000_005_490,
    "title": "After return",
    "folder_id": 3,
    "content": "Hi {{ticket.requester.name}}, It comes back.",
    "content_html": '<div dir="ltr">Hi {{ticket.requester.name}},<br><br>It comes back.<br><br>{{ticket.agent.name}}</div>',
    "updated_at": "2026-10-01T08:00:00Z",
}


def test_a_canned_response_is_its_text_in_its_folder() -> None:
    """Without placeholders and without an address."""
    found = to_macro(BODY, account="acme.freshdesk.test", breadcrumb="Refunds")

    assert (found.title, found.breadcrumb, found.html, found.url) == (
        "After return",
        "Refunds",
        "<p>It comes back.</p>",
        "",
    )
    assert (found.source, found.pool, found.audience) == ("freshdesk macros", "macro", "public")


def test_plain_text_does_where_there_is_no_html() -> None:
    """Older responses have none."""
    found = to_macro({"id": 1, "content": "It comes back."}, account="a", breadcrumb="")

    assert found.html == "<p>It comes back.</p>"


@pytest.mark.parametrize(
    ("said", "audience"),
    [
        ({}, "public"),
        ({"visibility": 0, "group_ids": []}, "public"),
        ({"visibility": 2, "group_ids": [7]}, "internal"),
        ({"group_ids": [7]}, "internal"),
    ],
)
def test_one_for_some_groups_is_internal_where_the_answer_says_so(said: dict[str, object], audience: Audience) -> None:
    """Recorded answers do not say."""
    assert to_macro(BODY | said, account="a", breadcrumb="").audience == audience


def test_another_shape_is_named() -> None:
    """Not a KeyError."""
    with pytest.raises(RejectedError, match="canned response"):
        to_macro({"title": "x"}, account="a", breadcrumb="")
