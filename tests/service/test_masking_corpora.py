"""How much of the labelled personal data is masked, read from the shared material when it is there."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from service.identifiers import find_identifiers

ROWS = (
    Path(os.environ.get("DESKPILOT_SHARED", Path(__file__).parents[3] / "shared"))
    / "security/pii/presidio_synth_dataset_v2.json"
)
TYPES = ("EMAIL_ADDRESS", "CREDIT_CARD", "PHONE_NUMBER", "US_SSN", "IBAN_CODE", "IP_ADDRESS")


@pytest.mark.skipif(not ROWS.is_file(), reason="no shared security material (set DESKPILOT_SHARED)")
def test_labelled_data_of_rows_held_out_is_masked_whole() -> None:
    """At least 99 in 100 spans of the second half, none of which was looked at when the rules were written."""
    every: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    rows = json.loads(ROWS.read_text())
    for row in rows[len(rows) // 2 :]:
        masked = {place for start, end, _ in find_identifiers(row["full_text"]) for place in range(start, end)}
        for span in row["spans"]:
            if span["entity_type"] in TYPES:
                every[span["entity_type"]] += 1
                whole[span["entity_type"]] += masked.issuperset(range(span["start_position"], span["end_position"]))

    assert every.total() > 100
    assert whole.total() >= 0.99 * every.total(), {kind: (whole[kind], every[kind]) for kind in every}
