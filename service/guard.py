"""Between the model and the note: citations become sources, and nothing else of what a model wrote stays live."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from connectors.base import Pool
from service.analysis import Summary
from service.drafting import Citation, Draft
from service.passages import stems, telling
from service.phrases import phrases
from service.plaintext import clip, deadened, defang, one_line, plain
from service.vectors import Found, Passage

__all__ = ["Source", "clean", "clean_summary", "defang", "nearest", "resolve"]

MAX_DRAFT = 8_000  # characters; twice the longest reply a person sends
MAX_LINE = 300
MAX_SUPPORTS = 120
MAX_TITLE = 100
MAX_QUOTE = 140
MAX_CHECKS = 6
MAX_SOURCES = 5
SHINGLE = 8  # consecutive words of an internal passage that count as quoting it
_SHARED, _MOST_ASKED, _FEWEST = 0.25, 12, 2  # of a question's words, in one sentence and the title
SHORTEST_QUOTE = 5  # words; an internal passage of fewer is too common to recognise

IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)|\[[^\[\]\n]{0,100}\])?")
LINK = re.compile(r"\[([^\[\]\n]{0,300})\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)?)[^()\n]*\)")
REFERENCE_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,100}\]")
DEFINITION = re.compile(r"^[ ]{0,3}\[[^\[\]\n]{1,100}\]:[ ]*\S.*$", re.MULTILINE)
PIPE_LINK = re.compile(r"<[a-z][a-z0-9+.-]*:[^|<>\s]*\|([^<>\n]{0,300})>", re.IGNORECASE)
CITATION_MARK = re.compile(
    r"[ \u00a0]?(?:\[(?:(?:source|passage|quelle|fuente)s?[ ]*)?\d{1,2}(?:[ ]?[,;–-][ ]?\d{1,2})*\]|【\d[^【】\n]{0,40}】)",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？]+[\"'”’»)]*(?=\s+[^\s\W]|\s*$)|$)")
LIST_MARK = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+")


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

    @property
    def for_customers(self) -> bool:
        """Whether its address may stand in a draft: a macro or a ticket has no page that a customer can open."""
        return bool(self.url) and not self.internal and self.pool == "article"


def resolve(
    draft: Draft, passages: Sequence[Found], *, language: str = "en", max_chars: int = MAX_DRAFT
) -> tuple[Draft, tuple[Source, ...]]:
    """Turn a model's draft into one that may stand in a note, and its numbers into sources, public ones first.

    passages: those given to the writer, in its order. language: the team's, for added checks.
    - A number that was not given is dropped and counted; passages of one article become one source.
    - The text keeps no link, image or address but the exact one of a cited public source, and no citation marks.
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
    sources = _sources((passages[c.number - 1].passage, c.supports) for c in known)
    allowed = {source.url for source in sources if source.for_customers}

    unlinked, links = _without_markdown(plain(draft.text, limit=max_chars), allowed)
    unmarked = CITATION_MARK.sub("", unlinked)  # before defanging: "evil[1].example" becomes an address by it
    text = defang(unmarked, allowed)
    addresses = links > 0 or deadened(unmarked, text)
    text, quoted = _without_internal(_tidy(text), passages)

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
                passage.article, (foreign, replace(source, quote=source.quote and clean(line, limit=MAX_QUOTE)))
            )
    return _numbered(source for _, source in sorted(shown.values(), key=lambda pair: pair[0]))[:limit]


def _best_line(passage: Passage, asked: AbstractSet[int]) -> tuple[int, str]:
    """The line that shares most words with a question, and how many. Words of the title count as said in each."""
    title = stems(passage.title, language=passage.language)
    shared = [(len(asked & (title | stems(line, language=passage.language))), line) for line in _lines(passage.text)]
    return max(shared, key=lambda pair: pair[0], default=(0, ""))


def clean(text: str, allowed_urls: Collection[str] = (), *, limit: int = MAX_LINE) -> str:
    """One line of a model's prose (reason, check, gloss) without links, marks or anything live."""
    line, _ = _without_markdown(one_line(text, limit=limit), allowed_urls)
    return " ".join(defang(CITATION_MARK.sub("", line), allowed_urls).split())


def clean_summary(summary: Summary) -> Summary:
    """A summary of the ticket without anything live. Call it before restoring the ticket's own values."""
    return replace(
        summary,
        problem=clean(summary.problem, limit=600),
        tried=tuple(line for text in summary.tried[:8] if (line := clean(text))),
        open=tuple(line for text in summary.open[:8] if (line := clean(text))),
    )


