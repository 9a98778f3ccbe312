"""What a product sends about its customers, checked: one object or a list of them, all of it good or none of it taken."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors import WEBHOOKS
from service.context.facts import LONGEST, MOST, line, parsed
from service.context.store import Context, Signal

LARGEST_BYTES: Final = 64 * 1024
MOST_AT_ONCE: Final = 100
LASTS: Final = timedelta(hours=24)
"""Where nobody says until when."""

_EMAIL = re.compile(r"[^\s@<>,;:\"]{1,64}@[^\s@<>,;:\"]{1,253}")
_OWN = re.compile(rf"(?:{'|'.join(WEBHOOKS)}):[\w-]{{1,64}}", re.ASCII)


def _customer(value: str) -> str:
    if _EMAIL.fullmatch(value) and value.isprintable():
        return value.lower()
    if _OWN.fullmatch(value):
        return value
    raise ValueError(f"write an e-mail address, or the helpdesk's id as in {next(iter(WEBHOOKS))}:4711")


def _shown(value: str | float | bool) -> str:  # noqa: FBT001 - a value of JSON
    if isinstance(value, str) and (len(value) > LONGEST or not value.isprintable()):
        raise ValueError(f"write one line of at most {LONGEST} printable characters")
    if not (said := line(value)):
        raise ValueError("says nothing: leave it out")
    return said


Customer = Annotated[str, AfterValidator(_customer)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Value = Annotated[str | int | float | bool, AfterValidator(_shown)]
Values = Annotated[dict[Name, Value], Field(max_length=MOST)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    customer: Customer
    expires_at: Annotated[AwareDatetime | None, Field(strict=False)] = None


class SentContext(_Sent):
    """Facts of a customer, which replace those that were sent before."""

    facts: Annotated[Values, Field(min_length=1)]


class SentSignal(_Sent):
    """Something that happened. id: of the sender's; the same one again changes nothing."""

    kind: Name
    data: Values = {}
    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")] | None = None


Sent = TypeVar("Sent", SentContext, SentSignal)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. index: of which of the objects; key: "body" for the whole."""

    index: int
    key: str
    problem: str


class UnfitError(Exception):
    """Nothing was taken. `problems`: all of them, at least one."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{one.index}: {one.key}: {one.problem}" for one in problems))
        self.problems = problems


def contexts(body: bytes, *, now: datetime, days: int) -> list[Context]:
    """Read what was sent. days: the longest that anything is kept. Raises UnfitError."""
    return [Context(one.customer, _text(one.facts), until) for one, until in _sent(SentContext, body, now, days)]


def signals(body: bytes, *, now: datetime, days: int) -> list[Signal]:
    """The same, of signals."""
    return [
        Signal(one.id or _digest(one), one.customer, one.kind, _text(one.data), until)
        for one, until in _sent(SentSignal, body, now, days)
    ]


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """What is read, as a JSON schema."""
    one = kind.model_json_schema()
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_AT_ONCE}]}


def _sent(kind: type[Sent], body: bytes, now: datetime, days: int) -> list[tuple[Sent, datetime]]:
    try:
        given = parsed(body)
    except ValueError:
        raise UnfitError(Problem(0, "body", "is not JSON in UTF-8")) from None
    items = given if isinstance(given, list) else [given]
    if not 1 <= len(items) <= MOST_AT_ONCE:
        raise UnfitError(Problem(0, "body", f"send 1 to {MOST_AT_ONCE} at once"))
    good: list[tuple[Sent, datetime]] = []
    problems: list[Problem] = []
    for index, item in enumerate(items):
        try:
            one = kind.model_validate(item)
        except ValidationError as error:
            problems += [
                _problem(index, wrong["loc"], wrong["msg"])
                for wrong in error.errors(include_url=False, include_input=False)[:MOST]
            ]
            continue
        until = one.expires_at or now + LASTS
        if not now < until <= now + timedelta(days=days):
            problems.append(
                Problem(index, "expires_at", f"is not in the next {days} days, as long as anything is kept")
            )
        good.append((one, until))
    if problems:
        raise UnfitError(*problems)
    return good


def _problem(index: int, location: tuple[int | str, ...], said: str) -> Problem:
    """Without values: they are somebody's."""
    key = ".".join(line(str(part))[:40] for part in location if part not in ("[key]", "str", "int", "float", "bool"))
    return Problem(index, key or "body", said.removeprefix("Value error, "))


def _text(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _digest(one: SentSignal) -> str:
    """Of what was sent, where the sender has no id for it."""
    whole = json.dumps([one.customer, one.kind, _text(one.data)], sort_keys=True)
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"
