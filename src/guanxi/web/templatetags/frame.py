"""`{% kept "name" value … %} … {% endkept %}`: a piece of the frame around every page, rendered once and kept in memory.

What is kept may depend on the language, on the reader's roles, on shared configuration (`org.versions`) and on the values
named in the tag, and on nothing else: never on who the reader is. A changed role, list or setting drops it everywhere at once.
"""

from __future__ import annotations

from django import template
from django.template import Context, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from guanxi.core.access import ANONYMOUS
from guanxi.core.org import versions
from guanxi.web import assets

register = template.Library()
LIMIT = 2_000
# What a kept piece may not show: it would be shown to the next person as well.
_NOBODY = dict.fromkeys(("request", "user", "actor", "csrf_token", "csp_nonce", "request_id", "messages", "perms"), "")
_held: dict[tuple[object, ...], SafeString] = {}


def forget() -> None:
    """Drop everything: the menu was installed anew."""
    _held.clear()


class KeptNode(template.Node):
    def __init__(self, nodelist: NodeList, name: str, values: list[FilterExpression]) -> None:
        self.nodelist, self.name, self.values = nodelist, name, values

    def render(self, context: Context) -> SafeString:
        actor = context.get("actor") or ANONYMOUS
        key = (
            self.name, get_language(), actor.kind, getattr(actor, "role_ids", ()), versions.fingerprint(), assets.stamp(),
            *(str(value.resolve(context)) for value in self.values),
        )  # fmt: skip
        html = _held.get(key)
        if html is None:
            with context.push(**_NOBODY):
                html = self.nodelist.render(context)
            if len(_held) >= LIMIT:
                _held.clear()
            _held[key] = html
        return html


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("kept needs a name")
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, bits[0].strip("\"'"), [parser.compile_filter(bit) for bit in bits[1:]])


@register.simple_tag(takes_context=True)
def is_pinned(context: Context) -> bool:
    """Whether the record of this page (`base` is its address) is among what the reader pinned."""
    return any(pin["url"] == context.get("base") for pin in context.get("pinned") or ())
