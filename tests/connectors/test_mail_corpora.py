"""Mails of common programs and hidden attacks, read from the shared material when it is there."""

from __future__ import annotations

import email
import json
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from connectors.mail import html_to_text, newest_part, visible_text
from connectors.mail.history import newest_part as without_old
from connectors.mail.history import without_history
from connectors.mail.rendering import rendered
from tests.hostile import SHARED

MAILS = SHARED / "email"
pytestmark = pytest.mark.skipif(not MAILS.is_dir(), reason="no shared security material (set DESKPILOT_SHARED)")

PROGRAMS = [
    "android",
    "aol",
    "apple_mail",
    "apple_mail_2",
    "comcast",
    "gmail",
    "hotmail",
    "iphone",
    "outlook",
    "sparrow",
    "thunderbird",
    "yahoo",
]
PAGES = [
    "gmail",
    "hotmail",
    "mail_ru",
    "ms_outlook_2003",
    "ms_outlook_2007",
    "ms_outlook_2010",
    "thunderbird",
    "windows_mail",
    "yandex_ru",
]
OWN_LINES = {  # first and last line of what the upstream tests call visible
    "correct_sig": ((1, 1),),
    "email_1_1": ((1, 5),),
    "email_1_2": ((1, 1), (9, 34)),
    "email_1_3": ((1, 3),),
    "email_1_4": ((1, 1),),
    "email_1_5": ((1, 15),),
    "email_1_6": ((1, 1),),
    "email_1_7": ((1, 1),),
    "email_1_8": ((13, 13), (19, 19)),
    "email_2_1": ((1, 1),),
    "email_2_2": ((1, 1),),
    "email_2_3": ((1, 1),),
    "email_BlackBerry": ((1, 1),),
    "email_bullets": ((1, 9),),
    "email_iPhone": ((1, 1),),
    "email_multi_word_sent_from_my_mobile_device": ((1, 1),),
    "email_one_is_not_on": ((1, 5),),
    "email_sent_from_my_not_signature": ((1, 3),),
    "email_sig_delimiter_in_middle_of_line": ((1, 7),),
    "greedy_on": ((1, 6),),
    "pathological": ((1, 2),),
}


def folded(text: str) -> str:
    """Words with single blanks."""
    return " ".join(text.split())


def part(path: Path, kind: str) -> str:
    """The plain or HTML body of a mail file; empty where it has none."""
    mail = email.message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=default)
    body = mail.get_body((kind,))
    return str(body.get_content()) if body else ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_reply_of_a_mail_program_is_found(program: str) -> None:
    """Quoted history is cut exactly; with the signature cut too, the greeting word is left."""
    folder = MAILS / "talon/standard_replies"
    named = folder / f"{program}_reply_text"
    text = part(folder / f"{program}.eml", "plain")

    assert folded(without_history(visible_text(text))) == folded(named.read_text() if named.is_file() else "Hello")
    assert newest_part(text) == "Hello"


def test_the_reply_in_an_html_mail_is_found() -> None:
    """Outlook, Gmail, Hotmail, Thunderbird, Windows Mail and Russian programs: all nine hold the same six words."""
    pages = [(MAILS / f"talon/html_replies/{page}.html").read_text(errors="replace") for page in PAGES]
    replies = {folded(without_old(rendered(page))) for page in pages}

    assert len(replies) == 1
    assert len(replies.pop().split()) == 6


@pytest.mark.parametrize("name", OWN_LINES)
def test_a_mailing_list_mail_is_cut_where_it_should(name: str) -> None:
    """Exactly the writer's own lines are left."""
    text = (MAILS / f"email_reply_parser/{name}.txt").read_text()
    own = [line for first, last in OWN_LINES[name] for line in text.splitlines()[first - 1 : last]]

    assert folded(newest_part(text)) == folded(" ".join(own))


@pytest.mark.timeout(20)
def test_a_time_bomb_does_not_go_off() -> None:
    """767 kB of quote marks and question are read to the end; "pathological" and "greedy_on" stand in OWN_LINES."""
    text = newest_part((MAILS / "email_reply_parser/email_long_quote.txt").read_text())

    assert text.startswith("Hi folks\n\nWhat is the best way")
    assert "I am currently using the Java HTTP API." in text


def test_hidden_attacks_are_absent() -> None:
    """What hides in markup or in invisible characters does not come out; what is in subject and name is for others to fence."""
    rows = [json.loads(line) for line in (SHARED / "attacks.jsonl").read_text().splitlines()]
    hidden = [row for row in rows if re.match(r"invisible:|carrier:(?!subject|requester-name)", row["goal"])]

    assert len(hidden) >= 8
    for row in hidden:
        for text in (html_to_text(row["text"]), newest_part(html_to_text(row["text"]))):
            assert not re.search(row["judge"]["args"], text), row["id"]
            assert not re.search("ignore the ticket", text, re.IGNORECASE), row["id"]
