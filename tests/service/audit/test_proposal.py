"""The policy that an audit proposes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from service.audit.proposal import opening, proposal, proposed_tier, tiers_of
from service.policy.document import Tier
from service.policy.reading import builtin, read, understood
from tests.service.audit.seen import SINCE, UNTIL, audit, seen


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({}, 1),
        ({"stakes": 3}, 2),
        ({"stakes": 4}, 3),
        ({"complexity": 3}, 2),
        ({"first_contact": False}, 2),
        ({"tier": 3}, 3),
    ],
)
def test_a_tier_is_proposed_by_the_figures(more: dict[str, object], tier: Tier) -> None:
    """One threshold each."""
    (kind,) = audit(seen("delivery", 50, **more)).kinds

    assert proposed_tier(kind)[0] == tier


def test_the_proposed_policy_is_accepted_and_never_laxer() -> None:
    """It passes the check, raises what the figures raise, and lowers nothing that the built-in policy says."""
    standing = builtin().policy
    strict = next(name for name, one in standing.categories.items() if one.tier == 3)
    made = audit(seen("delivery", 50, stakes=3), seen("fault", 50), seen(strict, 50), seen("returns", 5, stakes=5))
    text = proposal(made, standing)
    found = understood(text.encode(), source="proposal.yaml").policy

    assert found.categories["delivery"].tier == 2
    assert found.categories["fault"].tier == standing.categories["fault"].tier
    assert found.categories[strict].tier == 3
    assert found.categories["returns"].tier == standing.categories["returns"].tier
    assert "(fewer than 30); as in the built-in policy:\n#   returns: 5 tickets\n" in text
    told = tiers_of(made, standing)  # of the table and the picture
    assert told == {name: found.categories[name].tier or 1 for name in told}
    assert {*told} == {"delivery", "fault", strict, "returns"}
    assert {name: one.examples for name, one in found.categories.items()} == {
        name: one.examples for name, one in standing.categories.items()
    }


def test_a_proposal_that_raises_nothing_is_a_policy_all_the_same() -> None:
    """No empty key."""
    made = audit(seen("fault", 50))

    assert understood(proposal(made, builtin().policy).encode(), source="p.yaml").policy.categories


def test_it_reads_like_a_file_that_a_person_wrote() -> None:
    """Word for word: what it is, what it changes and why, and what stays, each in its place."""
    made = audit(seen("delivery", 45, stakes=3), seen("returns", 50), seen("praise", 5))

    assert proposal(made, builtin().policy) == EXPECTED


EXPECTED = """\
# Proposed by `deskpilot audit` from the tickets of 2026-06-01 to 2026-08-31.
# 100 tickets of zendesk were read.
#
# Read it, change what you know better, and look at what it says: deskpilot policy check FILE
# It comes into force with DESKPILOT_POLICY_FILE=FILE.
#
# Tier 1: a draft. Tier 2: a draft that a person checks. Tier 3: only a person.
# Nothing here is laxer than the built-in policy, which holds for all that this file does not say.

version: 1
extends: builtin
name: Proposed by the audit

categories:
  # 45 tickets, 45% of all replies. Something hangs on it: stakes 3.0 of 5.
  delivery:
    tier: 2

# As in the built-in policy; to change one, put it under `categories` with its tier:
#   returns, tier 1: 50 tickets, 50% of all replies. Simple, and little hangs on it.

# Too few tickets to say anything (fewer than 30); as in the built-in policy:
#   praise: 5 tickets
"""


def test_its_comments_are_no_surprise_to_an_editor() -> None:
    """None stands behind a key, none is indented otherwise than what it speaks of, no line is wider than a screen."""
    made = audit(
        seen("delivery", 50, stakes=3), seen("fault", 50), seen("", 90),
        problems=["freshdesk stopped answering:\nno: [good] # YAML " + "and more " * 200],
    )  # fmt: skip
    lines = proposal(made, builtin().policy).splitlines()

    assert understood("\n".join(lines).encode(), source="p.yaml").policy.categories["delivery"].tier == 2
    assert any(line.startswith("# Not whole: freshdesk stopped answering: no: [good]") for line in lines)
    assert any("(47%) belong to no category yet" in line for line in lines)
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        assert len(line) <= 100
        assert "#" not in line.lstrip("# ") or line.startswith("#")
        if line.startswith("  #"):
            assert after.startswith("  ")
            assert not after.startswith("   ")


def test_the_category_it_shows_as_an_example_is_good_as_it_stands() -> None:
    """Without its comment signs, under the key that is there."""
    lines = proposal(audit(seen("delivery", 50, stakes=3), seen("", 90)), builtin().policy).splitlines()
    example = [line.removeprefix("# ") for line in lines[lines.index("#   warranty:") :]]
    at = lines.index("categories:") + 1
    mended = "\n".join([*lines[:at], *example, *lines[at:]])

    assert understood(mended.encode(), source="p.yaml").policy.categories["warranty"].tier == 2


def test_a_policy_of_the_teams_own_is_not_lowered_and_said_to_have_more(tmp_path: Path) -> None:
    """The proposed file does not extend it: what is stricter in it stands there again, its own categories too."""
    own = tmp_path / "own.yaml"
    own.write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "extends": "builtin",
                "categories": {
                    "delivery": {"tier": 3},
                    "warranty": {"tier": 2, "title": "Warranty", "examples": ["Is a broken lid covered?"]},
                },
            }
        )
    )
    in_force = read(own).policy
    made = audit(seen("delivery", 50), seen("warranty", 50), seen("fault", 50))
    text = proposal(made, in_force)
    found = understood(text.encode(), source="p.yaml").policy

    assert {name: found.categories[name].tier for name in ("delivery", "warranty")} == {"delivery": 3, "warranty": 2}
    assert "# Your own policy file has more than its tiers" in text
    assert "By these figures alone tier 1 would do" in text
    told = tiers_of(made, in_force)
    assert told == {name: found.categories[name].tier or 1 for name in told}


def test_the_first_line_is_known_before_anything_is_read() -> None:
    """By it a file of somebody else's is told."""
    assert proposal(audit(seen("fault", 50)), builtin().policy).splitlines()[0] == opening(SINCE, UNTIL)


def test_what_nobody_asked_in_this_time_stays_as_strict_as_it_is(tmp_path: Path) -> None:
    """A quiet half-year is no reason to be laxer; and a name with a colon in it is a name."""
    file = tmp_path / "own.yaml"
    file.write_text(
        "version: 1\nextends: builtin\ncategories:\n  delivery: {tier: 3}\n"
        '  "Billing: EU": {title: Billing in the EU, examples: [Where is the VAT of my bill?], tier: 2}\n'
    )
    own = read(file).policy
    text = proposal(audit(seen("fault", 50)), own)
    found = understood(text.encode(), source="p.yaml").policy
    assert "  # No ticket of this time; as in your policy.\n  delivery:\n    tier: 3\n" in text
    assert (found.categories["delivery"].tier, found.categories["Billing: EU"].tier) == (3, 2)
