"""Made-up personal data in the ways people write it, in sentences of several languages; the same seed gives the same.

Numbers are drawn until they pass the checksum of their kind. Nobody's data: domains are reserved, and cards of a random issuer.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple
from urllib.parse import quote

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from stdnum import iban, luhn
from stdnum.ar import cuit
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer


class Case(NamedTuple):
    """A sentence with one value in it, from start to end."""

    kind: str
    text: str
    start: int
    end: int


SIX = ("EMAIL", "CARD", "PHONE", "SSN", "IBAN", "IP")
"""The types of which the bars ask for 99 in 100."""

_AROUND = (
    "{}", "Hello, {} please.", "{} is what I have", "Please check ({}) and answer soon.", "see below:\n{}\nThanks", "It is {}, as I said.",
    '"{}"', "Use {}; nothing else works.", "Hallo, es geht um {} und die Bestellung von gestern.", "Bonjour, voici {}.", "Hola, uso {} desde ayer",
    "Buongiorno, il mio è {}!", "Olá, é {} mesmo?", "Hoi, het gaat om {} hier", "> {}", "- {}\n- order 4711-0815", "1) {}", "*{}*", "My data: {} / Ana",
    "Dzień dobry, {} nie działa", "{}\n\nBest regards", "we changed it from {} last week", "Tell me why {}?", "お世話になります。{} です。", "[{}]",
)  # fmt: skip
_PHONE_SAID = (
    "Tel. {}", "call me at {} please", "Phone: {}", "mobile {}", "Telefon: {} (nachmittags)", "Rufnummer {}", "Sie erreichen mich unter Tel {}.",
    "mon téléphone est le {}", "Tél : {}", "teléfono {}", "mi móvil es {} gracias", "telefono: {}", "cell. {}", "telemóvel {}", "my number is {}",
    "you can reach me on {}", "text me {}", "WhatsApp {}", "fax {}", "Handy: {}", "ring me on {}, any time", "telefoonnummer {}", "rappelez-moi au {}",
)  # fmt: skip
_SSN_SAID = (
    "SSN {}",
    "my social security number is {}",
    "Social Security #: {}",
    "ssn: {}",
    "SSN is {}, born in May",
    "social security no. {}",
)
_PHONES_OF = (
    "US", "GB", "DE", "FR", "ES", "IT", "PT", "NL", "AT", "CH", "BE", "SE", "DK", "NO", "FI", "PL", "AU", "BR", "IN", "JP", "IE", "CA", "MX", "ZA", "NZ", "CZ", "GR", "TR", "IL", "KR", "SG", "AE",
)  # fmt: skip
_ISSUERS = (
    ("4", 16), ("4", 13), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3528", 16),
    ("36", 14), ("38", 14), ("305", 14), ("62", 16), ("5018", 16), ("6759", 16), ("4", 19),
)  # fmt: skip


class Maker:
    """Draws values and the sentences around them. held_out: the half of the sentences that no rule was written against."""

    def __init__(self, seed: int, *, held_out: bool = False) -> None:
        self.chance = random.Random(seed)
        self._around, self._said = list(_AROUND[held_out::2]), list(_PHONE_SAID[held_out::2])

    def cases(self, kind: str, count: int) -> list[Case]:
        """So many sentences with a value of this kind."""
        make: Callable[[], tuple[str, str]] = getattr(self, f"_{kind.lower()}")
        return [_set(kind, make(), frame) for frame, _ in zip(cycle(self._around), range(count), strict=False)]

    def digits(self, count: int) -> str:
        """Random digits."""
        return "".join(self.chance.choice(string.digits) for _ in range(count))

    def word(self, alphabet: str, count: int) -> str:
        """Random characters."""
        return "".join(self.chance.choice(alphabet) for _ in range(count))

    def drawn(self, make: Callable[[], str], valid: Callable[[str], bool]) -> str:
        """The first that passes."""
        return next(value for value in iter(make, None) if valid(value))

    def date(self) -> tuple[str, str, str]:
        """Year, month and day of somebody's birth, two digits each."""
        day, month, year = self.chance.randint(1, 28), self.chance.randint(1, 12), self.chance.randint(40, 99)
        return f"{year:02}", f"{month:02}", f"{day:02}"

    def _email(self) -> tuple[str, str]:
        first, last = (
            self.chance.choice(["ana", "jörg", "o'neil", "Marie-Luise", "x", "李", "info", "B"]),
            self.chance.choice(["roca", "MUELLER", "van.der.berg", "99", "k"]),
        )
        local = self.chance.choice(
            [
                f"{first}.{last}",
                f"{first}_{last}",
                f"{first}+shop",
                f"{first}{self.digits(3)}",
                first,
                f"{last}-{first}",
            ]
        )
        domain = self.chance.choice(
            [
                "shop.example",
                "mail.shop-24.example",
                "x.co.example",
                "firma.example.de",
                "EXAMPLE.COM",
                "münchen.example",
                "a.b.c.example.photography",
            ]
        )
        plain = f"{local}@{domain}"
        ascii_local = local.encode("ascii", "ignore").decode() or "a"
        return self.chance.choice(
            [(plain, "{}")] * 6
            + [(plain, "<{}>"), (plain, "mailto:{}"), (plain, "e-mail:{}"), (plain, "Ana <{}>,"), (plain, "{}'s account")]
            + [(quote(f"{ascii_local}@shop.example", safe="+'"), "https://x.example/?mail={}&a=1")] * ("'" not in ascii_local and "+" not in ascii_local)
            + [(f"{ascii_local.replace(chr(39), '')} (at) shop (dot) example", "{}"), (f"{ascii_local.replace(chr(39), '')}[at]shop.example", "{}")]
        )  # fmt: skip

    def _card(self) -> tuple[str, str]:
        prefix, length = self.chance.choice(_ISSUERS)
        body = prefix + self.digits(length - len(prefix) - 1)
        number = body + str(luhn.calc_check_digit(body))
        between = self.chance.choice(["", "", " ", " ", "-", "\u00a0"])
        if between and length == 15:
            number = between.join((number[:4], number[4:10], number[10:]))
        elif between:
            number = between.join(number[at : at + 4] for at in range(0, length, 4))
        return number, self.chance.choice(
            ["{}", "{}", "card {}", "Visa:{}", "Kreditkarte {} 12/27", "CB n° {}", "card {} exp 03/28 CVV 123", "#{}"]
        )

    def _phone(self) -> tuple[str, str]:
        number = self._number()
        form = self.chance.choice([PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL])
        shown = phonenumbers.format_number(number, form)
        said = self.chance.choice(self._said)
        if form == PhoneNumberFormat.NATIONAL:
            if self.chance.random() < 0.3:
                shown = (
                    shown.replace(" ", self.chance.choice([".", "-", "/"]))
                    .replace("-/", "-")
                    .replace(")-", ") ")
                    .replace(").", ") ")
                    .replace(")/", ") ")
                )
            return shown, said
        if self.chance.random() < 0.2:
            shown = "00" + shown[1:]
            return shown, said
        return shown, self.chance.choice(["{}", "{}", said])

    def _number(self) -> phonenumbers.PhoneNumber:
        while True:
            region = self.chance.choice(_PHONES_OF)
            kind = self.chance.choice([PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE])
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                whole = str(example.national_number)[:-3] + self.digits(3)
                number = phonenumbers.PhoneNumber(
                    country_code=example.country_code,
                    national_number=int(whole),
                    italian_leading_zero=example.italian_leading_zero,
                )
                if phonenumbers.is_valid_number(number):
                    return number

    def _ssn(self) -> tuple[str, str]:
        area = self.chance.choice([number for number in range(1, 900) if number != 666])
        parts = f"{area:03}", f"{self.chance.randint(1, 99):02}", f"{self.chance.randint(1, 9999):04}"
        between = self.chance.choice(["-", "-", " ", ""])
        said = self.chance.choice(_SSN_SAID)
        return between.join(parts), said if between == "" else self.chance.choice(["{}", said])

    def _iban(self) -> tuple[str, str]:
        country, form = self.chance.choice(
            [("DE", "18n"), ("FR", "10n11c2n"), ("ES", "20n"), ("IT", "1a10n12c"), ("NL", "4a10n"), ("PT", "21n"), ("GB", "4a14n"), ("BE", "12n"),
             ("PL", "24n"), ("AT", "16n"), ("CH", "5n12c"), ("SE", "20n"), ("DK", "14n"), ("NO", "11n"), ("FI", "14n"), ("IE", "4a14n"), ("MT", "4a5n18c"),
             ("LU", "3n13c"), ("CZ", "20n"), ("GR", "7n16c"), ("TR", "5n1n16c"), ("SA", "2n18c"), ("BR", "23n1a1c")]
        )  # fmt: skip
        alphabets = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits + string.ascii_uppercase}
        body, count = "", ""
        for letter in form:
            if letter.isdigit():
                count += letter
            else:
                body, count = body + self.word(alphabets[letter], int(count)), ""
        number = country + iban.calc_check_digits(f"{country}00{body}") + body
        shown = self.chance.choice(
            [number, iban.format(number), iban.format(number), iban.format(number, "-"), number.lower()]
        )
        return shown, self.chance.choice(["{}", "IBAN {}", "IBAN: {}", "Konto {} BIC ABCDEFGH", "to {} by Friday"])

    def _ip(self) -> tuple[str, str]:
        four = ".".join(str(self.chance.randint(0, 255)) for _ in range(4))
        six = ":".join(f"{self.chance.getrandbits(16):x}" for _ in range(8))
        short = self.chance.choice(["fe80::{:x}", "2001:db8::{:x}", "2a02:908:{:x}::1", "fd12:3456::{:x}:7"]).format(
            self.chance.randint(16, 65535)
        )
        return self.chance.choice(
            [(four, "{}")] * 4
            + [
                (four, "IP {}"),
                (four, "from {}:8080"),
                (four, "ping {}"),
                (four, "http://{}/admin"),
                (four, "({})"),
                (four, "{}/24"),
                (four, "host={}"),
            ]
            + [(six, "{}"), (short, "{}"), (short, "[{}]:443"), (six.upper(), "IPv6: {}"), (short, "{}/64")]
        )

    def _id(self) -> tuple[str, str]:
        return self.chance.choice(list(self._ids()))

    def _ids(self) -> Iterator[tuple[str, str]]:
        year, month, day = self.date()
        d = self.digits
        yield self.drawn(lambda: d(11), idnr.is_valid), self.chance.choice(["Steuer-ID {}", "{}"])
        sex, serial = self.chance.choice("12"), f"{d(3)}{d(3)}"
        number = self.drawn(lambda: f"{sex}{year}{month}75{serial}{d(2)}", nir.is_valid)
        yield self.chance.choice([number, nir.format(number)]), self.chance.choice(["n° sécurité sociale {}", "{}"])
        yield (
            self.drawn(lambda: d(8) + self.word(string.ascii_uppercase, 1), dni.is_valid),
            self.chance.choice(["DNI {}", "mi DNI es {}", "{}"]),
        )
        yield self.drawn(lambda: "X" + d(7) + self.word(string.ascii_uppercase, 1), nie.is_valid), "{}"
        base = f"RSSMRA{year}{self.chance.choice('ABCDEHLMPRST')}{day}H501"
        yield base + codicefiscale.calc_check_digit(base), self.chance.choice(["codice fiscale {}", "{}"])
        yield (
            self.drawn(lambda: d(9), bsn.is_valid),
            self.chance.choice(["BSN {}", "mijn burgerservicenummer is {}", "bsn: {}".upper()]),
        )
        yield self.drawn(lambda: d(9), nif.is_valid), self.chance.choice(["NIF {}", "contribuinte n.º {}", "NIF: {}"])
        yield (
            f"AB {d(2)} {d(2)} {d(2)} C",
            self.chance.choice(["NI number {}", "my national insurance number is {}", "{}"]),
        )
        yield nhs.format(self.drawn(lambda: d(10), nhs.is_valid)), self.chance.choice(["NHS number {}", "NHS no: {}"])
        yield (
            nn.format(self.drawn(lambda: f"{year}{month}{day}{d(5)}", nn.is_valid)),
            self.chance.choice(["{}", "rijksregisternummer {}"]),
        )
        yield (
            self.drawn(lambda: f"{year}{month}{day}{d(5)}", pesel.is_valid),
            self.chance.choice(["PESEL {}", "{}", "pesel: {}"]),
        )
        number = self.drawn(lambda: d(11), cpf.is_valid)
        yield self.chance.choice([(cpf.format(number), "{}"), (number, "CPF {}"), (cpf.format(number), "meu CPF é {}")])
        number = self.drawn(lambda: self.word("23456789", 1) + d(11), aadhaar.is_valid)
        yield self.chance.choice(
            [(aadhaar.format(number), "{}"), (number, "Aadhaar {}"), (aadhaar.format(number), "aadhaar number: {}")]
        )
        yield (
            self.drawn(lambda: f"{year}{month}{day}-{d(4)}", personnummer.is_valid),
            self.chance.choice(["personnummer {}", "{}"]),
        )
        yield (
            self.drawn(lambda: f"{day}{month}{year}{d(5)}", fodselsnummer.is_valid),
            self.chance.choice(["{}", "fødselsnummer {}"]),
        )
        yield (
            self.drawn(
                lambda: f"{day}{month}{year}-{d(3)}{self.word('0123456789ABCDEFHJKLMNPRSTUVWXY', 1)}", hetu.is_valid
            ),
            "{}",
        )
        yield f"{day}{month}{year}-{d(4)}", self.chance.choice(["CPR {}", "mit CPR-nummer er {}"])
        yield ahv.format(self.drawn(lambda: "756" + d(10), ahv.is_valid)), self.chance.choice(["AHV-Nummer {}", "{}"])
        yield self.drawn(lambda: f"1{year}{month}{day}01{d(4)}", cnp.is_valid), self.chance.choice(["CNP {}", "{}"])
        yield (
            self.drawn(lambda: f"{year}{month}{day}/{d(4)}", rc.is_valid),
            self.chance.choice(["rodné číslo {}", "{}"]),
        )
        yield (
            self.drawn(lambda: f"{d(7)}{self.word('ABCDEFGHIJKLMNOPQRSTUVW', 1)}", pps.is_valid),
            self.chance.choice(["PPS number {}", "{}"]),
        )
        yield (
            rut.format(self.drawn(lambda: d(8) + self.word("0123456789K", 1), rut.is_valid)),
            self.chance.choice(["RUT {}", "{}"]),
        )
        yield cuit.format(self.drawn(lambda: "20" + d(9), cuit.is_valid)), self.chance.choice(["CUIT {}", "{}"])
        yield (
            self.drawn(lambda: f"{d(3)} {d(3)} {d(3)}", sin.is_valid),
            self.chance.choice(["SIN {}", "social insurance number: {}"]),
        )
        yield (
            self.word("CFGHJKLMNPRTVWXYZ", 1) + d(8),
            self.chance.choice(
                [
                    "passport no. {}",
                    "Reisepass Nr. {}",
                    "passport: {}",
                    "numéro de passeport {}",
                    "my passport number is {}",
                ]
            ),
        )
        yield d(8), self.chance.choice(["driving licence number {}", "Führerschein-Nr. {}", "driver's license {}"])

    def _secret(self) -> tuple[str, str]:
        return self.chance.choice(list(self._secrets()))

    def _secrets(self) -> Iterator[tuple[str, str]]:
        letters = string.ascii_letters + string.digits
        w, hexes = self.word, "0123456789abcdef"
        a1 = "a1"  # some of each, so that chance does not make a word
        for prefix in (
            "sk-",
            "sk-proj-",
            "sk-ant-api03-",
            "ghp_",
            "github_pat_",
            "glpat-",
            "xoxb-",
            "xoxp-",
            "hf_",
            "npm_",
            "sk_live_",
            "whsec_",
            "shpat_",
            "GOCSPX-",
            "dckr_pat_",
        ):
            yield (
                prefix + a1 + w(letters, 30),
                self.chance.choice(["{}", "key: {}", "API key {}", "export KEY={}", "({})"]),
            )
        yield "AKIA" + w(string.ascii_uppercase + string.digits, 16), self.chance.choice(["{}", "aws id {}"])
        yield a1 + w(letters + "+/", 38), "aws_secret_access_key = {}"
        yield "AIza" + w(letters, 35), self.chance.choice(["{}", "https://maps.example/?key={}"])
        yield (
            f"eyJ{w(letters, 20)}.eyJ{w(letters, 40)}.{w(letters, 30)}",
            self.chance.choice(["{}", "Authorization: Bearer {}", "jwt {}"]),
        )
        yield (
            a1 + w(letters, 24),
            self.chance.choice(
                ["Authorization: Bearer {}", "bearer {}", "X-Api-Key: {}", "api_key={}", "access token: {}"]
            ),
        )
        yield w(letters, 24) + a1 + "==", "Authorization: Basic {}"
        body = "\n".join(w(letters, 64) for _ in range(4))
        kind = self.chance.choice(["RSA ", "", "OPENSSH ", "EC "])
        head = self.chance.choice(["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B2C\n\n"])
        yield f"-----BEGIN {kind}PRIVATE KEY-----\n{head}{body}\n-----END {kind}PRIVATE KEY-----", "{}"
        yield (
            f"bob:{w(letters, 9)}1",
            self.chance.choice(["postgres://{}@db.example/x", "https://{}@x.example/", "redis://{}@10.0.0.1:6379"]),
        )
        for name in (
            "token",
            "access_token",
            "sig",
            "X-Amz-Signature",
            "api_key",
            "password",
            "reset_password_token",
            "sessionid",
            "code",
        ):
            yield a1 + w(letters, 22), f"https://app.example/open?id=7&{name}={{}}&lang=en"
        yield (
            a1 + w(letters, 22),
            self.chance.choice(["https://app.example/#access_token={}", "https://app.example/cb?state=x1&code={}"]),
        )
        for way in (
            "reset",
            "password/reset",
            "verify-email",
            "invite",
            "magic",
            "account/activate",
            "einladung",
            "unsubscribe",
        ):
            yield a1 + w(letters + "_-", 24).strip("-_") + "9", f"https://app.example/{way}/{{}}"
        yield w(hexes, 31) + "7", "https://app.example/users/confirm/{}?lang=de"
        yield (
            "Hunter" + self.digits(3) + "!",
            self.chance.choice(
                [
                    "password: {}",
                    "Passwort: {}",
                    "my password is {} thanks",
                    "mot de passe : {}",
                    "contraseña: {}",
                    "pwd={}",
                    "DB_PASSWORD={}",
                ]
            ),
        )
        yield "CorrectHorse!Battery", self.chance.choice(["password: {}", "Kennwort: {}"])
        yield (
            self.digits(6),
            self.chance.choice(
                ["your verification code is {}", "PIN: {}", "one-time password: {}", "security code: {}", "OTP: {}"]
            ),
        )
        yield (
            f"https://hooks.slack.com/services/T0{w(letters, 8)}/B0{w(letters, 8)}/{w(letters, 24)}".partition(
                "services/"
            )[2],
            "https://hooks.slack.com/services/{}",
        )


def _set(kind: str, made: tuple[str, str], around: str) -> Case:
    """The value in what stands beside it, and that in the sentence around."""
    value, beside = made
    sentence = beside.replace("{}", "\0", 1)
    whole = around.replace("{}", sentence, 1)
    start = whole.index("\0")
    return Case(kind, whole.replace("\0", value), start, start + len(value))
