"""`python -m ratchet_trainer`: one job by RATCHET_JOB. `python -m ratchet_trainer worker`: a warm worker."""

import os
import sys

# Must stand before numpy and LightGBM are loaded: OpenMP's spinning collapses on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, os.environ.get("RATCHET_TRAINER_THREADS", "1"))


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["worker"]:
        from .worker import serve

        return serve()
    if arguments:
        print(f"unknown arguments {arguments}; expected none, or: worker", file=sys.stderr)
        return 2
    from .once import run_from_environment

    return run_from_environment()


if __name__ == "__main__":
    sys.exit(main())
