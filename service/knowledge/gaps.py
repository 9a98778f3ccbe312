"""The gap list: masked questions that no article answers, grouped by what they are about. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.knowledge.inventory import Key
from service.ledger import Unanswered
from service.passages import telling

_ALIKE = 0.5
_SAME_TOPIC = 0.25
"""Cosine from which on two questions, and then two groups of them, belong together; a rare word weighs more.

Chosen on one half of a labelled set of bank customers' questions, see deploy/decisions/0020-knowledge-report.md.
"""

_COMMON = 0.2  # share of the questions that hold a word, from which on it says nothing of its group
_ENOUGH = 100  # questions that tell how rare a word is
_WORDS = 4
_TICKETS = 3

Weights = Mapping[int, float]

_WORD = re.compile(r"[^\W\d_][\w'’-]*|\w*\d\w*")


@dataclass(frozen=True, slots=True)
class Topic:
    """Questions of one topic. question: the one most like the others. count: tickets, each once.

    words: what most of them speak of, as customers write it. tickets: the newest, "zendesk:123". nearest: the article that
    was found most often, and did not answer. times: when each of its tickets asked last, newest first.
    """

    question: str
    words: tuple[str, ...]
    count: int
    last: datetime
    languages: tuple[str, ...]
    tickets: tuple[str, ...]
    nearest: Key | None
    times: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, with the weights of its telling words, of length 1."""

    given: Unanswered
    weights: Weights


def topics(questions: Sequence[Unanswered]) -> list[Topic]:
    """The groups, most tickets first, then the newest. A question that is like no other is a group of its own.

    The question with most neighbours takes them all, then the next of those that are left. Then the groups, largest first,
    take in smaller ones that are about the same as a whole: no chain of small likenesses joins what has nothing in common.
    Some 3 s for 3,000 questions, which grow with their square: call it in a thread.
    """
    asked = _weighed(questions)
    near = _neighbours(asked)
    free = set(range(len(asked)))
    stars: list[list[int]] = []
    for number in sorted(free, key=lambda one: (-len(near[one]), one)):
        if number in free:
            stars.append([number, *sorted(other for other in near[number] if other in free and other != number)])
            free.difference_update(stars[-1])
    groups = _joined(asked, sorted(stars, key=lambda star: (-len(star), star)))
    found = [_topic([asked[one].given for one in group]) for group in groups]
    return sorted(found, key=lambda topic: (-topic.count, -topic.last.timestamp()))


def _joined(asked: Sequence[_Asked], stars: Sequence[list[int]]) -> list[list[int]]:
    """Each star, in this order, with the group that it is most like, where it is like one."""
    groups: list[list[int]] = []
    centres: list[Weights] = []
    holders: defaultdict[int, set[int]] = defaultdict(set)
    for star in stars:
        centre = _centre(asked, star)
        likeness: defaultdict[int, float] = defaultdict(float)
        for word, weight in centre.items():
            for group in holders[word]:
                likeness[group] += weight * centres[group][word]
        best = max(likeness, key=lambda group: (likeness[group], -group), default=len(groups))
        if likeness[best] >= _SAME_TOPIC:
            groups[best] = [*groups[best], *star]
            centres[best] = _centre(asked, groups[best])
        else:
            best = len(groups)
            groups.append(star)
            centres.append(centre)
        for word in centre:
            holders[word].add(best)
    return groups


def _centre(asked: Sequence[_Asked], group: Sequence[int]) -> Weights:
    """The mean of its questions, of length 1."""
    mean: Counter[int] = Counter()
    for number in group:
        mean.update(asked[number].weights)
    return _unit(mean)


def _unit(weights: Weights) -> Weights:
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _weighed(questions: Sequence[Unanswered]) -> list[_Asked]:
    told = [telling(one.asked, language=one.language) for one in questions]
    spread = Counter(word for words in told for word in words)
    most = max(_COMMON * len(questions), _COMMON * _ENOUGH)
    among = max(len(questions), _ENOUGH)  # of few questions, most words would look rare alike
    asked = []
    for given, words in zip(questions, told, strict=True):
        weights = {word: math.log(1 + among / spread[word]) for word in words if spread[word] <= most}
        asked.append(_Asked(given, _unit(weights)))
    return asked


def _neighbours(asked: Sequence[_Asked]) -> list[set[int]]:
    """Who is like whom, by the words they share."""
    holders: defaultdict[int, list[int]] = defaultdict(list)
    near: list[set[int]] = []
    for number, one in enumerate(asked):
        likeness: defaultdict[int, float] = defaultdict(float)
        for word, weight in one.weights.items():
            for other in holders[word]:
                likeness[other] += weight * asked[other].weights[word]
            holders[word].append(number)
        near.append({other for other, cosine in likeness.items() if cosine >= _ALIKE})
        for other in near[number]:
            near[other].add(number)
    return near


def _topic(group: Sequence[Unanswered]) -> Topic:
    """The first stands for the others."""
    newest = sorted(group, key=lambda one: one.at, reverse=True)
    times = {one.ticket: one.at for one in reversed(newest)}
    tickets = tuple(dict.fromkeys(one.ticket for one in newest))
    languages = Counter(one.language for one in group if one.language)
    nearest = Counter(one.nearest for one in newest if one.nearest)
    return Topic(
        question=group[0].asked,
        words=_shared_words(group),
        count=len(tickets),
        last=newest[0].at,
        languages=tuple(language for language, _ in languages.most_common()),
        tickets=tickets[:_TICKETS],
        nearest=nearest.most_common(1)[0][0] if nearest else None,
        times=tuple(times[ticket] for ticket in tickets),
    )


def _shared_words(group: Sequence[Unanswered]) -> tuple[str, ...]:
    """What most of them say, most often first, as it is written most often; nothing for a question alone."""
    if len(group) < 2:
        return ()
    held: Counter[frozenset[int]] = Counter()
    written: defaultdict[frozenset[int], Counter[str]] = defaultdict(Counter)
    for one in group:
        for stem, word in {telling(word, language=one.language): word for word in _WORD.findall(one.asked)}.items():
            if stem:
                held[stem] += 1
                written[stem][word if word.isupper() else word.casefold()] += 1
    often = [stem for stem, count in held.most_common() if count > 1]
    return tuple(written[stem].most_common(1)[0][0] for stem in often[:_WORDS])
