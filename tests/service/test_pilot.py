"""Which tickets a pilot covers, and how its scope is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Person
from service.changes import newest_changes
from service.database import Database
from service.pilot import EVERYTHING, Pilots, Scope, ScopeError, held_out, outside, read_scope, share_of, unrouted
from tests.service.tickets import customer, ticket

HERE = ticket(customer("My kettle leaks."), group="41", group_name="Support", brand="51", tags=("vip", "de"))


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ({}, ""),
        ({"groups": ("41",)}, ""),
        ({"groups": ("support",), "brands": ("51",), "tags": ("gold", "VIP")}, ""),
        ({"groups": ("Billing",)}, "outside the pilot: group Support"),
        ({"brands": ("52",)}, "outside the pilot: brand 51"),
        ({"tags": ("gold", "beta")}, "outside the pilot: no tag of gold, beta"),
        ({"groups": ("41",), "tags": ("gold",)}, "outside the pilot: no tag of gold"),
        ({"percent": 0}, "outside the pilot: not among its 0 % of tickets"),
    ],
)
def test_a_ticket_is_covered_where_it_is_on_every_list(scope: dict[str, Any], says: str) -> None:
    """By id or by name, in any case; the reason says what the ticket is instead."""
    assert outside(HERE, Scope(**scope)) == says


def test_a_quarter_of_the_tickets_is_a_quarter_and_whoever_is_in_stays_in() -> None:
    """Sticky, near, and monotone: raising the per cent sends nobody away."""
    tickets = [replace(HERE, id=str(number)) for number in range(1, 201)]

    def covered(percent: int) -> set[str]:
        return {one.id for one in tickets if not outside(one, Scope(percent=percent))}

    assert 35 <= len(covered(25)) <= 65
    assert covered(25) == covered(25)
    assert covered(0) < covered(10) < covered(25) < covered(60) < covered(100)
    assert covered(100) == {one.id for one in tickets}
    assert share_of("zendesk", "1") == pytest.approx(39.4616, abs=0.0001)  # another salt would move everybody


def test_only_what_lacks_nothing_but_its_group_or_brand_waits_for_it() -> None:
    """The rest is decided at once."""
    bare = replace(HERE, group="", group_name="", brand="")

    assert unrouted(bare, Scope(groups=("41",))) == "group"
    assert unrouted(bare, Scope(brands=("51",))) == "brand"
    assert unrouted(HERE, Scope(groups=("40",))) == ""
    assert unrouted(bare, EVERYTHING) == ""
    assert unrouted(bare, Scope(groups=("41",), tags=("gold",))) == ""
    assert unrouted(bare, Scope(groups=("41",), percent=0)) == ""
    assert unrouted(replace(bare, brand="52"), Scope(groups=("41",), brands=("51",))) == ""


def test_a_scope_is_read_as_people_write_it() -> None:
    """Commas and blanks, twice the same, a sign behind the number."""
    given = {"groups": " Support,, Billing ,Support", "tags": "vip", "percent": " 25 % "}

    assert read_scope(given, helpdesk="zendesk") == Scope(groups=("Support", "Billing"), tags=("vip",), percent=25)
    assert read_scope({}, helpdesk="freshdesk") == EVERYTHING


@pytest.mark.parametrize(
    ("given", "helpdesk", "field", "says"),
    [
        ({"percent": "101"}, "zendesk", "percent", "from 0 to 100"),
        ({"percent": "a few"}, "zendesk", "percent", "from 0 to 100"),
        ({"percent": "-5"}, "zendesk", "percent", "from 0 to 100"),
        ({"percent": "٢٥"}, "zendesk", "percent", "from 0 to 100"),
        ({"brands": "Acme"}, "zendesk", "brands", "by number"),
        ({"groups": "Support"}, "freshdesk", "groups", "by number"),
        ({"tags": "x" * 101}, "zendesk", "tags", "at most 100 printable"),
        ({"tags": "a\0b"}, "zendesk", "tags", "at most 100 printable"),
        ({"tags": ",".join(map(str, range(101)))}, "zendesk", "tags", "these are 101"),
    ],
)
def test_what_is_no_scope_is_refused_with_the_field_and_what_to_do(
    given: dict[str, str], helpdesk: str, field: str, says: str
) -> None:
    """Nobody is covered, or left out, by a slip."""
    with pytest.raises(ScopeError) as caught:
        read_scope(given, helpdesk=helpdesk)

    assert list(caught.value.problems) == [field]
    assert says in caught.value.problems[field]


async def test_a_scope_is_kept_for_every_replica_and_who_set_it_is_recorded(database: Database) -> None:
    """One helpdesk's is not the other's."""
    scope = Scope(brands=("51",), groups=("Support",), tags=("vip",), percent=25)
    await Pilots(database).cover("zendesk", EVERYTHING, by="Kim")
    await Pilots(database).cover("zendesk", scope, by=" Robin\nVale ")

    assert await Pilots(database).scope("zendesk") == scope
    assert await Pilots(database).scope("freshdesk") == EVERYTHING
    newest = (await newest_changes(database))[0]
    assert (newest.what, newest.helpdesk, newest.by, newest.details) == (
        "pilot",
        "zendesk",
        "Robin Vale",
        scope.as_json(),
    )


@pytest.mark.parametrize(("percent", "fewest", "most"), [(0, 0, 0), (10, 70, 130), (50, 440, 560)])
def test_so_many_per_cent_of_requesters_are_held_out_and_always_the_same(percent: int, fewest: int, most: int) -> None:
    """Sticky by requester, whatever the ticket; who is held out at 10 per cent is at 20, too."""
    asked = [replace(HERE, id=str(number), requester=Person(str(number))) for number in range(1_000)]
    held = {one.requester.id for one in asked if held_out(one, Scope(holdout=percent))}
    wider = {one.requester.id for one in asked if held_out(one, Scope(holdout=min(percent + 10, 50)))}

    assert fewest <= len(held) <= most
    assert held <= wider
    assert held == {one.requester.id for one in asked if held_out(replace(one, id="another"), Scope(holdout=percent))}
    assert not held_out(replace(HERE, requester=Person("")), Scope(holdout=50))


@pytest.mark.parametrize(
    ("written", "holdout"), [("", 0), ("10", 10), (" 50 % ", 50), ("51", None), ("-1", None), ("ten", None)]
)
def test_a_holdout_is_at_most_half(written: str, holdout: int | None) -> None:
    """More would be no service."""
    if holdout is None:
        with pytest.raises(ScopeError, match="0 to 50"):
            read_scope({"holdout": written}, helpdesk="zendesk")
    else:
        scope = read_scope({"holdout": written}, helpdesk="zendesk")
        assert scope.holdout == holdout
        assert ("held out" in scope.in_words) == bool(holdout)
