"""Notes with a handoff packet, made by the steps that make them: what their golden files and screenshots are of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.base import Person
from service.analysis import Analysis, Summary
from service.content import Written, content_of
from service.conversation import Conversation, Turn
from service.masking import Masker
from service.notes import NoteContent
from service.packet import Before, EarlierTicket, gather
from service.passages import Retrieval
from service.policy.decision import Decision
from service.policy.document import Playbook, Policy
from service.safe_answers import incident_draft
from service.triage.judged import Amount, Customer, Signal, Triage
from service.vectors import Found, Passage
from tests.service.policies import POLICY, triaged

NOW = datetime(2026, 9, 9, 10, 20, tzinfo=UTC)  # a Wednesday, 12:20 in Berlin
DUE = datetime(2026, 9, 9, 12, 20, tzinfo=UTC)
LEA = Person(id="7", name="Lea Okonjo", email="lea@customer.example")

SAID = (
    "I cannot sign in since Monday.",
    "I have tried another browser. It does not work.",
    "Three days! Cancel my plan. This is ridiculous.",
)
TALK = Conversation(
    subject="Sign-in",
    turns=tuple(Turn("requester", NOW - timedelta(days=2 - n), text) for n, text in enumerate(SAID)),
    author="<PERSON_1>",
    unread=("1 screenshot",),
)
ANALYSIS = Analysis(
    summary=Summary(
        problem="Has not been able to sign in for three days and wants to cancel.",
        tried=("another browser yesterday",),
        open=("whether the account is locked",),
    ),
    intent="cancel plan",
    sentiment="angry",
    urgency="high",
    language="en",
    query="cannot sign in cancel",
)
TRIAGE = triaged(
    Signal("cancel", alone=True, words=("Cancel",)),
    Signal("mood_fell"),
    Signal("third_contact"),
    contacts=3,
    shift=-2,
)
DECISION = Decision(
    tier=3,
    reasons=("cancel", "angry"),
    rules=("escalation",),
    version="v1",
    group="retention",
    priority="high",
    due=DUE,
    dont_promise=("refunds", "dates"),
)
CUSTOMER = Customer(
    facts={"plan": "Pro", "renews": "2026-12-12"}, unknown={"account_health": "the look-up took longer than 0.5 s"}
)
SOLVED = Passage(
    id="t1", article="zendesk ticket:377", source="zendesk tickets", title="Locked out", breadcrumb="377", url="", language="en",
    text="Question: I cannot get in.\n\nAnswer: A manual re-sync of the account opened it again. Please try now.",
    audience="public", pool="ticket",
)  # fmt: skip
BEFORE = Before(
    tickets=(EarlierTicket("481", "Please reset your password.", datetime(2026, 9, 7, 9, 0, tzinfo=UTC)),),
    draft=("DP-4M8QX", datetime(2026, 9, 9, 8, 42, tzinfo=UTC)),
)


def _shown(text: str, *, contacts: Collection[str]) -> str:
    assert contacts is not None
    return text.replace("<PERSON_1>", "Lea")


def packet_note(
    *,
    conversation: Conversation = TALK,
    analysis: Analysis = ANALYSIS,
    triage: Triage = TRIAGE,
    decision: Decision = DECISION,
    customer: Customer = CUSTOMER,
    solved: tuple[Passage, ...] = (SOLVED,),
    before: Before = BEFORE,
    policy: Policy = POLICY,
    suggested: tuple[tuple[str, str], ...] = (("group", "retention team"), ("priority", "high")),
    incident: str = "",
    language: str = "en",
) -> NoteContent:
    """The content of the note of a ticket that a person takes over."""
    passages = Retrieval(beside=tuple(Found(one, 1.0) for one in solved))
    packet = gather(
        conversation, analysis, triage, decision, customer, passages=passages, before=before, policy=policy,
        language=language, timezone="Europe/Berlin", now=NOW,
    )  # fmt: skip
    assert packet.acknowledgement is not None
    written = Written(
        conversation, analysis, passages, packet.acknowledgement, triage=triage, decision=decision, customer=customer,
        packet=packet, suggested=suggested, incident=incident,
    )  # fmt: skip
    masker = Masker([LEA])
    masker.placeholder_for(LEA)
    return content_of(written, reference="DP-9C4", restore=masker.shown, timezone="Europe/Berlin")


GERMAN = packet_note(
    language="de",
    analysis=replace(
        ANALYSIS,
        language="de",
        summary=Summary(
            problem="Kann sich seit drei Tagen nicht anmelden und möchte kündigen.",
            tried=("gestern einen anderen Browser",),
            open=("ob das Konto gesperrt ist",),
        ),
    ),
    conversation=replace(
        TALK, turns=tuple(replace(turn, text=f"{turn.text} Ich kündige jetzt endgültig.") for turn in TALK.turns)
    ),
    triage=replace(TRIAGE, signals=(Signal("cancel", alone=True, words=("kündige",)), *TRIAGE.signals[1:])),
    decision=replace(DECISION, dont_promise=("Erstattungen", "Termine"), due=DUE + timedelta(days=1)),
    customer=Customer(
        facts={"Tarif": "Pro", "verlängert_sich": "2027-01-12"}, unknown={"Zustand_des_Kontos": ""},
        happened=("sync_failed",),
    ),
    solved=(replace(SOLVED, text="Question: Wie?\n\nAnswer: Ein neuer Abgleich hat das Konto geöffnet."),),
    before=replace(
        BEFORE, tickets=(EarlierTicket("481", "Bitte setzen Sie Ihr Passwort zurück.", NOW - timedelta(days=1)),)
    ),
    suggested=(("group", "Team Kundenbindung"), ("priority", "high"), ("tags", "kündigung")),
)  # fmt: skip

PLAYBOOK = packet_note(
    decision=replace(
        DECISION, reasons=("a request about personal data",), playbook="deletion", group="", due=None, answer="refunds"
    ),
    triage=triaged(Signal("privacy", alone=True, words=("Cancel my plan",))),
    before=Before(),
    solved=(),
    suggested=(),
)

MANY = "a line that somebody wrote at some length"
LONG = packet_note(
    triage=triaged(
        *(Signal("legal", words=(word,)) for word in ("ridiculous", "sign in", "another browser", "Three days")),
        *TRIAGE.signals,
        Signal("amount"),
        contacts=9,
        amounts=(Amount(1480.5, "EUR"),),
    ),
    decision=replace(
        DECISION,
        playbook="deletion",
        checks=(MANY, MANY),
        dont_promise=(MANY, "refunds"),
        reasons=("cancel", "angry", "legal"),
    ),
    customer=Customer(
        facts={f"field {n}": MANY for n in range(9)}, unknown={f"other {n}": "slow" for n in range(9)}, happened=("sync_failed",) * 9
    ),
    solved=tuple(
        replace(SOLVED, article=f"zendesk ticket:{n}", text=f"Question: x\n\nAnswer: {MANY}.") for n in (377, 378, 379)
    ),
    policy=POLICY.model_copy(
        update={
            "playbooks": {
                "deletion": Playbook(
                    title={"": "Deletion"}, steps=({"": MANY}, {"": MANY}), call={"": "privacy"}, texts={"en": MANY * 9}
                )
            }
        }
    ),
    analysis=replace(ANALYSIS, summary=Summary(MANY * 2, (MANY, MANY), (MANY,))),
)  # fmt: skip

_EVIL = (
    "<img src=x onerror=alert(1)> [click](https://evil.example) {{ticket.id}} javascript:x evil.example\u202e <EMAIL_7>"
)
HOSTILE = packet_note(
    conversation=replace(TALK, subject=_EVIL, turns=(*TALK.turns, Turn("requester", NOW, f"Cancel {_EVIL}"))),
    triage=triaged(Signal("cancel", words=(f"Cancel {_EVIL}",)), Signal("threat", words=("stands in no message",))),
    customer=Customer(facts={_EVIL: _EVIL, "plan": "<script>Pro</script>\nDP-9C4"}, unknown={_EVIL: _EVIL}, happened=(_EVIL,)),
    solved=(replace(SOLVED, title=_EVIL, text=f"Question: x\n\nAnswer: {_EVIL}"),),
    before=Before(tickets=(EarlierTicket("481", _EVIL, NOW),)),
    suggested=(("group", _EVIL),),
    incident=_EVIL,
    analysis=replace(ANALYSIS, summary=Summary(_EVIL, (_EVIL,), (_EVIL,))),
)  # fmt: skip

TIER_TWO = replace(
    content_of(
        Written(
            TALK, ANALYSIS, Retrieval(),
            incident_draft(
                "A refund needs the approval of our finance team.",
                language="en", title="Refunds", conversation=TALK, analysis=ANALYSIS, team_language="en",
            ),
            decision=Decision(tier=2, reasons=("a refund of more than 200 EUR",), checks=("the approval of a team lead",)),
            suggested=(("group", "Billing"), ("priority", "high"), ("tags", "refund")),
        ),
        reference="DP-2T2", restore=_shown, timezone="UTC",
    ),
    reason="approved text “Refunds”, verbatim",
)  # fmt: skip

INCIDENT = content_of(
    Written(
        replace(TALK, unread=()), ANALYSIS, Retrieval(),
        incident_draft(
            "We know that signing in fails for some customers and are working on it. We write again as soon as we know more.",
            language="en", title="Sign-in is down", conversation=TALK, analysis=ANALYSIS, team_language="en",
        ),
        incident="Sign-in is down",
    ),
    reference="DP-3I1", restore=_shown, timezone="UTC",
)  # fmt: skip

GOLDEN: Mapping[str, tuple[NoteContent, str]] = {
    "packet": (packet_note(), "en"),
    "packet_german_team": (GERMAN, "de"),
    "packet_playbook": (PLAYBOOK, "en"),
    "packet_long": (LONG, "en"),
    "packet_hostile": (HOSTILE, "en"),
    "ready_tier_two": (TIER_TWO, "en"),
    "ready_incident": (INCIDENT, "en"),
}
