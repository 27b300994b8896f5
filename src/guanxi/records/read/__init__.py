"""The one door to read: rows by `visible`, and for fronts only cells, pages and record views made from them."""

from guanxi.records.read.cells import Cell, formats_for, known_as, remembering
from guanxi.records.read.count import Count
from guanxi.records.read.door import Hidden, get_visible, visible
from guanxi.records.read.page import Page, Row, page, stream
from guanxi.records.read.query import BadQuery, Filter, Having, Query
from guanxi.records.read.view import RecordView, Related, reveal, view

__all__ = [
    "BadQuery",
    "Cell",
    "Count",
    "Filter",
    "Having",
    "Hidden",
    "Page",
    "Query",
    "RecordView",
    "Related",
    "Row",
    "formats_for",
    "get_visible",
    "known_as",
    "page",
    "remembering",
    "reveal",
    "stream",
    "view",
    "visible",
]
