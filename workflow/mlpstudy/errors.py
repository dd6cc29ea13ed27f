"""The two exceptions that end the program with a message of one line."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StudyError(Exception):
    """An error that the user can correct, described in one line: what, where and what was expected.

    The command line prints it without a traceback and exits with status 1.
    """

    def __init__(self, message: str) -> None:
        """Keep `message` on one line, whatever the library it quotes put into it."""
        super().__init__(" ".join(message.split()))


class Stopped(SystemExit):
    """A signal asked the process to end; the exit status is the one that a shell gives for it.

    A workflow engine or a batch system treats it as a failed job and starts it again if configured
    to. It is not an `Exception`, so that on its way out only clean-up code runs.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.name = signal.Signals(number).name


def stop_on_signals() -> None:
    """Raise `Stopped` in the main thread when SIGTERM (pre-emption, say) or SIGINT arrives.

    A signal that is ignored, as in the background of a shell, stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, _: FrameType | None) -> None:
    raise Stopped(number)
