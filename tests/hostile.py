"""Texts that make a careless reader slow: tests ask whether they are read right, `tests/bench/text.py` how fast.

Material of others is read from the shared folder where it is there, and never copied into this repository.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

SHARED = Path(os.environ.get("DESKPILOT_SHARED", Path(__file__).parents[2] / "shared")) / "security"

SIZE = 200_000
OPENING = "The lamp is broken."
"""What the writer of a hostile mail says first, and has to be read."""


class Bomb(NamedTuple):
    """A mail whose body repeats `piece`, with a number in it where it has a "%"."""

    piece: str
    head: str = ""
    tail: str = ""
    shown: str = ""  # the characters a reader sees of it, besides white space

    def body(self, opening: str, size: int = SIZE) -> str:
        """About `size` characters behind the opening."""
        room = size - len(self.head) - len(self.tail)
        if "%" in self.piece:
            filling = "".join(self.piece % number for number in range(room // len(self.piece % 99_999)))
        else:
            filling = self.piece * (room // len(self.piece))
        return f"{opening}{self.head}{filling}{self.tail}"

    def html(self, size: int = SIZE) -> str:
        """As an HTML mail."""
        return self.body(f"<p>{OPENING}</p>", size)

    def text(self, size: int = SIZE) -> str:
        """As a plain text mail."""
        return self.body(f"{OPENING}\n", size)


MAIL_HTML = {
    "nested": Bomb("<div>"),
    "nested text": Bomb("<div>x", shown="x"),
    "formatting": Bomb("<p><b id=%d>"),
    "adoption": Bomb("<a><div>"),
    "tables": Bomb("<table><tr><td>"),
    "lists": Bomb("<ol><li>x", shown="x.0123456789"),
    "paragraphs": Bomb("<p>x", shown="x"),
    "styles": Bomb('<p style="color:#%06x">x', shown="x"),
    "unclosed style": Bomb("display:", head='<p style="'),
    "unclosed quotes": Bomb('<a b="'),
    "unclosed comments": Bomb("<!--"),
    "angles": Bomb("<", shown="<"),
    "ampersands": Bomb("&", shown="&"),
    "reference": Bomb("9", head="&#"),
    "css comments": Bomb("/*", head="<style>", tail="</style>x", shown="x"),
    "css braces": Bomb("a{", head="<style>", tail="</style>x", shown="x"),
    "classes": Bomb("<b class='a b c'>x", head="<style>" + ".a{color:red}" * 5_000 + "</style>", shown="x"),
    "class of each": Bomb("<b class='a%d'>x", head="<style>" + ".a1{color:red}b{color:blue}" * 2_000 + "</style>", shown="x"),
    "quotes": Bomb("<blockquote>x"),
    "hidden": Bomb("</p><p>", head="<p>" + "<font hidden>" * 1_000),
    "lines": Bomb("\n", head="<pre>"),
}  # fmt: skip
MAIL_TEXT = {
    "on": Bomb("On ", shown="On"),
    "on lines": Bomb("On\n", shown="On"),
    "wrote": Bomb("On a wrote:\n", shown="Onawrote:"),
    "headers": Bomb("From: a\nTo: b\nDate: c\n", shown="From:aTobDatec"),
    "quotes": Bomb(">\n"),
    "deep quotes": Bomb(">"),
    "interleaved": Bomb("a\n> b\n", shown="a"),
    "closings": Bomb("Best regards\n", shown="Bestregards"),
    "rules": Bomb("_____\n"),
    "blank": Bomb("\n"),
    "spaces": Bomb(" "),
    "split": Bomb("a\u200b"),
    "full width": Bomb("\uff21"),
    "full width words": Bomb("\uff21\uff21 a ", shown="\uff21a"),
    "overrides": Bomb("\u202e"),
    "joiners": Bomb("\u200d"),
}

MASKING = (
    "1 ", "a@", "a.", "DE00 ", "::", "password=1", "0170 1234567 ", "030 901820 a ", "1.", "1-", "DE89370400440532013000 ",
    "4111111111111111 ", "Ana Roca ", "<NAME_1>", "a (at) ", "-----BEGIN PRIVATE KEY-----", "http://a:", "eyJaaaaaaaa.",
    "ana\n", "x", "１", "SSN 1-", "steuer-id number is ", "https://a.example/reset/a1?token=", "?a=1&", "Bearer a", "Cookie: a", "12.345.678-", "+49 1",
    "-----BEGIN PRIVATE KEY-----\nA: b\n", "a at b dot ", "XX ",
)  # fmt: skip
"""Pieces of personal data, and of what nearly is, to fill a text with."""

DRAFTS = (
    "evil.example ", "https://evil.example/a ", "- a\n", "1. a\n- b\n", "a\n\n", "a\n", "**a** ", "**a", "&", "<", "[", "![", "[a](b) ",
    "[a][b]", "a.", "a@", "//", "://", "[1]", "【1", "\u200b", "\u202e", "{{", "<NAME_1>", "<a href='https://evil.example'>a</a>", "x",
)  # fmt: skip
"""What a model under a stranger's influence may repeat without end."""

PAGE_SIZE = 4_800_000
"""Characters; nearly the 5 MB that a file of the folder may have."""

PAGES = {
    "nested": Bomb("<div>"),
    "formatting": Bomb("<p><b id=%d>"),
    "tables": Bomb("<table><tr><td>"),
    "headings without end": Bomb("<h1 "),
    "headings in headings": Bomb("<h1>"),
    "titles": Bomb("<title>"),
    "bodies": Bomb("<body>"),
    "quotes": Bomb('<a b="'),
    "comments": Bomb("<!--"),
    "references": Bomb("&amp"),
    "angles": Bomb("<"),
    "paragraphs": Bomb("<p>some words of a text</p>"),
    "one line": Bomb("word "),
    "one word": Bomb("x"),
}
"""Articles that a tree builder, or a search that begins anew at each place, does not come to the end of."""


def shared_rows(name: str, key: str) -> list[str]:
    """One value of each row of a file of the shared security material; none where it is not there."""
    file = SHARED / name
    return [json.loads(line)[key] for line in file.read_text().strip().split("\n")] if file.is_file() else []


def shared_mails() -> dict[str, str]:
    """The plain mails of the shared material, time bombs among them, by their file's name; none where it is not there."""
    return {file.stem: file.read_text() for file in sorted((SHARED / "email/email_reply_parser").glob("*.txt"))}
