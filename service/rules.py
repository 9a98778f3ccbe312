"""The policy in force: what this process follows now, put together from settings, pilot and pauses. Never a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from service import __version__
from service.calls import MOST_CALLS
from service.occasions import ASK_TAG, OFF_TAG
from service.outages import Standing, leak_of
from service.pauses import ALL, pauses_in
from service.pilot import EVERYTHING, Scope
from service.policy.problems import Problem
from service.policy.reading import Read
from service.policy.summary import TIERS, categories_of, rules_of, written_by
from service.settings import PREFIX, Settings

Value = str | float | bool | Sequence[str] | None

_WHEN = {
    "first": "the first message of a ticket",
    "question": "every message that asks or reports something",
    "every": "every message of a customer",
    "on_request": "only when an agent asks",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. setting: where it can be changed, a name of the environment or a page; empty: it cannot."""

    name: str
    value: Value
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rules that belong together."""

    title: str
    rules: tuple[Rule, ...]


def rules_in_force(
    settings: Settings, *, scopes: Mapping[str, Scope] | None = None, standing: Standing | None = None
) -> tuple[Part, ...]:
    """All of them, in the order in which a ticket meets them. scopes: of the pilot, by helpdesk. standing: what is out, or paused."""
    scopes = dict.fromkeys(settings.helpdesks, EVERYTHING) | dict(scopes or {})
    return (
        Part("Writing", tuple(_writing(settings, standing or {}))),
        Part("Tickets", tuple(_tickets(settings))),
        Part("Pilot", tuple(_pilot(scopes))),
        Part("Notes", tuple(_notes(settings))),
        Part("Drafts", tuple(_drafts(settings))),
        Part("Model", tuple(_model(settings))),
        Part("Budgets", tuple(_budgets(settings))),
        Part("Data", tuple(_data(settings))),
    )


def policy_rules(found: Read | None, problems: Sequence[Problem], *, language: str) -> tuple[Part, ...]:
    """Of the team's own policy. found: None where its file must not come into force, for `problems`."""
    where = _name("policy_file")
    if found is None:
        return (Part("Policy", (Rule("not in force", [str(one) for one in problems], where),)),)
    policy = found.policy
    lines = categories_of(policy, language=language)
    own = (
        Rule("name", policy.name or "none", where),
        Rule("file", found.source, where),
        Rule("version", found.version),
        *(
            Rule(f"tier {tier}, {words}", [line.name for line in lines if line.tier == tier] or "no category")
            for tier, words in TIERS.items()
        ),
        Rule("written beside the note", written_by(policy) or "nothing"),
    )
    told = (
        Rule(
            line.name,
            f"{line.when} → {' · '.join([f'tier {line.tier}'] * bool(line.tier) + [line.then] * bool(line.then))}",
        )
        for line in rules_of(policy, language=language)
    )
    return (Part("Policy", own), Part("Rules of the policy", tuple(told)))


def as_json(parts: Sequence[Part]) -> dict[str, Any]:
    """For programs: part → rule → value and setting."""
    told = {
        part.title.lower(): {rule.name: {"value": rule.value, "setting": rule.setting} for rule in part.rules}
        for part in parts
    }
    return {"version": __version__, **told}


