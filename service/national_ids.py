"""Numbers that a state gives a person, by their checksums or by the word beside them. Pure, linear time.

A number counts without a word where its form and its checksum together leave little to chance: of random numbers of the
same form mostly one in twenty-five or fewer pass (one in ten of those whose blanks tell, such as the Indian). Those that leave more (nine digits with one check digit: Dutch, Portuguese,
Canadian, Australian, Israeli numbers), and those without a checksum (British, Danish, passports), count with a word only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from stdnum.ar import cuit
from stdnum.at import vnr
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nif, nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.ie import pps
from stdnum.in_ import aadhaar
from stdnum.is_ import kennitala
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import cc
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.si import emso
from stdnum.tr import tckimlik
from stdnum.za import idnr as za

from service.phones import word_before

Check = Callable[[str], bool]

_CF = "[0-9LMNPQRSTUVlmnpqrstuv]"  # a digit, or the letter that stands for it where two people would have the same code
_SURE: tuple[tuple[str, tuple[Check, ...]], ...] = (
    (r"\d{3}\.\d{3}\.\d{3}-\d\d", (cpf.is_valid,)),
    (r"\d\d\.\d\d\.\d\d[-.]\d{3}[-.]\d\d", (nn.is_valid,)),
    (r"756\.?\d{4}\.?\d{4}\.?\d\d", (ahv.is_valid,)),
    (r"\d{4}\.\d\d\.\d{3}", (bsn.is_valid,)),
    (r"[12378] \d\d \d\d \d[\dAB] \d{3} \d{3} \d\d", (nir.is_valid,)),
    (r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", (hetu.is_valid, personnummer.is_valid, kennitala.is_valid)),
    (r"(?:19|20)\d{6}[-+]\d{4}", (personnummer.is_valid,)),
    (r"[0-3]\d{5}-\d{5}", (pvn.is_valid,)),
    (r"\d{6}-[1-8]\d{6}", (rrn.is_valid,)),
    (r"2[0347]-\d{8}-\d", (cuit.is_valid,)),
    (r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", (rut.is_valid,)),
    (
        rf"[A-Za-z]{{3}} ?[A-Za-z]{{3}} ?{_CF}{{2}}[A-EHLMPR-Ta-ehlmpr-t]{_CF}{{2}} ?[A-Za-z]{_CF}{{3}}[A-Za-z]",
        (codicefiscale.is_valid,),
    ),
    (r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", (curp.is_valid,)),
    (r"\d{6}(?:19|20)\d{9}[\dXx]", (ric.is_valid,)),
)
"""Forms that nothing else has, or next to nothing."""

_LIKELY: tuple[tuple[str, tuple[Check, ...]], ...] = (
    (r"[12]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)\d{10}", (nir.is_valid,)),
    (r"\d{13}", (cnp.is_valid, za.is_valid, emso.is_valid, nif.is_valid)),
    (r"(?:19|20)\d{10}", (personnummer.is_valid,)),
    (
        r"\d{11}",
        (
            *(nn.is_valid, fodselsnummer.is_valid, pesel.is_valid, ik.is_valid, asmens.is_valid),
            *(tckimlik.is_valid, cpf.is_valid, idnr.is_valid, amka.is_valid),
        ),
    ),
    (r"\d\d \d{3} \d{3} \d{3}", (idnr.is_valid,)),
    (r"\d{6} \d{5}", (fodselsnummer.is_valid,)),
    (r"\d{6}/\d{4}", (rc.is_valid,)),
    (r"\d{6} \d{4} \d{3}", (za.is_valid,)),
    (r"\d{4} \d{6}", (vnr.is_valid,)),
    (r"\d{3} \d{3} \d{4}", (nhs.is_valid,)),
    (r"[2-9]\d{3} \d{4} \d{4}", (aadhaar.is_valid,)),
    (r"\d\d\.?\d{3}\.?\d{3}[- ]?[A-Z]", (dni.is_valid,)),
    (r"[XYZ][- ]?\d{7}[- ]?[A-Z]", (nie.is_valid,)),
    (r"\d{7}[A-W][A-IW]?", (pps.is_valid,)),
    (r"\d{8} ?\d ?[A-Z]{2}\d", (cc.is_valid,)),
)
"""Forms that order numbers and the like have, too: not behind a word that says so."""

_FORMS = (*_SURE, *_LIKELY)
_ANY = re.compile(
    r"(?=[\dA-Za-z])(?<![\w./+-])(?<!(?<!\d{6})\d[ ,:])(?:"
    + "|".join(f"({form})" for form, _ in _FORMS)
    + r")(?![\w/-]|[.:]\d|[ ,]\d{1,6}(?!\d))",
    re.ASCII,
)

_SSN = re.compile(r"(?<![\w-])(?!000|666)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])", re.ASCII)
_NINO = re.compile(r"\b(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] \d\d \d\d \d\d [A-D]\b", re.ASCII)
_NAMED = re.compile(
    r"(?<![^\W_])(?:(?i:ssns?|s\.s\.n\.|social (?:security|insurance)|sozialversicherungs?(?:nummer|nr)|sv-?(?:nummer|nr)|rentenversicherungs(?:nummer|nr)"
    r"|steuer-?(?:id\w*|nummer|nr)|(?<!-)id-?nr|tax(?:payer)? (?:id\w*|file|number|no)|national (?:id\w*|insurance)|nhs|identity (?:card|number|document)"
    r"|(?:personal)?ausweis(?:nummer|nr)?|personalausweis\w*|passport|reisepass\w*|passeport|pasaporte|passaporto|paspoort|passnummer"
    r"|driv(?:er'?s?|ing) licen[cs]e|führerschein\w*|permis de conduire|permiso de conducir|patente di guida"
    r"|(?:numéro de )?sécurité sociale|numéro (?:fiscal|national)|seguridad social|segurança social|carta d'identità|carte d'identité|documento de identidad"
    r"|codice fiscale|contribuinte|cartão de cidadão|burgerservicenummer|sofinummer|rijksregister\w*|personnummer|samordningsnummer|fødselsnummer"
    r"|personnr|cpr-?(?:nummer|nr)?|henkilötunnus\w*|kennitala|ahv(?:-?(?:nummer|nr))?|pesel|aadhaa?r|oib|jmbg|emšo|tckn|kimlik|amka|curp|citizen id"
    r"|medicare|rodné číslo|isikukood|asmens kodas|personas kods|egn|егн|снилс|инн)"
    r"|TIN|ITIN|TFN|NINO|NI|NIR|DNI|NIE|NIF|NSS|NISS|INSZ|BSN|CPF|RG|CNP|PAN|RUT|SIN|PPSN?|AVS|RFC|CUIL|CUIT|C\.F\.|CF|NRIC|MyKad|HKID|RRN)(?![^\W_])"
    r"(?:[\s:#.=()'’-]{0,3}(?i:number|card|code|id|no|nr|nº|n°|n\.[º°]|num|número|numéro|nummer|numero|is|was|ist|lautet|est|es|è|é|er|är|on file|of|mine|new|my)(?![^\W_])){0,5}"
    r"[\s:#.=()'’-]{0,4}(?P<number>[A-Z]{0,6}[ -]?\d[\dA-Z]{0,17}(?:[ ./+-](?:\d[\dA-Z]{0,11}|[A-Z]{1,3}\d{0,3}(?![^\W_]))){0,7})(?![^\W_])"
)  # fmt: skip
"""What a person calls such a number, in the languages that customers write; short names in capitals only."""

_FEWEST_DIGITS = 5
_STATES = frozenset(
    {"order", "sku", "part", "item", "model", "tracking", "bestellnummer", "artikelnummer", "serial", "ticket", "case"}
)


def find_national_ids(text: str) -> Iterator[tuple[int, int, Literal["ID"]]]:
    """Where they stand: start, end, "ID"; in no order, and one may be found twice."""
    for match in _NAMED.finditer(text):
        if sum(map(str.isdigit, match["number"])) >= _FEWEST_DIGITS:
            yield *match.span("number"), "ID"
    for match in _SSN.finditer(text):
        if word_before(text, match.start()).lower() not in _STATES:
            yield *match.span(), "ID"
    for match in _NINO.finditer(text):
        yield *match.span(), "ID"
    for match in _ANY.finditer(text):
        number = (match.lastindex or 1) - 1
        sure = number < len(_SURE)
        if any(check(match[0]) for check in _FORMS[number][1]) and (sure or not word_before(text, match.start())):
            yield *match.span(), "ID"
