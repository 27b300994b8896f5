"""What the forms of these screens are made of, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.functional import Promise

from guanxi.core.access import Actor
from guanxi.core.org.problems import Invalid, Refused
from guanxi.web.shell import toast

Text = str | Promise
T = TypeVar("T")


@dataclass
class Input:
    """One field of a form: `kind` is text, email, password, date, number, code, select, choices or hidden."""

    name: str
    label: Text
    kind: str = "text"
    value: Any = ""
    choices: Sequence[tuple[str, Any]] = ()
    help: Text = ""
    required: bool = False
    wide: bool = False
    autocomplete: str = "off"
    errors: Sequence[str] = ()

    @property
    def invalid(self) -> bool:
        return bool(self.errors)

    @property
    def options(self) -> list[dict[str, Any]]:
        chosen = {str(v) for v in self.value} if isinstance(self.value, (list, tuple, set)) else {str(self.value)}
        return [{"value": value, "label": label, "chosen": str(value) in chosen} for value, label in self.choices]


def filled(inputs: Iterable[Input], values: Mapping[str, Any], errors: Mapping[str, Sequence[str]]) -> list[Input]:
    """The inputs with what was typed and what is wrong with it."""
    found = []
    for item in inputs:
        if item.name in values and item.kind != "password":
            item.value = values[item.name]
        item.errors = errors.get(item.name, ())
        found.append(item)
    return found


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def attempt(do: Callable[[], T]) -> tuple[T | None, dict[str, list[str]]]:
    """Do it; problems come back by field, a missing right is a page that does not exist."""
    try:
        return do(), {}
    except Refused as error:
        raise Http404("not allowed") from error
    except Invalid as error:
        return None, error.errors


def act(request: HttpRequest, do: Callable[[], Any], *, back: str, said: Text) -> HttpResponse:
    """A button: do it and go back, with a toast that says what happened or why not."""
    _done, errors = attempt(do)
    if errors:
        toast(request, " ".join(m for messages in errors.values() for m in messages), level="error")
    else:
        toast(request, str(said))
    return HttpResponseRedirect(back)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], errors: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Render; 422 when something typed was wrong."""
    whole = list((errors or {}).get("", ()))
    return render(request, template, {**context, "problems": whole}, status=422 if errors else 200)


def number(text: str) -> int:
    """An id from a form; 0, which no record has, when empty or no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
