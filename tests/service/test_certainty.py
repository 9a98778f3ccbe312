"""How sure a draft is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.certainty import certainty, in_words
from service.drafting import Citation, Draft

CITED = Draft("Within 30 days.", "en", covered=True, citations=(Citation(1),))


def test_a_model_that_names_its_passages_raises_the_odds() -> None:
    """It has read them: even odds become five to one."""
    assert certainty(0.5, CITED, cited=5.0) == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    "draft",
    [
        replace(CITED, matched=True),
        replace(CITED, dropped_citations=2),
        replace(CITED, citations=()),
        replace(CITED, writer="extractive"),
    ],
    ids=["matched by code", "most were invented", "none", "quoted by rules"],
)
def test_what_is_no_evidence_changes_nothing(draft: Draft) -> None:
    """Names that were found by words, or of which most are made up, and quotations: retrieval looked at the same words."""
    assert certainty(0.3, draft, cited=5.0) == pytest.approx(0.3)


def test_a_draft_that_does_not_answer_is_not_sure_of_anything() -> None:
    """A question to the customer rests on nothing."""
    assert certainty(0.9, replace(CITED, covered=False), cited=5.0) == 0


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_it_stays_a_probability_and_never_falls_below_the_prior(prior: float, cited: float) -> None:
    """Whatever comes in; a thousandth on either side is as sure as anything gets."""
    sure = certainty(prior, CITED, cited=cited)

    assert min(max(prior, 0.001), 0.999) - 1e-9 <= sure <= 1


def test_the_agent_reads_words() -> None:
    """Never a bare percentage."""
    assert [in_words(one) for one in (0.99, 0.8, 0.79, 0.6, 0.59, 0.0)] == [
        "high",
        "high",
        "fair",
        "fair",
        "low",
        "low",
    ]
