# ruff: noqa: E501 (tables)
"""Rights hold in every join, aggregate and filter by construction: plain Django queries of somebody acting never reach further."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Concat

from guanxi.core.access import ANONYMOUS, NoActor, acting
from guanxi.customers.models import Account, Contact, Relation
from guanxi.records import catalogue
from guanxi.records.base import Link
from guanxi.trade.models import Order, OrderLine
from tests.contract.worlds import PLACES, World, shared

REACH = {"sales": {"me"}, "sales_manager": {"me", "colleague", "below"}, "service": set(PLACES), "": set()}


def reach(world: World, entity: str, role: str) -> set[int]:
    return {i for place, i in world.every(entity) if place in REACH[role]}


def names(world: World, entity: str, ids: set[int], field: str = "name") -> set[str]:
    return set(catalogue.get(entity).model.all_rows.filter(pk__in=ids).values_list(field, flat=True))


LINKS = [
    (e, f)
    for e in catalogue.every()
    for f in e.declared.values()
    if e.model and f.column and isinstance(e.model._meta.get_field(f.key), Link)
]
IDS = [f"{e.key}.{f.key}" for e, f in LINKS]


@pytest.mark.parametrize("role", REACH)
@pytest.mark.parametrize(("entity", "field"), LINKS, ids=IDS)
def test_a_link_leads_nowhere_out_of_reach(world: World, role: str, entity: Any, field: Any) -> None:
    """For every link of the catalogue: values, order, annotate, select_related, filter, exists over it."""
    target = catalogue.get(field.kind.target)
    link, title = field.key, target.title
    column = f"{link}__{title}"
    actor = world.as_role(role)
    mine = {i for _p, i in world.every(entity.key)} if shared(entity) and role else reach(world, entity.key, role)
    theirs = {i for _p, i in world.every(target.key)} if shared(target) and role else reach(world, target.key, role)
    seen = set(map(str, target.model.all_rows.filter(pk__in=theirs).values_list(title, flat=True)))
    every = set(map(str, target.model.all_rows.values_list(title, flat=True)))
    with acting(actor):
        rows = entity.model.objects
        assert set(rows.values_list("pk", flat=True)) == mine
        shown = {str(v) for v in rows.values_list(column, flat=True) if v is not None}
        assert shown <= seen
        assert {str(v) for v in rows.annotate(a=F(column)).values_list("a", flat=True) if v is not None} <= seen
        assert {str(v) for v in rows.order_by(column).values_list(column, flat=True) if v is not None} <= seen
        ids = set(rows.values_list(f"{link}__id", flat=True)) - {None}
        for row in rows.select_related(link):
            found = (
                getattr(row, link, None)
                if getattr(row, field.column) is not None and row.pk in mine and _reaches(row, link)
                else None
            )
            assert found is None or found.pk in theirs
        for row in rows.prefetch_related(link):
            assert not _reaches(row, link) or getattr(row, link).pk in theirs
        if title not in ("address",):
            for value in every - seen:
                assert not rows.filter(**{column: value}).exists()
                assert not rows.filter(Q(**{column: value}) | Q(pk=-1)).exists()
        hidden = rows.filter(**{f"{link}__created_at__isnull": False}).values_list(field.column, flat=True)
        assert set(hidden) - {None} <= theirs
        assert rows.aggregate(n=Count(f"{link}__created_at"))["n"] <= sum(
            1 for v in rows.values_list(field.column, flat=True) if v in theirs
        )
        assert ids is not None


def _reaches(row: Any, link: str) -> bool:
    try:
        return getattr(row, link) is not None
    except Exception:
        return False


def queries(world: World) -> dict[str, Callable[[], Any]]:
    """Everything a program might ask across tables. Each gives names or ids of customers that it let through."""
    return {
        "names through two links": lambda: OrderLine.objects.values_list("order__account__name", flat=True),
        "concat": lambda: Order.objects.annotate(t=Concat("account__name", "account__name")).values_list("account__name", flat=True),
        "group": lambda: Contact.objects.values("account__name").annotate(n=Count("id")).values_list("account__name", flat=True),
        "max": lambda: [Order.objects.aggregate(m=Max("account__name"))["m"]],
        "exists": lambda: Account.objects.filter(Exists(Order.objects.filter(account=OuterRef("pk")))).values_list("name", flat=True),
        "subquery": lambda: Contact.objects.annotate(
            t=Subquery(Account.objects.filter(pk=OuterRef("account_id")).values("name")[:1])
        ).values_list("t", flat=True),
        "in": lambda: Account.objects.filter(pk__in=Order.objects.values("account")).values_list("name", flat=True),
        "other side": lambda: Relation.objects.values_list("other__name", flat=True),
        "other side filtered": lambda: Relation.objects.filter(other__name__startswith="C").values_list("other__name", flat=True),
        "other side excluded": lambda: Relation.objects.exclude(other__name="x").values_list("other__name", flat=True),
        "or": lambda: Relation.objects.filter(Q(other__name__gt="") | Q(pk__gt=0)).values_list("other__name", flat=True),
        "union": lambda: Account.objects.values_list("name").union(Relation.objects.values_list("other__name")).values_list("name", flat=True),
        "distinct": lambda: Relation.objects.order_by("other__name").distinct("other__name").values_list("other__name", flat=True),
        "two joins": lambda: Relation.objects.filter(account__name__gt="", other__name__gt="").values_list("other__name", flat=True),
        "f compare": lambda: Relation.objects.filter(other__name__gt=F("account__name")).values_list("other__name", flat=True),
        "dates": lambda: Relation.objects.filter(other__created_at__isnull=False).values_list("other__name", flat=True),
    }  # fmt: skip


@pytest.mark.parametrize("role", REACH)
def test_no_query_tells_names_out_of_reach(world: World, role: str) -> None:
    actor = world.as_role(role)
    allowed = names(world, "customers.account", reach(world, "customers.account", role))
    with acting(actor):
        for name, ask in queries(world).items():
            found = {v for v in ask() if v is not None}
            assert found <= allowed, name
            if role == "service":
                assert found, name


@pytest.mark.parametrize("role", REACH)
def test_sums_and_counts_are_of_what_is_in_reach(world: World, role: str) -> None:
    actor = world.as_role(role)
    orders = reach(world, "trade.order", role)
    with acting(actor):
        assert Order.objects.count() == len(orders)
        wanted = sum(o.total for o in Order.all_rows.filter(pk__in=orders))
        assert (Order.objects.aggregate(s=Sum("total"))["s"] or 0) == wanted
        over = OrderLine.objects.aggregate(s=Sum("order__total"))["s"] or 0
        assert over == sum(
            Order.all_rows.get(pk=line.order_id).total
            for line in OrderLine.all_rows.filter(order_id__in=orders, deleted_in__isnull=True)
        )
        assert Contact.objects.filter(account__owner=world.people["elsewhere"]).exists() == ("elsewhere" in REACH[role])


def test_deleted_rows_are_behind_the_same_wall(world: World) -> None:
    actor = world.as_role("administrator")
    gone = world.deleted["customers.contact", "me"][0]
    with acting(actor):
        assert not Contact.objects.filter(pk=gone).exists()
        assert Contact.all_rows.filter(pk=gone).exists()
        assert not Relation.objects.filter(contact=gone).values_list("contact__name", flat=True).exists()


@pytest.mark.parametrize("model", [e.model for e in catalogue.every()], ids=[e.key for e in catalogue.every()])
def test_without_an_actor_nothing_is_answered(world: World, model: Any) -> None:
    with pytest.raises(NoActor):
        list(model.objects.all())
    with pytest.raises(NoActor):
        model.objects.count()
    with acting(ANONYMOUS):
        assert not model.objects.exists()


def test_joins_without_an_actor_are_refused(world: World) -> None:
    with pytest.raises(NoActor):
        list(Order.all_rows.values_list("account__name", flat=True))
    with pytest.raises(NoActor):
        list(Order.all_rows.filter(account__name="x"))
    with pytest.raises(NoActor):
        _ = Order.all_rows.first().account.name


def test_actors_do_not_stay_behind(world: World) -> None:
    with acting(world.as_role("administrator")):
        kept = Account.objects.all()
    assert kept.query  # the rows of whoever asked, when they asked: a queryset does not widen later
    with acting(world.as_role("")):
        assert not Account.objects.exists()
