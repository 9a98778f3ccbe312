"""Who gets in and where from: each doubt has its sentence, and links are tried as an agent's browser would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import SecretStr

from connectors.setup import Check
from service.doctor import access
from service.groups import FreshdeskSettings, LookupSettings
from service.settings import Settings
from service.web.server import serving
from tests.service.served import served

DESK = FreshdeskSettings(url="https://acme.freshdesk.test", api_key=SecretStr("k"))


async def looked(settings: Settings) -> Mapping[str, Check]:
    """By what they are about."""
    return {check.what: check for check in await access.look(settings)}


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """Somebody else's server."""
    app = FastAPI()
    app.add_api_route("/{path:path}", lambda path: PlainTextResponse(f"no {path}", 502))
    async with serving(app, host="127.0.0.1", port=0) as url:
        yield url


async def test_no_helpdesk_is_wrong() -> None:
    """`serve` would not start."""
    check = (await looked(Settings()))["settings"]

    assert (check.state, check.said) == ("wrong", "No helpdesk is connected.")
    assert "DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL" in check.remedy


async def test_a_helpdesk_is_named() -> None:
    """The settings are read."""
    assert (await looked(Settings(freshdesk=DESK)))["settings"] == Check(
        "settings", "fine", "All settings are read; freshdesk is connected."
    )


@pytest.mark.parametrize(("token", "state"), [("", "doubtful"), ("short-token", "doubtful"), ("x" * 32, "fine")])
async def test_an_admin_token_that_is_missing_or_could_be_guessed_is_doubtful(token: str, state: str) -> None:
    """With a way to make one; it is not repeated."""
    check = (await looked(Settings(admin_token=SecretStr(token))))["admin token"]

    assert check.state == state
    assert ("openssl" in check.remedy) == (state != "fine")
    assert not token or token not in check.said


async def test_no_public_address_is_doubtful() -> None:
    """Notes work without one."""
    check = (await looked(Settings()))["public address"]

    assert check.state == "doubtful"
    assert "DESKPILOT_PUBLIC_URL" in check.remedy


async def test_our_pages_behind_the_public_address_are_recognised(database_url: str, data_dir: Path) -> None:
    """By a link that nobody votes by; without https it stays doubtful."""
    async with served(Settings(database_url=SecretStr(database_url), data_dir=data_dir)) as control:
        check = (await looked(Settings(public_url=control.url)))["public address"]

    assert (check.state, check.said) == ("doubtful", f"{control.url} is of this machine only.")


async def test_somebody_elses_page_behind_the_public_address_is_wrong(elsewhere: str) -> None:
    """A proxy that does not lead to us: neither votes nor webhooks arrive."""
    check = (await looked(Settings(public_url=elsewhere)))["public address"]

    assert (check.state, check.said) == ("wrong", f"{elsewhere} answers (502), but not with our pages.")
    assert "/webhooks/ and /feedback/" in check.remedy


async def test_a_public_address_where_nobody_answers_is_doubtful() -> None:
    """Some networks do not let a machine call itself from outside."""
    check = (await looked(Settings(public_url="http://127.0.0.1:1")))["public address"]

    assert check.state == "doubtful"
    assert "Nobody answers at http://127.0.0.1:1 from here" in check.said


async def test_the_policy_is_named_with_its_version(tmp_path: Path) -> None:
    """The built-in one, or the file's."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nname: Ours\n")

    assert "The built-in one with" in (await looked(Settings()))["policy"].said
    check = (await looked(Settings(policy_file=file)))["policy"]
    assert check.state == "fine"
    assert check.said.startswith(f"{file} (Ours): version ")


async def test_a_policy_file_with_problems_is_wrong(tmp_path: Path) -> None:
    """The first is said, and how many there are."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nnmae: Ours\nlanguages: 3\n")

    check = (await looked(Settings(policy_file=file)))["policy"]

    assert check.state == "wrong"
    assert f"{file}:2: nmae is no key that is known here: did you mean name?" in check.said
    assert check.remedy == "`deskpilot policy check` names each line and how to mend it; there are 1 more."


async def test_a_secret_of_a_look_up_that_is_not_set_is_wrong_as_a_start_would_be_refused(tmp_path: Path) -> None:
    """Not "fine" in the doctor's mouth, and exit code 2 at the next restart."""
    file = tmp_path / "policy.yaml"
    file.write_text(
        "version: 1\nlookups:\n- name: crm\n  url: https://crm.example/{id}\n  fields: {plan: plan}\n"
        '  headers: {Authorization: "Bearer {secret:CRM}"}\n'
    )

    check = (await looked(Settings(policy_file=file)))["policy"]
    assert (check.state, "which is not set" in check.said) == ("wrong", True)

    named = LookupSettings(secrets=SecretStr("CRM=token-of-the-crm"))
    assert (await looked(Settings(policy_file=file, lookup=named)))["policy"].state == "fine"
