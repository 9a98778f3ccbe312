"""YAML as values and the lines they stand in. The file is taken as data alone: no tags, no anchors, no key twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from service.policy.problems import Finding, Place, short

LONGEST_BYTES = 1_000_000
_DEEPEST = 30

# as YAML 1.2 reads them: `no` is a language and `on` a word, 0123 somebody's id
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: Mapping[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A file. lines: of each key and item, from 1. findings: what keeps it from being what it seems."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Where this stands, or what it would stand in."""
        return next(
            (self.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self.lines),
            1,
        )


def grow(content: bytes) -> Tree:
    """Read a file. What is no YAML at all is one finding, and no value. Never raises."""
    tree = Tree()
    try:
        node = _composed(content)
    except _RefusedError as refused:
        tree.lines[()] = refused.line
        tree.findings.append(Finding((), refused.said, refused.remedy))
        return tree
    value = _planted(tree, node, ())
    return Tree(value, tree.lines, tree.findings)


class _RefusedError(Exception):
    """The file as a whole is no YAML that we take."""

    def __init__(self, line: int, said: str, remedy: str) -> None:
        super().__init__(said)
        self.line, self.said, self.remedy = line, said, remedy


def _composed(content: bytes) -> yaml.Node:
    if len(content) > LONGEST_BYTES:
        raise _RefusedError(1, f"is longer than {LONGEST_BYTES:,} bytes", "shorten its texts and examples")
    try:
        text = content.decode("utf-8-sig")
        _refuse_growth(text)
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _RefusedError(line, "is not text in UTF-8", "save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise _RefusedError(*_syntax(error, text)) from error
    except (ValueError, OverflowError) as error:
        raise _RefusedError(1, "holds an escape that is no character", "look for a backslash in quotes") from error
    if node is None:
        raise _RefusedError(1, "is empty", "begin it with version: 1")
    return node


def _refuse_growth(text: str) -> None:
    """What could grow without end is seen before anything grows."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = _line(event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            remedy = "take a level of brackets or indentation away"
            raise _RefusedError(line, f"is nested deeper than {_DEEPEST} levels", remedy)
        if getattr(event, "anchor", None):  # of an alias, too
            raise _RefusedError(line, "uses an anchor (& or *)", "write the value out, or put it between quotes")


def _line(mark: Any) -> int:  # noqa: ANN401 - of either loader
    return mark.line + 1 if mark else 1


_TYPOGRAPHIC = re.compile(r"[:\[{,-]\s*[“”„‘’]")  # where a value begins
_REMEDIES: tuple[tuple[str, str], ...] = (
    ("mapping values are not allowed", "put a text in which a colon stands between quotes"),
    ("'-' indicator", "begin each entry of the list in the same column, with spaces"),
    ("expected key", "begin each key of a group, and each entry of a list, in the same column, with spaces"),
    ("<block end>", "begin each key of a group in the same column, with spaces"),
    ("another document", "remove the line of ---: the file is one document"),
)
"""(what the parser says, how that is mended). Where two would do, the first."""


def _syntax(error: yaml.YAMLError, text: str) -> tuple[int, str, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable")
    line = _line(mark)
    here = "".join(text.splitlines()[line - 1 : line])
    if "\t" in here[: len(here) - len(here.lstrip())]:
        remedy = "a tab stands before its first word: indent with spaces"
    elif _TYPOGRAPHIC.search(here):
        remedy = "write straight quotes around a text, as \" or ', and no typographic ones"
    else:
        usual = "look for a missing colon, quote, bracket or space at this line or the one above"
        remedy = next((remedy for part, remedy in _REMEDIES if part in what), usual)
    return line, f"is no YAML ({short(what)})", remedy


def _planted(tree: Tree, node: yaml.Node, place: Place) -> Any:  # noqa: ANN401 - whatever stands in the file
    tree.lines.setdefault(place, _line(node.start_mark))
    if node.tag not in _TAGS:
        tree.findings.append(Finding(place, f"has the tag {short(node.tag)}", "remove what begins with !"))
    if isinstance(node, yaml.MappingNode):
        return _mapping(tree, node, place)
    if isinstance(node, yaml.SequenceNode):
        return [_planted(tree, item, (*place, number)) for number, item in enumerate(node.value)]
    return _scalar(tree, node, place)


def _mapping(tree: Tree, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in node.value:
        line = _line(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            tree.findings.append(
                Finding(place, f"has a key in line {line} that is no word", "write a name before the :")
            )
            continue
        here = (*place, key.value)
        if key.value in found:
            first, tree.lines[here] = tree.lines[here], line
            said = f"stands twice, here and in line {first}"
            tree.findings.append(Finding(here, said, "remove one, or make them one"))
            continue
        tree.lines[here] = line
        _printable(tree, key.value, here)
        found[key.value] = _planted(tree, inner, here)
    return found


def _scalar(tree: Tree, node: yaml.Node, place: Place) -> object:
    text = str(node.value)
    _printable(tree, text, place)
    if getattr(node, "style", None):  # in quotes, or a block
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _printable(tree: Tree, text: str, place: Place) -> None:
    if any((char < " " and char not in "\n\t") or "\ud800" <= char <= "\udfff" for char in text):
        tree.findings.append(Finding(place, "holds a control character", "remove the escape from the quotes"))
