"""The command around any vendor: what is asked, where a secret goes, and how the first delivery is seen to arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

import connectors
from connectors.base import Event, RetryableError
from connectors.setup import Call, Check, Connected, Send
from service import connecting, logs, wizard
from service.arrivals import first_arrival
from service.cli import app
from service.database import Database
from service.inbox import Inbox
from service.settings import Settings

ENDPOINT = "https://deskpilot.example/webhooks/freshdesk"
NO_TEST = Check("test delivery", "doubtful", "Freshdesk has no test call.", "Write a test ticket.")
FLAGS = (
    "--url",
    "https://you.freshdesk.com",
    "--api-key",
    "a-key-of-an-agent",
    "--public-url",
    "https://deskpilot.example",
)


@dataclass
class Vendor:
    """A helpdesk without a test call, whose rules the API makes, or only a person."""

    by_hand: bool = False
    known: str = ""  # the secret of rules that stand
    checks: Sequence[Check] = (Check("identity", "fine", "We are deskpilot."),)
    answers: list[Check | RetryableError] = field(default_factory=lambda: [NO_TEST])
    given: list[str] = field(default_factory=list)  # secrets, of each run
    name: str = "freshdesk"

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        assert endpoint == ENDPOINT
        assert now.tzinfo
        del secrets
        return self.checks

    async def connect(self, endpoint: str, *, send: Send, secret: str = "") -> Connected:
        self.given.append(secret)
        secret = secret or self.known
        if self.by_hand:
            return Connected(secret, clicks=("Open Automations.", f"Paste {secret} as password."))
        await send(
            Call("POST", "/api/v2/automations/4/rules", "customer replied", {"url": endpoint, "password": secret})
        )
        return Connected(secret, made=('rule "customer replied"',))

    async def disconnect(self, endpoint: str, *, send: Send) -> Sequence[str]:
        del endpoint, send
        return ()

    async def deliver(self, endpoint: str) -> Check:
        del endpoint
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, RetryableError):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def no_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs in this process, whose log must not end in the command's standard error."""
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """It stands where the registry has Freshdesk, and its account takes every call."""
    there = Vendor()

    async def taken(call: Call) -> Mapping[str, Any]:
        return dict(call.body or {})

    monkeypatch.setitem(connectors._SETUPS, "freshdesk", lambda *_: there)
    monkeypatch.setattr(connecting, "sender_of", lambda *_: taken)
    monkeypatch.setattr(connecting, "_EVERY_S", 0.01)
    return there


def setup(*more: str, text: str = "") -> Result:
    """`deskpilot setup freshdesk`."""
    return CliRunner().invoke(app, ["setup", "freshdesk", *more], input=text)


def test_a_strong_secret_is_made_where_there_is_none(vendor: Vendor) -> None:
    """And is shown once, with the clicks or without."""
    ended = setup(*FLAGS, "--yes", "--wait", "0")

    assert (ended.exit_code, vendor.given[0]) == (0, "")
    assert len(vendor.given[1]) >= 40
    assert f"DESKPILOT_FRESHDESK__WEBHOOK_SECRETS={vendor.given[1]}" in ended.stdout
    assert ended.stdout.count(vendor.given[1]) == 1


def test_a_secret_that_is_in_use_is_kept(vendor: Vendor, tmp_path: Path) -> None:
    """A second run makes no new one: that of the file, or what the vendor's own rules carry."""
    (tmp_path / "my.env").write_text("DESKPILOT_FRESHDESK__WEBHOOK_SECRETS=a-secret-of-the-file,older-secret-of-it\n")
    setup(*FLAGS, "--yes", "--wait", "0", "--env-file", "my.env")
    vendor.known = "the-secret-of-the-rules"
    setup(*FLAGS, "--yes", "--wait", "0")

    assert vendor.given == ["a-secret-of-the-file", "a-secret-of-the-file", "", "the-secret-of-the-rules"]


