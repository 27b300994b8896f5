"""A file of marts that is brought up to date holds exactly what one made new would hold (INS-7)."""

from __future__ import annotations

import contextlib
import datetime
import random
import shutil
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from guanxi.core.access import SYSTEM, acting
from guanxi.core.org import currency
from guanxi.insight import answers
from guanxi.insight.marts import build, shape, store, totals, update
from guanxi.insight.questions import Question
from guanxi.records import bulk, catalogue, invert, write
from guanxi.records.write.errors import Conflict, Invalid, Refused
from tests import make
from tests.insight.test_figures import QUESTIONS, house, plain  # noqa: F401

UTC = datetime.UTC
TABLES = [*shape.ENTITIES]


def held(folder: Path) -> dict[str, Any]:
    """Everything in the file that holds: rows as text, rates by what they mean instead of their number; totals as they are."""
    state = store.load()
    assert state is not None
    found: dict[str, Any] = {"rows": state.rows}
    copy = folder / "looked-at.duckdb"
    shutil.copyfile(store.root() / state.file, copy)
    with duckdb.connect(str(copy), read_only=True) as con:
        fx = {(e, n): (code, since) for e, n, code, since in con.execute("SELECT * FROM fx").fetchall()}
        assert len(set(fx.values())) * len(shape.MONEY) >= len(fx), "no rate twice"
        tables = {(key, key, ()) for key in TABLES}
        tables |= {
            (e, name, tuple(keys))
            for e, name, keys in con.execute("SELECT entity, name, keys FROM totals WHERE rows IS NOT NULL").fetchall()
        }
        found["breaks"] = sorted(con.execute("SELECT since FROM breaks").fetchall())
        found["spans"] = {e: rest for e, *rest in con.execute("SELECT * FROM spans").fetchall()}
        for entity, name, keys in sorted(tables):
            columns = sorted(totals.types_of(con, name))
            texts = ", ".join(f"CAST({shape.quoted(c)} AS VARCHAR)" for c in columns)
            rows = con.execute(f"SELECT {texts} FROM {shape.quoted(name)}").fetchall()
            if "@fx" in columns:
                at = columns.index("@fx")
                rows = [(*r[:at], str(fx[entity, int(r[at])]), *r[at + 1 :]) for r in rows]
            if keys:  # a sum over nothing is nothing, or nought where something went away
                sums = [c.startswith("s:") for c in columns]
                rows = [
                    tuple(f"{Decimal(v or 0):.4f}" if is_sum else v for v, is_sum in zip(r, sums, strict=True))
                    for r in rows
                ]
            found[f"{entity} by {keys}" if keys else entity] = (columns, sorted(rows, key=str))
    copy.unlink()
    return found


