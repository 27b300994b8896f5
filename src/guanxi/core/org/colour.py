"""Colours as the style sheet mixes them (OKLab), and whether text on them can be read (WCAG contrast)."""

from __future__ import annotations

import math
import re

RGB = tuple[float, float, float]
HEX = re.compile(r"#[0-9a-f]{6}")


def parse(text: str) -> RGB:
    """`#rrggbb` as three numbers from 0 to 1. Raises ValueError."""
    if not HEX.fullmatch(text.lower()):
        raise ValueError(text)
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def to_hex(colour: RGB) -> str:
    return "#" + "".join(f"{round(max(0.0, min(1.0, part)) * 255):02x}" for part in colour)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _root(value: float) -> float:
    return math.copysign(abs(value) ** (1 / 3), value)


def to_lab(colour: RGB) -> RGB:
    r, g, b = (_linear(part) for part in colour)
    l_ = _root(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    m_ = _root(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    s_ = _root(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
        1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
        0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
    )


def from_lab(lab: RGB) -> RGB:
    """Back to sRGB; what no screen can show is cut to the nearest it can."""
    lightness, a, b = lab
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    parts = (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )
    return tuple(max(0.0, min(1.0, _gamma(max(0.0, part)))) for part in parts)  # type: ignore[return-value]


def oklch(lightness: float, chroma: float, hue: float) -> RGB:
    angle = math.radians(hue)
    return from_lab((lightness, chroma * math.cos(angle), chroma * math.sin(angle)))


def mix(one: RGB, share: float, other: RGB) -> RGB:
    """`color-mix(in oklab, one share, other)`."""
    first, second = to_lab(one), to_lab(other)
    return from_lab(tuple(share * a + (1 - share) * b for a, b in zip(first, second, strict=True)))  # type: ignore[arg-type]


def _luminance(colour: RGB) -> float:
    r, g, b = (_linear(part) for part in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: RGB, other: RGB) -> float:
    """From 1 (the same) to 21 (black on white)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
