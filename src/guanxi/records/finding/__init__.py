"""Search as you type over every object: `sample` tells how common words are, `asking` finds, `alike` forgives slips, `shown` shows."""

from guanxi.records.finding.alike import similar
from guanxi.records.finding.asking import EACH, Found, find, searched
from guanxi.records.finding.shown import Fact, Hit, Part, shown

__all__ = ["EACH", "Fact", "Found", "Hit", "Part", "find", "searched", "shown", "similar"]
