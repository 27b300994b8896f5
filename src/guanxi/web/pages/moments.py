"""Moments of a time line as HTML, made in Python: a record page has a dozen, a page of its own thirty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils import dates
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.records import kinds, read
from guanxi.records.kinds import Formats
from guanxi.web import components
from guanxi.web.pages.timeline import Act, Changed, Moment


def html(request: HttpRequest, actor: Actor, moments: Iterable[Moment], *, day: str = "") -> SafeString:
    """List items, with a heading before the first of each day. `day`: the day (ISO) whose heading stands already."""
    drawer = _Drawer(get_token(request), read.formats_for(actor))
    parts = []
    for one in moments:
        local = one.at.astimezone(drawer.formats.zone)
        if local.date().isoformat() != day:
            day = local.date().isoformat()
            parts.append(f'<li class="gx-day"><h3>{escape(day_text(local.date(), drawer.formats))}</h3></li>')
        parts.append(drawer.moment(one, local))
    return components.safe("".join(parts))


def day_text(day: date, formats: Formats) -> str:
    """A day as a heading: today, yesterday, else date and weekday."""
    now = datetime.now(formats.zone).date()
    if day == now:
        return _("Today")
    if day == now - timedelta(days=1):
        return _("Yesterday")
    if day == now + timedelta(days=1):
        return _("Tomorrow")
    return f"{kinds.Date().format(day, formats)} {dates.WEEKDAYS_ABBR[day.weekday()]}"


class _Drawer:
    """Words and pictures that every moment needs, made once."""

    def __init__(self, token: str, formats: Formats) -> None:
        self.token, self.formats = str(escape(token)), formats
        self.undone = components.badge(_("undone"), "gray")
        self.undo, self.details, self.empty = (str(escape(t)) for t in (_("Undo"), _("Details"), _("empty")))
        self.ask = _("This takes back everything done in this step. What was changed since then is kept and listed.")
        self.arrow = components.icon("arrow-right", size="sm", css="gx-dimmer")

    def moment(self, m: Moment, local: datetime) -> str:
        parts = [
            f'<li class="gx-moment{" gx-undone" if m.undone else ""}" id="moment-{escape(m.kind)}-{m.id}" data-kind="{escape(m.kind)}">'
            f'<span class="gx-moment-icon {components.colour_class(m.colour)}">{components.icon(m.icon)}</span>'
            '<div><div class="gx-moment-head">',
            f"<b>{escape(m.who)}</b>" if m.who else "",
            f'<a class="gx-quiet-link" href="{escape(m.link)}">{escape(m.title)}</a>' if m.link else f"<span>{escape(m.title)}</span>",
        ]  # fmt: skip
        if m.about:
            parts.append(f'<a class="gx-small" href="{escape(m.about[1])}">{escape(m.about[0])}</a>')
        parts += [components.badge(text, colour) for text, colour in m.facts if colour]
        parts += [f'<span class="gx-dim gx-small">{escape(text)}</span>' for text, colour in m.facts if not colour]
        parts.append(self.undone if m.undone else "")
        parts.append(f'<span class="gx-dimmer gx-small">{escape(m.source)}</span>' if m.source else "")
        shown = local.strftime("%H:%M") if m.clock else ""
        exact = local.strftime("%Y-%m-%d %H:%M" if m.clock else "%Y-%m-%d")
        parts.append(f'<time datetime="{escape(local.isoformat())}" title="{exact}">{shown}</time></div>')
        parts.append(f'<div class="gx-moment-body">{escape(m.body)}</div>' if m.body else "")
        parts.append(self.changes(m.changes) if m.changes else "")
        parts.append(m.html)
        acts = list(m.acts)
        if m.undo_url:
            acts.append(Act(_("Undo"), "arrow-back-up", m.undo_url, self.ask))
        if acts or m.href:
            parts.append('<div class="gx-moment-actions">')
            parts += [self.act(one) for one in acts]
            parts.append(f'<a class="gx-small" href="{escape(m.href)}">{self.details}</a>' if m.href else "")
            parts.append("</div>")
        parts.append("</div></li>")
        return "".join(parts)

    def changes(self, changes: Iterable[Changed]) -> str:
        rows = "".join(
            f"<div><dt>{escape(c.label)}</dt><dd>"
            + (f'<del class="gx-was">{escape(c.before)}</del> {self.arrow} ' if c.before else "")
            + (
                f'<ins class="gx-quiet-link">{escape(c.after)}</ins>'
                if c.after
                else f'<span class="gx-none">{self.empty}</span>'
            )
            + "</dd></div>"
            for c in changes
        )
        return f'<dl class="gx-moment-changes">{rows}</dl>'

    def act(self, act: Act) -> str:
        ask = f' data-confirm="{escape(act.confirm)}" data-confirm-ok="{escape(act.label)}"' if act.confirm else ""
        return (
            f'<form method="post" action="{escape(act.url)}"{ask}>'
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{self.token}">'
            f'<button type="submit" class="btn btn-link gx-small">{components.icon(act.icon, size="sm")}{escape(act.label)}</button></form>'
        )
