"""The knowledge report as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

from pathlib import Path

from service.knowledge.findings import ADVICE, KnowledgeReport, counted
from service.standalone import standalone

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_ROWS = 25


def report_page(report: KnowledgeReport) -> str:
    """HTML of the report, whole and by itself. Everything in it is escaped; links lead to http(s) addresses of articles only."""
    return standalone(_TEMPLATE).render(
        report=report,
        advice=ADVICE,
        rows=_ROWS,
        counted=counted,
    )


def page_headers() -> dict[str, str]:
    """For whoever serves the page; the policy stands in it, too, because it is also sent as a file."""
    return {"Content-Security-Policy": f"{standalone(_TEMPLATE).policy}; frame-ancestors 'none'"}
