"""Masking: how much is masked whole, how much that is nobody's data stays readable, how fast, and what leaves all the same.

Seen while the rules were written: half of the shared rows (the even ones of a fixed shuffle), `Maker(1)`, the negatives.
Held out: the other half, and the sentences and values of `Maker(2, held_out=True)`.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from connectors.base import Organization, Person
from service.identifiers import find_identifiers
from service.masking import Masker
from tests.hostile import MASKING, SHARED
from tests.security.bars import Bar
from tests.security.exits import leaks
from tests.security.personal import SIX, Case, Maker

ROWS = SHARED / "pii/presidio_synth_dataset_v2.json"
TYPES = {
    "EMAIL_ADDRESS": "EMAIL",
    "CREDIT_CARD": "CARD",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "SSN",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
}
NEGATIVES = Path(__file__).with_name("hard_negatives.txt")
OF_EACH = 150
PEOPLE = (
    Person("1", "Ana Roca", "ana.roca@shop.example", "+49 170 1234567"),
    Person("2", "Will Hunter", "will@shop.example"),
    Person("3", "Customer Support", "support@acme.example", role="agent"),
)
SHOP = Organization("9", "Acme Parts GmbH")
DENSE = "Ana Roca, ana.roca@shop.example, 0170 1234567, 4111 1111 1111 1111, DE89370400440532013000, 203.0.113.9, 123-45-6789, PIN: 4711\n"
"""Personal data and nothing else."""

_GROWTH = 2.6  # of the time when a text is twice as long: twice, and the noise of a busy machine
_LONGEST = 200_000


async def measure(own: bool) -> list[Bar]:  # noqa: FBT001 - as every part is called
    """All bars of this part."""
    return [*judged(own=own), *speed(own=own), await leaks()]


def judged(*, own: bool) -> list[Bar]:
    """What is masked and what is not; without a clock and without anything served."""
    bars = [] if own or not ROWS.is_file() else shared_bars()
    made = [case for kind in SIX for case in Maker(2, held_out=True).cases(kind, OF_EACH)]
    bars += _recall("S5", "made up, held out", made, own=True)
    for kind, what in (("ID", "national numbers"), ("SECRET", "keys, tokens and passwords")):
        cases = Maker(2, held_out=True).cases(kind, 2 * OF_EACH)
        bars.append(_share("masking", f"{what} masked whole, made up, held out", cases, own=True))
    lines = NEGATIVES.read_text(encoding="utf-8").splitlines()
    masked = wrongly_masked(lines)
    bars.append(Bar("masking", "of nobody's data, masked", len(masked) / len(lines), len(lines), most=0.01, own=True))
    return bars


def shared_bars() -> list[Bar]:
    """Of the shared texts, the half that no rule was written against."""
    return _recall("S5", "shared texts, held out", shared_cases(held_out=True), own=False)


def shared_cases(*, held_out: bool) -> list[Case]:
    """Labelled spans of half of the rows."""
    rows = json.loads(ROWS.read_text())
    random.Random(0).shuffle(rows)
    return [
        Case(TYPES[span["entity_type"]], row["full_text"], span["start_position"], span["end_position"])
        for row in rows[held_out::2]
        for span in row["spans"]
        if span["entity_type"] in TYPES
    ]


def missed(cases: Iterable[Case]) -> list[Case]:
    """Those of which a character stays readable."""
    return [case for case in cases if not _is_masked(case)]


def wrongly_masked(lines: Iterable[str]) -> list[str]:
    """Those in which anything is masked."""
    return [line for line in lines if find_identifiers(line)]


def _is_masked(case: Case) -> bool:
    masked = {place for start, end, _ in find_identifiers(case.text) for place in range(start, end)}
    return masked.issuperset(range(case.start, case.end))


def _recall(name: str, what: str, cases: Sequence[Case], *, own: bool) -> list[Bar]:
    """All together, and each type."""
    kinds = dict.fromkeys(case.kind for case in cases)
    whole = [_share(name, f"{what}: all types masked whole", cases, own=own)]
    return whole + [
        _share(name, f"{what}: {kind}", [case for case in cases if case.kind == kind], own=own) for kind in kinds
    ]


def _share(name: str, what: str, cases: Sequence[Case], *, own: bool) -> Bar:
    return Bar(name, what, 1 - len(missed(cases)) / max(len(cases), 1), len(cases), least=0.99, own=own)


def speed(*, own: bool) -> list[Bar]:
    """Processor time, the best of three, so that a busy machine is not taken for slow code."""
    there = not own and ROWS.is_file()
    texts = (
        [row["full_text"] for row in json.loads(ROWS.read_text())]
        if there
        else [case.text for kind in SIX for case in Maker(2).cases(kind, OF_EACH)]
    )
    median = statistics.median(1000 * _took_ms(text) / len(text) for text in _in_pages(texts))
    dense = _took_ms(DENSE * 40) / len(DENSE * 40) * 1000
    grown = [_grown(piece) for piece in MASKING]
    return [
        Bar("masking", "ms per 1,000 characters, median of pages", median, len(texts), most=6.0, own=not there),
        Bar("masking", "ms per 1,000 characters of nothing but personal data", dense, 1, most=6.0, own=True),
        Bar(
            "masking",
            "times as long for 200 kB as for 100 kB, the worst text",
            max(grown),
            len(grown),
            most=_GROWTH,
            own=True,
        ),
    ]


def _grown(piece: str) -> float:
    """How many times as long twice as much of it takes; noise is measured once more."""
    whole, half = (piece * (chars // len(piece)) for chars in (_LONGEST, _LONGEST // 2))
    grown = _took_ms(whole) / _took_ms(half)
    return grown if grown <= _GROWTH else min(grown, _took_ms(whole) / _took_ms(half))


def _in_pages(texts: Iterable[str]) -> list[str]:
    """Texts of about a mail's length, 2,000 characters."""
    pages, page = [], ""
    for text in texts:
        page += text + "\n"
        if len(page) >= 2_000:
            pages.append(page)
            page = ""
    return pages or [page]


def _took_ms(text: str) -> float:
    def once() -> float:
        begun = time.process_time()
        Masker(PEOPLE, SHOP).mask(text)
        return 1000 * (time.process_time() - begun)

    return min(once() for _ in range(3))