class Clerks:
    """People at work: each call does something to some record, by chance, through the doors that there are."""

    def __init__(self, house: dict[str, Any], seed: int) -> None:  # noqa: F811
        self.chance = random.Random(seed)
        self.admin = make.actor()
        self.people = [u.pk for u in house["people"].values()]
        self.accounts, self.orders, self.products = (
            list(house["accounts"]),
            list(house["orders"]),
            list(house["products"]),
        )
        self.lines: list[int] = list(catalogue.get("trade.orderline").model.all_rows.values_list("pk", flat=True))
        self.sets: list[int] = []
        self.done: set[str] = set()

    def act(self) -> None:
        verb = self.chance.choice([n for n in dir(self) if n.startswith("do_")])
        with contextlib.suppress(Refused, Invalid, Conflict, invert.CannotUndo, LookupError), acting(self.admin):
            made = getattr(self, verb)()
            if made:
                self.sets.append(made)
            self.done.add(verb)

    def _save(self, key: str, values: dict[str, Any], id_: int | None = None) -> Any:
        return write.save(self.admin, catalogue.get(key), values, id=id_)

    def _when(self) -> str:
        return (
            datetime.datetime(2025, 11, 30, 15, 30, tzinfo=UTC) + datetime.timedelta(hours=self.chance.randrange(4000))
        ).isoformat()

    def do_order(self) -> int | None:
        made = self._save("trade.order", {
            "account": self.chance.choice(self.accounts), "ordered_at": self._when(),
            "currency": self.chance.choice(["CNY", "USD", "EUR"]), "channel": self.chance.choice(["online", "store", "phone", ""]),
            "sales_rep": self.chance.choice([*self.people, None]),
        })  # fmt: skip
        self.orders.append(made.id)
        for _ in range(self.chance.randrange(3)):
            line = self._save("trade.orderline", {"order": made.id, "quantity": self.chance.randrange(1, 9), "unit_price": "3.35",
                                                  "product": self.chance.choice([*self.products, None])})  # fmt: skip
            self.lines.append(line.id)
        return made.change_set

    def do_reorder(self) -> int | None:
        changed = (
            {"ordered_at": self._when()}
            if self.chance.random() < 0.5
            else {"account": self.chance.choice(self.accounts)}
        )
        return self._save("trade.order", changed, self.chance.choice(self.orders)).change_set

    def do_line(self) -> int | None:
        changed: dict[str, Any] = {"quantity": self.chance.randrange(20)}
        if self.chance.random() < 0.5:
            changed = {"order": self.chance.choice(self.orders)}
        return self._save("trade.orderline", changed, self.chance.choice(self.lines)).change_set

    def do_account(self) -> int | None:
        changed = self.chance.choice([
            {"owner": self.chance.choice(self.people)}, {"status": "lost"}, {"tier": "key"}, {"status": "active"},
            {"address": {"province": self.chance.choice(["四川省", "广东省"]), "detail": "2号"}}, {"industry": ""},
            {"name": f"改名{self.chance.random()}"},
        ])  # fmt: skip
        return self._save("customers.account", changed, self.chance.choice(self.accounts)).change_set

    def do_product(self) -> int | None:
        if self.chance.random() < 0.4:
            self.products.append(
                make.product(category=make.record("trade.category", {"name": f"c{self.chance.random()}"}))
            )
        return self._save("trade.product", {"category": make.record("trade.category", {"name": f"d{self.chance.random()}"})},
                              self.chance.choice(self.products)).change_set  # fmt: skip

    def do_payment(self) -> None:
        make.payment(self.chance.choice(self.orders), "12.50", by=self.admin)

    def do_rate(self) -> None:
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=self.chance.randrange(100))
        currency.record_rate(
            SYSTEM, self.chance.choice(["USD", "EUR"]), Decimal(self.chance.randrange(700, 800)) / 100, date=day
        )

    def do_many(self) -> int | None:
        accounts = catalogue.get("customers.account")
        some = accounts.model.all_rows.filter(pk__in=self.chance.sample(self.accounts, 4))
        return write.edit_many(self.admin, accounts, some, {"owner": self.chance.choice(self.people)}).change_set

    def do_delete(self) -> int | None:
        key, ids = self.chance.choice(
            [("trade.order", self.orders), ("trade.orderline", self.lines), ("customers.account", self.accounts)]
        )
        id_ = self.chance.choice(ids)
        done = write.delete(self.admin, catalogue.get(key), id_)
        return done.change_set

    def do_import(self) -> int | None:
        rows = [
            (n, {"name": f"导入{self.chance.random()}有限公司", "kind": "company", "status": "active"})
            for n in range(60)
        ]
        loaded = bulk.load(self.admin, catalogue.get("customers.account"), rows, columns=("name", "kind", "status"))
        return loaded.change_set

    def do_undo(self) -> None:
        for set_ in self.chance.sample(self.sets, min(3, len(self.sets))):
            with contextlib.suppress(invert.CannotUndo, Refused, Invalid, Conflict):
                invert.undo(self.admin, set_)

    do_undo_again = do_undo_and_again = do_undo


