"""What is known of HTML elements: which are lines, which are never shown, which hold quotes or signatures."""

from __future__ import annotations

import re


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names("area base br col embed hr img input link meta param source track wbr basefont bgsound")
BLOCKS = _names(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hgroup hr html li main menu nav ol p pre section summary table tbody tfoot thead tr ul xmp caption"
    " legend"
)
SPACED = _names("p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre dl xmp")
"""Blocks with an empty line before and after."""

NEVER_SHOWN = _names("template svg math audio video canvas object applet select datalist dialog")
CLOSES_P = BLOCKS - {"body", "html", "tr", "tbody", "tfoot", "thead", "caption"}
SCOPES = _names("table td th caption object applet marquee template button")
"""An end tag inside one of these does not close what was opened outside."""

TABLE_PARTS = _names("table tbody thead tfoot tr td th caption")
FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
IMPLIED = {
    "li": ("li",), "dd": ("dd", "dt"), "dt": ("dd", "dt"), "option": ("option",), "td": ("td", "th"), "th": ("td", "th"),
    "tr": ("td", "th", "tr"), "tbody": ("td", "th", "tr", "tbody", "thead"), "tfoot": ("td", "th", "tr", "tbody", "thead"),
}  # fmt: skip
"""What a start tag ends where the end tag was left out."""

_QUOTES = _names(
    "yahoo_quoted protonmail_quote tutanota_quote zmail_extra moz-email-headers-table front-blockquote"
    " ms-outlook-mobile-reference-message"
)
HISTORY_IDS = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling|zwchr|reply-intro|yahoo_quoted_\d+"
    r"|mail-editor-reference-message-container|ms-outlook-mobile-reference-message|ymail_android_signature_quote)"
)
_SIGNATURES = _names(
    "gmail_signature moz-signature protonmail_signature_block applemailsignature ms-outlook-mobile-signature"
    " tutanota_signature"
)
_SIGNATURE_IDS = re.compile(r"(?:x_)*(?:signature|applemailsignature|ms-outlook-mobile-signature)", re.IGNORECASE)


def withheld(name: str, found: dict[str, str]) -> bool:
    """True where markup alone says that nobody sees this, or that it reads backwards."""
    if not found:
        return name in NEVER_SHOWN
    return (
        "hidden" in found
        or (name in NEVER_SHOWN and not (name == "dialog" and "open" in found))
        or found.get("aria-hidden", "").strip().lower() == "true"
        or (name == "bdo" and found.get("dir", "").strip().lower() == "rtl")
    )


def quotes(name: str, found: dict[str, str]) -> bool:
    """True where the element holds somebody else's words."""
    if name == "blockquote":  # the indent button of Gmail and Apple Mail makes a quote without a border
        indented = "webkit-indent-blockquote" in found.get("class", "").lower()
        return not (indented or "border:none" in found.get("style", "").replace(" ", "").lower())
    return "class" in found and not _QUOTES.isdisjoint(found["class"].lower().split())


def signs(found: dict[str, str]) -> bool:
    """True where a mail program marks the writer's signature."""
    return (
        ("class" in found and not _SIGNATURES.isdisjoint(found["class"].lower().split()))
        or ("id" in found and bool(_SIGNATURE_IDS.fullmatch(found["id"])))
        or found.get("data-smartmail") == "gmail_signature"
        or found.get("data-signatureblock") == "true"
    )


def tight(found: dict[str, str]) -> bool:
    """True for a paragraph without a margin: Outlook writes every line as one."""
    style = found.get("style", "").lower().replace(" ", "")
    return found.get("class", "").startswith("Mso") or bool(re.search(r"margin(?:-bottom)?:0", style))


def presented(name: str, found: dict[str, str]) -> dict[str, str]:
    """Attributes of old that say what style says today."""
    style: dict[str, str] = {}
    if "bgcolor" in found:
        style["background"] = found["bgcolor"].strip().lower()
    if name == "font" and "color" in found:
        style["color"] = found["color"].strip().lower()
    if name == "body" and "text" in found:
        style["color"] = found["text"].strip().lower()
    return style
