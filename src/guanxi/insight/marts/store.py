"""The folder of the marts: what holds is what `state.json` names, and that file is swapped in whole.

A refresh writes new files beside the old ones and last the state; killed before that, the old state and its files still hold.
Readers keep the file they opened; the one before the current one stays until the next refresh. One refresh at a time, by a lock that
dies with its process.
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
from guanxi.insight.marts import build, pull, shape
from guanxi.insight.marts.build import Parts, quoted
from guanxi.records import catalogue

log = logging.getLogger("guanxi.insight")
#: Readers: nothing is written, loaded or reached from inside a query.
READER: dict[str, Any] = {
    "threads": 2, "memory_limit": "512MB", "enable_external_access": "false", "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false", "lock_configuration": "true",
}  # fmt: skip
COMPACT_FROM = 50_000


class Busy(Exception):
    """Another refresh is at work."""


@dataclass
class State:
    """Everything a refresh has to remember."""

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
    parts: dict[str, Parts] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    number: int = 0

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.moment)


def root() -> Path:
    return Path(settings.MARTS_ROOT)


def load() -> State | None:
    """What holds now; None when nothing does or it cannot be read."""
    try:
        raw = json.loads((root() / "state.json").read_text())
        raw["parts"] = {
            key: Parts(tuple(p["base"]), tuple(p["delta"]), p["touched"], p["rows"], p["touches"])
            for key, p in raw["parts"].items()
        }
        return State(**raw)
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
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root() / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy from error
        yield


def _rates_stamp() -> int:
    return int(Version.objects.filter(key="rates").values_list("n", flat=True).first() or 0)


def refresh(*, anew: bool = False, step: Callable[[str], None] = lambda _text: None) -> dict[str, Any]:
    """Bring the marts up to now; raises Busy. `anew` pulls everything. Nothing changed: only the moment moves on."""
    with _alone():
        old = None if anew else load()
        _sweep(old)
        with pull.snapshot():
            moment = datetime.now(UTC)
            here = pull.database()
            if old is not None and (old.database != here or old.shape != shape.fingerprint() or not _whole(old)):
                old = None
            state = State(
                file="", before=old.file if old else "", moment=moment.isoformat(), database=here, shape=shape.fingerprint(),
                zone=organisation().time_zone, reporting=organisation().reporting_currency, rates=_rates_stamp(),
                high=0, digest="", number=(old.number if old else _highest()) + 1,
            )  # fmt: skip
            changed: dict[str, set[int]] | None = None
            if old is not None:
                try:
                    late = {int(n): datetime.fromisoformat(at) for n, at in old.late.items()}
                    found, mark = pull.changed(pull.Watermark(old.high, late, old.digest))
                    changed = pull.with_wholes(found)
                except pull.StartAnew:
                    changed = None
            if changed is None:
                mark = pull.top()
            state.high, state.digest = mark.high, mark.digest
            state.late = {str(n): at.isoformat() for n, at in mark.late.items()}
            for key in shape.ENTITIES:
                ids = None if changed is None else changed.get(key, set())
                before = old.parts.get(key) if old is not None and ids is not None else None
                if ids is None or before is None:
                    step(key)
                    names = pull.to_parquet(catalogue.get(key), root(), f"{key}-{state.number}-base")
                    state.parts[key] = Parts(tuple(names), rows=_rows(names))
                elif not ids:
                    state.parts[key] = before
                else:
                    step(key)
                    state.parts[key] = _touch(key, before, ids, state.number)
            days = _rate_days()
        same = old is not None and changed is not None and not any(changed.values())
        if (
            old is not None
            and same
            and (old.rates, old.zone, old.reporting) == (state.rates, state.zone, state.reporting)
        ):
            state.file, state.before, state.rows = old.file, old.before, old.rows
        else:
            state.file = f"marts-{state.number}.duckdb"
            target = root() / state.file
            target.unlink(missing_ok=True)
            state.rows = build.build(
                root(), target, state.parts, zone=state.zone, reporting=state.reporting, rate_days=days, step=step
            )
        _save(state)
        _sweep(state)
        return {"rows": state.rows, "changed": None if changed is None else {k: len(v) for k, v in changed.items()}}


def _rate_days() -> list[date]:
    return sorted(set(ExchangeRate.objects.order_by().values_list("date", flat=True).distinct()))


def _rows(names: list[str]) -> int:
    import duckdb  # when it is needed: most processes never do

    if not names:
        return 0
    with duckdb.connect() as con:
        found = con.execute(f"SELECT count(*) FROM {build._files(root(), names)}").fetchone()
    return int(found[0]) if found else 0


def _touch(key: str, before: Parts, ids: set[int], number: int) -> Parts:
    """The parts after these rows changed: pulled anew, and out of what stood before."""
    import duckdb  # when it is needed: most processes never do

    entity = catalogue.get(key)
    fresh = pull.to_parquet(entity, root(), f"{key}-{number}-fresh", sorted(ids))
    delta, touched = f"{key}-{number}-delta.parquet", f"{key}-{number}-touched.parquet"
    columns = ", ".join(quoted(c.name) for c in shape.pulled(entity))
    with duckdb.connect(config=build.LIMITS) as con:
        con.execute("CREATE TABLE now (id BIGINT)")
        con.execute(f"INSERT INTO now SELECT unnest([{', '.join(map(str, sorted(ids)))}]::BIGINT[])")
        pieces = [f"SELECT {columns} FROM {build._files(root(), fresh)}"] if fresh else []
        if before.delta:
            pieces.append(
                f"SELECT {columns} FROM {build._files(root(), before.delta)} d ANTI JOIN now n ON d.id = n.id"
            )
        if pieces:
            con.execute(f"COPY ({' UNION ALL '.join(pieces)}) TO '{root() / delta}' (FORMAT parquet, COMPRESSION zstd)")
        seen = "SELECT id FROM now"
        if before.touched:
            seen += f" UNION SELECT id FROM {build._files(root(), [before.touched])}"
        con.execute(f"COPY ({seen}) TO '{root() / touched}' (FORMAT parquet)")
        n = con.execute(f"SELECT count(*) FROM {build._files(root(), [touched])}").fetchone()
        touches = int(n[0]) if n else 0
        parts = Parts(before.base, (delta,) if pieces else (), touched, before.rows, touches)
        if touches > max(COMPACT_FROM, before.rows // 5):
            name = f"{key}-{number}-base.parquet"
            con.execute(
                f"COPY ({build.source(root(), key, parts)}) TO '{root() / name}' (FORMAT parquet, COMPRESSION zstd)"
            )
            return Parts((name,), rows=_rows([name]))
    return parts


def _named(state: State | None) -> set[str]:
    if state is None:
        return set()
    return {state.file, state.before} | {
        name for p in state.parts.values() for name in (*p.base, *p.delta, p.touched) if name
    }


def _whole(state: State) -> bool:
    return all((root() / name).exists() for name in _named(state) - {state.before, ""})


def _highest() -> int:
    numbers = [int(p.stem.split("-")[1]) for p in root().glob("marts-*.duckdb") if p.stem.split("-")[1].isdigit()]
    return max(numbers, default=0)


def _sweep(state: State | None) -> None:
    """Away with what no state names: remains of refreshes that were killed."""
    keep = _named(state or load()) | {"state.json", "lock"}
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
                values = self.con.execute(f"SELECT unnest(enum_range(NULL::{quoted(f'{table}/{column}')}))").fetchall()
                self.enums[table, column] = {v[0]: code for code, v in enumerate(values)}
        self.fx: dict[str, dict[int, tuple[str, date | None]]] = {}
        for entity, fx, code, at in self.con.execute("SELECT entity, fx, currency, since FROM fx").fetchall():
            self.fx.setdefault(entity, {})[fx] = (code, at)
        self.spans: dict[str, tuple[datetime | None, datetime | None]] = {
            entity: (low, high)
            for entity, low, high in self.con.execute("SELECT entity, low, high FROM spans").fetchall()
        }
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
