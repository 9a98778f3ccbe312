"""What mail programs write round a message, in the languages they are used in; patterns are for one line of bounded length."""

from __future__ import annotations

import re
from typing import Literal

Label = Literal["from", "sent", "date", "to", "subject"]

WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|schrieben|geschrieben|(?:a|ont) écrit|escribió|escribio|ha scritto|scrisse|escreveu|schreef"
    r"|geschreven|napisał|napisał\(a\)|napisała|pisze|skrev|kirjoitti|napsal|napsal\(a\)|napísal|írta|a scris|yazdı|yazmış"
    r"|написал|написала|написал\(а\)|пише|писал|пишет|έγραψε|kirjutas|rašė|hat am .{4,60} geschrieben)\b|写道|さんは書きました|님이 작성"
    r"|が書き込み|のメッセージ",
    re.IGNORECASE,
)
_START = (
    r"[-*_\s]{0,8}(?:(?:On|Am|Le|El|Il|Em|Op|No dia|Dana|W dniu|Dnia|Den|Dne|Dňa|La data|Pe|På|Ma|Vào|Vom|Von|Na|Στις|Il giorno"
    r"|В|От|A\(z\)|At|In article)\b|\w{2,4}(?:\.,?|,) |\d"
)
ATTRIBUTION_START = re.compile(_START + r"|[\"'<])", re.IGNORECASE)
ATTRIBUTION_CERTAIN_START = re.compile(_START + ")", re.IGNORECASE)
ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}")
TIME = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}\b|\b\d{1,2} Uhr\b|\b\d{1,2}\s?[ap]\.?m\b", re.IGNORECASE)
DATE = re.compile(r"\b\d{1,4}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,4}\b|\b(?:19|20)\d\d\b|\d年")

_OLD_MESSAGE = (
    "original message|reply message|original e-?mail|ursprüngliche nachricht|originalnachricht|original-nachricht"
    "|ursprüngliche e-?mail|message d'origine|message d’origine|message original|mail original|mensaje original"
    "|mensagem original|messaggio originale|oorspronkelijk bericht|oorspronkelijke bericht|origineel bericht"
    "|oprindelig meddelelse|ursprungligt meddelande|opprinnelig melding|alkuperäinen viesti|oryginalna wiadomość"
    "|wiadomość oryginalna|původní zpráva|pôvodná správa|eredeti üzenet|mesaj original|orijinal ileti|orijinal mesaj"
    "|исходное сообщение|оригинальное сообщение|αρχικό μήνυμα|原始邮件|原始郵件|元のメッセージ|original besked"
)
_FORWARDED = (
    "forwarded message|begin forwarded message|start of forwarded message|forwarded by .{1,60}|weitergeleitete nachricht"
    "|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|message transféré"
    "|début du message transféré|début du message réexpédié|mensaje reenviado|inicio del mensaje reenviado"
    "|messaggio inoltrato|inizio messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada"
    "|início da mensagem encaminhada|início da mensagem reencaminhada|doorgestuurd bericht|begin doorgestuurd bericht"
    "|begin van doorgestuurd bericht|przekazana wiadomość|wiadomość przekazana dalej|vidarebefordrat meddelande"
    "|videresendt besked|videresendt melding|переадресованное сообщение|пересылаемое сообщение"
)
OLD_MESSAGE = re.compile(
    rf"[\s*_>]{{0,8}}[-_=*]{{2,40}}\s{{0,4}}(?:{_OLD_MESSAGE})\s{{0,4}}:?\s{{0,4}}[-_=*]{{0,40}}", re.IGNORECASE
)
FORWARDED = re.compile(
    rf"[\s*_]{{0,8}}(?:[-_=*]{{2,40}}\s{{0,4}})?(?:{_FORWARDED})\s{{0,4}}:?\s{{0,4}}(?:[-_=*]{{2,40}})?", re.IGNORECASE
)
REPLY_ABOVE = re.compile(
    r"[\s#*=_-]{0,20}(?:please )?(?:type your reply above this line|reply above this line|write above this line"
    r"|antworten sie (?:bitte )?oberhalb dieser linie|bitte antworten sie oberhalb dieser linie"
    r"|bitte geben sie ihre antwort über dieser zeile ein|répondez au-dessus de cette ligne"
    r"|veuillez saisir votre réponse au-dessus de cette ligne|responda por encima de esta línea"
    r"|escriba su respuesta por encima de esta línea|rispondi sopra questa riga|responda acima desta linha"
    r"|antwoord boven deze regel)[\s#*=_.-]{0,20}",
    re.IGNORECASE,
)

