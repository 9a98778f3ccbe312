"""The weekly report: what it says, where it goes, and that it goes there once."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import html5lib
import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from service.database import Database
from service.errors import ServiceError
from service.groups import ReportSettings
from service.rounds import Round, Rounds
from service.settings import SettingsProblem, load
from service.worth.command import report_weekly
from service.worth.delivery import Delivery, UndeliveredError
from service.worth.period import Period
from service.worth.weekly import html_of, markdown_of_report, weekly
from tests.service.worth.ledger import LATER, write_judgements, write_twenty

WEEK = Period(date(2026, 11, 16), date(2026, 11, 22), "UTC")
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
HOOK = "https://chat.example/hooks/secret-part"


class Webhook:
    """Takes what is posted; answers as it is told, the last answer again and again."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers) or [200]
        self.taken: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.taken.append(request)
        return httpx.Response(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


@pytest.fixture
def hook() -> Webhook:
    """One that works."""
    return Webhook()


def _delivery(
    database: Database, hook: Webhook, *, folder: Path | None = None, at: datetime = MONDAY, zone: str = "UTC"
) -> Delivery:
    settings = ReportSettings(folder=folder, webhook=SecretStr(HOOK))
    return Delivery(database, settings, zone=zone, clock=lambda: at, transport=httpx.MockTransport(hook))


async def test_a_report_tells_a_week_with_its_denominators(database: Database) -> None:
    """As HTML without scripts or anything loaded, and as Markdown with the same tables."""
    await write_twenty(database)
    await write_judgements(database)
    report = await weekly(database, WEEK, now=LATER)
    assert (report.name, report.title) == ("2026-W47", "deskpilot, week 2026-W47: 16 November to 22 November 2026")
    assert report.lead == (
        "17 customer messages, and 17 new tickets (a message may belong to an older one). 10 drafts can be compared with what was sent."
        " The model cost 0.14 in the currency of your prices."
    )
    page, markdown = html_of(report), markdown_of_report(report)
    html5lib.HTMLParser(strict=True).parse(page)
    assert re.findall(r"<script|<link|<img|\bsrc=|\bhref=|url\(|\bon\w+=", page) == []
    assert "| Acceptance | too few (10 of 30) (8 so far) |" in markdown
    for sheet in report.sheets:
        assert f"## {sheet.title}\n" in markdown
        assert f">{sheet.title}</h2>" in page


async def test_the_hold_out_is_told_over_a_season_and_how_long_it_still_takes(database: Database) -> None:
    """One week of it says nothing: three tickets in the seven days since the first one are thirty in ten weeks; without any, how to begin is said."""
    await write_twenty(database)
    markdown = markdown_of_report(
        await weekly(database, Period(date(2026, 11, 23), date(2026, 11, 29), "UTC"), now=LATER)
    )
    assert "## " not in markdown  # a week without anything has no tables
    told = markdown_of_report(await weekly(database, WEEK, now=LATER))
    assert "## Against the hold-out, the last 13 weeks\n" in told
    assert (
        "3 solved tickets were held out in 7 days, of the 30 that a figure needs: at this pace that takes 10 weeks."
        in told
    )
    assert "Too few for a figure: Replies to solution, First reply" in told
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DELETE FROM resolutions WHERE arm = 'holdout'"))
    assert "“deskpilot pilot set --holdout 10”" in markdown_of_report(await weekly(database, WEEK, now=LATER))


async def test_a_week_that_is_not_over_and_one_without_a_ticket_say_so(database: Database) -> None:
    """By the team's clock; the figures are of what there is."""
    await write_twenty(database)
    week = Period(WEEK.first, WEEK.last, "Europe/Berlin")
    lead = (await weekly(database, week, now=datetime(2026, 11, 20, 14, 5, tzinfo=UTC))).lead
    assert lead.startswith("This week is not over: it is counted until 20 November, 15:05. 17 customer messages")
    assert "not over" not in (await weekly(database, week, now=week.until)).lead
    empty = await weekly(database, WEEK.before, now=LATER)
    assert (empty.lead, empty.sheets) == ("deskpilot saw no customer message and no new ticket.", ())


async def test_a_week_of_which_all_was_left_out_says_so(database: Database) -> None:
    """Nothing is silent: it is no week without a ticket."""
    await write_twenty(database)
    async with database.engine.connect() as connection:
        for table in ("outcomes", "resolutions"):
            await connection.execute(sa.text(f"UPDATE {table} SET excluded = 'team' WHERE arm <> 'baseline'"))  # noqa: S608 - ours
    report = await weekly(database, WEEK, now=LATER)
    assert not report.empty
    assert "| team | messages | 19 |" in markdown_of_report(report)


async def test_what_a_model_without_a_price_costs_is_not_known(database: Database) -> None:
    """Said, with the settings that are missing."""
    await write_twenty(database)
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE outcomes SET cost = NULL"))
    assert "DESKPILOT_LLM__PRICE_IN" in (await weekly(database, WEEK, now=LATER)).lead


async def test_a_report_is_sent_now_when_somebody_wants_it(database: Database, hook: Webhook, tmp_path: Path) -> None:
    """Also again, and in the middle of a week, which goes out by itself when it is over; without a place, where to set one is said."""
    await write_twenty(database)
    delivery = _delivery(database, hook, folder=tmp_path)
    running = await weekly(database, WEEK, now=MONDAY - timedelta(days=2))
    assert await delivery.send(running) == await delivery.send(running) == ["folder", "webhook"]
    assert await delivery.go() == "2026-W47 to folder and webhook"
    over = await weekly(database, WEEK, now=MONDAY)
    assert await delivery.send(over) == ["folder", "webhook"]
    assert len(hook.taken) == 4
    assert await delivery.go() == "2026-W47 is out"
    with pytest.raises(ServiceError, match="DESKPILOT_REPORT__FOLDER"):
        await Delivery(database, ReportSettings(), zone="UTC").send(over)


async def test_a_webhook_that_does_not_answer_is_told_with_the_cause_and_without_its_address(
    database: Database,
) -> None:
    """As the log of the round says it."""
    await write_twenty(database)

    def refuses(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    delivery = Delivery(
        database,
        ReportSettings(webhook=SecretStr(HOOK)),
        zone="UTC",
        clock=lambda: MONDAY,
        transport=httpx.MockTransport(refuses),
    )
    with pytest.raises(UndeliveredError, match=r"Connection refused.*DESKPILOT_REPORT__WEBHOOK") as raised:
        await delivery.go()
    assert "secret-part" not in str(raised.value)


async def test_the_report_goes_out_once_a_week_whoever_looks_how_often(
    database: Database, hook: Webhook, tmp_path: Path
) -> None:
    """To the folder and the webhook; the next week is another report."""
    await write_twenty(database)
    delivery = _delivery(database, hook, folder=tmp_path / "reports")
    assert await delivery.go() == "2026-W47 to folder and webhook"
    assert await delivery.go() == "2026-W47 is out"
    assert await _delivery(database, hook, folder=tmp_path, at=MONDAY + timedelta(days=3)).go() == "2026-W47 is out"
    (posted,) = hook.taken
    told = json.loads(posted.content)
    assert (str(posted.url), sorted(told), told["week"]) == (HOOK, ["html", "text", "week"], "2026-W47")
    assert told["text"].startswith("# deskpilot, week 2026-W47")
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "deskpilot-2026-W47.html",
        "deskpilot-2026-W47.md",
    ]


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), "UTC", "not yet"),
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), "Europe/Berlin", "2026-W47 to webhook"),
        (datetime(2026, 11, 23, 6, 30, tzinfo=UTC), "America/Lima", "not yet"),
        (
            datetime(2026, 11, 23, 4, 30, tzinfo=UTC),
            "America/Lima",
            "2026-W46 has nothing to tell",
        ),  # still Sunday there
        (datetime(2026, 11, 26, 3, 0, tzinfo=UTC), "UTC", "2026-W47 to webhook"),  # nobody was there on Monday
    ],
)
async def test_it_is_due_on_monday_morning_by_the_teams_clock(
    database: Database, hook: Webhook, at: datetime, zone: str, said: str
) -> None:
    """From six on, or whenever somebody is there again; a week without a ticket tells nothing."""
    await write_twenty(database)
    assert await _delivery(database, hook, at=at, zone=zone).go() == said
    assert len(hook.taken) == ("to webhook" in said)


