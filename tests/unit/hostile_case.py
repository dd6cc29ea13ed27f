"""What a hostile case is, and what the cases of all sections need."""

from __future__ import annotations

import contextlib
import io
import logging
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from fetching import flipped

from mlpstudy.errors import StudyError

ACCEPTED = "accepted"


class Case(NamedTuple):
    """What a user gives, and a function that gives it and returns what is said."""

    what: str
    say: Callable[[], str]


def refusal(do: Callable[[], object]) -> str:
    """Return the one line that `do` ends with, or that it is accepted."""
    try:
        do()
    except StudyError as error:
        return str(error)
    return ACCEPTED


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """Catch the warnings of the package."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setLevel(logging.WARNING)
    logging.getLogger("mlpstudy").addHandler(handler)
    try:
        yield text
    finally:
        logging.getLogger("mlpstudy").removeHandler(handler)


@contextlib.contextmanager
def no_room(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, which is how a full disk looks to who writes it."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def flip(path: Path) -> None:
    path.write_bytes(flipped(path.read_bytes()))