def test_a_secret_is_in_no_call_that_is_shown(vendor: Vendor) -> None:
    """Terminals are recorded."""
    ended = setup(*FLAGS, "--dry-run", "--secret", "a-secret-by-flag")

    assert '"password": "***"' in ended.stdout
    assert "a-secret-by-flag" not in ended.output
    assert vendor.given == ["a-secret-by-flag"]


def test_clicks_are_numbered_and_have_what_is_to_be_pasted(vendor: Vendor) -> None:
    """All that no call can do."""
    vendor.by_hand = True
    ended = setup(*FLAGS, "--yes", "--wait", "0", "--secret", "a-secret-by-flag")

    assert "1. Open Automations.\n2. Paste a-secret-by-flag as password." in ended.stdout


def test_settings_that_the_service_lacks_are_written_with_the_secret(vendor: Vendor, tmp_path: Path) -> None:
    """So that it starts; a secret stands beside the one that was there."""
    (tmp_path / ".env").write_text("DESKPILOT_FRESHDESK__WEBHOOK_SECRETS=an-old-secret-of-ours\n")
    setup(*FLAGS, "--yes", "--wait", "0", "--env-file", ".env", "--secret", "a-secret-by-flag")

    assert (tmp_path / ".env").read_text() == (
        "DESKPILOT_FRESHDESK__WEBHOOK_SECRETS=a-secret-by-flag,an-old-secret-of-ours\n"
        "DESKPILOT_FRESHDESK__URL=https://you.freshdesk.com\n"
        "DESKPILOT_FRESHDESK__API_KEY=a-key-of-an-agent\n"
        "DESKPILOT_PUBLIC_URL=https://deskpilot.example\n"
    )
    assert len(vendor.given) == 2


