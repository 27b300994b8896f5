"""Many rows through the write door: parsed in a process, written by COPY while the next are made ready, journalled by batch."""

from guanxi.records.bulk.load import Cancelled, Loaded, load

__all__ = ["Cancelled", "Loaded", "load"]
