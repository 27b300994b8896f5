"""Secrets: sealed columns, blind indexes, and the keys behind both.

A master key outside the database wraps data keys inside it; data keys seal values (AES-256-GCM), each bound to its
table, column and row. What may be *looked for* has a blind index beside it.
"""

from __future__ import annotations

from guanxi.core.secrets.errors import CannotOpen, MasterKeyMissing, MasterKeyWrong, SealedFieldMisuse, SecretError
from guanxi.core.secrets.fields import (
    BlindIndexField,
    EncryptedTextField,
    blind_index,
    decrypt,
    encrypt,
    open_value,
    seal_value,
)
from guanxi.core.secrets.keys import change_master, derive, install, seal, unseal
from guanxi.core.secrets.rotation import Rotated, rotate

__all__ = [
    "BlindIndexField",
    "CannotOpen",
    "EncryptedTextField",
    "MasterKeyMissing",
    "MasterKeyWrong",
    "Rotated",
    "SealedFieldMisuse",
    "SecretError",
    "blind_index",
    "change_master",
    "decrypt",
    "derive",
    "encrypt",
    "install",
    "open_value",
    "rotate",
    "seal",
    "seal_value",
    "unseal",
]
