"""A vote's token: what it says, for how long, and that nobody else can make one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.feedback import VALID_FOR, Vote, token_for, vote_in
from service.ledger import REFERENCE, TicketKey
from service.seals import key_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEYS = {1: b"1" * 32, 7: b"7" * 32}
VOTE = Vote(TicketKey("zendesk", "acme.example", "5158"), "DP-7K2QX", "right")
TOKEN = token_for(VOTE, key_id=7, key=KEYS[7], expires_at=NOW + VALID_FOR)


def test_a_token_says_which_note_and_what_was_thought_of_it() -> None:
    """Helpdesk, account, ticket, note and judgement: it is good for these and nothing else."""
    assert vote_in(TOKEN, keys=KEYS, now=NOW) == VOTE
    assert key_of(TOKEN) == 7


def test_a_token_expires() -> None:
    """To the second."""
    assert vote_in(TOKEN, keys=KEYS, now=NOW + VALID_FOR - timedelta(seconds=1)) == VOTE
    assert vote_in(TOKEN, keys=KEYS, now=NOW + VALID_FOR) is None


def test_a_key_that_is_retired_signs_nothing_any_more() -> None:
    """While both are known, both are good: a rotation breaks no link."""
    assert vote_in(TOKEN, keys={1: KEYS[1]}, now=NOW) is None
    assert vote_in(TOKEN, keys={7: KEYS[1]}, now=NOW) is None
    assert vote_in(TOKEN, keys={}, now=NOW) is None


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_no_character_of_a_token_can_be_another(at: int) -> None:
    """Base32 has idle bits at its end, too: the signature is compared as it is spelt."""
    for letter in "abcdefghijklmnopqrstuvwxyz234567.-_=A0":
        if letter != TOKEN[at]:
            assert vote_in(TOKEN[:at] + letter + TOKEN[at + 1 :], keys=KEYS, now=NOW) is None


@given(st.text())
@example("1.." + "a" * 52)
@example("٧" + TOKEN[1:])
@example(TOKEN + "\n")
@example("9999999999" + TOKEN[1:])
def test_whatever_a_stranger_makes_up_is_no_vote_and_no_error(token: str) -> None:
    """Any text may stand in a path."""
    assert vote_in(token, keys=KEYS, now=NOW) is None


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_no_token_reads_like_a_notes_reference_or_ends_an_address(helpdesk: str, account: str, ticket_id: str) -> None:
    """A note is recognised by its reference; mail programs end an address at what is no letter or digit."""
    vote = Vote(TicketKey(helpdesk, account, ticket_id), "DP-7K2QX", "wrong")
    token = token_for(vote, key_id=1, key=KEYS[1], expires_at=NOW + VALID_FOR)

    assert not REFERENCE.search(token)
    assert token.replace(".", "").isalnum()
    assert token.isascii()
