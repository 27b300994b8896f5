"""The key ring: data keys wrapped by the master key, sealing with them, and subkeys derived from the root key."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import connection

from guanxi.core.secrets import master
from guanxi.core.secrets.errors import CannotOpen, MasterKeyWrong

VERSION = b"\x01"
ID_BYTES = 4
NONCE = 12
HEAD = len(VERSION) + ID_BYTES
OVERHEAD = HEAD + NONCE + 16

FIELDS = "fields"  # seals columns; rotated
ROOT = "root"  # subkeys are derived from it; never rotated, or blind indexes and the journal's chain would break

FRESH = 30.0
"""Seconds a process may go on sealing with a key another process has rotated away."""


@contextlib.contextmanager
def _own_connection() -> Iterator[Any]:
    """A connection outside the caller's transaction: a data key must not vanish with a rollback."""
    connection.ensure_connection()
    raw = connection.get_new_connection(connection.get_connection_params())
    try:
        raw.autocommit = True
        yield raw
    finally:
        raw.close()


def _wrap_aad(purpose: str) -> bytes:
    return b"guanxi data key\0" + purpose.encode()


def wrap(master_key: bytes, purpose: str, key: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(master_key).encrypt(nonce, key, _wrap_aad(purpose))


def unwrap(master_key: bytes, purpose: str, wrapped: bytes) -> bytes:
    try:
        return AESGCM(master_key).decrypt(wrapped[:NONCE], wrapped[NONCE:], _wrap_aad(purpose))
    except InvalidTag:
        source = master.ENV if os.environ.get(master.ENV) else str(master.path())
        raise MasterKeyWrong(
            f"The master key in {source} does not belong to this database, so sealed values cannot be opened. Put back "
            "the key this database was made with (from your backup of the keys folder)."
        )


class KeyRing:
    """This process's copy of the data keys, loaded on first use and refreshed when it is older than `FRESH`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._ciphers: dict[bytes, AESGCM] = {}
            self._root = b""
            self._derived: dict[str, bytes] = {}
            self._active: tuple[bytes, AESGCM] | None = None
            self._loaded = 0.0

    def load(self) -> None:
        """Read every data key; make the first ones if there are none yet."""
        with self._lock:
            connection.ensure_connection()
            with connection.connection.cursor() as cursor:  # not counted or logged as a query of the page at hand
                rows = self._rows(cursor)
            if not {FIELDS, ROOT} <= {purpose for _, purpose, _, state in rows if state == "active"}:
                with _own_connection() as own:
                    rows = self._install(own)
            key = master.load(may_create=False)
            for id_, purpose, wrapped, state in rows:
                head = id_.to_bytes(ID_BYTES, "big")
                if head not in self._ciphers or (purpose == ROOT and not self._root):
                    plain = unwrap(key, purpose, bytes(wrapped))
                    self._ciphers[head] = AESGCM(plain)
                    if purpose == ROOT:
                        self._root = plain
                if purpose == FIELDS and state == "active":
                    self._active = VERSION + head, self._ciphers[head]
            self._loaded = time.monotonic()

    @staticmethod
    def _rows(cursor: Any) -> list[tuple[int, str, bytes, str]]:
        cursor.execute("SELECT id, purpose, wrapped, state FROM core_datakey ORDER BY id")
        return list(cursor.fetchall())

    def _install(self, own: Any) -> list[tuple[int, str, bytes, str]]:
        with own.transaction(), own.cursor() as cursor:
            cursor.execute("LOCK TABLE core_datakey IN SHARE ROW EXCLUSIVE MODE")
            rows = self._rows(cursor)
            key = master.load(may_create=not rows)
            have = {purpose for _, purpose, _, state in rows if state == "active"}
            for purpose in {FIELDS, ROOT} - have:
                cursor.execute(
                    "INSERT INTO core_datakey (purpose, wrapped, created_at, state) VALUES (%s, %s, now(), 'active')",
                    [purpose, wrap(key, purpose, os.urandom(32))],
                )
            return self._rows(cursor)

    def sealing(self) -> tuple[bytes, AESGCM]:
        """Head bytes and cipher of the key that seals now."""
        if self._active is None or time.monotonic() - self._loaded > FRESH:
            self.load()
        assert self._active is not None
        return self._active

    def opening(self, head: bytes) -> AESGCM:
        cipher = self._ciphers.get(head)
        if cipher is None:
            self.load()
            cipher = self._ciphers.get(head)
        if cipher is None:
            raise CannotOpen(
                f"The data key {int.from_bytes(head, 'big')} of a sealed value is not in this database. Restore the "
                "table core_datakey from the same backup as the data."
            )
        return cipher

    def derive(self, purpose: str) -> bytes:
        key = self._derived.get(purpose)
        if key is None:
            if not self._root:
                self.load()
            info = b"guanxi\0" + purpose.encode()
            key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._root)
            self._derived[purpose] = key
        return key


ring = KeyRing()


def install() -> None:
    """Make master and data keys where there are none, and check that they belong together. Harmless when repeated."""
    ring.reset()
    ring.load()


def seal(plaintext: str | bytes, aad: bytes) -> bytes:
    """Encrypt and bind to `aad`. The result is version (1 byte), key id (4), nonce (12), ciphertext and tag."""
    head, cipher = ring.sealing()
    nonce = os.urandom(NONCE)
    return head + nonce + cipher.encrypt(nonce, plaintext.encode() if isinstance(plaintext, str) else plaintext, aad)


def unseal(sealed: bytes | memoryview, aad: bytes) -> bytes:
    """Decrypt; `CannotOpen` when the value is damaged or was sealed for another `aad`."""
    if isinstance(sealed, memoryview):
        sealed = bytes(sealed)
    if not looks_sealed(sealed):
        raise CannotOpen("This is not a sealed value.")
    try:
        return ring.opening(sealed[1:HEAD]).decrypt(sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :], aad)
    except InvalidTag:
        raise CannotOpen("A sealed value does not open: it was damaged, or copied here from another row or column.")


def looks_sealed(value: bytes) -> bool:
    return len(value) >= OVERHEAD and value[:1] == VERSION


def derive(purpose: str) -> bytes:
    """A 32-byte subkey for `purpose` (journal chain, signing, a blind index), the same for ever in this database."""
    return ring.derive(purpose)


def change_master(new: bytes) -> int:
    """Wrap every data key by `new` (32 bytes) instead; returns how many. Store `new` before the next start."""
    if len(new) != master.SIZE:
        raise MasterKeyWrong(f"A master key is {master.SIZE} bytes long.")
    old = master.load(may_create=False)
    with _own_connection() as own, own.transaction(), own.cursor() as cursor:
        cursor.execute("LOCK TABLE core_datakey IN SHARE ROW EXCLUSIVE MODE")
        rows = KeyRing._rows(cursor)
        for id_, purpose, wrapped, _ in rows:
            again = wrap(new, purpose, unwrap(old, purpose, bytes(wrapped)))
            cursor.execute("UPDATE core_datakey SET wrapped = %s WHERE id = %s", [again, id_])
    return len(rows)
