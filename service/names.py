"""Names of people and companies: their parts, and how a person is greeted. Pure."""

from __future__ import annotations

import re

from connectors.base import Person


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    "mr mrs ms miss mx dr prof professor sir madam herr frau fr hr monsieur madame mme mlle m señor señora sr sra srta don doña signor"
    " signora sig dott dottor dottoressa ing dipl dhr mevr mw meneer mevrouw senhor senhora eng phd md jr sr. ii iii"
)
_PARTICLES = _words(
    "van von der den de di da del della dos das do du la le el al bin ibn ter ten zu zum zur af av und and the y e"
)
_COMPANY = re.compile(
    r"\b(?:gmbh|ag|kg|ohg|ug|e\.?v|inc|llc|ltd|limited|corp|corporation|company|co|plc|s\.?a\.?r?\.?l?|s\.?l\.?|s\.?r\.?l|s\.?p\.?a|b\.?v"
    r"|n\.?v|lda|ltda|oy|ab|aps|a/s|support|team|service|services|info|kontakt|contact|sales|vertrieb|office|büro|admin|administrator"
    r"|billing|buchhaltung|accounting|help|helpdesk|hello|hallo|mail|no-?reply|noreply|newsletter|shop|store|hotel|group|gruppe|agency"
    r"|agentur|studio|clinic|klinik|praxis|school|schule|university|universität|customer|kunde|client|user|guest|anonymous|unknown"
    r"|purchasing|einkauf|marketing|hr|it|web|webmaster|postmaster|bot|mailer-daemon)\b",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"[\s,]+(?:gmbh(?: & co\.? kg)?|ag|kg|ohg|ug|e\.\s?v\.?|inc\.?|llc|ltd\.?|limited|corp\.?|corporation|co\.?|plc|s\.?a\.?|s\.?a\.?r\.?l\.?"
    r"|s\.?l\.?|s\.?r\.?l\.?|s\.?p\.?a\.?|b\.?v\.?|n\.?v\.?|lda\.?|ltda\.?|oy|ab|aps|a/s|se|sas)$",
    re.IGNORECASE,
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:-[^\W\d_]+(?:['’][^\W\d_]+)*)*")
_STRANGE = re.compile(r"[\d@<>{}\[\]/\\|_=:;!?#$%&*\"]")
_WORDS = _words(
    "will mark may june april august grace hope rose bill art frank rich faith joy ivy dawn summer autumn chance chase drew grant guy jack"
    " max pat rob skip sue wade ward wells woods young long short brown black white green gray grey king page price rice field fields"
    " banks bush cook day west north stone wood wolf fox hand head case cash best good love lord major bishop baker cooper hunter miller"
    " porter potter taylor turner walker clay cliff dean lance lane miles penny ruby sage sky star storm sunny van violet"
    " sommer winter herbst klein groß gross kurz lang neu alt schwarz weiß weiss braun roth rot koch vogel kaiser könig richter schön stark"
    " frei fuchs hahn stein berg bach busch graf herr ernst horn engel bauer jäger zimmer petit grand blanc noir roux rosa luz sol paz"
    " mar angel flores campos costa chiara pinto"
)
"""Names that are words too: at the beginning of a sentence they are taken for the word."""


def is_word(name: str) -> bool:
    """True for a name that may as well be an ordinary word."""
    return name.lower() in _WORDS


def name_parts(name: str) -> list[str]:
    """First, middle and last names of a person, of three letters and more; nothing for companies and sentences."""
    if _is_no_person(name):
        return []
    words = _WORD.findall(name)
    if len(words) > 6:
        return []
    parts = [word for word in words if word.lower() not in _TITLES and word.lower() not in _PARTICLES]
    return [part for word in parts for part in dict.fromkeys((word, *word.split("-"))) if len(part) >= 3]


def greeting_name(person: Person) -> str:
    """How a person is greeted: the first name; "" for an address, a company, a mailbox, initials or a title only."""
    words = _in_order(" ".join(person.name.split())).split()
    given = [word for word in words if word.strip(".").lower() not in _TITLES]
    if not given or len(words) > 5 or _is_no_person(" ".join(words)):
        return ""
    first = given[0].strip(".,'’()-")
    titled = len(given) == 1 and len(words) > 1  # "Mr Smith": the first name is not there
    mailbox = len(words) == 1 and first.islower() and first == person.email.partition("@")[0].lower()
    unclear = len(words) == 1 and _UNSPACED.search(first)  # family and given name stand together
    if titled or mailbox or unclear or len(first) < 2 or first.lower() in _PARTICLES or not _WORD.fullmatch(first):
        return ""
    if first.islower() or (first.isupper() and len(first) > 2):
        return "-".join(part.capitalize() for part in first.split("-"))
    return first


def _in_order(name: str) -> str:
    """Given name first: "Roca, Ana" becomes "Ana Roca"."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first and not _LEGAL.search(name) else name


def _is_no_person(name: str) -> bool:
    return len(name) > 60 or bool(_STRANGE.search(name) or _COMPANY.search(name) or re.search(r"\w\.\w", name))


def organization_names(name: str) -> list[str]:
    """How a company is called: with and without its legal form."""
    name = " ".join(name.split())
    short = _LEGAL.sub("", name)
    return [form for form in dict.fromkeys((name, short)) if len(form) >= 3]


def alone(text: str, start: int, end: int) -> bool:
    """True where nothing but punctuation stands on the line beside these characters."""
    before = text[max(0, text.rfind("\n", 0, start)) : start] if start - text.rfind("\n", 0, start) < 12 else "x"
    line_end = text.find("\n", end, end + 12)
    after = text[end : line_end if line_end >= 0 else end + 12]
    return not before.strip(" \t\r\n-–—~*.,") and not after.strip(" \t\r-–—~*.,!:)")
