"""Whether a reader of a mail sees a piece of it: what style attributes and simple style sheets say.

Not a CSS engine. Known: inline styles, selectors of tag, class and id with descendants (`.a p`), of two rules the later
one, `!important`, inherited size and colours. Not known, and taken as visible: pseudo-classes, selectors by attribute,
sheets from elsewhere, background pictures, rules for narrow screens, print and dark mode.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from typing import NamedTuple

Color = tuple[int, int, int] | str | None
"""Red, green, blue 0..255; a name we do not know the values of; None: unknown (a picture, a variable)."""

CLEAR = "transparent"


class Look(NamedTuple):
    """How text at one place is shown."""

    seen: bool = True  # a reader can see text here
    hidden: bool = False  # nobody sees what is inside, whatever it says of itself
    size_px: float = 16.0
    color: Color = (0, 0, 0)
    background: Color = (255, 255, 255)
    inside: frozenset[str] = frozenset()  # tokens of the ancestors that some selector asks for


def _stands_out(size_px: float, color: Color, background: Color) -> bool:
    if size_px <= 3 or color == CLEAR:
        return False
    if isinstance(color, tuple) and isinstance(background, tuple):
        return any(abs(one - other) > 20 for one, other in zip(color, background, strict=True))
    return color is None or color != background


COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
_LENGTH = re.compile(r"([+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*(px|pt|em|rem|%|cm|mm|in|ex|ch|vw|vh|pc)?")
_PX = {
    "pt": 4 / 3,
    "em": 16.0,
    "rem": 16.0,
    "cm": 37.8,
    "mm": 3.78,
    "in": 96.0,
    "ex": 8.0,
    "ch": 8.0,
    "vw": 8.0,
    "vh": 8.0,
}
_NUMBER = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})")
_FONT_SIZE = re.compile(r"(?:^|\s)([\d.]{1,9}(?:px|pt|em|rem|%)?)\s*/?")
_FAR_PX = -400
_HIDING = frozenset(
    {
        "display",
        "visibility",
        "content-visibility",
        "opacity",
        "filter",
        "direction",
        "max-height",
        "max-width",
        "height",
        "width",
        "scale",
        "transform",
        "clip-path",
        "clip",
        "text-indent",
        "margin-left",
        "margin-top",
        "left",
        "top",
        "right",
        "bottom",
    }
)
_MOVED = ("absolute", "fixed", "relative")
_SHRUNK = re.compile(r"scale(?:3d|x|y)?\(\s*0*\.?0*\s*[,)]")
_PUSHED = re.compile(r"translate(?:x|y|3d)?\([^)]{0,40}-\d{3,}")
_CLIPPED = re.compile(r"inset\(\s*(?:50|100)%|circle\(\s*0|polygon\(\s*0(?:px)?\s+0(?:px)?\s*,\s*0(?:px)?\s+0")
_NO_RECT = re.compile(r"rect\((?:\s*[01](?:px)?[\s,]*){4}\)")
_WHITES = {
    "white": (255, 255, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255),
    "aliceblue": (240, 248, 255), "honeydew": (240, 255, 240), "seashell": (255, 245, 238), "black": (0, 0, 0),
    "lavenderblush": (255, 240, 245), "oldlace": (253, 245, 230), "linen": (250, 240, 230),
}  # fmt: skip
_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0}
_PLACING = frozenset(
    {"repeat", "center", "top", "left", "right", "bottom", "scroll", "fixed", "local", "cover", "contain"}
)
_KEEP = frozenset({"inherit", "initial", "unset", "revert", "currentcolor", ""})


def declarations(style: str) -> dict[str, str]:
    """Properties of a style attribute or of a rule's block, in lower case; `!important` ones survive later ones."""
    if "/*" in style or "-->" in style or "<!--" in style:
        style = COMMENT.sub(" ", style)
    if "\\" in style:
        style = _ESCAPE.sub(_unescaped, style)
    found: dict[str, str] = {}
    fixed: set[str] = set()
    for part in style.lower().split(";"):
        name, _, value = part.partition(":")
        value, important, _ = value.partition("!important")
        if not important:
            value, important, _ = value.partition("! important")
        name = name.strip()
        if important or name not in fixed:
            found[name] = value.strip()
            if important:
                fixed.add(name)
                found[f"{name}!"] = ""
    return found


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else 0
    return (chr(code) if 0 < code < 0x110000 else "") if match[1] else match[2]


def merged(sheet: Mapping[str, str], inline: Mapping[str, str]) -> dict[str, str]:
    """Declarations of a sheet under those of the element itself, which win unless the sheet's are `!important`."""
    return {**sheet, **{name: value for name, value in inline.items() if f"{name}!" not in sheet}}


