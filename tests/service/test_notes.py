"""The note: its order, its length, its safety, and the golden files.

After a wanted change: `UPDATE_GOLDEN=1 pytest tests/service/test_notes.py`, then read the diff of tests/service/golden/.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis import Summary
from service.guard import Source
from service.markup import draft_html, sanitise, words_beside
from service.notes import MAX_BYTES, Certain, NoteContent, Verdict, compose, superseded
from service.packet import Packet, Similar, Steps
from service.phrases import ENGLISH, LANGUAGES, Phrases
from tests.service.golden_notes import DOWN, EXTRACTIVE, GOLDEN, LONG_THREAD, PERSON, READY, UNCOVERED
from tests.service.safe_html import assert_safe, text_of

GOLDEN_FOLDER = Path(__file__).parent / "golden"
LONG = "word " * 400


def draft_of(html: str) -> str:
    """What stands between the rules."""
    before, draft, after = html.split("<hr>")
    assert before
    assert after
    return draft.strip()


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_every_kind_of_note_reads_as_agreed(name: str) -> None:
    """The product's face changes only on purpose."""
    content, language = GOLDEN[name]
    file = GOLDEN_FOLDER / f"{name}.html"

    html = compose(content, language=language) + "\n"

    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(html, encoding="utf-8")
    assert html == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_every_kind_of_note_is_short_and_safe(name: str) -> None:
    """At most 150 words beside the draft, nothing but the agreed tags, links to sources only."""
    content, language = GOLDEN[name]

    html = compose(content, language=language)

    assert words_beside(html) <= 150
    assert_safe(html, links={source.url for source in (*content.sources, *content.nearest)})


def test_there_is_a_golden_file_for_every_note_and_none_too_many() -> None:
    """A renamed note does not leave its old file behind."""
    assert {file.stem for file in GOLDEN_FOLDER.glob("*.html")} == set(GOLDEN)


def test_a_ready_note_has_its_parts_in_the_agreed_order() -> None:
    """Verdict, draft, checks, why, sources, summary, reference."""
    text = text_of(compose(LONG_THREAD, language="en"))

    parts = ["Ready to send after 2 checks", "Hi Tomas,", "Check:", "Why:", "Sources:", "Summary:", "DP-4M8"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith("DP-4M8")


def test_the_draft_stands_alone_between_the_only_two_rules() -> None:
    """A drag from rule to rule takes the whole reply, greeting included, and nothing else."""
    draft = draft_of(compose(READY, language="en"))

    assert draft.startswith("<p>Hi Ana,</p>")
    assert draft.endswith("</ol>")
    assert READY.reference not in draft
    assert "[" not in draft


def test_a_draft_never_holds_a_placeholder_and_the_agent_is_told() -> None:
    """What could not be restored is left out; a customer never reads "<EMAIL_3>"."""
    html = compose(replace(READY, draft_text="Hi <NAME_2>,\n\nwrite to <EMAIL_3>.", checks=()), language="en")

    assert draft_of(html) == "<p>Hi,</p>\n<p>write to.</p>"
    assert ENGLISH.placeholder_removed in html
    assert "Ready to send after 1 check<" in html


def test_a_dead_address_in_a_draft_is_a_check() -> None:
    """The agent decides whether the customer reads it as it was; a stranger may have written it."""
    html = compose(replace(READY, draft_text="We write to ana[at]mail[.]example.", checks=()), language="en")

    assert "Ready to send after 1 check<" in html
    assert ENGLISH.addresses_removed in html


def test_a_placeholder_beside_the_draft_does_not_show_either() -> None:
    """No field of a note names a placeholder."""
    html = compose(replace(READY, reason="<NAME_2> asks", checks=("see <CARD_1>",)), language="en")

    assert "NAME_2" not in html
    assert "CARD_1" not in html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("a:\n- b\n- c\nd", "<p>a:</p>\n<ul><li>b</li><li>c</li></ul>\n<p>d</p>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- a\n1. b", "<ul><li>a</li></ul>\n<ol><li>b</li></ol>"),
        ("a **b** c * d", "<p>a <strong>b</strong> c * d</p>"),
        ("1 < 2 & <b>x</b>", "<p>1 &lt; 2 &amp; &lt;b&gt;x&lt;/b&gt;</p>"),
        ("3.5 litres\n2026. Was a year", "<p>3.5 litres<br>2026. Was a year</p>"),
        ("", ""),
    ],
)
def test_plain_text_becomes_the_html_it_means(text: str, expected: str) -> None:
    """Paragraphs, line ends and lists; all else is text."""
    assert draft_html(text) == expected


