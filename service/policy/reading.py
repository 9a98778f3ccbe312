"""A policy file → a Policy, or everything that is wrong with it: where, what, and how to mend it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.policy.document import Policy
from service.policy.gaps import NONE, Gaps, without
from service.policy.problems import Finding, Place, PolicyError, Problem, key_of, nearest, short
from service.policy.sense import nonsense
from service.policy.tree import LONGEST_BYTES, Tree, grow

BUILTIN = Path(__file__).parent / "builtin.yaml"

_MOST = 100  # problems that anybody reads
_ALWAYS = {
    "missing": ("is missing", "add it"),
    "too_long": ("has more than 500, with those of the built-in policy", "put several values into one condition"),
}
_WANTED = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "tuple": "a list, whose entries begin with -",
    "dict": "a group of keys, as name: value without -",
    "model": "a group of keys, as name: value without -",
    "url": "an address, as https://crm.example.com/customers?email={email}",
}


@dataclass(frozen=True, slots=True)
class Read:
    """A file that may come into force. version: of its bytes, and of the built-in policy where it extends that."""

    policy: Policy
    version: str
    text: str
    source: str


def read(file: Path, *, secrets: Collection[str] | None = None) -> Read:
    """Read a file. secrets: names that look-ups may use; None: whatever they are. Raises PolicyError. Blocks."""
    return understood(content_of(file), source=str(file), secrets=secrets)


def content_of(file: Path) -> bytes:
    """What stands in a file, as far as a policy may go. Raises PolicyError. Blocks."""
    try:
        if not file.is_file():  # a pipe would never end
            raise PolicyError([Problem(str(file), 0, "", "is not there", "write it, or correct DESKPILOT_POLICY_FILE")])
        with file.open("rb") as opened:
            return opened.read(LONGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        said = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        raise PolicyError([Problem(str(file), 0, "", said, "let this process read it")]) from error


@cache
def builtin() -> Read:
    """The policy without a file."""
    content = BUILTIN.read_bytes()
    policy = understood(content, source="built-in").policy
    return Read(policy, f"builtin-{_digest(content)[:8]}", content.decode(), "built-in")


def understood(content: bytes, *, source: str, secrets: Collection[str] | None = None) -> Read:
    """What stands in a file. Raises PolicyError with all problems of its shape, and those of its sense that stay when they are mended."""
    tree = grow(content)
    policy, gaps, wrong = _shaped(tree)
    findings = [*tree.findings, *wrong]
    if policy:
        findings += nonsense(policy, rules=_own_rules(tree), secrets=secrets, gaps=gaps)
    if policy is None or findings:
        raise PolicyError(_problems(findings, tree, source))
    version = _digest(content)[:12] + (f"+{builtin().version}" if policy.extends else "")
    return Read(policy, version, content.decode(), source)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _problems(findings: Iterable[Finding], tree: Tree, source: str) -> Sequence[Problem]:
    lines = sorted(((tree.line(one.place), one) for one in dict.fromkeys(findings)), key=lambda one: one[0])
    told = [Problem(source, line, key_of(one.place), one.said, one.remedy) for line, one in lines[:_MOST]]
    if len(lines) > _MOST:
        said = f"holds {len(lines) - _MOST} problems more"
        told.append(Problem(source, lines[_MOST][0], "", said, "mend those above first"))
    return told


def _own_rules(tree: Tree) -> int:
    """How many stand in the file itself; they come first."""
    own = tree.value.get("rules")
    return len(own) if isinstance(own, list) else 0


def _shaped(tree: Tree) -> tuple[Policy | None, Gaps, Sequence[Finding]]:
    """What is well shaped of a file, what is not there of it, and why; None where nothing of it can be judged."""
    if tree.value is None and tree.findings:
        return None, NONE, ()
    if not isinstance(tree.value, dict):
        return None, NONE, [Finding((), "is no group of keys", "begin it with version: 1")]
    merged, errors, policy = _extended(tree.value), list[ErrorDetails](), None
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    found, also = list(_misshapen(errors)), [one.place for one in tree.findings]
    if any(len(place) < 2 for place in also):  # a whole part of the file was not read
        return None, NONE, found
    if policy and not also:
        return policy, NONE, ()
    policy, gaps = without(merged, errors, own=list(tree.value), also=also, base=_base)
    return policy, gaps, found


def _extended(value: dict[str, Any]) -> dict[str, Any]:
    """The built-in policy with what the file says in its place; of rules the file's first, and in place of its namesakes."""
    if value.get("extends") != "builtin":
        return value
    base = _base()
    base.pop("version")  # of the format: each file says its own
    own, more = value.get("rules"), base.pop("rules")
    if isinstance(own, list):
        names = [one.get("name") for one in own if isinstance(one, dict)]
        more = [*own, *(one for one in more if one["name"] not in names)]
    elif "rules" in value:  # misshapen: said of the file
        more = own
    return {**_over(base, value), "rules": more}


