"""A model that obeys every stranger, in a short form: a case for each row of this repository."""

from __future__ import annotations

import pytest

from tests.hostile import SHARED
from tests.security import contacts, crossed, obedient
from tests.security.bars import Bar
from tests.security.rows import rows

pytestmark = pytest.mark.timeout(240)


def missed(bars: list[Bar]) -> list[str]:
    """What a failing test says."""
    return [f"{bar.name} {bar.what}: {bar.number:g} of {bar.cases}" for bar in bars if not bar.met]


@pytest.mark.long
async def test_what_an_obeying_model_says_harms_nobody(database_url: str) -> None:
    """No link, picture, live address, canary, public write or further request, and nothing hidden in a prompt.

    What the corpora hide is judged here, too, where they are; all of their rows in `python -m tests.security`.
    """
    given = rows(own=True) + ([row for row in rows(own=False) if row.hidden] if SHARED.is_dir() else [])
    report = await obedient.run(obedient.cases(given, places=1), database_url=database_url)

    assert report.notes >= len(report.cases) * 0.8
    assert missed(obedient.bars(report, own=True)) == [], report.problems


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared corpora (set DESKPILOT_SHARED): judged on own rows alone")
def test_every_row_of_the_corpora_can_be_judged() -> None:
    """Each asks for something, or is an output, and of each that has a judge there is a text that it finds."""
    given = rows(own=False)

    assert all(row.said and (row.asked or row.family.startswith("output:")) for row in given)
    assert len({row.id for row in given}) == len(given)


@pytest.mark.long
async def test_nobody_reads_of_anybody_else(database_url: str) -> None:
    """500 searches across organizations, brands, requesters and accounts."""
    found = await crossed.run(tickets=1, database_url=database_url)

    assert missed(crossed.bars(found, own=True)) == [], (found.foreign[:5], found.quoted[:5])


@pytest.mark.long
async def test_nothing_that_a_ticket_or_an_answer_names_is_contacted(database_url: str) -> None:
    """Neither by a link, nor by a redirect, nor by a look-up of its name."""
    seen = await contacts.run(database_url=database_url)

    assert missed(contacts.bars(seen, own=True)) == [], (seen.strangers[:5], seen.caught[:5])
