"""How many tokens a text takes, and which parts of a ticket fit into a prompt. CPU-bound: call it in a thread."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import structlog
import tiktoken

from service.conversation import Conversation, Turn
from service.settings import tiktoken_cache
from service.vectors import Found

log = structlog.get_logger()

_SOURCE = "https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
_ENCODINGS = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
"""sha256 by name, tried in this order. cl100k takes 32 MB of memory where o200k takes 84, and counts rather more tokens
than newer encodings do: the safe side for a budget."""

_PIECE = re.compile(
    r"(?P<word>[^\W\d_]+(?![^\W_]))"  # letters only
    r"|(?P<code>[^\W_]+)"  # letters and digits mixed, or digits
    r"|(?P<space>\s+)"
    r"|(?P<mark>[!-/:-@\[-`{-~]+)"  # ASCII punctuation
    r"|(?P<other>[^\w\s]+)"
)

_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")

# Tokens per character, at least what cl100k and o200k need on ordinary text of the script; UTF-8 bytes bound all others.
_SCRIPTS: tuple[tuple[int, int, float], ...] = (
    (0x0041, 0x007A, 0.0),  # Latin words are counted by length
    (0x00C0, 0x024F, 0.5),  # a letter with a mark, on top of its word's length
    (0x0370, 0x03FF, 1.1),  # Greek
    (0x0400, 0x052F, 0.7),  # Cyrillic
    (0x0590, 0x05FF, 1.25),  # Hebrew
    (0x0600, 0x06FF, 0.95),  # Arabic
    (0x0900, 0x097F, 1.3),  # Devanagari
    (0x0E00, 0x0E7F, 1.1),  # Thai
    (0x1E00, 0x1EFF, 1.5),  # Vietnamese
    (0x3000, 0x30FF, 1.2),  # Kana and full-width punctuation
    (0x4E00, 0x9FFF, 1.6),  # Han; simplified takes 1.0, traditional 1.4
    (0xAC00, 0xD7AF, 1.4),  # Hangul
    (0xFF00, 0xFFEF, 1.5),  # full-width forms
)

_TURN_TOKENS = 18  # what the frame around a turn takes, ten of them its mark
_PASSAGE_TOKENS = 36  # number, mark and frame; the title is counted apart

_NEWEST_SHARE = 0.35
_FIRST_SHARE = 0.15
_TURN_SHARE = 0.15
_PASSAGES_SHARE = 0.5


def count(text: str) -> int:
    """Tokens of `text`: exact by tiktoken where its encoding file is in the cache, else `estimate`."""
    encoding = _encoding()
    return len(encoding.encode_ordinary(text)) if encoding else estimate(text)


def estimate(text: str) -> int:
    """Tokens of `text` by kind of character.

    Never more than 5 % below cl100k and o200k on English, German, Chinese, emoji, base64 and hex (tests hold measured
    counts); above them by about a quarter on English. Finnish and Hungarian may be undercounted by up to a fifth.
    """
    return math.ceil(sum(_piece_tokens(piece) for piece in _PIECE.finditer(text)))


def prepare() -> None:
    """Load the encoding, or say once in the log that there is none. The composition root calls it, in a thread."""
    _encoding()


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into a prompt. `skipped`: turns left out behind the first one."""

    conversation: Conversation
    passages: tuple[Found, ...]
    skipped: int = 0


def fit(conversation: Conversation, passages: Sequence[Found], *, budget: int) -> Fitted:
    """Cut a ticket and its passages down to `budget` tokens.

    The newest message comes first, then the first one, then passages from the best, then the newest of the rest. A
    message that is too long loses its middle. Passages keep their numbers: only the last ones go.
    """
    newest = _newest(conversation.turns)
    turns = {
        index: replace(conversation.turns[index], text=shorten(conversation.turns[index].text, int(budget * share)))
        for index, share in ((0, _FIRST_SHARE), (newest, _NEWEST_SHARE))
        if 0 <= index < len(conversation.turns)
    }
    subject = shorten(conversation.subject, 100)
    left = budget - count(subject) - sum(_turn_tokens(turn) for turn in turns.values())
    chosen = _first_passages(passages, budget=min(left, int(budget * _PASSAGES_SHARE)))
    left -= sum(_passage_tokens(found) for found in chosen)
    for index in range(len(conversation.turns) - 1, 0, -1):
        if index in turns:
            continue
        turn = replace(
            conversation.turns[index], text=shorten(conversation.turns[index].text, int(budget * _TURN_SHARE))
        )
        left -= _turn_tokens(turn)
        if left < 0:
            break
        turns[index] = turn
    return Fitted(
        conversation=replace(conversation, subject=subject, turns=tuple(turns[index] for index in sorted(turns))),
        passages=chosen,
        skipped=len(conversation.turns) - len(turns),
    )


