"""The department tree: one page, every node with its own small form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.identity.models import User
from guanxi.core.org import departments as tree
from guanxi.core.org.models import Department
from guanxi.web.access import allow_area
from guanxi.web.screens.core.inputs import Input, act, actor_of, number, page

AREA = "settings.departments"
STEP = 3


def _chosen(request: HttpRequest) -> tuple[Department | None, User | None]:
    return (
        Department.objects.filter(pk=number(request.POST.get("parent", ""))).first(),
        User.objects.filter(pk=number(request.POST.get("manager", "")), is_active=True).first(),
    )


@allow_area(AREA, "edit")
def departments(request: HttpRequest) -> HttpResponse:
    """The tree; `?open=ID` shows that node's form."""
    rows = tree.tree()
    everybody = [("", _("None")), *((str(p.pk), str(p)) for p in User.objects.filter(is_active=True).order_by("name"))]
    indent = [(str(row.pk), "\u2003" * depth + row.name) for depth, row, _people in rows]
    open_id = number(request.GET.get("open", ""))
    below = next((row.path for _depth, row, _people in rows if row.pk == open_id), "")
    nodes = []
    for depth, row, people in rows:
        node = {"row": row, "depth": min(depth, 8), "people": people, "open": row.pk == open_id}
        if row.pk == open_id:
            allowed = {str(r.pk) for _d, r, _p in rows if not r.path.startswith(below)}
            node["inputs"] = [
                Input("name", _("Name"), value=row.name, required=True),
                Input("parent", _("Belongs to"), "select", row.parent_id or "",
                      [("", _("Top level")), *((value, label) for value, label in indent if value in allowed)]),
                Input("manager", _("Manager"), "select", row.manager_id or "", everybody,
                      help=_("Sees what people of this department and those below own.")),
            ]  # fmt: skip
        nodes.append(node)
    new = [
        Input("name", _("Name"), required=True),
        Input("parent", _("Belongs to"), "select", request.GET.get("below", ""), [("", _("Top level")), *indent]),
        Input("manager", _("Manager"), "select", "", everybody),
    ]
    return page(request, "core/departments.html", {"nodes": nodes, "new": new})


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


@allow_area(AREA, "edit")
@require_POST
def department(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, move, give another manager, or delete."""
    one = get_object_or_404(Department, pk=pk)
    actor = actor_of(request)
    back = reverse("settings-departments")
    if request.POST.get("do") == "delete":
        return act(request, lambda: tree.delete(actor, one), back=back, said=_("The department was deleted."))
    parent, manager = _chosen(request)
    name = request.POST.get("name", "")
    return act(
        request,
        lambda: tree.edit(actor, one, name=name, parent=parent, manager=manager),
        back=back,
        said=_("Saved."),
    )
