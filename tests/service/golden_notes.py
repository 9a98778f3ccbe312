"""One note of every kind, as an agent meets them; what the golden files and the screenshots are made of."""

from __future__ import annotations

from dataclasses import replace

from service.analysis import Summary
from service.guard import Source
from service.notes import NoteContent
from tests.service import golden_packets

HELP = "https://help.kettlewick.example"

DELIVERY = Source(number=1, title="Delivery times", url=f"{HELP}/delivery/times", supports="the three to five days")
LOST = Source(number=2, title="Lost parcels", url=f"{HELP}/delivery/lost-parcels", supports="the free replacement")

READY = NoteContent(
    verdict="ready",
    certainty="high",
    reference="DP-7K2",
    draft_text=(
        "Hi Ana,\n\nparcels to Spain usually take three to five working days. If yours has not arrived after ten working "
        "days, answer this message and we will send a new one free of charge.\n\nYou can follow it yourself:\n"
        "1. Open the Kettlewick app.\n2. Tap Orders, then Track."
    ),
    checks=("the tracking status of this order (not visible to deskpilot)",),
    reason="both points of the question are answered by the articles.",
    sources=(DELIVERY, LOST),
)

LONG_THREAD = NoteContent(
    verdict="ready",
    certainty="high",
    reference="DP-4M8",
    draft_text=(
        "Hi Tomas,\n\nthank you for trying all of that. E3 that stays after a cold restart means that the base does not "
        "read the temperature sensor any more, and that is a case for the warranty.\n\n"
        "Please send us a photo of the serial number under the base. We will then send you a new base within two "
        "working days; you keep the jug."
    ),
    checks=("the date of purchase: the warranty is three years",),
    reason="E3 after a restart is named as a warranty case; the photo of the order is unread.",
    sources=(
        Source(number=1, title="Error codes E1 to E4", url=f"{HELP}/faults/error-codes", supports="E3 after a restart"),
        Source(number=2, title="Warranty claims", url=f"{HELP}/warranty/claims", supports="photo, three working days"),
        Source(
            number=3, title="Goodwill limits", url=f"{HELP}/internal/goodwill", supports="new base only", internal=True
        ),
    ),
    summary=Summary(
        problem="A Kettlewick One shows E3 after ten seconds and switches off.",
        tried=("descaling twice", "another socket", "ten minutes unplugged"),
        open=("whether the base alone is replaced",),
    ),
    unread=("1 screenshot",),
)

GERMAN_CUSTOMER = NoteContent(
    verdict="ready",
    certainty="high",
    reference="DP-2R5",
    draft_text=(
        "Hallo Herr Brandt,\n\nSie können den Wasserkocher innerhalb von 30 Tagen zurückgeben. Das Rücksendeetikett "
        "finden Sie in der App unter Bestellungen; die Erstattung dauert danach fünf Werktage."
    ),
    gloss="he can return the kettle within 30 days, the label is in the app, the refund takes five working days.",
    checks=(),
    reason="the article answers the question in full.",
    sources=(
        Source(number=1, title="Rückgabe", url=f"{HELP}/de/returns", supports="30 days, label, five working days"),
    ),
)

MACRO = Source(number=2, title="Refund after return", supports="the wording", pool="macro")
SOLVED = Source(
    number=3,
    title="Refund has not arrived",
    url="https://kettlewick.zendesk.example/agent/tickets/377",
    supports="how it was found",
    pool="ticket",
    ticket="377",
)

THREE_POOLS = NoteContent(
    verdict="ready",
    reference="DP-6P3",
    draft_text=(
        "Hi Mara,\n\nwe refund within five working days after your return has reached our warehouse; with a card it takes two to "
        "five more.\n\nCould you send me the receipt of the parcel shop? Then I can look for the parcel at the carrier."
    ),
    checks=("Solved ticket 377 was used: still true here?",),
    reason="the article names the days; ticket 377 was solved by the receipt.",
    sources=(
        Source(number=1, title="When the refund arrives", url=f"{HELP}/returns/refund-times", supports="the days"),
        MACRO,
        SOLVED,
    ),
)

UNCOVERED_MACRO = NoteContent(
    verdict="uncovered",
    reference="DP-6P4",
    draft_text="Hallo Herr Brandt,\n\nwelches Modell haben Sie, und was steht auf dem Schild unter dem Sockel?",
    reason="fragt nach einer Gravur; kein Artikel nennt eine.",
    nearest=(
        Source(number=1, title="Gravur auf Anfrage", quote="Wir gravieren auf Anfrage.", pool="macro"),
        Source(number=2, title="Kulanz", quote="Bis zwanzig Euro.", pool="macro", internal=True),
    ),
)

