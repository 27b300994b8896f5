"""What can go wrong with keys and sealed values; every message says what to do."""

from __future__ import annotations

from django.core.exceptions import FieldError


class SecretError(Exception):
    """Base of the room's errors."""


class MasterKeyMissing(SecretError):
    pass


class MasterKeyWrong(SecretError):
    pass


class CannotOpen(SecretError):
    """The sealed value is damaged, was moved from another row or column, or its data key is unknown."""


class SealedFieldMisuse(FieldError, SecretError):
    """A sealed column was sorted, compared, computed with, or given plain text."""
