"""The audit as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service.audit.findings import OTHER, WORTH, Audit, Kind
from service.audit.matrix import NARROW, WIDE, Frame, bubbles, hardest_of, point
from service.audit.proposal import tiers_of
from service.audit.untold import MANY
from service.policy.document import Policy, Tier
from service.worth.intervals import LEAST

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TICKS = (1, 2, 3, 4, 5)


def audit_page(audit: Audit, policy: Policy) -> str:
    """HTML of the audit, whole and by itself. Everything in it is escaped. policy: the one in force, which the proposal is made of."""
    environment, style, allowed = _prepared()
    tiers = tiers_of(audit, policy)
    placed = [(kind, tiers.get(kind.name)) for kind in audit.kinds if kind.name in tiers or kind.name == OTHER]
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        tiers=tiers,
        pictures=[_picture(name, frame, placed) for name, frame in (("large", WIDE), ("small", NARROW))],
        week_names=[f"{week:%d %b}" for week, _ in audit.weeks],
        worth=WORTH,
        least=LEAST,
        many=MANY,
        days=_DAYS,
        style=Markup(style),  # noqa: S704 - our own file
        policy=allowed,
    )


def _picture(name: str, frame: Frame, placed: Sequence[tuple[Kind, Tier | None]]) -> Mapping[str, object]:
    """The matrix for a screen of this kind."""
    hardest = hardest_of(placed)
    return {
        "name": name,
        "frame": frame,
        "bubbles": bubbles(placed, frame),
        "across": [(tick, point(tick, 1, frame, hardest=hardest)[0]) for tick in _TICKS if tick <= hardest],
        "up": [(tick, point(1, tick, frame)[1]) for tick in _TICKS],
    }


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
    style = (folder / "audit.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment, style, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
