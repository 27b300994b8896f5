"""How the house looks to this organisation: a name, a logo, one accent colour that can be read in both themes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.org import colour, pictures
from guanxi.core.org.models import Setting
from guanxi.core.org.problems import Invalid
from guanxi.core.org.versions import Cached, bump

NAME, ACCENT, LOGO = "brand.name", "brand.accent", "brand.logo"
LONGEST = 30
AA = 4.5
WHITE: colour.RGB = (1.0, 1.0, 1.0)
BLACK: colour.RGB = (0.0, 0.0, 0.0)
INK = colour.parse("#10131f")
_HUE = 262.0
# What frontend/css/tokens.css makes of the accent, theme by theme: the grounds that links stand on.
_LIGHT = (WHITE, colour.oklch(0.984, 0.003, _HUE), colour.oklch(0.966, 0.005, _HUE), colour.oklch(0.97, 0.006, _HUE))
_DARK = (colour.oklch(0.23, 0.012, _HUE), colour.oklch(0.185, 0.011, _HUE), colour.oklch(0.265, 0.014, _HUE))
_NIGHT = colour.oklch(0.22, 0.012, _HUE)


@dataclass(frozen=True)
class Brand:
    """`accent` and `accent_fg` are `#rrggbb` or "" for the house's own; `stamp` names this state of it."""

    name: str = ""
    accent: str = ""
    accent_fg: str = ""
    logo: pictures.Picture | None = None
    stamp: str = ""

    @property
    def css(self) -> str:
        if not self.accent:
            return ""
        return f":root,:host{{--gx-accent:{self.accent};--gx-accent-fg:{self.accent_fg}}}\n"


def _load() -> Brand:
    held = dict(Setting.objects.filter(key__in=(NAME, ACCENT, LOGO)).values_list("key", "value"))
    if not held:
        return Brand()
    accent = held.get(ACCENT) or ""
    logo = None
    if isinstance(held.get(LOGO), dict):
        logo = pictures.Picture(held[LOGO]["type"], base64.b64decode(held[LOGO]["data"]), *held[LOGO]["size"])
    content = repr((accent, held.get(NAME), logo and hashlib.sha256(logo.content).hexdigest()))
    stamp = hashlib.sha256(content.encode()).hexdigest()[:12]
    return Brand(held.get(NAME) or "", accent, foreground(accent) if accent else "", logo, stamp)


BRAND: Cached[Brand] = Cached("brand", _load)


def brand() -> Brand:
    return BRAND.get()


def foreground(accent: str) -> str:
    """White or nearly black, whichever reads better on the accent."""
    ground = colour.parse(accent)
    return "#ffffff" if colour.contrast(ground, WHITE) >= colour.contrast(ground, INK) else colour.to_hex(INK)


def weakest(accent: str) -> float:
    """The lowest contrast that text gets with this accent anywhere in the house, in both themes."""
    it = colour.parse(accent)
    on_it = colour.parse(foreground(accent))
    day = colour.mix(it, 0.96, BLACK)
    night = colour.mix(it, 0.46, WHITE)
    pairs = [
        (on_it, it), (on_it, colour.mix(it, 0.86, BLACK)),
        *((day, ground) for ground in (*_LIGHT, colour.mix(it, 0.09, WHITE))),
        *((night, ground) for ground in (*_DARK, colour.mix(it, 0.30, _NIGHT))),
    ]  # fmt: skip
    return min(colour.contrast(one, other) for one, other in pairs)


def nearest(accent: str) -> str:
    """The colour of the same hue, lighter or darker, that can be read everywhere; "" when there is none."""
    lightness, a, b = colour.to_lab(colour.parse(accent))
    found = []
    for step in range(15, 76):
        tried = colour.to_hex(colour.from_lab((step / 100, a, b)))
        if weakest(tried) >= AA:
            found.append((abs(step / 100 - lightness), tried))
    return min(found)[1] if found else ""


def _accent(text: str) -> str:
    text = text.strip().lower()
    if not text:
        return ""
    try:
        colour.parse(text)
    except ValueError:
        raise Invalid({"accent": [_("Write the colour as # and six digits, such as #3350d0.")]}) from None
    if weakest(text) < AA:
        better = nearest(text)
        hint = _("Nearest that can: %(colour)s") % {"colour": better} if better else _("Choose another hue.")
        raise Invalid({"accent": [_("Text in this colour cannot be read well in both themes.") + " " + hint]})
    return text


def change(actor: Actor, *, name: str, accent: str, logo: bytes | None = None, remove_logo: bool = False) -> None:
    """Set name and accent ("" for the house's own) and, where given, the logo. Raises Invalid or Refused."""
    from guanxi.core.access.services import changing
    from guanxi.core.identity import audit

    with changing(actor, "organisation"):
        name = " ".join(name.split())
        if len(name) > LONGEST:
            raise Invalid({"name": [_("At most %(n)d characters.") % {"n": LONGEST}]})
        held = dict(Setting.objects.filter(key__in=(NAME, ACCENT, LOGO)).values_list("key", "value"))
        wanted: dict[str, Any] = {NAME: name, ACCENT: _accent(accent)}
        if logo is not None:
            try:
                picture = pictures.check(logo)
            except pictures.NotAPicture as error:
                raise Invalid({"logo": [str(error)]}) from error
            data = base64.b64encode(picture.content).decode()
            wanted[LOGO] = {"type": picture.type, "data": data, "size": [picture.width, picture.height]}
        elif remove_logo:
            wanted[LOGO] = None
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for key, value in wanted.items():
            if (held.get(key) or None) == (value or None):
                continue
            if value:
                Setting.objects.update_or_create(key=key, defaults={"value": value})
            else:
                Setting.objects.filter(key=key).delete()
            word = key.partition(".")[2]
            before[word], after[word] = _say(key, held.get(key)), _say(key, value)
        audit.settings_changed(actor, "core.brand", None, before=before, after=after)
        if after:
            bump("brand")


def _say(key: str, value: Any) -> Any:
    """What the journal keeps of a value: of a picture its kind, size and check sum."""
    if key == LOGO and value:
        digest = hashlib.sha256(base64.b64decode(value["data"])).hexdigest()[:16]
        return f"{value['type']} {value['size'][0]}×{value['size'][1]} sha256:{digest}"
    return value or ""
