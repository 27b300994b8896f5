"""Template tags of the interface: `{% load gx %}`."""

# ruff: noqa: A002 (tags take the attribute names of HTML: id, next)
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from django import template
from django.template import Context, NodeList
from django.template.base import FilterExpression, Parser, Token, kwarg_re
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from guanxi.core.access.actor import NoActor, current
from guanxi.records import kinds as kinds_of
from guanxi.records.kinds import Formats
from guanxi.records.read.cells import formats_for
from guanxi.web import assets, components, kinds

register = template.Library()

register.simple_tag(components.icon, name="icon")
register.simple_tag(components.avatar, name="avatar")
register.simple_tag(components.person, name="person")
register.simple_tag(components.badge, name="badge")
register.simple_tag(components.ring, name="ring")
register.simple_tag(components.keys, name="keys")
register.simple_tag(assets.url, name="asset")
register.filter("colour", components.colour_class)


@register.filter
def marked(parts: Iterable[Any]) -> SafeString:
    """Parts of a text, those that were looked for marked. Without a loop in the template: a list of results has a hundred of them."""
    return SafeString("".join(f"<mark>{escape(p.text)}</mark>" if p.hit else escape(p.text) for p in parts))


@register.filter
def marked_facts(facts: Iterable[Any]) -> SafeString:
    """The same for facts of a result, between middle dots."""
    return SafeString(" · ".join(marked(fact.parts) for fact in facts))


@register.simple_tag
def cell(value: Any, dense: bool = True) -> SafeString:
    """A Cell of the read door, shown as its kind shows it."""
    return kinds.show(value, dense=dense)


@register.simple_tag
def cell_class(value: Any) -> str:
    """Classes for the <td> around a cell: numbers to the end, empty ones marked for phones."""
    return kinds.cell_class(value)


@register.simple_tag(takes_context=True)
def field_row(context: Context, item: Any) -> SafeString:
    """A form field with label, help, input, problem and remedy. `item` is a `kinds.FormField`."""
    engine = context.template.engine  # type: ignore[union-attr]
    return engine.get_template("web/parts/field_row.html").render(
        Context({"f": item, "kind_template": item.template, "csrf_token": context.get("csrf_token")}, autoescape=True)
    )


# Blocks ---------------------------------------------------------------------------------------------------------------


class MenuNode(template.Node):
    """`{% popmenu id="…" label="…" icon="…" %} items {% endpopmenu %}`: a button and its menu."""

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist, self.values = nodelist, values

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        inner = self.nodelist.render(context)
        label = escape(values.get("label", ""))
        text = f"<span>{label}</span>" if values.get("text") else f'<span class="gx-hidden-text">{label}</span>'
        picture = components.icon(values["icon"]) if values.get("icon") else ""
        fold = components.icon("chevron-down", size="sm") if values.get("text") else ""
        css = escape(values.get("css", "btn btn-quiet btn-icon"))
        align = escape(values.get("align", "end"))
        name = escape(values["id"])
        role = escape(values.get("role", "menu"))
        wide = " gx-pop-wide" if values.get("wide") else ""
        return components.safe(
            f'<button type="button" class="{css}" popovertarget="{name}" aria-haspopup="{role if role == "menu" else "dialog"}"'
            f' aria-expanded="false" title="{label}">{picture}{text}{fold}</button>'
            f'<div class="gx-pop{wide}" id="{name}" popover role="{role}" aria-label="{label}" data-align="{align}">{inner}</div>'
        )


@register.tag
def popmenu(parser: Parser, token: Token) -> MenuNode:
    values: dict[str, FilterExpression] = {}
    for bit in token.split_contents()[1:]:
        match = kwarg_re.match(bit)
        if match is None or match.group(1) is None:
            raise template.TemplateSyntaxError(f"popmenu takes name=value pairs, not {bit}")
        values[match.group(1)] = parser.compile_filter(match.group(2))
    if "id" not in values:
        raise template.TemplateSyntaxError("popmenu needs an id")
    nodelist = parser.parse(("endpopmenu",))
    parser.delete_first_token()
    return MenuNode(nodelist, values)


# Pieces with a template of their own ----------------------------------------------------------------------------------


def _piece(name: str) -> Any:
    return register.inclusion_tag(f"web/parts/{name}.html", name=name)


@_piece("empty")
def empty(
    *,
    icon: str = "inbox",
    title: str,
    text: str = "",
    action_url: str = "",
    action: str = "",
    import_url: str = "",
    clear_url: str = "",
) -> dict[str, Any]:
    """An empty state that says what to do: create, import, or clear the filters."""
    return {
        "icon": icon,
        "title": title,
        "text": text,
        "action_url": action_url,
        "action": action,
        "import_url": import_url,
        "clear_url": clear_url,
    }