async def test_a_post_that_failed_is_tried_again_and_the_folder_is_not_written_twice(
    database: Database, tmp_path: Path
) -> None:
    """The round fails, costs the others nothing, and its next turn does what is missing; no error names the address."""
    await write_twenty(database)
    hook = Webhook(503, 200)
    delivery = _delivery(database, hook, folder=tmp_path)
    with pytest.raises(UndeliveredError, match="answered 503") as raised:
        await delivery.go()
    assert "secret-part" not in str(raised.value)
    assert await delivery.go() == "2026-W47 to webhook"
    assert len(hook.taken) == 2


async def test_two_processes_post_it_once(database: Database, hook: Webhook) -> None:
    """A round is one process' at a time: the claim stands in the database."""
    await write_twenty(database)
    delivery = _delivery(database, hook)
    for _ in range(2):
        await Rounds(database, [Round("weekly report", 900, delivery.go)]).go()
    assert len(hook.taken) == 1


async def test_a_folder_that_cannot_be_written_is_told_with_what_to_do(
    database: Database, hook: Webhook, tmp_path: Path
) -> None:
    """And nothing counts as left."""
    await write_twenty(database)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UndeliveredError, match="DESKPILOT_REPORT__FOLDER"):
        await _delivery(database, hook, folder=tmp_path / "taken").go()
    assert hook.taken == []


