"""JSON as models write it, read by code: a broken answer is never worth another call.

Own code rather than the package json-repair: that one (0.64.5) needs more than 3 s for 21 kB of `[" reply", ") `, and what a
model writes a stranger may have worded. This reader goes through the text once.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_LONGEST = 50_000  # characters that are repaired; ten times the longest draft
_DEEPEST = 20
_STARTS = 3  # places where an answer may begin

# Every look ahead is bounded: an unbounded one, begun at each character, takes quadratic time
_SPACE = re.compile(r"(?:[\s\ufeff\u200b]++|//[^\n]*+|/\*.{0,200}?\*/)*+", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[\s,}\]]|\Z)")
_BARE = re.compile(r"[^\s,:{}\[\]\"'][^,:{}\[\]\"'\n]*")
_BARE_VALUE = re.compile(r"[^,{}\[\]\n]+")
_KEY_NEXT = re.compile(r"\s{0,50}(?:[\"'“][^\"'“”\n]{1,40}[\"'”]|[A-Za-z_]\w{0,40})\s{0,5}:")
_ITEM_NEXT = re.compile(r"\s{0,50}(?:[\"'“{\[]|-?\d|true|false|null|True|False|None|[\]}]|\Z)")
_END_NEXT = re.compile(r"[\s\ufeff]{0,50}(?:(?P<close>[}\]])|(?P<comma>,)|\Z|```)")
_CLOSE_NEXT = re.compile(r"\s{0,50}(?:[}\]]|/[/*]|\Z|[\"'“]\w{0,40}\Z)")  # the last: cut within the next key
_ESCAPE = re.compile(r"u[0-9a-fA-F]{4}")
_CODE_UNIT = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)

_UNWRITABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
"""NUL and half characters, which no database takes, and controls, which no reader sees."""

_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»"}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": " ", "f": " "}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "none": None, "nan": None, "undefined": None}


def read_object(text: str, *, keys: Collection[str]) -> dict[str, Any] | None:
    """The JSON object in a model's answer; None where there is none that has one of `keys`.

    Copes with code fences, prose around it, missing or wrong quotes, commas and brackets, Python's words, comments, raw
    line breaks, a cut end, keys in other cases, and an object wrapped into a list or another object.
    """
    try:
        whole = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        whole = None
    if (found := _with_keys(whole, keys)) is not None:
        return found
    text = text[:_LONGEST]
    for number, start in enumerate(re.finditer(r"\{", text)):
        if number == _STARTS:
            break
        found = _with_keys(_Reader(text, start.start(), keys).value(), keys)
        if found is not None:
            return found
    return None


def line(value: object) -> str:
    """A value as one line of text that can be stored; nothing for what is no text."""
    if isinstance(value, list):
        return " ".join(line(item) for item in value).strip()
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    return " ".join(storable(str(value)).split()) if is_text else ""


def storable(text: str) -> str:
    """The text without what no database takes and no library reads: a stranger may have a model write it."""
    return _UNWRITABLE.sub("", text)


def lines(value: object) -> tuple[str, ...]:
    """A value as lines of text: a list, an object's values, or one text with line breaks or list marks."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, str):
        value = [part.lstrip("-*• ") for part in value.split("\n")]
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(text for item in items if (text := line(lines(item)[0] if isinstance(item, dict) and item else item)))