@_piece("pager")
def pager(
    *,
    first: int = 0,
    last: int = 0,
    count: int | None = None,
    approximate: bool = False,
    previous: str = "",
    next: str = "",
    target: str = "",
    show_range: bool = True,
) -> dict[str, Any]:
    """Keyset paging: previous, next and where one is: "51–100 of ≈ 1.2 M". `target` is the region htmx swaps."""
    return {
        "first": first, "last": last, "count": None if count is None else count_text(count, approximate=approximate), "previous": previous,
        "next": next, "target": target, "show_range": show_range,
    }  # fmt: skip


@_piece("chips")
def chips(items: Sequence[Any], *, clear_url: str = "", target: str = "") -> dict[str, Any]:
    """Filters in force: each has label, operator, value, edit_url, remove_url (mapping or object)."""
    return {"items": items, "clear_url": clear_url, "target": target}


@_piece("tabs")
def tabs(items: Sequence[Any], *, label: str = "", target: str = "") -> dict[str, Any]:
    """Tabs that are links: each has label, url, current, and optionally icon and count."""
    return {"items": items, "label": label, "target": target}


@_piece("crumbs")
def crumbs(*pairs: Any) -> dict[str, Any]:
    """`{% crumbs label1 url1 label2 url2 %}`: the way down to this page, without the page itself."""
    return {"items": [{"label": label, "url": url} for label, url in zip(pairs[::2], pairs[1::2], strict=True)]}


@_piece("note")
def note(level: str, title: str, *, text: str = "", remedy: str = "") -> dict[str, Any]:
    """A box inside the page: info, success, warning or error, with what to do."""
    icons = {"info": "info-circle", "success": "circle-check", "warning": "alert-triangle", "error": "alert-circle"}
    return {"level": level, "icon": icons[level], "title": title, "text": text, "remedy": remedy}


@_piece("moment")
def moment(item: Any, *, undo_url: str = "", target: str = "") -> dict[str, Any]:
    """One item of a time line: icon, colour, title, who, at, body, changes (label, before, after), href, undone, undoable."""
    return {"item": item, "undo_url": undo_url or _get(item, "undo_url") or "", "target": target}


@_piece("origin")
def origin(*, id: str, url: str, label: str) -> dict[str, Any]:
    """The small mark beside a value that tells where it comes from; asked of `url` when it is opened."""
    return {"id": id, "url": url, "label": label}


@_piece("origin_panel")
def origin_panel(
    *,
    source: str,
    who: str = "",
    at: Any = None,
    reason: str = "",
    href: str = "",
    earlier: Iterable[Any] = (),
    rivals: Iterable[Any] = (),
) -> dict[str, Any]:
    """What an origin mark opens. `earlier`: text, who, at, source of the values before; `rivals`: what other sources say."""
    return {
        "source": source,
        "who": who,
        "at": at,
        "reason": reason,
        "href": href,
        "earlier": list(earlier),
        "rivals": list(rivals),
    }


@_piece("diff")
def diff(rows: Sequence[Any], *, choose: bool = True) -> dict[str, Any]:
    """Field diff of a 409: each row has name, label, before, theirs, yours; with `choose`, radio buttons named keep-<name>."""
    return {"rows": rows, "choose": choose}


@_piece("progress")
def progress(
    *,
    id: str,
    title: str,
    done: int = 0,
    total: int | None = None,
    state: str = "running",
    rate: float = 0.0,
    seconds_left: float | None = None,
    message: str = "",
    poll_url: str = "",
    cancel_url: str = "",
    unit: str = "",
) -> dict[str, Any]:
    """Progress of a long piece of work with rate and time left; asks `poll_url` again while it runs."""
    running = state in ("waiting", "running")
    return {
        "id": id,
        "title": title,
        "done": number(done),
        "total": None if total is None else number(total),
        "state": state,
        "share": min(100, round(100 * done / total)) if total else 0,
        "rate": number(round(rate)) if rate else "",
        "left": duration(seconds_left) if seconds_left is not None and state == "running" else "",
        "message": message,
        "poll_url": poll_url if running else "",
        "cancel_url": cancel_url,
        "unit": unit,
    }


