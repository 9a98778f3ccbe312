"""`deskpilot setup zendesk | freshdesk`: the questions, each with a default and a flag, and what is done with the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors import Account
from service import envfile, logs, settings
from service.connecting import Connecting, Order
from service.groups import without_slash
from service.settings import ENV_FILE, PREFIX, Settings, SettingsProblem

Run = Callable[[Coroutine[Any, Any, int]], None]

Url = Annotated[str, typer.Option(help="Address of the account; else DESKPILOT_…__URL.")]
PublicUrl = Annotated[str, typer.Option(help="Where the helpdesk reaches deskpilot; else DESKPILOT_PUBLIC_URL.")]
EnvFile = Annotated[
    Path | None, typer.Option(help="Write the secret into this file; else it is printed once.", dir_okay=False)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the exact API calls, and make none that changes anything.")
]
Undo = Annotated[bool, typer.Option("--undo", help="Take away what set-up made for this address, and nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs; wants --yes or --dry-run.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for a test delivery; 0: try none.", min=0)]


@dataclass(frozen=True, slots=True)
class Flags:
    """What both vendors are told alike."""

    public_url: str
    env_file: Path | None
    dry_run: bool
    undo: bool
    yes: bool
    as_json: bool
    wait_s: float

    @property
    def asks(self) -> bool:
        """Whether somebody is there to answer."""
        return not (self.yes or self.as_json) and sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know. setting: where the answer stands in the environment, and is kept. given: by flag, or by the settings."""

    setting: str  # without DESKPILOT_
    flag: str
    text: str
    given: str
    hidden: bool = False
    needed: bool = True


def commands(run: Run) -> typer.Typer:
    """The group of commands. run: makes sentences of what goes wrong, and ends the process."""
    group = typer.Typer(no_args_is_help=True, help="Connect a helpdesk: guided, repeatable, and undone with --undo.")

    @group.command()
    def zendesk(
        *,
        url: Url = "",
        client_id: Annotated[str, typer.Option(help="Of a confidential OAuth client.")] = "",
        client_secret: Annotated[str, typer.Option(help="Rather by DESKPILOT_ZENDESK__CLIENT_SECRET.")] = "",
        token: Annotated[str, typer.Option(help="A ready OAuth token in its place; with --email an API token.")] = "",
        email: Annotated[str, typer.Option(help="Whose API token it is.")] = "",
        triggers: Annotated[bool, typer.Option("--triggers", help="Do not ask for events: use two triggers.")] = False,
        public_url: PublicUrl = "",
        env_file: EnvFile = None,
        dry_run: DryRun = False,
        undo: Undo = False,
        yes: Yes = False,
        as_json: Json = False,
        wait: Wait = 120,
    ) -> None:
        """Make Zendesk tell deskpilot of tickets: one webhook, two triggers where the account has no events."""
        flags = Flags(public_url, env_file, dry_run, undo, yes, as_json, wait)
        given = {"url": url, "client_id": client_id, "client_secret": client_secret, "token": token, "email": email}
        run(_zendesk(flags, given, events=not triggers))

    @group.command()
    def freshdesk(
        *,
        url: Url = "",
        api_key: Annotated[str, typer.Option(help="An agent's. Rather by DESKPILOT_FRESHDESK__API_KEY.")] = "",
        secret: Annotated[str, typer.Option(help="For its webhooks; else the one in the settings, or a new one.")] = "",
        public_url: PublicUrl = "",
        env_file: EnvFile = None,
        dry_run: DryRun = False,
        undo: Undo = False,
        yes: Yes = False,
        as_json: Json = False,
        wait: Wait = 600,
    ) -> None:
        """Make Freshdesk tell deskpilot of tickets: automation rules, by its API or by the clicks that are shown."""
        flags = Flags(public_url, env_file, dry_run, undo, yes, as_json, wait)
        run(_freshdesk(flags, {"url": url, "api_key": api_key}, secret=secret))

    return group


async def _zendesk(flags: Flags, given: dict[str, str], *, events: bool) -> int:
    loaded = _settings()
    own = loaded.zendesk
    known = {
        "url": own.url,
        "client_id": own.client_id,
        "client_secret": own.client_secret.get_secret_value(),
        "token": own.token.get_secret_value(),
        "email": own.email,
    }
    if given["client_id"] or given["client_secret"]:  # one way in, not half of each
        known |= {"token": "", "email": ""}
    elif given["token"]:
        known |= {"client_id": "", "client_secret": "", "email": ""}
    now = {name: given[name] or known[name] for name in given}
    ready = bool(now["token"])  # then nobody asks for a client
    answers = _answered(
        flags,
        [
            Question("ZENDESK__URL", "--url", "Address of your Zendesk (https://you.zendesk.com)", now["url"]),
            Question(
                "ZENDESK__CLIENT_ID", "--client-id", "OAuth client: identifier", now["client_id"], needed=not ready
            ),
            Question(
                "ZENDESK__CLIENT_SECRET",
                "--client-secret",
                "OAuth client: secret",
                now["client_secret"],
                hidden=True,
                needed=not ready,
            ),
            _public_url(flags, loaded),
        ],
    )
    account = Account(
        url=answers["ZENDESK__URL"],
        client_id=answers["ZENDESK__CLIENT_ID"],
        client_secret=answers["ZENDESK__CLIENT_SECRET"],
        token=now["token"],
        email=now["email"],
    )
    answers |= {"ZENDESK__TOKEN": now["token"], "ZENDESK__EMAIL": now["email"]}
    # credentials that the service has are its own: an admin's, given for set-up alone, do not replace them
    has = bool(own.client_id or own.token.get_secret_value())
    keep = _kept(answers, {"ZENDESK__URL": bool(own.url), "PUBLIC_URL": bool(loaded.public_url)}, has=has)
    return await Connecting(loaded, _order("zendesk", flags, account, answers, keep=keep, events=events)).run()


