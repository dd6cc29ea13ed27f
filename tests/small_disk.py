"""A small disk of its own for a test, where the machine lets tests mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Disk:
    """A mounted tmpfs."""

    folder: Path

    def fill(self, left: int = 0) -> None:
        """Leave `left` bytes of room, to the next page below."""
        filler = self.folder / "filler"
        with filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        if left:
            with filler.open("r+b") as file:
                file.truncate(max(0, filler.stat().st_size - left))

    def make_room(self) -> None:
        """Take away what `fill` wrote."""
        (self.folder / "filler").unlink()

    def remount(self, options: str) -> None:
        """Change the options of the mount, such as `ro`."""
        command = ["mount", "-o", f"remount,{options}", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Disk]:
    """Mount a tmpfs of `size` (such as 1m) at `folder`; skip the test where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a tmpfs (root with CAP_SYS_ADMIN)")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
