"""Trees of records: product and customer categories as one page that is dragged, renamed and merged."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.jobs import enqueue
from guanxi.records import catalogue, trees, write
from guanxi.records.entity import Entity
from guanxi.records.read import Hidden
from guanxi.records.read.door import visible
from guanxi.web.access import allow, signed_in
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, entity_label, entity_plural, number, render, sentences
from guanxi.web.screens.core.tree_page import Act, Fact, Move, TreeNode, answer
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import number as figure

AT_ONCE = 5_000  # records that follow a merged category within one request; more are a job
TEMPLATE = "records/tree.html"


def get_tree(key: str) -> Entity:
    entity = catalogue.get(key)
    if not trees.is_tree(entity):
        raise Http404("no tree")
    return entity


@signed_in
@answers
def index(request: HttpRequest) -> HttpResponse:
    """The trees this person may change."""
    actor = actor_of(request)
    found = [e for e in trees.every() if actor.can(e.key, "edit") and actor.can(e.key, "view")]
    if not found:
        raise Http404("no tree to change")
    rows = [
        {"label": entity_plural(e), "icon": e.icon, "url": reverse("settings-tree", args=[e.key]),
         "n": visible(e, actor).count(),
         "used": [f"{entity_plural(o)} · {f.label}" for o, f in trees.uses(actor, e)]}
        for e in found
    ]  # fmt: skip
    return render(request, "records/trees.html", {"rows": rows})


def _context(actor: Actor, entity: Entity, *, moved: int | None = None) -> dict[str, Any]:
    may = actor.can(entity.key, "edit")
    base = addresses.list_url(entity.key)
    nodes = []
    for node in trees.nodes(actor, entity):
        facts = [
            Fact(f"{figure(n)} {entity_plural(catalogue.get(key))}", f"{addresses.list_url(key)}?f.{name}.is={node.id}")
            for key, name, n in node.counts
        ]
        acts = []
        if actor.can(entity.key, "create"):
            acts.append(Act(f"{base}new?parent={node.id}", _("Add one below"), "plus"))
        if may and actor.can(entity.key, "delete"):
            acts.append(
                Act(reverse("settings-tree-merge", args=[entity.key, node.id]), _("Merge into another"), "git-merge")
            )
        note = "; ".join(f.text for f in facts)
        nodes.append(
            TreeNode(node.id, node.name, node.parent, node.depth + 1, node.children,
                     reverse("settings-tree-node", args=[entity.key, node.id]), True, node.code, note, facts, acts)
        )  # fmt: skip
    return {
        "entity": entity, "noun": entity_label(entity), "tree_label": entity_plural(entity), "nodes": nodes,
        "may_move": may, "move_url": reverse("settings-tree-move", args=[entity.key]), "moved": moved,
        "new_url": f"{base}new" if actor.can(entity.key, "create") else "", "list_url": base,
        "cut": len(nodes) >= trees.LARGEST, "most": trees.LARGEST,
    }  # fmt: skip


@allow("{key}", "view")
@answers
def tree(request: HttpRequest, key: str) -> HttpResponse:
    entity = get_tree(key)
    return render(request, TEMPLATE, _context(actor_of(request), entity))


@allow("{key}", "edit")
@require_POST
@answers
def move(request: HttpRequest, key: str) -> HttpResponse:
    """Put a node somewhere else in the tree; the answer is the tree as it is then."""
    entity, actor, wanted = get_tree(key), actor_of(request), Move.of(request)
    said, level, undo = _("Moved."), "success", ""
    try:
        done = trees.place(
            actor, entity, wanted.node, parent=wanted.parent, before=wanted.before, was_parent=wanted.was_parent
        )
        undo = reverse("journal-undo", args=[done]) if done else ""
    except write.Conflict:
        said, level = _("Somebody moved it meanwhile. The tree is shown as it is now."), "warning"
    except write.Invalid as error:
        said, level = " ".join(text for texts in sentences(error.problems).values() for text in texts), "error"
    if not is_fragment(request):
        toast(request, said, level=level, undo=undo)
        return HttpResponseRedirect(reverse("settings-tree", args=[key]))
    return answer(request, TEMPLATE, _context(actor, entity, moved=wanted.node), said=said, level=level, undo=undo)


def _node(actor: Actor, entity: Entity, id: int) -> dict[str, Any]:  # noqa: A002
    names = (entity.title, "version", "parent_id")
    row: dict[str, Any] | None = visible(entity, actor, "edit").filter(pk=id).values("pk", *names).first()
    if row is None:
        raise Hidden(f"{entity.key} {id}")
    return {"id": row["pk"], "name": row[entity.title], "version": row["version"], "parent": row["parent_id"]}


@allow("{key}", "edit")
@answers
def node(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Rename one node in a small dialog; everything else about it is on its own page."""
    entity, actor = get_tree(key), actor_of(request)
    row = _node(actor, entity, id)
    wrong: list[str] = []
    if request.method == "POST":
        name, version = request.POST.get("name", ""), number(request.POST.get("version", ""))
        try:
            done = write.save(actor, entity, {entity.title: name}, id=id, version=version)
        except write.Conflict:
            wrong = [_("Somebody renamed it meanwhile to “%(name)s”.") % {"name": row["name"]}]
        except write.Invalid as error:
            wrong = [text for texts in sentences(error.problems).values() for text in texts]
        else:
            undo = reverse("journal-undo", args=[done.change_set]) if done.change_set else ""
            toast(request, _("Saved."), undo=undo)
            back = reverse("settings-tree", args=[key])
            if is_fragment(request):
                return HttpResponse(status=204, headers={"HX-Redirect": back})
            return HttpResponseRedirect(back)
        row = {**row, "name": name}
    context = {
        "entity": entity, "node": row, "wrong": wrong, "tree_label": entity_plural(entity),
        "action": reverse("settings-tree-node", args=[key, id]), "record_url": addresses.record_url(key, id),
        "back": reverse("settings-tree", args=[key]),
    }  # fmt: skip
    part = "dialog" if is_fragment(request) else ""
    return render(request, "records/tree_node.html", context, status=422 if wrong and not part else 200, fragment=part)


