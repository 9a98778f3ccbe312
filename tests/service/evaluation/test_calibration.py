"""Fitting the confidence to labelled questions."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.confidence import WORDS, Fit
from service.errors import ServiceError
from service.evaluation.calibration import Example, calibrate, crossed, fitted, probability
from service.evaluation.labelled import Document, Labelled, Query

TRUE = replace(WORDS, lead=6.0, coverage=0.5, base=-1.5)


def examples(count: int, curve: Fit = TRUE) -> list[Example]:
    """Questions of a knowledge base where confidence follows this curve."""
    dice = random.Random(3)
    made = []
    for _ in range(count):
        lead, coverage = dice.uniform(0, 1.2), dice.random()
        sure = 1 / (1 + math.exp(-(curve.lead * lead + curve.coverage * coverage + curve.base)))
        made.append(Example(lead, coverage, dice.random() < sure))
    return made


PLANETS = [f"planet{number}" for number in range(60)]


def labelled(count: int) -> Labelled:
    """One document for each of so many planets, and a question that names it."""
    documents = [Document(id=name, title=f"About {name}", text=f"The weather on {name} is windy.") for name in PLANETS]
    asked = [Query(id=f"q-{name}", text=f"How is the weather on {name}?") for name in PLANETS[:count]]
    return Labelled(documents, asked, {f"q-{name}": [name] for name in PLANETS[:count]}, [])


async def test_a_curve_is_fitted_to_what_the_real_search_says() -> None:
    """Of a random half the answering documents are taken away, which is seen from what is left."""
    found = await calibrate(labelled(60), embeddings=None)

    assert found.examples == 60
    assert found.fitted.auroc == 1
    assert found.fitted.ece is not None
    assert found.shipped.ece is not None
    assert found.fitted.ece < found.shipped.ece


async def test_too_few_questions_are_refused() -> None:
    """A curve of nine would be a curve of chance."""
    with pytest.raises(ServiceError, match="9 questions with an answer and 0 without are too few"):
        await calibrate(labelled(9), embeddings=None)


def test_many_questions_find_the_curve_they_came_from() -> None:
    """Whatever was shipped."""
    found = fitted(examples(5_000), shipped=WORDS)

    assert found.lead == pytest.approx(TRUE.lead, rel=0.1)
    assert found.coverage == pytest.approx(TRUE.coverage, abs=0.4)
    assert found.base == pytest.approx(TRUE.base, abs=0.3)


def test_no_question_leaves_what_was_shipped() -> None:
    """It starts there."""
    assert fitted([], shipped=WORDS) == WORDS


def test_a_handful_of_questions_moves_it_little() -> None:
    """Three lucky hits are no proof."""
    found = fitted([Example(0.0, 0.0, answered=True)] * 3, shipped=WORDS)

    assert WORDS.base < found.base < WORDS.base + 2
    assert found.lead == pytest.approx(WORDS.lead)


def test_the_figures_are_of_questions_that_the_curve_has_not_seen() -> None:
    """Each part is judged by a curve of the others: one loud example cannot vouch for itself."""
    loud = [*examples(60), Example(2.0, 0.0, answered=False)]
    unseen, seen = crossed(loud, shipped=WORDS)[-1], probability(loud[-1], fitted(loud, shipped=WORDS))

    assert unseen > 0.9
    assert seen < unseen


@given(st.lists(st.builds(Example, st.floats(-5, 5), st.floats(0, 1), st.booleans()), max_size=40))
def test_odd_questions_still_give_a_curve(odd: list[Example]) -> None:
    """All answered, none answered, all alike: finite coefficients, and probabilities."""
    curve = fitted(odd, shipped=WORDS)

    assert all(map(math.isfinite, (curve.lead, curve.coverage, curve.base)))
    assert all(0 <= said <= 1 for said in crossed(odd, shipped=WORDS))
