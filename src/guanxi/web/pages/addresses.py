"""Addresses of the generic pages: the entity key `room.noun` is the path `/room/noun/` and the URL namespace `room.noun`."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse

from guanxi.records import catalogue


@lru_cache(maxsize=256)
def list_url(entity: str) -> str:
    return reverse(f"{entity}:list")


def record_url(entity: str, id: int) -> str:  # noqa: A002
    """Made without `reverse`: a list asks for hundreds of them."""
    return f"{list_url(entity)}{id}/"


def url(entity: str, view: str, *args: object) -> str:
    return reverse(f"{entity}:{view}", args=args)


def has_pages(entity: str) -> bool:
    try:
        catalogue.get(entity)
    except catalogue.UnknownEntity:
        return False
    return True
