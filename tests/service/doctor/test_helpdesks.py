"""Each helpdesk by its own set-up, over HTTP to a simulated account; what it cannot say of itself is added."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from connectors import Account
from connectors.base import RetryableError
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.setup import Check
from connectors.zendesk.simulator import ZendeskSimulator
from service.doctor import helpdesks
from service.groups import FreshdeskSettings, ZendeskSettings
from service.settings import Settings
from service.web.server import serving

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SECRET = SecretStr("a-secret-nobody-knows")


class Told:
    """A Setup that finds something, and remembers what it was given."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.given: list[object] = []

    def __call__(self, name: str, account: Account, http: httpx.AsyncClient) -> Told:
        """Itself, whoever asks."""
        assert not http.is_closed
        self.given += [name, account]
        return self

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        """One finding."""
        self.given += [endpoint, secrets, now]
        if self.away:
            raise RetryableError("no answer to GET https://acme.freshdesk.test")
        return [Check("webhook", "wrong", "There is none.", "Run `deskpilot setup freshdesk`.")]


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """Two simulated accounts."""
    async with httpx.AsyncClient() as http:
        one, two = ZendeskSimulator(http=http), FreshdeskSimulator(http=http)
        async with (
            serving(one.app, host="127.0.0.1", port=0) as zendesk,
            serving(two.app, host="127.0.0.1", port=0) as freshdesk,
        ):
            given = one.oauth_settings
            yield Settings(
                zendesk=ZendeskSettings(
                    url=zendesk,
                    client_id=given["client_id"],
                    client_secret=SecretStr(given["client_secret"]),
                    webhook_secrets=[SECRET],
                ),
                freshdesk=FreshdeskSettings(
                    url=freshdesk, api_key=SecretStr(two.settings["api_key"]), webhook_secrets=[SECRET, SECRET]
                ),
            )


@pytest.mark.parametrize("name", ["zendesk", "freshdesk"])
async def test_an_account_knows_who_we_are(settings: Settings, name: str) -> None:
    """Its set-up looks, and every line says which helpdesk it is about."""
    checks = {check.what: check for check in await helpdesks.look(settings, name, now=NOW)}

    assert checks[f"{name} secrets"].state == "fine"
    assert checks[f"{name} identity"].state == "fine"
    assert "deskpilot" in checks[f"{name} identity"].said
    assert all(what.startswith(f"{name} ") for what in checks)


@pytest.mark.parametrize("name", ["zendesk", "freshdesk"])
async def test_credentials_that_are_refused_are_wrong(settings: Settings, name: str) -> None:
    """Said with what to do, without the key."""
    wrong = {"client_secret": SecretStr("marmot-1"), "api_key": SecretStr("marmot-1")}
    group = getattr(settings, name).model_copy(update=wrong)
    _, identity = await helpdesks.look(settings.model_copy(update={name: group}), name, now=NOW)

    assert (identity.state, bool(identity.remedy)) == ("wrong", True)
    assert "marmot-1" not in identity.said + identity.remedy


@pytest.mark.parametrize("name", ["zendesk", "freshdesk"])
async def test_a_helpdesk_that_does_not_answer_is_wrong(settings: Settings, name: str) -> None:
    """With where to look."""
    group = getattr(settings, name).model_copy(update={"url": "http://127.0.0.1:1"})
    checks = await helpdesks.look(settings.model_copy(update={name: group}), name, now=NOW)

    assert [check.state for check in checks] == ["fine", "wrong"]
    assert checks[1].remedy


async def test_a_set_up_looks_with_our_address_and_secrets(settings: Settings) -> None:
    """What it finds is told under the helpdesk's name."""
    setup = Told()
    given = settings.model_copy(update={"public_url": "https://desk.example"})
    checks = await helpdesks.look(given, "freshdesk", now=NOW, setup_of=setup)

    account = Account(url=settings.freshdesk.url, token=settings.freshdesk.api_key.get_secret_value())
    secrets = (SECRET.get_secret_value(),) * 2
    assert setup.given == ["freshdesk", account, "https://desk.example/webhooks/freshdesk", secrets, NOW]
    assert checks[1] == Check("freshdesk webhook", "wrong", "There is none.", "Run `deskpilot setup freshdesk`.")


async def test_a_set_up_without_an_address_of_ours_is_told_so(settings: Settings) -> None:
    """It cannot say whether a webhook leads here. One that cannot reach its helpdesk is a line."""
    setup = Told(away=True)
    checks = await helpdesks.look(settings, "freshdesk", now=NOW, setup_of=setup)

    assert setup.given[2] == ""
    assert (checks[1].what, checks[1].state) == ("freshdesk answers", "wrong")


@pytest.mark.parametrize("secret", ["short", "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="])
async def test_a_secret_that_anybody_could_know_is_wrong(settings: Settings, secret: str) -> None:
    """`serve` would not start; it is not repeated."""
    group = settings.zendesk.model_copy(update={"webhook_secrets": [SecretStr(secret)]})
    given = settings.model_copy(update={"zendesk": group})
    (check, *_) = await helpdesks.look(given, "zendesk", now=NOW, setup_of=Told())

    assert (check.state, bool(check.remedy)) == ("wrong", True)
    assert secret not in check.said.replace("shorter", "")


async def test_without_a_secret_nothing_would_be_received(settings: Settings) -> None:
    """A look at the past needs none, so the settings alone do not complain."""
    group = settings.zendesk.model_copy(update={"webhook_secrets": []})
    given = settings.model_copy(update={"zendesk": group})
    (check, *_) = await helpdesks.look(given, "zendesk", now=NOW, setup_of=Told())

    assert (check.what, check.state) == ("zendesk secrets", "wrong")
    assert "DESKPILOT_ZENDESK__WEBHOOK_SECRETS" in check.remedy


async def test_a_bad_policy_is_told_once_and_not_of_each_helpdesk(settings: Settings, tmp_path: Path) -> None:
    """The line "policy" has it already."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 2\n")

    assert await helpdesks.look_at_fields(settings.model_copy(update={"policy_file": file}), "zendesk") == []
