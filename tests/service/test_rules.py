"""The policy in force, as one structure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from service.groups import FreshdeskSettings, LinksSettings, LLMSettings, TicketsSettings
from service.outages import Outage, leak_of
from service.pauses import ALL, pause_of
from service.pilot import Scope
from service.rules import Part, as_json, in_words, rules_in_force
from service.settings import Settings, setting_names

SECRET = "secret-of-this-test"

SETTINGS = Settings(
    admin_token=SECRET,  # type: ignore[arg-type]  # pydantic makes a secret of it
    database_url=f"postgresql://u:{SECRET}@db.example/x",  # type: ignore[arg-type]
    notes="first",
    freshdesk=FreshdeskSettings.model_validate({"url": f"https://{SECRET}@acme.example", "api_key": SECRET}),
    llm=LLMSettings.model_validate(
        {
            "base_url": f"https://user:{SECRET}@llm.example/v1?key={SECRET}",
            "api_key": SECRET,
            "model": "main",
            "daily_cap": 5,
        }
    ),
    tickets=TicketsSettings(deny_groups=["41", "42"]),
    links=LinksSettings(hosts=["status.example.com"]),
)


def told(**more: Any) -> dict[str, dict[str, Any]]:
    """Value by part and rule."""
    parts = rules_in_force(SETTINGS, **more)
    return {part.title: {rule.name: rule.value for rule in part.rules} for part in parts}


def test_the_rules_say_what_the_settings_say() -> None:
    """What a ticket meets, and what it costs."""
    rules = told()

    assert rules["Notes"]["a note for"] == "the first message of a ticket"
    assert rules["Tickets"]["deny groups"] == ["41", "42"]
    assert rules["Tickets"]["allow groups"] == "all"
    assert rules["Drafts"]["hosts to link to, beside a source's own page"] == ["status.example.com"]
    assert (rules["Model"]["model"], rules["Model"]["model that analyses"]) == ("main", "main")
    assert rules["Model"]["model's host"] == "llm.example"
    assert rules["Budgets"]["cost of an account and day, at most"] == 5
    assert rules["Pilot"] == {"freshdesk": "every ticket"}
    assert rules["Writing"]["freshdesk"] == "on"


def test_pilot_and_pause_are_among_them() -> None:
    """They change without a restart, so they come from the database."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    pause = Outage(pause_of(ALL), at, failures=2, reason="moving", probe_due=False, by="Kim")
    rules = told(scopes={"freshdesk": Scope(groups=("41",), percent=25)}, standing={pause.name: pause})

    assert rules["Pilot"] == {"freshdesk groups": ["41"], "freshdesk per cent of tickets": 25}
    assert rules["Writing"]["freshdesk"] == "paused by Kim: moving"


def test_a_stop_after_a_leak_is_a_rule_in_force() -> None:
    """Whoever reads the policy learns that nothing is written, whatever else stands there."""
    leak = Outage(leak_of("freshdesk"), datetime(2026, 11, 22, tzinfo=UTC), failures=1, reason="", probe_due=False)

    assert told(standing={leak.name: leak})["Writing"]["freshdesk"] == "stopped: a note came back public"


def test_no_secret_is_told() -> None:
    """Not even one that somebody wrote into an address."""
    parts = rules_in_force(SETTINGS)

    assert SECRET not in json.dumps(as_json(parts))
    assert SECRET not in repr(parts)


def test_every_setting_that_is_named_exists() -> None:
    """Whoever reads a rule finds where to change it."""
    parts: tuple[Part, ...] = rules_in_force(SETTINGS)
    named = {rule.setting for part in parts for rule in part.rules if rule.setting.startswith("DESKPILOT_")}

    assert named <= set(setting_names())
    assert len(named) > 20


def test_values_are_told_in_words() -> None:
    """As people read them."""
    assert [in_words(one) for one in ("x", True, False, 1_500_000, 0.4, ["a", "b"], None)] == [
        "x",
        "yes",
        "no",
        "1,500,000",
        "0.4",
        "a, b",
        "",
    ]
