"""A rehearsal: what is kept of past messages tells, and what does not tell is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.incidents.past import Kept, came, rehearsed
from service.ledger import TicketKey
from service.policy.document import Policy
from tests.service.incidents.holding import plan
from tests.service.tickets import agent, customer, ticket

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = Policy.model_validate({"version": 1, "categories": {"account": {}, "sign_in": {"parent": "account"}}})


def kept(number: int, category: str | None = "sign_in", language: str = "en", **details: Any) -> Kept:
    """Of one message."""
    return Kept(TicketKey("zendesk", "acme.zendesk.test", str(number)), NOW, category, language, details)


def run(match: dict[str, Any], *past: Kept, whole: dict[TicketKey, Any] | None = None) -> Any:
    """Rehearse."""
    return rehearsed(plan(match=match), past=past, whole=whole or {}, policy=POLICY, days=7)


def test_what_is_kept_tells_which_tickets_match_and_in_which_languages_a_text_is_missing() -> None:
    """A ticket counts once; a parent category takes its children's."""
    done = run({"category": "account"}, kept(1), kept(1), kept(2, language="fr"), kept(3, "parcel"), kept(4, "account"))

    assert (done.looked_at, done.unjudged, len(done.hits)) == (4, 0, 3)
    assert [hit.ticket for hit in done.hits] == ["zendesk:1", "zendesk:2", "zendesk:4"]
    assert done.languages == {"en": 2, "fr": 1}
    assert done.without == {"fr": 1}


def test_values_signals_and_segments_are_held_against_what_triage_kept() -> None:
    """As it keeps them: a value with how sure it was."""
    match = {"category": "sign_in", "signal": ["angry"], "stakes": {"over": 3}, "segment": "vip"}
    full: dict[str, Any] = {"signals": ["angry"], "stakes": [4, 0.8], "segments": ["vip"]}

    done = run(match, kept(1, **full), kept(2, **{**full, "stakes": [3, 0.9]}), kept(3, **{**full, "segments": []}))
    assert [hit.ticket for hit in done.hits] == ["zendesk:1"]


def test_what_is_not_kept_is_told_and_never_taken_for_no() -> None:
    """Words are not; a note from before triage has no category; nor does a none_of hide what it asks for."""
    done = run({"category": "sign_in", "none_of": [{"words": "invoice"}]}, kept(1), kept(2, None))

    assert (len(done.hits), done.looked_at, done.unjudged, done.lacking) == (0, 2, 2, ("category", "words"))


def test_a_ticket_that_was_read_again_tells_its_words_and_tags() -> None:
    """Those of the newest message and the subject; what could not be read again stays untold."""
    one, two, three = kept(1), kept(2), kept(3)
    whole = {
        one.key: ticket(customer("I cannot login"), agent("Have you tried a new password?"), tags=("app",)),
        two.key: ticket(customer("Where is my login?"), customer("Found it, but my parcel is late"), tags=("app",)),
        three.key: None,
    }
    done = run({"words": "login", "tag": "app"}, one, two, three, whole=whole)

    assert [hit.ticket for hit in done.hits] == ["zendesk:1"]
    assert (done.reread, done.unread, done.unjudged, done.lacking) == (2, 1, 1, ("tag", "words"))


def test_what_came_after_the_end_is_counted_only_where_all_of_it_can_be_told() -> None:
    """An unknown number is none."""
    match = plan(match={"category": "sign_in"}).match
    past = [kept(1), kept(1), kept(2), kept(3, "parcel")]

    assert came(match, past, without={kept(1).key}, policy=POLICY) == 1
    assert came(match, [*past, kept(4, None)], without=(), policy=POLICY) is None
    assert came(plan(match={"words": "login"}).match, past, without=(), policy=POLICY) is None