@allow("{key}", "delete")
@answers
def merge(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Merge one node into another: what belongs to it follows, and it is deleted."""
    entity, actor = get_tree(key), actor_of(request)
    row = _node(actor, entity, id)
    every = trees.nodes(actor, entity)
    mine = next((n for n in every if n.id == id), None)
    inside: set[int] = {id}
    for n in every:  # reading order: parents come before what is below them
        if n.parent in inside:
            inside.add(n.id)
    targets = [(n.id, "\u2003" * n.depth + n.name) for n in every if n.id not in inside]
    wrong: list[str] = []
    chosen = number(request.POST.get("into", "")) if request.method == "POST" else None
    follow = sum(n for _k, _f, n in mine.counts) if mine else 0
    if request.method == "POST":
        if chosen is None or chosen not in {t for t, _label in targets}:
            wrong = [_("Choose the one to keep.")]
        elif follow > AT_ONCE:
            enqueue("records.merge_nodes", {"entity": key, "node": id, "into": chosen}, actor=actor,
                    once_key=f"records.merge_nodes:{key}:{id}")  # fmt: skip
            toast(request, _("That is a lot: it is being merged in the background."), level="info", href=reverse("jobs"),
                  label=_("Show"))  # fmt: skip
            return HttpResponseRedirect(reverse("settings-tree", args=[key]))
        else:
            try:
                change_set, balance = trees.merge(actor, entity, id, chosen)
            except write.Refused:
                wrong = [_("You may not delete this one.")]
            except write.Invalid as error:
                wrong = [text for texts in sentences(error.problems).values() for text in texts]
            else:
                said = ngettext("Merged: %(n)s record followed.", "Merged: %(n)s records followed.", balance.updated)
                toast(request, said % {"n": figure(balance.updated)}, undo=reverse("journal-undo", args=[change_set]))
                return HttpResponseRedirect(reverse("settings-tree", args=[key]))
    context = {
        "entity": entity, "node": row, "targets": targets, "chosen": chosen, "wrong": wrong, "follow": follow,
        "children": mine.children if mine else 0, "tree_label": entity_plural(entity),
        "back": reverse("settings-tree", args=[key]),
    }  # fmt: skip
    return render(request, "records/tree_merge.html", context, status=422 if wrong else 200)
