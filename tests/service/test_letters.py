"""The form of a letter, whatever a model makes of it."""

from __future__ import annotations

import pytest

from service.letters import fill_ins, numbers, tidy, with_greeting, without_marks, without_seen, without_sign_off


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Bold** and __strong__", "Bold and strong"),
        ("## Steps\n* one\n• two\n1) three", "Steps\n- one\n- two\n1. three"),
        ("<p>One</p><p>Two<br>Three <NAME_1></p>", "One\nTwo\nThree <NAME_1>"),
        ("One\\n\\nTwo\\nThree", "One\n\nTwo\nThree"),
        ("One\r\n\r\n\r\n\r\nTwo  \n---\n", "One\n\nTwo"),
        ("```\nOne\n```", "One"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ],
)
def test_a_letter_is_plain_text(text: str, plain: str) -> None:
    """A helpdesk's composer shows asterisks as asterisks."""
    assert tidy(text) == plain


@pytest.mark.parametrize(
    ("text", "bare", "named"),
    [
        ("Three days [1].", "Three days.", (1,)),
        ("Three days [1, 2] and more[3].", "Three days and more.", (1, 2, 3)),
        ("Drei Tage [Quelle 2].", "Drei Tage.", (2,)),
        ("Three days (see passage 1).", "Three days.", (1,)),
        ("Three days【4†source】.", "Three days.", (4,)),
        ("Press [Save] and pay (1) euro in 2026.", "Press [Save] and pay (1) euro in 2026.", ()),
    ],
)
def test_citation_marks_leave_the_letter(text: str, bare: str, named: tuple[int, ...]) -> None:
    """They are for the team; the numbers they name are kept."""
    assert without_marks(text) == (bare, named)


@pytest.mark.parametrize(
    "end",
    [
        "Best regards,\nThe Acme Team",
        "Kind regards",
        "Thanks,\nAcme Support",
        "Sincerely,\n[Your name]\nSupport agent\nAcme",
        "Mit freundlichen Grüßen\nIhr Acme-Team",
        "Viele Grüße, dein Acme Team",
        "Cordialement,\nL'équipe Acme",
        "Un saludo,\nEl equipo de Acme",
        "Cordiali saluti,\nAcme",
        "Com os melhores cumprimentos,\nAcme",
        "Met vriendelijke groet,\nTeam Acme",
        "The Acme Support Team",
        "[Your Name]",
        "— Acme Team",
    ],
)
def test_a_sign_off_is_cut(end: str) -> None:
    """The helpdesk's signature follows."""
    assert without_sign_off(f"Hi Ana,\n\nIt takes three days.\n\n{end}") == "Hi Ana,\n\nIt takes three days."


@pytest.mark.parametrize(
    "text",
    [
        "It takes three days.\n\nThanks for your patience.",
        "Best of all, it is free.",
        "Best regards",
        "Ask your team.\n\n1. Open Settings.\n2. Choose Team",
        "Please contact support again if it fails.",
    ],
)
def test_what_only_looks_like_a_sign_off_stays(text: str) -> None:
    """Better a line too many than one too few."""
    assert without_sign_off(text) == text


@pytest.mark.parametrize(
    ("text", "language", "author", "letter"),
    [
        ("Three days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nThree days."),
        ("Three days.", "en", "", "Hello,\n\nThree days."),
        ("Dear <NAME_1>,\n\nThree days.", "en", "<NAME_1>", "Dear <NAME_1>,\n\nThree days."),
        ("Hi <NAME_1>, three days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nthree days."),
        ("Hi there,\nthree days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nthree days."),
        ("Hello! Three days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nThree days."),
        ("Dear customer,\n\nThree days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nThree days."),
        ("Hi <NAME_2>,\n\nThree days.", "en", "<NAME_1>", "Hi <NAME_1>,\n\nThree days."),
        ("Hi <NAME_1>,\n\nThree days.", "en", "", "Hello,\n\nThree days."),
        ("Guten Tag, <NAME_1>,\n\ndrei Tage.", "de", "<NAME_1>", "Guten Tag, <NAME_1>,\n\ndrei Tage."),
        ("Drei Tage.", "de", "<NAME_1>", "Hallo <NAME_1>,\n\nDrei Tage."),
        ("您好！\n\n三天。", "zh", "<NAME_1>", "<NAME_1>，您好：\n\n三天。"),
        ("Hi is the name of a menu. Open it.", "en", "", "Hello,\n\nHi is the name of a menu. Open it."),
    ],
)
def test_a_letter_greets_its_author_once(text: str, language: str, author: str, letter: str) -> None:
    """By the author's placeholder, in the letter's language, in a line of its own."""
    assert with_greeting(text, language=language, author=author) == letter


@pytest.mark.parametrize(
    "claim",
    [
        "I have looked at your screenshot and the key is missing.",
        "As shown in your screenshot, the key is missing.",
        "Your screenshot shows that the key is missing.",
        "Ich habe mir Ihren Anhang angesehen.",
        "J'ai consulté la pièce jointe.",
        "He revisado la captura.",
        "Ho controllato l'allegato.",
        "Verifiquei o anexo.",
        "Ik heb de bijlage bekeken.",
    ],
)
def test_a_claim_to_have_seen_an_attachment_is_removed(claim: str) -> None:
    """Nobody has opened it."""
    assert without_seen(f"{claim} Please enter the key again.") == ("Please enter the key again.", True)


@pytest.mark.parametrize(
    "text",
    [
        "Please send us a screenshot of the page.",
        "You can attach images to every order.",
        "I see that you cannot log in.",
        "Could you check whether the file is smaller than 5 MB?",
        "Once we have checked your request, send a photo.",
    ],
)
def test_speaking_of_attachments_is_no_claim(text: str) -> None:
    """Asking for one is what a good reply often does."""
    assert without_seen(text) == (text, False)


def test_gaps_and_numbers_are_found() -> None:
    """They become checks; what counts the steps does not."""
    text = "1. Pay 12.50 EUR until 3.12.\n2. Send [order number] to {{email}} <CARD_1> A4"

    assert fill_ins(text) == ("[order number]", "{{email}}")
    assert numbers(text) == ("12.50", "3.12")


@pytest.mark.timeout(20)  # linear time takes one second, quadratic time many minutes
def test_a_hostile_text_takes_no_time() -> None:
    """What a model writes a stranger may have worded."""
    for piece in (
        "[",
        "(",
        "<p ",
        "**",
        "[1, ",
        "Hi ",
        "_",
        "\n",
        "I see ",
        "ich habe ",
        "based on your ",
        "{{",
        "- ",
        "1) ",
    ):
        text = piece * (200_000 // len(piece))
        body, _ = without_marks(tidy(text[:60_000]))
        without_seen(without_sign_off(body))
        with_greeting(body, language="en", author="<NAME_1>")
        fill_ins(body)
        numbers(body)
