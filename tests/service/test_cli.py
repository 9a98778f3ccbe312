"""The command line, as real processes: what they print, how they end, and what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import yaml
from typer.testing import CliRunner

from service import __version__
from service.cli import app
from service.control import find
from tests.story.articles import ARTICLES, write_articles

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
NOBODY = f"http://{HOST}:1"
LONGEST_S = 60.0  # for a process to become ready, or to end


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process left."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """The sentences on stderr: a command's, or those in the log of a service."""
        said = [line.removeprefix("✗ ") for line in self.err.splitlines() if line.startswith("✗ ")]
        return said or [line["event"] for line in self.logged if line["level"] == "error"]

    @property
    def logged(self) -> list[dict[str, Any]]:
        """The lines on stderr, each of which has to be one JSON object."""
        return [json.loads(line) for line in self.err.splitlines()]


A_HELPDESK: dict[str, Any] = {
    "FRESHDESK__URL": "http://127.0.0.1:9",  # nobody answers there, which is no reason not to start
    "FRESHDESK__API_KEY": "a-key-of-this-test",
    "FRESHDESK__WEBHOOK_SECRETS": "a-secret-of-this-test",
}


def started(arguments: Sequence[str], folder: Path, settings: dict[str, Any]) -> subprocess.Popen[str]:
    """A process of the command line in `folder`; settings without DESKPILOT_."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DESKPILOT_")}
    if arguments[0] in ("serve", "work") and not any("DESK__" in name for name in settings):
        settings = {**A_HELPDESK, **settings}
    environment |= {f"DESKPILOT_{name}": str(value) for name, value in settings.items()}
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", "from service.cli import main; main()", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, folder: Path | None = None, longest_s: float = LONGEST_S, **settings: Any) -> Ended:
    """Run a command to its end."""
    process = started(arguments, folder or Path.cwd(), settings)
    try:
        out, err = process.communicate(timeout=longest_s)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


@dataclass(frozen=True, slots=True)
class Running:
    """A `serve` that is ready."""

    process: subprocess.Popen[str]
    data_dir: Path
    articles: Path
    url: str

    def ready(self) -> dict[str, Any]:
        """What it says of its parts; fails where it is not ready."""
        return dict(httpx.get(f"{self.url}/readyz").raise_for_status().json())

    def stop(self) -> Ended:
        """Ask it to end, as a container platform does."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=LONGEST_S)
        return Ended(self.process.returncode, out, err)


@contextmanager
def serving(directory: Path) -> Iterator[Running]:
    """`deskpilot serve` with embedded engines and a folder of articles."""
    data_dir, articles = directory / "data", write_articles(directory / "articles")
    given = {"DATA_DIR": data_dir, "KNOWLEDGE__FOLDER": articles}
    process = started(["serve", "--port", "0"], directory, given)
    try:
        yield Running(process, data_dir, articles, _address(process, data_dir))
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=LONGEST_S)


def _address(process: subprocess.Popen[str], data_dir: Path) -> str:
    """Wait until it says where it listens."""
    latest = time.monotonic() + LONGEST_S
    while time.monotonic() < latest and process.poll() is None:
        if control := find(data_dir):
            return control.url
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate()[1])


def postgres_of(data_dir: Path) -> list[psutil.Process]:
    """PostgreSQL processes that work in this directory."""
    return [
        one for one in psutil.process_iter(["cmdline"]) if str(data_dir / "postgres") in (one.info["cmdline"] or ())
    ]


@pytest.fixture(scope="module")
def serve() -> Iterator[Running]:
    """One `serve` for the tests that leave it as it is."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory, serving(Path(directory)) as running:
        yield running


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder of articles."""
    return write_articles(tmp_path / "articles")


