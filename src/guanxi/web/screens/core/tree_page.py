"""What the pages of trees share: a node as the tree shows it, and how a move is read from the form and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from guanxi.web.screens.core.inputs import number
from guanxi.web.shell import toast_header


@dataclass(frozen=True)
class Fact:
    text: str
    url: str = ""


@dataclass(frozen=True)
class Act:
    url: str
    label: str
    icon: str


@dataclass(frozen=True)
class TreeNode:
    """`level` counts from 1, as screen readers do."""

    id: int
    name: str
    parent: int | None
    level: int
    children: int = 0
    url: str = ""
    hx: bool = False
    small: str = ""
    note: str = ""
    facts: Sequence[Fact] = ()
    actions: Sequence[Act] = field(default_factory=tuple)


@dataclass(frozen=True)
class Move:
    node: int
    parent: int | None
    before: int | None
    was_parent: int | None

    @classmethod
    def of(cls, request: HttpRequest) -> Move:
        given = {name: number(request.POST.get(name, "")) for name in ("node", "parent", "before", "was_parent")}
        return cls(given["node"], given["parent"] or None, given["before"] or None, given["was_parent"] or None)


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, said: str, level: str = "success", undo: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The tree anew for htmx, with a toast. Errors come as 200 too: htmx is to show the tree as it is now."""
    response = render(request, f"{template}#tree", dict(context), status=status)
    return toast_header(response, said, level=level, undo=undo)
