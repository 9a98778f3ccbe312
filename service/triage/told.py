"""What the model is asked for when it describes a ticket: one flat object, of which every field may be missing or odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict

from service.moods import Sentiment, Urgency, Wish
from service.repair import line, lines
from service.triage.judged import Judged

T = TypeVar("T")
Sure = Literal["low", "medium", "high"]

_SURE: Final[Mapping[Sure, float]] = {"low": 0.3, "medium": 0.6, "high": 0.8}
_SAID_CHARS = 80

NONE_SAID: Final[Judged[str]] = Judged("")
LEAST: Final[Judged[int]] = Judged(1)
"""Where no model said anything."""


def _one_of(*allowed: str) -> BeforeValidator:
    """Anything else becomes None: then the rules decide."""
    return BeforeValidator(lambda value: text if (text := str(value).strip().lower()) in allowed else None)


def _wishes(value: object) -> tuple[str, ...]:
    known = get_args(Wish)
    return tuple(wish for wish in known if any(wish == text.strip().lower() for text in lines(value)))


def _level(value: object) -> int | None:
    """1 to 5, also written as text; anything else is nothing."""
    text = str(value).strip()
    return int(text) if text in {"1", "2", "3", "4", "5"} else None


def _words(value: object) -> str:
    return line(value)[:_SAID_CHARS]


_Sure = Annotated[Sure | None, _one_of(*get_args(Sure))]
_Level = Annotated[int | None, BeforeValidator(_level)]
_Words = Annotated[str, BeforeValidator(_words)]


class Told(BaseModel):
    """The answer. `*_words`: a few words of the ticket that it rests on."""

    model_config = ConfigDict(title="analysis", extra="ignore")

    problem: Annotated[str, BeforeValidator(line)] = ""
    tried: Annotated[tuple[str, ...], BeforeValidator(lines)] = ()
    open: Annotated[tuple[str, ...], BeforeValidator(lines)] = ()
    intent: Annotated[str, BeforeValidator(line)] = ""
    sentiment: Annotated[Sentiment | None, _one_of(*get_args(Sentiment))] = None
    sentiment_words: _Words = ""
    urgency: Annotated[Urgency | None, _one_of(*get_args(Urgency))] = None
    language: Annotated[str, BeforeValidator(line)] = ""
    query: Annotated[str, BeforeValidator(line)] = ""
    asks: Annotated[bool | None, BeforeValidator(lambda value: value if isinstance(value, bool) else None)] = None
    wishes: Annotated[tuple[Wish, ...], BeforeValidator(_wishes)] = ()
    wishes_words: _Words = ""
    category: Annotated[str, BeforeValidator(line)] = ""
    category_words: _Words = ""
    complexity: _Level = None
    stakes: _Level = None
    stakes_words: _Words = ""
    sure: _Sure = None

    def judged(self, value: T, words: str = "") -> Judged[T]:
        """A value as it was said."""
        return Judged(value, _SURE[self.sure or "low"], (words,) if words else ())