async def test_without_settings_nothing_is_counted_or_sent(database: Database) -> None:
    """Off by default."""
    assert await Delivery(database, ReportSettings(), zone="UTC").go() == "off"


@pytest.mark.parametrize("address", ["http://chat.example/x", "chat.example", "https://", "ftp://chat.example"])
def test_a_webhook_without_https_prevents_the_start(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """The report leaves the house."""
    monkeypatch.setenv("DESKPILOT_REPORT__WEBHOOK", address)
    with pytest.raises(SettingsProblem, match="DESKPILOT_REPORT__WEBHOOK"):
        load()


async def test_the_command_writes_what_it_is_asked_for(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """HTML, Markdown, JSON; too few have no value in any of them."""
    await write_twenty(database)
    monkeypatch.setenv("DESKPILOT_DATABASE_URL", database_url)
    page, text = tmp_path / "week.html", tmp_path / "week.md"
    assert await report_weekly(load(), "2026-W47", html=page, markdown=text, as_json=True) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert text.read_text().startswith("# deskpilot, week 2026-W47")
    told = json.loads(capsys.readouterr().out)
    assert (told["week"], told["messages"], told["score"]) == ("2026-W47", 17, None)
    assert {"name": "acceptance", "of": 10, "hits": 8, "too_few": True} in told["figures"]
    assert await report_weekly(load(), "2026-W46", html=None, markdown=None, as_json=False) == 0
    assert "week 2026-W46" in capsys.readouterr().out
    monkeypatch.setenv("DESKPILOT_REPORT__FOLDER", str(tmp_path / "left"))
    assert await report_weekly(load(), "2026-W47", html=None, markdown=None, send=True, as_json=False) == 0
    said = capsys.readouterr()
    assert ("2026-W47 is left at the folder." in said.err, said.out) == (True, "")
    assert (tmp_path / "left" / "deskpilot-2026-W47.html").is_file()
    with pytest.raises(ServiceError, match="2026 has the weeks 1 to 53"):
        await report_weekly(load(), "2026-W60", html=None, markdown=None, as_json=False)
    with pytest.raises(ServiceError, match="2126-W01 has not begun: it is 2125-12-31"):
        await report_weekly(load(), "2126-W01", html=None, markdown=None, as_json=False)
