"""The one door to write: parse, check, save, journal, in one transaction. Pages, API, imports, jobs and agents go through it."""

from guanxi.records.write.assign import Outside
from guanxi.records.write.delete import Deleted, delete, delete_many
from guanxi.records.write.edit_cells import CellsEdited, TooMany, edit_cells
from guanxi.records.write.edit_many import Edited, edit_many, parsed_once
from guanxi.records.write.errors import Conflict, ConflictField, Invalid, Refused
from guanxi.records.write.save import Saved, save

__all__ = [
    "CellsEdited",
    "Conflict",
    "ConflictField",
    "Deleted",
    "Edited",
    "Invalid",
    "Outside",
    "Refused",
    "Saved",
    "TooMany",
    "delete",
    "delete_many",
    "edit_cells",
    "edit_many",
    "parsed_once",
    "save",
]
