"""Calls to a helpdesk as they are measured."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import REGISTRY

from service.spans import Span, Tracer
from service.vendors import MeasuredClient, template


def counted(status: str, to: str = "zendesk") -> float:
    """Calls so far that ended like this."""
    return REGISTRY.get_sample_value("deskpilot_call_seconds_count", {"to": to, "status": status}) or 0.0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/v2/tickets/35436/comments/7/make_private", "/api/v2/tickets/{id}/comments/{id}/make_private"),
        ("/api/v2/tickets/35436.json", "/api/v2/tickets/{id}"),
        ("/api/v2/help_center/en-us/articles.json", "/api/v2/help_center/{id}/articles.json"),
        ("/api/v2/contacts/ana@customer.example", "/api/v2/contacts/{id}"),
        ("/", "/"),
    ],
)
def test_a_path_is_told_without_what_is_one_persons(path: str, said: str) -> None:
    """Words of ours stay, whatever else stands there does not."""
    assert template(path) == said


@pytest.mark.parametrize(
    ("status", "counts"), [(200, "ok"), (302, "ok"), (404, "refused"), (429, "busy"), (500, "failed")]
)
async def test_a_call_counts_by_how_it_ended(status: int, counts: str) -> None:
    """And is a span of what it was made for, without its query."""
    sent: list[Span] = []
    before = counted(counts)
    transport = httpx.MockTransport(lambda _: httpx.Response(status))
    async with MeasuredClient({"zendesk": "https://acme.zendesk.test"}, transport=transport) as http:
        with Tracer(sent.append).begin("look"):
            await http.get("https://acme.zendesk.test/api/v2/search.json?query=quokka")

    assert counted(counts) - before == 1
    assert sent[0].name == "GET zendesk"
    assert sent[0].attributes == {
        "call.to": "zendesk",
        "call.status": counts,
        "http.request.method": "GET",
        "url.template": "/api/v2/search.json",
        "http.response.status_code": status,
    }


async def test_a_host_that_nobody_set_is_one_label_and_no_answer_is_a_status() -> None:
    """Labels are bounded, whoever is asked."""
    before = counted("no answer", to="other")

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with MeasuredClient({}, transport=httpx.MockTransport(refuse)) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("https://stranger.test/")

    assert counted("no answer", to="other") - before == 1
