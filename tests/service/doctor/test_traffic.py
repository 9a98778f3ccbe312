"""What waits, was given up, is out or never came, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connectors.base import Event
from connectors.setup import Check
from service.context import breakers
from service.database import Database
from service.doctor import traffic
from service.groups import FreshdeskSettings
from service.inbox import Inbox
from service.outages import Outages, leak_of
from service.pauses import ALL, Pauses
from service.queue import Look, Queue
from service.settings import Settings

WORKER = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())"


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """One helpdesk, and a database of the test's own."""
    desk = FreshdeskSettings(url="https://acme.freshdesk.test", api_key=SecretStr("k"))
    return Settings(database_url=SecretStr(database_url), data_dir=data_dir, freshdesk=desk)


async def looked(settings: Settings) -> Mapping[str, Check]:
    """By what they are about."""
    return {check.what: check for check in await traffic.look(settings)}


async def done(database: Database, *statements: str) -> None:
    """Change what stands in the tables."""
    async with database.engine.connect() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))


async def test_a_quiet_service_at_work_is_fine(settings: Settings, database: Database) -> None:
    """A worker, a webhook of today, nothing due, nothing out."""
    inbox = Inbox(database)
    async with inbox.receiving():
        await inbox.put("freshdesk", Event("ticket", ticket_id="1"))
    await done(database, WORKER, "UPDATE deliveries SET forwarded_at = now()")
    checks = await looked(settings)

    assert {check.state for check in checks.values()} == {"fine"}
    assert checks["queue"].said == "Nothing is due; 1 worker."
    assert checks["freshdesk webhooks"].said.startswith("1 in the last day, the newest")


