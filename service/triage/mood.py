"""How a customer feels in each of their messages, and how that moved over the thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from re import Pattern
from typing import Final, get_args

from service.moods import Sentiment, mood_words, sentiment_of
from service.triage.cues import READ_CHARS, compiled

LEVELS: Final[tuple[Sentiment, ...]] = get_args(Sentiment)
"""angry 0, unhappy 1, neutral 2, content 3, happy 4."""

_ANGRY: Final = """
(what|such) a (joke|farce|disgrace|shambles)
(thanks|thank you) for nothing
(you've|you have) managed
(got|have) to be kidding
are you (kidding|serious|joking)
(fed up|sick and tired|had enough|had it|lost (all )?patience|beyond (a joke|belief)|disgusting|appalling|shameful|shocking|incompetent|idiots|liars|thieves|clowns|bloody|damn|wtf|hell)
(hiermit|danke) für nichts
(ganz )?großes kino
(mir|uns) reicht('s| es| das)
(habe|hab) (die )?(nase|schnauze) voll
(frech|frechheit|dreist|lächerlich|unverschämt|lachhaft|armselig|peinlich für|saftladen|sauhaufen|saustall|schweinerei|verarsch*|verdammt*|scheiß*|beschissen|kotzt|idioten|lügner|inkompeten*|hohn|wucher)
(kann|soll|will) (das )?nicht (ihr|euer) ernst
(einmal mit profis|bravo|applaus|glückwunsch) ... (ihr|sie|habt|haben|geschafft)
"""
_UNHAPPY: Final = """
(not|never) (good enough|impressed|pleased|amused|what i|acceptable|ok|okay)
(disappoint*|annoy*|upset*|sad|sadly|worried|worry*|unfortunately|frustrat*|regret*|tired of|ashamed|embarrass*|rude|unfriendly|let down|pity|poor)
(wrong|overcharged|twice|too late|missing|still|unfair|unacceptable|waste of|complain*|broken promise*)
(why (is|was|do|did|am|are)|how (hard|difficult)) ... (charged|billed|so|again|pay)
(enttäusch*|ärger*|schade|leider|traurig|sorge*|unfreundlich|unzufrieden*|nerv*|frust*|genervt|bedauerlich|unfair|ungerecht|verärgert|unverständlich|armutszeugnis|beschwer*|zumutung|fürchte)
(stimmt|passt|geht|kann|verstehe) ... (nicht|nicht sein)
(was (bitte|soll)|wieso|warum) ... (ist|soll|wird|wurde|werde)
(zweimal|doppelt|zu spät|falsch*|immer noch|fehlt|fehlen)
"""


@dataclass(frozen=True, slots=True)
class Mood:
    """Of the newest message. shift: in levels since the best of the earlier ones. words: that it rests on, where there are any."""

    level: int
    shift: int = 0
    words: tuple[str, ...] = ()

    @property
    def sentiment(self) -> Sentiment:
        """By its name."""
        return LEVELS[self.level]


def mood_over(texts: Sequence[str]) -> Mood:
    """The mood of the last of these messages of a customer, oldest first, and its shift."""
    if not texts:
        return Mood(LEVELS.index("neutral"))
    *earlier, (level, words) = [told(text) for text in texts]
    best = max((one for one, _ in earlier), default=level)
    return Mood(level, level - best, words)


def told(text: str) -> tuple[int, tuple[str, ...]]:
    """Level of one message, and the words that say so."""
    level = LEVELS.index(sentiment_of(text))
    angry, unhappy = _patterns()
    shown = " ".join(text[:READ_CHARS].replace("’", "'").split())
    for mood, pattern in (("angry", angry), ("unhappy", unhappy)):
        found = pattern.search(shown) if level > LEVELS.index(mood) else None
        if found and (level <= LEVELS.index("neutral") or mood == "angry"):
            return LEVELS.index(mood), (found[0][:80],)
    words = mood_words(text)
    return level, (words,) if words else ()


@cache
def _patterns() -> tuple[Pattern[str], Pattern[str]]:
    return compiled(_ANGRY.splitlines()), compiled(_UNHAPPY.splitlines())
