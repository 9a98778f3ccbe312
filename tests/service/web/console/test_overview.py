"""What the overview says about what is not well. Pure: what was seen in, sentences out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.condition import Condition, Conditions
from service.outages import Outage
from service.spending import Today
from service.vectors import Status
from service.web.console.overview import Seen, matters

NOW = datetime.now(UTC)
FINE = Condition(webhook_at=NOW, note_at=NOW)
WELL = Seen(
    identities={"zendesk": ("deskpilot", "")},
    conditions=Conditions({"zendesk": FINE}, workers=2),
    standing={},
    spent={},
    status=Status(passages=7, model=""),
    synced=None,
    synced_at=NOW,
)


def said(seen: Seen) -> list[tuple[str, str, str]]:
    """(tone, sentence, command) of each matter."""
    return [(one.tone, one.said, one.command) for one in matters(seen, now=NOW)]


def of(condition: Condition) -> Seen:
    """All well but this of Zendesk."""
    return replace(WELL, conditions=Conditions({"zendesk": condition}, workers=1))


def test_where_all_is_well_nothing_is_said() -> None:
    """Calm is the usual state."""
    assert said(WELL) == []


def test_each_trouble_has_a_sentence_and_what_to_do() -> None:
    """Named by the helpdesk that it is about."""
    leak = Outage("leak:zendesk", NOW - timedelta(hours=2), 1, "public", probe_due=False)
    model = Outage("llm", NOW - timedelta(minutes=3), 4, "503", probe_due=True)
    cases = {
        "Nobody works on tickets": replace(WELL, conditions=Conditions({"zendesk": FINE}, workers=0)),
        "A note in Zendesk came back visible to the customer 2 hours ago": replace(
            WELL, standing={"leak:zendesk": leak}
        ),
        "The model stopped answering 3 minutes ago: 503.": replace(WELL, standing={"llm": model}),
        "Zendesk does not let us in: Helpdesk answered 401.": replace(
            WELL, identities={"zendesk": ("", "helpdesk answered 401")}
        ),
        "No webhook has come from Zendesk yet": of(Condition()),
        "A webhook of Zendesk came 6 minutes ago and still waits": of(
            replace(FINE, oldest_at=NOW - timedelta(minutes=6, seconds=1))
        ),
        "2 tickets of Zendesk were given up.": of(replace(FINE, parked=2)),
        "1 ticket of Zendesk was given up.": of(replace(FINE, parked=1)),
        "Tickets of Zendesk are put off: No key.": of(replace(FINE, reason="no key")),
        "The model's budget for zendesk:a is used up": replace(
            WELL, spent={"zendesk:a": Today("zendesk:a", 1, 1, 5.0, left=0.0)}
        ),
        "No article is in the index": replace(WELL, status=Status(passages=0, model="")),
        "The index of articles does not answer": replace(WELL, status=None),
        "The policy file has problems": replace(WELL, refused=2),
    }
    for sentence, seen in cases.items():
        told = said(seen)
        assert len(told) == 1, told
        assert told[0][1].startswith(sentence)
    assert (
        said(cases["A note in Zendesk came back visible to the customer 2 hours ago"])[0][2]
        == "deskpilot resume zendesk"
    )


def test_one_failure_is_a_hiccup() -> None:
    """The breaker is closed: nobody has to know."""
    assert said(replace(WELL, standing={"llm": Outage("llm", NOW, 1, "503", probe_due=True)})) == []
