"""The backtest as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.backtest.results import Comparison, Result, Summary, worst_first

VERDICTS = {
    "ready": "a draft",
    "no_model": "a draft, quoted",
    "uncovered": "no answer in the articles",
    "person": "a person's",
}


def backtest_page(results: Sequence[Sequence[Result]], made: Sequence[Summary], against: Comparison | None) -> str:
    """HTML of one or two configurations. Everything in it is escaped."""
    environment, style, policy = _prepared()
    return environment.get_template("backtest.html.j2").render(
        made=made,
        against=against,
        examples=worst_first(results[-1]),
        before={(one.helpdesk, one.ticket_id, one.message_id): one for one in results[0]} if against else {},
        verdicts=VERDICTS,
        style=Markup(style),  # noqa: S704 - our own file
        policy=policy,
    )


@functools.cache
def _prepared() -> tuple[Environment, str, str]:
    """The templates, the style, and the policy that lets the page have that style and nothing else."""
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (folder / "backtest.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment, style, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
