"""What requesters thought of answers: the older rating of a ticket, and the newer surveys. An account has one of the two.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/
https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from connectors.base import ForbiddenError, GoneError, Rating
from connectors.http import JSON, Door
from connectors.zendesk.paging import pages
from connectors.zendesk.wire import documented_shape

_CHANGEABLE = timedelta(days=30)
"""The older list is told by when a rating was made, and a customer may think again: so much earlier is read anew."""

_TICKET = re.compile(r"(?:ticket:)?([0-9]+)")
_RATINGS, _SURVEYS = "/api/v2/satisfaction_ratings", "/api/v2/guide/survey_responses"
_BAD_BELOW, _GOOD_FROM = 3, 4  # of five, where no category is told


async def ratings(door: Door, moment: datetime) -> AsyncIterator[Rating]:
    """Of both kinds, those that were made or changed since then. Raises ForbiddenError where neither can be read."""
    refused: list[str] = []
    for path, read in ((_RATINGS, _rated), (_SURVEYS, _surveyed)):
        try:
            async for rating in read(door, path, moment):
                if rating.at >= moment:
                    yield rating
        except (ForbiddenError, GoneError) as error:  # this kind is off, or not ours to see
            refused.append(str(error))
    if len(refused) > 1:
        raise ForbiddenError(
            f"{door.host} shows no ratings: {refused[0]}; make the user an admin, or switch satisfaction ratings on"
        )


async def _rated(door: Door, path: str, moment: datetime) -> AsyncIterator[Rating]:
    params = {"start_time": int((moment - _CHANGEABLE).timestamp())}
    async for page in pages(door, path, params=params, patient=True):
        with documented_shape("page of ratings"):
            found = [_rating(one) for one in page["satisfaction_ratings"]]
        for rating in found:
            yield rating


def _rating(body: JSON) -> Rating:
    """Scores are good and bad, the two also "…_with_comment"; offered and unoffered are none, or one that was withdrawn."""
    score = str(body["score"]).lower().partition("_")[0]
    at = datetime.fromisoformat(body.get("updated_at") or body["created_at"])
    return Rating(str(body["ticket_id"]), {"good": 1, "bad": -1}.get(score), at)


async def _surveyed(door: Door, path: str, moment: datetime) -> AsyncIterator[Rating]:
    params = {"filter[updated_at_start]": int(moment.timestamp() * 1000)}
    async for page in pages(door, path, params=params, patient=True):
        with documented_shape("page of survey responses"):
            found = [rating for one in page["survey_responses"] if (rating := _answer(one))]
        for rating in found:
            yield rating


def _answer(body: JSON) -> Rating | None:
    """A response whose scale was skipped is one that was withdrawn; one that is about no ticket is not ours."""
    subject = next(
        (one for one in body.get("subjects") or () if _TICKET.search(str(one.get("zrn") or one.get("id")))), None
    )
    if subject is None:
        return None
    found = _TICKET.findall(str(subject.get("zrn") or subject["id"]))
    scale = next((one for one in body["answers"] if one["type"] == "rating_scale"), None)
    newest = max((str(one.get("updated_at") or one["created_at"]) for one in body["answers"]), default="")
    if not newest:
        return None
    return Rating(found[-1], _scored(scale) if scale else None, datetime.fromisoformat(newest), kind="survey")


def _scored(scale: JSON) -> int:
    category = str(scale.get("rating_category") or "").lower()
    if category:
        return {"good": 1, "bad": -1}.get(category, 0)
    value = int(scale["rating"])
    return -1 if value < _BAD_BELOW else 1 if value >= _GOOD_FROM else 0