def _sources(cited: Iterable[tuple[Passage, str]]) -> tuple[Source, ...]:
    return _numbered(sorted(_by_article(cited), key=lambda source: source.internal))[:MAX_SOURCES]


def _by_article(cited: Iterable[tuple[Passage, str]]) -> list[Source]:
    """One source per article; what its passages support is joined."""
    found: dict[str, Source] = {}
    for passage, supports in cited:
        said = clean(supports, limit=MAX_SUPPORTS)
        earlier = found.get(passage.article)
        if earlier is None:
            found[passage.article] = _source(passage, said)
        elif said and said not in earlier.supports:
            joined = f"{earlier.supports}; {said}" if earlier.supports else said
            found[passage.article] = replace(earlier, supports=clip(joined, limit=MAX_SUPPORTS))
    return list(found.values())


def _source(passage: Passage, supports: str) -> Source:
    return Source(
        number=0,
        title=defang(one_line(passage.title, limit=MAX_TITLE), ()) or "?",
        url=_web_address(passage.url),
        supports=supports,
        internal=passage.audience != "public",
        # a past ticket is another person's: the agent may open it, the note never repeats it
        quote="" if passage.pool == "ticket" else clean(_beginning(passage.text), limit=MAX_QUOTE),
        pool=passage.pool,
        ticket=passage.ticket,
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


def _web_address(url: str) -> str:
    """`url` where it is a plain web address, else nothing: the index holds what an author wrote."""
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username
    except ValueError:
        return ""
    plain_web = parts.scheme in ("http", "https") and host and not user and "@" not in parts.netloc
    return url if plain_web and not re.search(r"[\s\x00-\x20\x7f\"'<>\\`{}]", url) else ""


def _without_markdown(text: str, allowed: Collection[str]) -> tuple[str, int]:
    """`text` without Markdown's links and images, and how many went; a link to an allowed address keeps the address."""

    def link(found: re.Match[str]) -> str:
        label, url = found[1].strip(), found[2]
        if url in allowed:
            return url if label in ("", url) else f"{label} ({url})"
        return "" if label.isdigit() else label

    removed = 0
    for pattern, instead in ((IMAGE, ""), (DEFINITION, ""), (LINK, link), (REFERENCE_LINK, r"\1"), (PIPE_LINK, r"\1")):
        kept = sum(1 for url in LINK.finditer(text) if url[2] in allowed) if pattern is LINK else 0
        text, count = pattern.subn(instead, text)
        removed += count - kept
    return text, removed


def _without_internal(text: str, passages: Sequence[Found]) -> tuple[str, int]:
    """`text` without the sentences that quote an internal passage, and how many went. Public wording stays free."""
    quoted = _quotes(
        text,
        internal=[_words(found.passage.text) for found in passages if found.passage.audience != "public"],
        public=[_words(found.passage.text) for found in passages if found.passage.audience == "public"],
    )
    if not quoted:
        return text, 0
    kept, removed, start = [], 0, 0
    for line in text.split("\n"):
        mark = LIST_MARK.match(line)
        head = mark[0] if mark else ""
        sentences = [(s[0], start + s.start(), start + s.end()) for s in SENTENCE.finditer(line, len(head))]
        stay = [s for s, begin, end in sentences if not any(a < end and b > begin for a, b in quoted)]
        removed += len(sentences) - len(stay)
        if stay or not sentences:
            kept.append(head + " ".join(stay))
        start += len(line) + 1
    return _tidy("\n".join(kept)), removed


def _quotes(text: str, *, internal: Sequence[list[str]], public: Sequence[list[str]]) -> list[tuple[int, int]]:
    """Where `text` repeats SHINGLE words of an internal passage (a shorter one: all of it) that no public one says."""
    at = list(re.finditer(r"\w+", text))
    words = [word[0].casefold() for word in at]
    found = []
    for size in {min(SHINGLE, len(passage)) for passage in internal if len(passage) >= SHORTEST_QUOTE}:
        secret = {
            s for passage in internal if size == SHINGLE or len(passage) == size for s in _shingles(passage, size)
        }
        free = {s for passage in public for s in _shingles(passage, size)}
        found += [
            (at[i].start(), at[i + size - 1].end())
            for i, shingle in enumerate(_shingles(words, size))
            if shingle in secret and shingle not in free
        ]
    return found


def _words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"\w+", text)]


def _shingles(words: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def _tidy(text: str) -> str:
    """`text` without the gaps that removals leave."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ ]+$", "", text, flags=re.MULTILINE)).strip()