def test_contradictory_settings_are_one_sentence_each_and_nothing_starts() -> None:
    """The operator mends all of them at once, and reads no traceback."""
    ended = run(
        "serve",
        ZENDESK__URL="https://acme.zendesk.test",
        LLM__MODEL="some-model",
        FRESHDESK__URL="https://acme.freshdesk.test",
        FRESHDESK__API_KEY="key-1",
        FRESHDESK__WEBHOOK_SECRETS="a-secret-nobody-knows",
    )

    assert (ended.code, ended.out) == (2, "")
    assert ended.complaints == [
        "Zendesk has no credentials: set DESKPILOT_ZENDESK__CLIENT_ID and DESKPILOT_ZENDESK__CLIENT_SECRET, or DESKPILOT_ZENDESK__TOKEN.",
        "DESKPILOT_LLM__MODEL is set without DESKPILOT_LLM__BASE_URL or DESKPILOT_LLM__API_KEY: set one of them.",
        "Webhooks of zendesk cannot be verified: set DESKPILOT_ZENDESK__WEBHOOK_SECRETS to the signing secret.",
    ]
    assert len(ended.err.splitlines()) == 3
    assert list(Path.cwd().iterdir()) == []


def test_an_unsafe_secret_prevents_the_start(data_dir: Path) -> None:
    """Zendesk's published test secret: anybody could sign with it."""
    ended = run(
        "serve",
        DATA_DIR=data_dir,
        ZENDESK__URL="https://acme.zendesk.test",
        ZENDESK__TOKEN="tok-1",
        ZENDESK__WEBHOOK_SECRETS="dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
    )

    assert ended.code == 2
    assert len(ended.err.splitlines()) == len(ended.complaints) == 1
    assert "public test secret" in ended.complaints[0]


def test_a_sentence_is_one_line_and_repeats_what_was_set_word_for_word() -> None:
    """Whatever it holds: brackets are no markup, and a long path is not broken in two."""
    path = "/nowhere/[draft]/[/]/" + "long/" * 40
    ended = run("sync", KNOWLEDGE__FOLDER=path)

    assert ended.code == 2
    assert ended.complaints == [f"DESKPILOT_KNOWLEDGE__FOLDER is not a folder: {Path(path)}."]
    assert len(ended.err.splitlines()) == 1


def test_a_worker_with_nothing_to_share_says_what_to_set() -> None:
    """It would wait for ever at a queue of its own."""
    ended = run("work")

    assert ended.code == 2
    assert ended.complaints == [
        "A worker of its own shares its queue with serve: set DESKPILOT_DATABASE_URL in both.",
    ]
    assert len(ended.err.splitlines()) == 1


def test_what_a_command_needs_is_said_together_with_what_is_wrong() -> None:
    """No helpdesk, nothing shared, a typo: one start shows them all."""
    ended = run("work", LLM__MODLE="m", FRESHDESK__URL="")

    assert ended.code == 2
    assert [said.split(":")[0] for said in ended.complaints] == [
        "DESKPILOT_LLM__MODLE is not a setting",
        "No helpdesk is connected",
        "A worker of its own shares its queue with serve",
    ]


def test_a_dotenv_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    """Some editors save in UTF-16."""
    (tmp_path / ".env").write_bytes("DESKPILOT_NOTES=every\n".encode("utf-16"))
    ended = run("sync", folder=tmp_path)

    assert (ended.code, ended.out) == (2, "")
    assert ended.complaints == [f"{tmp_path / '.env'} cannot be read: save it as text in UTF-8."]
    assert len(ended.err.splitlines()) == 1


def test_a_demo_with_a_wrong_setting_is_a_sentence() -> None:
    """Like any other command."""
    ended = run("demo", "--check", LLM__TIMEOUT_S="soon")

    assert (ended.code, ended.out) == (2, "")
    assert len(ended.complaints) == 1
    assert ended.complaints[0].startswith("DESKPILOT_LLM__TIMEOUT_S cannot be used")
    assert "Traceback" not in ended.err


