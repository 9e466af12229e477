"""What can end a job, and the exit code it ends with."""

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_RETRYABLE = 75


class TrainingError(Exception):
    """The job cannot be done as it was asked for; the message says what was seen and what was expected."""


class Preempted(BaseException):
    """SIGTERM came. Not an Exception, so that no library's `except Exception` swallows it."""
