"""What a sensible model answers in the story's tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from fastapi.responses import Response

from tests.fake_llm import completion

ANALYSIS = {
    "problem": "The parcel has not moved for nine days.",
    "tried": [],
    "open": ["Is it lost?"],
    "intent": "parcel lost",
    "sentiment": "neutral",
    "urgency": "normal",
    "language": "en",
    "query": "parcel lost tracking replacement",
    "asks": True,
    "wishes": [],
}
DRAFT = {
    "reply": "Hi there,\n\nafter seven working days without news we treat a parcel as lost. We send you a new kettle free of charge.",
    "covered": True,
    "citations": [
        {"number": "parcels", "supports": "the seven days"},
        {"number": 9, "supports": "nothing: it was not given"},
    ],
    "checks": ["the tracking status"],
    "reason": "The article answers both questions.",
    "gloss": "",
}


def answering(analysis: Any, draft: Any) -> Callable[[dict[str, Any]], Response]:
    """Analysis to the fast model, draft to the main one; a citation of "parcels" gets the number that passage has."""

    def answer(body: dict[str, Any]) -> Response:
        if body["model"] == "fast":
            return completion(analysis)(body)
        given = re.search(r"\((\d+)\) When a parcel does not arrive", body["messages"][-1]["content"])
        number = given[1] if given else "1"
        return completion(json.loads(json.dumps(draft).replace('"parcels"', number)))(body)

    return answer
