"""What a draft states that nothing it was given says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.support import (
    asks_nothing,
    is_code,
    rests_on_nothing,
    states_anything,
    unsupported,
    without_codes,
    without_strays,
)
from service.vectors import Passage
from tests.service.test_guard import DELIVERY, PUBLIC

TOLD = ("Where is my parcel?", "Hi, my AcmePhone X20 has not arrived in Porto. Order KW-4711.")
SPAIN = DELIVERY.passage


def claims(text: str, *cited: Passage, language: str = "en") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences, and names, of a draft for that ticket."""
    found = unsupported(text, cited or (SPAIN,), cited or (SPAIN,), TOLD, language=language)
    return found.sentences, found.names


def test_a_sentence_that_no_cited_passage_supports_is_listed() -> None:
    """One that says what the passage says is not, in whatever order."""
    invented = "Our courier inspects every battery in a laboratory before handing it over."
    text = f"Hi <NAME_1>,\n\nfrom our warehouse, parcels to Spain usually take three to five days. {invented}"

    assert claims(text)[0] == (invented,)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you very much for your patience and your kind understanding.",
        "We are sorry for the trouble this unexpected situation caused you.",
        "Could you tell me which battery inspection laboratory report you received?",
        "Your AcmePhone X20 has not arrived in Porto.",
        "It takes days.",
        "A colleague will investigate the laboratory inspection for you separately.",
    ],
)
def test_courtesies_questions_and_the_customer_s_own_words_are_not(text: str) -> None:
    """They claim nothing that an article would say."""
    assert claims(f"Hi,\n\n{text}") == ((), ())


def test_names_and_codes_from_nowhere_are_listed() -> None:
    """Those of the ticket and of a passage are known, however they are hyphenated; so are what everybody writes."""
    text = "Hi <NAME_1>,\n\nthe Voltmaster and the ZX-9000 fit order KW4711 and your AcmePhone X20 in Spain, 1st or 24h, as PDF."

    assert claims(text)[1] == ("ZX-9000", "Voltmaster")


def test_german_nouns_are_no_names() -> None:
    """Capitals say nothing there; codes do."""
    text = "Hallo,\n\ndie Kaffeemaschine und der ZX-9000 kommen nach Spanien."

    assert claims(text, replace(SPAIN, language="de"), language="de")[1] == ("ZX-9000",)


def test_a_draft_in_another_language_than_its_sources_is_compared_by_codes_alone() -> None:
    """Words of two languages have nothing in common, and that says nothing."""
    text = "Hallo,\n\nunser Labor untersucht jede Batterie gründlich vor der Übergabe, auch den ZX-9000."

    assert claims(text, language="de") == ((), ("ZX-9000",))
    assert not rests_on_nothing(text, [SPAIN], language="de")


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("ZX-CANARY-7731", True),
        ("Hi Ana,\n\nplease visit our laboratory tomorrow.", True),
        (f"Hi Ana,\n\n{PUBLIC}", False),
        ("Hi Ana,\n\nfive days, usually.", False),
        ("Hi Ana,\n\nyes, you can.", False),
        ("Hi Ana,", False),
        ("1854", True),
        ("TEST-TEST-TEST-TEST", True),
        ("Hi Ana,\n\nMTg1NA", True),
        ("Hi Ana,\n\nSpain.", False),
        ("Hi Ana,\n\nyes, gladly.", False),
    ],
)
def test_a_draft_that_shares_nothing_with_its_sources_rests_on_nothing(text: str, *, nothing: bool) -> None:
    """One word that says something is enough, and so is saying next to nothing."""
    assert rests_on_nothing(text, [SPAIN], language="en") is nothing


@pytest.mark.parametrize(
    ("language", "article", "text"),
    [
        ("ja", "スペインへの小包は通常三日から五日の営業日で届きます。", "アナ様\n\n小包は三日から五日で届きます。"),
        ("zh", "寄往西班牙的包裹通常需要三到五个工作日。", "您好，\n\n包裹一般需要三到五个工作日送达。"),
        (
            "ru",
            "Посылки в Испанию обычно идут три-пять рабочих дней.",
            "Здравствуйте,\n\nпосылка дойдёт за пять рабочих дней.",
        ),
        (
            "pl",
            "Paczki do Hiszpanii idą od trzech do pięciu dni roboczych.",
            "Dzień dobry,\n\npaczka dojdzie w pięć dni roboczych.",
        ),
        ("de", "Pakete nach Spanien brauchen drei bis fünf Werktage.", "Hallo,\n\nIhr Paket ist in fünf Werktagen da."),
    ],
)
def test_a_good_draft_in_another_language_than_ours_rests_on_its_source(language: str, article: str, text: str) -> None:
    """Also where words are not stemmed, or not parted."""
    there = replace(SPAIN, language=language, text=article, title="")

    assert not rests_on_nothing(text, [there], language=language)
    assert claims(text, there, language=language) == ((), ())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        *((code, True) for code in ("ZX-CANARY-7731", " 1854 ", "MTg1NA==", "TEST-TEST-TEST", "a1b2c3", "[[OK-7]]")),
        *(
            (line, False)
            for line in (
                "Bestellnummer",
                "Spain.",
                "Hi,",
                "OK",
                "<NAME_1>",
                "…",
                "...",
                "---",
                "注文番号",
                "order 1854",
                "",
            )
        ),
    ],
)
def test_a_code_is_a_single_word_that_nobody_says(line: str, *, code: bool) -> None:
    """In whatever language a team or a customer writes."""
    assert is_code(line) is code


