"""Phrases that speak for a person: one that does and one that only looks like it, per signal and language."""

from __future__ import annotations

import re

import pytest

from service.moods import told_wishes
from service.triage.cues import compiled, cues, heard
from service.triage.judged import SignalName

SAYS: dict[SignalName, tuple[str, str]] = {
    "person": ("Could one of your colleagues call me back?", "Ich möchte mit einem Menschen sprechen, nicht mit einem Bot."),
    "safety": ("The power bank is swollen and too hot to touch.", "Aus dem Netzteil kam Rauch und es roch verschmort."),
    "legal": ("We act on behalf of our client, see the attached letter.", "Sie erhalten Post von meinem Anwalt."),
    "cancel": ("Please cancel my subscription.", "Hiermit kündige ich meinen Vertrag fristlos."),
    "press": ("I am a journalist and would like a statement for a story.", "Für unseren Beitrag bitten wir um Stellungnahme bis Freitag."),
    "privacy": ("Where did you get my number from?", "Bitte löschen Sie alle Daten, die Sie über mich haben."),
    "security": ("Someone else is logged in to my account.", "Ich sehe die Rechnungen fremder Kunden."),
    "fraud": ("I never ordered this contract, it is a scam.", "Diese Abbuchung habe ich nicht autorisiert, das ist Betrug."),
    "vulnerable": ("My father passed away last week.", "Meine Mutter ist dement und weiß nicht mehr, was sie bestellt."),
    "threat": ("I know where you live.", "Ich komme vorbei und dann schlag ich euch alles kaputt."),
    "unsolved": ("This is the third time I write.", "Immer noch keine Antwort, zum dritten Mal."),
    "churn": ("We are moving to another provider.", "Dann gehe ich eben zur Konkurrenz."),
}  # fmt: skip

LOOKS_LIKE: dict[SignalName, tuple[str, str]] = {
    "person": ("Which person in our team can see the report?", "Wie viele Personen passen in das Zelt?"),
    "safety": ("The app keeps crashing when I open the fire tablet menu.", "Der Kaffee wird nicht warm genug."),
    "legal": ("Where do I change the legal name of my company?", "Die Bestellung ging an unsere Filiale in der Gerichtsstraße."),
    "cancel": ("How do I dismiss this pop-up?", "Wie breche ich den Druck ab?"),
    "press": ("Do I have to press both buttons?", "Wie reinige ich die Saftpresse?"),
    "privacy": ("Where are the settings of the new app?", "Wo stelle ich die Sprache um?"),
    "security": ("How long should a good password be?", "Wie ändere ich mein Passwort?"),
    "fraud": ("Can I pay with a card of another bank?", "Kann ich mit Lastschrift bezahlen?"),
    "vulnerable": ("Can I give this to my father for his birthday?", "Ist das ein gutes Geschenk für meine Mutter?"),
    "threat": ("How do I kill a process that hangs?", "Der Mixer ist ein Mordsgerät."),
    "unsolved": ("How do I export all three reports?", "Wie exportiere ich alle drei Berichte?"),
    "churn": ("Can I switch the language?", "Kann ich die Sprache umstellen?"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, of in SAYS.items() for text in of])
def test_what_plainly_speaks_for_a_person_is_heard(name: SignalName, text: str) -> None:
    """With the words that it rests on, in the ticket's own spelling but for capitals."""
    found = heard(text)[name]

    assert found.sure
    assert found.words
    assert all(word in text.casefold() for word in found.words)