def look(parent: Look, style: Mapping[str, str]) -> Look:
    """How text is shown inside an element with these declarations."""
    if not style:
        return parent
    size = _size(style, parent.size_px)
    color = parent.color
    if "color" in style or "-webkit-text-fill-color" in style:
        color = _color(style.get("-webkit-text-fill-color") or style.get("color", ""), parent.color)
    background = parent.background
    for name in ("background", "background-color"):
        if name in style:
            painted = _color(style[name], parent.background)
            background = parent.background if painted == CLEAR else painted
    hidden = parent.hidden or (not _HIDING.isdisjoint(style) and _hides(style))
    return Look(not hidden and _stands_out(size, color, background), hidden, size, color, background, parent.inside)


def _hides(style: Mapping[str, str]) -> bool:
    """True where the element and all in it is not shown, whatever is inside."""
    return _switched_off(style) or _without_room(style) or _far_away(style)


def _switched_off(style: Mapping[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("content-visibility") == "hidden"
        or (style.get("direction") == "rtl" and "override" in style.get("unicode-bidi", ""))
        or ("opacity" in style and _number(style["opacity"]) <= 0.05)
        or ("filter" in style and bool(re.search(r"opacity\(\s*0%?\s*\)", style["filter"])))
    )


def _without_room(style: Mapping[str, str]) -> bool:
    clipped = any(style.get(name, "visible") != "visible" for name in ("overflow", "overflow-x", "overflow-y"))
    for name in ("max-height", "max-width", "height", "width"):
        if name in style and (clipped or name.startswith("max")) and abs(_pixels(style[name], 99)) <= 1:
            return True
    return (
        ("scale" in style and _number(style["scale"]) == 0)
        or ("transform" in style and bool(_SHRUNK.search(style["transform"])))
        or ("clip-path" in style and bool(_CLIPPED.search(style["clip-path"])))
        or ("clip" in style and style.get("position") in _MOVED and bool(_NO_RECT.match(style["clip"])))
    )


def _far_away(style: Mapping[str, str]) -> bool:
    if any(
        name in style and _pixels(style[name], 0) <= _FAR_PX for name in ("text-indent", "margin-left", "margin-top")
    ):
        return True
    if "transform" in style and _PUSHED.search(style["transform"]):
        return True
    if style.get("position") not in _MOVED:
        return False
    places = [_pixels(style[name], 0) for name in ("left", "top", "right", "bottom") if name in style]
    return any(place <= _FAR_PX or place >= -10 * _FAR_PX for place in places)


def _size(style: Mapping[str, str], inherited: float) -> float:
    value = style.get("font-size", "")
    if not value and "font" in style:
        found = _FONT_SIZE.search(style["font"])
        value = found[1] if found else ""
    if not value or value in _KEEP:
        return inherited
    if value in _SIZES:
        return _SIZES[value]
    measured = _LENGTH.match(value)
    if measured is None:
        return inherited
    if measured[2] in ("em", "%"):
        return inherited * float(measured[1]) / (100 if measured[2] == "%" else 1)
    return float(measured[1]) * _PX.get(measured[2] or "px", 1.0)


def _pixels(value: str, default: float) -> float:
    found = _LENGTH.match(value)
    return float(found[1]) * _PX.get(found[2] or "px", 1.0) if found else default


def _number(value: str) -> float:
    found = _NUMBER.match(value)
    return (float(found[0]) / (100 if value.endswith("%") else 1)) if found else 1.0


def _color(value: str, inherited: Color) -> Color:
    if value in _KEEP:
        return inherited
    for part in re.split(r"\s+(?![^(]*\))", value[:200]) if " " in value else (value,):
        if part.startswith("#"):
            return _hex(part[1:])
        if part.startswith(("rgb", "hsl")):
            return _function(part)
        if part == CLEAR:
            return CLEAR
        if part.isalpha() and part not in _PLACING:
            return _WHITES.get(part, CLEAR if part == "none" else part)
    return None


def _hex(digits: str) -> Color:
    if not re.fullmatch(r"[0-9a-f]{3,8}", digits):
        return None
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) == 8 and int(digits[6:], 16) <= 25:
        return CLEAR
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6].ljust(2, "0"), 16)


def _function(value: str) -> Color:
    numbers = [
        (float(number), unit) for number, unit in re.findall(r"(-?\d{1,6}(?:\.\d{0,6})?|-?\.\d{1,6})(%?)", value)
    ]
    if len(numbers) < 3:
        return None
    if len(numbers) > 3 and numbers[3][0] / (100 if numbers[3][1] else 1) <= 0.1:
        return CLEAR
    if value.startswith("hsl"):
        hue, light, full = numbers[0][0] / 360, numbers[2][0] / 100, numbers[1][0] / 100
        red, green, blue = colorsys.hls_to_rgb(hue % 1, min(max(light, 0), 1), min(max(full, 0), 1))
        return round(red * 255), round(green * 255), round(blue * 255)
    red, green, blue = (round(min(max(number * (2.55 if unit else 1), 0), 255)) for number, unit in numbers[:3])
    return red, green, blue
