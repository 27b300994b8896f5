"""The marts' files: swapped in whole, safe under readers and kills; every change set is seen once, also a late one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from guanxi.core.access import acting
from guanxi.core.journal.models import ChangeSet
from guanxi.insight import answers
from guanxi.insight.marts import build, pull, store, update
from guanxi.insight.questions import Question
from guanxi.records import catalogue, write
from tests import make
from tests.insight.test_figures import house  # noqa: F401

REVENUE = Question("trade.order", "sum:total")


def revenue(actor: Any) -> Any:
    with acting(actor):
        return answers.answer(actor, REVENUE, prefer="marts").total.value


def test_a_refresh_killed_midway_leaves_the_old_figures(
    house: dict[str, Any], marts: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    """Nothing holds before the state is swapped; what a dead refresh left behind is cleared away by the next."""
    admin = make.actor()
    store.refresh()
    before, state = revenue(admin), (marts / "state.json").read_bytes()
    with acting(admin):
        write.delete(admin, catalogue.get("trade.order"), house["orders"][2])

    for module, place in ((build, "wide"), (update, "apply")):
        whole = getattr(module, place)

        def die(*args: Any, whole: Any = whole, **more: Any) -> Any:
            whole(*args, **more)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(module, place, die)
            with pytest.raises(KeyboardInterrupt):
                store.refresh()
        assert (marts / "state.json").read_bytes() == state
        store.forget()
        assert revenue(admin) == before
    store.refresh()
    assert revenue(admin) < before
    now = store.load()
    assert now is not None and {p.name for p in marts.iterdir()} <= {now.file, now.before, "state.json", "lock"}


def test_readers_keep_what_they_opened(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    admin = make.actor()
    store.refresh()
    held = store.opened()
    assert held is not None
    n = held.con.execute('SELECT count(*) FROM "trade.order"').fetchone()
    make.order(house["accounts"][0], [{"quantity": 1, "unit_price": 5}])
    store.refresh()
    make.order(house["accounts"][0], [{"quantity": 1, "unit_price": 5}])
    store.refresh()
    assert held.con.execute('SELECT count(*) FROM "trade.order"').fetchone() == n
    fresh = store.opened()
    assert fresh is not None and fresh is not held
    assert fresh.state.rows["trade.order"] == n[0] + 2
    assert revenue(admin) > 0


def test_readers_can_write_and_reach_nothing(house: dict[str, Any], marts: Path, tmp_path: Path) -> None:  # noqa: F811
    store.refresh()
    opened = store.opened()
    assert opened is not None
    for sql in (
        'DELETE FROM "trade.order"', f"COPY (SELECT 1) TO '{tmp_path}/x.csv'", "SELECT * FROM read_text('/etc/hostname')",
        "INSTALL httpfs", "SET enable_external_access = true", f"ATTACH '{tmp_path}/y.duckdb'",
    ):  # fmt: skip
        with pytest.raises(duckdb.Error):
            opened.con.cursor().execute(sql).fetchall()


def test_a_change_set_that_commits_late_is_not_missed(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    """Numbers are given when a change set begins: one below the watermark may come after it."""
    mark = pull.top()
    with acting(admin := make.actor()):
        saved = write.save(admin, catalogue.get("customers.account"), {"status": "lost"}, id=house["accounts"][0])
    behind = pull.top()
    assert behind.high >= saved.change_set > mark.high
    # As it looked to a refresh that ran while the transaction was open: its number was missing.
    behind.late = {saved.change_set: behind.late.get(saved.change_set) or _now()}
    found, after = pull.changed(behind)
    assert found["customers.account"] == {house["accounts"][0]}
    assert saved.change_set not in after.late
    assert pull.changed(after)[0] == {}


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def test_a_restored_database_is_pulled_anew(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    """The watermark's change set is another one, or gone: what changed cannot be told."""
    mark = pull.top()
    mark.digest = "00"
    with pytest.raises(pull.StartAnew):
        pull.changed(mark)
    gone = pull.top()
    gone.high = (ChangeSet.objects.latest("pk").pk or 0) + 50
    with pytest.raises(pull.StartAnew):
        pull.changed(gone)


def test_marts_of_another_database_are_not_read(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    store.refresh()
    state = store.load()
    assert state is not None
    state.database = "somebody/else"
    store._save(state)
    store.forget()
    assert store.opened() is None


def test_after_many_changes_the_file_is_made_anew(
    house: dict[str, Any], marts: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    """In order of date again, and in one go when most of it changed anyway."""
    monkeypatch.setattr(store, "ANEW_FROM", 3)
    admin = make.actor()
    store.refresh()

    def lost(ids: list[int]) -> dict[str, Any] | None:
        with acting(admin):
            for id_ in ids:
                write.save(admin, catalogue.get("customers.account"), {"status": "lost"}, id=id_)
        done: dict[str, Any] | None = store.refresh()["changed"]
        return done

    assert lost(house["accounts"][:2])
    state = store.load()
    assert state is not None and state.written > 0
    assert lost(house["accounts"][2:8]) is None
    state = store.load()
    assert state is not None and state.written == 0
    with acting(admin):
        found = answers.answer(admin, Question("customers.account", by="status"), prefer="marts")
    assert 8 in [p.n for p in found.series[0].points]
