"""Shades of the site's color that can be read, light and dark, and the style sheet with them.

People choose any color. Its hue is kept; its lightness is changed as far as contrast needs.
"""

from __future__ import annotations

import colorsys
import re

HEX = re.compile(r"#[0-9a-f]{6}")
CONTRAST = 4.6
"""Least contrast of a shade with every ground that it is used on; WCAG 2.2 AA asks for 4.5."""

# The darkest light ground and the lightest dark one, as in ``static/src/css/tokens.css``.
_LIGHT, _DARK = "#efefea", "#252823"
_WHITE, _PAPER, _INK = "#ffffff", "#171916", "#0c120f"


def checked_color(color: str) -> str | None:
    """Return a color as ``#`` and six lower-case digits, "" for none; None if it is no color."""
    color = color.strip().lower()
    if color and not color.startswith("#"):
        color = f"#{color}"
    if re.fullmatch(r"#[0-9a-f]{3}", color):
        color = "#" + "".join(digit * 2 for digit in color[1:])
    return color if not color or HEX.fullmatch(color) else None


def shades_of(color: str) -> dict[str, tuple[str, str]]:
    """Return the tokens that follow from a color, each for light and for dark."""
    soft = _mixed(color, _WHITE, 0.1), _mixed(color, _PAPER, 0.22)
    light = _readable(color, (_LIGHT, soft[0]), darker=True)
    dark = _readable(color, (_DARK, soft[1], _INK), darker=False)
    return {
        "accent": (light, dark),
        "accent-strong": (_mixed(light, "#000000", 0.75), _mixed(dark, _WHITE, 0.7)),
        "accent-soft": soft,
        "on-accent": (_WHITE, _INK),
        "link": (light, dark),
    }


def style_of(color: str) -> str:
    """Return the style sheet that puts the shades of a color in place of the wiki's own."""
    tokens = (f"--{name}: light-dark({a}, {b});" for name, (a, b) in shades_of(color).items())
    return f":root {{ {' '.join(tokens)} }}\n"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, from 1 to 21, as WCAG defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _readable(color: str, grounds: tuple[str, ...], *, darker: bool) -> str:
    """Return the color, as much darker or lighter as it needs to be read on all grounds."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(color))
    steps = round(lightness * 200) if darker else round((1 - lightness) * 200)
    for step in range(steps + 1):
        changed = lightness - step / 200 if darker else lightness + step / 200
        shade = _hex(colorsys.hls_to_rgb(hue, min(max(changed, 0.0), 1.0), saturation))
        if all(contrast(shade, ground) >= CONTRAST for ground in grounds):
            return shade
    return "#000000" if darker else _WHITE


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(_parts(color), _parts(other), strict=True)
    return _hex(tuple(one * share + two * (1 - share) for one, two in pairs))


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _parts(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
