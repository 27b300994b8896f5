"""What stands on the record pages besides their fields, listed by hand. Upper rooms add to the pages of lower ones here.

A line is a `guanxi.web.panels.Panel`; its body is a function `(request, view) -> HTML` in `web.pages` or `web.screens.<room>`.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanxi.web.pages import related, timeline
from guanxi.web.panels import EVERY, Panel, install
from guanxi.web.screens.customers import graph
from guanxi.web.screens.engagement import attachments, composer

PANELS = (
    Panel(
        entity=EVERY, key="follow-up", title=_("Follow up"), body=composer.panel, place="middle", order=40, lazy=False,
        framed=False, when=composer.stands,
    ),
    Panel(
        entity=EVERY, key="files", title=_("Files"), body=attachments.panel, icon="paperclip", order=60,
        when=attachments.stands,
    ),
    Panel(entity=EVERY, key="timeline", title=_("Time line"), body=timeline.panel, place="middle", order=50),
    Panel(
        entity="customers.account", key="graph", title=_("Belongs together"), body=graph.panel, icon="affiliate", order=70,
    ),
    Panel(
        entity=EVERY, key="related", title=_("What belongs to it"), body=related.panel, order=50, framed=False,
        when=related.stands,
    ),
)  # fmt: skip


def install_panels() -> None:
    """Called where the addresses are listed."""
    install(PANELS)
