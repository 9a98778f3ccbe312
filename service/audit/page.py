"""The audit as one page: nothing to load, nothing that runs, to read on a phone and to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from service.audit.findings import OTHER, WORTH, Audit, Kind
from service.audit.matrix import NARROW, WIDE, Frame, bubbles, hardest_of, point
from service.audit.proposal import tiers_of
from service.audit.untold import MANY
from service.policy.document import Policy, Tier
from service.standalone import standalone
from service.worth.intervals import LEAST

_TEMPLATE = Path(__file__).with_name("audit.html.j2")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TICKS = (1, 2, 3, 4, 5)


def audit_page(audit: Audit, policy: Policy) -> str:
    """HTML of the audit, whole and by itself. Everything in it is escaped. policy: the one in force, which the proposal is made of."""
    tiers = tiers_of(audit, policy)
    placed = [(kind, tiers.get(kind.name)) for kind in audit.kinds if kind.name in tiers or kind.name == OTHER]
    return standalone(_TEMPLATE).render(
        audit=audit,
        tiers=tiers,
        pictures=[_picture(name, frame, placed) for name, frame in (("large", WIDE), ("small", NARROW))],
        week_names=[f"{week:%d %b}" for week, _ in audit.weeks],
        worth=WORTH,
        least=LEAST,
        many=MANY,
        days=_DAYS,
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
