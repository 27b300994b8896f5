"""Messages for what the models of this room refuse, added to the closed table of `kit.problems`."""

from __future__ import annotations

from guanxi.kit.problems import MESSAGES, Problem

MESSAGES.update(
    {
        "account.person_only": "Only a person has this; empty it, or change the kind of customer to person",
        "account.company_only": "Only a company has this; empty it, or change the kind of customer to company",
        "account.parent_kind": "A company belongs to a company, a person to a household; choose another, or empty it",
        "account.group_role": "This place in a group needs the group it belongs to; choose one, or empty this",
        "relation.other": "Choose either the other customer or a contact, not both and not neither",
        "period.order": "The end lies before the beginning; correct one of the two dates",
        "date.future": "This day lies ahead; correct it",
    }
)

__all__ = ["Problem"]
