"""The newest part of a mail: quoted history and signature taken away, answers between quotes kept.

One pass over the lines; each line is looked at through patterns of bounded length a bounded number of times, so the time
grows with the number of lines only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.mail import phrases
from connectors.mail.rendering import HISTORY, SIGNATURE
from connectors.mail.signature import without_signature

MAX_LINES = 10_000
"""Lines read of one mail; what follows is cut."""

_LOOK = 400  # characters of a line that patterns see
_RULE = re.compile(r"[\s>]*[-_=*–—]{5,}\s*")


def newest_part(text: str) -> str:
    """What the writer added: without quoted history, without signature. The text itself where nothing would be left."""
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    parts = _own_parts(lines)
    kept = [kept for part in parts if (kept := _tidy(without_signature(part)))]
    return "\n\n".join(kept) or _tidy([line for part in parts for line in part]) or _tidy(lines)


def _tidy(lines: Sequence[str]) -> str:
    joined = "\n".join(line.replace(SIGNATURE, "").rstrip() for line in lines if HISTORY not in line)
    return re.sub(r"\n{3,}", "\n\n", joined).strip()


def without_history(text: str) -> str:
    """Only the quoted history taken away; the signature stays."""
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    return _tidy([line for part in _own_parts(lines) for line in (*part, "")]) or _tidy(lines)


def is_quoted(line: str) -> bool:
    """True for a line of somebody else's message."""
    return line.lstrip(f" \t\xa0{SIGNATURE}")[:1] == ">"


def _own_parts(lines: Sequence[str]) -> list[list[str]]:
    """Runs of lines that are the writer's own."""
    labels = [phrases.label(line) if ":" in line[:60] or "：" in line[:60] else None for line in lines]
    parts: list[list[str]] = [[]]
    position = 0
    while position < len(lines):
        shown = lines[position][:_LOOK]
        if is_quoted(shown):
            end = _end_of_quote(lines, position)
            if _is_introduced(parts[-1], end - position):
                parts[-1].extend(lines[position:end])
            else:
                parts.append([])
            position = end
            continue
        if _begins_history(shown):
            break
        if phrases.FORWARDED.fullmatch(shown):  # what is forwarded is what it is about
            parts[-1].extend(lines[position:])
            break
        length, certain = _attribution(lines, position)
        if length and _quote_follows(lines, position + length):
            parts.append([])
            position += length
            continue
        if (certain or _header_block(lines, labels, position)) and any(line.strip() for part in parts for line in part):
            break
        parts[-1].append(lines[position])
        position += 1
    while parts[-1] and (not parts[-1][-1].strip() or _RULE.fullmatch(parts[-1][-1][:_LOOK])):
        parts[-1].pop()  # also the rule that a mail program draws above the history
    return parts


def _begins_history(line: str) -> bool:
    return HISTORY in line or bool(phrases.OLD_MESSAGE.fullmatch(line) or phrases.REPLY_ABOVE.fullmatch(line))


def _end_of_quote(lines: Sequence[str], start: int) -> int:
    end = start + 1
    while end < len(lines) and is_quoted(lines[end][:_LOOK]):
        end += 1
    return end


def _is_introduced(before: Sequence[str], length: int) -> bool:
    """True where the writer cites on purpose: "I get this:" and a few quoted lines."""
    last = next((line.strip() for line in reversed(before[-3:]) if line.strip()), "")
    return last.endswith(":") and length <= 30


def _quote_follows(lines: Sequence[str], position: int) -> bool:
    following = next((line for line in lines[position : position + 8] if line.strip()), "")
    return is_quoted(following[:_LOOK])


def _attribution(lines: Sequence[str], position: int) -> tuple[int, bool]:
    """How many lines the "On ... wrote:" at this place takes (0: none), and whether it is one for certain.

    Certain: a verb of writing with a time of day or an address, or an address in brackets with a date. The others count
    only above a quote: "My colleague wrote:" may be the writer's own story.
    """
    joined = ""
    for count in range(4 if phrases.ATTRIBUTION_START.match(lines[position][:_LOOK]) else 1):
        piece = lines[position + count][:_LOOK].strip(" \t\xa0*_") if position + count < len(lines) else ""
        if not piece or is_quoted(piece):
            break
        joined = f"{joined} {piece}"
        if piece.endswith((":", "：")):
            if count and _begins_inside(lines, position + 1):
                return 0, False
            verb = bool(phrases.WROTE.search(joined))
            dated = bool(phrases.TIME.search(joined))
            if phrases.ADDRESS.search(joined):
                bracketed = bool(re.search(r"[>)]\s?[:：]$", joined))
                certain = verb or (bracketed and (dated or bool(phrases.DATE.search(joined))))
            else:
                certain = verb and dated
            return (count + 1 if verb or certain else 0), certain
    return 0, False


def _begins_inside(lines: Sequence[str], position: int) -> bool:
    """True where the attribution begins one line further down: what stands above is the end of the writer's sentence."""
    starts = phrases.ATTRIBUTION_CERTAIN_START.match(lines[position][:_LOOK])
    return bool(starts) and _attribution(lines, position)[0] > 0


def _header_block(lines: Sequence[str], labels: Sequence[phrases.Label | None], position: int) -> bool:
    """True where a mail's own header lines stand: who, when, to whom; not "From: Berlin, To: Paris, Date: Monday"."""
    if labels[position] is None:
        return False
    kinds: set[phrases.Label] = set()
    address, other = False, 0
    for line, kind in zip(lines[position : position + 12], labels[position : position + 12], strict=True):
        if kind is None:
            other += 1
            if other > 2:
                break
            continue
        other = 0
        kinds.add(kind)
        address = address or "@" in line[:_LOOK]
        if "from" in kinds and len(kinds) >= 3 and (address or kinds & {"subject", "sent"}):
            return True
    return False
