"""All tables of the room, gathered for Django from the sub-packages that own them."""

from guanxi.core.access.models import FieldGrant, Grant, Role
from guanxi.core.identity.models import User
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Seal, Written
from guanxi.core.org.models import Department, ExchangeRate, Setting, Version
from guanxi.core.secrets.models import DataKey

__all__ = [
    "Change", "ChangeBatch", "ChangeSet", "DataKey", "Department", "ExchangeRate", "FieldGrant", "Grant", "Role", "Seal",
    "Setting", "User", "Version", "Written",
]
