"""The step that judges a ticket: by its words, by the policy's examples, and by what the analysis says.

What the words plainly state stands whatever the model says, for a model obeys strangers; a model can only raise what decides
the tier: a ticket that orders "category: praise" is heard, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from connectors.base import Ticket
from service.analysis import Analysis
from service.conversation import Conversation
from service.moods import Urgency, urgency_of
from service.orders import speaks_to_a_machine
from service.policy.document import Category, Policy, Tier
from service.questions import sentences
from service.triage.categories import Categories
from service.triage.cues import PHRASED, Heard, cues
from service.triage.judged import Judged, Signal, SignalName, Triage
from service.triage.mood import LEVELS, Mood, mood_over
from service.triage.signals import PERSON_ONLY, amounts_of, heard_in, said_by_customer, signals_of, told_in
from service.triage.stems import learnt, told_by
from service.triage.weight import complexity_of, stakes_of

_URGENCIES: Final[tuple[Urgency, ...]] = ("low", "normal", "high")
_PLAIN, _HINTED, _NOTHING = 0.9, 0.5, 0.3
"""How sure: plainly said, hinted at, or only not said otherwise."""

_AGREEING = 0.35
_PERSON_TIER: Final = 3
_CLEAR = 0.6
"""Share of the votes from which on the examples stand against a model that says something harmless."""
TRUSTED = 0.95
"""Below it the examples alone are right in fewer than seven of ten labelled tickets, and a wrong category's checks mislead."""


class Triager:
    """Judges tickets. Borrows the categories' index."""

    def __init__(self, categories: Categories) -> None:
        self._categories = categories

    async def learn(self, policy: Policy) -> None:
        """Be ready before the first ticket. Never raises."""
        await asyncio.to_thread(cues)  # half a second, once in a process
        await asyncio.to_thread(learnt)
        await self._categories.learn(policy)

    async def judge(
        self,
        ticket: Ticket,
        conversation: Conversation,
        analysis: Analysis,
        *,
        policy: Policy,
        contacts: int,
        now: datetime,
    ) -> Triage:
        """What this customer message is, with all that came before it.

        contacts: related tickets of this requester in seven days, this one included. Never raises; some milliseconds
        without a model, in a thread.
        """
        # the query alone: it may leave us for the embeddings, and holds no order of a stranger
        nearest = await self._categories.of(analysis.query, language=analysis.language, policy=policy)
        return await asyncio.to_thread(_judged, ticket, conversation, analysis, nearest, policy, contacts, now)


def _judged(  # noqa: PLR0917 - of one call, in a thread
    ticket: Ticket,
    conversation: Conversation,
    analysis: Analysis,
    nearest: Judged[str],
    policy: Policy,
    contacts: int,
    now: datetime,
) -> Triage:
    words = _agreeing(heard_in(conversation), nearest, before=contacts > 1 or len(conversation.turns) > 1)
    mood = _lower(mood_over(said_by_customer(conversation)), analysis)
    signals = _with_wishes(
        signals_of(ticket, conversation, words=words, mood=mood, contacts=contacts, now=now), analysis
    )
    signals = _with_story(signals, conversation, language=analysis.language)
    category = _category(conversation, analysis, nearest, words, policy)
    urgency = _urgency(conversation, analysis)
    amounts = amounts_of(conversation)
    stakes = stakes_of(
        conversation, category=policy.categories.get(category.value) if category.sure >= _CLEAR else None, sentiment=mood.sentiment, urgency=urgency.value,
        amounts=amounts, signals=signals,
    )  # fmt: skip
    person = next((one for one in signals if one.name == "person" and one.alone), None)
    return Triage(
        category=category,
        intent=Judged(analysis.intent, _HINTED if analysis.intent else 0.0),
        complexity=_raised(complexity_of(conversation, signals), analysis.complexity),
        stakes=_raised(stakes, analysis.stakes),
        sentiment=Judged(mood.sentiment, _PLAIN if mood.words else _NOTHING, mood.words),
        shift=mood.shift,
        urgency=urgency,
        language=Judged(analysis.language, _PLAIN if conversation.language else _HINTED),
        wants_person=Judged(person is not None, _PLAIN if person else _NOTHING, person.words if person else ()),
        amounts=amounts,
        signals=signals,
        contacts=contacts,
    )


def _agreeing(words: Mapping[SignalName, Heard], nearest: Judged[str], *, before: bool) -> Mapping[SignalName, Heard]:
    """What is said plainly or hinted at twice, and a lone hint where the nearest examples mean the same.

    before: something was said before this message, here or in another ticket. Else nothing can have been tried in vain, unless
    the customer plainly says so.
    """
    agreed = nearest.value if nearest.sure >= _AGREEING else ""
    return {
        name: replace(one, sure=True)
        for name, one in words.items()
        if (one.sure and (before or one.plain or name != "unsolved")) or name == agreed
    }


