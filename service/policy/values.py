"""Small values of a policy file: lists, durations, texts by language, ranges of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

_DURATION = re.compile(r"(?P<n>[0-9]{1,6})\s*(?P<unit>s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LANGUAGE: Final = r"^[a-z]{2,3}$"


def _listed(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    values = value if isinstance(value, list | tuple) else (value,) if isinstance(value, str | int | float) else value
    if not isinstance(values, list | tuple):
        return values
    return tuple(str(one).lower() if isinstance(one, bool) else one for one in values)  # as a helpdesk says of a tick


def _duration(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, timedelta):
        return value
    if found is None:
        raise ValueError("a duration is a number and s, m, h or d, as in 30m or 2h")
    return timedelta(**{_UNITS[found["unit"]]: int(found["n"])})


def _by_language(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    return {"": value} if isinstance(value, str) else value


class _OneOrMore:
    """Takes one value for a list of it, and says so in the schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(schema)
        one = many["items"] if many["items"] != {"type": "string"} else {"type": ["string", "number", "boolean"]}
        return {"anyOf": [one, {"type": "array", "items": one}]}


ONE_OR_MORE: Final = _OneOrMore()

Listed = Annotated[tuple[str, ...], ONE_OR_MORE]
"""One value or a list of them."""

Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}\s*[smhd]$"})
]
"""30m, 2h, 7d."""

Language = Annotated[str, Field(pattern=_LANGUAGE)]

Words = Annotated[
    dict[str, str],
    BeforeValidator(_by_language),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
"""For agents: one text, or one by language. Key "": whatever the language."""

Approved = Annotated[
    dict[Language, str],
    WithJsonSchema(
        {"type": "object", "patternProperties": {_LANGUAGE: {"type": "string"}}, "additionalProperties": False}
    ),
]
"""For customers: texts that somebody has approved, by language. They go out verbatim."""


def said(words: Mapping[str, str], language: str) -> str:
    """A text for agents in their language; else the one without a language, else the first."""
    return words.get(language) or words.get("") or next(iter(words.values()), "")
