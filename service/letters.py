"""The form of a letter to a customer, made sure by code: greeting in front, no sign-off, no marks, plain text. Linear time."""

from __future__ import annotations

import re

from service.languages import GREETING_ENDS, GREETING_WORDS, greeting

_MARK = re.compile(
    r"[ \u00a0]?(?:\[\^?(?:(?:sources?|passages?|articles?|quellen?|artikel|fuentes?|fonti|fonte|bron(?:nen)?)[ ]*)?"
    r"(?P<a>\d{1,2}(?:[ ]?[,;–-][ ]?\d{1,2}){0,7})\]"
    r"|【(?P<b>\d{1,2})[^【】\n]{0,40}】"
    r"|\((?:see )?(?:sources?|passages?|quellen?|textstellen?|fuentes?|fonti|fonte|bron(?:nen)?)[ ](?P<c>\d{1,2}(?:[ ]?[,;&][ ]?\d{1,2}){0,7})\))",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|b|i|em|strong|h[1-6]|hr|table|tr|td|html|body)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE
)
_BREAKING_TAG = re.compile(r"<(?:/p|br|/div|/li|/h[1-6]|hr|/tr)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)

_CLOSING = re.compile(
    r"(?:(?:with )?(?:kind(?:est)?|best|warm(?:est)?) (?:regards|wishes)|regards|yours (?:sincerely|truly|faithfully)|sincerely"
    r"|all the best|(?:mit )?(?:viele[n]?|beste[n]?|liebe[n]?|herzliche[n]?|schöne[n]?|freundliche[n]?) gr(?:ü|ue)(?:ß|ss)e[n]?|mfg"
    r"|cordialement|bien (?:à vous|cordialement)|(?:sincères|meilleures|cordiales) salutations|(?:un )?(?:cordial )?saludos?(?: cordiales)?"
    r"|atentamente|(?:cordiali|distinti) saluti|(?:com os )?(?:melhores )?cumprimentos|atenciosamente|(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?"
    r"|pozdrawiam|z poważaniem|(?:med )?vänlig(?:a)? hälsning(?:ar)?|(?:med )?venn?lig hilsen|ystävällisin terveisin|s pozdravem"
    r"|üdvözlettel|cu stimă|saygılarımla|с уважением|з повагою|με εκτίμηση)",
    re.IGNORECASE,
)
_CLOSING_ALONE = re.compile(
    r"(?:best|cheers|thanks(?: again)?|thank you|many thanks|take care|vg|lg|danke|saluti|un saluto|abraços|groet(?:en|jes)?|mvh|hälsningar"
    r"|hilsen|terveisin|merci|gracias|grazie|obrigad[oa]|bedankt|敬上|此致|敬具|敬礼)[,.!。]?",
    re.IGNORECASE,
)
_TEAM_LINE = re.compile(
    r"(?=.{0,60}\Z)(?:[-–—] ?)?(?:the |your |dein |ihr |euer |votre |l'|el |su |il |o |a |het |uw )?(?:[\w&.'-]+ ){0,3}[\w-]*"
    r"(?:team|support|kundenservice|équipe|equipo|squadra|equipe|klantenservice)(?: [\w&.'-]+){0,3}",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 4  # lines behind a closing

_FILE = (
    r"(?:screenshots?|attachments?|attached|images?|photos?|pictures?|pdf|video|anhang|anhänge|bildschirmfotos?|bild(?:er)?|fotos?"
    r"|captures?|pièces? jointes?|images?|adjuntos?|archivos? adjuntos?|imagen|capturas?|allegat[oi]|schermata|immagin[ei]|anexos?"
    r"|imagem|bijlagen?|schermafbeelding|afbeelding)"
)
_SEEN = re.compile(
    rf"(?:\b(?:i|we)(?:'ve| have|'ll)? (?:can |also |had a )?(?:see|saw|seen|look(?:ed)?|review(?:ed)?|check(?:ed)?|examined|viewed|opened)\b"
    rf"|\b(?:based on|according to|as shown|as seen|judging) (?:in |on |from |by )?(?:your|the)\b|\byour (?={_FILE}\b)(?=\S+ (?:shows?|says?|indicates?))"
    rf"|\b(?:ich|wir) (?:sehe[n]?|habe[n]?|kann|können)\b(?=.{{0,120}}(?:seh|angesch|angeseh|geprüft|erkenn))|\b(?:auf|in|laut) (?:dem|ihrem|deinem|ihrer) (?={_FILE}\b)"
    rf"|\b(?:je vois|j'ai (?:vu|regardé|consulté|examiné)|nous avons (?:vu|regardé|consulté|examiné)|d'après votre|sur votre)\b"
    rf"|\b(?:veo|he (?:visto|revisado|mirado)|hemos (?:visto|revisado)|según (?:su|tu)|en (?:su|tu))\b"
    rf"|\b(?:vedo|ho (?:visto|controllato|esaminato)|abbiamo (?:visto|controllato)|dalla sua|nel suo|nella sua)\b"
    rf"|\b(?:vejo|vi|verifiquei|verificámos|vimos|pela sua|no seu|na sua)\b"
    rf"|\b(?:ik zie|ik heb|we hebben)\b(?=.{{0,120}}(?:gezien|bekeken|zie)))[^.!?\n]{{0,160}}\b{_FILE}\b",
    re.IGNORECASE,
)
_ASKS_FOR = re.compile(
    r"\b(?:send|attach|share|provide|upload|schicken|senden|anhängen|envoy\w+|envi\w+|adjunt(?:ar|e|en)|invi\w+|alleg(?:are|hi|ate)|anex(?:ar|e|em)|stuur\w*|sturen)\b",
    re.IGNORECASE,
)
_FILL_IN = re.compile(r"\[[^\[\]\n]{2,60}\]|\{\{?[^{}\n]{2,60}\}\}?|_{4,}|\bXX+\b")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=\S)|(?<=[。！？])")
_NUMBER = re.compile(r"(?<![\w<])\d+(?:[.,:]\d+)*(?![\w>])")
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)


