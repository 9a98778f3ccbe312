"""The policy that is in force without a file."""

from __future__ import annotations

from typing import get_args

from service.acknowledgement import _TEXTS
from service.policy.reading import builtin
from service.triage.judged import SignalName

POLICY = builtin().policy


def test_only_a_person_answers_what_needs_one() -> None:
    """And money, access, complaints and cancellations are checked."""
    by_tier: dict[int, set[str]] = {}
    for name, category in POLICY.categories.items():
        by_tier.setdefault(category.tier or 1, set()).add(name)

    assert by_tier[3] == {"security", "privacy", "legal", "safety", "press", "fraud", "vulnerable"}
    assert by_tier[2] == {"refund", "billing", "cancellation", "complaint", "account_access"}
    assert all(POLICY.categories[name].checks for name in by_tier[2])
    assert all(POLICY.categories[name].dont_promise for name in by_tier[2] | by_tier[3])


def test_every_strong_signal_leads_to_a_person_by_a_rule_of_its_own() -> None:
    """All of the first line of SignalName but `cancel`, which needs anger, too."""
    alone = {rule.when.signal[0] for rule in POLICY.rules if rule.then.tier == 3 and rule.when.signal}

    assert set(get_args(SignalName)[:10]) - {"cancel"} <= alone


def test_a_category_has_questions_in_two_languages_at_least() -> None:
    """No question stands in two of them: it would point nowhere."""
    questions = [example for one in POLICY.categories.values() for example in one.examples]

    assert all(14 <= len(one.examples) <= 20 for one in POLICY.categories.values())
    assert len(set(questions)) == len(questions)
    assert all({"en", "de"} <= one.title.keys() for one in POLICY.categories.values())


def test_what_agents_read_is_there_in_the_four_languages_of_notes() -> None:
    """Reasons, checks and what not to promise."""
    effects = [*POLICY.categories.values(), *(rule.then for rule in POLICY.rules)]
    for effect in effects:
        for words in (effect.why, *effect.checks, *effect.dont_promise):
            assert not words or words.keys() == {"en", "de", "fr", "es"}


def test_the_acknowledgement_is_the_one_that_is_in_use() -> None:
    """In all its languages."""
    assert dict(POLICY.acknowledgement) == _TEXTS


def test_nothing_is_written_and_no_text_approved_for_a_team_that_has_not_said_so() -> None:
    """Both are the team's own to say."""
    assert POLICY.write.model_dump(exclude_defaults=True) == {}
    assert not POLICY.answers
    assert not POLICY.incidents.start