async def test_nobody_at_work_is_doubtful_until_something_waits(settings: Settings, database: Database) -> None:
    """Then no note is written until somebody starts a worker. A dead one's last word is none."""
    await done(database, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
    idle = (await looked(settings))["queue"]
    inbox = Inbox(database)
    async with inbox.receiving():
        await inbox.put("freshdesk", Event("ticket", ticket_id="1"))
    await done(database, "UPDATE deliveries SET received_at = now() - interval '20 minutes'")
    stuck = (await looked(settings))["queue"]

    assert (idle.state, stuck.state) == ("doubtful", "wrong")
    assert stuck.said == "1 is due, the oldest for 20 minutes; 0 workers."
    assert "deskpilot serve" in stuck.remedy


@pytest.mark.parametrize(("minutes", "state"), [(0, "fine"), (5, "doubtful"), (30, "wrong")])
async def test_a_backlog_is_judged_by_its_oldest(
    settings: Settings, database: Database, minutes: int, state: str
) -> None:
    """A worker is there, and cannot keep up, or hangs."""
    queue = Queue(database)
    async with queue.app.open_async():
        for ticket in ("1", "2"):
            await queue.put(Look("freshdesk", ticket))
        await queue.put(Look("freshdesk", "3"), after_s=3600)
    old = f"UPDATE procrastinate_events SET at = now() - interval '{minutes} minutes'"  # noqa: S608
    await done(database, WORKER, old)
    check = (await looked(settings))["queue"]

    assert check.state == state
    assert check.said.startswith("2 are due, the oldest for ")
    assert ", 1 put off; 1 worker." in check.said
    assert not check.remedy or "deskpilot jobs list" in check.remedy


@pytest.mark.parametrize(("whose", "begins"), [(ALL, "All notes are"), ("freshdesk", "Notes for freshdesk are")])
async def test_a_pause_is_told_with_who_and_why(
    settings: Settings, database: Database, whose: str, begins: str
) -> None:
    """It was meant, and is forgotten: nothing else says why every ticket waits."""
    await Pauses(database).pause(whose, by="Robin", why="new articles")
    check = (await looked(settings))["pause"]

    assert check.state == "doubtful"
    assert check.said.startswith(f"{begins} paused by Robin since ")
    assert check.said.endswith(": new articles.")
    assert "deskpilot pilot resume" in check.remedy


async def test_tickets_that_were_given_up_are_doubtful(settings: Settings, database: Database) -> None:
    """With the two commands that help."""
    await done(
        database,
        "INSERT INTO parked (helpdesk, account, ticket_id, attempts, error) VALUES ('freshdesk', 'a', '1', 5, 'boom')",
    )
    check = (await looked(settings))["given up"]

    assert check.state == "doubtful"
    assert check.said.startswith("1 ticket was given up, the last ")
    assert "deskpilot jobs retry --parked" in check.remedy


async def test_writing_that_stopped_after_a_leak_is_wrong(settings: Settings, database: Database) -> None:
    """With the command that allows it again, after the helpdesk was mended."""
    await Outages(database).failed(leak_of("freshdesk"), "note 7 in ticket 1 came back public")
    check = (await looked(settings))["freshdesk writing"]

    assert check.state == "wrong"
    assert "deskpilot resume freshdesk" in check.remedy


@pytest.mark.parametrize(
    ("helpdesk", "command"),
    [(ALL, "deskpilot pilot resume`"), ("freshdesk", "deskpilot pilot resume --helpdesk freshdesk`")],
)
async def test_a_pause_is_doubtful_with_who_and_why(
    settings: Settings, database: Database, helpdesk: str, command: str
) -> None:
    """No note is written by somebody's wish: that all is well would be the wrong answer to why there are none."""
    await Pauses(database).pause(helpdesk, by="Kim", why="moving")
    checks = await looked(settings)

    assert checks["pause"].state == "doubtful"
    assert "paused by Kim" in checks["pause"].said
    assert "moving" in checks["pause"].said
    assert command in checks["pause"].remedy
    assert "breakers" not in checks


@pytest.mark.parametrize(
    ("name", "failures", "state"),
    [("llm", 1, "doubtful"), ("llm", 2, "doubtful"), ("index", 2, "wrong"), ("freshdesk", 3, "wrong")],
)
async def test_what_is_out_is_said_with_its_reason(
    settings: Settings, database: Database, name: str, failures: int, state: str
) -> None:
    """Without a model notes quote; without index or helpdesk there are none."""
    for _ in range(failures):
        await Outages(database).failed(name, "it answered 503")
    check = (await looked(settings))["breakers"]

    assert check.state == state
    assert f"{name} has failed {failures} times in a row" in check.said
    assert "it answered 503" in check.said


async def test_a_day_without_a_webhook_is_doubtful(settings: Settings, database: Database) -> None:
    """What we found ourselves does not count: it hides that nobody calls us."""
    await done(
        database,
        "INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, received_at) VALUES"
        " ('freshdesk', 'ticket', '1', 'trigger', '', '', '', now() - interval '3 days'),"
        " ('freshdesk', 'ticket', '1', 'reconciled', '', '', '', now() - interval '1 hour')",
    )
    check = (await looked(settings))["freshdesk webhooks"]

    assert (check.state, check.said) == ("doubtful", "No webhook came in the last day; the newest came 3 days ago.")
    assert "/webhooks/freshdesk" in check.remedy


async def test_nothing_is_asked_of_tables_that_are_behind(settings: Settings, database: Database) -> None:
    """Some of them may not be there."""
    await done(database, "UPDATE alembic_version SET version_num = '0001'")

    assert list(await looked(settings)) == ["database", "migrations"]


async def test_tables_that_may_not_be_read_are_a_sentence(settings: Settings, database: Database) -> None:
    """A role with too few rights, or a table that somebody dropped."""
    await done(database, "DROP TABLE parked")
    check = (await looked(settings))["queue"]

    assert (check.state, check.said) == ("wrong", "PostgreSQL does not answer: ProgrammingError.")


async def test_a_look_up_that_is_paused_is_told_and_only_while_the_policy_has_it(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """Less than three failures are no pause, and of one that was taken out nobody has to hear."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nlookups: [{name: crm, url: 'https://crm.example/{id}', fields: {plan: plan}}]\n")
    settings = settings.model_copy(update={"policy_file": file})
    outages = Outages(database)
    for name, failures in (("crm", breakers.OPENS_AFTER - 1), ("gone", breakers.OPENS_AFTER)):
        for _ in range(failures):
            await outages.failed(breakers.breaker_of(name), "answers 503", after_s=breakers.PAUSE_S)
    before = await looked(settings)
    await outages.failed(breakers.breaker_of("crm"), "answers 503", after_s=breakers.PAUSE_S)
    after = await looked(settings)

    assert before["breakers"].state == "fine"
    assert after.keys().isdisjoint({"look-up gone", "breakers"})
    assert after["look-up crm"].state == "doubtful"
    assert after["look-up crm"].said.startswith("It is paused: it has failed 3 times in a row since ")
    assert after["look-up crm"].said.endswith(" ago: answers 503.")
    assert "One ticket in 60 s asks it" in after["look-up crm"].remedy
