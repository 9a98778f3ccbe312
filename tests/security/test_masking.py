"""The bars of masking, on cases of our own and, where they are there, the shared texts; times are the bench's."""

from __future__ import annotations

import sys

from tests.security import exits, masking
from tests.security.bars import Bar


def _missed(bars: list[Bar]) -> list[Bar]:
    return [bar for bar in bars if not bar.met]


def test_personal_data_is_masked_whole_and_nobodys_data_is_not() -> None:
    """99 in 100 of each kind, in sentences that no rule was written against; at most one in 100 of the others."""
    if not masking.ROWS.is_file():
        print(f"JUDGED ON OWN CASES ALONE: {masking.ROWS} is not there (set DESKPILOT_SHARED)", file=sys.stderr)

    assert _missed(masking.judged(own=False)) == []


def test_there_are_enough_texts_of_nobodys_data() -> None:
    """At least two hundred different ones."""
    lines = masking.NEGATIVES.read_text(encoding="utf-8").splitlines()

    assert len(set(lines)) == len(lines) >= 200


async def test_nothing_of_a_ticket_leaves_unmasked() -> None:
    """One value of each kind in tickets of both helpdesks: none in what the models got, a log, a metric, a trace, the pool."""
    bar = await exits.leaks()

    assert bar.met, f"{bar.number:g} leaks: see what was printed"


def test_a_leak_would_be_found() -> None:
    """However the digits are parted."""
    left = {"logs": "card 4539578763621486", "chat": "nothing"}

    assert exits.found_in(left) == ["card in logs"]
