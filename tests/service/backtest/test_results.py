"""What a backtest comes to, by hand; and a file that a second run goes on with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from service.backtest.results import Result, Results, compared, paid, summary, worst_first
from service.errors import ServiceError

ONE = Result(
    helpdesk="zendesk", ticket_id="1", message_id="1", at="2026-11-01T10:00:00+00:00", verdict="ready", category="", tier=1,
    language="en", use="as_is", fidelity=1.0, sources=("Parcels",), left_out=0, seconds=0.5, tokens_in=1_000, tokens_out=100,
    cost=0.01, writer="model", model="small",
)  # fmt: skip


def some(count: int, *, first: int = 0, **more: object) -> list[Result]:
    """So many, of tickets of their own."""
    return [replace(ONE, ticket_id=str(first + number), **more) for number in range(count)]  # type: ignore[arg-type]


def test_shares_are_of_all_and_use_is_of_what_was_drafted() -> None:
    """40: 20 as is, 10 edited at .8, 5 uncovered, 5 a person's."""
    results = [
        *some(20),
        *some(10, first=20, use="edited", fidelity=0.8, sources=("Parcels", "Refunds")),
        *some(5, first=30, verdict="uncovered", use="", fidelity=None, sources=(), left_out=2),
        *some(5, first=35, verdict="person", use="", fidelity=None, sources=(), cost=0.002),
    ]
    made = summary(results)

    assert (made.messages, made.tickets, made.younger_left_out) == (40, 40, 5)
    assert (made.coverage.point, made.abstained.point, made.person.point) == (0.75, 0.125, 0.125)
    assert made.as_is.point == pytest.approx(2 / 3)
    assert made.as_is.n == 30
    assert made.fidelity.point == pytest.approx((20 + 10 * 0.8) / 30)
    assert made.cost == pytest.approx((35 * 0.01 + 5 * 0.002) / 40)
    assert made.sources == (("Parcels", 30), ("Refunds", 10))
    assert made.enough
    assert made.remarks == ()


def test_a_report_says_what_its_figures_cannot() -> None:
    """Too few messages, and articles that are younger than most of them: a coverage of nothing is then no verdict."""
    assert summary(some(29)).remarks == ("29 messages are too few for a figure (at least 30): read the examples.",)
    (young,) = summary([*some(20, left_out=1), *some(19, first=20)]).remarks
    assert young.startswith("For 20 of 39 messages articles were left out, since they were changed after")
    assert summary([*some(20, left_out=1), *some(20, first=20)]).remarks == ()


def test_examples_begin_with_the_worst_draft() -> None:
    """What an agent would have thrown away says most; what was not drafted stands behind."""
    results = [*some(1), *some(1, first=1, fidelity=0.1), *some(1, first=2, verdict="person", fidelity=None, use="")]

    assert [one.ticket_id for one in worst_first(results)] == ["1", "0", "2"]
    assert len(worst_first(some(50))) == 20


@pytest.mark.parametrize(
    ("lost", "worse"),
    [
        (0, ()),
        (1, ()),  # 1 of 100: within the margin
        (4, ("coverage",)),
    ],
)
def test_worse_is_what_is_worse_for_certain_and_beyond_the_margin(lost: int, worse: tuple[str, ...]) -> None:
    """On the same messages, so that only the configuration differs."""
    first = some(100)
    second = [replace(one, verdict="uncovered", fidelity=None, use="") for one in first[:lost]] + first[lost:]
    made = compared(first, second, margin=0.02)

    assert made.messages == 100
    assert made.coverage.point == pytest.approx(-lost / 100)
    assert made.worse == worse


def test_fidelity_is_compared_where_both_drafted() -> None:
    """Of twenty that lost .1, too few are left to say so for certain."""
    first = some(20)
    second = [replace(one, use="edited", fidelity=0.9) for one in first]
    many = some(40)

    assert compared(first, second, margin=0.02).fidelity.point == pytest.approx(-0.1)
    assert compared(first, second, margin=0.02).worse == ()
    lower = [replace(one, fidelity=0.9 - 0.001 * number) for number, one in enumerate(many)]
    assert compared(many, lower, margin=0.02).worse == ("fidelity",)


