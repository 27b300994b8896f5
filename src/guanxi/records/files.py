"""Files of records: kept below `FILES_ROOT` under generated names, by content, and served as attachments only."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from guanxi.kit.problems import BadValue

#: Controls, separators of paths, and signs that turn the order of writing round ("fdp.exe" shown as "exe.pdf").
_ODD = re.compile(r"[\x00-\x1f\x7f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
#: Ending → first bytes that such a file must have ("" = text: no NUL byte).
TYPES: Mapping[str, tuple[bytes, ...]] = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
    ".docx": (b"PK\x03\x04",),
    ".xlsx": (b"PK\x03\x04",),
    ".pptx": (b"PK\x03\x04",),
    ".zip": (b"PK\x03\x04",),
    ".odt": (b"PK\x03\x04",),
    ".ods": (b"PK\x03\x04",),
    ".ofd": (b"PK\x03\x04",),
    ".doc": (b"\xd0\xcf\x11\xe0",),
    ".xls": (b"\xd0\xcf\x11\xe0",),
    ".ppt": (b"\xd0\xcf\x11\xe0",),
    ".wps": (b"\xd0\xcf\x11\xe0", b"PK\x03\x04"),
    ".et": (b"\xd0\xcf\x11\xe0", b"PK\x03\x04"),
    ".msg": (b"\xd0\xcf\x11\xe0",),
    ".rar": (b"Rar!\x1a\x07",),
    ".7z": (b"7z\xbc\xaf\x27\x1c",),
    ".mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3"),
    ".amr": (b"#!AMR",),
    ".wav": (b"RIFF",),
    ".txt": (),
    ".csv": (),
    ".eml": (),
}
NAME = 150
_fresh: ContextVar[list[str] | None] = ContextVar("fresh_files", default=None)


def limit() -> int:
    """Bytes that one file may have: the setting GUANXI_MAX_FILE_MB."""
    return int(settings.FILES_MAX_MB) * 2**20


def clean_name(name: str) -> str:
    """A file's name as it is kept and shown: one line without separators; of a long one beginning and ending stay."""
    name = _ODD.sub("_", name).strip(" .") or "file"
    if len(name) <= NAME:
        return name
    ending = Path(name).suffix[:20]
    return name[: NAME - len(ending) - 1].rstrip() + "…" + ending


def root() -> Path:
    path = Path(settings.FILES_ROOT)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@contextmanager
def unless_refused() -> Iterator[None]:
    """Files that are kept inside go away again when what is inside fails: no record will point to them."""
    outer, mine = _fresh.get(), list[str]()
    token = _fresh.set(mine)
    try:
        yield
    except BaseException:
        for id_ in mine:
            path_of(id_).unlink(missing_ok=True)
        raise
    finally:
        _fresh.reset(token)
    if outer is not None:
        outer.extend(mine)


def keep(upload: Any) -> dict[str, Any]:
    """Store an uploaded file (with `.name` and `.chunks()` or `.read()`); returns what the field holds.

    Raises BadValue for a file that is too large, or whose content is not what its name says.
    """
    name = clean_name(str(getattr(upload, "name", "") or "file"))
    most = limit()
    starts = TYPES.get(Path(name).suffix.lower())
    if starts is None:
        raise BadValue("file.type")
    id_ = secrets.token_hex(16)
    path = path_of(id_)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    part = path.with_suffix(".part")
    try:
        with part.open("xb") as target:
            for chunk in _chunks(upload):
                if size == 0:
                    _check_start(chunk, starts)
                size += len(chunk)
                if size > most:
                    raise BadValue("file.size", size=f"> {most // 2**20} MB", limit=f"{most // 2**20} MB")
                digest.update(chunk)
                target.write(chunk)
            if size == 0:
                raise BadValue("file.empty")
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if (fresh := _fresh.get()) is not None:
        fresh.append(id_)
    return {"id": id_, "name": name, "size": size, "sha256": digest.hexdigest()}


def known(value: Mapping[str, Any]) -> dict[str, Any]:
    """What a field holds of a file that is kept already, and nothing else. Ids are 128 random bits: who names one was given it."""
    try:
        path_of(str(value["id"]))
        name = clean_name(str(value["name"]))
        return {
            "id": str(value["id"]),
            "name": name,
            "size": int(value["size"]),
            "sha256": str(value.get("sha256", "")),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise BadValue("file.type") from error


def _chunks(upload: Any) -> Any:
    return upload.chunks() if hasattr(upload, "chunks") else iter(lambda: upload.read(65536), b"")


def _check_start(chunk: bytes, starts: tuple[bytes, ...]) -> None:
    fits = chunk.startswith(starts) if starts else b"\0" not in chunk
    if not fits:
        raise BadValue("file.type")


def path_of(id_: str) -> Path:
    """Where a file lies. Ids are made here; anything else is refused, so that no path can be made from outside."""
    if not re.fullmatch(r"[0-9a-f]{32}", id_):
        raise BadValue("file.type")
    return root() / id_[:2] / id_


def open_file(value: Mapping[str, Any]) -> IO[bytes]:
    return path_of(str(value["id"])).open("rb")
