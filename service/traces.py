"""What the ledger keeps of how a note came about; for the knowledge report what it cites, or the question without an answer."""

from __future__ import annotations

import re
from typing import Any

from service.cautions import SUSPECT
from service.content import Written
from service.identifiers import find_identifiers
from service.notes import PLACEHOLDER
from service.plaintext import one_line
from service.vectors import Passage

ASKED_CHARS = 200

_NUMBER = re.compile(r"\d(?:[ ./-]?\d){4,}")
"""Of an order, a customer, a parcel: it leads to a person and says nothing about what an article lacks."""


def details_of(written: Written) -> dict[str, Any]:
    """What the ledger keeps of how a note came about; of the ticket's text only a masked question without an answer."""
    draft, analysis = written.draft, written.analysis
    return traces_of(written) | {
        "sources": [source.url or source.title for source in written.sources],
        "confidence": round(written.passages.confidence, 3),
        "certainty": round(draft.certainty, 3),
        "writer": draft.writer,
        "withheld": draft.withheld or "",
        "model": draft.model,
        "prompt_version": draft.prompt_version,
        "variant": written.variant,
        "language": analysis.language,
        "intent": analysis.intent,
        "tokens_in": analysis.tokens_in + draft.tokens_in,
        "tokens_out": analysis.tokens_out + draft.tokens_out,
        "dropped_citations": draft.dropped_citations,
        "spent": written.spent or "",  # whose budget for the model was used up
        **_decided(written),
    }


def _decided(written: Written) -> dict[str, Any]:
    """What the policy made of the message, in its own names; its texts and the customer's facts are not kept."""
    decision = written.decision
    return {
        "tier": decision.tier,
        "rules": list(decision.rules),
        "policy": decision.version,
        "category": decision.category,
        "segments": list(decision.segments),
        "incident": written.incident,
    }


def traces_of(written: Written) -> dict[str, Any]:
    """What the ledger keeps beside a draft; nothing where a person was needed, for then no article was asked.

    cited: (account, article) of each cited article. asked: the question, masked, where the articles do not cover it;
    nearest: the best article that was found all the same.
    """
    found, given = written.passages.found, written.passages.given
    if written.verdict == "person":
        return {}
    cited = [_key(given[citation.number - 1].passage) for citation in written.draft.citations]
    traces: dict[str, Any] = {"cited": [list(key) for key in dict.fromkeys(cited)]}
    if written.verdict == "uncovered" and written.draft.withheld not in SUSPECT:  # else no article is missing
        traces["asked"] = asked(written.analysis.gist or written.analysis.query)
        traces["nearest"] = list(_key(found[0].passage)) if found else []
    return traces


def asked(query: str) -> str:
    """A question as it may be kept: masked, on one line, at most ASKED_CHARS characters.

    The query is made of masked text already. Looked through once more, because a model can put together what was apart
    ("ana at example dot com"), and without long numbers.
    """
    text = one_line(PLACEHOLDER.sub("…", query), limit=4 * ASKED_CHARS)
    for start, end, _ in reversed(find_identifiers(text)):
        text = f"{text[:start]}…{text[end:]}"
    return one_line(_NUMBER.sub("…", text), limit=ASKED_CHARS)


def _key(passage: Passage) -> tuple[str, str]:
    return passage.account, passage.article
