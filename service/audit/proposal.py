"""A policy file for this account, to be read by a person: the built-in one, stricter where the history says so. Pure."""

from __future__ import annotations

from service.audit.findings import OTHER, Audit, Kind
from service.policy.document import Policy, Tier
from service.worth.intervals import LEAST

_PERSON, _CHECKED = 0.5, 0.5  # share that is a person's; share solved at first contact
_HIGH_STAKES, _SOME_STAKES, _HARD = 4.0, 2.5, 3.0


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


def proposal(audit: Audit, policy: Policy) -> str:
    """YAML that `deskpilot policy check` accepts. It never lowers what `policy`, the one in force, says."""
    lines = [
        f"# Proposed by `deskpilot audit` from {audit.tickets:,} tickets, {audit.since:%Y-%m-%d} to {audit.until:%Y-%m-%d}.",
        "# Read it, change it, then: deskpilot policy check FILE, and DESKPILOT_POLICY_FILE=FILE.",
        "# Tier 1: a draft. 2: a draft that a person checks. 3: only a person. Nothing here is laxer than the built-in policy.",
        "version: 1",
        "extends: builtin",
        "name: Proposed by the audit",
    ]
    entries: list[str] = []
    for name, (kind, tier, why) in _tiers(audit, policy).items():
        if kind.tickets < LEAST:
            entries.append(f"  # {name}: {kind.tickets} tickets are too few to say anything (at least {LEAST})")
            continue
        standing = _standing(name, policy)
        told = f"{kind.tickets:,} tickets, {kind.effort:.0%} of all replies; {why}"
        if tier > standing:
            entries += [f"  {name}:  # {told}", f"    tier: {tier}"]
        else:
            entries.append(f"  # {name} stays at tier {standing}: {told}")
    if any(not line.lstrip().startswith("#") for line in entries):
        lines.append("categories:")
    return "\n".join([*lines, *entries]) + "\n"


def tiers_of(audit: Audit, policy: Policy) -> dict[str, Tier]:
    """Of each kind of the policy the tier that stands in the proposed file: never below the policy's own, which too few tickets keep."""
    return {name: tier for name, (_, tier, _) in _tiers(audit, policy).items()}


def _tiers(audit: Audit, policy: Policy) -> dict[str, tuple[Kind, Tier, str]]:
    found: dict[str, tuple[Kind, Tier, str]] = {}
    for kind in audit.kinds:
        if kind.name == OTHER or kind.name not in policy.categories:
            continue
        standing, (tier, why) = _standing(kind.name, policy), proposed_tier(kind)
        found[kind.name] = (kind, max(standing, tier) if kind.tickets >= LEAST else standing, why)
    return found


def _standing(name: str, policy: Policy) -> Tier:
    """The tier of a category, or of the nearest above it that says one."""
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        category = policy.categories[name]
        if category.tier is not None:
            return category.tier
        name = category.parent
    return 1
