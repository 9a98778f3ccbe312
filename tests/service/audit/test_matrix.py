"""Where the circles of the matrix stand."""

from __future__ import annotations

import math

import pytest

from service.audit.matrix import NARROW, WIDE, Frame, bubbles, point
from tests.service.audit.seen import TITLES, audit, seen

TINY = 1e-6


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_bubbles_keep_apart_and_inside_the_frame(frame: Frame) -> None:
    """Kinds with the same figures are all to be seen, on a telephone, too; the largest is the most work."""
    groups = [seen(name, 40 + number) for number, name in enumerate(TITLES)]
    placed = bubbles([(kind, 1) for kind in audit(*groups).kinds], frame)

    for one in placed:
        assert one.x - one.radius >= frame.left - TINY
        assert one.x + one.radius <= frame.width - frame.right + TINY
        assert one.y + one.radius <= frame.height - frame.bottom + TINY
        for other in placed[: one.number - 1]:
            assert math.dist((one.x, one.y), (other.x, other.y)) >= one.radius + other.radius
    assert placed[0].radius == frame.largest == max(one.radius for one in placed)
    assert point(1, 1, frame) == (frame.left, frame.height - frame.bottom)


def test_what_was_not_told_apart_is_drawn_without_a_tier_and_takes_no_number_of_another() -> None:
    """Its circle is as large as the work it makes, like all."""
    made = audit(seen("", 60), seen("delivery", 30))
    delivery, other = bubbles([(kind, 1 if kind.name else None) for kind in reversed(made.kinds)])

    assert (delivery.kind.name, delivery.number, delivery.tier) == ("delivery", 1, 1)
    assert (other.kind.name, other.tier) == ("", None)
    assert math.isclose(other.radius**2, 2 * delivery.radius**2)