def test_a_sync_of_nothing_says_what_to_set(data_dir: Path) -> None:
    """Instead of an empty table."""
    ended = run("sync", DATA_DIR=data_dir)

    assert (ended.code, ended.out) == (2, "")
    assert len(ended.complaints) == 1
    assert "set DESKPILOT_KNOWLEDGE__FOLDER, DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL" in ended.complaints[0]


def test_it_says_which_version_it_is() -> None:
    """For whoever reports a problem."""
    assert CliRunner().invoke(app, ["--version"]).output == f"deskpilot {__version__}\n"


def test_a_worker_that_shares_works_until_it_is_asked_to_stop(database_url: str, data_dir: Path) -> None:
    """It waits for a Qdrant server that is not there yet, answers probes meanwhile, and drains."""
    given = {"DATABASE_URL": database_url, "QDRANT__URL": NOBODY, "DATA_DIR": data_dir}
    process = started(["work", "--port", "0"], data_dir, given)
    assert process.stderr
    try:
        said = [json.loads(next(process.stderr))["event"] for _ in range(2)]
        assert said[1] == "deskpilot works on tickets"
        url = said[0].removeprefix("deskpilot answers probes on ")
        assert httpx.get(f"{url}/healthz").json() == {"status": "alive"}
        assert httpx.get(f"{url}/readyz").status_code == 503  # its index is not there
        assert "deskpilot_backlog{" in httpx.get(f"{url}/metrics").text
        assert httpx.post(f"{url}/webhooks/zendesk").status_code == 404
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=LONGEST_S)
    finally:
        process.kill()

    assert process.returncode == 0
    assert "Traceback" not in rest


