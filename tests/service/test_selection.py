"""Which sections of which article answer a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.passages import coverage, stems
from service.quotations import sections
from service.selection import Part, Quote, Source, best_source, sections_for, weigh
from service.vectors import Found, Passage

WORDS = st.lists(
    st.sampled_from(
        ["pump", "seal", "price", "hum", "lamp", "winter", "then", "1.", "-", "|", "#", ":", ".", "?", "\n"]
    ),
    max_size=60,
).map(" ".join)


def source(text: str, *, title: str = "The garden pump", number: int = 1, language: str = "en") -> Source:
    """A passage that was found; its title names its article."""
    found = Passage(
        id=str(number),
        article=f"folder:{title}",
        source="folder",
        title=title,
        breadcrumb="",
        text=text,
        url="",
        language=language,
        audience="public",
    )
    parts = tuple(sections(found))
    named = stems(title, language=language)
    words = named.union(*(part.words for part in parts))
    return Source(number, found, parts, named, words, article=words)


def part(said: str, *, told: str = "", steps: bool = False) -> Part:
    """A question, and what is told around it."""
    return Part(said, f"{said} {told}", steps)


def best(asked: Part, *sources: Source, language: str = "en", alone: bool = True) -> Source | None:
    """The passage chosen for it."""
    return best_source(asked, sources, language, weights=weigh(sources), alone=alone)


def quoted(asked: Part, *article: Source) -> list[str]:
    """What is quoted of one article, as text."""
    return [quote.section.text for quote in quotes(asked, *article)]


def quotes(asked: Part, *article: Source) -> list[Quote]:
    """The same, in the order of the article."""
    chosen = sections_for(asked, article[0], article, weigh(article))
    return sorted(chosen, key=lambda quote: (quote.source.number, quote.place))


CLEANING = source("Rinse the wheel of the pump every month.\n\nThen let it dry.", title="Cleaning the pump", number=1)
PRICES = source("A new seal costs 4 euros.\n\nA new wheel costs 9 euros.", title="Prices of parts", number=2)
GERMAN = source("Spülen Sie das Rad der Pumpe jeden Monat.", title="Pumpe reinigen", number=3, language="de")


def test_a_word_tells_the_more_the_fewer_passages_hold_it() -> None:
    """And most where none does; without passages all words tell alike."""
    weights = weigh([CLEANING, PRICES])
    rare, common, unknown = (stems(word, language="en") for word in ("seal", "wheel", "giraffe"))

    assert 0 < weights.of(common) < weights.of(rare) <= weights.of(unknown)
    assert weights.share(rare | unknown, rare) == pytest.approx(0.5)
    assert weights.share(frozenset(), rare) == 0
    assert weigh([]).of(rare) == 1


def test_the_passage_that_speaks_of_the_question_is_chosen() -> None:
    """For each of several questions: their common order of retrieval says little."""
    assert best(part("What does a new seal cost?"), CLEANING, PRICES, alone=False) is PRICES
    blue = source("A new seal is blue.", title="Colours")
    assert best(part("What does a new seal cost?"), blue, PRICES, alone=False) is PRICES


def test_of_the_only_question_retrieval_knows_more_than_words() -> None:
    """What it found first stays first where both speak of it."""
    other = source("Rinse the wheel of the pump in winter, too.", title="Winter", number=2)

    assert best(part("How do I rinse the wheel?"), CLEANING, other) is CLEANING
    assert best(part("How do I rinse the wheel?"), other, CLEANING) is other


@pytest.mark.parametrize("alone", [True, False])
def test_a_question_that_nothing_speaks_of_has_no_passage(alone: bool) -> None:  # noqa: FBT001
    """Nor has one where nothing was found, or nothing can be quoted."""
    asked = part("Can giraffes swim across the Danube?")

    assert best(asked, CLEANING, PRICES, alone=alone) is None
    assert best(asked, alone=alone) is None
    assert best(part("A pump?"), source("", title="A pump"), alone=alone) is None


def test_words_from_all_over_an_article_answer_none_of_several_questions() -> None:
    """Two of them meet in one sentence, or under its title and heading, or it is chance."""
    asked = part("Do you have a phone number?")
    apart = source("Scan the code with your phone.\n\nThe number of the pump stands below.", title="Pairing")
    assert best(part("Can a giraffe chew a seal?"), PRICES, alone=False) is None
    together = source("Our phone number is on the box.", title="Contact")

    assert best(asked, apart, alone=False) is None
    assert best(asked, together, alone=False) is together


def test_the_customers_language_counts() -> None:
    """Both speak of the pump; one can be read."""
    english = source("Spülen Sie das Rad der Pumpe jeden Monat.", title="Pumpe reinigen", number=1)

    assert best(part("Wie oft soll ich das Rad der Pumpe spülen?"), english, GERMAN, language="de") is GERMAN
    assert best(part("How often do I rinse the wheel?"), GERMAN, CLEANING) is CLEANING


@pytest.mark.parametrize("alone", [True, False])
def test_a_code_finds_its_passage(alone: bool) -> None:  # noqa: FBT001
    """In another language too, and however little else is shared."""
    code = source("H7 means that the wheel is stuck.", title="Messages", number=2)
    asked = part("Meine Pumpe zeigt H7 an, warum tut sie das seit gestern?")

    assert best(asked, GERMAN, code, language="de", alone=alone) is code


MANUAL = source(
    "The pump moves water.\n\n"
    "## Noise\n\nA pump that hums has sand in its wheel. Rinse it.\n\n"
    "## Frost\n\nIn winter keep the pump in the house: ice breaks the seal.\n\n"
    "## Costs\n\nSeal 4 euros, wheel 9 euros."
)


def test_one_of_several_questions_may_be_spoken_of_in_two_passages_of_an_article() -> None:
    """A long article is cut: what is asked about is named in one passage, and what is asked for said in another."""
    asked = part("Does the winter hose freeze in a cold shed below zero, with snow around it?")
    first = source("The winter hose does not freeze in a dry cellar.")
    cut = replace(
        first, article=first.words | stems("A cold shed falls below zero with snow around it.", language="en")
    )

    assert best(asked, first, CLEANING, alone=False) is None
    assert best(asked, cut, CLEANING, alone=False) is cut


def test_the_section_that_speaks_of_the_question_is_quoted() -> None:
    """Nothing else, under its heading."""
    assert quoted(part("Why does the pump hum?"), MANUAL) == [
        "Noise:\nA pump that hums has sand in its wheel. Rinse it."
    ]


def test_where_words_do_not_tell_the_beginning_is_quoted() -> None:
    """It says what the article is about."""
    assert quoted(part("The garden pump?"), MANUAL) == ["The pump moves water."]
    assert quoted(part("Giraffes?"), MANUAL) == ["The pump moves water."]


def test_a_heading_of_which_every_word_is_asked_for_wins() -> None:
    """Though the article's beginning holds the same word; of a heading that is asked for in part it is not so."""
    text = "We deliver to Malta.\n\n## Costs\n\nMalta: 5 euros.\n\n## Not at home\n\nMalta keeps it 9 days."
    asked = part("What does delivery to Malta cost?")

    assert quoted(asked, source(text, title="Delivery and its costs")) == ["Costs:\nMalta: 5 euros."]
    assert quoted(asked, source(text.replace("## Costs", "## Not a cost"), title="Delivery and its costs")) == [
        "We deliver to Malta."
    ]