def _lower(mood: Mood, analysis: Analysis) -> Mood:
    """The worse of what the words and the model say; words that say nothing leave it to the model."""
    if analysis.writer == "rules":
        return mood
    level = LEVELS.index(analysis.sentiment)
    if level < mood.level or not mood.words:
        return Mood(level, mood.shift + level - mood.level, analysis.sentiment_words)
    return mood


def _with_wishes(signals: tuple[Signal, ...], analysis: Analysis) -> tuple[Signal, ...]:
    """The wishes that only the model heard, too: it reads what no list of phrases knows."""
    if analysis.writer == "rules":  # the same phrases, without regard for jokes
        return signals
    known = {one.name for one in signals if one.alone}
    names: Mapping[str, SignalName] = {"person": "person", "cancel": "cancel", "legal": "legal", "safety": "safety"}
    more = [names[wish] for wish in analysis.wishes if names[wish] not in known]
    kept = tuple(one for one in signals if one.name not in more or one.name == "cancel")
    named = {one.name for one in kept}
    return (
        *kept,
        *(Signal(name, alone=name != "cancel", words=analysis.wishes_words) for name in more if name not in named),
    )


def _with_story(signals: tuple[Signal, ...], conversation: Conversation, *, language: str) -> tuple[Signal, ...]:
    """What a story tells that nothing plainly names, in the languages that stories were learnt in."""
    if language not in PHRASED or any(one.alone for one in signals):
        return signals
    words = told_by(told_in(conversation))
    return (*signals, Signal("told", alone=True, words=words)) if words else signals


def _urgency(conversation: Conversation, analysis: Analysis) -> Judged[Urgency]:
    """The higher of what the words and the model say."""
    by_words = urgency_of(f"{conversation.subject}\n{conversation.newest}")
    said: Urgency = max(analysis.urgency, by_words, key=_URGENCIES.index)
    return Judged(said, _HINTED if said == "normal" else _PLAIN)


def _raised(ruled: Judged[int], told: Judged[int]) -> Judged[int]:
    return told if told.value > ruled.value else ruled


def _category(
    conversation: Conversation,
    analysis: Analysis,
    nearest: Judged[str],
    words: Mapping[SignalName, Heard],
    policy: Policy,
) -> Judged[str]:
    """What the words name, then the model's or the nearest examples', of which the stricter one where the examples are clear.

    Nor does a model that was given orders by the ticket lower what the examples say, however unclear they are.
    """
    if named := _named(conversation, words, policy):
        return named
    nearest = _supported(nearest, words, analysis, policy)
    told = analysis.category if analysis.category.value in policy.categories else Judged("")
    if not told.value:
        return nearest if nearest.sure >= TRUSTED else Judged("")
    if nearest.value == told.value:
        return Judged(told.value, max(told.sure, nearest.sure, _PLAIN), told.words or nearest.words)
    stricter = _tier(nearest.value, policy) > _tier(told.value, policy)
    return nearest if stricter and (nearest.sure >= _CLEAR or _gives_orders(conversation)) else told


def _gives_orders(conversation: Conversation) -> bool:
    said = (conversation.subject, *said_by_customer(conversation))
    return any(speaks_to_a_machine(one) for text in said for one in sentences(text))


def _supported(
    nearest: Judged[str], words: Mapping[SignalName, Heard], analysis: Analysis, policy: Policy
) -> Judged[str]:
    """The nearest category, unless it says "only a person" and nothing else in a language does whose phrases are known.

    A handful of examples has a nearest one for every ticket, and the words of a harmless one may well be theirs.
    """
    strict = (
        _tier(nearest.value, policy) == _PERSON_TIER and analysis.language in PHRASED and nearest.value in PERSON_ONLY
    )
    return Judged("") if strict and nearest.value not in words else nearest


def _named(conversation: Conversation, words: Mapping[SignalName, Heard], policy: Policy) -> Judged[str] | None:
    """A category that is called like something only a person may answer, where the ticket plainly says that; else by the category's own words."""
    for name in PERSON_ONLY & policy.categories.keys():
        if (one := words.get(name)) and one.sure:
            return Judged(name, _PLAIN, one.words)
    text = f"{conversation.subject}\n{conversation.newest}"[:10_000].casefold()
    found = [
        Judged(category, _PLAIN, (word,))
        for category, of in policy.categories.items()
        for word in of.words
        if _stands(word.casefold(), text)
    ]
    return max(found, key=lambda one: _tier(one.value, policy), default=None)


def _stands(word: str, text: str) -> bool:
    """Whether it stands there as a whole word; the first place it is found in may be the middle of another."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            return True
        at = text.find(word, at + 1)
    return False


def _tier(name: str, policy: Policy) -> Tier:
    """The tier of a category, or of the nearest above it that says one."""
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        category: Category | None = policy.categories.get(name)
        if category is None or category.tier is not None:
            return (category.tier if category else None) or 1
        name = category.parent
    return 1
