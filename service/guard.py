"""Between the model and the note: citations become sources, and nothing else of what a model wrote stays live."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from connectors.base import Pool
from service.analysis import Summary
from service.drafting import Citation, Draft
from service.links import passable, web_address, without_markdown
from service.passages import stems, telling
from service.phrases import phrases
from service.plaintext import clip, deadened, defang, emails_in, one_line, plain
from service.vectors import Found, Passage
from service.verbatim import LIST_MARK, SENTENCE, SHINGLE, SHORTEST_QUOTE, tidy, without_internal
from service.withheld import without_private

__all__ = ["Source", "clean", "clean_summary", "defang", "nearest", "resolve", "words_alone"]

MAX_DRAFT = 8_000  # characters; twice the longest reply a person sends
MAX_LINE = 300
MAX_SUPPORTS = 120
MAX_TITLE = 100
MAX_QUOTE = 140
MAX_CHECKS = 6
MAX_SOURCES = 5
_SHARED, _MOST_ASKED, _FEWEST = 0.25, 12, 2  # of a question's words, in one sentence and the title

CITATION_MARK = re.compile(
    r"[ \u00a0]?(?:\[(?:(?:source|passage|quelle|fuente)s?[ ]*)?\d{1,2}(?:[ ]?[,;–-][ ]?\d{1,2})*\]|【\d[^【】\n]{0,40}】)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """What stands behind a draft, as the note lists it. `url`: http(s) or empty. All texts are harmless."""

    number: int  # 1-based, in the order of the note's list
    title: str
    url: str = ""
    supports: str = ""  # what of the draft it supports, in the team's language
    internal: bool = False  # not for quoting
    quote: str = ""  # how the passage begins
    pool: Pool = "article"
    ticket: str = ""  # number of a solved ticket
    lesson: str = ""  # number of an approved lesson
    links: tuple[str, ...] = ()  # addresses that stand in it and lead to allowed hosts

    @property
    def for_customers(self) -> bool:
        """Whether its address may stand in a draft: a macro or a ticket has no page that a customer can open."""
        return bool(self.url) and not self.internal and self.pool == "article"

    @property
    def quotable(self) -> tuple[str, ...]:
        """The addresses that may stand in a draft because of it."""
        return (*([self.url] if self.for_customers else []), *self.links)


def resolve(
    draft: Draft,
    passages: Sequence[Found],
    *,
    language: str = "en",
    max_chars: int = MAX_DRAFT,
    hosts: Sequence[str] = (),
) -> tuple[Draft, tuple[Source, ...]]:
    """Turn a model's draft into one that may stand in a note, and its numbers into sources, public ones first.

    passages: those given to the writer, in its order. language: the team's, for added checks. hosts: see links.passable.
    - A number that was not given is dropped and counted; passages of one article become one source.
    - The text keeps no link, image or address but the exact one of a cited public source, or one that stands in it and leads
      to an allowed host; no e-mail address but those of a cited public passage; no citation marks.
    - A sentence that quotes an internal passage is removed, and a check says so.
    - `covered` without a valid citation, or without text, becomes uncovered: the text is dropped, the reason says why.
    """
    words = phrases(language)
    cited: dict[int, Citation] = {}
    for citation in draft.citations:
        if 1 <= citation.number <= len(passages):
            cited.setdefault(citation.number, citation)
    known = tuple(cited.values())
    dropped = draft.dropped_citations + sum(1 for c in draft.citations if not 1 <= c.number <= len(passages))
    sources = _sources(((passages[c.number - 1].passage, c.supports) for c in known), hosts)
    allowed = {address for source in sources for address in source.quotable}

    unlinked, links = without_markdown(plain(draft.text, limit=max_chars), allowed)
    unmarked = CITATION_MARK.sub("", unlinked)  # before defanging: "evil[1].example" becomes an address by it
    text = defang(unmarked, allowed, contacts=contacts(passages[c.number - 1].passage for c in known))
    addresses = links > 0 or deadened(unmarked, text)
    text, quoted = without_internal(tidy(text), passages)

    added = [words.addresses_removed] * addresses + [words.internal_removed] * (quoted > 0)
    added += [words.draft_cut] * (len(draft.text) > max_chars)
    checks = tuple(line for check in draft.checks[:MAX_CHECKS] if (line := clean(check, allowed)))
    safe = replace(
        draft,
        text=text,
        citations=known,
        checks=(*added, *checks),
        reason=clean(draft.reason, allowed),
        gloss=clean(draft.gloss, allowed),
        dropped_citations=dropped,
    )
    if draft.covered and not known:
        return replace(safe, covered=False, text="", gloss="", checks=(), reason=words.citations_invalid), ()
    if quoted and len(text.split("\n\n")) < 2 and len(text.split()) < SHINGLE:  # at most the greeting is left
        return replace(safe, covered=False, text="", gloss="", checks=(), reason=words.nothing_left), sources
    return (safe if text else replace(safe, covered=False)), sources


def nearest(passages: Sequence[Found], *, query: str = "", language: str = "", limit: int = 3) -> tuple[Source, ...]:
    """Passages to show where nothing is cited, best first, one per article, each with the sentence that suits the query.

    language: the customer's; passages in it come first, and others only with more in common. Without a query: all of them,
    each with its first lines.
    """
    if not query:
        return _numbered(_by_article((found.passage, "") for found in passages))[:limit]
    shown: dict[str, tuple[bool, Source]] = {}
    for passage in (found.passage for found in passages):
        foreign = passage.language not in ("", language)
        asked = telling(query, language=passage.language)
        shared, line = _best_line(passage, asked)
        enough = max(_SHARED * min(len(asked), _MOST_ASKED), min(_FEWEST, len(asked)))  # one word of many is chance
        if asked and shared >= enough + foreign:
            source = _source(passage, "")
            shown.setdefault(
                passage.article,
                (foreign, replace(source, quote=source.quote and without_private(clean(line, limit=MAX_QUOTE)))),
            )
    return _numbered(source for _, source in sorted(shown.values(), key=lambda pair: pair[0]))[:limit]


def _best_line(passage: Passage, asked: AbstractSet[int]) -> tuple[int, str]:
    """The line that shares most words with a question, and how many. Words of the title count as said in each."""
    title = stems(passage.title, language=passage.language)
    shared = [(len(asked & (title | stems(line, language=passage.language))), line) for line in _lines(passage.text)]
    return max(shared, key=lambda pair: pair[0], default=(0, ""))


def clean(text: str, allowed_urls: Collection[str] = (), *, limit: int = MAX_LINE) -> str:
    """One line of a model's prose (reason, check, gloss) without links, marks or anything live."""
    line, _ = without_markdown(one_line(text, limit=limit), allowed_urls)
    return " ".join(defang(CITATION_MARK.sub("", line), allowed_urls).split())


