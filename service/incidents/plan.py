"""An incident as a person writes it down, in a file or in a form: what it matches, the approved texts, until when at most. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import yaml
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from service.errors import ServiceError
from service.links import LINK
from service.plaintext import deadened, defang
from service.policy.document import Condition, Part, Policy
from service.policy.values import Approved, Duration, Listed

Stage = Literal["investigating", "identified", "monitoring", "resolved"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)

LONGEST = timedelta(days=7)
"""An incident ends by itself after that at most; until then it can be prolonged again and again."""

LONGEST_TEXT = 4_000  # characters

_NAME = r"^[a-z0-9][a-z0-9-]{0,59}$"
_HOLE = re.compile(
    r"\{[^{}\n]{0,80}\}|<[^<>\s][^<>\n]{0,80}>|\[[^\[\]\n]{1,80}\]|‹[^‹›\n]{1,80}›|%[sd(]|\$[A-Za-z_]\w*|\b(?:TODO|TBD|XXX+)\b"
)
"""Where a text waits for somebody to fill it in."""

Texts = dict[Stage, Approved]


class Plan(Part):
    """Of one incident. order: segments, in which its tickets are to be answered; within one by time."""

    name: Annotated[str, Field(pattern=_NAME)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    match: Condition
    texts: Annotated[Texts, Field(min_length=1)]
    expires: Duration
    stage: Stage | None = None  # without it the first that has texts
    order: Listed = ()

    @property
    def begins(self) -> Stage:
        """The stage that it starts in."""
        if self.stage:
            return self.stage
        return next(stage for stage in STAGES if stage in self.texts)


class IncidentError(ServiceError):
    """What was asked of an incident cannot be done. `problems`: by key, one sentence each that says what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {said}" if key else said for key, said in problems.items()))
        self.problems = dict(problems)


def read_file(path: Path) -> dict[str, Any]:
    """What stands in a YAML file. Raises IncidentError."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IncidentError(
            {"": f"{path} cannot be read ({error.strerror}): correct its path or its rights"}
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise IncidentError({"": f"{path} is no YAML that can be read ({said}): mend it there"}) from error
    if not isinstance(read, dict):
        raise IncidentError({"": f"{path} holds no incident: write title, match, texts and expires, one to a line"})
    return read


def read_plan(given: Mapping[str, Any], *, policy: Policy) -> Plan:
    """A plan that can be started. Raises IncidentError with all that is wrong."""
    try:
        plan = Plan.model_validate(given)
    except ValidationError as error:
        raise IncidentError(dict(_told(one) for one in error.errors(include_url=False))) from error
    problems = {**dict(_senseless(plan, policy)), **wrong_texts(plan.texts, languages=policy.languages)}
    if problems:
        raise IncidentError(problems)
    return plan


def wrong_texts(texts: Mapping[Stage, Mapping[str, str]], *, languages: Sequence[str]) -> dict[str, str]:
    """What is wrong with the texts, by key; they go out as they are, so nothing may be left to fill in or to click."""
    problems: dict[str, str] = {}
    for stage, approved in texts.items():
        lacking = [language for language in languages if not approved.get(language, "").strip()]
        if lacking:
            problems[f"texts.{stage}"] = (
                f"has no text in {', '.join(lacking)}, and the policy asks for {', '.join(languages)}: write it, or leave the stage out"
            )
        for language, text in approved.items():
            if said := _wrong_text(text) if text.strip() or language not in lacking else "":
                problems[f"texts.{stage}.{language}"] = said
    return problems


def expiry(duration: timedelta) -> str:
    """What is wrong with it; empty where nothing is."""
    if duration <= timedelta():
        return "is over at once: write how long it may run at most, as in 4h"
    if duration > LONGEST:
        return f"is too far: {LONGEST.days}d at most, and prolong it when it lasts"
    return ""


def _wrong_text(text: str) -> str:
    if not text.strip():
        return "is empty: write it, or leave the language out"
    if len(text) > LONGEST_TEXT:
        return f"is too long: {LONGEST_TEXT} characters at most, and it has {len(text)}"
    if deadened(text, defang(text, ())) or LINK.search(text):
        return "holds an address: say it without one, as a draft quotes no link that stands in no article"
    if found := _HOLE.search(text):
        return f"holds a placeholder ({found[0]}): nobody fills it in, so write the words themselves"
    return ""


def _senseless(plan: Plan, policy: Policy) -> Iterator[tuple[str, str]]:
    if not _says(plan.match):
        yield "match", "would hold for every ticket: write words, a category or another condition that must hold"
    blank = [key for key, value in plan.match if isinstance(value, tuple) and "" in value]
    yield from ((f"match.{key}", "holds an empty entry, which is in every text: take it out") for key in blank)
    for key, named, known in (
        ("match.category", plan.match.category, policy.categories),
        ("match.segment", plan.match.segment, policy.segments),
        ("order", plan.order, policy.segments),
    ):
        strange = [name for name in named if known and name not in known]
        if strange:
            yield key, f"the policy does not know {', '.join(strange)}: it has {', '.join(known)}"
    if said := expiry(plan.expires):
        yield "expires", said
    if plan.stage and plan.stage not in plan.texts:
        yield "stage", f"{plan.stage} has no texts: write texts.{plan.stage}, or begin with {', '.join(plan.texts)}"


def _says(condition: Condition) -> bool:
    """Whether something must hold, beyond what must not."""
    written = condition.model_dump(exclude_defaults=True).keys() - {"none_of", "any_of"}
    return bool(written) or bool(condition.any_of and all(map(_says, condition.any_of)))


_MISSING = {
    "expires": "is missing: an incident ends by itself, so write how long it may run at most, up to 7d, as in 4h",
    "texts": "is missing: write the approved text of one stage at least, by language",
    "match": "is missing: write words or a category that tell its tickets from others",
    "title": "is missing: say in a few words what is broken",
    "name": "is missing: a short one in small letters, digits and hyphens, as in payments-down",
}


def _told(error: ErrorDetails) -> tuple[str, str]:
    """(key, what to do) of one thing that is not of the right shape."""
    said = error["msg"].removeprefix("Value error, ")
    match error["type"], error["loc"]:
        case ("missing", (str() as name,)) | ("string_too_short", ("title" as name,)):
            said = _MISSING.get(name, "is missing: write it")
        case "extra_forbidden", (_,):
            said = f"is no key of an incident: they are {', '.join(Plan.model_fields)}"
        case "extra_forbidden", _:
            said = "is not known there: see the conditions of the policy file"
        case "literal_error", ("texts", _, "[key]"):
            said = f"is no stage: they are {', '.join(STAGES)}"
        case _, ("texts", _, _, "[key]"):
            said = "is no language: write its two letters, as in en"
        case "too_short", ("texts",):
            said = _MISSING["texts"].replace("is missing", "is empty")
        case "string_pattern_mismatch", ("name",):
            said = "is no name: at most 60 small letters, digits and hyphens, as in payments-down"
        case _:
            said = f"cannot be used: {said[:1].lower()}{said[1:]}"
    return ".".join(str(part) for part in error["loc"] if part != "[key]") or "incident", said
