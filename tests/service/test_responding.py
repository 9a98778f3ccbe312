"""`deskpilot incident …`, as whoever is woken types it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from service.cli import app

Typed = Callable[..., Result]

PLAN = """
title: Nobody can sign in
match: {words: [login, sign in]}
texts:
  investigating: {en: We know of it and work on it.}
  resolved: {en: All works again.}
expires: 4h
order: [high_value]
"""


@pytest.fixture
def typed(database_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command behind `deskpilot incident`."""
    monkeypatch.setenv("DESKPILOT_DATABASE_URL", database_url)
    monkeypatch.setenv("DESKPILOT_DATA_DIR", str(data_dir))

    def run(*words: str) -> Result:
        return CliRunner(env={"COLUMNS": "120"}).invoke(app, ["incident", *words])

    return run


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An incident, written down."""
    path = tmp_path / "incident.yaml"
    path.write_text(PLAN)
    return str(path)


def said(result: Result) -> str:
    """On either stream, on one line."""
    return " ".join((result.stdout + result.stderr).split())


def test_an_incident_is_started_staged_prolonged_stopped_and_reported(typed: Typed, file: str) -> None:
    """Its whole life, in the words of the terminal."""
    assert said(typed("list")) == "There is no incident, and there was none."
    started = typed("start", "sign-in-down", "--file", file, "--by", "Kim")
    assert (started.exit_code, "sign-in-down runs until 20" in said(started)) == (0, True)
    assert "its tickets get the text of investigating." in said(started)
    assert "is at resolved" in said(typed("stage", "sign-in-down", "resolved"))
    assert "runs until" in said(typed("prolong", "sign-in-down", "--expires", "2d"))
    listed = json.loads(typed("list", "--json").stdout)
    assert [(one["name"], one["state"], one["stage"], one["started_by"]) for one in listed] == [
        ("sign-in-down", "running", "resolved", "Kim")
    ]
    assert re.search("sign-in-down running resolved [0-9]+ s 0", said(typed("list")))
    assert "s and 0 tickets: `deskpilot incident report sign-in-down`." in said(typed("stop", "sign-in-down"))
    assert "Tickets 0" in said(typed("report", "sign-in-down"))
    assert typed("report", "sign-in-down", "--markdown").stdout.startswith("# Incident sign-in-down: Nobody can")
    assert json.loads(typed("report", "sign-in-down", "--json").stdout)["incident"]["state"] == "stopped"


def test_flags_alone_start_one_and_win_over_a_file(typed: Typed, file: str) -> None:
    """A text may hold an equals sign."""
    words = ("--match-words", "pay", "--match-words", "card", "--text", "en=We know: 1+1=3.", "--expires", "30m")
    told = json.loads(typed("start", "payments-down", "--title", "Cards fail", *words, "--json").stdout)
    assert (told["title"], told["match"]) == ("Cards fail", {"words": ["pay", "card"]})
    assert told["texts"] == {"investigating": {"en": "We know: 1+1=3."}}

    told = json.loads(
        typed("start", "other", "--file", file, "--title", "Another", "--stage", "resolved", "--json").stdout
    )
    assert (told["title"], told["stage"], told["order"]) == ("Another", "resolved", ["high_value"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("start", "a", "--title", "A", "--match-words", "a", "--text", "en=We know."), ["✗ expires: is missing"]),
        (("start", "A!"), ["✗ name: is no name", "✗ title: is missing", "✗ match: is", "✗ texts: is", "✗ expires: is"]),
        (("start", "a", "--text", "We know."), ["✗ --text: 'We know.' has no language"]),
        (("stop", "a"), ["✗ name: there is no incident 'a': `deskpilot incident list`"]),
        (("stage", "a", "fixed"), ["✗ stage: 'fixed' is none: they are investigating, identified"]),
        (("prolong", "a", "--expires", "soon"), ["✗ expires: is no duration"]),
        (("rehearse", "missing.yaml"), ["✗", "missing.yaml"]),
        (("report", "a"), ["✗ name: there is no incident 'a'"]),
    ],
)
def test_what_is_wrong_is_a_line_each_with_its_key_and_what_to_do(typed: Typed, words: Any, says: list[str]) -> None:
    """And nothing is started."""
    ended = typed(*words)

    assert ended.exit_code in (1, 2)
    for one in says:
        assert one in ended.stderr
    assert json.loads(typed("list", "--json").stdout) == []


def test_a_rehearsal_says_which_tickets_and_what_it_cannot_tell(typed: Typed, file: str, database_url: str) -> None:
    """Of a file before it is started, and of an incident by its name."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO triages (helpdesk, account, ticket_id, message_id, tier, category, language)"
            " VALUES ('zendesk', 'a', '7', 'm', 1, 'account_access', 'fr'), ('zendesk', 'a', '8', 'm', 1, 'parcel', 'en')"
        )
    told = said(typed("rehearse", file))
    assert "0 of 2 tickets of the last 7 days would have got the text." in told
    assert "2 cannot be told: the match asks for words; --helpdesk reads up to 200 of them again." in told
    assert told.endswith("Nothing was written.")

    given = ("--title", "A", "--match-category", "account_access", "--text", "en=We know.", "--expires", "1h")
    typed("start", "sign-in-down", *given)
    told = said(typed("rehearse", "sign-in-down", "--days", "1"))
    assert "1 of 2 tickets of the last 1 days would have got the text. fr: 1 ✗ no text in it" in told
    assert "zendesk:7" in told
    assert json.loads(typed("rehearse", "sign-in-down", "--json").stdout)["without"] == {"fr": 1}
