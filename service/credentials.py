"""Secrets by their form: keys of known makers, logins and tokens in web addresses, what is called a password. Pure, linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator

_KEY = re.compile(
    r"""-----BEGIN\ [A-Z0-9 ]{0,40}PRIVATE\ KEY(?:\ BLOCK)?-----[\s>]*+(?:[A-Z][A-Za-z-]{1,20}:\ [^\n]{0,200}\n[\s>]*+){0,6}
        (?:[A-Za-z0-9+/=\\]{1,200}+[\s>]*+){0,600}+(?:-----END\ [A-Z0-9 ]{0,50}-----)?
    |\beyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+){0,3}
    |\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[-_]?[A-Za-z0-9_-]{16,}+
    |\b(?:gh[opsur]_|github_pat_|gl(?:pat|rt|dt|ptt|soat)-|xox[abeoprs]-|xapp-|hf_|npm_|pypi-|do[por]_v1_|shp(?:at|ss|ca|pa)_|whsec_|lin_api_
        |figd_|dp\.(?:pt|st)\.|gsk_|xai-|r8_|pplx-|ntn_|sbp_|sntry[su]_|dckr_pat_|hv[sb]\.|sq0(?:atp|csp)-|GOCSPX-|1//0|PMAK-|NRAK-|AT[AC]TT3
        |AGE-SECRET-KEY-1|phx_|tfp_|ya29\.|AIza|rdme_|secret_|vercel_|EAA[AC])[\w.~-]{16,}+
    |\b(?:A(?:KI|SI|RO|BI|CC)A)[A-Z0-9]{16}\b|\bSG\.[\w-]{16,}+\.[\w-]{16,}+|\bdapi[0-9a-f]{32}|\bSK[0-9a-f]{32}\b|\bkey-[0-9a-f]{32}\b
    |\b[0-9a-f]{32}-us\d{1,2}\b|\b\d{8,10}:AA[\w-]{33}
    |\bhooks\.slack\.com/\w{1,20}/([\w/]{20,}+)|\bdiscord(?:app)?\.com/api/webhooks/(\d{5,25}/[\w-]{20,}+)
    |\bAccountKey=([\w+/=]{30,}+)|\ (?:-u|--user)[ =]["']?([^\s:"']{1,64}:[^\s"']{4,200}+)
    |\b[Bb][Ee][Aa][Rr][Ee][Rr]\s(?=[\w.~+/-]{0,200}\d)([\w.~+/-]{16,}+=*)
    |\b[Aa]uthorization["']?\s?[:=]\s?["']?[A-Za-z]{1,12}\ ([^\s"'<>,;]{8,}+)
    |\b(?:[Ss]et-)?[Cc]ookie:\ ?([^\n"]{8,2000}+)""",
    re.VERBOSE,
)
"""Each maker's own beginning, so that hashes, order numbers and UUIDs stay readable."""

_NAMED = re.compile(
    r"(?:pass(?:word|wort|wd|code|phrase)|kennwort|mot de passe|contraseña|senha|wachtwoord|has[łl]o|(?:api|access|private|secret|account|license|signing)"
    r"[ _-]?key|secret(?:[ _-]?access[ _-]?key)?|(?<![A-Za-z])(?:pass|pw|pwd|pin|otp|tan|puk|cv[vc]2?|credentials?)(?![A-Za-z])|token"
    r"|(?:verification|security|one[ -]?time|confirmation|login|backup|recovery|2fa|sicherheits|bestätigungs|einmal)[ -]?(?:code|passwor[dt])"
    r"|code de (?:vérification|sécurité)|código de (?:verificación|seguridad))"
    r"[\"'`)]{0,2}(?:\s?(?P<sign>:=|=>|[:=])\s{0,2}|\s(?:is|was|ist|war|lautet|est|es|era|è|é)\s?:?\s|(?<=cv[vc])\s(?=\d))"
    r"(?:[\"'](?P<quoted>[^\"'\n]{4,200}+)[\"']|[\"'`]?(?P<value>[^\s\"'`<>,;]{3,300}+))",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"[*•.xX_-]+|[{\[$%(<].*|(?:https?:)?//.*")
_NEXT_PARAMETER = re.compile(r"&[\w.-]{1,40}=")
_ODD = re.compile(r"[a-z][A-Z]|[!@#$%^&*_+~]")

_ADDRESS = re.compile(
    r"(?:\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://|\bwww\.|(?<=[\w/])(?=[?&#][\w.-]{1,40}=))[^\s<>\"'`\x00]{1,2000}+"
)
_LOGIN = re.compile(r"//([^\s/@:?#]{1,100}:[^\s/@]{1,200}|[^\s/@:?#.]{16,200})@")
_PARAMETER = re.compile(r"[?&#;]([\w.\[\]%-]{1,60})=([^&#;]*)")
_SECRET_NAME = re.compile(
    r"token|secret|signature|\bsig\b|passw|\bpass\b|\bpw\b|\bpwd|api[_-]?key|apikey|access[_-]?key|credential|\bjwt|\botp\b|auth(?!or)|session[_-]?id|sessid|\bsid\b",
    re.IGNORECASE,
)
_DOUBTFUL_NAME = re.compile(
    r"code|key|hash|nonce|state|ticket|invit|magic|session|confirm|reset|verif|hmac|cookie|^[tkchs]$", re.IGNORECASE
)
_LETS_IN = re.compile(
    r"reset|verif|confirm|activat|invit|magic|log-?in|sign-?in|sso|unlock|recover|unsubscribe|passwor|passwort|token|auth|share|guest|onetime|one-time"
    r"|bestaetig|freischalt|einladung|r(?:é|e)initialis|restablecer|invitacion",
    re.IGNORECASE,
)  # fmt: skip
"""Words of an address that lets in whoever opens it: then what looks random behind them is a key."""

_PART = re.compile(r"[^/?&#=;]+")
_WORDY = re.compile(r"(?:[A-Za-z]+|\d{1,4}[a-z]{0,3})(?:[-_.%+](?:[A-Za-z]+|\d{1,4}[a-z]{0,3}))*")


def find_secrets(text: str) -> list[tuple[int, int]]:
    """Where secrets stand, in no order; one may be found twice."""
    found = [match.span(match.lastindex or 0) for match in _KEY.finditer(text)]
    found += [place for match in _NAMED.finditer(text) if (place := _named(match))]
    if "://" in text or "www." in text or "=" in text:
        for match in _ADDRESS.finditer(text):
            found += [(match.start() + start, match.start() + end) for start, end in _in_address(match[0])]
    return found


def _named(match: re.Match[str]) -> tuple[int, int] | None:
    """Where the value stands; None for a word of the language ("Password: required") or a gap to fill in."""
    if match["quoted"] and match["sign"] and not _NO_VALUE.fullmatch(match["quoted"]):
        return match.span("quoted")
    group = "quoted" if match["quoted"] else "value"
    value = _NEXT_PARAMETER.split(match[group])[0].rstrip(".)]}?")
    told = any(map(str.isdigit, value)) or (match["sign"] and _ODD.search(value))
    if len(value) < 3 or not told or _NO_VALUE.fullmatch(value):
        return None
    return match.start(group), match.start(group) + len(value)


def _in_address(address: str) -> Iterator[tuple[int, int]]:
    """The parts of a web address that let in whoever has them."""
    if login := _LOGIN.search(address, 0, 340):
        yield login.span(1)
    lets_in = _LETS_IN.search(address, address.find("/", 8) + 1)
    for match in _PARAMETER.finditer(address):
        start, end = match.span(2)
        doubtful = lets_in or _DOUBTFUL_NAME.search(match[1])
        if (_SECRET_NAME.search(match[1]) and end - start >= 4) or (doubtful and _is_random(match[2])):
            yield start, end
    if lets_in:
        for part in _PART.finditer(address, lets_in.end()):
            if address[part.start() - 1] == "/" and _is_random(part[0]):
                yield part.span()


def _is_random(value: str) -> bool:
    """True for what no person chose: long, of letters and digits, not words or numbers with dashes between them."""
    value = value.rstrip(".,;:!)")
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return len(value) >= 10 and mixed and not _WORDY.fullmatch(value)