def test_only_the_exact_address_of_a_public_source_is_a_link_in_the_draft() -> None:
    """A draft may show where the article stands, and nothing else."""
    url = READY.sources[0].url
    html = compose(
        replace(READY, draft_text=f"See {url}. Not {url}?to=https://evil.example or evil.example"), language="en"
    )

    assert draft_of(html).startswith(f'<p>See <a href="{url}">{url}</a>. Not ')
    assert_safe(html, links={source.url for source in READY.sources})


def test_an_internal_source_is_marked_and_its_address_is_no_link_in_the_draft() -> None:
    """An agent must see at once what is not for quoting."""
    internal = Source(number=1, title="Goodwill", url="https://help.x.example/goodwill", internal=True)

    html = compose(replace(READY, draft_text=f"See {internal.url}", sources=(internal,)), language="en")

    assert "(internal: not for quoting)" in html
    assert "href" not in draft_of(html)


def test_a_restored_name_cannot_carry_an_address_or_a_helpdesk_placeholder() -> None:
    """Names come from strangers: `From: "https://evil.example" <x@y>`."""
    html = compose(
        replace(READY, draft_text="Hi https://evil.example/x {{ticket.comments_formatted}} {% if %},"), language="en"
    )

    assert "{{" not in html
    assert "{%" not in html
    assert_safe(html, links={source.url for source in READY.sources})


def test_the_tickets_own_mail_address_may_stand_in_the_draft() -> None:
    """A reply may confirm the address the customer gave."""
    html = compose(replace(READY, draft_text="we wrote to ana@mail.example"), language="en")

    assert "ana@mail.example" in draft_of(html)


def test_the_number_of_checks_stands_in_the_verdict() -> None:
    """The first line says how much is left to do."""
    verdicts = [compose(replace(READY, checks=("a b",) * n), language="en").split("</h3>")[0] for n in range(3)]

    assert verdicts == [
        "<h3>✅ Ready to send",
        "<h3>✅ Ready to send after 1 check",
        "<h3>✅ Ready to send after 2 checks",
    ]


def test_an_attachment_nobody_read_is_a_check() -> None:
    """A draft that answers a screenshot was written without seeing it."""
    html = compose(replace(READY, checks=(), unread=("2 files",)), language="de")

    assert "Versandfertig nach 1 Prüfung<" in html
    assert "vor dem Senden öffnen: 2 Dateien" in html


def test_an_attachment_a_check_speaks_of_is_not_listed_twice() -> None:
    """The writer may have said it already."""
    html = compose(replace(READY, checks=("look at the screenshot",), unread=("1 screenshot",)), language="en")

    assert "Ready to send after 1 check<" in html


def test_an_unread_attachment_without_a_draft_is_told() -> None:
    """A note without a draft says what nobody has looked at."""
    assert "<strong>Unread:</strong> 1 screenshot" in compose(DOWN, language="en")


def test_a_draft_quoted_without_a_model_is_never_called_ready() -> None:
    """The writer is named honestly."""
    html = compose(replace(EXTRACTIVE, verdict="ready"), language="en")

    assert "Quoted from your articles, no language model is set: read before sending" in html
    assert "Ready" not in html


