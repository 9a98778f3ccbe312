"""The registry: every way to sign in to every helpdesk, tried at its simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx
import pytest

from connectors import WEBHOOKS, Account, connect, setup_of
from connectors.base import Helpdesk, MisconfiguredError
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.zendesk.simulator import ZendeskSimulator

WAYS: Mapping[str, Callable[[ZendeskSimulator], Mapping[str, str]]] = {
    "OAuth client": lambda desk: desk.oauth_settings,
    "OAuth token": lambda desk: desk.token_settings,
    "API token": lambda desk: desk.api_token_settings,
}


async def signed_in(name: str, desk: ZendeskSimulator | FreshdeskSimulator, account: Account) -> Helpdesk:
    """Connect and ask who we are."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app)) as http:
        helpdesk = connect(name, account, http)
        assert (await helpdesk.whoami()).role == "agent"
    return helpdesk


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_into_zendesk_leads_in(way: str) -> None:
    """Client credentials, a ready token, or the API token that ends in April 2027."""
    desk = ZendeskSimulator()
    settings = WAYS[way](desk)
    helpdesk = await signed_in("zendesk", desk, Account(**settings))

    assert (helpdesk.name, helpdesk.account) == ("zendesk", "acme.zendesk.test")
    assert any(request.path == "/oauth/tokens" for request in desk.requests) is (way == "OAuth client")


@pytest.mark.parametrize("way", WAYS)
async def test_wrong_credentials_lead_nowhere_by_any_way(way: str) -> None:
    """Each way really uses what it was given."""
    desk = ZendeskSimulator()
    settings = WAYS[way](desk)
    key = "client_secret" if way == "OAuth client" else "token"

    with pytest.raises(MisconfiguredError):
        await signed_in("zendesk", desk, Account(**{**settings, key: "wrong"}))


async def test_an_api_token_belongs_to_its_mail_address() -> None:
    """The address decides the way, and has to be the right one."""
    desk = ZendeskSimulator()

    with pytest.raises(MisconfiguredError):
        await signed_in("zendesk", desk, Account(**{**desk.api_token_settings, "email": "somebody@else.example"}))


async def test_zendesk_without_credentials_says_what_to_set() -> None:
    """Settings refuse that before; whoever uses the library alone reads it here."""
    async with httpx.AsyncClient() as http:
        with pytest.raises(MisconfiguredError, match="set a client id and secret, or a token"):
            connect("zendesk", Account(url="https://acme.zendesk.test"), http)


async def test_the_key_leads_into_freshdesk() -> None:
    """Its only way."""
    desk = FreshdeskSimulator()
    settings = desk.settings
    helpdesk = await signed_in("freshdesk", desk, Account(url=settings["url"], token=settings["api_key"]))

    assert (helpdesk.name, helpdesk.account) == ("freshdesk", "acme.freshdesk.test")


async def test_a_wrong_key_does_not_lead_into_freshdesk() -> None:
    """It is the key that counts."""
    desk = FreshdeskSimulator()

    with pytest.raises(MisconfiguredError):
        await signed_in("freshdesk", desk, Account(url=desk.settings["url"], token="wrong"))


def test_no_key_stands_in_a_printed_account() -> None:
    """Somebody will log it one day."""
    printed = repr(Account(url="https://acme.zendesk.test", client_secret="hunter2-one", token="hunter2-two"))

    assert "hunter2" not in printed
    assert "acme.zendesk.test" in printed


async def test_every_helpdesk_with_a_client_can_read_its_webhooks() -> None:
    """A new one needs both."""
    async with httpx.AsyncClient() as http:
        for name in WEBHOOKS:
            assert connect(name, Account(url="https://acme.example", token="some"), http).name == name


async def test_a_helpdesk_without_set_up_says_so() -> None:
    """In a sentence, whoever asks."""
    async with httpx.AsyncClient() as http:
        with pytest.raises(MisconfiguredError, match="by hand"):
            setup_of("folder", Account(url="https://acme.example"), http)
