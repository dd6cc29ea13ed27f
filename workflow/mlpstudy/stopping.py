"""Ending promptly, and in words, when the system asks for it."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(SystemExit):
    """A signal asks the process to end; its status is what a shell gives for that signal.

    A workflow engine and a batch system take it for a job that failed, and start it again as they
    are told to. It is no `Exception`: on its way out only clean-up runs.
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
