"""Messages for what the doors refuse, added to the closed table of `kit.problems`."""

from __future__ import annotations

from guanxi.kit.problems import MESSAGES

OWN = {
    "field.required": "This field must not be empty",
    "field.taken": "'%(value)s' is already used by another record; open that record instead, or correct the value",
    "field.too_long": "This text has %(length)d characters; at most %(limit)d fit",
    "field.shape": "This value has the wrong form for the field; give %(wanted)s",
    "choice.unknown": "'%(value)s' is not in the list; use one of: %(options)s",
    "choice.retired": "'%(value)s' is no longer used; choose another value from the list",
    "link.unknown": "There is no %(target)s '%(value)s' that you may use here; give its number or choose one from the list",
    "link.several": "Several records are called '%(value)s'; give the number instead",
    "link.itself": "A record cannot belong to itself, directly or through others; choose another",
    "number.range": "%(value)s lies outside %(low)s to %(high)s; correct it",
    "number.places": "%(value)s has more than %(places)d decimal places; round it",
    "tag.retired": "The tag '%(value)s' is retired; use it again in the settings, or choose another",
    "secret.unreadable": "This value cannot be opened with the keys of this installation; ask an administrator",
    "file.type": "Files of this type are not taken here; save it as PDF, image, text or office document",
    "file.empty": "This file has no content; choose it again",
    "file.size": "This file has %(size)s; at most %(limit)s fit",
    "owner.outside": "You may not give this record to '%(value)s'; choose somebody inside your range",
    "tree.held": "%(n)d records that belong to it may not be changed by you; ask somebody who may",
    "delete.used": "%(count)s %(target)s belong to this record; move or delete them first",
    "delete.used_elsewhere": "Records outside your range belong to this record; ask somebody who sees them",
    "cell.closed": "This column cannot be changed here",
    "cell.changed": "%(who)s changed this meanwhile to '%(value)s'; look at it again before you overwrite it",
    "undo.changed": "changed again since",
    "undo.right": "you may not change this record",
    "undo.used": "other records that stay belong to it",
    "undo.taken": "its value is used by another record now",
    "undo.gone": "the record is deleted",
    "undo.invalid": "the record would not be valid with it any more",
    "undo.erased": "its values were erased",
}


def register() -> None:
    MESSAGES.update(OWN)
