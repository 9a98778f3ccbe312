"""Words of a text as a BM25 vector: stemmed by language, in front of both engines.

Token ids and weights are those of Qdrant's own BM25, so an index made here can be read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import qdrant_edge as edge

_LANGUAGES = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""Languages that the engine has both a stemmer and stop words for."""

_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003134f"
)
"""Scripts that put no spaces between words (and Hangul, whose words are long): two characters stand for a word."""

UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_LONGEST = 40
PIECE = re.compile(rf"[{_UNSPACED}]{{1,2}}|[^\s{_UNSPACED}]{{1,{_LONGEST}}}")
"""What counts as one word of a length: a word, two characters of an unspaced script, 40 of an endless string."""

_KEPT = 0.6
"""Share of words left after stop words: facts measured on two English sets, good enough for a scale."""

_OTHER_WEIGHT = 0.5
"""What a word counts in the stemming of another language than the question's: product names and error codes should
match everywhere, but the question's own language decides. A judgement, not a fit."""

_GRAM = 4
_GRAM_WEIGHT = 0.1
"""What four characters count beside a whole word of a title: names of products and codes in another spelling meet, and
words that a stemmer leaves apart. Measured in deploy/decisions/0015."""

_GRAM_CHARS = 3_000
_BETWEEN = re.compile(r"[\W_]+")

_FIRST_GAIN = 0.3
"""What the words of the first sentence count more than the others': a subject, or what it is about. Same record."""

_QUERY_CHARS = 20_000
_GUESS_CHARS = 2_000
_GUESS_WORDS = 5
_GUESS_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector: token ids and their weights, same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


def primary(language: str) -> str:
    """The primary subtag: "pt-BR" is "pt"."""
    return language.replace("_", "-").partition("-")[0].strip().lower()


def family(language: str) -> str:
    """How texts of this language are stemmed: the language itself where there is a stemmer, "" for not at all."""
    language = primary(language)
    return language if language in _LANGUAGES else ""


