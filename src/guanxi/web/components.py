"""Small pieces of HTML made in Python, because lists need hundreds of them per page: icon, avatar, badge, cell.

Everything returned is SafeString; everything put in is escaped here.
"""

from __future__ import annotations

import html
import re
import unicodedata
import zlib
from collections.abc import Iterable
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from guanxi.web import assets

COLOURS = (
    "gray", "red", "orange", "yellow", "lime", "green", "teal", "cyan", "azure", "blue", "indigo", "purple", "pink",
)  # fmt: skip
_PEOPLE = ("blue", "teal", "purple", "orange", "green", "pink", "cyan", "indigo")
_HAN = re.compile("[\u3400-\u9fff]")
_COMPANY_WORDS = ("公司", "集团", "厂", "店", "中心", "银行", "大学", "医院")


def safe(html: str) -> SafeString:
    """HTML put together in this package from escaped parts."""
    return SafeString(html)  # without the laziness of `mark_safe`: a list makes hundreds


def escape(text: object) -> SafeString:
    """Django's `escape` without its laziness, which costs more than the work: a list escapes hundreds of texts."""
    return SafeString(html.escape(str(text)))


def colour_class(colour: str | None) -> str:
    """The class of one of the twelve colours; unknown names are gray."""
    return f"gx-c gx-c-{colour if colour in COLOURS else 'gray'}"


def icon(name: str, *, size: str = "", label: str = "", css: str = "") -> SafeString:
    """One of the icons in `frontend/icons.mjs`. Without a label it is decoration and silent to screen readers."""
    classes = "gx-icon" + (f" gx-icon-{escape(size)}" if size else "") + (f" {escape(css)}" if css else "")
    voice = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    use = f"{assets.url('icons.svg')}#{escape(name.replace(':', '-'))}"
    return safe(f'<svg class="{classes}" {voice}><use href="{use}"></use></svg>')


def initial(name: str) -> str:
    """What stands in an avatar: the surname's first character in Chinese, up to two initials otherwise."""
    text = name.strip()
    if not text:
        return "?"
    if chinese := _HAN.search(text):
        return chinese[0]
    words = [word for word in text.replace("-", " ").split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [text[0]]
    return unicodedata.normalize("NFC", "".join(letters)).upper()


def hue(seed: object) -> str:
    """A colour that stays the same for the same person or thing."""
    return _PEOPLE[zlib.crc32(str(seed).encode()) % len(_PEOPLE)]


def avatar(name: object, *, seed: object = None, size: str = "", company: bool = False) -> SafeString:
    text = str(name or "")
    square = " gx-avatar-company" if company else ""
    sized = f" gx-avatar-{escape(size)}" if size else ""
    colour = hue(seed if seed is not None else text)
    return safe(
        f'<span class="gx-avatar gx-c gx-c-{colour}{square}{sized}" aria-hidden="true">{escape(initial(text))}</span>'
    )


def person(name: object, *, seed: object = None, size: str = "xs") -> SafeString:
    """An avatar and a name on one line."""
    return safe(f'<span class="gx-person">{avatar(name, seed=seed, size=size)}<span>{escape(name)}</span></span>')


def badge(
    text: object, colour: str | None = None, *, dot: bool = False, href: str | None = None, tag: bool = False
) -> SafeString:
    classes = f"gx-badge {colour_class(colour)}" + (" gx-badge-dot" if dot else "") + (" gx-tag" if tag else "")
    if href:
        return safe(f'<a class="{classes}" href="{escape(href)}">{escape(text)}</a>')
    return safe(f'<span class="{classes}">{escape(text)}</span>')


def badges(parts: Iterable[SafeString]) -> SafeString:
    return safe(f'<span class="gx-badges">{"".join(parts)}</span>')


def empty_value() -> SafeString:
    """How an empty value looks: a quiet dash that screen readers skip."""
    return _EMPTY


_EMPTY = safe('<span class="gx-none" aria-hidden="true">–</span>')


def attributes(values: dict[str, Any]) -> SafeString:
    """HTML attributes from a dict: None and False leave one out, True writes it bare, `_` stands for `-`."""
    out = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        key = escape(name.replace("_", "-"))
        out.append(key if value is True else f'{key}="{conditional_escape(value)}"')
    return safe(" ".join(out))


def ring(percent: int, *, label: str) -> SafeString:
    """A completeness ring: percent of a circle, with the number in it."""
    share = max(0, min(100, percent))
    length = 2 * 3.14159265 * 19
    return safe(
        f'<svg class="gx-ring" viewBox="0 0 44 44" role="img" aria-label="{escape(label)}">'
        '<circle cx="22" cy="22" r="19"></circle>'
        f'<circle class="gx-ring-value" cx="22" cy="22" r="19" transform="rotate(-90 22 22)"'
        f' stroke-dasharray="{length * share / 100:.1f} {length:.1f}"></circle>'
        f'<text x="22" y="26">{share}</text></svg>'
    )


def keys(*names: str) -> SafeString:
    """Key hints: `keys("Ctrl", "K")`."""
    return safe(f'<span class="gx-keys">{" ".join(f"<kbd>{escape(name)}</kbd>" for name in names)}</span>')


def looks_like_company(name: str) -> bool:
    return name.endswith(_COMPANY_WORDS) or any(
        w in name for w in ("有限", "Ltd", "GmbH", "Inc", "LLC", " SA", " AG", " BV")
    )