def test_migrations_run_by_themselves_for_a_job_before_an_update(database_url: str) -> None:
    """They say where the tables stand; a second run changes nothing."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    ended = [run("migrate", DATABASE_URL=database_url) for _ in range(2)]

    newest = max(path.name for path in (ROOT / "service/migrations/versions").glob("r*.py"))
    said = f"The database is at revision {newest[1:5]}.\n"
    assert [(one.code, one.out, one.err) for one in ended] == [(0, said, "")] * 2


def test_a_database_that_is_not_there_is_a_sentence_without_its_password(data_dir: Path) -> None:
    """What to start or to correct."""
    ended = run("serve", DATABASE_URL=f"postgresql://desk:hunter2@{HOST}:1/desk", DATA_DIR=data_dir)

    assert ended.code == 1
    assert len(ended.complaints) == 1
    assert "DESKPILOT_DATABASE_URL" in ended.complaints[0]
    assert "hunter2" not in ended.err
    assert "Traceback" not in ended.err


def test_a_port_that_is_taken_is_a_sentence(database_url: str, data_dir: Path) -> None:
    """And nothing says that a serve runs here."""
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("serve", "--port", port, DATABASE_URL=database_url, DATA_DIR=data_dir)

    assert ended.code == 1
    assert len(ended.complaints) == 1
    assert port in ended.complaints[0]
    assert "Traceback" not in ended.err
    assert find(data_dir) is None


def test_serve_becomes_ready_on_its_own_engines(serve: Running) -> None:
    """No database, no index and no model are set up first."""
    assert httpx.get(f"{serve.url}/healthz").json() == {"status": "alive"}
    assert serve.ready() == {"ready": True, "checks": {"database": "ok", "knowledge": "ok"}}


def test_a_second_serve_in_the_same_directory_says_that_the_index_is_in_use(serve: Running) -> None:
    """In one sentence, and without harm to the first."""
    ended = run("serve", "--port", "0", DATA_DIR=serve.data_dir)

    assert ended.code == 1
    assert len(ended.complaints) == 1
    assert "is open in another process: stop the other deskpilot" in ended.complaints[0]
    assert "Traceback" not in ended.err
    assert serve.ready()["ready"]
    assert find(serve.data_dir)


def test_sync_goes_through_the_serve_that_has_the_index(serve: Running) -> None:
    """Its start-up sync or ours: afterwards all articles are there, and nothing is told twice."""
    ended = run("sync", "--json", DATA_DIR=serve.data_dir, KNOWLEDGE__FOLDER=serve.articles)
    reports = {report["source"]: report for report in json.loads(ended.out)}

    assert ended.code == 1  # its helpdesk does not answer, and a program has to know
    assert not reports["freshdesk"]["complete"]
    assert reports["folder"]["added"] + reports["folder"]["unchanged"] == len(ARTICLES)


def test_a_knowledge_report_comes_from_the_serve_that_has_the_index(serve: Running) -> None:
    """The embedded index belongs to one process; the command says the same whoever reads it."""
    ended = run("knowledge", "report", "--json", DATA_DIR=serve.data_dir)

    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["articles"] == len(ARTICLES)


def test_a_knowledge_report_of_nothing_is_sentences(data_dir: Path) -> None:
    """An empty index and an empty ledger, by itself."""
    ended = run("knowledge", "report", DATA_DIR=data_dir)

    assert ended.code == 0
    assert "! The index holds no articles: deskpilot sync reads them." in ended.out


def test_forgetting_goes_through_the_serve_that_has_the_index(serve: Running) -> None:
    """Of somebody nobody knows it says so, and a script sees it."""
    given = ["forget", "--requester", "47 11/x", "--helpdesk", "zendesk"]
    shown, told = run(*given, DATA_DIR=serve.data_dir), run(*given, "--json", DATA_DIR=serve.data_dir)

    assert (shown.code, shown.out, told.code) == (1, "", 1)
    assert shown.complaints == [
        "Nothing is known of requester 47 11/x of zendesk: of older text nobody knows whose it is."
    ]
    assert json.loads(told.out) == {
        "helpdesk": "zendesk",
        "requester": "47 11/x",
        "running": [],
        **dict.fromkeys(
            (
                *("examples", "notes", "borrowed", "silences", "parked", "webhooks", "jobs", "votes", "budgets"),
                *("triages", "contexts", "outcomes", "lessons"),
            ),
            0,
        ),
    }


def test_forgetting_by_itself_says_what_it_deleted(database_url: str, data_dir: Path) -> None:
    """A table for people; the second time there is nothing left."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason, requester)"
            " VALUES ('freshdesk', 'acme', '7', 'm1', 'only thanks', '4711')"
        )
    given = {"DATABASE_URL": database_url, "DATA_DIR": data_dir, **A_HELPDESK}
    first, second = (run("forget", "--requester", "4711", **given) for _ in range(2))

    assert (first.code, first.err, second.code) == (0, "", 1)
    assert "reasons for silence" in first.out
    assert [line.split()[-1] for line in first.out.splitlines()[1:]] == ["0", "0", "0", "1", "0", "0", "0", "0"]


