"""Settings that are missing or contradict each other prevent the start, in sentences that say what to set."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.demands import unverified
from service.groups import ZendeskSettings
from service.settings import Settings, SettingsProblem, load


@pytest.fixture(autouse=True)
def nothing_else_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tests' own corpora lie is no setting of the product."""
    monkeypatch.delenv("DESKPILOT_SHARED", raising=False)


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """What whoever receives webhooks has to say about an environment; names without DESKPILOT_."""
    for name, value in environment.items():
        monkeypatch.setenv(f"DESKPILOT_{name}", value)
    try:
        load(unverified)
    except SettingsProblem as error:
        return error.problems
    return []


ZENDESK = {
    "ZENDESK__URL": "https://acme.zendesk.com",
    "ZENDESK__TOKEN": "tok-1",
    "ZENDESK__WEBHOOK_SECRETS": "a-long-enough-secret",
}
FRESHDESK = {
    "FRESHDESK__URL": "https://acme.freshdesk.com",
    "FRESHDESK__API_KEY": "key-1",
    "FRESHDESK__WEBHOOK_SECRETS": "a-long-enough-secret",
}


def test_an_empty_environment_is_a_working_one() -> None:
    """Everything is off, nothing is wrong: embedded engines, extractive writer."""
    settings = load()

    assert settings.helpdesks == {}
    assert not settings.llm.on


def test_a_complete_helpdesk_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three settings connect Zendesk."""
    assert problems(monkeypatch, **ZENDESK) == []
    assert list(load().helpdesks) == ["zendesk"]


def test_several_webhook_secrets_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotation has two at once."""
    assert problems(monkeypatch, **{**ZENDESK, "ZENDESK__WEBHOOK_SECRETS": "old-secret-value, new-secret-value"}) == []
    assert load().zendesk.secrets == ("old-secret-value", "new-secret-value")


def test_names_stand_where_the_vendor_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups at Zendesk, types of tickets at Freshdesk; numbers everywhere."""
    assert problems(monkeypatch, **ZENDESK, TICKETS__DENY_GROUPS="Legal, 41", TICKETS__DENY_FORMS="7") == []
    assert load().tickets.deny_groups == ["Legal", "41"]
    for name in (*ZENDESK, "TICKETS__DENY_GROUPS"):
        monkeypatch.delenv(f"DESKPILOT_{name}")
    assert problems(monkeypatch, **FRESHDESK, TICKETS__DENY_FORMS="Question", TICKETS__DENY_GROUPS="41") == []


@pytest.mark.parametrize(
    "host",
    ["https://status.acme.example", "status.acme.example/x", "STATUS.acme.example", "acme", "*.com", "*", "a.*.example", "s.example:443", "ѕ.example", "a b.example"],
)  # fmt: skip
def test_a_host_that_no_link_could_have_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """And so is a star for everybody's hosts."""
    monkeypatch.setenv("DESKPILOT_LINKS__HOSTS", f"ok.example,{host}")

    with pytest.raises(SettingsProblem) as caught:
        load()
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        f"DESKPILOT_LINKS__HOSTS holds {host}".split(":")[0]
    ]


