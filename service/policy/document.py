"""The policy file, as it is written. Validated by shape here; by sense in service/policy/sense.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from connectors.base import Channel
from service.moods import Sentiment, Urgency
from service.policy.values import ONE_OR_MORE, Approved, Duration, Language, Listed, Words
from service.triage.judged import SignalName

Tier = Literal[1, 2, 3]
"""1: a draft. 2: a draft that a person must check. 3: only a person: a handoff packet, no solution."""

Priority = Literal["low", "normal", "high", "urgent"]


class Part(BaseModel):
    """Of a policy file. A key it does not know is a mistake."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,  # ids
        allow_inf_nan=False,
    )


class Range(Part):
    """A number over or under these; both exclusive, as people say it."""

    over: float | None = None
    under: float | None = None

    def holds(self, number: float) -> bool:
        """Whether this number is in it."""
        return (self.over is None or number > self.over) and (self.under is None or number < self.under)


class Condition(Part):
    """All that is written must hold; of a list, one is enough. Nothing written always holds."""

    category: Listed = ()
    intent: Listed = ()  # words that stand in the intent
    words: Listed = ()  # words or phrases that stand in the newest message or the subject
    signal: Annotated[tuple[SignalName, ...], ONE_OR_MORE] = ()
    sentiment: Annotated[tuple[Sentiment, ...], ONE_OR_MORE] = ()
    urgency: Annotated[tuple[Urgency, ...], ONE_OR_MORE] = ()
    language: Listed = ()
    channel: Annotated[tuple[Channel, ...], ONE_OR_MORE] = ()
    brand: Listed = ()  # the vendor's id
    group: Listed = ()  # the vendor's id or name
    form: Listed = ()
    tag: Listed = ()
    field: dict[str, Listed] = {}  # custom fields of the ticket, by the vendor's id or name
    segment: Listed = ()
    customer: dict[str, Listed] = {}  # facts of the look-ups and of the product's own context
    amount: Range | None = None  # any amount that the customer names
    currency: Listed = ()  # of that amount
    stakes: Range | None = None
    complexity: Range | None = None
    contacts: Range | None = None  # related tickets of this requester in seven days, this one included
    escalations: Range | None = None  # other tickets of this requester that went to a person, in thirty days
    known_days: Range | None = (
        None  # since the fact `since`: how long somebody has been a customer; unknown: does not hold
    )
    none_of: tuple[Condition, ...] = ()  # none of these may hold
    any_of: tuple[Condition, ...] = ()  # one of these must


class Effect(Part):
    """What follows for a ticket. The higher tier wins; of the rest, the first rule in the file that says it."""

    tier: Tier | None = None
    why: Words = {}  # for the note; without it the rule's name
    group: str = ""  # of `groups`
    priority: Priority | None = None
    first_answer: Duration | None = None
    tags: Listed = ()
    fields: dict[str, str] = {}
    answer: str = ""  # of `answers`: the draft is that text
    playbook: str = ""  # of `playbooks`
    checks: tuple[Words, ...] = ()  # what a person must check before sending
    dont_promise: tuple[Words, ...] = ()


class Category(Effect):
    """A kind of ticket. Its examples teach triage; what it says holds for every ticket of its kind, before any rule."""

    title: Words = {}
    parent: str = ""  # whose effects it takes over where it says nothing
    examples: Listed = ()
    words: Listed = ()  # that point here by themselves
    stakes: Annotated[int, Field(ge=1, le=5)] | None = None


class Rule(Part):
    """If, then. Names are unique: the ledger keeps them."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    when: Condition
    then: Effect


class Group(Part):
    """Who takes tickets. zendesk, freshdesk: the vendor's id, where it is to be written."""

    title: Words
    zendesk: str = ""
    freshdesk: str = ""
    skills: Listed = ()
    first_answer: Duration | None = None


class Segment(Part):
    """Customers whose tickets go to a person sooner. signals, questions: in place of those of `escalation`."""

    when: Condition
    signals: Annotated[int, Field(ge=1, le=5)] | None = None
    questions: Annotated[int, Field(ge=0, le=2)] | None = None


class Escalation(Part):
    """So many agreeing signals, or one explicit wish; so many questions back in a ticket, then a person.

    sure: how sure triage must be of a category for all that the category says. Less sure, it asks for a check at most.
    """

    signals: Annotated[int, Field(ge=1, le=5)] = 2
    questions: Annotated[int, Field(ge=0, le=2)] = 2
    group: str = ""
    sure: Annotated[float, Field(ge=0, le=1)] = 0.0


class Answer(Part):
    """A text for customers, as somebody has approved it. Verbatim: nothing but a greeting is put before it."""

    title: Words = {}
    texts: Approved
    approved_by: str = ""  # a role, rather than a name


class Playbook(Part):
    """What a person does, step by step, and whom to call. texts: approved ones to send on the way."""

    title: Words
    steps: tuple[Words, ...] = ()
    call: Words = {}
    texts: Approved = {}


class Incidents(Part):
    """When many similar tickets are an alarm. start: whether such an alarm starts an incident by itself."""

    window: Duration = timedelta(minutes=30)
    factor: Annotated[float, Field(gt=1)] = 4.0  # times what is usual for that window
    at_least: Annotated[int, Field(ge=2)] = 6
    start: bool = False
    lasts: Duration = timedelta(hours=4)
    texts: Approved = {}  # of an incident that started by itself


class Write(Part):
    """Which fields of a ticket may be written beside the note. Nothing by default."""

    group: bool = False
    priority: bool = False
    tags: Listed = ()  # those, or those that begin so: "ai_*"
    fields: dict[
        Literal["intent", "sentiment", "language", "summary", "category", "tier"], str
    ] = {}  # to the vendor's field
    values: Listed = ()  # custom fields that rules may set by `fields`
    label: bool = False


class Lookup(Part):
    """Where more is known about a customer. {email}, {id} and {organization} in the address are filled in, escaped.

    headers: {secret:NAME} is a value of DESKPILOT_LOOKUP__SECRETS. fields: our name → path in the answer, as in data.0.plan.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    kind: Literal["http", "hubspot", "stripe"] = "http"
    url: HttpUrl | None = None
    headers: dict[str, str] = {}
    fields: dict[str, str] = {}
    keep: Duration = timedelta(minutes=10)


class Outreach(Part):
    """A signal of the product that deserves a message before the customer writes. texts: {name} of the signal's own data."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    signal: str  # its kind, as pushed to /api/signals
    customer: dict[str, Listed] = {}
    data: dict[str, Listed] = {}
    playbook: str = ""
    subject: Approved = {}
    texts: Approved
    expires: Duration = timedelta(days=3)


class Policy(Part):
    """The whole file."""

    version: Literal[1]  # of the format
    name: str = ""
    extends: Literal["builtin"] | None = None  # what the file does not say, the built-in policy says
    languages: tuple[Language, ...] = ("en",)  # that every approved text must have
    categories: dict[str, Category] = {}
    rules: Annotated[tuple[Rule, ...], Field(max_length=500)] = ()
    groups: dict[str, Group] = {}
    targets: dict[Priority, Duration] = {}  # until the first answer, by priority
    segments: dict[str, Segment] = {}
    escalation: Escalation = Escalation()
    answers: dict[str, Answer] = {}
    acknowledgement: Approved = {}  # what a person who takes over may send at once; {time}: of the target
    playbooks: dict[str, Playbook] = {}
    incidents: Incidents = Incidents()
    write: Write = Write()
    lookups: tuple[Lookup, ...] = ()
    outreach: tuple[Outreach, ...] = ()
