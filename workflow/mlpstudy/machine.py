"""The processor and the PyTorch version that train a job, as machine.json in its folder.

Both can change a result in rounding. The file is apart from the other outputs because the training
code does not depend on it.
"""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlpstudy.errors import StudyError
from mlpstudy.files import write_text

if TYPE_CHECKING:
    import torch

MACHINE = "machine.json"
KEYS = ("processor", "pytorch")


def record_machine(folder: Path, device: torch.device) -> None:
    """Write machine.json into `folder`: the name of the CPU or GPU, and PyTorch's version.

    Raises:
        StudyError: the file cannot be written.
    """
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    values = dict(zip(KEYS, (name, torch.__version__), strict=True))
    write_text(folder / MACHINE, json.dumps(values) + "\n", durable=True)


def recorded_machine(folder: Path) -> dict[str, str]:
    """Read machine.json in the `folder` of a job: a text for each of KEYS.

    Raises:
        StudyError: the file is missing or holds something else.
    """
    path = folder / MACHINE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {key: str(found[key]) for key in KEYS}
    except FileNotFoundError as error:
        raise StudyError(f"{path}: missing; the job that writes it has not run") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(f"{path}: expected {' and '.join(KEYS)} as JSON") from error


def processor() -> str:
    """Return the processor's name as Linux has it, elsewhere what Python knows of it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()
