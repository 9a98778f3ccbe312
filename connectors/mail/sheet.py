"""The style sheet of a mail: which declarations its simple selectors give an element."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import NamedTuple

from connectors.mail.styles import COMMENT, declarations, merged


class Rule(NamedTuple):
    """One selector: the element itself, what must stand above it, and what it then gets."""

    order: int
    own: frozenset[str]  # "p", ".secret", "#x"; empty: any element
    above: frozenset[str]
    style: Mapping[str, str]


_BRACE = re.compile(r"[{}]")
_PLAIN_MEDIA = re.compile(
    r"@media\s+(?:only\s+)?(?:all|screen)?\s*(?:(?:and\s+)?\(\s*min-(?:device-)?width:[^)]*\)\s*)*"
)
_TOKEN = re.compile(r"[.#]?[\w-]+")
MAX_RULES = 1_000


class Sheet:
    """The rules of a mail's own style elements."""

    def __init__(self, css: str) -> None:
        self.rules: dict[str, list[Rule]] = {}
        for rule in islice(_rules(css), MAX_RULES):
            key = min(rule.own, default="*")  # "#" and "." sort before letters: the rarest token
            self.rules.setdefault(key, []).append(rule)
        self.asked = frozenset(token for rules in self.rules.values() for rule in rules for token in rule.above)
        self._owned = frozenset(token for rules in self.rules.values() for rule in rules for token in rule.own)
        self._known: dict[tuple[frozenset[str], frozenset[str]], dict[str, str]] = {}
        self.budget = 100_000  # rules tried; a mail that needs more is read no further

    def style(self, tokens: frozenset[str], inside: frozenset[str]) -> Mapping[str, str]:
        """What the sheet says about an element with these tokens ("p", ".secret", "#x") below those."""
        if not self.rules:
            return {}
        tokens &= self._owned
        known = self._known.get((tokens, inside))
        if known is None:
            tried = [rule for token in (*sorted(tokens, reverse=True), "*") for rule in self.rules.get(token, ())]
            self.budget -= len(tried)
            known = {}
            for rule in sorted(tried, key=lambda rule: rule.order):
                if rule.own <= tokens and rule.above <= inside:
                    known = merged(known, rule.style)
            self._known[tokens, inside] = known
        return known


def _rules(css: str) -> Iterator[Rule]:
    skipped, selector, order, start = 0, "", count(), 0
    css = COMMENT.sub(" ", css)
    for brace in _BRACE.finditer(css):
        before, start = css[start : brace.start()], brace.end()
        if brace[0] == "}":
            if skipped:
                skipped -= 1
            elif selector:
                style = declarations(before)
                for own, above in _selectors(selector):
                    yield Rule(next(order), own, above, style)
                selector = ""
            continue
        prelude = before.rpartition(";")[2].strip()
        if skipped or (prelude.startswith("@") and not _PLAIN_MEDIA.fullmatch(prelude.lower())):
            skipped += 1
        elif not prelude.startswith("@"):
            selector = prelude


def _selectors(selectors: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for selector in selectors.lower()[:4_000].split(","):
        parts = re.split(r"[\s>+~]+", selector.strip())
        if ":" in selector or "[" in selector or not parts[-1]:
            continue
        own = frozenset(_TOKEN.findall(parts[-1]))
        above = frozenset(
            token for part in parts[:-1] for token in _TOKEN.findall(part) if token not in ("html", "body")
        )
        yield own, above
