"""Addresses in a draft: exactly those of cited articles, and those that stand in one and lead to an allowed host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.guard import resolve
from service.links import MAX_LINKS, kept_links, passable
from service.notes import NoteContent, compose
from service.vectors import Found
from tests.service.safe_html import assert_safe
from tests.service.test_guard import DELIVERY, HELP, passage, written

STATUS = "https://status.acme.example/today"
HOSTS = ("status.acme.example", "*.partner.example")


def linking(*links: str, text: str = "Look at the status page.") -> Found:
    """A public passage of an article that links there."""
    found = passage("status", text=text)
    return replace(found, passage=replace(found.passage, links=links))


@pytest.mark.parametrize(
    "link",
    [STATUS, "http://status.acme.example", "https://a.partner.example/x?y=1#z", "https://a.b.partner.example/"],
)
def test_a_link_of_a_cited_article_to_an_allowed_host_may_stand_in_the_draft(link: str) -> None:
    """Live in the note, too: with its label where the draft has one."""
    text = f"Hi Ana,\n\nsee {link}, or [the status page]({link})."
    draft, sources = resolve(written(text, 1), [linking(link)], hosts=HOSTS)
    html = compose(NoteContent("ready", "DP-7K2", draft_text=draft.text, sources=sources), language="en")

    assert draft.text == f"Hi Ana,\n\nsee {link}, or the status page ({link})."
    assert draft.checks == ()
    assert html.split("<hr>")[1].count(f'<a href="{link}">') == 2
    assert_safe(html, links={f"{HELP}/status", link})


@pytest.mark.parametrize(
    "link",
    [
        "https://status.acme.example.evil.example/",
        "https://evilstatus.acme.example/",
        "https://acme.example/",
        "https://partner.example/",
        "https://evilpartner.example/",
        "https://status.acme.example@evil.example/",
        "https://evil.example#status.acme.example",
        "https://evil.example/?x=.partner.example",
        "https://STATUS.acme.example/",
        "https://status.acme.example:8443/",
        "https://status.acme.example./",
        "https://status.acme%2eexample/",
        "https://ѕtatus.acme.example/",  # Cyrillic
        "https://status.acme。example/",
        "https://evil.example\\.partner.example/",
        "ftp://status.acme.example/",
        "//status.acme.example/",
        "javascript:https://status.acme.example/",
    ],
)
def test_a_link_to_any_other_host_is_dead_though_the_article_has_it(link: str) -> None:
    """The name as it is on the list and nothing around it: no port, user, case, dot or letter that only looks the same."""
    draft, sources = resolve(written(f"Hi Ana,\n\nsee {link} now", 1), [linking(link, text=f"See {link}")], hosts=HOSTS)

    assert sources[0].links == ()
    assert link not in draft.text


@pytest.mark.parametrize(
    "changed",
    [
        f"{STATUS}/", f"{STATUS}?to=evil", f"{STATUS}#x", STATUS.upper(), STATUS.replace("https", "http"), STATUS.replace("t", "%74", 1),
        STATUS.replace("today", "%74oday"), STATUS.replace("status.", "status.acme.example@status."), STATUS.replace(".example", ".example:443"),
        STATUS.replace(".example", ".example."), STATUS.replace("a", "а", 1), STATUS[:-1],
    ],
)  # fmt: skip
def test_a_link_counts_byte_for_byte(changed: str) -> None:
    """What leads to the same host by another address does not stand in the article."""
    draft, _ = resolve(written(f"Hi Ana,\n\nsee {changed} now", 1), [linking(STATUS)], hosts=HOSTS)

    assert changed not in draft.text
    assert "://" not in draft.text


def test_an_address_that_stands_in_the_text_of_a_cited_article_counts_as_well() -> None:
    """An article need not make a link of it, and older passages carry no links."""
    draft, _ = resolve(written(f"See {STATUS}.", 1), [linking(text=f"All is told ({STATUS}).")], hosts=HOSTS)

    assert draft.text == f"See {STATUS}."


def test_without_a_list_no_link_but_the_source_s_own_may_stand() -> None:
    """The default."""
    draft, sources = resolve(written(f"See {STATUS} or {HELP}/status", 1), [linking(STATUS)])

    assert draft.text == f"See https[:]//status[.]acme[.]example/today or {HELP}/status"
    assert sources[0].links == ()


@pytest.mark.parametrize("change", [{"audience": "internal"}, {"pool": "macro"}, {"pool": "ticket"}])
def test_only_public_articles_lend_their_links(change: dict[str, str]) -> None:
    """What agents alone may read, what is no page, and what was said to another customer does not."""
    found = linking(STATUS, text=f"See {STATUS}").passage

    assert passable(found, HOSTS) == (STATUS,)
    assert passable(replace(found, **change), HOSTS) == ()  # type: ignore[arg-type]


def test_the_link_of_an_article_that_is_not_cited_is_dead() -> None:
    """It was given to the model, and supports nothing here."""
    draft, _ = resolve(written(f"See {STATUS}", 2), [linking(STATUS), DELIVERY], hosts=HOSTS)

    assert "https://" not in draft.text


def test_a_passage_carries_few_plain_addresses() -> None:
    """What is no web address, or no address of this length, is no link to give to a customer."""
    many = [f"https://a.example/{number}" for number in range(MAX_LINKS + 5)]
    odd = [
        "mailto:a@b.example",
        "/relative",
        "javascript:1",
        "https://a b",
        "https://u@a.example",
        "https://a.example/" + "x" * 600,
    ]

    assert kept_links([*odd, many[0], *many]) == tuple(many[:MAX_LINKS])


@given(st.text(alphabet="htps:/.@#?%\\[]() \u200bаae-xn1", max_size=60))
@settings(max_examples=200, deadline=None)
def test_whatever_a_draft_makes_of_addresses_only_the_exact_one_is_live(noise: str) -> None:
    """Anything around, before or behind it."""
    text = f"{noise}{STATUS}{noise} {noise}.acme.example"
    draft, sources = resolve(written(text, 1), [linking(STATUS)], hosts=HOSTS)
    html = compose(NoteContent("ready", "DP-7K2", draft_text=draft.text or "x", sources=sources), language="en")

    assert_safe(html, links={f"{HELP}/status", STATUS})
