"""The weights of service/triage/stems.tsv: `nice python -m tests.bench.triage.learning [--check]`. Some seconds.

Logistic regression with a penalty, over the stories, the tuned half, the validation set and the first fresh set; never the untouched
half or the second fresh one. Prints what ten-fold cross-validation says, which the penalty and the threshold were chosen by.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.triage.stems import ENOUGH, WEIGHTS, score_of, stems_of
from tests.bench.triage.tickets import seen, tuned, validation

Numbers = NDArray[np.float64]

_STORIES: Final = Path(__file__).parent / "stories.txt"
_PENALTY: Final = 0.1
_FOLDS: Final = 10
_FEWEST: Final = 2  # tickets that a stem must stand in
_ROUNDS: Final = 12
_HEAD: Final = (
    "# Made by python -m tests.bench.triage.learning; do not edit. Beginning of a word, weight; the first is of none."
)


def labelled() -> list[tuple[str, bool]]:
    """Each ticket as its text, and whether only a person may answer it."""
    tickets = [*tuned(), *validation(), *seen()]
    return [*stories(), *(("\n".join((one.subject, *one.customer_texts)), one.tier == 3) for one in tickets)]


def weights_of(rows: Sequence[tuple[str, bool]]) -> dict[str, float]:
    """The weight of each stem, and of "". Newton's method on the tickets, of which there are fewer than of stems."""
    stems = [stems_of(text) for text, _ in rows]
    counted = Counter(stem for one in stems for stem in one)
    known = sorted(stem for stem, count in counted.items() if count >= _FEWEST)
    at = {stem: number for number, stem in enumerate(known)}
    stands: Numbers = np.zeros((len(rows), len(known)))
    for number, one in enumerate(stems):
        stands[number, [at[stem] for stem in one if stem in at]] = 1.0
    stands = np.divide(stands, np.sqrt(np.maximum(1.0, stands.sum(axis=1, keepdims=True))), dtype=np.float64)
    parts = _fitted(stands @ stands.T + 1.0, np.array([person for _, person in rows], dtype=np.float64))
    found = stands.T @ parts
    return {"": round(float(parts.sum()), 2)} | {
        stem: weight for stem, value in zip(known, found, strict=True) if (weight := round(float(value), 2))
    }


def _fitted(alike: Numbers, person: Numbers) -> Numbers:
    """How much each ticket adds to the weights of its stems."""
    parts: Numbers = np.zeros(len(person))
    for _ in range(_ROUNDS):
        score = alike @ parts
        chance = 1.0 / (1.0 + np.exp(-score))
        slope = np.maximum(chance * (1.0 - chance), 1e-4)
        parts = np.asarray(
            np.linalg.solve(alike + np.diag(_PENALTY / slope), score + (person - chance) / slope), dtype=np.float64
        )
    return parts


def crossed(rows: Sequence[tuple[str, bool]]) -> list[float]:
    """The score of each ticket by weights that were made without it."""
    order = np.random.default_rng(1).permutation(len(rows))
    scores = [0.0] * len(rows)
    for fold in np.array_split(order, _FOLDS):
        left = set(map(int, fold))
        weights = weights_of([row for number, row in enumerate(rows) if number not in left])
        for number in left:
            scores[number] = score_of(stems_of(rows[number][0]), weights)
    return scores


def written(weights: Mapping[str, float]) -> str:
    """The file."""
    return "\n".join([_HEAD, *(f"{stem}\t{weight:g}" for stem, weight in sorted(weights.items()))]) + "\n"


def main() -> int:
    """Write the weights, or with --check say whether the file is what would be written."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.triage.learning", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is another")
    check = parser.parse_args().check
    rows = labelled()
    text = written(weights_of(rows))
    if check:
        return int(text != WEIGHTS.read_text(encoding="utf-8"))
    scores = crossed(rows)
    above = Counter(person for score, (_, person) in zip(scores, rows, strict=True) if score >= ENOUGH)
    real = Counter(person for _, person in rows)
    print(
        f"{len(rows)} tickets; by themselves: recall {above[True] / real[True]:.3f}, of the harmless {above[False] / real[False]:.3f}"
    )
    WEIGHTS.write_text(text, encoding="utf-8")
    return 0


def stories() -> list[tuple[str, bool]]:
    """Those of stories.txt."""
    rows, person = [], False
    for line in _STORIES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            person = line == "[person]"
        elif line and not line.startswith("#"):
            rows.append((line, person))
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