def length(text: str) -> int:
    """Words of a text, as the lengths of passages are counted."""
    if not text.isascii():
        return len(PIECE.findall(text))
    pieces = text.split()  # the same, and a sync counts every text several times
    if max(map(len, pieces), default=0) <= _LONGEST:
        return len(pieces)
    return sum(1 + (len(piece) - 1) // _LONGEST for piece in pieces)


def mean_length(lengths: Iterable[int]) -> float:
    """The `avg_len` of BM25 for texts of these word counts; never 0, which the engine refuses."""
    counts = list(lengths)
    return max(1.0, _KEPT * sum(counts) / len(counts)) if counts else 1.0


def document_vector(text: str, *, language: str, mean: float) -> Sparse:
    """The text as it lies in the index. mean: what mean_length says of its field."""
    return _sparse(_encoder(family(language), round(mean, 3)).embed_document(spaced(text)))


@lru_cache(maxsize=256)  # all passages of an article have its title
def title_vector(text: str, *, language: str, mean: float) -> Sparse:
    """The same for a title, which is known by its characters, too: every four of them are a token beside its words."""
    whole = document_vector(text, language=language, mean=mean)
    pieces = _gram_encoder(round(_GRAM * mean, 3)).embed_document(_grams(text))
    weights = dict(zip(pieces.indices, pieces.values, strict=True)) | dict(
        zip(whole.indices, whole.values, strict=True)
    )
    return Sparse(tuple(weights), tuple(weights.values()))


def title_query(asked: Sparse, text: str) -> Sparse:
    """What is looked for in titles: `asked`, which is the query_vector of the text, and the text's characters."""
    pieces = _gram_encoder(1.0).embed_query(_grams(text))
    weights = dict.fromkeys(pieces.indices, _GRAM_WEIGHT) | dict(zip(asked.indices, asked.values, strict=True))
    return Sparse(tuple(weights), tuple(weights.values()))


def query_vector(text: str, *, language: str, indexed: Iterable[str]) -> Sparse:
    """The text as it is looked for, in every stemming that the index holds (`indexed`: families).

    The question's own language counts most and its stop words count in none. Language unknown: it is guessed from the
    stop words, and where that says nothing every stemming counts alike.
    """
    text = spaced(text[:_QUERY_CHARS])
    own = family(language) or guess(text)
    bare = _without_stop_words(text, own) if own else text
    weights: dict[int, float] = {}
    for one in indexed:
        weight = 1.0 if not own or one in (own, "") else _OTHER_WEIGHT
        for token in _encoder(one).embed_query(text if one == own else bare).indices:
            weights[token] = max(weight, weights.get(token, 0.0))
    return Sparse(tuple(weights), tuple(weights.values()))


def stressed(asked: Sparse, first: Sparse) -> Sparse:
    """The query with the words of its first sentence counting more."""
    weights = dict(zip(asked.indices, asked.values, strict=True))
    for token, weight in zip(first.indices, first.values, strict=True):
        weights[token] = weights.get(token, 0.0) + _FIRST_GAIN * weight
    return Sparse(tuple(weights), tuple(weights.values()))


def tokens(text: str, *, language: str) -> frozenset[int]:
    """The distinct words of a text in one stemming."""
    return frozenset(_encoder(family(language)).embed_query(spaced(text[:_QUERY_CHARS])).indices)


def guess(text: str) -> str:
    """The language whose stop words take the largest share of the distinct words; "" where that is not clear."""
    text = text[:_GUESS_CHARS]
    every = len(_encoder("").embed_query(text).indices)
    if every < _GUESS_WORDS:
        return ""
    ranked = sorted((len(_stop_filter(language).embed_query(text).indices), language) for language in _LANGUAGES)
    (left, best), second = (
        ranked[0],
        next(count for count, other in ranked if _LANGUAGES[other] != _LANGUAGES[ranked[0][1]]),
    )
    return best if every - left >= _GUESS_SHARE * every and left < second else ""


def spaced(text: str) -> str:
    """Overlapping pairs of characters in place of words where the script has no spaces."""
    return text if text.isascii() else UNSPACED_RUN.sub(lambda run: " " + _pairs(run.group()) + " ", text)


def _grams(text: str) -> str:
    """Every four characters in a row as a word of its own, also across words; marked, for "java" is a word as well."""
    joined = f"_{_BETWEEN.sub('_', text[:_GRAM_CHARS].lower()).strip('_')}_"
    return " ".join(f"{joined[i : i + _GRAM]}_" for i in range(len(joined) - _GRAM + 1))


def _pairs(run: str) -> str:
    return " ".join(run[i : i + 2] for i in range(max(1, len(run) - 1)))


def _without_stop_words(text: str, language: str) -> str:
    encoder = _stop_filter(language)
    return " ".join(word for word in re.findall(r"\w+", text) if encoder.embed_query(word).indices)


def _sparse(vector: edge.SparseVector) -> Sparse:
    return Sparse(tuple(vector.indices), tuple(vector.values))


@cache
def _stop_filter(language: str) -> edge.Bm25:
    return edge.Bm25(edge.Bm25Config(language=_LANGUAGES[language], stemmer=edge.DisabledStemmer()))


@lru_cache(maxsize=64)
def _gram_encoder(mean: float) -> edge.Bm25:
    """Takes what stands between blanks as it is."""
    bare, none = edge.DisabledStemmer(), edge.StopwordsSet()
    return edge.Bm25(
        edge.Bm25Config(avg_len=mean, tokenizer=edge.TokenizerType.Whitespace, stemmer=bare, stopwords=none)
    )


@lru_cache(maxsize=64)  # means change with every refit
def _encoder(language: str, mean: float = 1.0) -> edge.Bm25:
    if not language:
        return edge.Bm25(edge.Bm25Config(avg_len=mean, stemmer=edge.DisabledStemmer(), stopwords=edge.StopwordsSet()))
    return edge.Bm25(edge.Bm25Config(avg_len=mean, language=_LANGUAGES[language]))