@pytest.mark.parametrize(
    "text",
    [
        "Could you send me the manual on a burned CD? My computer is offline.",
        "Does the tea explode with flavour at 95 degrees, as you say?",
        "The exploded view in the manual is hard to read.",
        "Is the smoke grey one still to be had?",
        "I want to order for our smoking room.",
        "What is the melting point of the seal?",
        "Do you ship to 5 Court Road, opposite the lawyer?",
        "Do you deliver to 4 Hospital Street?",
        "I am a lawyer and need the invoice in the name of my firm.",
        "Can I delete an old address from my address book?",
        "The French press is great, do you sell a spare glass?",
        "Die Lampe am Sockel brennt orange, was heißt das?",
        "Der Tee schmeckt rauchig, ist das normal?",
        "Mein Sohn hat den Deckel verloren, gibt es Ersatz?",
    ],
)
def test_a_dangerous_word_in_a_harmless_ticket_costs_nobody_a_draft(text: str) -> None:
    """What agents are annoyed by most: a packet about fire for the manual on a CD."""
    assert not any(one.sure for one in heard(text).values())
    assert told_wishes(text) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("safety", "I have a burn on my hand."),
        ("safety", "There is smoke from the base."),
        ("safety", "Es brennt in der Küche!"),
        ("safety", "It exploded with a loud bang."),
        ("legal", "I will see a lawyer and take you to court."),
        ("vulnerable", "Ich habe im Mai meine Mutter verloren."),
        ("safety", "I found mould inside the tea."),
        ("press", "I write for the Evening Post and have some questions."),
        ("press", "If I hear nothing by tomorrow, I go to the newspaper."),
        ("privacy", "Bitte löschen Sie mein Konto und alle Daten."),
        ("person", "Geben Sie mir endlich einen Menschen ans Telefon!"),
        ("threat", "Ihr werdet schon sehen, was passiert."),
        ("safety", "La bouilloire m'a donné une décharge électrique."),
        ("vulnerable", "Seit wir unseren Sohn verloren haben, ist alles anders."),
    ],
)
def test_next_to_it_what_is_meant_is_still_heard(name: SignalName, text: str) -> None:
    """An exception for a harmless phrase hides no grave one."""
    assert name in told_wishes(text) or heard(text)[name].sure


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, of in LOOKS_LIKE.items() for text in of])
def test_what_only_looks_like_it_is_not(name: SignalName, text: str) -> None:
    """A word of a topic in a harmless question costs nobody a draft."""
    found = heard(text).get(name)

    assert found is None or not found.sure


def test_two_hints_say_what_one_does_not() -> None:
    """Neither a doctor nor a smell is an accident."""
    assert not heard("There is a doctor in the picture.")["safety"].sure
    assert heard("There is a funny smell and I went to the doctor.")["safety"].sure


def test_umlauts_and_apostrophes_may_be_missing() -> None:
    """Many keyboards have neither."""
    assert heard("Ich kuendige den Vertrag fristlos")["cancel"].sure
    assert heard("I dont have an account with you")["fraud"].sure
    assert heard("I don’t have an account with you")["fraud"].sure


def test_every_section_is_a_signal() -> None:
    """A misspelt heading would be a list that nobody reads."""
    assert {"person", "safety", "legal", "privacy", "security", "fraud", "vulnerable", "threat", "press"} <= set(cues())
    for cue in cues().values():
        assert isinstance(cue.plain, re.Pattern)


def test_no_phrase_matches_nothing_at_all() -> None:
    """One that does would speak in every ticket."""
    for name, cue in cues().items():
        assert not cue.plain.search("a b c"), name
        assert not cue.hint.search("a b c"), name


def test_a_phrase_stays_within_a_sentence() -> None:
    """What stands in two sentences belongs to two thoughts."""
    pattern = compiled(["lost ... key*"])

    assert pattern.search("I lost both of my keys")
    assert not pattern.search("I lost. My keys are here")
    assert not pattern.search("I lost " + "very " * 20 + "many keys")


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "not ", "never my account ", "the ", "ich ", "because i am ", "mein ", "(", "my my ", "someone ", "1"],
)
def test_a_hostile_text_is_read_in_linear_time(piece: str) -> None:
    """A hundred thousand characters; only the newest ten thousand are looked at."""
    heard((piece * 100_000)[:100_000])
