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

HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
"""For whoever serves the page; what it may load stands in the page itself, which is also sent as a file."""


def report_page(report: KnowledgeReport) -> str:
    """HTML of the report, whole and by itself. Everything in it is escaped; links lead to http(s) addresses of articles only."""
    environment, style = _prepared()
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html.j2").render(
        report=report,
        advice=ADVICE,
        rows=_ROWS,
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        counted=counted,
    )


@functools.cache
def _prepared() -> tuple[Environment, str]:
    folder = Path(__file__).parent
    loader = FileSystemLoader(folder)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment, (folder / "report.css").read_text(encoding="utf-8")
