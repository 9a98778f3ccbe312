"""What an error says is read by people and stored: it never repeats what a request proved itself with."""

from __future__ import annotations

import json

import httpx
import pytest

from connectors.base import ConnectorError
from connectors.credentials import without_credentials
from connectors.http import error_for

KEY = "marmot-seven-orchid"
URL = "https://acme.zendesk.test/api/v2/tickets/1"


def basic(user: str, password: str) -> httpx.Request:
    """A request with user and password."""
    return next(httpx.BasicAuth(user, password).auth_flow(httpx.Request("GET", URL)))


BEARER = httpx.Request("GET", URL, headers={"authorization": f"Bearer {KEY}"})
OF_CLIENT = httpx.Request("POST", URL, json={"grant_type": "refresh_token", "client_secret": KEY, "refresh_token": ""})

CARRIERS = {
    "bearer": BEARER,
    "user": basic(KEY, "X"),
    "password": basic("robin@acme.example/token", KEY),
    "client": OF_CLIENT,
}


@pytest.mark.parametrize("request_", CARRIERS.values(), ids=CARRIERS)
def test_an_answer_that_repeats_the_key_leaves_it_unsaid(request_: httpx.Request) -> None:
    """Whichever way it was sent, and also as the header that carried it."""
    header = request_.headers.get("authorization", "")
    said = without_credentials(f"invalid key {KEY} ({header})", request_)

    assert KEY not in said
    assert not header or header.partition(" ")[2] not in said
    assert said.startswith("invalid key ***")


def test_a_key_is_struck_out_before_the_text_is_cut() -> None:
    """Half a key is one, too."""
    body = {"error": "x" * 190, "description": KEY}
    error = error_for(httpx.Response(401, json=body, request=BEARER), what="acme answered")

    assert isinstance(error, ConnectorError)
    assert KEY[:6] not in str(error)


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", URL),
        httpx.Request("GET", URL, headers={"authorization": "Basic not*base64"}),
        httpx.Request("GET", URL, headers={"authorization": "Basic //8="}),
        httpx.Request("POST", URL, content=b'client_secret: {"'),
        httpx.Request("POST", URL, content=json.dumps(["client_secret"]).encode()),
        basic("X", ""),
    ],
    ids=["none", "no base64", "no text", "no JSON", "no object", "too short"],
)
def test_odd_requests_leave_the_text_alone(request_: httpx.Request) -> None:
    """Nothing to strike out, nothing to fail on; a letter that is a password is not every such letter."""
    assert without_credentials("Couldn't authenticate X", request_) == "Couldn't authenticate X"
