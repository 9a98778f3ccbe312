"""The labelled tickets are what tests/bench/triage/README.md says: two halves alike in all but their texts, and sets beside them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from service.triage.stems import WEIGHTS
from tests.bench.triage.learning import labelled, stories, weights_of, written
from tests.bench.triage.tickets import CATEGORIES, LabelledTicket, Sentiment, fresh, seen, tuned, untouched, validation

HALVES = {"tuned": tuned, "untouched": untouched}
SETS = {**HALVES, "validation": validation, "seen": seen, "fresh": fresh}
ASIDE = {"untouched": untouched, "fresh": fresh}
SHINGLE = 8
VALIDATION = Path(__file__).parent / "triage" / "validation.yaml"


def shingles(ticket: LabelledTicket) -> set[tuple[str, ...]]:
    """Each run of eight words of what is in the ticket, the agents' words too; the whole text where it is shorter."""
    return runs(" ".join([ticket.subject, *(said.text for said in ticket.messages)]))


def runs(text: str) -> set[tuple[str, ...]]:
    """Each run of eight words of a text."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}


@pytest.mark.parametrize("half", HALVES)
def test_a_half_holds_what_the_readme_counts(half: str) -> None:
    """200 tickets: 100 a language, 60 of tier 3, 50 of tier 2, 90 of tier 1, in each language the same."""
    tickets = HALVES[half]()
    assert len(tickets) == len({ticket.id for ticket in tickets}) == 200
    assert Counter((ticket.language, ticket.tier) for ticket in tickets) == {
        (language, tier): count for language in ("en", "de") for tier, count in ((3, 30), (2, 25), (1, 45))
    }


def test_the_validation_set_holds_what_the_readme_counts() -> None:
    """240 tickets: 120 a language, 100 of tier 3, 50 of tier 2, 90 of tier 1, in each language the same."""
    tickets = validation()
    assert len(tickets) == len({ticket.id for ticket in tickets}) == 240
    assert Counter((ticket.language, ticket.tier) for ticket in tickets) == {
        (language, tier): count for language in ("en", "de") for tier, count in ((3, 50), (2, 25), (1, 45))
    }


def test_both_halves_have_the_same_shares() -> None:
    """Language, tier and category together: what a figure says of one half it may say of the other."""
    shares = [Counter((t.language, t.tier, t.category) for t in half()) for half in HALVES.values()]
    assert shares[0] == shares[1]


@pytest.mark.parametrize("name", SETS)
def test_every_label_is_one_of_the_readmes(name: str) -> None:
    """A typing slip in a label would be counted as a miss of the rules."""
    tickets = SETS[name]()
    assert {ticket.category for ticket in tickets} == CATEGORIES
    assert {ticket.sentiment for ticket in tickets} == set(get_args(Sentiment))
    assert all(ticket.tier == 3 for ticket in tickets if ticket.person)
    assert all(ticket.messages and not ticket.messages[-1].by_agent for ticket in tickets)


@pytest.mark.parametrize("half", HALVES)
def test_a_half_is_hard_enough(half: str) -> None:
    """Half of tier 3 is said indirectly, and at least thirty harmless tickets use its words."""
    hard = Counter(ticket.tier == 3 for ticket in HALVES[half]() if ticket.hard)
    assert hard[True] == 30
    assert hard[False] >= 30


def test_the_validation_set_is_hard_enough() -> None:
    """Seven in ten of tier 3 are said indirectly, and at least seventy harmless tickets use its words."""
    hard = Counter(ticket.tier == 3 for ticket in validation() if ticket.hard)
    assert hard[True] >= 70
    assert hard[False] >= 70


def test_the_validation_set_names_six_tickets_of_each_reason() -> None:
    """The reasons stand in the file as comments, in the numbers of the README."""
    groups = re.split(r"^# tier 3, reason (\d+):.*$|^# tier [12]$", VALIDATION.read_text("utf-8"), flags=re.MULTILINE)
    counts = {
        int(number): group.count("- id: ") for number, group in zip(groups[1::2], groups[2::2], strict=True) if number
    }
    assert set(counts) == set(range(1, 15))
    assert min(counts.values()) >= 6


def test_nothing_of_the_tuned_half_stands_in_the_untouched_one() -> None:
    """Eight words in a row in both would let the rules learn the untouched half."""
    read = {shingle for ticket in tuned() for shingle in shingles(ticket)}
    assert not [ticket.id for ticket in untouched() if shingles(ticket) & read]


@pytest.mark.parametrize("half", HALVES)
def test_nothing_of_a_half_stands_in_the_validation_set(half: str) -> None:
    """Its first count says something of phrases only where none of its own was known before."""
    known = {shingle for ticket in HALVES[half]() for shingle in shingles(ticket)}
    assert not [ticket.id for ticket in validation() if shingles(ticket) & known]


@pytest.mark.parametrize("name", ["seen", "fresh"])
def test_a_blind_set_holds_what_the_readme_counts(name: str) -> None:
    """150 tickets, 50 of tier 3, half of them said indirectly, in both languages alike."""
    tickets = SETS[name]()
    assert len(tickets) == len({ticket.id for ticket in tickets}) == 150
    assert Counter(ticket.language for ticket in tickets if ticket.tier == 3) == {"en": 25, "de": 25}
    assert Counter(ticket.tier == 3 for ticket in tickets if ticket.hard) == {True: 25, False: 40}


@pytest.mark.parametrize("name", ASIDE)
def test_no_story_stands_in_a_set_that_is_kept_aside(name: str) -> None:
    """Weights are learnt from the stories."""
    known = {run for text, _ in stories() for run in runs(text)}
    assert not [ticket.id for ticket in ASIDE[name]() if shingles(ticket) & known]


def test_nothing_that_weights_are_learnt_from_stands_in_the_fresh_set() -> None:
    """Its figures would say nothing of new mail."""
    known = {run for text, _ in labelled() for run in runs(text)}
    assert not [ticket.id for ticket in fresh() if shingles(ticket) & known]


def test_there_are_enough_stories_of_both_kinds() -> None:
    """At least 500, and a good share of them everyday mail: else every long text sounds like a story."""
    counts = Counter(person for _, person in stories())
    assert min(counts.values()) >= 250
    assert counts.total() >= 500


def test_the_weights_are_those_that_the_tickets_give() -> None:
    """Up to rounding, which another machine may do otherwise: whoever changes a story makes the weights anew."""
    shipped = dict(line.split("\t") for line in WEIGHTS.read_text("utf-8").splitlines() if not line.startswith("# "))
    made = weights_of(labelled())
    assert written(made).startswith("# Made by")
    assert all(abs(made.get(stem, 0.0) - float(shipped.get(stem, 0))) < 0.05 for stem in made.keys() | shipped.keys())
