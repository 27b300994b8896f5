"""The master key: from the environment, or a file made once at install. It never touches the database."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from django.conf import settings

from guanxi.core.secrets.errors import MasterKeyMissing, MasterKeyWrong

ENV = "GUANXI_MASTER_KEY"
SIZE = 32


def path() -> Path:
    """Where the key file lives: below GUANXI_HOME, beside the other keys, never inside the data directory."""
    home = getattr(settings, "HOME", None) or Path(settings.FILES_ROOT).parent
    return Path(home) / "keys" / "master"


def _decode(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SIZE:
        raise MasterKeyWrong(
            f"The master key in {source} is not {SIZE} bytes in base64. Put back the key this database was made with "
            "(from your backup of the keys folder)."
        )
    return key


def load(*, may_create: bool) -> bytes:
    """The 32-byte master key.

    `may_create` is true only while the database holds no data key yet; afterwards a missing key is an error, because a
    new one could open nothing.
    """
    if value := os.environ.get(ENV):
        return _decode(value, ENV)
    file = path()
    try:
        return _decode(file.read_text("ascii", "replace"), str(file))
    except FileNotFoundError:
        pass
    except PermissionError:
        raise MasterKeyMissing(f"The master key {file} cannot be read. Give this user the right to read it.")
    if not may_create:
        raise MasterKeyMissing(
            f"The master key is missing, so sealed values cannot be opened. Put the file back at {file}, or set {ENV} "
            "to its content. It was made when this database was installed, and is in every backup of the keys folder."
        )
    return create(file)


def create(file: Path) -> bytes:
    """Make the key file, readable by its owner only. When two processes come at once, the first one's key wins."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = os.urandom(SIZE)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(base64.b64encode(key) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)  # fails when the file is there already; never leaves half a key
        except FileExistsError:
            return _decode(file.read_text("ascii"), str(file))
    finally:
        draft.unlink()
    return key