def test_an_address_is_forgotten_in_its_own_turn(database_url: str, data_dir: Path) -> None:
    """What was pushed under it goes; whose tickets are theirs, only an id says."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO contexts (customer, facts, expires_at) VALUES ('ana@acme.example', '{}', now() + interval '1 hour')"
        )
    given: dict[str, Any] = {"DATABASE_URL": database_url, "DATA_DIR": data_dir}
    first, second = (run("forget", "--email", "Ana@acme.example", **given) for _ in range(2))
    both = run("forget", "--email", "a@b.example", "--requester", "1", **given)

    assert (first.code, second.code, both.code) == (0, 1, 1)
    assert "1 facts, signals, look-ups and outreach are deleted." in first.err
    assert second.complaints == ["Nothing is known of that address."]
    assert "one after the other" in both.complaints[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--requester", "*", "--helpdesk", "zendesk"), "name one requester"),
        (("--requester", " ", "--helpdesk", "zendesk"), "name one requester"),
        (("--requester", "4711"), "say whose id it is: --helpdesk zendesk or --helpdesk freshdesk"),
        (("--requester", "4711", "--helpdesk", "zendsk"), "'zendsk' is no helpdesk"),
    ],
    ids=["all", "nobody", "anywhere", "nowhere"],
)
def test_who_is_to_be_forgotten_is_one_person(given: tuple[str, ...], said: str, data_dir: Path) -> None:
    """A slip of the pen deletes nothing."""
    ended = run("forget", *given, DATA_DIR=data_dir)

    assert ended.code == 1
    assert said in ended.complaints[0]
    assert list(data_dir.iterdir()) == []


def test_serve_ends_on_sigterm_and_leaves_nothing_behind(data_dir: Path) -> None:
    """No server of its database, no word that it runs; and the exit code of an end that was wanted."""
    with serving(data_dir) as running:
        assert postgres_of(running.data_dir)
        ended = running.stop()

    assert ended.code == 0
    assert "Traceback" not in ended.err
    said = [line["event"] for line in ended.logged]
    assert f"deskpilot listens on {running.url}" in said
    assert "Stopping: finishing what runs ..." in said
    assert postgres_of(running.data_dir) == []
    assert not (running.data_dir / "serve.json").exists()


def test_sync_tells_programs_what_it_did_in_json(articles: Path, data_dir: Path) -> None:
    """And nothing else on stdout."""
    ended = run("sync", "--json", DATA_DIR=data_dir, KNOWLEDGE__FOLDER=articles)
    (report,) = json.loads(ended.out)

    assert (ended.code, ended.err) == (0, "")
    assert (report["source"], report["added"], report["problems"]) == ("folder", len(ARTICLES), [])


def test_sync_tells_people_what_it_did_and_what_to_mend(articles: Path, data_dir: Path) -> None:
    """A table, the problems below it, and an exit code that a script sees."""
    (articles / "[draft].md").write_bytes(b"\x00\x01")
    ended = run("sync", DATA_DIR=data_dir, KNOWLEDGE__FOLDER=articles)
    head, line, *problems = ended.out.splitlines()

    assert ended.code == 1
    assert head.split()[:3] == ["source", "added", "changed"]
    assert line.split()[:2] == ["folder", str(len(ARTICLES))]
    assert problems[0].startswith("! [draft].md")


def test_a_sync_by_itself_counts_its_calls_for_all(database_url: str, data_dir: Path) -> None:
    """A rate limit is the account's: workers that run beside it leave it room."""
    run("sync", DATA_DIR=data_dir, DATABASE_URL=database_url, **A_HELPDESK)

    with psycopg.connect(database_url) as connection:
        names = [str(row[0]) for row in connection.execute("SELECT name FROM budgets WHERE 0 < ANY (counts)")]
    assert names
    assert all(name.startswith("freshdesk 127.0.0.1:9: ") for name in names), names


def test_sync_after_a_serve_that_was_killed_does_the_work_itself(articles: Path, data_dir: Path) -> None:
    """Its word is still there; nobody answers at that address."""
    (data_dir / "serve.json").write_text(json.dumps({"url": NOBODY, "token": "of a dead one"}))
    ended = run("sync", "--json", DATA_DIR=data_dir, KNOWLEDGE__FOLDER=articles)

    assert ended.code == 0
    assert json.loads(ended.out)[0]["added"] == len(ARTICLES)


QUESTIONS = {
    "corpus": [
        {"id": "returns", "title": "Returns", "text": "Send a kettle back within thirty days."},
        {"id": "parcels", "title": "Parcels", "text": "A parcel to Spain takes five working days."},
    ],
    "queries": [{"id": "q1", "text": "How long does a parcel to Spain take?"}],
    "qrels": {"q1": {"parcels": 1}},
}