def test_a_second_run_goes_on_and_a_line_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    """Whatever killed the first one."""
    first = Results(tmp_path, {"model": "small"})
    first.begin()
    for one in some(3):
        first.add(("zendesk", one.ticket_id), [one])
    first.add(("zendesk", "nothing"), [])
    first.add(("zendesk", "9"), some(1, first=9))
    file = tmp_path / "results.jsonl"
    file.write_text(file.read_text()[:-40])
    second = Results(tmp_path, {"model": "small"})
    second.begin()

    wanted = [("zendesk", name) for name in ("0", "1", "2", "3", "nothing", "9")]
    assert second.left(wanted) == [("zendesk", "3"), ("zendesk", "9")]
    second.add(("zendesk", "9"), some(1, first=9))
    third = Results(tmp_path, {"model": "small"})
    assert [one.ticket_id for one in third.of(wanted)] == ["0", "1", "2", "9"]
    assert third.cost == pytest.approx(0.04)


def test_only_the_tickets_that_were_asked_for_are_reported(tmp_path: Path) -> None:
    """The folder holds more than a smaller run wants."""
    results = Results(tmp_path, {})
    results.begin()
    for one in some(5):
        results.add(("zendesk", one.ticket_id), [one])
    assert [one.ticket_id for one in results.of([("zendesk", "3"), ("zendesk", "1")])] == ["3", "1"]


def test_what_programs_get_has_no_number_that_json_lacks_and_no_figure_of_too_few() -> None:
    """A mean of one has an interval without ends."""
    few = summary(some(1)).as_json()
    assert json.dumps(few, allow_nan=False)
    assert (few["messages"], few["drafts"], few["coverage"]) == (1, 1, {"of": 1, "too_few": True})
    enough = summary(some(40)).as_json()
    assert enough["fidelity"] == {"point": 1.0, "low": 1.0, "high": 1.0, "of": 40}
    difference = compared(some(1), some(1), margin=0.02).as_json()
    assert json.dumps(difference, allow_nan=False)
    assert (difference["cost"], difference["seconds"]) == (None, None)


def test_an_interval_holds_only_what_is_possible() -> None:
    """Nothing is more faithful than the same text, and nothing less than none of it."""
    high = summary([*some(29), *some(1, first=29, fidelity=0.9)]).fidelity
    assert high.high == 1
    assert 0.98 < high.low < high.point


def test_results_of_another_configuration_are_not_mixed_in(tmp_path: Path) -> None:
    """It says what to do."""
    Results(tmp_path, {"model": "small"}).begin()

    with pytest.raises(ServiceError, match=r'\(model: "small" there, "large" now\): name another folder with --out'):
        Results(tmp_path, {"model": "large"})


def test_what_differs_is_named_in_few_words(tmp_path: Path) -> None:
    """Digests say nothing, and a house's rules are long."""
    there = {"prices": [1.0, None], "prompts": {"a.j2": "1", "b.j2": "2"}, "policy": "1f", "brand": ["x" * 500]}
    Results(tmp_path, there).begin()
    with pytest.raises(ServiceError) as refused:
        Results(tmp_path, {"prices": [1.0, 2.0], "prompts": {"a.j2": "1", "b.j2": "3"}, "policy": "1f", "brand": []})

    said = str(refused.value)
    assert "(prices: [1.0, null] there, [1.0, 2.0] now; prompts: b.j2; brand: " in said
    assert "policy" not in said
    assert len(said) < 400


def test_what_was_paid_is_kept_beside_the_results(tmp_path: Path) -> None:
    """Also what came to nothing; a second run writes it anew, and a rounding is no cost."""
    assert paid(tmp_path) == 0
    for number in range(2):
        results = Results(tmp_path, {})
        results.begin()
        results.add(("zendesk", str(number)), some(1, first=number))
        results.add_lost(0.5)
        results.add_lost(1e-9)
    assert paid(tmp_path) == pytest.approx(1.02)
    third = Results(tmp_path, {})
    assert third.cost == pytest.approx(1.02)
    third.begin()
    assert paid(tmp_path) == pytest.approx(1.02)


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    """And not written over."""
    file = tmp_path / "results.jsonl"
    file.write_text("ticket,answer\n1,yes\n")
    with pytest.raises(ServiceError, match="is no file of results"):
        Results(tmp_path, {})
    assert file.read_text() == "ticket,answer\n1,yes\n"
