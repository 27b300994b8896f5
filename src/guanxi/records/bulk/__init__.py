"""Many rows through the write door: parsed in one thread, written by COPY in another's time, journalled by batch."""

from guanxi.records.bulk.load import Cancelled, Loaded, load

__all__ = ["Cancelled", "Loaded", "load"]
