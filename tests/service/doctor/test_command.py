"""`deskpilot doctor` as people and programs run it: a line per check, an exit code, nothing that must not be said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from connectors.setup import Check
from service.cli import app
from service.doctor import command
from service.doctor.examination import Part

ROOT = Path(__file__).parents[3]
WELL = Check("one", "fine", "It answers.")
ODD = Check("two", "doubtful", "It is [old].", "Look at it.")
BAD = Check("three", "wrong", "It is gone.", "Start it.")


def run(
    monkeypatch: pytest.MonkeyPatch, *arguments: str, checks: Sequence[Check] | None = None, **given: str
) -> Result:
    """The command with these settings; checks: in place of all that it looks at."""
    monkeypatch.delenv("DESKPILOT_SHARED", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(f"DESKPILOT_{name}", value)
    if checks is not None:

        async def look() -> Sequence[Check]:
            return checks

        monkeypatch.setattr(command, "parts", lambda *_, **__: [Part("all", look, "")])
    return CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "100"})


@pytest.mark.parametrize(("checks", "code"), [([WELL], 0), ([WELL, ODD], 0), ([WELL, ODD, BAD], 1)])
def test_only_what_is_wrong_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, checks: list[Check], code: int) -> None:
    """A monitor wakes nobody for a doubt."""
    assert run(monkeypatch, checks=checks).exit_code == code


def test_people_read_a_line_per_check_with_its_sign_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word: what stands in brackets is no markup."""
    lines = [" ".join(line.split()) for line in run(monkeypatch, checks=[WELL, ODD, BAD]).stdout.splitlines()]

    assert lines == [
        "✓ one It answers.", "! two It is [old].", "→ Look at it.", "✗ three It is gone.", "→ Start it.",
        "1 fine, 1 doubtful, 1 wrong",
    ]  # fmt: skip


def test_programs_read_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts, and every check in its order."""
    told = json.loads(run(monkeypatch, "--json", checks=[WELL, BAD]).stdout)

    assert (told["fine"], told["doubtful"], told["wrong"]) == (1, 0, 1)
    assert told["checks"][1] == {"what": "three", "state": "wrong", "said": "It is gone.", "remedy": "Start it."}


def test_settings_that_cannot_be_read_are_a_line_each_and_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with any other command; a typo, a value of the wrong type, a contradiction."""
    result = run(monkeypatch, "--json", LLM__MODLE="m", DEBOUNCE_S="soon", QDRANT__API_KEY="k-of-this-test")
    said = [check["said"] for check in json.loads(result.stdout)["checks"]]

    assert result.exit_code == 2
    assert [sentence.split()[0] for sentence in said] == [
        "DESKPILOT_LLM__MODLE",
        "DESKPILOT_DEBOUNCE_S",
        "DESKPILOT_QDRANT__API_KEY",
    ]


