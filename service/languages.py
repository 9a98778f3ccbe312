"""Which language a message is written in, and the few words that every letter in it needs."""

from __future__ import annotations

import re
from functools import cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from service.vectors.words import family, guess

NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
"""Languages that can be told apart. More of them would make short messages less certain."""

_GREETINGS = {
    "ar": ("مرحباً {name}،", "مرحباً،"),
    "cs": ("Dobrý den, {name},", "Dobrý den,"),
    "da": ("Hej {name},", "Hej,"),
    "de": ("Hallo {name},", "Guten Tag,"),
    "el": ("Γεια σας {name},", "Γεια σας,"),
    "en": ("Hi {name},", "Hello,"),
    "es": ("Hola, {name}:", "Hola:"),
    "fi": ("Hei {name},", "Hei,"),
    "fr": ("Bonjour {name},", "Bonjour,"),
    "he": ("שלום {name},", "שלום,"),
    "hu": ("Kedves {name}!", "Üdvözlöm!"),
    "it": ("Buongiorno {name},", "Buongiorno,"),
    "ja": ("{name} 様", "お客様"),
    "ko": ("{name}님, 안녕하세요.", "안녕하세요."),
    "nb": ("Hei {name},", "Hei,"),
    "nl": ("Hallo {name},", "Hallo,"),
    "pl": ("Dzień dobry, {name},", "Dzień dobry,"),
    "pt": ("Olá, {name},", "Olá,"),
    "ro": ("Bună ziua, {name},", "Bună ziua,"),
    "ru": ("Здравствуйте, {name}!", "Здравствуйте!"),
    "sv": ("Hej {name},", "Hej,"),
    "tr": ("Merhaba {name},", "Merhaba,"),
    "uk": ("Вітаю, {name}!", "Вітаю!"),
    "zh": ("{name}，您好：", "您好："),
}
"""With and without a name; none of them tells what a person is called by sex or rank."""

GREETING_WORDS = re.compile(
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen|abend)|moin|servus"
    r"|grüß gott|liebe[rs]?|sehr geehrte[rs]?|bonjour|bonsoir|salut|chère?|hola|buen[oa]s (?:días|tardes|noches)|buenas"
    r"|estimad[oa]s?|querid[oa]s?|buongiorno|buonasera|salve|ciao|gentile|car[oai]|olá|oi|bom dia|boa (?:tarde|noite)"
    r"|prezad[oa]s?|car[oa]s?|goed?e(?:dag|n?morgen|n?middag|n?avond)|goeden? \w+|beste|geachte|dag|cześć|dzień dobry"
    r"|szanown\w+|hej|hejsan|hei|moi|kära?|kære|terve|ahoj|dobrý den|vážen\w+|kedves|üdvözlöm|tisztelt|bună(?: ziua)?"
    r"|merhaba|sayın|здравствуйте|добрый день|привет|вітаю|добрий день|γεια(?: σας)?|καλημέρα|مرحبا\w*|أهلا\w*|שלום)"
    r"(?!\w)",
    re.IGNORECASE,
)
"""How a letter begins, in all of them. Chinese, Japanese and Korean greet otherwise: GREETING_ENDS."""

GREETING_ENDS = re.compile(r"(?:您好|你好|様|さま|さん|님,? ?안녕하세요|안녕하세요)[,，:：!！.。、]?$")

_DETECTED = [
    Language.ARABIC, Language.CZECH, Language.DANISH, Language.GERMAN, Language.GREEK, Language.ENGLISH, Language.SPANISH,
    Language.FINNISH, Language.FRENCH, Language.HEBREW, Language.HUNGARIAN, Language.ITALIAN, Language.JAPANESE,
    Language.KOREAN, Language.BOKMAL, Language.DUTCH, Language.POLISH, Language.PORTUGUESE, Language.ROMANIAN,
    Language.RUSSIAN, Language.SWEDISH, Language.TURKISH, Language.UKRAINIAN, Language.CHINESE,
]  # fmt: skip

# What says nothing of the language: placeholders, addresses, codes, file names, code blocks
_NO_LANGUAGE = re.compile(
    r"```.*?```|`[^`\n]*`|<[^<>\n]{1,60}>|https?://\S+|(?<!\S)[^\s@]++@\S++|(?<!\S)[^\s\d_/\\]*+[\d_/\\]\S*+|\b[A-Z]{2,}\b|\b\w++\.\w++\b",
    re.DOTALL,
)  # fmt: skip

_CHARS = 1_000  # of a message; more does not make it clearer
_FEWEST_LETTERS = 8  # "Ok." is written in every language
_SHORT_LETTERS = 150
_SURE = 0.5


def detect(text: str) -> str:
    """Primary subtag of the language of `text`, lower case; "" where there is too little of it. Never raises."""
    clean = _NO_LANGUAGE.sub(" ", text[: 4 * _CHARS])[:_CHARS]
    letters = sum(1 if char < "\u3000" else 4 for char in clean if char.isalpha())
    if letters < _FEWEST_LETTERS:
        return ""
    ranked = _detector().compute_language_confidence_values(clean)
    if not ranked or not ranked[0].value:
        return ""
    language = ranked[0].language.iso_code_639_1.name.lower()
    if letters > _SHORT_LETTERS or not family(language):
        return language
    # trigrams go astray on a short question with a name in it; its little words do not
    return guess(clean) or (language if ranked[0].value >= _SURE else "")


def name_of(language: str) -> str:
    """English name of a language for a prompt; the code itself where it is not known."""
    return NAMES.get(language, language or "the customer's language")


def greeting(language: str, *, author: str = "") -> str:
    """The line a letter begins with; English where the language is not known. author: a placeholder or a name."""
    named, nameless = _GREETINGS.get(language, _GREETINGS["en"])
    return named.format(name=author) if author else nameless


@cache
def _detector() -> LanguageDetector:
    """Trigrams only: 25 to 60 MB less than the models for single words, and a message has several."""
    return LanguageDetectorBuilder.from_languages(*_DETECTED).with_low_accuracy_mode().build()