def first(asked: Part, text: str) -> str:
    """The heading of the section that is chosen first."""
    article = [source(text)]
    return sections_for(asked, article[0], article, weigh(article))[0].section.heading


def test_what_is_asked_counts_more_than_what_is_told() -> None:
    """One word of the question outweighs two of the story."""
    asked = part("What about frost?", told="It hums, with sand in it.")

    assert first(asked, "## Noise\n\nIt hums, with sand in it.\n\n## Winter\n\nFrost is bad for it.") == "Winter"


def test_a_long_section_holds_many_words_by_chance() -> None:
    """A short one with fewer of them says more."""
    text = f"## All\n\n{paragraph('Frost and sand', 500)}\n\n## Winter\n\nFrost is bad for it."

    assert first(part("Is frost bad, and sand?"), text) == "Winter"


def test_a_section_that_adds_to_the_answer_comes_with_it() -> None:
    """What was told beside the question is asked for as well."""
    made = quoted(part("Why does the pump hum?", told="Also I fear the frost of this winter, and ice."), MANUAL)

    assert [text.partition(":")[0] for text in made] == ["Noise", "Frost"]


def test_who_asks_how_gets_the_steps_and_what_stands_between() -> None:
    """Steps alone get what stands above them."""
    text = "The seal wears out.\n\n## Before\n\nSwitch it off.\n\n## Changing\n\n1. Open it.\n2. Put the new one in.\n\n## Old ones\n\nGlass bin."
    asked = part("The seal wears out, how do I proceed?", steps=True)

    assert [quote.place for quote in quotes(asked, source(text))] == [0, 1, 2]
    assert [quote.place for quote in quotes(part(asked.said), source(text))] == [0]
    assert [quote.place for quote in quotes(part("How do I open it?", steps=True), source(text))] == [1, 2]


def test_all_cases_of_one_thing_are_quoted() -> None:
    """Words cannot tell which of them holds."""
    text = "Pumps.\n\n## Within two years\n\nThe seal is free.\n\n## After two years\n\nYou pay for it.\n\n## Sand\n\nRinse."

    assert [quote.place for quote in quotes(part("Is the seal free?"), source(text))] == [1, 2]


def test_what_points_on_brings_what_stands_below() -> None:
    """It cannot be followed alone; the last of an article points at nothing."""
    text = "A humming pump is set back as described below.\n\n## Back\n\nPress the knob.\n\n## Sand\n\nSee below."

    assert [quote.place for quote in quotes(part("My pump is humming?"), source(text))] == [0, 1]
    assert [quote.place for quote in quotes(part("Is sand bad?"), source(text))] == [2]


