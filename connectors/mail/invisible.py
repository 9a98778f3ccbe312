"""Characters that a reader does not see, and text that is written so that a reader and a machine see different things.

What is kept, because people write it: one variation selector 16 behind an emoji, a zero-width joiner inside an emoji,
joiner and non-joiner between letters of the scripts that need them (Persian, Hindi, ...). What is lost: the flags of
England, Scotland and Wales (they are made of tag characters) become a black flag, and rare forms of a Han character
become the common one.
"""

from __future__ import annotations

import re

_IGNORABLE = (  # default-ignorable code points, without the joiners and without selector 16
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINING = "\u0590-\u0fff\u1000-\u109f\u1780-\u18af\ua840-\ua87f\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
"""Scripts in which a joiner changes how letters look."""

_OVERRIDDEN = re.compile("\u202e[^\n\u202c]*+\u202c?")
"""Right-to-left override: shown backwards. Left-to-right override stays: address books put it round phone numbers."""

_ANNOTATION = re.compile("\ufffa[^\n\ufffb]*+\ufffb?")
_SPLIT = re.compile(
    f"(?:(?:[^\n{_IGNORABLE}{_JOINERS}{_CONTROLS}]{{1,2}}+[{_IGNORABLE}{_JOINERS}{_CONTROLS}]++)|(?:[ -~]\ufe0f++)){{8,}}+"
    f"[^\n\\s{_IGNORABLE}{_JOINERS}{_CONTROLS}]?"
)
"""Letters with something invisible behind each: no program writes that, filters of words are to miss it."""

_LETTER = "\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189"
_MARK = "\uff01-\uff20\uff3b-\uff40\uff5b-\uff65\\d.,:;'’!?/\\-"
_DISGUISED = re.compile(
    f"(?<![{_LETTER}{_MARK}])(?:(?:[{_LETTER}][{_LETTER}{_MARK}]*+[^\\S\n]++){{4,}}+[{_LETTER}{_MARK}]*+|[{_LETTER}]{{40,}}+)"
)
"""Five words, or forty letters, of full-width, mathematical or circled Latin; a product name in a Japanese mail is shorter."""

_UNSEEN = re.compile(
    f"[{_IGNORABLE}{_CONTROLS}]"
    f"|\u200d(?!(?<=[{_EMOJI}\ufe0f]\u200d)[{_EMOJI}])(?!(?<=[{_JOINING}]\u200d)[{_JOINING}])"
    f"|\u200c(?!(?<=[{_JOINING}]\u200c)[{_JOINING}])"
    f"|(?<![{_EMOJI}0-9#*])\ufe0f|(?<=[0-9#*])\ufe0f(?!\u20e3)"
)
_STACKED = re.compile("([\u0300-\u036f]{3})[\u0300-\u036f]+")
_BLANK = re.compile("[^\\S\n\t ]|\u2800")
_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def visible_text(text: str) -> str:
    """The text as a reader sees it. Lines end with a line feed, blanks are spaces or tabs. Linear in the length."""
    text = _BREAK.sub("\n", text)
    if not text.isascii():
        text = _OVERRIDDEN.sub("", text)
        text = _ANNOTATION.sub("", text)
        text = _SPLIT.sub("", text)
        text = _DISGUISED.sub("", text)
        text = _UNSEEN.sub("", text)
        text = _STACKED.sub(r"\1", text)
        return _BLANK.sub(" ", text)
    return _UNSEEN.sub("", text)
