"""The folder of the marts: what holds is what `state.json` names, and that file is swapped in whole.

A refresh copies the file, brings the copy up to date in one transaction, and last swaps the state; killed before that, the old state and
its file still hold. Readers keep the file they opened; the one before the current one stays until the next refresh. One refresh at a
time, by a lock that dies with its process; who asks meanwhile makes it go round once more.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from guanxi.core.org.models import ExchangeRate, Version
from guanxi.core.org.settings import organisation
from guanxi.core.snapshot import snapshot
from guanxi.insight.marts import build, pull, shape, update
from guanxi.insight.marts.totals import Totals
from guanxi.records import catalogue

log = logging.getLogger("guanxi.insight")
#: Readers: nothing is written, loaded or reached from inside a query.
READER: dict[str, Any] = {
    "threads": 2, "memory_limit": "512MB", "enable_external_access": "false", "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false", "lock_configuration": "true",
}  # fmt: skip
#: After this many rows, and a fifth of the table, were written since it was made, everything is made anew: in order of date again.
ANEW_FROM = 50_000


class Busy(Exception):
    """Another refresh is at work, and will go round once more."""


@dataclass
class State:
    """Everything a refresh has to remember. `written`: rows since the file was made anew."""

    file: str
    before: str
    moment: str
    database: str
    shape: str
    zone: str
    reporting: str
    rates: int
    high: int
    digest: str
    late: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    number: int = 0
    written: int = 0

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.moment)


def root() -> Path:
    return Path(settings.MARTS_ROOT)


def load() -> State | None:
    """What holds now; None when nothing does or it cannot be read."""
    try:
        return State(**json.loads((root() / "state.json").read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _save(state: State) -> None:
    path = root() / "state.json.new"
    with path.open("w") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    path.replace(root() / "state.json")
    with contextlib.suppress(OSError):
        folder = os.open(root(), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (root() / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy from error
        yield


def _rates_stamp() -> int:
    return int(Version.objects.filter(key="rates").values_list("n", flat=True).first() or 0)


def ask(*, anew: bool = False) -> Path:
    """Leave word that the marts are wanted up to now: a refresh at work sees it and goes round once more."""
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    asked = root() / "asked"
    with asked.open("a") as file:
        file.write("anew" if anew else "")
    return asked


def refresh(*, anew: bool = False, step: Callable[[str], None] = lambda _text: None) -> dict[str, Any]:
    """Bring the marts up to now, at least to the moment of asking; raises Busy when somebody else does. `anew` makes everything anew."""
    # Written before the lock is tried, looked at after it is given back: whoever is turned away is seen by whoever is at work.
    asked = ask(anew=anew)
    done: dict[str, Any] = {}
    while asked.exists():
        with _alone():
            try:
                whole = asked.read_text() != ""
                asked.unlink()
            except FileNotFoundError:
                continue
            done = _refresh(whole, step)
    return done


def _refresh(anew: bool, step: Callable[[str], None]) -> dict[str, Any]:
    old = None if anew else load()
    _sweep(old)
    with snapshot():
        moment = datetime.now(UTC)
        here, org = pull.database(), organisation()
        known = (here, shape.fingerprint(), org.time_zone, org.reporting_currency)
        if old is not None and (
            (old.database, old.shape, old.zone, old.reporting) != known or not (root() / old.file).exists()
        ):
            old = None
        state = State(
            file="", before=old.file if old else "", moment=moment.isoformat(), database=here, shape=known[1],
            zone=org.time_zone, reporting=org.reporting_currency, rates=_rates_stamp(),
            high=0, digest="", number=(old.number if old else _highest()) + 1,
        )  # fmt: skip
        days = _rate_days()
        changed: dict[str, set[int]] | None = None
        mark = pull.Watermark()
        if old is not None:
            try:
                late = {int(n): datetime.fromisoformat(at) for n, at in old.late.items()}
                changed, mark = pull.changed(pull.Watermark(old.high, late, old.digest))
                changed = pull.with_wholes(changed)
                if any(len(ids) > max(ANEW_FROM, old.rows.get(key, 0) // 5) for key, ids in changed.items()):
                    raise pull.StartAnew("too much changed")
                if any(changed.values()) and old.written > max(ANEW_FROM, sum(old.rows.values()) // 5):
                    raise pull.StartAnew("too much has changed since")
                if any(changed.values()) or old.rates != state.rates:
                    _update(state, old, changed, days, step)
                else:
                    state.file, state.before, state.rows, state.written = old.file, old.before, old.rows, old.written
            except (pull.StartAnew, update.TooMuch) as reason:
                log.info("the marts are made anew: %s", reason)
                changed = None
        if changed is None:
            mark = pull.top()
            _anew(state, days, step)
    state.high, state.digest = mark.high, mark.digest
    state.late = {str(n): at.isoformat() for n, at in mark.late.items()}
    _save(state)
    _sweep(state)
    return {"rows": state.rows, "changed": None if changed is None else {k: len(v) for k, v in changed.items()}}


def _anew(state: State, days: list[date], step: Callable[[str], None]) -> None:
    """A new file out of all live rows."""
    parts = {}
    for key in shape.ENTITIES:
        step(key)
        parts[key] = pull.to_parquet(catalogue.get(key), root(), f"{key}-{state.number}-base")
    state.file = f"marts-{state.number}.duckdb"
    target = root() / state.file
    target.unlink(missing_ok=True)
    state.rows = build.build(
        root(), target, parts, zone=state.zone, reporting=state.reporting, rate_days=days, step=step
    )


def _update(
    state: State, old: State, changed: dict[str, set[int]], days: list[date], step: Callable[[str], None]
) -> None:
    """A copy of the old file with what changed. `changed` gets the wholes that parts belonged to before they moved."""
    import duckdb  # when it is needed: most processes never do

    state.file = f"marts-{state.number}.duckdb"
    target = root() / state.file
    target.unlink(missing_ok=True)
    shutil.copyfile(root() / old.file, target)
    with duckdb.connect(str(target), config={**build.LIMITS, "temp_directory": str(root() / "spill")}) as con:
        for key in shape.ENTITIES:
            entity = catalogue.get(key)
            for link in {rollup.link for rollup in entity.rollups} if changed.get(key) else ():
                whole = catalogue.link_target(entity, link)
                changed.setdefault(whole, set()).update(update.wholes(con, key, link, changed[key]))
        fresh = {
            key: pull.to_parquet(catalogue.get(key), root(), f"{key}-{state.number}-fresh", sorted(ids))
            for key, ids in changed.items()
            if ids
        }
        state.rows, written = update.apply(
            con, root(), changed, fresh, zone=state.zone, reporting=state.reporting, rate_days=days, step=step
        )
    state.written = old.written + written


def _rate_days() -> list[date]:
    return sorted(set(ExchangeRate.objects.order_by().values_list("date", flat=True).distinct()))


def _highest() -> int:
    numbers = [int(p.stem.split("-")[1]) for p in root().glob("marts-*.duckdb") if p.stem.split("-")[1].isdigit()]
    return max(numbers, default=0)


def _sweep(state: State | None) -> None:
    """Away with what no state names: rows on their way in, and remains of refreshes that were killed."""
    state = state or load()
    keep = {"state.json", "lock", "asked", *((state.file, state.before) if state else ())}
    for path in root().iterdir():
        if path.name not in keep:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


# Reading ---------------------------------------------------------------------------------------------------------------


class Opened:
    """The marts' file, open for reading in this process. `enums`: the values of each small column; `columns` by table."""

    def __init__(self, state: State) -> None:
        import duckdb  # when it is needed: most processes never do

        self.state = state
        self.con = duckdb.connect(str(root() / state.file), read_only=True, config=READER)
        self.columns: dict[str, dict[str, str]] = {}
        self.enums: dict[tuple[str, str], dict[str, int]] = {}
        for table, column, type_ in self.con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
        ).fetchall():
            enum = str(type_).startswith("ENUM")
            self.columns.setdefault(table, {})[column] = "ENUM" if enum else str(type_)
            if enum:
                values = self.con.execute(f"SELECT unnest(enum_range(NULL::{type_}))").fetchall()
                self.enums[table, column] = {v[0]: code for code, v in enumerate(values)}
        self.fx: dict[str, dict[int, tuple[str, date | None]]] = {}
        for entity, fx, code, at in self.con.execute("SELECT entity, fx, currency, since FROM fx").fetchall():
            self.fx.setdefault(entity, {})[fx] = (code, at)
        self.spans: dict[str, tuple[datetime | None, datetime | None]] = {
            entity: (low, high)
            for entity, low, high in self.con.execute("SELECT entity, low, high FROM spans").fetchall()
        }
        self.totals: dict[str, list[Totals]] = {}
        for entity, name, keys, rows in self.con.execute(
            "SELECT entity, name, keys, rows FROM totals WHERE rows IS NOT NULL ORDER BY rows, name"
        ).fetchall():
            self.totals.setdefault(entity, []).append(Totals(name, tuple(keys), rows))
        self.answers: dict[Any, Any] = {}

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Remembered per file: the same question over the same marts has the same answer."""
        key = (sql, values)
        if key not in self.answers:
            found = self.con.cursor().execute(sql, list(values)).fetchall()
            if len(self.answers) > 500 or len(found) > 5000:
                self.answers.clear()
            self.answers[key] = found
        rows: list[tuple[Any, ...]] = self.answers[key]
        return rows


_held: tuple[tuple[int, int], Opened] | None = None
_lock = threading.Lock()


def opened() -> Opened | None:
    """The marts as they hold now; None when there are none for this database and these columns."""
    import duckdb  # when it is needed: most processes never do

    global _held
    try:
        stat = (root() / "state.json").stat()
    except OSError:
        return None
    stamp = (stat.st_ino, stat.st_mtime_ns)
    held = _held
    if held is not None and held[0] == stamp:
        return held[1]
    with _lock:
        if _held is not None and _held[0] == stamp:
            return _held[1]
        state = load()
        if state is None or state.database != pull.database() or state.shape != shape.fingerprint():
            return None
        try:
            if _held is not None and _held[1].state.file == state.file and _held[1].state.number <= state.number:
                _held[1].state = state
                _held = (stamp, _held[1])
            else:
                _held = (stamp, Opened(state))
        except (duckdb.Error, OSError):
            log.exception("the marts cannot be opened; figures come from the database")
            return None
        return _held[1]


def forget() -> None:
    """For tests: the next reader opens anew."""
    global _held
    _held = None