def test_no_draft_is_never_ready() -> None:
    """Whatever the caller says."""
    assert "Not covered by the articles" in compose(replace(READY, draft_text=""), language="en")


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (replace(DOWN, down_since=""), "No AI draft: the language model is not answering"),
        (DOWN, "No AI draft: the language model has been down since 10:42"),
        (replace(DOWN, spent="account"), "No AI draft: today's budget for the language model is used up"),
        (replace(DOWN, spent="requester"), "No AI draft: this hour's budget for this customer is used up"),
        (replace(DOWN, spent="organization"), "this hour's budget for this customer is used up"),
        (replace(DOWN, no_key=True), "No AI draft: no language model is set"),
        (replace(EXTRACTIVE, sources=()), "No AI draft: no language model is set"),
        (replace(PERSON, person_reasons=("legal", "owns the company")), "mentions legal steps, owns the company"),
        (replace(PERSON, person_reasons=()), "A person is needed<"),
    ],
)
def test_the_verdict_says_what_happened(content: NoteContent, verdict: str) -> None:
    """In words, never a code."""
    assert verdict in compose(content, language="en")


@pytest.mark.parametrize(
    ("certainty", "said"), [("high", "well supported"), ("fair", "fairly well supported"), ("low", "thinly supported")]
)
def test_how_well_the_passages_support_a_draft_stands_before_the_reason(certainty: Certain, said: str) -> None:
    """In words, never a percentage."""
    html = compose(replace(READY, certainty=certainty), language="en")

    assert f"<strong>Why:</strong> {said} · both points of the question are answered by the articles." in html


def test_a_draft_that_is_only_thinly_supported_is_to_be_checked() -> None:
    """So its first line does not say that it can be sent as it is."""
    sure, unsure = (compose(replace(READY, checks=(), certainty=one), language="en") for one in ("high", "low"))

    assert "Ready to send<" in sure
    assert "Ready to send after 1 check" in unsure
    assert "they support it only thinly" in unsure


def test_a_note_that_answers_nothing_claims_no_support() -> None:
    """There is nothing that could be supported."""
    assert "supported" not in compose(replace(UNCOVERED, certainty="high"), language="en")


def test_an_uncovered_note_says_when_no_model_looked_at_it() -> None:
    """An agent should know whether a model or word counting found nothing."""
    assert ENGLISH.by_rules in compose(replace(UNCOVERED, writer="extractive", no_key=True), language="en")
    down = compose(replace(UNCOVERED, writer="extractive", down_since="10:42"), language="en")
    assert "the language model has been down since 10:42." in down


def test_a_person_note_tells_what_to_know_before_the_first_word() -> None:
    """Reason and what was tried stand above the acknowledgement."""
    before = compose(PERSON, language="en").split("<hr>")[0]

    for part in ("Next:", "Why:", "Tried:", "Don't promise:"):
        assert part in before


def test_words_beside_the_draft_give_way_in_order() -> None:
    """The summary goes first, then quotes, checks last; what is cut ends with an ellipsis."""
    told = Summary(problem=LONG, tried=(LONG.replace("word", "tried"),), open=("five six seven",))
    html = compose(replace(LONG_THREAD, summary=told), language="en")

    assert 147 < words_beside(html) <= 150
    assert "five six seven" not in html
    assert "tried…" in html or "word…" in html
    assert LONG_THREAD.checks[0] in html
    assert LONG_THREAD.draft_text.split("\n\n")[1] in html


def test_checks_are_shortened_but_all_stay() -> None:
    """Their number stands in the verdict."""
    html = compose(replace(READY, checks=(LONG, LONG, LONG)), language="en")

    assert "after 3 checks" in html
    assert html.count("• ") == 3
    assert words_beside(html) <= 150


def test_an_oversized_draft_is_cut_at_a_word_and_the_agent_is_told() -> None:
    """A note that the helpdesk would refuse is worse than a cut one."""
    html = compose(replace(READY, draft_text="<b>&amp; 'quoted' " * 1300), language="en")

    assert len(html.encode()) <= MAX_BYTES
    assert len(html.encode()) > MAX_BYTES - 200
    assert ENGLISH.draft_cut in html
    assert draft_of(html).endswith("…</p>")
    assert_safe(html, links={source.url for source in READY.sources})


