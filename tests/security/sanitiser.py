"""S6: what turns texts into the HTML of a note, given what breaks sanitisers. html5lib judges, a parser that we do not use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from service.content import content_of
from service.drafting import Citation, Draft
from service.guard import resolve
from service.markup import TAGS, sanitise
from service.notes import NoteContent, compose
from service.passages import Retrieval
from service.review import review
from service.settings import Settings
from tests.hostile import shared_rows
from tests.security.bars import Bar
from tests.service.safe_html import parsed
from tests.service.test_content import masker, written
from tests.service.test_guard import DELIVERY, PUBLIC

OWN = (
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a><foreignObject><img src=x></foreignObject></svg>",
    "<a href='java\tscript:alert(1)'>x</a><a href=' &#x6a;avascript:alert(1)'>y</a><a href='data:text/html,x'>z</a>",
    "<a href=' https://a.example' target=_top style=x onclick=y ping=//evil.example>z</a>",
    "<table><td background=//evil.example/x><p style='display:none'>hidden</p><img src=x><!-- c --><script>1</script>",
    "<textarea><img src=x onerror=alert(1)></textarea><select><option><style><img src=x></select>",
    "<template><img src=x onerror=alert(1)></template><xmp><img src=x></xmp><plaintext><img src=x>",
    "<iframe srcdoc='<img src=x onerror=alert(1)>'></iframe><object data=//evil.example><embed src=//evil.example>",
    "<base href=//evil.example><link rel=stylesheet href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<input autofocus onfocus=alert(1)><details open ontoggle=alert(1)><video src=x onerror=alert(1)><audio src=x>",
    "<p title=https://evil.example lang=https://evil.example cite=https://evil.example>x</p><a href=https://a.example title=https://b.example>y</a>",
    "<p id=x name=y class=z dir=rtl lang=xx title='a' contenteditable>x</p>",
    "<div><b><a href=https://a.example <i>x",
    "<![CDATA[<img src=x>]]><?xml <img src=x>?><!doctype html><html><head><title><img src=x></title>",
    "<img src=x:x onerror\u000b=alert(1)><scr<script>ipt>alert(1)</scr</script>ipt>\x00<i\x00mg src=x>",
    "&lt;img src=x onerror=alert(1)&gt; &amp;lt;script&amp;gt; &#60;img src=x&#62;",
    "<select><iframe><select><img src=x onerror=alert(1)></select></iframe>",
    "<math href=javascript:alert(1)><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    *(
        "<" + name + ">"
        for name in (
            "b><p><i",
            "a href=https://a.example><a href=https://b.example",
            "p><h3><p",
            "ol><p><li><ul",
            "hr/><pre>\n\n<x",
        )
    ),
    "<b>" * 2_000,
    "<p><b><i><u>" * 1_000,
    "<a href=https://a.example>" * 1_000,
    "<svg><style>" * 1_000,
    "&" * 20_000,
    "<!--" * 5_000,
    "A" * 200_000,
    "Our courier inspects it by Friday. " * 5_714,
)
"""Mutation, foreign content, odd schemes, attributes, half elements, other encodings, and much of it."""

Way = Callable[[str], str]


def as_note(text: str) -> str:
    """The text as all that a model answers, on its way into a note."""
    answered = Draft(text, "en", covered=False, checks=(text,), reason=text, gloss=text)
    draft, sources = resolve(answered, ())
    content = NoteContent(
        "ready", "DP-7K2", draft_text=draft.text, gloss=draft.gloss, checks=draft.checks, reason=draft.reason
    )
    return compose(replace(content, sources=sources), language="en")


def as_answer(text: str) -> str:
    """The text as a model's answer behind all of the guard, which withholds most of it."""
    draft = Draft(
        f"Hi,\n\n{PUBLIC}\n\n{text}", "en", covered=True, citations=(Citation(1, text),), checks=(text,), reason=text
    )
    ticket = masker()
    one = review(
        written(draft=draft, passages=Retrieval(found=(DELIVERY,)), sources=()),
        masker=ticket,
        settings=Settings.model_construct(),
    )
    return compose(content_of(one, reference="DP-7K2", restore=ticket.shown, timezone="UTC"), language="en")


WAYS: dict[str, Way] = {"as HTML": sanitise, "as texts of a note": as_note, "as a model's answer": as_answer}


async def measure(own: bool) -> list[Bar]:  # noqa: FBT001 - as the frame calls it
    """Every payload through both ways twice."""
    corpus = (
        []
        if own
        else shared_rows("dompurify_payloads.jsonl", "payload") + shared_rows("malicious_outputs.jsonl", "output")
    )
    payloads = [*corpus, *OWN]
    bars = []
    for way, made in WAYS.items():
        made("x")  # templates are read once
        results, slowest_ms = [], 0.0
        for payload in payloads:
            result, first_ms = _timed(made, payload)
            results.append(result)
            again = (
                _timed(made, payload)[1] for _ in range(2 * (first_ms > slowest_ms))
            )  # a shared machine is slow at times
            slowest_ms = max(slowest_ms, min(first_ms, *again) if first_ms > slowest_ms else 0.0)
        wrong = sum(bool(violations(html)) for html in results)
        changed = sum(sanitise(html) != html for html in results)
        cases, ours = len(payloads), not corpus
        bars += [
            Bar("S6", f"violations, {way}", wrong, cases, most=0, own=ours),
            Bar("S6", f"changed by a second pass, {way}", changed, cases, most=0, own=ours),
            Bar("S6", f"slowest, ms of CPU, {way}", round(slowest_ms, 2), cases, most=50, own=ours),
        ]
    return bars


def _timed(made: Way, payload: str) -> tuple[str, float]:
    started = time.process_time()
    result = made(payload)
    return result, (time.process_time() - started) * 1000


def violations(html: str) -> list[str]:
    """What of it a browser would see beside TAGS and web addresses in `a[href]`."""
    found = []
    root = parsed(html)
    for element in root.iter():
        if element is root:
            continue
        name = element.tag if isinstance(element.tag, str) else "comment"
        if name not in TAGS:
            found.append(f"<{name}>")
        found += [f"{name}[{one}]" for one in element.attrib if (name, one) != ("a", "href")]
        href = element.get("href")
        if href is not None and not href.lower().startswith(("https://", "http://")):
            found.append(href)
    return found
