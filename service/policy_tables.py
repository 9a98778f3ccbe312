"""What `deskpilot policy explain` and `deskpilot policy test` print for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import get_args

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.phrases import phrases
from service.policy.document import Tier
from service.policy.explaining import Explanation, Looked
from service.policy.scores import Scores

_SHOWN = 20  # wrong tickets, and confused pairs


def explanation_table(found: Explanation, language: str) -> Group:
    """As a person reads it: from what was found to what follows."""
    words, decision = phrases(language).reasons, found.decision
    values = Table("triage", "", "sure", "rests on", box=None, pad_edge=False)
    for name, (value, sure, rests_on) in found.values.items():
        values.add_row(name, Text(str(value)), f"{sure:.2f}", Text(_quoted(rests_on)))
    values.add_row("amounts", Text(", ".join(found.amounts)))
    values.add_row("contacts in seven days", str(found.contacts))
    values.add_row("shift of the mood", f"{found.shift:+d}")
    signals = Table("signal", "", "rests on", box=None, pad_edge=False)
    for one in found.signals:
        signals.add_row(one.name, "enough alone" if one.alone else "", Text(_quoted(one.words)))
    needed = f"{len(found.signals)} signals found; {found.limits.signals} that agree, or one that is enough alone, bring a person"
    lines = [
        f"Tier {decision.tier}: " + (", ".join(words.get(one, one) for one in decision.reasons) or "a draft"),
        *([f"Before: tier {found.past.tier}, {found.past.asked_back} questions back"] if found.past.tier > 1 else []),
        *(["Lowered by an agent"] if decision.lowered else []),
        *(f"{name}: {said}" for name, said in _said(found) if said),
        f"Policy {decision.version}",
    ]
    customer = [f"{name}: {value}" for name, value in found.known.items()]
    customer += [f"{name}: unknown ({why})" for name, why in found.unknown.items()]
    return Group(
        values, "", signals if found.signals else "No signal", needed, "", *map(Text, customer),
        _rules("fired", found.fired), _rules("nearly", found.nearly), "", *map(Text, lines),
    )  # fmt: skip


def _said(found: Explanation) -> Iterable[tuple[str, str]]:
    decision = found.decision
    due = f"{decision.due.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if decision.due else ""
    return (
        ("Group", decision.group),
        ("Priority", decision.priority or ""),
        ("First answer due", due),
        ("Answer", decision.answer),
        ("Playbook", decision.playbook),
        ("Check", "; ".join(decision.checks)),
        ("Don't promise", "; ".join(decision.dont_promise)),
        ("Segments", ", ".join(decision.segments)),
        ("Questions", "" if decision.may_ask else "enough were asked back: a person answers instead of another"),
    )


def _rules(title: str, rules: Iterable[Looked]) -> Table:
    table = Table(
        f"rules that {title}" + (" did" if title == "nearly" else ""),
        "tier",
        "what holds",
        "",
        box=None,
        pad_edge=False,
    )
    for one in rules:
        table.add_row(Text(one.name), str(one.tier or ""), Text("; ".join(one.held)), Text(one.failed))
    return table


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def scores_table(found: Scores) -> Group:
    """Shares, the tiers' confusion, confused categories, hits, and what is wrong."""
    shares = Table(f"{found.tickets} tickets", "", box=None, pad_edge=False)
    shares.add_row("recall of tier 3", _share(found.tier3_recall))
    shares.add_row("precision of tier 3", _share(found.tier3_precision))
    for language, own in found.by_language.items():
        shares.add_row(f"  {language}", " · ".join(_share(one) for one in own.values()))
    shares.add_row("right tier", _share(found.tier_accuracy))
    shares.add_row("right category", _share(found.category_accuracy))
    tiers: tuple[Tier, ...] = get_args(Tier)
    matrix = Table("labelled", *(f"judged {tier}" for tier in tiers), box=None, pad_edge=False)
    for said in tiers:
        matrix.add_row(f"tier {said}", *(str(found.by_tier.get(said, {}).get(tier, 0)) for tier in tiers))
    hits = Table("rule", "fired", "labelled so or higher", box=None, pad_edge=False)
    for name, hit in found.hits.items():
        hits.add_row(Text(name), str(hit.fired), str(hit.right) if hit.fired else "never fired")
    unknown = [f"Not in the policy: {', '.join(found.unknown_categories)}"] * bool(found.unknown_categories)
    parts: list[RenderableType] = [shares, "", matrix, "", _confused(found), "", hits, "", *unknown, _wrong(found)]
    return Group(*parts)


def _confused(found: Scores) -> Table:
    pairs = [(said, judged, count) for said, row in found.by_category.items() for judged, count in row.items()]
    table = Table("category", "judged", "tickets", box=None, pad_edge=False)
    for said, judged, count in sorted((one for one in pairs if one[0] != one[1]), key=lambda one: -one[2])[:_SHOWN]:
        table.add_row(Text(said), Text(judged or "none"), str(count))
    return table


def _wrong(found: Scores) -> Table:
    left = len(found.wrong) - _SHOWN
    table = Table("wrong", "labelled", "judged", "because of", "begins", box=None, pad_edge=False)
    for one in found.wrong[:_SHOWN]:
        because = ", ".join([*one["rules"], *one["signals"]])
        table.add_row(Text(one["id"]), str(one["labelled"]), str(one["tier"]), Text(because), Text(one["begins"]))
    if left > 0:
        table.add_row(f"and {left} more: --json")
    return table


def _share(share: float | None) -> str:
    return "none to count" if share is None else f"{share:.1%}"