def test_secrets_and_personal_data_are_struck_out_of_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an outside thing repeats; our own hosts stay readable."""
    said = "https://model.test said: key marmot-of-this-test of ana.lind@customer.example is gone"
    given = {"LLM__BASE_URL": "https://model.test", "LLM__API_KEY": "marmot-of-this-test", "LLM__MODEL": "m"}
    out = run(monkeypatch, "--json", checks=[Check("x", "wrong", said, said)], **given).stdout

    assert "marmot" not in out
    assert "ana.lind" not in out
    assert out.count("https://model.test said: key *** of <EMAIL_1> is gone") == 2


def test_a_first_look_at_nothing_says_what_to_set_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    """Before the first start."""
    result = run(monkeypatch, "--json", DATA_DIR=str(data_dir / "new"))
    told = {check["what"]: check["state"] for check in json.loads(result.stdout)["checks"]}

    assert result.exit_code == 1
    assert told == {
        "settings": "wrong",
        "admin token": "doubtful",
        "public address": "doubtful",
        "policy": "fine",
        "data directory": "fine",
        "database": "doubtful",
        "index": "doubtful",
        "language model": "fine",
        "embeddings": "fine",
    }
    assert list(data_dir.iterdir()) == []


def test_everything_that_is_connected_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, database_url: str, data_dir: Path
) -> None:
    """Where nobody answers, each is a line of its own, and what answers is told all the same."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO outages (name, failures, reason) VALUES ('leak:freshdesk', 1, 'note 7')")
    nobody = "http://127.0.0.1:1"
    result = run(
        monkeypatch, "--json", "--live", DATABASE_URL=database_url, DATA_DIR=str(data_dir), QDRANT__URL=nobody,
        LLM__BASE_URL=nobody, LLM__MODEL="m", EMBEDDINGS__BASE_URL=nobody, EMBEDDINGS__MODEL="m",
        FRESHDESK__URL=nobody, FRESHDESK__API_KEY="a-key-of-this-test", FRESHDESK__WEBHOOK_SECRETS="a-secret-of-this-test",
    )  # fmt: skip
    checks = json.loads(result.stdout)["checks"]
    wrong = [check for check in checks if check["state"] == "wrong"]

    assert result.exit_code == 1
    assert [check["what"] for check in wrong] == [
        "freshdesk writing", "index", "language model", "embeddings", "freshdesk answers",
    ]  # fmt: skip
    assert all(check["remedy"] for check in checks if check["state"] != "fine")
    assert "of-this-test" not in result.stdout


def test_a_server_that_says_nothing_ends_nothing_but_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and is silent."""
    monkeypatch.setattr("service.doctor.listing._TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        result = run(monkeypatch, "--json", LLM__BASE_URL=address, LLM__MODEL="m")
    told = {check["what"]: check for check in json.loads(result.stdout)["checks"]}

    assert "does not answer (ReadTimeout)" in told["language model"]["said"]
    assert told["embeddings"]["state"] == "fine"


def test_a_look_up_that_does_not_answer_is_a_line_and_no_alarm(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """Its secret is nowhere in it, though it stands in the request."""
    file = data_dir / "policy.yaml"
    file.write_text(
        "version: 1\nlookups:\n- {name: crm, url: 'http://127.0.0.1:1/{email}', fields: {plan: plan},\n"
        "   headers: {Authorization: 'Bearer {secret:CRM}'}}\n"
    )
    result = run(monkeypatch, "--json", POLICY_FILE=str(file), LOOKUP__SECRETS="CRM=marmot-of-this-test")
    told = {check["what"]: check for check in json.loads(result.stdout)["checks"]}

    assert told["look-up crm"]["state"] == "doubtful"
    assert told["look-up crm"]["said"] == "It does not answer (ConnectError)."
    assert told["look-up crm"]["remedy"].startswith("See that it runs")
    assert "marmot" not in result.stdout


_HANGING = """
import threading
from service.doctor import stores, examination
examination._GRACE_S = 0.1
stores._directory = lambda directory: threading.Event().wait()
import service.doctor.command as command
whole = command.parts
def parts(settings, *, live):
    return [command.Part(one.what, one.look, one.remedy, limit_s=0.5 if one.what == "data directory" else one.limit_s)
            for one in whole(settings, live=live)]
command.parts = parts
from service.cli import main
main()
"""


def test_a_process_with_a_thread_that_never_ends_ends_all_the_same(data_dir: Path) -> None:
    """A disk that is gone holds the thread that asks it, and Python waits for threads."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("DESKPILOT_")}
    given = {**outside, "PYTHONPATH": str(ROOT), "DESKPILOT_DATA_DIR": str(data_dir)}
    ended = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", _HANGING, "doctor", "--json"],
        env=given, cwd=data_dir, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = {check["what"]: check for check in json.loads(ended.stdout)["checks"]}

    assert ended.returncode == 1
    assert told["data directory"]["said"] == "There was no answer within 0.5 s."
    assert told["embeddings"]["state"] == "fine"
