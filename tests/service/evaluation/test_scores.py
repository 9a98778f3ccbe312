"""What a system found, against what was labelled."""

from __future__ import annotations

import pytest

from service.evaluation.labelled import Document, Labelled, Query
from service.evaluation.scores import Outcome, halves, scores

LABELLED = Labelled(
    [Document(id=name, text="-") for name in "ab"],
    [Query(id="q1", text="?"), Query(id="q2", text="?")],
    {"q1": ["a"], "q2": ["b"]},
    [Query(id="u", text="?")],
)


def test_each_question_counts_alike() -> None:
    """One found at the top, one not at all."""
    judged = scores(LABELLED, [Outcome(["a", "b"], 0.9), Outcome(["a"], 0.4)], [Outcome(["a"], 0.4)])

    assert (judged.ndcg10, judged.recall5, judged.mrr10, judged.hit3) == (0.5, 0.5, 0.5, 0.5)
    assert judged.auroc == 0.75


def test_without_unanswerable_questions_there_is_no_auroc() -> None:
    """Nothing is made up."""
    assert scores(LABELLED, [Outcome(["a"], 0.9)] * 2, []).auroc is None


def test_half_of_the_questions_lose_their_answers_always_the_same_half() -> None:
    """Each is counted once: with its documents, or without."""
    answered = [Outcome([], number, without=-number) for number in range(1, 1001)]
    kept, lost = halves(answered)

    assert sorted(abs(one) for one in (*kept, *lost)) == list(range(1, 1001))
    assert min(kept) > 0 > max(lost)
    assert len(kept) == pytest.approx(500, abs=60)
    assert (kept, lost) == halves(answered)
