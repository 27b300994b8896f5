"""Guanxi 关系: the customer database where every value has an origin and every change can be undone."""

__version__ = "0.1.0"
