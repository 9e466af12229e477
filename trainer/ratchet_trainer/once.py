"""One job, one process: the command contract."""

from __future__ import annotations

import os
import sys

from .faults import EXIT_FAILED, EXIT_OK, EXIT_RETRYABLE, Preempted, TrainingError
from .preemption import install
from .progress import Progress, stdout_emitter


def run_from_environment() -> int:
    path = os.environ.get("RATCHET_JOB")
    if not path:
        print("RATCHET_JOB is not set; it names the job file (docs/reference/trainer.md)", file=sys.stderr)
        return EXIT_FAILED
    emit = stdout_emitter(sys.stdout)
    # A library that prints must not disturb the progress lines.
    sys.stdout = sys.stderr
    try:
        install()
        progress = Progress(emit)
        progress.say(0.0, "loading libraries")
        from .commands import run_job
        from .job import read_job

        run_job(read_job(path), progress)
        return EXIT_OK
    except Preempted:
        print("SIGTERM: stopped; what was done so far is in the output folder", file=sys.stderr)
        return EXIT_RETRYABLE
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILED
