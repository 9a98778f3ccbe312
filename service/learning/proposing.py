"""The rule that a lesson of the kind "hand this over" proposes: YAML for a person to read, narrow and put into the policy file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from service.languages import name_of
from service.learning.lesson import Lesson
from service.passages import telling
from service.plaintext import clip, one_line
from service.policy.document import Policy
from service.policy.problems import PolicyError
from service.policy.reading import understood

_WORD: Final = re.compile(r"[^\W\d_]{4,30}")
_MOST_WORDS: Final = 3
_WHY_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule as a policy file has it. problems: why such a file would be refused; empty: it would come into force."""

    yaml: str
    problems: tuple[str, ...] = ()


def proposal(lesson: Lesson, policy: Policy) -> Proposal:
    """The rule, and what the reader of policies says of it. policy: the one in force, for its categories. CPU-bound, some ms.

    Its condition is the category and the question's longest telling words, of which one is enough: where there is no category, it
    holds for too much rather than for too little, and says so.
    """
    listed = _words(lesson)
    category = lesson.category if lesson.category in policy.categories else ""
    rows = ["  - name: " + _quoted(f"hand over, lesson {lesson.id}")]
    when = [f"category: {category}"] if category else []
    when += [f"words: [{', '.join(map(_quoted, listed))}]"] if listed else []
    rows += ["    when: {" + ", ".join(when) + "}"]
    why = clip(one_line(lesson.question, limit=2 * _WHY_CHARS), limit=_WHY_CHARS)
    rows += ["    then:", "      tier: 3", "      why: " + _quoted(f"a person answers such questions: {why}")]
    head = [f"# from ticket {lesson.key.ticket_id}, in {name_of(lesson.language) or 'an unknown language'}"]
    head += [] if category else ["# no category is known: name one, or words that nothing else is asked with"]
    text = "\n".join(["rules:", *(f"  {row}" for row in head), *rows]) + "\n"
    return Proposal(text, _problems(text, category))


def _words(lesson: Lesson) -> list[str]:
    found = dict.fromkeys(word.lower() for word in _WORD.findall(re.sub(r"\[[^\]]*\]", " ", lesson.question)))
    told = [word for word in found if telling(word, language=lesson.language)]
    return sorted(told, key=lambda word: -len(word))[:_MOST_WORDS]


def _quoted(text: str) -> str:
    """A JSON text is a YAML text."""
    return json.dumps(text, ensure_ascii=False)


def _problems(text: str, category: str) -> tuple[str, ...]:
    """As the reader of the policy file says them, of a file that holds nothing but this rule."""
    lines = ["version: 1", "extends: builtin"]
    if category:  # which may stand in the team's own file
        lines.append(f"categories: {{{category}: {{title: {_quoted(category)}}}}}")
    try:
        understood("\n".join([*lines, text]).encode(), source="proposed rule")
    except PolicyError as error:
        return tuple(f"{one.key} {one.said}: {one.remedy}" for one in error.problems)
    return ()
