"""What a customer asks that the status text does not answer: kept for the report, so that the next text says it. Pure."""

from __future__ import annotations

from service.passages import stems, telling
from service.questions import apart, questions, sentences
from service.traces import asked

_ANSWERED = 0.5  # of the telling words of a question that stand in the text
_MOST = 5  # questions of one message


def unanswered(message: str, text: str, *, language: str) -> tuple[str, ...]:
    """Questions of a message (masked) of whose telling words the text holds less than half, as they may be kept.

    text: the status text, in whatever language; one in another language than the message answers nothing by its words, and
    all questions are kept. language: the message's.
    """
    open_ = [one for one in apart(questions(sentences(message))) if not _says(text, one, language)]
    return tuple(dict.fromkeys(asked(one) for one in open_))[:_MOST]


def _says(text: str, question: str, language: str) -> bool:
    """Whether the text holds enough of its telling words; "how long will it take?" has none, so all of its words count."""
    words = telling if telling(question, language=language) else stems
    meant = words(question, language=language)
    return len(meant & words(text, language=language)) >= _ANSWERED * len(meant)
