"""Yes and no, as people and programs write them."""

from __future__ import annotations

from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold

VERSION = 1
_YES = frozenset("yes y true t 1 on 是 对 有 真 √ ✓ ✔ ☑ 已 ok ja oui si sí 启用 同意 shi 是的 x enabled".split())
_NO = frozenset("no n false f 0 off 否 不 无 没有 假 × ✗ ✘ ☐ 未 nein non 停用 不同意 fou 不是 禁用 disabled -".split())


def parse(raw: object) -> bool:
    """True or False. Raises :class:`BadValue` for everything else, empty included."""
    if isinstance(raw, bool):
        return raw
    text = fold(str(raw)[:200]).removesuffix(".0")
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadValue("boolean.unknown", value=raw)


def normalise(raw: object) -> str:
    """``true`` or ``false``."""
    return "true" if parse(raw) else "false"
