"""The department tree: dragged into shape on one page; each department has a form of its own."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.identity.models import User
from guanxi.core.org import departments as tree
from guanxi.core.org.models import Department
from guanxi.web.access import allow_area
from guanxi.web.errors import is_fragment
from guanxi.web.screens.core.inputs import Input, act, actor_of, attempt, filled, number, page
from guanxi.web.screens.core.tree_page import Act, Fact, Move, TreeNode, answer
from guanxi.web.shell import toast

AREA = "settings.departments"
TEMPLATE = "core/departments.html"


def _chosen(request: HttpRequest) -> tuple[Department | None, User | None]:
    return (
        Department.objects.filter(pk=number(request.POST.get("parent", ""))).first(),
        User.objects.filter(pk=number(request.POST.get("manager", "")), is_active=True).first(),
    )


def _everybody() -> list[tuple[str, str]]:
    people = User.objects.filter(is_active=True).order_by("name")
    return [("", _("None")), *((str(p.pk), str(p)) for p in people)]


def _indent(rows: list[tuple[int, Department, int]]) -> list[tuple[str, str]]:
    return [(str(row.pk), "\u2003" * depth + row.name) for depth, row, _people in rows]


def _context(request: HttpRequest, *, moved: int | None = None) -> dict[str, Any]:
    rows = tree.tree()
    parents = {row.parent_id for _depth, row, _people in rows}
    below: dict[int, int] = {}
    for _depth, row, people in rows:
        for above in row.path.strip("/").split("/"):
            below[int(above)] = below.get(int(above), 0) + people
    nodes = []
    for depth, row, people in rows:
        whole = below.get(row.pk, 0)
        text = ngettext("%(n)d person", "%(n)d people", people) % {"n": people}
        if whole != people:
            text += " · " + _("%(n)d with those below") % {"n": whole}
        facts = [Fact(text, f"{reverse('settings-people')}?department={row.pk}" if whole else "")]
        if row.manager:
            facts.insert(0, Fact(row.manager.name, reverse("settings-person", args=[row.manager.pk])))
        acts = [
            Act(f"?below={row.pk}#new", _("Add a department below"), "plus"),
            Act(reverse("settings-department-merge", args=[row.pk]), _("Close or merge"), "git-merge"),
        ]
        nodes.append(
            TreeNode(row.pk, row.name, row.parent_id, depth + 1, int(row.pk in parents),
                     reverse("settings-department", args=[row.pk]), False, "", text, facts, acts)
        )  # fmt: skip
    new = [
        Input("name", _("Name"), required=True),
        Input("parent", _("Belongs to"), "select", request.GET.get("below", ""),
              [("", _("Top level")), *_indent(rows)]),
        Input("manager", _("Manager"), "select", "", _everybody()),
    ]  # fmt: skip
    return {
        "nodes": nodes, "new": new, "tree_label": _("Departments"), "may_move": True, "moved": moved,
        "move_url": reverse("settings-department-move"),
    }  # fmt: skip


@allow_area(AREA, "edit")
def departments(request: HttpRequest) -> HttpResponse:
    return page(request, TEMPLATE, _context(request))


@allow_area(AREA, "edit")
@require_POST
def department_move(request: HttpRequest) -> HttpResponse:
    """Drag or keys: put a department elsewhere; the answer is the tree as it is then."""
    wanted = Move.of(request)
    one = get_object_or_404(Department, pk=wanted.node)
    parent = get_object_or_404(Department, pk=wanted.parent) if wanted.parent else None
    step, errors = attempt(lambda: tree.place(
        actor_of(request), one, parent=parent, before=wanted.before, was_parent=wanted.was_parent
    ))  # fmt: skip
    said = " ".join(m for messages in errors.values() for m in messages) if errors else _("Moved.")
    level = "error" if errors else "success"
    undo = reverse("journal-restore", args=[step]) if step else ""
    if not is_fragment(request):
        toast(request, said, level=level, undo=undo)
        return HttpResponseRedirect(reverse("settings-departments"))
    return answer(request, TEMPLATE, _context(request, moved=one.pk), said=said, level=level, undo=undo)


@allow_area(AREA, "edit")
@require_POST
def department_new(request: HttpRequest) -> HttpResponse:
    parent, manager = _chosen(request)
    name = request.POST.get("name", "")
    return act(
        request,
        lambda: tree.create(actor_of(request), name, parent=parent, manager=manager),
        back=reverse("settings-departments"),
        said=_("The department was added."),
    )


def _was(request: HttpRequest) -> dict[str, Any] | None:
    """What the form was filled with; None when it says nothing of it."""
    try:
        found = json.loads(request.POST.get("was", "null"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@allow_area(AREA, "edit")
def department(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, move, give another manager, or delete; 409 when somebody else did since the form was shown."""
    one = get_object_or_404(Department, pk=pk)
    actor = actor_of(request)
    if request.method == "POST" and request.POST.get("do") == "delete":
        back = reverse("settings-departments")
        return act(request, lambda: tree.delete(actor, one), back=back, said=_("The department was deleted."))
    rows = tree.tree()
    allowed = [pair for pair, (_d, r, _p) in zip(_indent(rows), rows, strict=True) if not r.path.startswith(one.path)]
    inputs = [
        Input("name", _("Name"), value=one.name, required=True),
        Input("parent", _("Belongs to"), "select", one.parent_id or "", [("", _("Top level")), *allowed]),
        Input("manager", _("Manager"), "select", one.manager_id or "", _everybody(),
              help=_("Sees what people of this department and those below own.")),
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    stale = False
    if request.method == "POST":
        parent, manager = _chosen(request)
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        try:
            done, errors = attempt(lambda: tree.edit(
                actor, one, name=given["name"], parent=parent, manager=manager, was=_was(request)
            ))  # fmt: skip
        except tree.Stale as error:
            done, errors, stale = None, error.errors, True
        if done is not None:
            toast(request, _("Saved."))
            return HttpResponseRedirect(reverse("settings-departments"))
        stale = stale or _was(request) not in (None, tree.state(Department.objects.get(pk=pk)))
        if not stale:
            inputs = filled(inputs, given, errors)
    people = User.objects.filter(department=one).order_by("-is_active", "name")
    context = {
        "one": one, "inputs": inputs, "was": json.dumps(tree.state(one)), "people": people[:100],
        "count": people.count(), "children": one.children.count(),
    }  # fmt: skip
    response = page(request, "core/department.html", context, errors)
    if stale:
        response.status_code = 409
    return response


@allow_area(AREA, "edit")
def department_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a department: people and departments below it go to another one."""
    one = get_object_or_404(Department, pk=pk)
    rows = tree.tree()
    allowed = [pair for pair, (_d, r, _p) in zip(_indent(rows), rows, strict=True) if not r.path.startswith(one.path)]
    inputs = [
        Input("into", _("Its people and departments go to"), "select", one.parent_id or "", [("", "–"), *allowed],
              required=True, wide=True)
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {"into": request.POST.get("into", "")}
        into = Department.objects.filter(pk=number(given["into"])).first()
        if into is None:
            errors = {"into": [_("Choose one from the list.")]}
        else:
            moved, errors = attempt(lambda: tree.merge(actor_of(request), one, into))
            if not errors:
                said = ngettext("Closed; %(n)d person moved.", "Closed; %(n)d people moved.", moved or 0)
                toast(request, said % {"n": moved or 0})
                return HttpResponseRedirect(reverse("settings-departments"))
        inputs = filled(inputs, given, errors)
    context = {
        "one": one, "inputs": inputs, "people": one.people.count(), "children": one.children.count(),
        "alone": not allowed,
    }  # fmt: skip
    return page(request, "core/department_merge.html", context, errors)