def test_the_search_is_measured_on_labelled_questions(tmp_path: Path) -> None:
    """One flat object for programs, a table for people; nothing is left behind, and no helpdesk is needed."""
    file = tmp_path / "labelled.json"
    file.write_text(json.dumps(QUESTIONS))
    told = run("eval", "retrieval", str(file), "--json")
    shown = run("eval", "retrieval", str(file), "--system", "bm25")

    figures = json.loads(told.out)
    assert told.code == shown.code == 0
    assert (figures["ndcg10"], figures["recall5"], figures["mrr10"], figures["hit3"]) == (1, 1, 1, 1)
    assert (figures["documents"], figures["queries"], figures["auroc"]) == (2, 1, None)
    assert {"index_s", "query_p50_ms", "query_p95_ms"} <= figures.keys()
    assert "nDCG@10" in shown.out
    assert "words alone" in shown.out


def test_the_confidence_is_fitted_to_labelled_questions(tmp_path: Path) -> None:
    """The coefficients as settings, to be copied; and for programs."""
    planets = [f"planet{number}" for number in range(50)]
    many = {
        "corpus": [{"id": one, "title": one, "text": f"The weather on {one} is windy."} for one in planets],
        "queries": [{"id": f"q-{one}", "text": f"How is the weather on {one}?"} for one in planets],
        "qrels": {f"q-{one}": {one: 1} for one in planets},
    }
    file = tmp_path / "labelled.json"
    file.write_text(json.dumps(many))
    shown, told = run("eval", "confidence", str(file)), run("eval", "confidence", str(file), "--json")

    figures = json.loads(told.out)
    assert shown.code == told.code == 0
    assert f"DESKPILOT_CONFIDENCE__LEAD={figures['lead']:.3f}\n" in shown.out
    assert figures["examples"] == 50
    assert figures["fitted_auroc"] == 1
    assert {"coverage", "base", "shipped_auroc", "shipped_ece", "fitted_ece", "fitted_caught90"} <= figures.keys()


def test_labelled_questions_that_are_wrong_are_a_sentence_with_line_and_key(tmp_path: Path) -> None:
    """And an exit code that a script sees."""
    file = tmp_path / "labelled.json"
    file.write_text(json.dumps({**QUESTIONS, "qrels": {"q1": {"nowhere": 1}}}, indent=1))
    ended = run("eval", "retrieval", str(file), "--json")

    assert ended.code == 1
    (complaint,) = ended.complaints
    assert "line 22, qrels.q1.nowhere: no such document in `corpus`" in complaint


@pytest.mark.timeout(300)
@pytest.mark.long
def test_the_demo_checks_itself() -> None:
    """Both helpdesks, twelve tickets, one JSON object for each; it exits 0 only when every one got what it states."""
    ended = run("demo", "--check", longest_s=240)
    told = [json.loads(line) for line in ended.out.splitlines()]

    assert ended.code == 0, ended.err
    assert len(told) == 12
    assert all(one["ok"] for one in told)
    assert {one["helpdesk"] for one in told} == {"zendesk", "freshdesk"}
    assert all((one["note"] is None) is (one["expect"] == "none") for one in told)
    assert all(one["expect_source"] in one["sources"] for one in told if one["expect_source"])
    assert all(one["seconds"] > 0 for one in told if one["note"])


def test_a_ticket_file_of_a_stranger_that_is_wrong_is_a_sentence_with_file_and_key(tmp_path: Path) -> None:
    """Before anything is started."""
    (tmp_path / "01-mine.yaml").write_text(yaml.safe_dump({"helpdesk": "zendesk", "expected": "note"}))
    ended = run("demo", "--check", "--tickets", str(tmp_path))

    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == len(ended.complaints) == 1
    assert "01-mine.yaml: unknown key 'expected'" in ended.complaints[0]


def test_without_a_command_it_says_which_there_are() -> None:
    """Nobody has to guess."""
    said = CliRunner().invoke(app, []).output

    assert [command for command in ("serve", "work", "sync", "demo") if f" {command} " not in said] == []
