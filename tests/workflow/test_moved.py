"""A checkout that is moved together with its environment goes on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from project import ROOT, Project

TARGET = "resources/data/tiny/prepared/dataset.json"


def test_make_and_the_jobs_run_with_the_moved_python(
    fresh_project: Project, tmp_path: Path
) -> None:
    folder = fresh_project.folder
    shutil.copy(ROOT / "Makefile", folder)
    environment = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = environment / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    (packages / "all.pth").write_text(sysconfig.get_path("purelib"))
    (environment / "study").touch()

    moved = folder.rename(tmp_path / "elsewhere")
    # The system's own Python has none of the packages.
    done = subprocess.run(
        ["make", "study", f"CORES=1 --configfile tiny.yaml -- {TARGET}"],
        cwd=moved, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (moved / TARGET).is_file()
    # The first lines of the environment's scripts name the folder that they were installed to.
    text = (ROOT / "Makefile").read_text().replace("BIN := .venv/bin", "")
    assert set(re.findall(r"(?:/bin|\$\(BIN\))/(\w+)", text)) == {"python"}