def in_words(value: Value) -> str:
    """A value of a rule as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return ", ".join(value or ())


def _writing(settings: Settings, standing: Standing) -> Iterator[Rule]:
    stopped = {pause.helpdesk: pause for pause in pauses_in(standing)}
    for name in settings.helpdesks:
        if leak_of(name) in standing:
            yield Rule(name, "stopped: a note came back public", f"deskpilot resume {name}")
            continue
        pause = stopped.get(ALL) or stopped.get(name)
        said = f"paused by {pause.by}" + (f": {pause.why}" if pause.why else "") if pause else "on"
        yield Rule(name, said, "deskpilot pilot pause | resume")
    yield Rule("what is written", "internal notes; never anything a customer can see")


def _tickets(settings: Settings) -> Iterator[Rule]:
    for verb in ("deny", "allow"):
        for trait in ("groups", "brands", "forms", "tags"):
            field = f"{verb}_{trait}"
            listed = getattr(settings.tickets, field)
            yield Rule(f"{verb} {trait}", listed or ("none" if verb == "deny" else "all"), _name("tickets", field))
    yield Rule("shared with another account", "kept out")
    yield Rule("tagged " + OFF_TAG, "no note")


def _pilot(scopes: Mapping[str, Scope]) -> Iterator[Rule]:
    for helpdesk, scope in scopes.items():
        where = f"deskpilot pilot set --helpdesk {helpdesk}"
        if scope.everything:
            yield Rule(helpdesk, "every ticket", where)
            continue
        for name in ("brands", "groups", "tags"):
            if listed := list(getattr(scope, name)):
                yield Rule(f"{helpdesk} {name}", listed, where)
        yield Rule(f"{helpdesk} per cent of tickets", scope.percent, where)


def _notes(settings: Settings) -> Iterator[Rule]:
    yield Rule("a note for", _WHEN[settings.notes], _name("notes"))
    yield Rule("on request", f"the tag {ASK_TAG}, or @deskpilot in an internal note")
    yield Rule("chat, messaging, social", "only when an agent asks")
    yield Rule("a person is needed for", "danger, a wish for a person, legal threats, cancelling in anger")
    yield Rule("language", settings.team.language, _name("team", "language"))
    yield Rule("time zone", settings.team.timezone, _name("team", "timezone"))


def _drafts(settings: Settings) -> Iterator[Rule]:
    yield Rule("tone", settings.brand.tone, _name("brand", "tone"))
    yield Rule("guidance for whoever drafts", settings.brand.guidance or "none", _name("brand", "guidance"))
    yield Rule("brand", settings.brand.name or "none", _name("brand", "name"))
    yield Rule(
        "not shown below a confidence of", settings.confidence.abstain_below, _name("confidence", "abstain_below")
    )
    yield Rule("promises that become checks", list(settings.promises.flagged) or "none", _name("promises", "flagged"))
    links = list(settings.links.hosts) or "none"
    yield Rule("hosts to link to, beside a source's own page", links, _name("links", "hosts"))


def _model(settings: Settings) -> Iterator[Rule]:
    llm, embeddings = settings.llm, settings.embeddings
    yield Rule("model", llm.model or "none: articles are quoted", _name("llm", "model"))
    yield Rule("model that analyses", llm.fast_model or llm.model or "none: by rules", _name("llm", "fast_model"))
    yield Rule("model's host", _host(llm.base_url, on=llm.on), _name("llm", "base_url"))
    yield Rule("calls per message and attempt, at most", MOST_CALLS)
    yield Rule("seconds a call may take", llm.timeout_s, _name("llm", "timeout_s"))
    yield Rule("seconds a ticket waits for a model that is down", llm.wait_s, _name("llm", "wait_s"))
    yield Rule("embeddings", embeddings.model or "none: words alone", _name("embeddings", "model"))
    yield Rule("host of the embeddings", _host(embeddings.base_url, on=embeddings.on), _name("embeddings", "base_url"))


def _budgets(settings: Settings) -> Iterator[Rule]:
    llm = settings.llm
    cap = "none" if llm.daily_cap is None else llm.daily_cap
    yield Rule("cost of an account and day, at most", cap, _name("llm", "daily_cap"))
    for who in ("requester", "organization"):
        field = f"tokens_per_{who}_hour"
        yield Rule(f"tokens of one {who} and hour, at most", getattr(llm, field) or "no limit", _name("llm", field))


def _data(settings: Settings) -> Iterator[Rule]:
    yield Rule("days text of tickets is kept", settings.retention_days, _name("retention_days"))
    yield Rule("solved tickets as examples", settings.knowledge.solved, _name("knowledge", "solved"))
    yield Rule("masked before a model", "e-mail, phone, card, IBAN, IP, secrets and the ticket's own people")
    plug_in = settings.masking.entities or "none"
    yield Rule("plug-in that finds other names", plug_in, _name("masking", "entities"))


def _name(*path: str) -> str:
    return PREFIX + "__".join(path).upper()


def _host(address: str, *, on: bool) -> str:
    """Where it is, without what an address may hold beside its host."""
    return urlsplit(address).hostname or ("api.openai.com" if on else "none")