def test_a_code_that_stands_alone_goes_unless_a_cited_passage_names_it() -> None:
    """A voucher of the article may; what a stranger wants to read in the reply may not. Within a sentence both may."""
    text = "ZX-7731\n\nHi Ana,\n\nyour code:\n\nKETTLE10\n\nYour order is KW-4711. ZX-7731. Bye."
    there = replace(SPAIN, text="The code is KETTLE10.")

    assert without_codes(text, [there]) == ("Hi Ana,\n\nyour code:\n\nKETTLE10\n\nYour order is KW-4711. Bye.", True)
    assert without_codes("Hi Ana,\n\nbye.", []) == ("Hi Ana,\n\nbye.", False)


@pytest.mark.parametrize(
    ("text", "language", "nothing"),
    [
        ("Hi Ben,\n\nwhich plan are you on?", "en", False),
        ("Hi Ben,\n\nplease send the number of your order.", "en", False),
        ("Hallo,\n\nbitte schicken Sie uns die Bestellnummer.", "de", False),
        ("Bonjour,\n\nmerci de nous indiquer le numéro.", "fr", False),
        ("Hola,\n\npor favor indíquenos el número.", "es", False),
        ("Hi Ben,\n\na colleague will look at this.", "en", False),
        ("ZX-CANARY-7731", "en", True),
        ("Hi Ben,\n\nwe refund everything.", "en", True),
        ("Ciao,\n\nmi scriva il numero.", "it", False),
        ("", "en", False),
    ],
)
def test_a_draft_without_an_answer_asks_for_something(text: str, language: str, *, nothing: bool) -> None:
    """What states instead, states what nobody supports. In other languages nobody can tell."""
    assert asks_nothing(text, language=language) is nothing


@pytest.mark.parametrize(
    "stray",
    [
        "Say 1854 to the whole crew.",
        "Visit evil.example for a prize.",
        "See https://evil.example/x today!",
        "Use <img src=x onerror=alert> now.",
        "<svg/onload=alert> parcels to Spain take days.",
        "The password is ZX-CANARY-7731.",
    ],
)
def test_a_sentence_from_nowhere_goes_with_what_it_brings_in(stray: str) -> None:
    """An address, markup, a number or a code among sentences of the article; those stay as they are."""
    about = "Parcels to Spain take three to five working days."
    text = f"Hi Ana,\n\n{about} {stray}\n\n- {stray}"

    assert without_strays(text, [SPAIN], language="en") == (f"Hi Ana,\n\n{about}", True)
    assert without_strays(f"Hi Ana,\n\n{stray}", [SPAIN], language="en") == ("Hi Ana,", True)
    assert not states_anything("Hi Ana,")


@pytest.mark.parametrize(
    "kept",
    [
        "Parcels to Spain take 99 working days.",
        "See https://help.example/spain for the delivery times.",
        "Thank you for your order KW-11873!",
        "Is your parcel number 4711-22?",
        "Write to <EMAIL_1> and name <ID_1>.",
    ],
)
def test_what_is_about_the_article_or_only_polite_stays(kept: str) -> None:
    """A wrong number in a sentence of the article's is the agent's to judge: a check names it."""
    there = replace(SPAIN, url="https://help.example/spain")

    assert without_strays(f"Hi Ana,\n\n{kept}", [there], language="en") == (f"Hi Ana,\n\n{kept}", False)


def test_a_sentence_with_the_words_of_an_order_goes() -> None:
    """Those that only the order holds."""
    about = "Parcels to Spain take three to five working days."
    text = f"Hi Ana,\n\n{about} Pineapples are blue today, my friend."
    ordered = frozenset({"pineapples", "blue"})

    assert without_strays(text, [SPAIN], language="en") == (text, False)
    assert without_strays(text, [SPAIN], language="en", ordered=ordered) == (f"Hi Ana,\n\n{about}", True)


def test_markup_that_acts_goes_though_the_article_shows_it() -> None:
    """An article may explain markup; nobody mails a handler."""
    there = replace(SPAIN, text='Paste <b> or <img src="x" onerror="y()"> into parcels to Spain.')

    assert without_strays("Paste <b> into it.", [there], language="en") == ("Paste <b> into it.", False)
    assert without_strays('Hi,\n\nPaste <img src="x" onerror="y()"> into parcels.', [there], language="en") == (
        "Hi,",
        True,
    )


@pytest.mark.parametrize("idle", ["Spikee says", "Hope this helps!", "Fantastic news."])
def test_a_few_words_about_nothing_go_without_a_word(idle: str) -> None:
    """They are padding, or what a stranger wanted to read; no check is worth the agent's time."""
    about = "Parcels to Spain take three to five working days."

    assert without_strays(f"Hi Ana,\n\n{about}\n\n{idle}", [SPAIN], language="en") == (f"Hi Ana,\n\n{about}", False)


@pytest.mark.parametrize(
    "kept", ["Unfortunately not.", "Yes, gladly.", "Next steps:", "Parcels to Spain:", "Thank you!", "Which one?"]
)
def test_a_few_words_that_decide_or_lead_on_stay(kept: str) -> None:
    """Yes and no, headings, thanks, questions."""
    text = f"Hi Ana,\n\n{kept} Parcels to Spain take days."

    assert without_strays(text, [SPAIN], language="en") == (text, False)


def test_a_draft_in_a_language_that_no_source_has_loses_nothing() -> None:
    """Words of two languages rarely meet, so nothing is told apart by them."""
    text = "Hallo Ana,\n\nPakete nach Spanien brauchen 99 Tage."

    assert without_strays(text, [SPAIN], language="de") == (text, False)


def test_what_the_ticket_says_is_known_beside_a_draft() -> None:
    """A summary tells of the customer's order, which no article knows."""
    line = "The kettle of order KW-11873 leaks."

    assert without_strays(line, [SPAIN], language="en")[1]
    assert not without_strays(line, [SPAIN], ["My kettle leaks, order KW-11873."], language="en")[1]
