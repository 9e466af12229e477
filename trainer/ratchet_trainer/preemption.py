"""SIGTERM: interrupts Python code wherever it is; whoever holds a checkpoint writes it on the way out."""

from __future__ import annotations

import signal
from types import FrameType

from .faults import Preempted

_asked = False


def install() -> None:
    """Call from the main thread, once a process."""
    signal.signal(signal.SIGTERM, _on_sigterm)


def check() -> None:
    """For callbacks of native code: raises when a signal came, also one whose exception a library had swallowed."""
    if _asked:
        raise Preempted("SIGTERM")


def _on_sigterm(_number: int, _frame: FrameType | None) -> None:
    global _asked
    first = not _asked
    _asked = True
    # A second signal must not interrupt the writing of the checkpoint.
    if first:
        raise Preempted("SIGTERM")
