"""No secret leaves through a log, a traceback, a note, a table, an answer or a command (S10)."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from connectors import Account, connect
from connectors.base import Delivery
from connectors.zendesk.auth import _Grant
from service.control import Control
from service.database import Database
from service.settings import Settings
from tests.security.canaries import bars, canary, run, secret_settings
from tests.security.echoing import forms

ENGINE = create_async_engine("postgresql+psycopg://desk:marmot@db/desk")


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_no_secret_is_in_anything_that_leaves_the_service(database_url: str, data_dir: Path) -> None:
    """Through success, refusals that repeat the key, defects and refused starts. Its cases are of this repository."""
    (bar,) = bars(*await run(database_url, data_dir))

    assert bar.met, bar.what


def test_every_setting_whose_name_says_secret_is_one() -> None:
    """A plain text in their place would be printed with the settings."""
    named = {
        name
        for name in secret_settings()
        if any(
            word in name
            for word in ("KEY", "SECRET", "TOKEN", "PASSWORD", "DATABASE_URL", "OTLP_HEADERS", "REPORT__WEBHOOK")
        )
    }
    assert named == set(secret_settings())
    assert len(named) >= 9


def test_the_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as they are printed nor as they are serialised."""
    for name in secret_settings():
        monkeypatch.setenv(name, canary(name))
    settings = Settings()

    shown = f"{settings!r} {settings!s} {settings.model_dump_json()}"

    assert [name for name in secret_settings() if canary(name) in shown] == []


@pytest.mark.parametrize(
    "holder",
    [
        Account(url="https://acme.zendesk.test", client_secret="marmot", token="marmot"),
        connect("freshdesk", Account(url="https://acme.freshdesk.test", token="marmot"), httpx.AsyncClient()),
        Control(url="http://127.0.0.1:8400", token="marmot"),
        Delivery(headers={"x-webhook-secret": "marmot"}, body=b"{}", path_secret="marmot"),
        Database(engine=ENGINE, transactions=ENGINE, conninfo="postgresql://desk:marmot@db/desk"),
        _Grant(access="marmot", refresh="marmot", until=None),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_what_holds_a_secret_does_not_show_it(holder: object) -> None:
    """A traceback may print any of them."""
    assert "marmot" not in f"{holder!r} {holder!s}"


def test_the_log_knows_every_secret_and_the_password_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """It strikes them out; what is too short to be told from a part of a word stays."""
    for name in secret_settings():
        monkeypatch.setenv(name, canary(name))
    monkeypatch.setenv("DESKPILOT_DATABASE_URL", "postgresql://desk:hunter2@db/desk")
    monkeypatch.setenv("DESKPILOT_ADMIN_TOKEN", "short")
    changed = {canary("DESKPILOT_DATABASE_URL"), canary("DESKPILOT_ADMIN_TOKEN")}

    values = set(Settings().secrets)
    assert {"hunter2", "postgresql://desk:hunter2@db/desk"} <= values
    assert values >= {canary(name) for name in secret_settings()} - changed
    assert "short" not in values


def test_a_secret_is_also_found_as_basic_sends_it() -> None:
    """A header in a log is as good as the key."""
    assert "a2V5Olg" in forms("key")