def test_what_the_service_has_is_not_replaced(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator's key, given for set-up alone, does not become the service's."""
    for name, value in (("URL", "https://you.freshdesk.com"), ("API_KEY", "the-key-of-the-service")):
        monkeypatch.setenv(f"DESKPILOT_FRESHDESK__{name}", value)
    result = setup(*FLAGS, "--yes", "--wait", "0", "--env-file", "my.env", "--secret", "a-secret-by-flag")

    assert "API_KEY" not in (tmp_path / "my.env").read_text()
    told = "Only the environment of this command has DESKPILOT_FRESHDESK__API_KEY and DESKPILOT_FRESHDESK__URL"
    assert told in result.stdout
    assert len(vendor.given) == 2


def test_a_secret_that_the_service_reads_from_a_file_is_not_written_beside_it(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both together prevent the start; the operator is told where it belongs."""
    (tmp_path / "secrets").write_text("an-old-secret-of-ours\n")
    monkeypatch.setenv("DESKPILOT_FRESHDESK__WEBHOOK_SECRETS_FILE", str(tmp_path / "secrets"))
    result = setup(*FLAGS, "--yes", "--wait", "0", "--env-file", ".env", "--secret", "a-secret-by-flag")

    assert not (tmp_path / ".env").exists()
    assert "DESKPILOT_FRESHDESK__WEBHOOK_SECRETS_FILE is set" in result.stdout
    assert "a-secret-by-flag" in result.stdout
    assert len(vendor.given) == 2


def test_a_helpdesk_that_refuses_us_is_not_touched(vendor: Vendor) -> None:
    """What cannot work is not begun."""
    vendor.checks = (Check("identity", "wrong", "The key is refused.", "Copy it again."),)
    ended = setup(*FLAGS, "--yes")

    assert (ended.exit_code, vendor.given) == (1, [])
    assert "✗ identity: The key is refused. Copy it again." in ended.stdout


def test_json_is_all_that_stands_on_standard_output(vendor: Vendor) -> None:
    """Checks, calls, what was made, clicks, and the secret where it was not written."""
    told = json.loads(setup(*FLAGS, "--yes", "--json", "--wait", "0").stdout)

    assert told["checks"][0]["what"] == "identity"
    assert told["calls"][0]["path"] == "/api/v2/automations/4/rules"
    assert (told["made"], told["secret"]) == (['rule "customer replied"'], vendor.given[1])


def test_questions_have_answers_by_default(vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, key, our address, file, and whether to go on; nothing is done without a yes."""
    monkeypatch.setattr(wizard.Flags, "asks", property(lambda flags: not flags.yes))
    answers = "you.freshdesk.com/\na-key-of-an-agent\nhttps://deskpilot.example/\n\n"
    no = setup("--wait", "0", text=f"{answers}n\n")
    assert (no.exit_code, (tmp_path / ".env").exists(), len(vendor.given)) == (0, False, 1)

    yes = setup("--wait", "0", text=f"{answers}y\n")
    assert (yes.exit_code, len(vendor.given)) == (0, 3)
    assert "DESKPILOT_FRESHDESK__URL=https://you.freshdesk.com\n" in (tmp_path / ".env").read_text()

    again = setup("--wait", "0", text="\n\n\ny\n")  # each answer is the default now, and no key is asked for
    assert again.exit_code == 0
    assert "a-key-of-an-agent" not in again.output


def test_a_test_delivery_is_asked_for_until_it_arrives(vendor: Vendor) -> None:
    """Each new reason is told once."""
    late = Check("test delivery", "wrong", "Nobody answers.", "Start the service.")
    vendor.answers = [
        RetryableError("you.freshdesk.com answered 503"),
        late,
        late,
        Check("test delivery", "fine", "Accepted."),
    ]
    ended = setup(*FLAGS, "--yes", "--wait", "20")

    assert (ended.exit_code, ended.stderr.count("Nobody answers. Start the service.")) == (0, 1)
    assert "answered 503" in ended.stderr
    assert "✓ test delivery: Accepted." in ended.stdout


def test_one_that_never_arrives_is_told_with_the_last_answer(vendor: Vendor) -> None:
    """And the command fails, for whoever waits on it."""
    vendor.answers = [Check("test delivery", "wrong", "Nobody answers.", "Start the service.")]
    ended = setup(*FLAGS, "--yes", "--wait", "0.05")

    assert (ended.exit_code, "✗ test delivery: Nobody answers. Start the service." in ended.stdout) == (1, True)


def test_without_a_service_in_sight_the_vendors_word_stands(vendor: Vendor) -> None:
    """No database is set and no serve runs here: set-up does not guess."""
    vendor.answers = [NO_TEST]
    ended = setup(*FLAGS, "--yes", "--wait", "0.05")

    assert (ended.exit_code, "! test delivery: Freshdesk has no test call. Write a test ticket." in ended.stdout) == (
        0,
        True,
    )


async def test_the_first_delivery_is_seen_in_the_inbox(database: Database, database_url: str) -> None:
    """Not an older one, not another helpdesk's, not what we asked for ourselves."""
    settings, began = Settings(database_url=SecretStr(database_url)), datetime.now(UTC)
    inbox = Inbox(database)
    async with inbox.receiving():
        await inbox.put("zendesk", Event(kind="ticket", ticket_id="7", what="created"))
        await inbox.put("freshdesk", Event(kind="ticket", ticket_id="7", what="reconciled"))
        missing = await first_arrival(settings, "freshdesk", since=began, wait_s=0, otherwise=NO_TEST)
        waiting = asyncio.create_task(first_arrival(settings, "freshdesk", since=began, wait_s=30, otherwise=NO_TEST))
        await inbox.put("freshdesk", Event(kind="ticket", ticket_id="8", what="trigger"))
        seen = await waiting
        older = await inbox.heard("freshdesk", since=datetime.now(UTC) + timedelta(minutes=1))

    assert (missing.state, "webhook refused" in missing.remedy) == ("wrong", True)
    assert (seen.what, seen.state, older) == ("first delivery", "fine", False)