def tidy(text: str) -> str:
    """A model's text as plain paragraphs: "- " and "1. " lists, blank lines between paragraphs, no HTML or Markdown."""
    if "\n" not in text and text.count("\\n") > 1:  # escaped twice
        text = text.replace("\\n", "\n")
    text = _TAG.sub("", _BREAKING_TAG.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n")))
    text = re.sub(r"^```\w*[ ]*$\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*#{1,6}[ ]+", "", text, flags=re.MULTILINE)
    text = re.sub(r"^([ \t]*)[*•‣–][ \t]+", r"\1- ", text, flags=re.MULTILINE)
    text = re.sub(r"^([ \t]*\d{1,2})\)[ \t]+", r"\1. ", text, flags=re.MULTILINE)
    text = re.sub(r"(\*\*|__)(?=\S)([^\n]{1,400}?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip()


def without_marks(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without citation marks, and the numbers they named, each once."""
    numbers = [int(n) for mark in _MARK.finditer(text) for n in re.findall(r"\d+", mark["a"] or mark["b"] or mark["c"])]
    return _MARK.sub("", text), tuple(dict.fromkeys(numbers))


def without_sign_off(text: str) -> str:
    """The letter without its end: the helpdesk adds the signature."""
    rows = text.rstrip().split("\n")
    filled = [index for index, row in enumerate(rows) if row.strip()]
    for place, index in enumerate(
        filled[-_LONGEST_SIGNATURE - 1 :], start=max(0, len(filled) - _LONGEST_SIGNATURE - 1)
    ):
        row, after = rows[index].strip(), [rows[i].strip() for i in filled[place + 1 :]]
        closing = _CLOSING.match(row)
        alone = _CLOSING_ALONE.fullmatch(row) or (closing and len(row[closing.end() :].split()) <= 5)
        if alone and place > 0 and all(len(line.split()) <= 6 for line in after):
            rows = rows[:index]
            break
    while len(rows) > 1 and (not rows[-1].strip() or _is_signature(rows[-1].strip())):
        rows.pop()
    return "\n".join(rows).rstrip()


def with_greeting(text: str, *, language: str, author: str) -> str:
    """The letter behind a greeting to its author: the model's own where it names the author, else ours."""
    own, rest = _split_greeting(text, author=author)
    if not own or (author and author not in own) or (not author and re.search(r"<[A-Z]+_\d+>", own)):
        own = greeting(language, author=author)
    return f"{own}\n\n{rest}".strip() if rest else own


def without_greeting(text: str, *, author: str = "") -> str:
    """What stands behind the greeting."""
    return _split_greeting(text, author=author)[1]


def without_seen(text: str) -> tuple[str, bool]:
    """The text without sentences that claim to have seen an attachment, and whether there were any: nobody looked."""
    rows = []
    for row in text.split("\n"):
        sentences = _SENTENCE_END.split(row)
        kept = [sentence for sentence in sentences if not _SEEN.search(sentence) or _ASKS_FOR.search(sentence)]
        if kept or not row.strip():
            rows.append(" ".join(kept) if len(kept) < len(sentences) else row)
    short = re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip()
    return short, short != text.strip()


def fill_ins(text: str) -> tuple[str, ...]:
    """Gaps that a model leaves to a person: "[order number]"."""
    return tuple(dict.fromkeys(found.group() for found in _FILL_IN.finditer(text)))


def numbers(text: str) -> tuple[str, ...]:
    """Numbers, dates and amounts of a text, without those that count its steps; each once."""
    return tuple(dict.fromkeys(found.group() for found in _NUMBER.finditer(_LIST_NUMBER.sub("", text))))


def _is_signature(row: str) -> bool:
    if re.match(r"(?:-|\d{1,2}\.)\s", row):  # a step
        return False
    return bool(_TEAM_LINE.fullmatch(row)) or bool(re.fullmatch(r"\[[^\[\]]{2,40}\]", row))


def _split_greeting(text: str, *, author: str) -> tuple[str, str]:
    """A greeting at the beginning, and the rest; "" where there is none."""
    first, _, rest = text.lstrip().partition("\n")
    first = first.strip()
    bare = first.replace(author, "X") if author else first
    if GREETING_ENDS.search(first) and len(first) < 40:
        return first, rest.strip()
    if not GREETING_WORDS.match(first):
        return "", text.strip()
    if len(bare.split()) <= 5 and not re.search(r"[.?。]\s*$", bare):
        return first, rest.strip()
    comma = re.match(r"[^,!:.?]{2,60}(?:,\s*" + re.escape(author or "\0") + r")?[,!:]\s+", first)
    if comma is None:
        return "", text.strip()
    return comma.group().strip(), f"{first[comma.end() :]}\n{rest}".strip()