async def _freshdesk(flags: Flags, given: dict[str, str], *, secret: str) -> int:
    loaded = _settings()
    own = loaded.freshdesk
    key = own.api_key.get_secret_value()
    answers = _answered(
        flags,
        [
            Question(
                "FRESHDESK__URL",
                "--url",
                "Address of your Freshdesk (https://you.freshdesk.com)",
                given["url"] or own.url,
            ),
            Question("FRESHDESK__API_KEY", "--api-key", "API key of an agent", given["api_key"] or key, hidden=True),
            _public_url(flags, loaded),
        ],
    )
    account = Account(url=answers["FRESHDESK__URL"], token=answers["FRESHDESK__API_KEY"])
    keep = _kept(answers, {"FRESHDESK__URL": bool(own.url), "PUBLIC_URL": bool(loaded.public_url)}, has=bool(key))
    return await Connecting(loaded, _order("freshdesk", flags, account, answers, keep=keep, secret=secret)).run()


def _settings() -> Settings:
    """The settings as far as there are any, and logging as they say."""
    loaded = settings.unfinished()
    logs.configure(loaded.log_level, machine=not sys.stderr.isatty(), hosts=loaded.hosts, secrets=loaded.secrets)
    return loaded


def _public_url(flags: Flags, loaded: Settings) -> Question:
    text = "Address at which the helpdesk reaches deskpilot (https://deskpilot.example)"
    return Question("PUBLIC_URL", "--public-url", text, flags.public_url or loaded.public_url)


def _answered(flags: Flags, questions: list[Question]) -> dict[str, str]:
    """Answers by setting. Raises SettingsProblem for those that nobody is there to give."""
    problems = [
        *_refused(flags),
        *(_missing(one) for one in questions if one.needed and not one.given and not flags.asks),
    ]
    if problems:
        raise SettingsProblem(problems)
    answers = {one.setting: _asked(one) if flags.asks and one.needed else one.given for one in questions}
    return {name: _address(said) if name.endswith("URL") else said for name, said in answers.items()}


def _address(said: str) -> str:
    """As people write one: "you.zendesk.com/" is https://you.zendesk.com."""
    return without_slash(said if "://" in said else f"https://{said}")


def _asked(question: Question) -> str:
    if question.hidden and question.given:  # nobody types a secret again, and none is shown as a default
        return question.given
    answer: str = typer.prompt(
        question.text,
        default=question.given or None,
        hide_input=question.hidden,
        err=True,
        show_default=not question.hidden,
    )
    return answer.strip()


def _missing(question: Question) -> str:
    return f"{question.text.partition(' (')[0]} is not known: give {question.flag}, or set {PREFIX}{question.setting}."


def _refused(flags: Flags) -> Iterator[str]:
    if flags.as_json and not (flags.yes or flags.dry_run):
        yield "--json asks nothing: add --yes to make the calls, or --dry-run to see them."
    elif not (flags.asks or flags.yes or flags.dry_run):
        yield "Nobody is at the terminal to agree: add --yes to make the calls, or --dry-run to see them."
    if flags.env_file and not flags.dry_run and (said := envfile.refused(flags.env_file)):
        yield said


def _kept(answers: dict[str, str], there: dict[str, bool], *, has: bool) -> dict[str, str]:
    """What the service lacks yet: addresses, and credentials where it `has` none."""
    return {f"{PREFIX}{name}": value for name, value in answers.items() if value and not there.get(name, has)}


def _order(
    helpdesk: str,
    flags: Flags,
    account: Account,
    answers: dict[str, str],
    *,
    keep: dict[str, str],
    events: bool = True,
    secret: str = "",
) -> Order:
    env_file = flags.env_file
    if flags.asks and not env_file and not flags.dry_run and not flags.undo:
        name = typer.prompt(
            "File for the settings ('-': print the secret once)", default=str(ENV_FILE), err=True
        ).strip()
        env_file = None if name == "-" else Path(name)
        if env_file and (said := envfile.refused(env_file)):
            raise SettingsProblem([said])
    return Order(
        helpdesk=helpdesk,
        account=account,
        endpoint=f"{answers['PUBLIC_URL']}/webhooks/{helpdesk}",
        keep=keep,
        env_file=env_file,
        secret=secret,
        events=events,
        dry_run=flags.dry_run,
        undo=flags.undo,
        sure=flags.yes,
        as_json=flags.as_json,
        wait_s=flags.wait_s,
    )
