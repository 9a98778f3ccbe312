"""A passage as it is stored, and back."""

from __future__ import annotations

import json
from dataclasses import replace

from service.vectors import Entry, Mark, Meta
from service.vectors.payload import points, to_passage
from tests.service.test_guard import DELIVERY


def test_a_passage_comes_back_as_it_was_stored() -> None:
    """Through JSON, as every engine keeps it; its links, too."""
    passage = replace(DELIVERY.passage, links=("https://status.acme.example/now",))
    (point,) = points([Entry(Mark(passage.article, "1"), (passage,))], Meta())

    assert to_passage(passage.id, json.loads(json.dumps(point.payload))) == passage


def test_a_passage_from_before_links_were_kept_has_none() -> None:
    """The index is not built anew for it."""
    (point,) = points([Entry(Mark("a", "1"), (DELIVERY.passage,))], Meta())
    older = {name: value for name, value in point.payload.items() if name != "links"}

    assert to_passage(DELIVERY.passage.id, older) == DELIVERY.passage
