"""The policy's look-ups as the doctor tries them, at a server that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.setup import Check
from service.doctor import lookups
from service.groups import LookupSettings
from service.settings import Settings
from tests.service.context.crm import Answer, Crm, crm, drips, hangs, says

SECRET = "marmot-of-this-test"


@pytest.fixture
async def desk() -> AsyncIterator[Crm]:
    """A CRM."""
    async with crm() as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the policy stands."""
    return tmp_path / "policy.yaml"


def of(file: Path, text: str) -> Settings:
    """With this policy."""
    file.write_text(f"version: 1\nlookups: {text}\n")
    return Settings(policy_file=file)


def written(file: Path, url: str, *, path: str = "/people/{email}", more: str = "") -> Settings:
    """With one look-up, whose secret is set, and others behind it."""
    file.write_text(
        f"version: 1\nlookups:\n- name: crm\n  url: {url}{path}\n  fields: {{plan: data.0.plan, seats: seats}}\n"
        f'  headers: {{Authorization: "Bearer {{secret:CRM}}"}}\n{more}'
    )
    return Settings(policy_file=file, lookup=LookupSettings(secrets=SecretStr(f"CRM={SECRET}")))


async def looked(settings: Settings) -> Mapping[str, Check]:
    """By what they are about."""
    return {check.what: check for check in await lookups.look(settings)}


async def test_no_look_up_is_no_line(file: Path) -> None:
    """Nor is one of a policy that must not come into force, which has a line of its own."""
    assert await looked(Settings()) == {}
    assert await looked(of(file, "7")) == {}


async def test_one_that_answers_is_asked_as_for_a_ticket_about_nobody(desk: Crm, file: Path) -> None:
    """With its secret, which is not told; nor is a value."""
    desk.answer = says({"data": [{"plan": "Gold of nobody"}], "seats": 0})

    check = (await looked(written(file, desk.url)))["look-up crm"]

    assert check.state == "fine"
    assert check.said.startswith("It answers in ")
    assert check.said.endswith(" ms, and says plan, seats.")
    assert desk.asked[0].startswith("GET /people/doctor%40example.invalid HTTP/1.1")
    assert SECRET in desk.asked[0]
    assert SECRET not in str(check)
    assert "Gold" not in str(check)


NOBODY: dict[str, Answer] = {
    "404": says({}, status="404 Not Found"),
    "204": says(b"", status="204 No Content"),
    "an empty list": says([]),
    "an empty object": says({}),
    "no hits": says({"data": [], "total": 0}),
}


@pytest.mark.parametrize("kind", NOBODY)
async def test_nobody_of_that_name_is_an_answer(desk: Crm, file: Path, kind: str) -> None:
    """The customer is made up; where to see a real one is said."""
    desk.answer = NOBODY[kind]

    check = (await looked(written(file, desk.url)))["look-up crm"]

    assert (check.state, check.remedy) == ("fine", "")
    assert "has nothing of a made-up customer; `deskpilot policy explain TICKET` shows" in check.said


BAD: dict[str, tuple[Answer, str, str]] = {
    "refused": (
        says({}, status="401 Unauthorized"),
        "It refuses our credentials (401).",
        "Correct DESKPILOT_LOOKUP__SECRETS or the policy.",
    ),
    "elsewhere": (
        says({}, status="302 Found", more="location: http://169.254.169.254/\r\n"),
        "It leads elsewhere (302), which is not followed.",
        "Correct its url in the policy.",
    ),
    "unwilling": (says({}, status="422 No"), "It answers 422.", "It may refuse a made-up customer alone: "),
    "broken": (says({}, status="503 Oh"), "It answers 503.", "See that it runs"),
    "a page": (says(b"<html>Sign in</html>"), "It answers something else than JSON.", "See that it runs"),
    "half of it": (
        says({"seats": 3}),
        "of a made-up customer it says seats, and not plan.",
        "See that the paths of plan in the policy are right",
    ),
}


@pytest.mark.parametrize("bad", BAD)
async def test_what_is_wrong_with_one_is_said_with_its_remedy(desk: Crm, file: Path, bad: str) -> None:
    """Doubtful: notes are written without its facts, and a monitor wakes nobody."""
    desk.answer, said, remedy = BAD[bad]

    check = (await looked(written(file, desk.url)))["look-up crm"]

    assert check.state == "doubtful"
    assert check.said.endswith(said)
    assert check.remedy.startswith(remedy)
    assert SECRET not in str(check)


async def test_one_that_is_away_is_told_beside_one_that_answers(desk: Crm, file: Path) -> None:
    """All are asked, each for itself."""
    desk.answer = says({"plan": "x"})
    more = f"- {{name: billing, url: '{desk.url}/of/{{id}}/in/{{organization}}', fields: {{plan: plan}}}}\n"

    checks = await looked(written(file, "http://127.0.0.1:1", more=more))

    assert checks["look-up crm"].said == "It does not answer (ConnectError)."
    assert checks["look-up billing"].state == "fine"
    assert desk.asked[0].startswith("GET /of/0/in/0 HTTP/1.1")


@pytest.mark.parametrize("answer", [hangs, drips])
async def test_one_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch, desk: Crm, file: Path, answer: Answer
) -> None:
    """Long before the doctor's own patience ends."""
    monkeypatch.setattr(lookups, "_PATIENCE_S", 0.2)
    desk.answer = answer

    check = (await looked(written(file, desk.url)))["look-up crm"]

    assert (check.state, check.said) == ("doubtful", "It gives no answer within 0.2 s.")


async def test_one_that_answers_later_than_a_note_waits_is_told_from_one_that_is_away(desk: Crm, file: Path) -> None:
    """Once late may be the first connection of all, so it is asked again; twice late is late."""
    prompt, waits = says({"data": [{"plan": "x"}], "seats": 1}), [0.6, 0.6, 0.6, 0.0]

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(waits.pop(0))
        await prompt(writer)

    desk.answer = late
    slow = (await looked(written(file, desk.url)))["look-up crm"]
    once = (await looked(written(file, desk.url)))["look-up crm"]

    assert slow.state == "doubtful"
    assert "and a note waits 420 ms at most: its facts stay unknown." in slow.said
    assert slow.remedy.startswith("Make it faster")
    assert once.state == "fine"


async def test_a_ready_mapping_without_its_secret_is_not_asked(file: Path) -> None:
    """Nobody outside hears of it."""
    check = (await looked(of(file, "[{name: hub, kind: hubspot}]")))["look-up hub"]

    assert check.state == "doubtful"
    assert check.said == "It was not asked: DESKPILOT_LOOKUP__SECRETS has no HUBSPOT."
    assert check.remedy.startswith("Correct DESKPILOT_LOOKUP__SECRETS")
