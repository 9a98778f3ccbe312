"""Whether a policy makes sense: what it names exists, nothing goes in circles, every approved text is there and harmless."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from service.plaintext import deadened, defang
from service.policy.clashes import clashes
from service.policy.document import Condition, Effect, Lookup, Policy
from service.policy.gaps import NONE, Gaps
from service.policy.problems import Finding, Place, nearest, short

_LINK = re.compile(r"https?:|www\.|\]\s*\(|<\s*(?:a|img)\b", re.IGNORECASE)
_PLACEHOLDERS = {
    "any": re.compile(r"\{[a-z][a-z0-9_]{0,40}\}"),
    "time": re.compile(r"\{time\}"),
    "": re.compile(r"(?!)"),
}
_SECRET = re.compile(r"\{secret:([A-Za-z0-9_]+)\}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CREDENTIAL = re.compile(r"authorization|cookie|token|secret|key|password", re.IGNORECASE)
_IN_ADDRESS = frozenset({"{email}", "{id}", "{organization}"})


def nonsense(
    policy: Policy, *, rules: int, secrets: Collection[str] | None = None, gaps: Gaps = NONE
) -> Iterator[Finding]:
    """Everything that is wrong with it.

    rules: how many of the first are the file's own. secrets: names, where they are known. gaps: what was left out of it;
    what may be wrong on their account alone is not said.
    """
    yield from _names(policy)
    yield from _references(policy, gaps)
    yield from _circles(policy)
    yield from _texts(policy, gaps)
    yield from _durations(policy)
    for number, lookup in enumerate(policy.lookups):
        place = ("lookups", number)
        if not (gaps.touch(place) or gaps.strange):  # a line of it may have slipped to the left
            yield from _lacking(lookup, place)
        yield from _lookup(lookup, place, secrets)
    whole = not (gaps.touch(("incidents",)) or gaps.hide("texts"))
    if whole and policy.incidents.start and not policy.incidents.texts:
        said = "lets an incident start by itself without a text"
        yield Finding(("incidents", "start"), said, "add incidents.texts, or write start: no")
    yield from clashes(policy, rules=rules, gaps=gaps)


def conditions(policy: Policy) -> Iterator[tuple[Place, Condition]]:
    """All of them, inner ones too, and where they stand."""
    for number, rule in enumerate(policy.rules):
        yield from _nested(("rules", number, "when"), rule.when)
    for name, segment in policy.segments.items():
        yield from _nested(("segments", name, "when"), segment.when)


def _nested(place: Place, condition: Condition) -> Iterator[tuple[Place, Condition]]:
    yield place, condition
    for key in ("none_of", "any_of"):
        for number, inner in enumerate(getattr(condition, key)):
            yield from _nested((*place, key, number), inner)


def _effects(policy: Policy) -> Iterator[tuple[Place, Effect]]:
    for name, category in policy.categories.items():
        yield ("categories", name), category
    for number, rule in enumerate(policy.rules):
        yield ("rules", number, "then"), rule.then


def _names(policy: Policy) -> Iterator[Finding]:
    """The ledger keeps them: one name, one thing."""
    for part, listed in (("rules", policy.rules), ("lookups", policy.lookups), ("outreach", policy.outreach)):
        first: dict[str, int] = {}
        for number, name in enumerate(one.name for one in listed):
            if name in first:
                said = f"is also the name of {part}[{first[name]}]"
                yield Finding((part, number, "name"), said, "give each a name of its own")
            first.setdefault(name, number)
    for number, rule in enumerate(policy.rules):
        if rule.name == "escalation" or rule.name.startswith("category "):
            said = "is a name that deskpilot itself writes into its records"
            yield Finding(("rules", number, "name"), said, "choose another")
    for part in ("categories", "groups", "segments", "answers", "playbooks"):
        for name in getattr(policy, part):
            if name != name.strip() or not name:
                yield Finding((part, name), "is a name with a blank around it, or none", "write it without")


def _references(policy: Policy, gaps: Gaps) -> Iterator[Finding]:
    for place, effect in _effects(policy):
        for key, part in (("group", "groups"), ("answer", "answers"), ("playbook", "playbooks")):
            yield from _missing(getattr(effect, key), getattr(policy, part), (*place, key), part, gaps)
    for name, category in policy.categories.items():
        yield from _missing(category.parent, policy.categories, ("categories", name, "parent"), "categories", gaps)
    for place, condition in conditions(policy):
        for key, part in (("category", "categories"), ("segment", "segments")):
            for value in getattr(condition, key):
                yield from _missing(value, getattr(policy, part), (*place, key), part, gaps)
    yield from _missing(policy.escalation.group, policy.groups, ("escalation", "group"), "groups", gaps)
    for number, one in enumerate(policy.outreach):
        yield from _missing(one.playbook, policy.playbooks, ("outreach", number, "playbook"), "playbooks", gaps)


def _missing(name: str, there: Mapping[str, object], place: Place, part: str, gaps: Gaps) -> Iterator[Finding]:
    if name and name not in there and not gaps.name(name, part):
        yield Finding(place, f"names {short(name)!r}, which is not among {part}", nearest(name, there))


def _circles(policy: Policy) -> Iterator[Finding]:
    above = {name: {one.parent} for name, one in policy.categories.items()}
    of_segment: dict[str, set[str]] = {name: set() for name in policy.segments}
    for place, condition in conditions(policy):
        if place[0] == "segments":
            of_segment[str(place[1])] |= set(condition.segment)
    for part, key, graph in (("categories", "parent", above), ("segments", "when", of_segment)):
        for circle in _cycles(graph):
            said = f"closes a circle: {' → '.join((*circle, circle[0]))}"
            yield Finding((part, circle[0], key), said, "take one of them out")


def _cycles(graph: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """Each circle once, from its first in the file's order."""
    done: set[str] = set()
    for start in graph:
        path, walks = [start], [iter(sorted(graph[start]))]
        while walks:
            step = next(walks[-1], None)
            if step is None:
                walks.pop()
                done.add(path.pop())
            elif step in path:
                yield tuple(path[path.index(step) :])
            elif step in graph and step not in done:
                path.append(step)
                walks.append(iter(sorted(graph[step])))