def _base() -> dict[str, Any]:
    return dict(grow(BUILTIN.read_bytes()).value)


def _over(base: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, own in value.items():
        under = merged.get(key)
        merged[key] = _over(under, own) if isinstance(under, dict) and isinstance(own, dict) else own
    return merged


def _misshapen(errors: Iterable[ErrorDetails]) -> Iterator[Finding]:
    for error in errors:
        unknown = error["type"] == "extra_forbidden"  # perhaps a key without a name
        place: Place = tuple(one for one in error["loc"] if unknown or one not in ("[key]", ""))
        said, remedy = _said(error, place)
        yield Finding(place, said, remedy)


def _said(error: ErrorDetails, place: Place) -> tuple[str, str]:
    kind, given = error["type"], error["input"]
    if kind == "literal_error" and error["loc"][-1:] == ("[key]",):
        return "is no key that is known here", _remedy(error, str(given))
    if kind == "extra_forbidden":
        return "is no key that is known here", nearest(str(place[-1]), _keys_at(place[:-1]))
    if given is None and kind != "missing":
        return "says nothing", "write a value, or remove the key"
    wanted = _WANTED.get(kind.partition("_")[0])
    if wanted and kind not in ("string_pattern_mismatch", "string_too_short", "string_too_long"):
        keys = _keys_at(place) if kind == "model_type" else ()
        return f"is {_kind(given)}", f"write a group of its keys: {', '.join(keys)}" if keys else f"write {wanted}"
    if kind in _ALWAYS:
        return _ALWAYS[kind]
    return f"says {short(str(given))!r}", _remedy(error, str(given))


def _remedy(error: ErrorDetails, given: str) -> str:
    kind = error["type"]
    if kind == "literal_error":
        return nearest(given, [one.strip(" '") for one in error["ctx"]["expected"].replace(" or ", ", ").split(",")])
    if kind == "string_pattern_mismatch" and error["loc"][-1:] == ("name",):
        return "write small letters, digits and _, a letter first"
    if kind == "string_pattern_mismatch":
        return "write a language in two or three small letters, as en or de"
    return error["msg"].removeprefix("Value error, ").replace("Input should", "it should")


def _kind(given: object) -> str:
    if isinstance(given, dict):
        return "a group of keys"
    if isinstance(given, list | tuple):
        return "a list"
    return repr(short(str(given)))


def _keys_at(place: Place) -> Iterable[str]:
    """The keys that the policy knows there."""
    kind: Any = Policy
    for one in place:
        kind = _inside(kind, one)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()


def _inside(kind: Any, key: str | int) -> Any:  # noqa: ANN401 - types of the document
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        found = kind.model_fields.get(str(key))
        return _bare(found.annotation) if found else None
    arguments = [one for one in get_args(kind) if one is not Ellipsis]
    return _bare(arguments[-1]) if arguments else None


def _bare(kind: Any) -> Any:  # noqa: ANN401 - types of the document
    """Without what may stand around it: `X | None`, Annotated."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        return _bare(next(one for one in get_args(kind) if one is not NoneType))
    return kind
