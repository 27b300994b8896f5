"""How fast a job runs and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class Progress:
    """Counts work done and estimates rate and time left from the last ``window`` seconds.

    A window forgets a slow start (warming caches, creating indexes), which an average over the whole run drags along for ever.
    """

    def __init__(
        self, total: int | None = None, *, window: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.done = 0
        self._window = window
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def to(self, done: int) -> None:
        """Say how much is done by now (not how much more)."""
        self.done = done
        now = self._clock()
        marks = self._marks
        # One mark per hundredth of the window is enough: memory stays flat however often a job reports.
        if len(marks) > 1 and now - marks[-2][0] < self._window / 100:
            marks[-1] = (now, done)
        else:
            marks.append((now, done))
        while len(marks) > 2 and now - marks[1][0] > self._window:
            marks.popleft()

    def advance(self, by: int = 1) -> None:
        """Say how much more is done."""
        self.to(self.done + by)

    @property
    def rate(self) -> float:
        """Units per second within the window; 0.0 while unknown."""
        (first, before), (last, done) = self._marks[0], self._marks[-1]
        return (done - before) / (last - first) if last > first and done > before else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until done; None while unknown."""
        if self.total is None:
            return None
        if self.done >= self.total:
            return 0.0
        rate = self.rate
        return (self.total - self.done) / rate if rate else None

    @property
    def fraction(self) -> float | None:
        """Part done, 0.0 to 1.0; None when the total is unknown."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else 1.0
