"""When too many tickets are of no category, and what is said then."""

from __future__ import annotations

import pytest

from service.audit.untold import samples, warning
from tests.service.audit.seen import audit, seen


@pytest.mark.parametrize(("of_none", "warned"), [(24, False), (25, True), (100, True)])
def test_a_quarter_of_no_category_is_too_much(of_none: int, warned: bool) -> None:  # noqa: FBT001
    """And an account without tickets is not warned of them."""
    assert bool(warning(of_none, 100, embedded=False)) is warned
    assert not warning(0, 0, embedded=False)


def test_the_warning_says_what_helps_and_leaves_out_what_is_done_already() -> None:
    """Embeddings that are there are no advice."""
    without, with_them = warning(45, 100, embedded=False), warning(45, 100, embedded=True)

    assert without.startswith("45 of 100 tickets (45%) were not told apart")
    assert "deploy/policy.md" in without
    assert "DESKPILOT_EMBEDDINGS__BASE_URL" in without
    assert "DESKPILOT_EMBEDDINGS__BASE_URL" not in with_them
    assert "run the audit again" in with_them


def test_five_sentences_are_shown_and_the_most_frequent_first() -> None:
    """None twice, and no empty one."""
    said = ["Seldom?", "", "Often.", *(f"Once {number}." for number in range(9)), "Often."]

    assert samples(said) == ("Often.", "Seldom?", "Once 0.", "Once 1.", "Once 2.")


def test_only_tickets_of_no_category_are_quoted() -> None:
    """With the others there is nothing to mend."""
    made = audit(seen("", 30, sentence="The lid squeaks."), seen("delivery", 30, sentence="Where is it?"))

    assert made.not_told_apart == ("The lid squeaks.",)
    assert made.warning.startswith("30 of 60 tickets (50%)")
    assert audit(seen("delivery", 30)).warning == ""