def _texts(policy: Policy, gaps: Gaps) -> Iterator[Finding]:
    if not policy.languages and not gaps.languages:
        yield Finding(("languages",), "is empty", "write the languages that every approved text must have, as [en, de]")
    for place, texts, allowed in _approved(policy):
        asked = () if gaps.languages or gaps.touch(place) else policy.languages
        for language in asked:
            if language not in texts and not gaps.hide(language):
                said = f"lacks a text in {language}, which `languages` asks for"
                yield Finding(
                    place, said, f"add the approved text under {language}, or take {language} out of languages"
                )
        for language, text in texts.items():
            here = (*place, language)
            if not text:
                yield Finding(here, "is an empty text", "write it, or remove the key")
            if _LINK.search(text) or deadened(text, defang(text, (), keep_emails=True)):
                said = "holds a link, which an approved text must not"
                yield Finding(here, said, "say where it is found in words")
            without = (_PLACEHOLDERS[allowed]).sub("", text)
            if "{" in without or "}" in without:
                known = {"time": ", or {time}", "any": ", or {name} of the signal's data"}.get(allowed, "")
                yield Finding(here, "holds a placeholder that nobody fills in", f"write the words themselves{known}")


def _approved(policy: Policy) -> Iterator[tuple[Place, Mapping[str, str], str]]:
    """(where, texts by language, which placeholders). Those that need not be there, where they are."""
    for name, answer in policy.answers.items():
        yield ("answers", name, "texts"), answer.texts, ""
    optional: list[tuple[Place, Mapping[str, str], str]] = [
        (("acknowledgement",), policy.acknowledgement, "time"),
        (("incidents", "texts"), policy.incidents.texts, ""),
        *((("playbooks", name, "texts"), one.texts, "") for name, one in policy.playbooks.items()),
        *((("outreach", number, "subject"), one.subject, "any") for number, one in enumerate(policy.outreach)),
    ]
    yield from (one for one in optional if one[1])
    for number, one in enumerate(policy.outreach):
        yield ("outreach", number, "texts"), one.texts, "any"


def _durations(policy: Policy) -> Iterator[Finding]:
    named: list[tuple[Place, timedelta]] = [
        (("incidents", "window"), policy.incidents.window),
        (("incidents", "lasts"), policy.incidents.lasts),
        *((("targets", name), value) for name, value in policy.targets.items()),
        *((("outreach", number, "expires"), one.expires) for number, one in enumerate(policy.outreach)),
    ]
    for place, value in named:
        if not value:
            yield Finding(place, "is no time at all", "write a longer one, as 30m or 4h")


def _lacking(lookup: Lookup, place: Place) -> Iterator[Finding]:
    if lookup.kind == "http" and lookup.url is None:
        yield Finding((*place, "url"), "is missing", "add the address to ask, or write kind: hubspot or kind: stripe")
    if lookup.kind == "http" and not lookup.fields:
        said = "are missing: nothing of the answer would be kept"
        yield Finding((*place, "fields"), said, "add our name and the path in the answer, as plan: data.0.plan")


def _lookup(lookup: Lookup, place: Place, secrets: Collection[str] | None) -> Iterator[Finding]:
    if lookup.url is not None:
        yield from _address(str(lookup.url), (*place, "url"))
    known = None if secrets is None else {name.lower() for name in secrets}
    for name, value in lookup.headers.items():
        here = (*place, "headers", name)
        if not _HEADER.fullmatch(name) or "\n" in value:
            yield Finding(here, "is no header", "write a name such as Authorization, and its value in one line")
        if _CREDENTIAL.search(name) and not _SECRET.search(value):
            said = "holds a secret in the open"
            yield Finding(here, said, "write {secret:NAME}, and NAME into DESKPILOT_LOOKUP__SECRETS")
        for secret in _SECRET.findall(value):
            if known is not None and secret.lower() not in known:
                said = f"names the secret {short(secret)!r}, which is not set"
                yield Finding(here, said, f"set {short(secret)} in DESKPILOT_LOOKUP__SECRETS")


def _address(address: str, place: Place) -> Iterator[Finding]:
    parts = urlsplit(address)
    if parts.scheme == "http" and not _local(parts.hostname or ""):
        yield Finding(place, "is http: to another host: what is asked and answered travels in the open", "write https:")
    if parts.username or parts.password:
        yield Finding(place, "carries a name or password", "put them into headers, as {secret:NAME}")
    for strange in sorted({*re.findall(r"\{[^{}]*\}", unquote(address))} - _IN_ADDRESS):
        said = f"holds {short(strange)}, which nobody fills in"
        yield Finding(place, said, "use {email}, {id} and {organization}")


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
