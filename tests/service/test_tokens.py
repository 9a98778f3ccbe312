"""Counting tokens without the encoding file, and fitting a ticket into a prompt."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs

from service import tokens
from service.conversation import Conversation, Turn
from service.tokens import count, estimate, fit, shorten
from service.vectors import Found, Passage

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
URL = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"

_random = random.Random(7)

MEASURED = {
    "English": (
        (
            "Hello, since the update on Monday I can no longer export my invoices. The page stays empty and after about a "
            "minute an error with the number 5021 appears. I have already tried another browser and cleared the cache, without "
            "success. Could you please look into this before our audit on Thursday? We need all twelve invoices of last year."
        ),
        69,
    ),
    "German": (
        (
            "Guten Tag, seit der Aktualisierung am Montag kann ich meine Rechnungen nicht mehr exportieren. Die Seite bleibt leer, "
            "und nach ungefähr einer Minute erscheint eine Fehlermeldung mit der Nummer 5021. Einen anderen Browser habe ich "
            "bereits ausprobiert und den Zwischenspeicher gelöscht, leider ohne Erfolg. Könnten Sie sich das bitte vor unserer "
            "Wirtschaftsprüfung am Donnerstag ansehen? Wir benötigen sämtliche Rechnungen des vergangenen Geschäftsjahres "
            "einschließlich der Versandkostenaufstellung."
        ),
        128,
    ),
    "German compounds": (
        (
            "Kündigungsbestätigung Rechnungsanschrift Zahlungserinnerung Versandkostenpauschale Datenschutzgrundverordnung "
            "Benutzerkontoverwaltung Rücksendeetikett Lieferverzögerung Auftragsbestätigung Zugangsberechtigung"
        ),
        61,
    ),
    "Chinese": (
        (
            "您好，自从星期一更新以后，我就无法导出发票了。页面一直是空白的，大约一分钟后出现编号为5021的错误。我已经试过另一个浏览器，"
            "也清除了缓存，但都没有用。请问能否在星期四审计之前帮我处理一下？我们需要去年全部的十二张发票。"
        ),
        103,
    ),
    "traditional Chinese": (
        (
            "您好，自從星期一更新以後，我就無法匯出發票了。頁面一直是空白的，大約一分鐘後出現編號為5021的錯誤。我已經試過另一個瀏覽器，"
            "也清除了快取，但都沒有用。請問能否在星期四稽核之前幫我處理一下？"
        ),
        123,
    ),
    "emoji": ("😀😂🤔👍🏽🙏❤️🎉😡👩‍👩‍👧‍👦🇩🇪🇫🇷🏳️‍🌈🧑🏿‍🚀🪄🫠✅❌⚠️🔎☎️✂️🦄🥑🧊🪴🩻🫶", 115),
    "base64": (base64.b64encode(_random.randbytes(240)).decode(), 225),
    "base64 in lines": (base64.encodebytes(_random.randbytes(240)).decode(), 233),
    "hex": (_random.randbytes(160).hex(), 173),
    "upper hex": (_random.randbytes(160).hex().upper(), 183),
    "hex dump": (_random.randbytes(120).hex(" "), 252),
}
"""Text, and its tokens by cl100k or o200k, whichever needs more; counted with the encodings themselves."""


@pytest.fixture(autouse=True)
def no_encoding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine whose cache is empty, and no memory of another test's."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens._encoding.cache_clear()
    yield
    tokens._encoding.cache_clear()


def conversation(*texts: str, subject: str = "Export") -> Conversation:
    """A requester and an agent taking turns; the last turn is the requester's."""
    whos = ("requester", "agent")
    return Conversation(
        subject=subject,
        turns=tuple(
            Turn(who=whos[(len(texts) - 1 - index) % 2], at=AT, text=text)  # type: ignore[arg-type]
            for index, text in enumerate(texts)
        ),
    )


def passage(number: int, text: str) -> Found:
    """A passage found at this rank."""
    return Found(
        Passage(
            id=str(number), article=f"folder:{number}", source="folder", title=f"Article {number}", breadcrumb="",
            text=text, url="", language="en", audience="public",
        ),
        1.0 / number,
    )  # fmt: skip