def shorten(text: str, tokens: int) -> str:
    """`text` in at most `tokens` tokens, its middle left out where it is longer."""
    if len(text) > tokens * 8:  # longer than any text of so few tokens: do not count a megabyte
        text = _without_middle(text, keep=tokens * 8)
    used = count(text)
    keep = len(text)
    while used > tokens and keep > 1:
        keep = min(keep - 1, int(keep * tokens / used))
        short = _without_middle(text, keep=keep)
        used = count(short)
        if used <= tokens:
            return short
    return text if used <= tokens else ""


def _without_middle(text: str, *, keep: int) -> str:
    """The beginning and the end; what matters in a long mail stands at its beginning rather than at its end."""
    head = keep * 2 // 3
    tail = keep - head
    return f"{text[:head]}\n[… {len(text) - keep} characters left out …]\n{text[len(text) - tail :]}"


def _newest(turns: Sequence[Turn]) -> int:
    """Place of the message to answer; -1 where there is none."""
    return next((index for index in range(len(turns) - 1, -1, -1) if turns[index].who == "requester"), -1)


def _first_passages(passages: Sequence[Found], *, budget: int) -> tuple[Found, ...]:
    chosen: list[Found] = []
    for found in passages:
        budget -= _passage_tokens(found)
        if budget < 0:
            break
        chosen.append(found)
    if not chosen and passages and budget > -_passage_tokens(passages[0]):
        room = budget + _passage_tokens(passages[0]) - 2 * _PASSAGE_TOKENS
        text = shorten(passages[0].passage.text, max(room, 0))
        return (replace(passages[0], passage=replace(passages[0].passage, text=text)),) if text else ()
    return tuple(chosen)


def _turn_tokens(turn: Turn) -> int:
    return count(turn.text) + _TURN_TOKENS


def _passage_tokens(found: Found) -> int:
    passage = found.passage
    return count(passage.text) + count(passage.title) + count(passage.breadcrumb) + _PASSAGE_TOKENS


def _piece_tokens(piece: re.Match[str]) -> float:
    text, kind = piece.group(), piece.lastgroup
    if kind == "word":
        return _word_tokens(text)
    if kind == "code":
        return _code_tokens(text, spaced=piece.start() > 0 and piece.string[piece.start() - 1].isspace())
    if kind == "space":
        return 0.0 if text == " " else 1.0
    if kind == "mark":
        return 1.0 + 0.7 * (len(text) - 1)
    return _by_script(text)


def _word_tokens(text: str) -> float:
    """Letters. Fitted to German, whose long words take most tokens of the languages promised."""
    if not text.isascii():
        latin = sum(1 for char in text if char < "\u0250")
        return _by_script(text) + (_by_length(latin) if latin else 0.0)
    if _CAMEL.search(text):  # base64 between two digits, or a camel-case name
        return max(1.0, 0.75 * len(text))
    if text.isupper():
        return max(1.0, 0.6 * len(text))
    return _by_length(len(text))


def _by_length(letters: int) -> float:
    return 1.0 + 0.34 * max(0, letters - 4)


def _code_tokens(text: str, *, spaced: bool) -> float:
    """Digits go three to a token, and the space before them is one of its own; hex and base64 hardly merge at all."""
    if not text.isascii():
        return float(len(text.encode()))
    if text.isdigit():
        return math.ceil(len(text) / 3) + (1.0 if spaced else 0.0)
    mixed = not (text.islower() or text.isupper())
    rate = 1.0 if len(text) <= 4 else 0.75 if mixed else 0.63
    return rate * len(text) + 0.4 + (1.0 if spaced and text[0].isdigit() else 0.0)


def _by_script(text: str) -> float:
    return sum(_char_tokens(ord(char)) for char in text)


def _char_tokens(code: int) -> float:
    for first, last, tokens in _SCRIPTS:
        if first <= code <= last:
            return tokens
    if code < 0x80:
        return 0.0
    return 2.0 if code < 0x800 else 3.0 if code < 0x1FB00 else 4.0  # UTF-8 bytes; an emoji's first two are one token


@cache
def _encoding() -> tiktoken.Encoding | None:
    """The encoding, only from tiktoken's cache: its download has no time-out (tiktoken/load.py, 0.14)."""
    for name, sha256 in _ENCODINGS.items():
        path = tiktoken_cache() / hashlib.sha1(_SOURCE.format(name=name).encode(), usedforsecurity=False).hexdigest()
        try:
            data = path.read_bytes()
        except OSError:
            continue
        # tiktoken removes a file with another hash and downloads it anew
        if hashlib.sha256(data).hexdigest() == sha256:
            return tiktoken.get_encoding(name)
    log.info("tokens are estimated: tiktoken's encoding file is not in its cache", folder=str(tiktoken_cache()))
    return None
