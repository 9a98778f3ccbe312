"""Drafts that nobody writes: texts that the team has approved, word for word, behind a greeting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.analysis import Analysis
from service.conversation import Conversation
from service.drafting import Draft
from service.languages import greeting
from service.packet_words import packet_words
from service.plaintext import clip, one_line
from service.policy.decision import Decision
from service.policy.document import Policy
from service.policy.values import said
from service.replies import language_name, to_team

_GLOSS_CHARS, _QUESTION_CHARS = 160, 110
_MOST_QUESTIONS = 2


def safe_answer(
    policy: Policy, decision: Decision, conversation: Conversation, analysis: Analysis, *, team_language: str
) -> Draft | None:
    """The approved text that this decision names; None: it names none, or one that the policy in force does not have.

    In the customer's language where that is approved, else in the policy's first language, with a check that says so. For a
    ticket that a person takes over (tier 3) it stands in place of the acknowledgement.
    """
    answer = policy.answers.get(decision.answer)
    if answer is None or not answer.texts:
        return None
    words = packet_words(team_language)
    language = in_language(answer.texts, analysis.language, policy.languages)
    title = said(answer.title, team_language)
    return _approved(
        answer.texts[language],
        conversation,
        language=language,
        wanted=analysis.language,
        team_language=team_language,
        reason=words.approved_titled.format(title=title) if title else words.approved,
        gloss=title or answer.texts.get(team_language, ""),
    )


def incident_draft(
    text: str,
    *,
    language: str,
    title: str,
    conversation: Conversation,
    analysis: Analysis,
    team_language: str,
    asked: Sequence[str] = (),
) -> Draft:
    """The approved status text of a running incident. language: of the text; title: the incident's; asked: what it does not answer."""
    draft = _approved(
        text,
        conversation,
        language=language,
        wanted=analysis.language,
        team_language=team_language,
        reason=packet_words(team_language).status_text,
        gloss=title,
    )
    if language != analysis.language:  # by its words it answers nothing; a check says so already
        return draft
    words = to_team(team_language)
    open_ = [words.unanswered.format(question=clip(one, limit=_QUESTION_CHARS)) for one in asked[:_MOST_QUESTIONS]]
    return replace(draft, checks=(*draft.checks, *open_))


def in_language(texts: Mapping[str, str], wanted: str, languages: Sequence[str]) -> str:
    """Of which language the text is to be: the wanted one, the policy's languages in their order, or whatever there is."""
    return next(language for language in (wanted, *languages, *texts) if texts.get(language))


def _approved(
    text: str,
    conversation: Conversation,
    *,
    language: str,
    wanted: str,
    team_language: str,
    reason: str,
    gloss: str,
) -> Draft:
    said_in, asked_in = (language_name(one, team_language=team_language) for one in (language, wanted))
    foreign = packet_words(team_language).not_approved.format(language=asked_in, other=said_in)
    return Draft(
        text=f"{greeting(language, author=conversation.author)}\n\n{text.strip()}",
        language=language,
        covered=True,
        checks=(foreign,) if wanted and language != wanted else (),
        reason=reason,
        gloss=one_line(gloss, limit=_GLOSS_CHARS) if language != team_language else "",
        writer="approved",
    )
