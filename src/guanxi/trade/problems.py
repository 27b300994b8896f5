"""Messages for what the models of this room refuse, added to the closed table of `kit.problems`."""

from __future__ import annotations

from guanxi.kit.problems import MESSAGES, Problem

MESSAGES.update(
    {
        "order.contact": "This contact belongs to another customer; choose one of this customer",
        "order.discount": "The discount is more than the price; correct one of them",
        "payment.zero": "A payment of nothing is none; give an amount (below zero for a refund)",
        "payment.currency": "The order is in %(wanted)s; record the payment in that currency",
    }
)

__all__ = ["Problem"]
