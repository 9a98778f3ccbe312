"""A policy file for this account, to be read by a person: the built-in one, stricter where the history says so. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap

from service.audit.findings import OTHER, Audit, Kind
from service.plaintext import one_line
from service.policy.document import Policy, Tier
from service.policy.reading import builtin
from service.worth.intervals import LEAST

_PERSON, _CHECKED = 0.5, 0.5  # share that is a person's; share solved at first contact
_HIGH_STAKES, _SOME_STAKES, _HARD = 4.0, 2.5, 3.0
_LINE, _LONGEST = 98, 400  # characters: of a comment, of a problem

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*[A-Za-z0-9_]")

_SHAPE = (
    "#",
    "#   warranty:",
    "#     title: Warranty",
    "#     examples:",
    "#       - Is a broken lid covered by the warranty?",
    "#       - How long is the warranty on the kettle?",
    "#     tier: 2",
)


def proposed_tier(kind: Kind) -> tuple[Tier, str]:
    """The tier of a kind and why, by its figures alone."""
    if kind.person >= _PERSON:
        return 3, f"{kind.person:.0%} of them are a person's already"
    if kind.stakes >= _HIGH_STAKES:
        return 3, f"much hangs on it: stakes {kind.stakes:.1f} of 5"
    if kind.stakes >= _SOME_STAKES:
        return 2, f"something hangs on it: stakes {kind.stakes:.1f} of 5"
    if kind.complexity >= _HARD:
        return 2, f"hard to answer: complexity {kind.complexity:.1f} of 5"
    if kind.first_contact is not None and kind.first_contact.high < _CHECKED:
        return 2, f"{kind.first_contact.point:.0%} are solved at first contact"
    return 1, "simple, and little hangs on it"


def opening(since: datetime, until: datetime) -> str:
    """The first line of a proposed file: by it, one that is surely another's is known before anything is read."""
    return f"# Proposed by `deskpilot audit` from the tickets of {since:%Y-%m-%d} to {until:%Y-%m-%d}."


def proposal(audit: Audit, policy: Policy) -> str:
    """YAML that `deskpilot policy check` accepts. No tier in it is below that of `policy`, the one in force."""
    base = builtin().policy
    raised: list[str] = []
    kept: list[str] = []
    few: list[str] = []
    for name, (kind, tier, why) in _tiers(audit, policy).items():
        usual = _standing(name, base)
        told = f"{kind.tickets:,} tickets, {kind.effort:.0%} of all replies. {why[:1].upper()}{why[1:]}."
        if tier > usual:  # also where the policy in force says so: this file does not extend it
            raised += [
                "",
                f"  # {_of(kind) if kind.tickets < LEAST else told}",
                f"  {_key(name)}:",
                f"    tier: {tier}",
            ]
        elif kind.tickets < LEAST:
            few.append(f"#   {name}: {_of(kind)}")
        else:
            kept.append(f"#   {name}, tier {tier}: {told}")
    for name in policy.categories:  # what nobody asked in this time stays as strict as it is
        if name not in _tiers(audit, policy) and (tier := _standing(name, policy)) > _standing(name, base):
            raised += ["", "  # No ticket of this time; as in your policy.", f"  {_key(name)}:", f"    tier: {tier}"]
    return "\n".join(
        [
            *_head(audit, policy),
            *_under("categories:", raised),
            *_under("# As in the built-in policy; to change one, put it under `categories` with its tier:", kept),
            *_under(f"# Too few tickets to say anything (fewer than {LEAST}); as in the built-in policy:", few),
            *_advice(audit),
        ]
    ) + "\n"  # fmt: skip


def _head(audit: Audit, policy: Policy) -> list[str]:
    """What the file is, and what it lacks."""
    counted = f"# {audit.tickets:,} tickets of {' and '.join(audit.helpdesks)} were read."
    own = policy is not builtin().policy
    return [
        opening(audit.since, audit.until),
        counted,
        *_comment([f"Not whole: {one_line(problem, limit=_LONGEST)}" for problem in audit.problems]),
        "#",
        "# Read it, change what you know better, and look at what it says: deskpilot policy check FILE",
        "# It comes into force with DESKPILOT_POLICY_FILE=FILE.",
        *_comment(
            ["Your own policy file has more than its tiers: move what you want of this one there."] if own else []
        ),
        "#",
        "# Tier 1: a draft. Tier 2: a draft that a person checks. Tier 3: only a person.",
        "# Nothing here is laxer than the built-in policy, which holds for all that this file does not say.",
        "",
        "version: 1",
        "extends: builtin",
        "name: Proposed by the audit",
    ]


def _key(name: str) -> str:
    """As YAML reads it as that name."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _of(kind: Kind) -> str:
    return f"{kind.tickets:,} ticket{'s' if kind.tickets > 1 else ''}"


def _under(title: str, lines: Sequence[str]) -> list[str]:
    """Under a title, after a blank line; nothing where there is nothing."""
    if not lines:
        return []
    return ["", title, *(lines if lines[0] else lines[1:])]


def _advice(audit: Audit) -> list[str]:
    """How to write a category, where many tickets have none."""
    if not audit.warning:
        return []
    (untold,) = [kind for kind in audit.kinds if kind.name == OTHER]
    said = (
        f"{_of(untold)} of {audit.tickets:,} ({untold.share:.0%}) belong to no category yet. Give them some, with six to ten "
        "examples in each language, and run the audit again. One looks like this, under `categories`:"
    )
    return ["", *_comment([said]), *_SHAPE]


def _comment(sentences: Sequence[str]) -> list[str]:
    """As lines that fit on a screen."""
    return [f"# {line}" for sentence in sentences for line in wrap(sentence, _LINE, break_long_words=False)]


def tiers_of(audit: Audit, policy: Policy) -> dict[str, Tier]:
    """Of each kind of the policy the tier that stands in the proposed file: never below the policy's own or the built-in one's, which too few tickets keep."""
    return {name: tier for name, (_, tier, _) in _tiers(audit, policy).items()}


def _tiers(audit: Audit, policy: Policy) -> dict[str, tuple[Kind, Tier, str]]:
    found: dict[str, tuple[Kind, Tier, str]] = {}
    for kind in audit.kinds:
        if kind.name == OTHER or kind.name not in policy.categories:
            continue
        standing = max(_standing(kind.name, policy), _standing(kind.name, builtin().policy))
        tier, why = proposed_tier(kind)
        if standing > tier:
            why = f"by these figures alone tier {tier} would do: {why}"
        found[kind.name] = (kind, max(standing, tier) if kind.tickets >= LEAST else standing, why)
    return found


def _standing(name: str, policy: Policy) -> Tier:
    """The tier of a category, or of the nearest above it that says one. One that the policy does not know: 1."""
    seen: set[str] = set()
    while name in policy.categories and name not in seen:
        seen.add(name)
        category = policy.categories[name]
        if category.tier is not None:
            return category.tier
        name = category.parent
    return 1