@pytest.mark.parametrize("seed", [1, 7])
def test_brought_up_to_date_is_the_same_as_made_new(
    house: dict[str, Any], marts: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, seed: int  # noqa: F811
) -> None:  # fmt: skip
    """Whatever people did through any door: rows, carried values, first orders, rates, spans and totals."""
    monkeypatch.setattr(totals, "FROM", 1)
    monkeypatch.setattr(totals, "WORTH", 0)  # kept whether they are worth it or not
    clerks = Clerks(house, seed)
    store.refresh()
    updated = 0
    for _round in range(3):
        for _ in range(10):
            clerks.act()
        before = store.load()
        store.refresh()
        state = store.load()
        assert before is not None and state is not None
        updated += state.written > before.written
        mine = held(tmp_path)
        settings.MARTS_ROOT = tmp_path / "new"
        store.refresh(anew=True)
        fresh = held(tmp_path)
        settings.MARTS_ROOT = marts
        assert fresh.keys() <= mine.keys()  # totals by a column that has no values any more are kept on
        for name in fresh:
            assert mine[name] == fresh[name], name
    assert updated == 3 and len(clerks.done) > 7, clerks.done
    # And the answers are those of the read door, from totals and from rows.
    store.forget()
    opened = store.opened()
    assert opened is not None and sum(map(len, opened.totals.values())) > 20
    for question in QUESTIONS:
        with acting(clerks.admin):
            assert plain(answers.answer(clerks.admin, question, prefer="marts")) == plain(
                answers.answer(clerks.admin, question, prefer="live")
            ), question


def test_an_update_that_dies_leaves_the_file_as_it_was(
    house: dict[str, Any], marts: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    """All of it is one transaction on a copy: nobody sees half of it."""
    store.refresh()
    state = store.load()
    assert state is not None
    before = held(marts)
    make.order(house["accounts"][0], [{"quantity": 2, "unit_price": 5}], channel="phone")
    real = build.span
    for dies_at in ("trade.order", "trade.orderline"):

        def die(con: Any, key: str, at: str = dies_at) -> int:
            if key == at:
                raise KeyboardInterrupt
            return real(con, key)

        with monkeypatch.context() as patch:
            patch.setattr(build, "span", die)
            with pytest.raises(KeyboardInterrupt):
                store.refresh()
        assert store.load() == state
        assert held(marts) == before
        # The copy itself was rolled back too.
        with duckdb.connect(str(marts / f"marts-{state.number + 1}.duckdb"), read_only=True) as con:
            assert con.execute('SELECT count(*) FROM "trade.order"').fetchone() == (24,)
    store.refresh()
    assert held(marts)["rows"]["trade.order"] == 25


def test_who_asks_while_another_is_at_work_is_not_forgotten(
    house: dict[str, Any], marts: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    """What changed after the first one looked is in the figures when it ends, for it goes round once more."""
    admin = make.actor()
    store.refresh()
    real = update.apply
    rounds: list[int] = []

    def meanwhile(*args: Any, **more: Any) -> Any:
        rounds.append(1)
        if len(rounds) == 1:
            make.order(house["accounts"][1], [{"quantity": 1, "unit_price": 7}], by=admin)
            turned_away: list[BaseException] = []

            def ask() -> None:
                try:
                    store.refresh()
                except store.Busy as error:
                    turned_away.append(error)

            other = threading.Thread(target=ask)
            other.start()
            other.join()
            assert turned_away
        return real(*args, **more)

    monkeypatch.setattr(update, "apply", meanwhile)
    make.order(house["accounts"][0], [{"quantity": 1, "unit_price": 7}], by=admin)
    store.refresh()
    assert len(rounds) == 2 and not (marts / "asked").exists()
    with acting(admin):
        assert answers.answer(admin, Question("trade.order"), prefer="marts").total.n == 26


def test_only_what_changed_is_written(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    """A new name of a customer writes nothing of theirs; another owner is carried to their orders and lines, and to nobody else's."""
    admin = make.actor()
    store.refresh()

    def written() -> int:
        before, _ = store.load(), store.refresh()
        after = store.load()
        assert before is not None and after is not None and after.number > before.number
        return after.written - before.written

    account = house["accounts"][0]
    with acting(admin):
        write.save(admin, catalogue.get("customers.account"), {"name": "改了名的公司"}, id=account)
        assert written() == 1  # when it was changed
        write.save(admin, catalogue.get("customers.account"), {"owner": house["people"]["manager"].pk}, id=account)
        orders = catalogue.get("trade.order").model.objects.filter(account=account)
        lines = catalogue.get("trade.orderline").model.objects.filter(order__in=orders)
        assert written() == 1 + orders.count() + lines.count() > 3
