"""Messages for what the models of this room refuse, added to the closed table of `kit.problems`."""

from __future__ import annotations

from guanxi.kit.problems import MESSAGES, Problem

MESSAGES.update(
    {
        "interaction.contact": "This contact belongs to another customer; choose one of this customer",
        "interaction.order": "This order belongs to another customer; choose one of this customer",
        "attachment.about": "There is no record %(value)s that you may attach something to",
    }
)

__all__ = ["Problem"]