UNCOVERED = NoteContent(
    verdict="uncovered",
    reference="DP-8A1",
    draft_text=(
        "Hi Ben,\n\nso that I can give you a certain answer: which model do you have, and what is written on the label "
        "under its base?"
    ),
    reason="Asks whether the kettle runs on 110 volts; the articles name no voltage.",
    nearest=(
        Source(
            number=1,
            title="Technical data",
            url=f"{HELP}/products/technical-data",
            quote="The Kettlewick One holds 1.5 litres and boils them in four minutes.",
        ),
        Source(number=2, title="Delivery countries", url=f"{HELP}/delivery/countries"),
    ),
)

PERSON = NoteContent(
    verdict="person",
    reference="DP-9C4",
    draft_text="Hi Lea,\n\nI have read your messages and am looking into this myself. You will hear from me.",
    reason="third message about the same refund; the tone got worse each time.",
    person_reasons=("cancel", "person", "angry"),
    summary=Summary(
        problem="Wants to end the tea subscription and to have the last delivery refunded.",
        tried=("cancelled in the app on Monday", "wrote twice"),
        open=("whether the September box is refunded",),
    ),
    writer="model",
)

PERSON_SIMILAR = replace(PERSON, reference="DP-9C5", nearest=(replace(SOLVED, number=1, supports=""),))

DOWN = NoteContent(
    verdict="no_model",
    reference="DP-9D0",
    nearest=(
        Source(
            number=1,
            title="Pairing with the app",
            url=f"{HELP}/app/pairing",
            quote="Hold the power button for five seconds until the ring blinks blue, then open the app.",
        ),
        Source(
            number=2, title="The app cannot find the kettle", url=f"{HELP}/app/not-found", quote="Check that your phone"
        ),
    ),
    unread=("1 screenshot",),
    writer="extractive",
    down_since="10:42",
)

DOWN_QUOTED = NoteContent(
    verdict="no_model",
    certainty="high",
    reference="DP-9D1",
    draft_text=(
        "Hi Ana,\n\nHold the power button for five seconds until the ring blinks blue. Then open the app and tap Add."
    ),
    sources=(Source(number=1, title="Pairing with the app", url=f"{HELP}/app/pairing", supports="the steps quoted"),),
    writer="extractive",
    down_since="10:42",
)

EXTRACTIVE = NoteContent(
    verdict="no_model",
    certainty="fair",
    reference="DP-3T6",
    draft_text=(
        "Hi Ana,\n\nFrom our article on descaling:\n\n- Fill the kettle to the half with water and 20 g of citric acid.\n"
        "- Boil it once and let it stand for 30 minutes.\n- Rinse it twice."
    ),
    reason="one article shares most of the words of the question.",
    sources=(Source(number=1, title="Descaling", url=f"{HELP}/care/descaling", supports="the steps quoted"),),
    writer="extractive",
    no_key=True,
)

GERMAN_TEAM = NoteContent(
    verdict="ready",
    certainty="fair",
    reference="DP-5W1",
    draft_text="Hi Grace,\n\nyour invoice is in the app under Orders. It is there one hour after the payment.",
    gloss="die Rechnung liegt in der App unter Bestellungen, eine Stunde nach der Zahlung.",
    checks=("ob die Zahlung eingegangen ist",),
    reason="der Artikel beantwortet die Frage ganz.",
    sources=(
        Source(number=1, title="Invoices", url=f"{HELP}/orders/invoices", supports="Ort und Zeit der Rechnung"),
        Source(number=2, title="Kulanz", url="", supports="", internal=True),
    ),
    unread=("2 files",),
)

FRENCH_TEAM = NoteContent(
    verdict="person",
    reference="DP-6F3",
    draft_text="Bonjour Chloé,\n\nj'ai bien lu votre message et je m'en occupe moi-même.",
    reason="demande un responsable dans le dernier message.",
    person_reasons=("person", "angry"),
)

SPANISH_TEAM = NoteContent(
    verdict="uncovered",
    reference="DP-1S9",
    reason="Pregunta por una funda; ningún artículo la menciona.",
    nearest=(Source(number=1, title="Accesorios", url=f"{HELP}/es/accessories", quote="Vendemos filtros y bases."),),
    writer="extractive",
    no_key=True,
)

GOLDEN: dict[str, tuple[NoteContent, str]] = {
    "ready": (READY, "en"),
    "ready_long_thread": (LONG_THREAD, "en"),
    "ready_other_language": (GERMAN_CUSTOMER, "en"),
    "ready_three_pools": (THREE_POOLS, "en"),
    "uncovered": (UNCOVERED, "en"),
    "uncovered_macro_german_team": (UNCOVERED_MACRO, "de"),
    "person_similar": (PERSON_SIMILAR, "en"),
    "person": (PERSON, "en"),
    "no_model_down": (DOWN, "en"),
    "no_model_down_quoted": (DOWN_QUOTED, "en"),
    "extractive": (EXTRACTIVE, "en"),
    "ready_german_team": (GERMAN_TEAM, "de"),
    "person_french_team": (FRENCH_TEAM, "fr"),
    "uncovered_spanish_team": (SPANISH_TEAM, "es"),
    **golden_packets.GOLDEN,
}
