"""Articles compared with each other: those that say the same twice, and those that state different amounts of one thing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise

from service.knowledge.amounts import Statement, contradict
from service.knowledge.inventory import Holding, Key, can_meet

ALIKE = 0.8
"""Share of the shorter article's word triples that the longer one has too, from which on they say the same."""

FEWEST_TRIPLES = 24
"""An article of some 26 words: what is shorter looks like others by chance."""

_SAMPLED = 8  # one triple in so many is looked up; two alike articles of 60 words share one in 999 of 1,000 cases
_PARTS = 64
_CROWD = 30  # articles with one triple from which on each is compared with the next only
_SAME_SUBJECT = 0.65  # share of a sentence's telling words that a shorter one says, too
_MOST = 200  # sentences under one word: a template's are not all needed


@dataclass(frozen=True, slots=True)
class Alike:
    """Articles that say the same. share: of the least alike pair that joins them, 0 to 1."""

    holdings: tuple[Holding, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two articles and what each states about the same thing."""

    one: Holding
    other: Holding
    said: str
    other_said: str


def near_duplicates(holdings: Sequence[Holding]) -> list[Alike]:
    """Groups of articles that one search can find and that say the same, most alike first. Translations are none.

    Candidates share sampled triples; of these every triple is compared. Not quadratic in articles.
    """
    pairs: list[tuple[float, int, int]] = []
    for one, other in _candidates(holdings):
        first, second = holdings[one], holdings[other]
        if can_meet(first, second) and first.work != second.work and (share := likeness(first, second)) >= ALIKE:
            pairs.append((share, one, other))
    groups: dict[int, set[int]] = {}
    least: dict[int, float] = {}
    for share, one, other in sorted(pairs, reverse=True):
        mine, theirs = groups.setdefault(one, {one}), groups.setdefault(other, {other})
        if mine is not theirs:
            mine |= theirs
            groups.update(dict.fromkeys(theirs, mine))
            least[id(mine)] = share
    distinct = {id(group): group for group in groups.values()}
    found = [Alike(_works(holdings[n] for n in sorted(group)), least[key]) for key, group in distinct.items()]
    return sorted(found, key=lambda alike: (-alike.share, alike.holdings[0].title))


def _works(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    """One of each work: two regional translations of it may both be like a third article."""
    first: dict[Key, Holding] = {}
    for holding in holdings:
        first.setdefault(holding.work, holding)
    return tuple(first.values())


def likeness(one: Holding, other: Holding) -> float:
    """Share of the shorter article's triples that the longer one has too."""
    fewer, more = sorted((one.triples, other.triples), key=len)
    return len(set(fewer).intersection(more)) / len(fewer) if fewer else 0.0


def _candidates(holdings: Sequence[Holding]) -> Iterator[tuple[int, int]]:
    """Pairs that share more than chance of the sampled triples."""
    # in parts: sorting all at once would hold the interpreter, and the service around it, for a second
    parts: list[list[int]] = [[] for _ in range(_PARTS)]
    sizes = [0] * len(holdings)
    for number, holding in enumerate(holdings):
        if len(holding.triples) < FEWEST_TRIPLES:
            continue
        chosen = [triple for triple in holding.triples if triple % _SAMPLED == 0]
        sizes[number] = len(chosen)
        for triple in chosen:
            parts[triple // _SAMPLED % _PARTS].append(triple << 32 | number)
    shared: Counter[tuple[int, int]] = Counter()
    for part in parts:
        part.sort()
        for _, run in groupby(part, key=lambda packed: packed >> 32):
            numbers = [packed & 0xFFFFFFFF for packed in run]
            shared.update(combinations(numbers, 2) if len(numbers) <= _CROWD else pairwise(numbers))
    for (one, other), count in shared.items():
        if count >= ALIKE / 2 * min(sizes[one], sizes[other]):  # a sample of few is coarse
            yield one, other


def disagreements(holdings: Sequence[Holding]) -> list[Disagreement]:
    """Pairs of articles with different amounts for what both speak of in nearly the same words; one finding a pair.

    Few and right rather than many: both sentences state one amount of the kind, bounded alike ("within", "at least"), one
    says all that the other says and little more, each stands in an article about it, and neither names what the other does not.
    """
    every = [(holding, statement) for holding in holdings for statement in holding.statements]
    found: dict[frozenset[Key], tuple[float, Disagreement]] = {}
    for one, other in _same_subject([statement for _, statement in every]):
        (first, said), (second, contrary) = every[one], every[other]
        if first.work == second.work or not can_meet(first, second) or not contradict(said, contrary):
            continue
        key = frozenset((first.key, second.key))
        share = len(said.about) / len(contrary.about)
        if key not in found or share > found[key][0]:
            found[key] = share, Disagreement(first, second, said.said, contrary.said)
    return [finding for _, finding in sorted(found.values(), key=lambda pair: -pair[0])]


def _same_subject(statements: Sequence[Statement]) -> Iterator[tuple[int, int]]:
    """Pairs of one kind and bound of which one says all that the other says, and little more.

    The shorter one's rarest word stands in the longer one: each is laid under that word, and looked for under all of its own.
    """
    spread = Counter(word for statement in statements for word in statement.about)
    laid: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for number, statement in enumerate(statements):
        rarest = min(statement.about, key=lambda word: (spread[word], word))
        place = laid[statement.kind, statement.bound, rarest]
        if len(place) < _MOST:
            place.append(number)
    for number, statement in enumerate(statements):
        about = statement.about
        for word in about:
            for other in laid.get((statement.kind, statement.bound, word), ()):
                shorter = statements[other].about
                again = len(shorter) == len(about) and other >= number  # itself, or met from the other side
                if not again and len(shorter) >= _SAME_SUBJECT * len(about) and shorter <= about:
                    yield other, number
