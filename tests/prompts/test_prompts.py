"""The words given to the model: every template renders, fences what strangers wrote, and stays short."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import jinja2
import pytest

from prompts.catalog import names, render
from service.conversation import Turn
from service.tokens import estimate
from service.vectors import Found, Passage

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PUBLIC = Passage(
    id="1", article="folder:a", source="folder", title="Returns", breadcrumb="Orders › Returns", text="Within 30 days.",
    url="https://help.acme.example/returns", language="en", audience="public",
)  # fmt: skip
INTERNAL = Passage(
    id="2", article="folder:b", source="folder", title="Goodwill", breadcrumb="", text="A voucher is fine.",
    url="https://help.acme.example/goodwill", language="en", audience="internal",
)  # fmt: skip
TURNS = (
    Turn("requester", AT, "My mug broke."),
    Turn("agent", AT, "Sorry!"),
    Turn("requester", AT, "Can I return it?"),
)

VALUES: dict[str, dict[str, Any]] = {
    "analyse": {
        "team_language": "English", "fence": "7f3a", "subject": "Mug", "turns": TURNS, "skipped": 0,
        "categories": {"billing": "Invoices and payments", "fault": ""},
    },
    "draft": {
        "brand": "Acme", "tone": "warm", "guidance": "Never say unfortunately.", "language": "German", "author": "<NAME_1>", "gloss": True,
        "team_language": "English", "fence": "7f3a", "passages": (Found(PUBLIC, 1.0), Found(INTERNAL, 0.5)),
        "subject": "Mug", "turns": TURNS, "skipped": 0, "unread": ("1 screenshot",), "hint": "offer a new one",
    },
}  # fmt: skip


def test_the_houses_guidance_stands_below_our_own_rules_and_only_where_there_is_one() -> None:
    """It asks for words; what may be said, the passages say."""
    given = render("draft", **VALUES["draft"]).system
    bare = render("draft", **{**VALUES["draft"], "guidance": ""}).system
    asked = "as far as the rules here and the passages allow it: Never say unfortunately."

    assert given.index("Use only facts") < given.index(asked)
    assert "asks you besides" not in bare


def test_every_prompt_is_tested() -> None:
    """A new one gets its values here."""
    assert names() == sorted(VALUES)


@pytest.mark.parametrize("name", names())
def test_a_prompt_renders_with_its_version(name: str) -> None:
    """The version is kept with every draft, so that a change of words can be told from a change of model."""
    prompt = render(name, **VALUES[name])

    assert re.fullmatch(rf"{name} \d+", prompt.version)
    assert [message["role"] for message in prompt.messages] == ["system", "user"]
    assert "{{" not in prompt.user + prompt.system
    assert "{%" not in prompt.user + prompt.system


@pytest.mark.parametrize("name", names())
def test_a_missing_value_is_an_error(name: str) -> None:
    """Never an empty place in a prompt."""
    for value in VALUES[name]:
        with pytest.raises(jinja2.UndefinedError):
            render(name, **{key: said for key, said in VALUES[name].items() if key != value})


@pytest.mark.parametrize("name", names())
def test_what_strangers_wrote_stands_between_fences_and_nowhere_else(name: str) -> None:
    """The rules come before and the task after it; the mark is of this call alone."""
    prompt = render(name, **VALUES[name])
    begin, end = prompt.user.index("=== "), prompt.user.index("=== end 7f3a ===")

    assert "7f3a" not in prompt.system
    for said in ("Mug", "My mug broke.", "Can I return it?", *(["Within 30 days."] if name == "draft" else [])):
        assert begin < prompt.user.index(said) < end
        assert said not in prompt.system
    assert prompt.user.rstrip().endswith("JSON object.")


@pytest.mark.parametrize("name", names())
def test_a_prompt_is_short(name: str) -> None:
    """Small local models lose a long one, and every ticket pays for it."""
    assert estimate(render(name, **VALUES[name]).system) < 700


def test_a_model_never_sees_an_address() -> None:
    """It cites by number; what it has not seen it cannot write."""
    prompt = render("draft", **VALUES["draft"])

    assert "http" not in prompt.user
    assert "(1) Returns (Orders › Returns)" in prompt.user
    assert "(2) INTERNAL Goodwill" in prompt.user


def test_a_draft_knows_what_it_cannot_see() -> None:
    """An attachment is named as unreadable, the author by placeholder, the languages of both sides."""
    prompt = render("draft", **VALUES["draft"])

    assert "not readable for you: 1 screenshot" in prompt.user
    assert "greeting to <NAME_1>" in prompt.system
    assert "Write in German" in prompt.system
    assert '"gloss" are for the team: write them in English' in prompt.system


def test_a_hint_of_an_agent_stands_outside_the_fence() -> None:
    """It is an order; the ticket is not."""
    prompt = render("draft", **VALUES["draft"])

    assert prompt.user.index("offer a new one") > prompt.user.index("=== end 7f3a ===")


def test_left_out_messages_are_counted() -> None:
    """The model must not take the thread for whole."""
    prompt = render("analyse", **VALUES["analyse"] | {"skipped": 12})

    assert "[12 messages left out]" in prompt.user


@pytest.mark.parametrize("name", names())
def test_every_line_of_ours_among_data_carries_the_mark(name: str) -> None:
    """What looks like a message or a passage without it was written by a stranger, and the rules say so."""
    prompt = render(name, **VALUES[name])
    inside = prompt.user[: prompt.user.index("=== end 7f3a ===")].splitlines()

    assert [
        line for line in inside if line.startswith(("===", "---", "[Customer", "[Agent")) and "7f3a" not in line
    ] == []
    assert sum(line.startswith("[") and line.endswith("] 7f3a") for line in inside) == len(TURNS)
    assert "without the mark" in prompt.system