@pytest.mark.parametrize("kind", MEASURED)
def test_an_estimate_is_never_much_too_low(kind: str) -> None:
    """At most 5 % below what the encodings count; a prompt that is too long is refused."""
    text, counted = MEASURED[kind]

    assert 0.95 * counted <= estimate(text) <= 2 * counted


def test_an_estimate_of_nothing_is_nothing() -> None:
    """Empty text takes no token."""
    assert estimate("") == 0


def test_tiktoken_is_not_asked_without_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its download has no time-out; why it is not used is said once."""
    monkeypatch.setattr(requests, "get", lambda *_, **__: pytest.fail("a download was tried"))

    with capture_logs() as logs:
        assert count("Hello there") == estimate("Hello there")
        count("again")

    assert len(logs) == 1


def test_a_file_that_is_not_the_encoding_is_not_given_to_tiktoken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It would remove the file and download it anew."""
    monkeypatch.setattr(requests, "get", lambda *_, **__: pytest.fail("a download was tried"))
    path = tmp_path / hashlib.sha1(URL.encode(), usedforsecurity=False).hexdigest()
    path.write_bytes(b"half a download")

    assert count("Hello there") == estimate("Hello there")
    assert path.read_bytes() == b"half a download"


def test_a_ticket_that_fits_stays_as_it_is() -> None:
    """Nothing is cut without need."""
    ticket, found = conversation("First.", "Answer.", "Newest?"), (passage(1, "One."), passage(2, "Two."))

    fitted = fit(ticket, found, budget=1_000)

    assert (fitted.conversation, fitted.passages, fitted.skipped) == (ticket, found, 0)


def test_a_long_thread_keeps_its_first_and_its_newest_messages() -> None:
    """The middle goes, and how much of it is said."""
    texts = [f"Message {number}. " + "Something about the invoices. " * 10 for number in range(40)]

    fitted = fit(conversation(*texts), (), budget=1_500)

    kept = [turn.text.split(".")[0] for turn in fitted.conversation.turns]
    assert kept[0] == "Message 0"
    assert kept[-1] == "Message 39"
    assert kept[1:] == [f"Message {number}" for number in range(40 - len(kept) + 1, 40)]
    assert fitted.skipped == 40 - len(kept) > 0


def test_a_giant_message_loses_its_middle() -> None:
    """What it asks stands at its beginning or its end."""
    giant = "Please help! " + "log line 4711 failed\n" * 50_000 + "What can I do?"

    (turn,) = fit(conversation(giant), (), budget=2_000).conversation.turns

    assert turn.text.startswith("Please help!")
    assert turn.text.endswith("What can I do?")
    assert "characters left out" in turn.text


def test_passages_go_from_the_end() -> None:
    """A number that is left still means the same passage."""
    found = tuple(passage(number, "Open the settings and choose export. " * 20) for number in range(1, 9))

    fitted = fit(conversation("How do I export?"), found, budget=2_000)

    assert 0 < len(fitted.passages) < 8
    assert fitted.passages == found[: len(fitted.passages)]


def test_one_passage_that_is_too_long_is_cut() -> None:
    """Rather the half of an answer than none."""
    fitted = fit(conversation("How?"), (passage(1, "Open the settings. " * 2_000),), budget=1_000)

    assert len(fitted.passages) == 1
    assert estimate(fitted.passages[0].passage.text) < 600


@pytest.mark.parametrize("budget", [300, 1_000, 6_000])
def test_what_was_fitted_keeps_the_budget(budget: int) -> None:
    """Whatever came in."""
    ticket = conversation(*("words and more words " * 300 for _ in range(9)), subject="subject " * 500)
    found = tuple(passage(number, "Open the settings and choose export. " * 40) for number in range(1, 9))

    fitted = fit(ticket, found, budget=budget)

    taken = [fitted.conversation.subject, *(turn.text for turn in fitted.conversation.turns)]
    taken += [one.passage.text for one in fitted.passages]
    assert sum(estimate(text) for text in taken) <= budget


@pytest.mark.parametrize("text", ["", "short", "a" * 100_000, "订" * 50_000, "😀" * 20_000, "word " * 50_000])
def test_a_shortened_text_keeps_its_limit(text: str) -> None:
    """Whatever it is made of."""
    assert estimate(shorten(text, 100)) <= 100
