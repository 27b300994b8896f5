from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi.core.access.actor import SYSTEM
from guanxi.core.identity import services as people
from guanxi.core.org import departments
from guanxi.core.org.models import Department
from guanxi.core.org.problems import Invalid

pytestmark = pytest.mark.django_db


def grow() -> dict[str, Department]:
    made: dict[str, Department] = {}
    plan = [("Sales", None), ("East", "Sales"), ("Shanghai", "East"), ("Suzhou", "East"), ("Service", None)]
    for name, parent in plan:
        made[name] = departments.create(SYSTEM, name, parent=made.get(parent or ""))
    return made


def paths() -> dict[str, str]:
    return dict(Department.objects.values_list("name", "path"))


def test_paths_hold_the_ids_from_the_root():
    d = grow()
    assert paths()["Shanghai"] == f"/{d['Sales'].pk}/{d['East'].pk}/{d['Shanghai'].pk}/"
    assert [(depth, row.name) for depth, row, _n in departments.tree()] == [
        (0, "Sales"),
        (1, "East"),
        (2, "Shanghai"),
        (2, "Suzhou"),
        (0, "Service"),
    ]


def test_moving_takes_everything_below_along():
    d = grow()
    departments.move(SYSTEM, d["East"], d["Service"])
    assert paths()["Suzhou"] == f"/{d['Service'].pk}/{d['East'].pk}/{d['Suzhou'].pk}/"
    departments.move(SYSTEM, d["East"], None)
    assert paths()["Suzhou"] == f"/{d['East'].pk}/{d['Suzhou'].pk}/"


def test_no_circles():
    d = grow()
    before = paths()
    for parent in ("Sales", "East", "Shanghai"):
        with pytest.raises(Invalid):
            departments.move(SYSTEM, d["Sales"], d[parent])
    assert paths() == before


def test_only_an_empty_department_goes():
    d = grow()
    with pytest.raises(Invalid):
        departments.delete(SYSTEM, d["East"])
    lily = people.add_person(SYSTEM, "lily", department=d["Suzhou"]).person
    with pytest.raises(Invalid):
        departments.delete(SYSTEM, d["Suzhou"])
    people.edit_person(SYSTEM, lily, username="lily", name="", email="", roles=[], department=None, manager=None)
    departments.delete(SYSTEM, d["Suzhou"])
    assert "Suzhou" not in paths()


def test_names_are_unique_among_neighbours():
    d = grow()
    with pytest.raises(Invalid):
        departments.create(SYSTEM, " Shanghai ", parent=d["East"])
    departments.create(SYSTEM, "Shanghai", parent=d["Service"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 6))), max_size=12))
def test_after_any_moves_every_path_is_its_parents_path_and_itself(moves):
    Department.objects.update(parent=None)
    Department.objects.all().delete()
    rows = [departments.create(SYSTEM, f"d{n}") for n in range(7)]
    for child, parent in moves:
        with contextlib.suppress(Invalid):
            departments.move(
                SYSTEM,
                Department.objects.get(pk=rows[child].pk),
                None if parent is None else Department.objects.get(pk=rows[parent].pk),
            )
    for row in Department.objects.select_related("parent"):
        assert row.path == f"{row.parent.path if row.parent else '/'}{row.pk}/"
    assert len(departments.tree()) == 7
