"""What prevents the start, and what the start makes of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.assembly import assembled, opened_library, refuse_unsafe
from service.groups import FreshdeskSettings, ZendeskSettings
from service.settings import Settings, SettingsProblem

PUBLISHED = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
"""Zendesk signs the test of a webhook with it: https://developer.zendesk.com/documentation/webhooks/verifying/"""

GOOD = "a-secret-nobody-knows"
SHORT = "fifteen-letters"


def settings(*, zendesk: str = GOOD, freshdesk: str = GOOD, **more: object) -> Settings:
    """Both helpdesks on, with these webhook secrets (commas between them)."""
    return Settings.model_validate(
        {
            "zendesk": ZendeskSettings.model_validate(
                {"url": "https://acme.zendesk.test", "token": "tok-1", "webhook_secrets": zendesk}
            ),
            "freshdesk": FreshdeskSettings.model_validate(
                {"url": "https://acme.freshdesk.test", "api_key": "key-1", "webhook_secrets": freshdesk}
            ),
            **more,
        }
    )


def files_in(folder: Path) -> list[Path]:
    """What stands there."""
    return list(folder.iterdir())


def refused(given: Settings) -> list[str]:
    """One sentence per secret that prevents the start."""
    with pytest.raises(SettingsProblem) as raised:
        refuse_unsafe(given)
    return raised.value.problems


def test_good_secrets_are_fine() -> None:
    """Two at once while they change over."""
    refuse_unsafe(settings(zendesk=f"{GOOD},{GOOD}-new"))


def test_the_test_secret_that_zendesk_publishes_prevents_the_start() -> None:
    """Anybody could sign with it; also beside a good one, where nobody would notice."""
    (problem,) = refused(settings(zendesk=f"{GOOD},{PUBLISHED}"))

    assert "Webhook secret 2 of Zendesk is the public test secret" in problem


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_a_short_secret_prevents_the_start(helpdesk: str) -> None:
    """Below sixteen characters it can be guessed."""
    (problem,) = refused(settings(**{helpdesk: SHORT}))

    assert helpdesk.capitalize() in problem
    assert "16" in problem
    refuse_unsafe(settings(**{helpdesk: f"{SHORT}!"}))


def test_every_unsafe_secret_is_one_sentence_and_none_is_repeated_in_it() -> None:
    """All at once, not one after every start; and sentences end up in logs."""
    problems = refused(settings(zendesk=f"{PUBLISHED},{SHORT}", freshdesk=SHORT))

    assert len(problems) == 3
    assert all(problem.endswith(".") and "\n" not in problem for problem in problems)
    assert not any(SHORT in problem or PUBLISHED in problem for problem in problems)


def test_a_helpdesk_that_is_off_may_have_what_it_wants() -> None:
    """What nobody listens to needs no secret."""
    refuse_unsafe(Settings(zendesk=ZendeskSettings(webhook_secrets=[SecretStr(PUBLISHED)])))


async def test_nothing_is_opened_with_an_unsafe_secret(data_dir: Path) -> None:
    """Refused before the database is made, or a port is open."""
    with pytest.raises(SettingsProblem):
        async with assembled(settings(zendesk=PUBLISHED, data_dir=data_dir)):
            pass

    assert files_in(data_dir) == []


async def test_nothing_is_opened_with_a_bad_policy_file(data_dir: Path, tmp_path: Path) -> None:
    """No database is started to say so; each problem is a sentence."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nnmae: x\nlanguages: 3\n")

    with pytest.raises(SettingsProblem) as raised:
        async with assembled(settings(data_dir=data_dir, policy_file=file)):
            pass

    assert raised.value.problems == [
        f"{file}:2: nmae is no key that is known here: did you mean name?",
        f"{file}:3: languages is '3': write a list, whose entries begin with -.",
    ]
    assert files_in(data_dir) == []


async def test_every_helpdesk_that_is_on_gets_a_client_of_its_own_account(data_dir: Path) -> None:
    """By name, as the settings have it."""
    async with opened_library(settings(data_dir=data_dir)) as library:
        accounts = {name: desk.account for name, desk in library.helpdesks.items()}

    assert accounts == {"zendesk": "acme.zendesk.test", "freshdesk": "acme.freshdesk.test"}


async def test_without_a_model_and_embeddings_there_are_none(database_url: str, data_dir: Path) -> None:
    """An empty setting is a choice: quotes, and words alone."""
    async with assembled(Settings(database_url=SecretStr(database_url), data_dir=data_dir)) as service:
        assert (service.tools.llm, service.tools.library.embeddings) == (None, None)
        assert await service.database_answers() == ""
        assert await service.index_answers() == ""


async def test_a_part_that_is_closed_says_so(database_url: str, data_dir: Path) -> None:
    """What the probe shows is a sentence, never an error."""
    async with assembled(Settings(database_url=SecretStr(database_url), data_dir=data_dir)) as service:
        await service.tools.library.vectors.close()
        assert "is not open" in await service.index_answers()