_LABELS: dict[Label, str] = {
    "from": "from|von|de|da|van|od|från|fra|lähettäjä|от|отправитель|kimden|发件人|寄件者|差出人|보낸 사람|από|feladó|gönderen",
    "sent": "sent|gesendet|gesendet am|envoyé|envoyé le|enviado|enviado el|enviado em|enviada em|inviato|inviato il|verzonden"
    "|verzonden op|wysłano|data wysłania|skickat|sendt|lähetetty|отправлено|发送时间|送信日時|보낸 날짜|elküldve|gönderildi|odesláno",
    "date": "date|datum|date d'envoi|fecha|data|dato|päivämäärä|дата|日期|日付|ημερομηνία|dátum|tarih",
    "to": "to|cc|an|kopie|à|a|para|aan|do|dw|till|kopia|til|kopi|vastaanottaja|kopio|кому|копия|收件人|抄送|宛先|받는 사람|προς|címzett|kime"
    "|komu|reply-to|répondre à|antwort an|pour|copie à",
    "subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|ämne|emne|aihe|тема|主题|主旨|件名|제목|θέμα|tárgy|konu|předmět",
}
_LABEL_OF: dict[str, Label] = {word: kind for kind, words in _LABELS.items() for word in words.split("|")}
_BEFORE_COLON = re.compile(r"[\s*_|]{0,8}([^\s*_|:：][^:：]{0,24})[:：]")

SENT_FROM = re.compile(
    r"[\s*_-]{0,6}(?:(?:sent (?:from|via|with|using)|get outlook|gesendet (?:von|mit|über|aus)|von (?:meinem|meiner|unterwegs)"
    r"|diese nachricht wurde von mei|envoyé (?:de|depuis|à partir|avec|via)|provenance|téléchargez|obtenir|obtenez"
    r"|enviado (?:desde|de|do|da|a partir|con|com|mediante|por)|obtener|obtenha|inviat[oa] (?:da|dal|con)|scarica|ottieni"
    r"|verzonden (?:vanaf|vanuit|met|via|door)|verstuurd vanaf|wysłan[eoy] z|skickat från|sendt fra|hämta|hent|lähetetty"
    r"|отправлено (?:с|из)|outlook (?:für|voor)|holen sie sich)\b|发自我的|iphoneから送信)",
    re.IGNORECASE,
)
DEVICE = re.compile(
    r"\b(?:my|mein(?:em|er)|mon|ma|mi|mio|mia|meu|minha|mijn|min|mojego|моего)\b|phone|ipad|android|samsung|galaxy|outlook|mail|yahoo"
    r"|blackberry|huawei|xiaomi|pixel|handy|mobil|móvil|tablet|telefon|téléphone|proton|gmx|web\.de|windows|spark|thunderbird|sparrow"
    r"|sent from (?:a|the) |发自|送信|pixels",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"[\s*_]{0,6}(?:(?:with )?(?:best|kind|kindest|warm|warmest) (?:regards|wishes)|regards|best|cheers|sincerely|yours sincerely"
    r"|sincerely yours|yours truly|yours faithfully|respectfully|mfg|lg|vg|bg|(?:mit )?(?:freundlichen|besten|lieben|herzlichen|vielen)"
    r" gr(?:ü|ue)(?:ß|ss)en|(?:freundliche|beste|liebe|viele|schöne|herzliche) gr(?:ü|ue)(?:ß|ss)e|hochachtungsvoll|cordialement"
    r"|bien cordialement|très cordialement|bien à vous|(?:sincères |meilleures )salutations|(?:un )?cordial saludo|saludos"
    r"(?: cordiales)?|atentamente|un saludo|muchos saludos|cordiali saluti|distinti saluti|un saluto|saluti|cordialmente"
    r"|atenciosamente|att|abraços|cumprimentos|(?:com os )?melhores cumprimentos|met vriendelijke groet(?:en)?|vriendelijke groet(?:en)?"
    r"|groet(?:en|jes)?|mvg|(?:z )?poważaniem|pozdrawiam|med vänliga? hälsning(?:ar)?|vänliga hälsningar|mvh|med venlig hilsen"
    r"|venlig hilsen|med vennlig hilsen|ystävällisin terveisin|terveisin|с уважением)[\s,.!*_]{0,6}",
    re.IGNORECASE,
)
DISCLAIMER = re.compile(
    r"confidential|intended (?:only|solely|recipient)|vertraulich|confidentiel|confidencial|riservat|vertrouwelijk"
    r"|think before (?:you )?print|before printing|umwelt.{1,40}druck|disclaimer|privileged|unsubscribe|virus",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"https?://|www\.|@|\+?\d[\d\s()./-]{6,}\d|\b(?:tel|phone|fax|mobile?|mobil|skype|linkedin)\b", re.IGNORECASE
)
NOT_A_SIGNATURE = re.compile(r"[?？]|^\s*(?:p\.? ?s\b|nb\b|n\.b\.|\d+[.)]\s|[-*•]\s)", re.IGNORECASE)


def label(line: str) -> Label | None:
    """Which header of a mail the line begins with ("Von: ..." is "from")."""
    found = _BEFORE_COLON.match(line[:60])
    return _LABEL_OF.get(found[1].rstrip(" \t*_").lower()) if found else None
