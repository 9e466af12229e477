"""A warm worker: requests and answers are JSON lines on stdin and stdout, one request at a time.

{"id": 1, "method": "run", "job": "<path>"}          → {"id": 1, "progress": {…}} … then {"id": 1, "result": "<path>"}
{"id": 2, "method": "suggest", "request": {…}}       → {"id": 2, "result": [{…}, …]}
A failure is {"id": n, "error": {"message": "…", "kind": "failed" | "internal"}} and the worker goes on.
SIGTERM in a job: checkpoint, exit 75. End of stdin: exit 0, in a job as at SIGTERM, so that no orphan trains on.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from .faults import EXIT_OK, EXIT_RETRYABLE, Preempted, TrainingError
from .preemption import install
from .progress import Progress, stdout_emitter


def serve() -> int:
    emit = stdout_emitter(sys.stdout)
    # A library that prints would break the protocol.
    sys.stdout = sys.stderr
    requests: queue.Queue[dict[str, Any] | None] = queue.Queue()
    busy = threading.Event()
    threading.Thread(target=_read, args=(requests, busy), daemon=True).start()
    try:
        install()
        emit({"ready": True})
        while (request := requests.get()) is not None:
            busy.set()
            _answer(request, emit)
            busy.clear()
        return EXIT_OK
    except Preempted:
        return EXIT_RETRYABLE


def _read(requests: "queue.Queue[dict[str, Any] | None]", busy: threading.Event) -> None:
    for line in sys.stdin:
        try:
            requests.put(json.loads(line))
        except ValueError:
            print(f"not a JSON line: {line[:200]!r}", file=sys.stderr)
    requests.put(None)
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _answer(request: dict[str, Any], emit: Any) -> None:
    number = request.get("id")
    try:
        emit({"id": number, "result": _dispatch(request, lambda line: emit({"id": number, "progress": line}))})
    except TrainingError as error:
        emit({"id": number, "error": {"message": str(error), "kind": "failed"}})
    except Exception as error:  # noqa: BLE001 - the worker outlives whatever one job raises
        traceback.print_exc()
        emit({"id": number, "error": {"message": f"{type(error).__name__}: {error}", "kind": "internal"}})


def _dispatch(request: dict[str, Any], emit: Any) -> Any:
    method = request.get("method")
    if method == "run":
        progress = Progress(emit)
        progress.say(0.0, "loading libraries")
        from .commands import run_job
        from .job import read_job

        job = read_job(request["job"])
        run_job(job, progress)
        return str(Path(job.output_dir) / "result.json")
    if method == "suggest":
        from .search import suggest

        return suggest(request["request"])
    raise TrainingError(f"unknown method {method!r}")