def test_links_and_promises_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host and every promise, unless something else is set; an empty list is one."""
    assert (load().links.hosts, load().promises.flagged) == ([], ["refund", "legal", "date"])

    monkeypatch.setenv("DESKPILOT_LINKS__HOSTS", "status.acme.example, *.partner.example")
    monkeypatch.setenv("DESKPILOT_PROMISES__FLAGGED", "")
    assert (load().links.hosts, load().promises.flagged) == (["status.acme.example", "*.partner.example"], [])


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ZENDESK__URL": "https://acme.zendesk.com"}, "DESKPILOT_ZENDESK__TOKEN"),
        ({**ZENDESK, "ZENDESK__WEBHOOK_SECRETS": ""}, "DESKPILOT_ZENDESK__WEBHOOK_SECRETS"),
        (
            {**ZENDESK, "ZENDESK__CLIENT_ID": "x"},
            "both DESKPILOT_ZENDESK__CLIENT_ID and DESKPILOT_ZENDESK__CLIENT_SECRET",
        ),
        ({**ZENDESK, "ZENDESK__CLIENT_ID": "x", "ZENDESK__CLIENT_SECRET": "y"}, "two kinds of credentials"),
        ({"FRESHDESK__URL": "https://acme.freshdesk.com"}, "DESKPILOT_FRESHDESK__API_KEY"),
        ({"LLM__API_KEY": "sk-1"}, "DESKPILOT_LLM__MODEL"),
        ({"LLM__MODEL": "m"}, "DESKPILOT_LLM__BASE_URL"),
        ({"EMBEDDINGS__BASE_URL": "http://127.0.0.1:1/v1"}, "DESKPILOT_EMBEDDINGS__MODEL"),
        ({"LLM__DAILY_CAP": "5"}, "set DESKPILOT_LLM__PRICE_IN and DESKPILOT_LLM__PRICE_OUT, too"),
        ({"LLM__DAILY_CAP": "5", "LLM__PRICE_IN": "1"}, "DESKPILOT_LLM__DAILY_CAP is set without prices"),
        ({"TICKETS__DENY_BRANDS": "51,Acme"}, "DESKPILOT_TICKETS__DENY_BRANDS holds 'Acme'"),
        ({**ZENDESK, "TICKETS__ALLOW_FORMS": "Question"}, "DESKPILOT_TICKETS__ALLOW_FORMS holds 'Question'"),
        ({**FRESHDESK, "TICKETS__DENY_GROUPS": "Legal"}, "DESKPILOT_TICKETS__DENY_GROUPS holds 'Legal'"),
        ({"LLM__API_KEY": "changeme"}, "DESKPILOT_LLM__API_KEY is a placeholder"),
        ({"ADMIN_TOKEN": "secret"}, "DESKPILOT_ADMIN_TOKEN is a placeholder"),
        ({"ZENDESK__URL": "acme.zendesk.com"}, "DESKPILOT_ZENDESK__URL is not an address"),
        ({"ZENDESK__URL": "https://me:pw@acme.zendesk.com"}, "carries a name or password"),
        ({"TEAM__TIMEZONE": "Mars"}, "DESKPILOT_TEAM__TIMEZONE is not a time zone"),
        ({"TELEMETRY__OTLP_ENDPOINT": "collector:4318"}, "DESKPILOT_TELEMETRY__OTLP_ENDPOINT is not an address"),
        ({"TELEMETRY__OTLP_HEADERS": "x-key=abcdef"}, "set DESKPILOT_TELEMETRY__OTLP_ENDPOINT, too"),
        (
            {"TELEMETRY__OTLP_ENDPOINT": "http://c:4318", "TELEMETRY__OTLP_HEADERS": "abcdef"},
            "DESKPILOT_TELEMETRY__OTLP_HEADERS cannot be read",
        ),
        ({"TEAM__LANGUAGE": "xx"}, "DESKPILOT_TEAM__LANGUAGE"),
        ({"NOTES": "sometimes"}, "DESKPILOT_NOTES"),
        ({"DEBOUNCE_S": "20"}, "DESKPILOT_DEBOUNCE_MAX_S"),
        ({"DEBOUNCE_S": "soon"}, "DESKPILOT_DEBOUNCE_S"),
        ({"KNOWLEDGE__FOLDER": "/nowhere"}, "DESKPILOT_KNOWLEDGE__FOLDER is not a folder"),
        ({"CONFIDENCE__LEAD": "3.5"}, "DESKPILOT_CONFIDENCE__LEAD, __COVERAGE and __BASE belong together"),
        ({"CONFIDENCE__ABSTAIN_BELOW": "40"}, "DESKPILOT_CONFIDENCE__ABSTAIN_BELOW"),
        ({"POLICY_FILE": "/nowhere"}, "DESKPILOT_POLICY_FILE is not a file"),
        ({"TEAM__TIMEZONE": "Europe"}, "DESKPILOT_TEAM__TIMEZONE is not a time zone"),
        ({"QDRANT__URL": "http://[half"}, "DESKPILOT_QDRANT__URL is not an address"),
        ({"QDRANT__URL": "http://host:port"}, "DESKPILOT_QDRANT__URL is not an address"),
        ({"QDRANT__API_KEY": "k"}, "set DESKPILOT_QDRANT__URL"),
        ({"EMBEDDED": "false", "QDRANT__URL": "http://q:6333"}, "there is no server: set DESKPILOT_DATABASE_URL"),
        ({"EMBEDDED": "false", "DATABASE_URL": "postgresql://db/desk"}, "no server: set DESKPILOT_QDRANT__URL"),
        (
            {"FRESHDESK__API_KEY": "k"},
            "DESKPILOT_FRESHDESK__API_KEY is set without an address: set DESKPILOT_FRESHDESK__URL",
        ),
        ({"FRESHDESK__WEBHOOK_SECRETS": "a-long-enough-secret"}, "set DESKPILOT_FRESHDESK__URL"),
        ({"ZENDESK__TOKEN": "k"}, "DESKPILOT_ZENDESK__TOKEN is set without an address: set DESKPILOT_ZENDESK__URL"),
        (
            {"ZENDESK__CLIENT_ID": "k", "ZENDESK__WEBHOOK_SECRETS": "a-long-enough-secret"},
            "DESKPILOT_ZENDESK__CLIENT_ID and DESKPILOT_ZENDESK__WEBHOOK_SECRETS are set without an address",
        ),
        ({"DATABASE_URL": "mysql://desk@db/desk"}, "write it as postgresql://"),
        ({"DATABASE_URL": "db.internal/desk"}, "write it as postgresql://"),
        ({"DATABASE_URL": "postgresql://desk:hunter2@db:port/desk"}, "write it as postgresql://"),
        (
            {"DATABASE_URL": "postgresql://desk:pw@db/desk?sslmod=require"},
            "has an option that PostgreSQL does not know",
        ),
        ({"DATABASE_URL": "postgresql://desk@db/desk?x=hunter2&sslmode=require"}, "has an option that PostgreSQL"),
        ({"LLM__MODLE": "m"}, "DESKPILOT_LLM__MODLE is not a setting: did you mean DESKPILOT_LLM__MODEL?"),
        ({"ZENDESK_URL": "https://a.zendesk.com"}, "did you mean DESKPILOT_ZENDESK__URL?"),
        ({"LLM": "gpt"}, "DESKPILOT_LLM is not a setting"),
        ({"LLM": "[]"}, "DESKPILOT_LLM is not a setting"),
        ({"QQQQ": "1"}, "DESKPILOT_QQQQ is not a setting: remove it"),
    ],
)
def test_each_problem_is_one_sentence_that_names_what_to_set(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    """The operator reads it once and knows."""
    found = problems(monkeypatch, **environment)

    assert any(says in problem for problem in found), found
    assert all(problem.endswith((".", "?")) and "\n" not in problem for problem in found)
    assert "hunter2" not in " ".join(found)


def test_whoever_only_looks_back_needs_no_secret_of_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are none before going live: audit, baseline, backtest."""
    assert problems(monkeypatch, **{**ZENDESK, "ZENDESK__WEBHOOK_SECRETS": ""}) != []
    assert load().zendesk.secrets == ()


def test_two_problems_are_two_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one at a time, start after start."""
    found = problems(monkeypatch, ZENDESK__URL="https://a.zendesk.com", FRESHDESK__URL="https://a.freshdesk.com")

    assert len(found) == 4


def test_problems_of_every_kind_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of the wrong type, one that cannot be meant, a typo and a contradiction: one start shows them all."""
    found = problems(
        monkeypatch, LLM__TIMEOUT_S="soon", DEBOUNCE_S="later", ZENDESK__URL="acme", NOTE="x", LLM__MODEL="m"
    )

    assert [problem.split()[0] for problem in found[:4]] == [
        "DESKPILOT_NOTE",
        "DESKPILOT_DEBOUNCE_S",
        "DESKPILOT_LLM__TIMEOUT_S",
        "DESKPILOT_ZENDESK__URL",
    ]
    assert any(problem.startswith("Zendesk has no credentials") for problem in found)
    assert any(problem.startswith("DESKPILOT_LLM__MODEL is set without") for problem in found)


def test_nothing_is_said_of_the_default_of_a_setting_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typo in a number is one problem, not two."""
    (found,) = problems(monkeypatch, DEBOUNCE_S="soon", DEBOUNCE_MAX_S="1")

    assert found.startswith("DESKPILOT_DEBOUNCE_S cannot be used")


def test_what_a_command_needs_beyond_that_is_said_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the next start."""
    monkeypatch.setenv("DESKPILOT_LLM__MODEL", "m")
    with pytest.raises(SettingsProblem) as raised:
        load(lambda settings: ["A helpdesk is needed."] if not settings.helpdesks else [])

    assert len(raised.value.problems) == 2
    assert raised.value.problems[-1] == "A helpdesk is needed."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE_HOST", "10.0.0.1"),
        ("SERVICE_PORT_HTTP", "8400"),
        ("PORT", "tcp://10.0.0.1:8400"),
        ("PORT_8400_TCP_ADDR", "10.0.0.1"),
        ("WEB_SERVICE_PORT", "8400"),
    ],
)
def test_what_kubernetes_sets_for_a_service_of_our_name_is_no_typo(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Every pod of the namespace gets these."""
    assert problems(monkeypatch, **{name: value}) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:hunter2@db.internal:5432/desk?sslmode=require",
        "postgresql+psycopg://desk@db/desk",
        "postgres://desk:p#w@[::1]/desk",
        "postgresql:///desk?host=/run/postgresql",
    ],
)
def test_an_address_that_postgresql_takes_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """With or without user, host, port and driver."""
    assert problems(monkeypatch, DATABASE_URL=url) == []


def test_changes_replace_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo has helpdesks of its own; how notes look is still the visitor's choice."""
    monkeypatch.setenv("DESKPILOT_NOTES", "every")
    monkeypatch.setenv("DESKPILOT_ZENDESK__TOKEN", "of-the-visitor")
    settings = load(zendesk=ZendeskSettings())

    assert (settings.notes, settings.zendesk.token.get_secret_value()) == ("every", "")


def test_the_operators_own_hosts_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand in addresses, with the database's user and without its password."""
    database = "postgresql://desk:hunter2@10.0.0.5:5432/desk"

    assert problems(monkeypatch, **ZENDESK, DATABASE_URL=database) == []
    assert load().hosts == {"acme.zendesk.com", "10.0.0.5", "desk@10.0.0.5"}


def test_no_secret_stands_in_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems end up in logs and tickets."""
    found = problems(monkeypatch, LLM__API_KEY="sk-hunter2", LLM__TIMEOUT_S="soon", ADMIN_TOKEN="hunter2-token")

    assert found
    assert "hunter2" not in " ".join(found)


def test_no_secret_stands_in_printed_settings() -> None:
    """Somebody will log the settings one day."""
    settings = Settings(admin_token=SecretStr("hunter2-token"), database_url=SecretStr("postgresql://x:hunter2@h/d"))

    assert "hunter2" not in repr(settings)


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    """What a person writes beside the compose file counts; `clean_environment` runs the test in tmp_path."""
    (tmp_path / ".env").write_text("DESKPILOT_NOTES=every\n")

    assert load().notes == "every"


def test_a_dotenv_file_of_another_systems_editor_is_read(tmp_path: Path) -> None:
    """UTF-8 with a mark in front, and lines that end with two characters."""
    (tmp_path / ".env").write_bytes("\ufeffDESKPILOT_NOTES=every\r\nOTHER=1\r\n".encode())

    assert load().notes == "every"


def test_a_typo_in_a_dotenv_file_is_found(tmp_path: Path) -> None:
    """Names of other programs are none of our business."""
    (tmp_path / ".env").write_text("OTHER=1\nDESKPILOT_NOTE=every\n")
    with pytest.raises(SettingsProblem) as raised:
        load()

    assert raised.value.problems == ["DESKPILOT_NOTE is not a setting: did you mean DESKPILOT_NOTES?"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("DESKPILOT_NOTES=every\n".encode("utf-16"), "save it as text in UTF-8"),
        ("DESKPILOT_NOTES=every\n".encode("utf-16-le"), "save it as text in UTF-8"),
        (b"DESKPILOT_NOTES=every\n'what is this\n", "Line 2"),
    ],
    ids=["utf-16", "utf-16 without a mark", "a line that is none"],
)
def test_a_dotenv_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    """With its path, and the line where there is one."""
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsProblem) as raised:
        load()

    (problem,) = raised.value.problems
    assert says in problem
    assert str(tmp_path / ".env") in problem


def test_a_proxy_is_believed_from_networks_that_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Header and networks together, and never everybody."""
    header, networks = "PROXY__IDENTITY_HEADER", "PROXY__NETWORKS"

    assert problems(monkeypatch, **{header: "X-Forwarded-User", networks: "10.0.0.5, fd00::/8"}) == []
    assert load().proxy.networks == ["10.0.0.5", "fd00::/8"]
    assert "belong together" in problems(monkeypatch, **{networks: ""})[0]
    for wrong in ("10.0.0.5/24", "proxy.example", "10.0.0", "0.0.0.0/0", "::/0"):
        assert f"DESKPILOT_{networks} holds {wrong}" in problems(monkeypatch, **{networks: wrong})[0]
    assert "is not the name of a header" in problems(monkeypatch, **{header: "X User", networks: "10.0.0.5"})[0]
