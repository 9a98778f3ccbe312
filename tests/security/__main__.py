"""All security bars, one line each: `python -m tests.security [--json] [--own]`.

Without --own it fails when the shared corpora are not there. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict

import structlog
from rich.console import Console
from rich.table import Table

from tests.hostile import SHARED
from tests.security import canaries, contacts, crossed, limits, masking, obedient, sanitiser, web, webhooks
from tests.security.bars import Bar, Measure

PARTS: Mapping[str, Measure] = {
    "obedient": obedient.measure,
    "crossed": crossed.measure,
    "contacts": contacts.measure,
    "sanitiser": sanitiser.measure,
    "masking": masking.measure,
    "limits": limits.measure,
    "webhooks": webhooks.measure,
    "web": web.measure,
    "secrets": canaries.measure,
}
"""What is measured, by name; in this order."""


async def measure(*, own: bool, parts: Mapping[str, Measure] = PARTS) -> list[Bar]:
    """Every bar of every part, one part after the other."""
    return [bar for part in parts.values() for bar in await part(own)]


def main() -> int:
    """Print the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--own", action="store_true", help="cases of this repository alone")
    parser.add_argument("--only", choices=sorted(PARTS), action="append", help="this part alone; may be repeated")
    given = parser.parse_args()
    os.environ.pop("DESKPILOT_SHARED", None)  # read by now; the service knows no such setting, and would say so
    if not given.own and not SHARED.is_dir():
        print(f"the corpora are not in {SHARED}: set DESKPILOT_SHARED, or give --own", file=sys.stderr)
        return 2
    parts = {name: part for name, part in PARTS.items() if not given.only or name in given.only}
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the bars alone go to stdout
    bars = asyncio.run(measure(own=given.own, parts=parts))
    if given.json:
        for bar in bars:
            print(json.dumps({**asdict(bar), "met": bar.met}))
    else:
        table = Table("bar", "what", "number", "may be", "cases", "", box=None)
        for bar in bars:
            may_be = " ".join(
                f"{sign} {limit:g}" for sign, limit in (("≤", bar.most), ("≥", bar.least)) if limit is not None
            )
            table.add_row(bar.name, bar.what, f"{bar.number:g}", may_be, str(bar.cases), "met" if bar.met else "MISSED")
        Console().print(table)
    return 0 if all(bar.met for bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
