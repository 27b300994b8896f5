"""All tables of the room, gathered for Django from the sub-packages that own them."""

from guanxi.core.access.models import FieldGrant, Grant, Role
from guanxi.core.events.models import Event
from guanxi.core.identity.models import CacheEntry, Session, SignInBrake, User
from guanxi.core.jobs.models import Job, Periodic
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Seal, Written
from guanxi.core.org.models import Department, ExchangeRate, Setting, Version
from guanxi.core.secrets.models import DataKey

__all__ = [
    "CacheEntry",
    "Change",
    "ChangeBatch",
    "ChangeSet",
    "DataKey",
    "Department",
    "Event",
    "ExchangeRate",
    "FieldGrant",
    "Grant",
    "Job",
    "Periodic",
    "Role",
    "Seal",
    "Session",
    "Setting",
    "SignInBrake",
    "User",
    "Version",
    "Written",
]
