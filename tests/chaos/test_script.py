"""The script: what the driver's list says a message deserves is what the service's own rules say of it."""

from __future__ import annotations

from collections import Counter

from service.smalltalk import is_automatic, is_thanks_only
from tests.chaos import script


def test_the_same_seed_is_the_same_script_with_exactly_so_many_messages() -> None:
    """A breach can be played again."""
    acts = script.written(messages=103, over_s=60, seed="a")

    assert (
        acts == script.written(messages=103, over_s=60, seed="a") != script.written(messages=103, over_s=60, seed="b")
    )
    assert sum(act.kind != "agent" for act in acts) == 103
    assert len({act.ticket for act in acts}) == 20


def test_a_script_has_everything_in_it_and_each_ticket_begins_with_a_question() -> None:
    """Thanks, machines, agents, bursts."""
    acts = script.written(messages=1_000, over_s=300, seed="a")
    opened = [act for act in acts if act.first]
    seen = set[int]()
    for act in acts:
        assert act.first is (act.ticket not in seen)
        seen.add(act.ticket)

    assert all(act.deserves for act in opened)
    assert min(Counter(act.kind for act in acts).values()) > 30


def test_thanks_and_machines_are_such_to_the_service_and_questions_are_not() -> None:
    """Else the list of what should happen would be wrong."""
    for act in script.written(messages=300, over_s=300, seed="a"):
        if act.kind != "agent":
            assert is_thanks_only(act.text) is (act.kind == "thanks")
            assert is_automatic("A question about my kettle", act.text) is (act.kind == "automatic")
