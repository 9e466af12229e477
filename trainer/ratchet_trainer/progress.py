"""Progress lines: one JSON object a line, at most five a second."""

from __future__ import annotations

import json
import time
from typing import Any, Callable

Emit = Callable[[dict[str, Any]], None]


class Progress:
    """Says how far a job is. A span maps a part of the job onto a part of [0, 1]."""

    def __init__(self, emit: Emit, low: float = 0.0, high: float = 1.0, every_s: float = 0.2) -> None:
        self._emit = emit
        self._low = low
        self._high = high
        self._every_s = every_s
        self._last = -1e9

    def span(self, low: float, high: float) -> "Progress":
        width = self._high - self._low
        return Progress(self._emit, self._low + low * width, self._low + high * width, self._every_s)

    def say(self, share: float, message: str, **more: Any) -> None:
        """A line that is always written."""
        self._last = time.monotonic()
        done = self._low + min(max(share, 0.0), 1.0) * (self._high - self._low)
        self._emit({"progress": round(done, 4), "message": message, **more})

    def tick(self, share: float, message: str, **more: Any) -> None:
        """A line that is dropped when the last one is less than 0.2 s old."""
        if time.monotonic() - self._last >= self._every_s:
            self.say(share, message, **more)


def stdout_emitter(stream: Any) -> Emit:
    def emit(line: dict[str, Any]) -> None:
        stream.write(json.dumps(line, allow_nan=False) + "\n")
        stream.flush()

    return emit
