"""The knowledge report as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.knowledge.findings import ADVICE, KnowledgeReport, counted

_ROWS = 25


def report_page(report: KnowledgeReport) -> str:
    """HTML of the report, whole and by itself. Everything in it is escaped; links lead to http(s) addresses of articles only."""
    environment, style, policy = _prepared()
    return environment.get_template("report.html.j2").render(
        report=report,
        advice=ADVICE,
        rows=_ROWS,
        style=Markup(style),  # noqa: S704 - our own file
        policy=policy,
        counted=counted,
    )


def page_headers() -> dict[str, str]:
    """For whoever serves the page; the policy stands in it, too, because it is also sent as a file."""
    return {"Content-Security-Policy": f"{_prepared()[2]}; frame-ancestors 'none'"}


@functools.cache
def _prepared() -> tuple[Environment, str, str]:
    """The templates, the style, and the policy that lets the page have that style and nothing else."""
    folder = Path(__file__).parent
    loader = FileSystemLoader(folder)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = (folder / "report.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return environment, style, policy
