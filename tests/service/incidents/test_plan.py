"""What is refused before it can reach a customer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.incidents.plan import IncidentError, read_file, read_plan
from service.policy.document import Policy

POLICY = Policy.model_validate(
    {
        "version": 1,
        "languages": ["en", "de"],
        "categories": {"sign_in": {}},
        "segments": {"vip": {"when": {"tag": "vip"}}},
    }
)
GIVEN: dict[str, Any] = {
    "name": "sign-in-down",
    "title": "Nobody can sign in",
    "match": {"category": "sign_in"},
    "texts": {
        "investigating": {"en": "We know of it.", "de": "Wir wissen davon."},
        "resolved": {"en": "All works again.", "de": "Alles geht wieder."},
    },
    "expires": "4h",
    "order": "vip",
}


def problems(**changed: Any) -> dict[str, str]:
    """What is said of a plan with these keys changed; None: without the key."""
    given = {key: value for key, value in {**GIVEN, **changed}.items() if value is not None}
    with pytest.raises(IncidentError) as caught:
        read_plan(given, policy=POLICY)
    return caught.value.problems


def test_a_plan_begins_with_its_first_stage() -> None:
    """As it is written, or in the order in which incidents go."""
    plan = read_plan(GIVEN, policy=POLICY)

    assert (plan.begins, plan.expires, plan.order) == ("investigating", timedelta(hours=4), ("vip",))
    assert read_plan({**GIVEN, "stage": "resolved"}, policy=POLICY).begins == "resolved"


def test_an_incident_without_expiry_is_refused_and_told_what_to_write() -> None:
    """What nobody ends would answer tickets for ever."""
    said = problems(expires=None)

    assert list(said) == ["expires"]
    assert "up to 7d, as in 4h" in said["expires"]


@pytest.mark.parametrize(
    ("changed", "key", "says"),
    [
        ({"expires": "8d"}, "expires", "7d at most"),
        ({"expires": "0s"}, "expires", "over at once"),
        ({"expires": "soon"}, "expires", "as in 30m or 2h"),
        ({"match": {}}, "match", "every ticket"),
        ({"match": {"none_of": [{"words": "refund"}]}}, "match", "every ticket"),
        ({"match": {"any_of": [{"words": "refund"}, {}]}}, "match", "every ticket"),
        ({"match": {"words": ["login", " "]}}, "match.words", "empty entry"),
        ({"match": {"category": "sing_in"}}, "match.category", "it has sign_in"),
        ({"match": {"category": "sign_in", "wrods": "a"}}, "match.wrods", "not known"),
        ({"order": ["vip", "gold"]}, "order", "it has vip"),
        ({"stage": "identified"}, "stage", "begin with investigating, resolved"),
        ({"texts": {}}, "texts", "one stage at least"),
        ({"texts": {"fixed": {"en": "a", "de": "b"}}}, "texts.fixed", "investigating, identified, monitoring, resolved"),
        ({"texts": {"resolved": {"en": "Done."}}}, "texts.resolved", "no text in de"),
        ({"texts": {"resolved": {"en": "Done.", "de": " "}}}, "texts.resolved", "no text in de"),
        ({"texts": {"resolved": {"en": "Done.", "de": "x" * 4001}}}, "texts.resolved.de", "4000 characters"),
        ({"texts": {"resolved": {"en": "See status.example.com.", "de": "Ja."}}}, "texts.resolved.en", "address"),
        ({"texts": {"resolved": {"en": "[Here](https://a.example)", "de": "Ja."}}}, "texts.resolved.en", "address"),
        ({"texts": {"resolved": {"en": "Hi {name}, done.", "de": "Ja."}}}, "texts.resolved.en", "placeholder ({name})"),
        ({"texts": {"resolved": {"en": "Until <time>.", "de": "Ja."}}}, "texts.resolved.en", "placeholder (<time>)"),
        ({"texts": {"resolved": {"en": "By [time].", "de": "Ja."}}}, "texts.resolved.en", "placeholder ([time])"),
        ({"name": "Sign in!"}, "name", "as in payments-down"),
        ({"title": None}, "title", "what is broken"),
        ({"severity": 1}, "severity", "no key of an incident"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_key_and_what_to_do(changed: dict[str, Any], key: str, says: str) -> None:
    """One thing is wrong, and one is named."""
    said = problems(**changed)

    assert list(said) == [key]
    assert says in said[key]


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody who was woken starts it five times."""
    said = problems(match={}, expires="30d", texts={"resolved": {"en": "Hi {name}"}})

    assert list(said) == ["match", "expires", "texts.resolved", "texts.resolved.en"]


def test_ordinary_words_are_no_address_and_no_placeholder() -> None:
    """Abbreviations, times, sums, two sentences without a space."""
    text = "Since 9.15 a.m. (e.g. on phones) 20 % fail.We work on it: 3 < 4, and it costs $5."

    assert read_plan({**GIVEN, "texts": {"resolved": {"en": text, "de": "z.B. um 10.30 Uhr"}}}, policy=POLICY)


def test_a_file_that_is_no_incident_is_told(tmp_path: Path) -> None:
    """With its path and what to do."""
    file = tmp_path / "incident.yaml"
    for written, says in (("a: [", "no YAML"), ("- a", "holds no incident")):
        file.write_text(written)
        with pytest.raises(IncidentError, match=says) as caught:
            read_file(file)
        assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_told_without_an_errno(tmp_path: Path) -> None:
    """It is night, and a path is mistyped."""
    file = tmp_path / "incident.yaml"

    with pytest.raises(IncidentError) as caught:
        read_file(file)

    assert str(caught.value) == f"{file} cannot be read (No such file or directory): correct its path or its rights"
