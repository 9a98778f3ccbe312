"""Which addresses may stand in a draft: those of cited articles, and what stands in one and leads to an allowed host."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import urlsplit

from service.vectors import Passage

MAX_LINKS = 40  # of one article
MAX_LINK = 500  # characters

_IN_TEXT = re.compile(r"(?<![A-Za-z0-9+.:/@\-])https?://[^\s<>\"]++")
_TRAIL = ".,;:!?)]}'\u2019\u201c\u201d\u00bb\u2026*_"
_HOST = re.compile(r"https?://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})(?=[/?#]|\Z)")
"""Nothing but a name: no other case, port, user, percent sign, final dot or letter that only looks like one of these."""

IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)|\[[^\[\]\n]{0,100}\])?")
LINK = re.compile(r"\[([^\[\]\n]{0,300})\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)?)[^()\n]*\)")
REFERENCE_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,100}\]")
DEFINITION = re.compile(r"^[ ]{0,3}\[[^\[\]\n]{1,100}\]:[ ]*\S.*$", re.MULTILINE)
PIPE_LINK = re.compile(r"<[a-z][a-z0-9+.-]*:[^|<>\s]*\|([^<>\n]{0,300})>", re.IGNORECASE)


def web_address(url: str) -> str:
    """`url` where it is a plain web address, else nothing: the index holds what an author wrote."""
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username
    except ValueError:
        return ""
    plain_web = parts.scheme in ("http", "https") and host and not user and "@" not in parts.netloc
    return url if plain_web and not re.search(r"[\s\x00-\x20\x7f\"'<>\\`{}]", url) else ""


def kept_links(targets: Iterable[str]) -> tuple[str, ...]:
    """Of an article's link targets those that a passage carries: web addresses, each once, the first MAX_LINKS."""
    plain = (target for target in targets if len(target) <= MAX_LINK and web_address(target))
    return tuple(dict.fromkeys(plain))[:MAX_LINKS]


def passable(passage: Passage, hosts: Sequence[str]) -> tuple[str, ...]:
    """The addresses that stand in a public article and lead to one of `hosts` ("status.example.com", "*.example.com").

    Exactly as they stand there: a draft that writes one otherwise has written another one.
    """
    if not hosts or passage.audience != "public" or passage.pool != "article":
        return ()
    written = (address[0].rstrip(_TRAIL) for address in _IN_TEXT.finditer(passage.text))
    return tuple(link for link in kept_links((*passage.links, *written)) if _leads_to(link, hosts))


def _leads_to(link: str, hosts: Sequence[str]) -> bool:
    found = _HOST.match(link)
    if found is None:
        return False
    host = found[1]
    return any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in hosts)


def without_markdown(text: str, allowed: Collection[str]) -> tuple[str, int]:
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
