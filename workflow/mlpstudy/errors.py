"""The one kind of error that a user is meant to read."""

from __future__ import annotations


class StudyError(Exception):
    """Something a person can mend, told in one line: what, where, and what was expected.

    The command line prints it without a traceback and exits with status 1.
    """

    def __init__(self, message: str) -> None:
        """Keep `message` on one line, whatever the library it quotes put into it."""
        super().__init__(" ".join(message.split()))