@functools.cache  # the same for every ticket, and two milliseconds to make
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model as the JSON schema that servers take in strict mode: every field required, no others.

    https://platform.openai.com/docs/guides/structured-outputs
    """
    schema = model.model_json_schema(by_alias=False)
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            part["additionalProperties"] = False
            part["required"] = list(part.get("properties", {}))
            for field in part.get("properties", {}).values():
                field.pop("default", None)
    return schema


def _with_keys(value: object, keys: Collection[str], *, depth: int = 0) -> dict[str, Any] | None:
    """The first object that has one of `keys`, also inside a list or a wrapping object; its keys in their usual case."""
    if isinstance(value, dict):
        plain = {re.sub(r"\W+", "_", str(key).strip().lower()).strip("_"): item for key, item in value.items()}
        if not plain.keys().isdisjoint(keys):
            return plain
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if depth < 3:
        for item in inner:
            if (found := _with_keys(item, keys, depth=depth + 1)) is not None:
                return found
    return None


@dataclass(slots=True)
class _Reader:
    """Reads one value from `at` on; every step moves on, so the time is linear in the text."""

    text: str
    at: int
    keys: Collection[str]
    depth: int = 0

    def value(self) -> Any:  # noqa: ANN401 - JSON
        self._skip()
        char = self._char()
        if char in ("{", "["):
            if self.depth >= _DEEPEST:
                self.at = len(self.text)
                return None
            self.depth += 1
            inner = self._object() if char == "{" else self._array()
            self.depth -= 1
            return inner
        if char in _QUOTES:
            return self._string(_QUOTES[char], inside="object" if self.depth else "")
        return self._bare()

    def _object(self) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while self.at < len(self.text):
            self._skip()
            char = self._char()
            if char == "}":
                self.at += 1
                break
            if char == "]" or not char or self.text.startswith("```", self.at):  # the closing brace is missing
                break
            key = self._key()
            self._skip()
            if key is None or self._char() != ":":
                if key is None:
                    self.at += 1
                continue
            self.at += 1
            found.setdefault(key, self.value())
        return found

    def _array(self) -> list[Any]:
        self.at += 1
        found = []
        while self.at < len(self.text):
            self._skip()
            char = self._char()
            if char == "]":
                self.at += 1
                break
            if char == "}" or not char or self.text.startswith("```", self.at):  # the closing bracket is missing
                break
            if char in ",:":
                self.at += 1
            elif char in _QUOTES:
                found.append(self._string(_QUOTES[char], inside="array"))
            else:
                found.append(self.value())
        return found

    def _key(self) -> str | None:
        char = self._char()
        if char in _QUOTES:
            end = self.text.find(_QUOTES[char], self.at + 1, self.at + 100)
            if end > 0:
                key = self.text[self.at + 1 : end]
                self.at = end + 1
                return key
            return None
        if bare := _BARE.match(self.text, self.at):
            self.at = bare.end()
            return bare.group().strip()
        return None

    def _string(self, quote: str, *, inside: str) -> str:
        """A string up to the quote that ends it: one which stands before a comma, a bracket or the end, where such fits."""
        self.at += 1
        parts: list[str] = []
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                parts += [self.text[start : self.at], self._escaped()]
                start = self.at
            elif char == quote and self._ends(self.at + 1, inside):
                parts.append(self.text[start : self.at])
                self.at += 1
                return "".join(parts)
            elif char == "\n" and inside == "object" and self._known_key_follows(self.at):
                break  # the closing quote is missing
            else:
                self.at += 1
        return "".join((*parts, self.text[start : self.at])).rstrip(" ,\n" if self.at < len(self.text) else " \n")

    def _ends(self, at: int, inside: str) -> bool:
        found = _END_NEXT.match(self.text, at)
        if found is None:
            return inside == "object" and self._known_key_follows(at)  # the comma is missing
        if found["comma"] and inside == "object":
            after = found.end()
            return bool(_KEY_NEXT.match(self.text, after) or _CLOSE_NEXT.match(self.text, after))
        return not found["comma"] or bool(_ITEM_NEXT.match(self.text, found.end()))

    def _known_key_follows(self, at: int) -> bool:
        found = _KEY_NEXT.match(self.text, at)
        return found is not None and found.group().strip(" \n\t\r:\"'“”") in self.keys

    def _escaped(self) -> str:
        """The character behind a backslash; `at` moves behind it."""
        if pair := _CODE_UNIT.match(self.text, self.at):
            self.at = pair.end()
            return (chr(int(pair[1], 16)) + chr(int(pair[2], 16))).encode("utf-16", "surrogatepass").decode("utf-16")
        self.at += 1
        if code := _ESCAPE.match(self.text, self.at):
            self.at = code.end()
            char = chr(int(code.group()[1:], 16))
            return "\ufffd" if "\ud800" <= char <= "\udfff" else char
        char = self._char()
        self.at += 1
        return _ESCAPED.get(char, char)

    def _bare(self) -> Any:  # noqa: ANN401 - JSON
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return _as_number(number.group())
        if bare := _BARE_VALUE.match(self.text, self.at):
            self.at = bare.end()
            word = bare.group().strip()
            return _WORDS.get(word.lower(), word)
        return None

    def _skip(self) -> None:
        """Over white space, comments and the commas between things."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self._char() not in (",", ";"):
                return
            self.at += 1

    def _char(self) -> str:
        return self.text[self.at : self.at + 1]


def _as_number(text: str) -> int | float | str:
    """A number as it stands, leading zeros and all; text where it is none that Python takes (thousands of digits)."""
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text