def test_a_note_speaks_every_team_language() -> None:
    """All phrases differ from English where the language does, and none is empty."""
    for language, words in LANGUAGES.items():
        for field in fields(Phrases):
            assert getattr(words, field.name), f"{language}: {field.name} is empty"
        assert words.reasons.keys() == ENGLISH.reasons.keys()
        assert words.certainty.keys() == {"high", "fair", "low"}
        assert words.unread_kinds.keys() == ENGLISH.unread_kinds.keys()
        numbered = ("ready_many", "down_since", "unread_check")
        for name in numbered:
            assert re.findall(r"\{\w+\}", getattr(words, name)) == re.findall(r"\{\w+\}", getattr(ENGLISH, name))


def test_an_unknown_team_language_reads_english() -> None:
    """A note is never empty for want of a phrase."""
    assert compose(READY, language="nl") == compose(READY, language="en")
    assert compose(READY, language="de-AT") == compose(READY, language="de")


TEXT = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            ["word ", "<EMAIL_1>", "https://evil.example/x", "\n\n", "- ", "&", "<hr>", "DP-7K2", "\u200b", "𝕏"]
        ),
        max_size=300,
    ).map("".join),
)
LINES = st.lists(TEXT, max_size=12).map(tuple)
SOURCES = st.lists(
    st.builds(
        Source,
        number=st.integers(1, 9),
        title=TEXT,
        url=st.sampled_from(["", "https://help.x.example/a", "http://127.0.0.1:9/b"]),
        supports=TEXT,
        internal=st.booleans(),
        quote=TEXT,
    ),
    max_size=6,
).map(tuple)
VERDICTS: list[Verdict] = ["ready", "uncovered", "person", "no_model"]


PACKETS = st.builds(
    Packet,
    next=TEXT,
    evidence=LINES,
    customer=LINES,
    unknown=LINES,
    tried=LINES,
    dont_promise=LINES,
    similar=st.lists(st.builds(Similar, number=TEXT, how=TEXT), max_size=4).map(tuple),
    playbook=st.builds(Steps, title=TEXT, steps=LINES, call=TEXT, text=TEXT),
)