def test_sections_of_all_passages_of_an_article_are_seen() -> None:
    """A long one was cut in several."""
    rest = source("## Sand\n\nSand scratches the glass.", number=2)

    assert [(one.source.number, one.place) for one in quotes(part("Does sand scratch?"), MANUAL, rest)] == [(2, 0)]


INVOICES = source(
    "An invoice is in your account.\n\n"
    "## Tax\n\nType the company and its VAT number at the checkout, before you pay; the number is looked up while you wait.\n\n"
    "## Correcting one\n\nAn invoice can be corrected for two weeks.",
    title="Invoices",
)


def test_what_is_told_does_not_cover_up_what_is_asked() -> None:
    """The story names the company and its number, the question a correction: both are answered."""
    told = "We need the company on it: I forgot to type the company and our VAT number at the checkout."
    made = quoted(part("Can the invoice still be corrected?", told=told), INVOICES)

    assert [text.partition(":")[0] for text in made] == ["Tax", "Correcting one"]


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("Where do I find my invoice", "Invoices"),
        ("Wo finde ich meine Rechnung", "Rechnungen"),
        ("Je ne trouve pas ma facture", "Factures"),
        ("No encuentro mi factura", "Facturas"),
    ],
)
def test_a_short_question_is_answered_by_the_article_on_its_one_word(asked: str, title: str) -> None:
    """That something is to be found says nothing about it."""
    language = {"Invoices": "en", "Rechnungen": "de", "Factures": "fr", "Facturas": "es"}[title]
    invoices = source("PDF: 2026.", title=title, language=language)

    assert best(part(asked), CLEANING, invoices, PRICES, language=language, alone=False) is invoices


@pytest.mark.parametrize(
    "asked", ["Shipping cost to the UK?", "Shipment to the U.K.: cost?", "Delivery to Great Britain?"]
)
def test_other_names_of_one_thing_are_one_word(asked: str) -> None:
    """Customers ship, articles deliver."""
    there = source("We deliver to the United Kingdom for 5 pounds.", title="Where we deliver, and what it costs")

    assert coverage(asked, [Found(there.passage, 1.0)]) > 0.9
    assert best(part(asked), CLEANING, there, alone=False) is there


def paragraph(about: str, words: int = 40) -> str:
    """A paragraph of that many words."""
    return " ".join([about, *(f"w{number}" for number in range(words - 1))]) + "."


def test_an_over_long_section_is_reduced_to_what_answers() -> None:
    """To whole paragraphs around it, with the one that it leans on."""
    text = "\n\n".join(
        [
            *(paragraph(f"Plain{place}") for place in range(4)),
            paragraph("Frost"),
            "Then the seal breaks.",
            *(paragraph(f"End{place}") for place in range(4)),
        ]
    )
    (section,) = quoted(part("Why does the seal break?"), source(text))

    assert "Then the seal breaks." in section
    assert "Frost" in section
    assert "Plain0" not in section
    assert len(section.split()) <= 150


def test_an_over_long_paragraph_is_cut_between_sentences() -> None:
    """From the one that answers, or the one that it leans on."""
    text = " ".join(f"Sentence {number} has some more words." for number in range(60))
    text = text.replace("Sentence 30 has", "It broke the seal and has").replace("Sentence 29", "Frost")
    (section,) = quoted(part("The broken seal?"), source(text))

    assert section.startswith("Frost has some more words. It broke the seal and has some more words.")
    assert section.endswith("words.")
    assert 100 < len(section.split()) <= 150


def test_steps_are_never_cut() -> None:
    """Half of an instruction is worse than none."""
    steps = "\n".join(
        f"{number}. Turn the screw of the pump a little more to the left, slowly." for number in range(1, 26)
    )

    assert quoted(part("How do I turn the screw?", steps=True), source(steps)) == [steps]


def test_a_long_list_without_numbers_is_cut_between_items() -> None:
    """From the one that answers."""
    items = [f"- Part {number} fits all pumps of ours since long ago" for number in range(40)]
    items[20] = "- Seals fit small pumps"
    (section,) = quoted(part("Do seals fit?"), source("\n".join(items)))

    assert section.split("\n")[0] == items[20]
    assert set(section.split("\n")) <= set(items)


@pytest.mark.parametrize("asked", ["", "?", " ", "the", "H7"])
def test_an_empty_question_harms_nothing(asked: str) -> None:
    """Something was found, so its beginning is quoted."""
    assert quoted(part(asked), MANUAL) == ["The pump moves water."]


@given(WORDS, WORDS, WORDS, st.booleans())
def test_what_is_quoted_is_a_part_of_the_article(said: str, first: str, second: str, steps: bool) -> None:  # noqa: FBT001
    """Whatever the article looks like: each sentence stands in it, in one section once."""
    article = [source(first, number=1), source(second, number=2)]
    asked = part(said, steps=steps)
    for alone in (True, False):
        chosen = best(asked, *article, alone=alone)
        if chosen is None:
            continue
        made = sections_for(asked, chosen, article, weigh(article))
        assert len({(quote.source.number, quote.place) for quote in made}) == len(made) > 0
        for quote in made:
            assert set(quote.section.lines) <= set(quote.source.sections[quote.place].lines)
