"""The HTML face of a kind of value: how a cell shows it, which input takes it, and how a posted form gives it back.

Shown in Python (a list has hundreds of cells), typed into templates (a form has a dozen).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.http import QueryDict
from django.utils.html import urlize
from django.utils.safestring import SafeString

from guanxi.web import components
from guanxi.web.components import escape, safe


@dataclass
class FormField:
    """One field of a form, ready for its template. `problems` are sentences; `value` is what the input holds."""

    key: str
    label: str
    kind: str
    name: str
    id: str
    template: str
    value: Any = ""
    text: str = ""
    help: str = ""
    required: bool = False
    read_only: bool = False
    autofocus: bool = False
    problems: Sequence[Any] = ()
    options: Sequence[Any] = ()
    options_url: str = ""
    wide: bool = False
    group: bool = False  # several inputs: fieldset and legend instead of label
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}-help"] if self.help else []
        if self.problems:
            ids.append(f"{self.id}-problem")
        return " ".join(ids)


class Face:
    """How one kind looks. Subclasses override what differs."""

    key: ClassVar[str] = "text"
    template: ClassVar[str] = "web/kinds/text.html"
    to_end: ClassVar[bool] = False  # numbers stand at the end of their column
    wide: ClassVar[bool] = False
    group: ClassVar[bool] = False

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        """The value as it is read. `cell.text` is already formatted for the person."""
        return self.linked(cell, safe(escape(cell.text)))

    def linked(self, cell: Any, inner: SafeString) -> SafeString:
        href = getattr(cell, "href", None)
        return safe(f'<a class="gx-cell-link" href="{escape(href)}">{inner}</a>') if href else inner

    def value(self, value: Any) -> Any:
        """What the input holds for a stored or posted value."""
        return "" if value is None else value

    def hints(self, kind: Any) -> Mapping[str, Any]:
        """Attributes of the input that come from the kind."""
        return {}

    def raw(self, post: QueryDict, name: str) -> Any:
        """What the form posted under this name, for `kind.parse`."""
        return post.get(name, "")

    def posted(self, post: QueryDict, name: str) -> bool:
        """Whether the form had this field at all: what was not shown is not changed."""
        return name in post


class LongText(Face):
    key = "longtext"
    template = "web/kinds/longtext.html"
    wide = True

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        text = cell.text
        if dense:
            first = text.split("\n", 1)[0]
            return self.linked(cell, safe(f'<span title="{escape(text[:400])}">{escape(first[:120])}</span>'))
        return safe(f'<span class="gx-moment-body">{urlize(text, nofollow=True, autoescape=True)}</span>')


class Amount(Face):
    template = "web/kinds/number.html"
    to_end = True

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return self.linked(cell, safe(f'<span class="gx-num">{escape(cell.text)}</span>'))

    def hints(self, kind: Any) -> Mapping[str, Any]:
        return {"low": getattr(kind, "low", None), "high": getattr(kind, "high", None)}


class Integer(Amount):
    key = "integer"

    def hints(self, kind: Any) -> Mapping[str, Any]:
        return {**super().hints(kind), "mode": "numeric"}


class Number(Amount):
    key = "number"


class Money(Amount):
    key = "money"

    def hints(self, kind: Any) -> Mapping[str, Any]:
        return {**super().hints(kind), "prefix": getattr(kind, "currency", "")}


class Percent(Amount):
    key = "percent"

    def hints(self, kind: Any) -> Mapping[str, Any]:
        return {**super().hints(kind), "suffix": "%"}


class Rating(Face):
    key = "rating"
    template = "web/kinds/rating.html"
    group = True

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        stars = int(cell.value or 0)
        full = components.icon("star:filled") * stars
        rest = components.icon("star") * (5 - stars)
        return safe(f'<span class="gx-stars" role="img" aria-label="{stars} / 5">{full}{rest}</span>')

    def value(self, value: Any) -> Any:
        return "" if value in (None, "") else str(value)


class YesNo(Face):
    key = "boolean"
    template = "web/kinds/boolean.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        # A cross would read as an error: what is not so stands there in a quiet word.
        if cell.value is not True:
            return safe(f'<span class="gx-none">{escape(cell.text)}</span>')
        picture = components.icon("check", css="gx-yes")
        return safe(f'{picture}<span class="{"gx-hidden-text" if dense else "gx-after"}">{escape(cell.text)}</span>')

    def value(self, value: Any) -> Any:
        return {True: "1", False: "0", None: ""}.get(value, value) if not isinstance(value, str) else value

    def raw(self, post: QueryDict, name: str) -> Any:
        # A hidden field before a checkbox says that the checkbox was there: the last value counts.
        return (post.getlist(name) or [""])[-1]


class Date(Face):
    key = "date"
    template = "web/kinds/date.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        iso = cell.value.isoformat() if hasattr(cell.value, "isoformat") else ""
        stamp = f' datetime="{escape(iso)}"' if iso else ""
        return self.linked(cell, safe(f"<time{stamp}>{escape(cell.text)}</time>"))

    def value(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value or ""


class DateTime(Date):
    key = "datetime"
    template = "web/kinds/datetime.html"

    def value(self, value: Any) -> Any:
        """`<input type=datetime-local>` wants local time without a zone."""
        from django.utils import timezone

        if hasattr(value, "tzinfo"):
            local = timezone.localtime(value) if value.tzinfo else value
            return local.strftime("%Y-%m-%dT%H:%M")
        return value or ""


class Choice(Face):
    key = "choice"
    template = "web/kinds/choice.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return components.badge(cell.text, getattr(cell, "colour", None), href=getattr(cell, "href", None))


class MultiChoice(Face):
    key = "multichoice"
    template = "web/kinds/multichoice.html"
    group = True

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return components.badges(components.badge(p.text, p.colour, href=p.href) for p in parts_of(cell))

    def value(self, value: Any) -> Any:
        return list(value) if isinstance(value, (list, tuple)) else [v for v in str(value or "").split(";") if v]

    def raw(self, post: QueryDict, name: str) -> Any:
        return [value for value in post.getlist(name) if value]


class Phone(Face):
    key = "phone"
    template = "web/kinds/phone.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        number = str(cell.value or "")
        if not number.startswith("+"):
            return safe(f'<span class="gx-num">{escape(cell.text)}</span>')
        return safe(f'<a class="gx-cell-link gx-num" href="tel:{escape(number)}">{escape(cell.text)}</a>')


def folding(text: str) -> str:
    """An address that is too long for its line breaks before an @, a dot or a slash, not within a word."""
    return re.sub(r"(?<=\w)(?=[@./])", "<wbr>", text)


class Email(Face):
    key = "email"
    template = "web/kinds/email.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        text = escape(cell.text)
        return safe(
            f'<a class="gx-cell-link" href="mailto:{escape(cell.value or cell.text)}">{text if dense else folding(text)}</a>'
        )


class Url(Face):
    key = "url"
    template = "web/kinds/url.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        target = str(cell.value or "")
        plain = escape(cell.text.removeprefix("https://").removeprefix("http://").rstrip("/"))
        shown = plain if dense else folding(plain)
        if not target.startswith(("http://", "https://")):
            return safe(shown)
        return safe(
            f'<a class="gx-cell-link" href="{escape(target)}" rel="noopener noreferrer nofollow" target="_blank">{shown}</a>'
        )


class Address(Face):
    key = "address"
    template = "web/kinds/address.html"
    wide = True
    group = True
    PARTS: ClassVar[tuple[str, ...]] = ("country", "province", "city", "district", "detail", "postcode")

    def value(self, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {"detail": value or ""}

    def raw(self, post: QueryDict, name: str) -> Any:
        if name in post:  # written in one line
            return post.get(name, "")
        return {part: post.get(f"{name}.{part}", "") for part in self.PARTS}

    def posted(self, post: QueryDict, name: str) -> bool:
        return name in post or any(f"{name}.{part}" in post for part in self.PARTS)


class PersonName(Face):
    key = "person_name"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return self.linked(cell, safe(escape(cell.text)))


class CompanyName(Face):
    key = "company_name"


class Code(Face):
    key = "code"
    template = "web/kinds/code.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return self.linked(cell, safe(f'<span class="gx-num">{escape(cell.text)}</span>'))


class Secret(Face):
    key = "secret"
    template = "web/kinds/secret.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return safe(f'<span class="gx-num">{escape(cell.text)}</span>')

    def value(self, value: Any) -> Any:
        """Never sent back to the browser: an empty input means "as it is"."""
        return ""

    def posted(self, post: QueryDict, name: str) -> bool:
        return bool(post.get(name)) or f"{name}__clear" in post


class Link(Face):
    key = "link"
    template = "web/kinds/link.html"

    def raw(self, post: QueryDict, name: str) -> Any:
        # Without JavaScript only the words arrive: the write door finds the record by number or name.
        chosen = post.get(name, "")
        return chosen or post.get(f"{name}__text", "").strip()


class User(Link):
    key = "user"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return self.linked(cell, components.person(cell.text, seed=cell.value if cell.value is not None else cell.text))


class Links(Face):
    key = "links"
    template = "web/kinds/links.html"
    wide = True

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        found = parts_of(cell)
        shown = found[:3] if dense else found
        more = f' <span class="gx-count">+{len(found) - len(shown)}</span>' if len(found) > len(shown) else ""
        joined = "、".join(
            f'<a class="gx-cell-link" href="{escape(p.href)}">{escape(p.text)}</a>' if p.href else str(escape(p.text))
            for p in shown
        )
        return safe(f"{joined}{more}")

    def value(self, value: Any) -> Any:
        return list(value) if isinstance(value, (list, tuple)) else [v for v in str(value or "").split(";") if v]

    def raw(self, post: QueryDict, name: str) -> Any:
        return [value for value in post.getlist(name) if value]


class Tags(Links):
    key = "tags"
    template = "web/kinds/tags.html"
    group = True

    def raw(self, post: QueryDict, name: str) -> Any:
        """Ids, and what is to be made: several names are apart by semicolons or commas."""
        from guanxi.records.tags import MOST_NEW, NewTag

        words = re.split(r"[;；,，、]", post.get(f"{name}__new", ""))
        type_ = post.get(f"{name}__type", "")
        new = [NewTag(text, type_) for word in words if (text := " ".join(word.split())[:60])]
        return [*super().raw(post, name), *new[:MOST_NEW]]

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        found = parts_of(cell)
        shown = found[:3] if dense else found
        more = (
            [components.safe(f'<span class="gx-count">+{len(found) - len(shown)}</span>')]
            if len(found) > len(shown)
            else []
        )
        return components.badges([*(components.badge(p.text, p.colour, href=p.href, tag=True) for p in shown), *more])


class File(Face):
    key = "file"
    template = "web/kinds/file.html"

    def show(self, cell: Any, *, dense: bool) -> SafeString:
        return self.linked(cell, safe(f"{components.icon('paperclip', size='sm')} {escape(cell.text)}"))

    def value(self, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {}


class Computed(Face):
    key = "computed"
    template = "web/kinds/computed.html"


@dataclass(frozen=True)
class Part:
    text: str
    colour: str | None = None
    href: str | None = None
    value: Any = None


def parts_of(cell: Any) -> list[Part]:
    """The parts of a cell with several values, whatever carries them: objects, mappings, tuples or plain text."""
    found = []
    for part in getattr(cell, "parts", None) or ():
        if isinstance(part, Mapping):
            found.append(Part(str(part.get("text", "")), part.get("colour"), part.get("href"), part.get("value")))
        elif isinstance(part, str):
            found.append(Part(part))
        elif isinstance(part, tuple):
            found.append(Part(*part))
        else:
            found.append(Part(
                str(getattr(part, "text", None) or getattr(part, "label", part)), getattr(part, "colour", None),
                getattr(part, "href", None), getattr(part, "value", None),
            ))  # fmt: skip
    text: str = getattr(cell, "text", "")
    if not found and text:
        found = [Part(text, getattr(cell, "colour", None), getattr(cell, "href", None))]
    return found
