"""What a reply must not promise by itself: money back, legal positions, dates. English, German, French and Spanish.

A sentence counts where its words commit ("we will", "garantiert", a future tense) and name what is promised, and no cited
public passage says the same. Patterns are the team's reminder to look, not a proof: what is put in other words is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from service.groups import Promise
from service.knowledge.amounts import amounts_in
from service.passages import telling
from service.vectors import Passage
from service.verbatim import sentences

_SAME = 0.5  # of a sentence's telling words, in a passage that speaks of the same kind of promise
_LONGEST = 600  # characters of a sentence that are looked at

_COMMITS = re.compile(
    r"(?:\b(?:will|shall|guarantee[ds]?|promised?|going to|entitled|eligible|assured?|confirm(?:ed)?)\b|['’]ll\b"
    r"|\b(?:have|has|['’]ve|am|are|is|['’]re|['’]m) (?:been |already |now |now been |hereby )?(?:issu|refund|credit|approv|arrang|process|offer|compensat|waiv)\w+"
    r"|\b(?:you|customers) (?:can )?(?:get|receive|have)\b|\bcan (?:offer|refund|give|issue|credit)\b|\bwe (?:offer|refund|issue|credit|accept|waive|compensate)\b"
    r"|\b(?:wird|werden?|garantier\w*|versprech\w*|versprochen|zusichern|zugesichert|zusagen|zugesagt|bekommen|erhalten|haben wir|wir haben)\b"
    r"|\bwir (?:erstatten|zahlen|überweisen|gewähren|haften|übernehmen|liefern|melden|schreiben|schicken|senden|erledigen|sichern|sorgen)\b"
    r"|\b\w{3,}r(?:ai|as|a|ons|ez|ont)\b|\b(?:garanti\w*|prom(?:is|et)\w*|assur\w+|allons|vais|va|avons|pouvez|avez)\b|\bnous (?:vous )?(?:rembours|dédommag|indemnis)\w+"
    r"|\b\w{2,}r(?:é|ás|á|emos|éis|án)\b|\b(?:garantiz\w+|prometemos|prometo|prometid\w+|vamos a|voy a|van? a|recib\w+|hemos|aseguramos|tiene)\b"
    r"|\b(?:le|les|te) (?:reembols|devolv|compens|indemniz)\w+)",
    re.IGNORECASE,
)
_MONTH = (
    r"jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s)|märz|apr(?:il)?|avril|may|mai|june?i?|juin|jul[iy]|juillet|aug(?:ust)?|août"
    r"|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    r"|septiembre|octubre|noviembre|diciembre"
)
_DAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|lundi|mardi|mercredi|jeudi"
    r"|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
)
_UNIT = (
    r"minutes?|hours?|(?:(?:working|business|calendar) )?days?|weeks?|months?|minuten?|stunden?|(?:werk|arbeits|kalender)?tage?n?|wochen?|monate?n?|heures?|jours?"
    r"|semaines?|mois|minutos?|horas?|días?|semanas?|mes(?:es)?"
)
_SPAN = rf"(?:\S{{1,14}}\s){{0,3}}?\S{{1,14}}(?:\s?(?:-|–|to|bis|à|a)\s?\S{{1,14}})?\s(?:{_UNIT})\b"
_TOPICS: Mapping[Promise, re.Pattern[str]] = {
    "refund": re.compile(
        r"\brefund|\breimburs|\bmoney back\b|\bcompensat|\bstore credit\b|\bcredit note\b|\bgoodwill\b|\bfree of charge\b|\bdiscount"
        r"|erstatt|\bgeld zurück\b|gutschrift|gutschein|entschädig|kulanz|rückzahl|\bkostenlos|\brabatt"
        r"|\brembours|\bdédommag|\bindemnis|\bgeste commercial\b|\bgratuit|\bremise\b"
        r"|\breembols|\bdevoluci|\bdevolver\w* (?:el|su|todo|la)\b|\bindemniz|\bcompensa|\babon(?:o|ar)|\bgratis\b|\bgratuit|\bdescuento",
        re.IGNORECASE,
    ),
    "legal": re.compile(
        r"\bliab(?:le|ility)\b|\blegal|\bby law\b|\blawsuit|\bstatutory\b|\bin court\b|\bbreach of contract\b|\bdamages\b|\bgdpr\b|\bwarrant(?:y|ies)\b|\byour rights?\b"
        r"|\bhaft(?:en|et|ung|bar)|rechtlich|gesetzlich|rechtsanspruch|\banspruch auf\b|\bschadens?ersatz|gewährleist|\bvor gericht\b|gerichtlich|\bdsgvo\b|vertragsbruch"
        r"|\bresponsabilité\b|\blégal|\bjuridi|\bla loi\b|\bdommages(?:-| et )intérêts|\btribuna|\brgpd\b|\bvotre droit\b|\bdroit (?:à|au|de)\b"
        r"|\bresponsabilidad\b|\bjurídic|\bpor ley\b|\bla ley\b|\bdaños y perjuicios\b|\bderecho a\b|\bgarantía legal\b",
        re.IGNORECASE,
    ),
    "date": re.compile(
        rf"\b(?:{_DAY})\b|\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}\.\d{{1,2}}\.(?:\d{{4}}|\d\d)?(?![\d.])|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:of\s|de\s)?(?:{_MONTH})\b|\b(?:{_MONTH})\s\d{{1,2}}\b"
        r"|\b(?:today|tonight|tomorrow|next (?:week|month)|(?:the )?end of (?:the |this |next )?(?:day|week|month))\b"
        r"|\b(?:heute|morgen|übermorgen|nächste[rn]? (?:woche|monat)|ende (?:der|dieser|nächster|des|nächsten) (?:woche|monats))\b"
        r"|\b(?:aujourd['’]hui|demain|ce soir|(?:la semaine|le mois) prochaine?|(?:la )?fin (?:de la semaine|du mois|de semaine))\b"
        r"|\b(?:hoy|mañana|(?:la próxima semana|el próximo mes)|la semana que viene|(?:final(?:es)?|fin) de(?: la)? (?:semana|mes))\b"
        rf"|\b(?:within|in|inside|innerhalb|binnen|sous|dans|d['’]ici|en|dentro de)\s{_SPAN}",
        re.IGNORECASE,
    ),
}


def promised(
    text: str, kinds: Sequence[Promise], cited: Sequence[Passage], *, language: str
) -> Iterator[tuple[Promise, str]]:
    """The first sentence of each kind that promises what no cited public passage says. language: the draft's. Linear."""
    public = [passage for passage in cited if passage.audience == "public" and passage.pool != "ticket"]
    said = [one for one in sentences(text) if _COMMITS.search(one[:_LONGEST]) and one.rstrip()[-1:] not in "?？"]
    for kind in kinds:
        named = (one for one in said if _TOPICS[kind].search(one[:_LONGEST]))
        found = next((one for one in named if not _backed(one[:_LONGEST], kind, public, language=language)), None)
        if found is not None:
            yield kind, found


def _backed(sentence: str, kind: Promise, passages: Sequence[Passage], *, language: str) -> bool:
    if kind == "date":
        return all(_dated(named[0], passages) for named in _TOPICS[kind].finditer(sentence))
    amounts, words = amounts_in(sentence), telling(sentence, language=language)
    for passage in passages:
        if passage.language not in ("", language) or not _TOPICS[kind].search(passage.text):
            continue
        shared = words & telling(f"{passage.title} {passage.text}", language=language)
        if len(shared) >= _SAME * len(words) and amounts <= amounts_in(passage.text):
            return True
    return False


def _dated(named: str, passages: Sequence[Passage]) -> bool:
    """Whether a passage names the same day, or a span of the same length in whatever words."""
    spans = amounts_in(named)
    if spans:
        return any(spans <= amounts_in(passage.text) for passage in passages)
    return any(named.casefold() in passage.text.casefold() for passage in passages)