@given(
    content=st.builds(
        NoteContent,
        verdict=st.sampled_from(VERDICTS),
        reference=st.just("DP-7K2"),
        draft_text=TEXT,
        gloss=TEXT,
        checks=LINES,
        reason=TEXT,
        sources=SOURCES,
        nearest=SOURCES,
        summary=st.none() | st.builds(Summary, problem=TEXT, tried=LINES, open=LINES),
        unread=LINES,
        writer=st.sampled_from(["model", "extractive", "approved"]),
        tier=st.sampled_from([1, 2, 3]),
        demanded=LINES,
        packet=st.none() | PACKETS,
        suggested=st.lists(st.tuples(st.sampled_from(["group", "priority", "tags"]), TEXT), max_size=4).map(tuple),
        incident=TEXT,
        down_since=st.sampled_from(["", "10:42"]),
        no_key=st.booleans(),
        person_reasons=LINES,
    ),
    language=st.sampled_from(["en", "de", "fr", "es"]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_texts_are_the_note_keeps_its_promises(content: NoteContent, language: str) -> None:
    """Size, words, tags, links, one reference, rules around the draft only, and a second sanitising changes nothing."""
    html = compose(content, language=language)

    assert len(html.encode()) <= MAX_BYTES
    assert words_beside(html) <= 150
    assert html.count("<hr>") in (0, 2)
    assert html.endswith("<p>DP-7K2</p>")
    assert html.count("DP-7K2") == 1
    assert "<EMAIL_1>" not in text_of(html)
    assert sanitise(html) == html
    assert_safe(html, links={source.url for source in (*content.sources, *content.nearest)})


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_note_of_which_every_part_is_endless_keeps_to_its_words(verdict: Verdict) -> None:
    """The last resort of all trims: a policy, a look-up and a model may each say more than a note has room for."""
    many = (LONG,) * 12
    similar = (Similar("377", LONG),) * 4
    packet = Packet(many, LONG, many, many, many, many, many, similar, Steps(LONG, many, LONG, LONG))
    source = replace(READY.sources[0], title=LONG, supports=LONG, quote=LONG)
    endless = replace(
        READY, verdict=verdict, gloss=LONG, checks=many, reason=LONG, sources=(source,) * 5, nearest=(source,) * 3, unread=many,
        person_reasons=many, demanded=many, packet=packet, suggested=(("group", LONG), ("tags", LONG)), incident=LONG,
        summary=Summary(LONG, many, many),
    )  # fmt: skip

    html = compose(endless, language="en")

    assert 40 < words_beside(html) <= 150
    assert READY.draft_text.split("\n\n")[0] in html


VOTES = (("Right", "https://desk.example/feedback/1.a.b"), ("Wrong", "https://desk.example/feedback/1.c.d"))


@pytest.mark.parametrize(
    ("content", "has"),
    [(READY, True), (LONG_THREAD, True), (UNCOVERED, True), (EXTRACTIVE, True), (PERSON, False), (DOWN, False)],
    ids=["ready", "long", "uncovered", "quoted", "person", "down"],
)
def test_where_there_is_something_to_judge_two_links_stand_before_the_reference(
    content: NoteContent, *, has: bool
) -> None:
    """Where a person takes over, or nothing could be written, there is nothing that was right or wrong."""
    html = compose(replace(content, votes=VOTES), language="en")
    links = {url for _, url in VOTES}

    last = html.rpartition("\n")[2]
    wanted = "".join(f'<a href="{url}">{word}</a> · ' for word, url in VOTES) if has else ""
    assert last == f"<p>{wanted}{content.reference}</p>"
    assert words_beside(html) <= 150
    assert_safe(html, links={*(source.url for source in (*content.sources, *content.nearest)), *(links if has else ())})


def test_the_links_of_an_older_note_stay_when_it_is_marked_as_out_of_date() -> None:
    """Whoever used its draft can still say so."""
    html = compose(replace(READY, votes=VOTES), language="en")

    marked = superseded(html.replace('">Right', '" rel="noopener">Right'), by="DP-4M8", language="en")

    assert all(f'<a href="{url}">{word}</a>' in marked for word, url in VOTES)
    assert words_beside(html) <= 150


@pytest.mark.parametrize(
    "braces",
    ["{{ticket.requester.email}}", "{%if 1%}", "{{{x}}}", "**{**{x}}", "{**{x}**}", "{\u200b{x}}", "${x}", "#{x}", "{{dc.x}}", "｛{x}}", "{{x|y}}", "{{x}\u200d}"],
)  # fmt: skip
def test_no_text_of_a_note_is_a_template_to_the_helpdesk(braces: str) -> None:
    """In any field, in HTML and in the text that becomes of it: Liquid begins with "{{" or "{%" and ends with "}}" or "%}"."""
    source = replace(READY.sources[0], title=braces, supports=braces, quote=braces)
    told = Summary(problem=braces, tried=(braces,), open=(braces,))
    content = replace(
        READY, draft_text=f"Hi, {braces} and\n\n- {braces}", gloss=braces, checks=(braces,), reason=braces, sources=(source,), nearest=(source,),
        summary=told, unread=(braces,), person_reasons=(braces,),
    )  # fmt: skip
    for verdict in ("ready", "uncovered", "person", "no_model"):
        html = compose(replace(content, verdict=verdict), language="en")
        for shown in (html, text_of(html)):
            assert not re.search(r"\{\{|\{%|\$\{|#\{|\}\}|%\}", shown)