@_piece("balance")
def balance(value: Any, *, links: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The proof of a bulk job: in = created + updated + unchanged + skipped + held. Takes `kit.results.Balance` or a dict."""
    get = value.get if isinstance(value, Mapping) else lambda name, default=0: getattr(value, name, default)
    names = {
        "created": pgettext("rows", "Created"), "updated": pgettext("rows", "Updated"), "unchanged": pgettext("rows", "Unchanged"),
        "skipped": pgettext("rows", "Skipped"), "held": pgettext("rows", "Held back"),
    }  # fmt: skip
    terms = [
        {"key": key, "label": label, "count": number(get(key, 0) or 0), "url": (links or {}).get(key, "")}
        for key, label in names.items()
    ]
    total = sum(get(key, 0) or 0 for key in names)
    read = get("read", 0) or 0
    return {
        "read": number(read),
        "terms": terms,
        "ok": total == read,
        "total": number(total),
        "gap": number(abs(read - total)),
    }


@register.inclusion_tag("web/parts/toasts.html", takes_context=True)
def toasts(context: Context) -> dict[str, Any]:
    """The messages of this request as toasts."""
    from django.contrib.messages import get_messages

    request = context.get("request")
    items = []
    for message in get_messages(request) if request is not None and hasattr(request, "_messages") else ():
        try:
            extra = json.loads(message.extra_tags) if message.extra_tags.startswith("{") else {}
        except (ValueError, AttributeError):
            extra = {}
        level = message.level_tag if message.level_tag in ("success", "info", "warning", "error") else "info"
        items.append({"text": message.message, "level": level, **extra})
    return {"items": items, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("web/parts/toast.html")
def toast(item: Mapping[str, Any], csrf_token: Any = "") -> dict[str, Any]:
    return {"item": item, "csrf_token": csrf_token}


# Filters --------------------------------------------------------------------------------------------------------------


@register.filter
def styled(field: Any) -> SafeString:
    """A Django form field (sign-in, password) as our input, with its problems tied to it."""
    box = getattr(field.field.widget, "input_type", "") == "checkbox"
    attrs: dict[str, Any] = {"class": "gx-box" if box else "gx-input", "placeholder": ""}
    if field.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"}
    elif field.help_text:
        attrs["aria-describedby"] = f"{field.auto_id}_helptext"
    return field.as_widget(attrs=attrs)


def _formats() -> Formats | None:
    """How the person who looks writes numbers and days; None where nobody is signed in."""
    try:
        return formats_for(current())
    except NoActor:
        return None


@register.filter
def number(value: Any) -> str:
    """1234567 → 1,234,567, or as the person writes numbers; figures are grouped the same way in both languages."""
    if not isinstance(value, (int, float, Decimal)):
        return str(value)
    formats = _formats()
    if formats is not None and formats.number_format:
        return str(format_decimal(value, locale=formats.number_format, decimal_quantization=False))
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:,}"


@register.filter
def day(value: Any) -> str:
    """A day as the person writes days; of an instant, the day of their time zone."""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return kinds_of.Date().format(value, _formats() or Formats())


@register.filter
def instant(value: Any) -> str:
    """Day and time to the second, as the person writes them, in their time zone."""
    if value is None:
        return ""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{day(local.date())} {local:%H:%M:%S}"


@register.filter
def count_text(value: int, approximate: bool = False) -> str:
    """A count; ≈ and rounded when it is an estimate: ≈ 1.2 M, 约 120 万 in Chinese."""
    from django.utils.translation import get_language

    if not approximate:
        return number(value)
    if (get_language() or "").startswith("zh"):
        for size, name in ((100_000_000, "亿"), (10_000, "万")):
            if value >= size:
                return f"≈ {_short(value / size)} {name}"
    else:
        for size, name in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
            if value >= size:
                return f"≈ {_short(value / size)} {name}"
    return f"≈ {number(value)}"


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") if value < 100 else f"{value:.0f}"


@register.filter
def duration(seconds: float) -> str:
    """3725 → "1 h 2 min"; "1 小时 2 分" in Chinese."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("%(n)s s") % {"n": whole}
    if whole < 3600:
        return _("%(m)s min %(s)s s") % {"m": whole // 60, "s": whole % 60}
    return _("%(h)s h %(m)s min") % {"h": whole // 3600, "m": whole % 3600 // 60}


@register.filter
def ago(value: Any) -> SafeString:
    """A <time> that says "3 minutes ago" and carries the exact instant."""
    if value is None:
        return components.safe("")
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    exact = f"{day(local.date())} {local:%H:%M}"
    seconds = (timezone.now() - value).total_seconds() if timezone.is_aware(value) else 0
    if 0 <= seconds < 60:
        text = _("just now")
    elif 0 <= seconds < 3600:
        n = int(seconds // 60)
        text = ngettext("%(n)s minute ago", "%(n)s minutes ago", n) % {"n": n}
    elif 0 <= seconds < 86400:
        n = int(seconds // 3600)
        text = ngettext("%(n)s hour ago", "%(n)s hours ago", n) % {"n": n}
    elif 0 <= seconds < 7 * 86400:
        n = int(seconds // 86400)
        text = ngettext("%(n)s day ago", "%(n)s days ago", n) % {"n": n}
    else:
        text = exact
    return components.safe(f'<time datetime="{escape(local.isoformat())}" title="{exact}">{escape(text)}</time>')


def _get(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


@register.filter
def zone_name(zone: str) -> str:
    """A time zone as people call it: Asia/Shanghai is China Time, 中国时间. What has no such name keeps its own."""
    from babel.dates import get_timezone_name
    from django.utils.translation import get_language

    locale = "zh_Hans" if (get_language() or "").startswith("zh") else "en"
    try:
        name = str(get_timezone_name(zone, locale=locale))
    except (LookupError, ValueError):
        return zone
    return zone if "(" in name or "（" in name else name