def words_alone(text: str, *, limit: int) -> str:
    """A model's text without Markdown's links and images and without citation marks: what a note can show of it at most."""
    return CITATION_MARK.sub("", without_markdown(plain(text, limit=limit), ())[0])


def clean_summary(summary: Summary) -> Summary:
    """A summary of the ticket without anything live. Call it before restoring the ticket's own values."""
    return replace(
        summary,
        problem=clean(summary.problem, limit=600),
        tried=tuple(line for text in summary.tried[:8] if (line := clean(text))),
        open=tuple(line for text in summary.open[:8] if (line := clean(text))),
    )


def contacts(cited: Iterable[Passage]) -> frozenset[str]:
    """The e-mail addresses that the team itself publishes."""
    public = (passage for passage in cited if passage.audience == "public" and passage.pool != "ticket")
    return emails_in("\n".join(passage.text for passage in public))


def _sources(cited: Iterable[tuple[Passage, str]], hosts: Sequence[str]) -> tuple[Source, ...]:
    return _numbered(sorted(_by_article(cited, hosts), key=lambda source: source.internal))[:MAX_SOURCES]


def _by_article(cited: Iterable[tuple[Passage, str]], hosts: Sequence[str] = ()) -> list[Source]:
    """One source per article; what its passages support is joined, and the links that stand in them."""
    found: dict[str, Source] = {}
    for passage, supports in cited:
        said = clean(supports, limit=MAX_SUPPORTS)
        links = passable(passage, hosts)
        earlier = found.get(passage.article)
        if earlier is None:
            found[passage.article] = replace(_source(passage, said), links=links)
            continue
        if said and said not in earlier.supports:
            joined = f"{earlier.supports}; {said}" if earlier.supports else said
            earlier = replace(earlier, supports=clip(joined, limit=MAX_SUPPORTS))
        found[passage.article] = replace(earlier, links=tuple(dict.fromkeys((*earlier.links, *links))))
    return list(found.values())


def _source(passage: Passage, supports: str) -> Source:
    return Source(
        number=0,
        title=defang(one_line(passage.title, limit=MAX_TITLE), ()) or "?",
        url=web_address(passage.url),
        supports=supports,
        internal=passage.audience != "public",
        # a past ticket is another person's: the agent may open it, the note never repeats it
        quote="" if passage.pool == "ticket" else clean(_beginning(passage.text), limit=MAX_QUOTE),
        pool=passage.pool,
        ticket=passage.ticket,
        lesson=passage.lesson,
    )


def _beginning(text: str) -> str:
    """The first lines that say something: a heading alone does not, a list that follows is cut off."""
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    said = next((number for number, line in enumerate(lines, start=1) if len(line.split()) >= SHINGLE), 1)
    return " ".join(lines[:said])


def _lines(text: str) -> list[str]:
    """Sentences and items of lists that say something; no headings, no tables."""
    rows = [row for row in text.split("\n") if not row.startswith("#") and "|" not in row]
    rows = [row[mark.end() :] if (mark := LIST_MARK.match(row)) else row for row in rows]
    lines = [sentence[0].strip() for row in rows for sentence in SENTENCE.finditer(row)]
    return [line for line in lines if len(line.split()) >= SHORTEST_QUOTE] or lines


def _numbered(sources: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(replace(source, number=number) for number, source in enumerate(sources, start=1))
