"""Every entity of the house, in the order of the menu. Listed by hand: what is not here does not exist."""

from __future__ import annotations


def register_all() -> None:
    """Fill the catalogue; called once when the programme starts. Importing the entities also declares their lists."""
    from guanxi.customers.entities import ENTITIES as CUSTOMERS
    from guanxi.engagement.entities import ENTITIES as ENGAGEMENT
    from guanxi.records import catalogue
    from guanxi.records.entities import ENTITIES as RECORDS
    from guanxi.trade.entities import ENTITIES as TRADE

    catalogue.register(*CUSTOMERS, *TRADE, *ENGAGEMENT, *RECORDS)
