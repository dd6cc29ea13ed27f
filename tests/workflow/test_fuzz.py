"""Configuration files as a slip of the hand leaves them: accepted, or refused in one line.

The same texts go to the function that checks the configuration and, some of them, to Snakemake; the
two must agree.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest
from project import Project, make_project
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

from mlpstudy.config.planning import read_plan
from mlpstudy.errors import StudyError

FILES = ("tiny.yaml", "config/models.yaml", "config/config.yaml")
WORDS = [
    "", "null", "true", "-1", "0", "1e9", ".nan", "[]", "{}", "[1", "'", "&a", "*a", "<<: *a",
    "- x", "../x", "größe", "\u202e", "\t", "!!python/name:os.system", "%", "9" * 400, "relu",
    "m01", "|",
]  # fmt: skip
NOT_YAML = "Config file is not valid JSON or YAML."  # said by Snakemake, which reads it first


def slipped(text: str, chance: random.Random) -> str:
    """Return `text` with one to three slips in it."""
    lines = text.splitlines()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        key, colon, value = lines[at].partition(":")
        match chance.randrange(7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at] = f"{key}{colon} {chance.choice(WORDS)}"
            case 3:
                lines[at] = chance.choice([" ", "  ", "    "]) + lines[at]
            case 4:
                lines[at] = lines[at].removeprefix("  ")
            case 5:
                place = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:place] + chance.choice(WORDS) + lines[at][place:]
            case _:
                lines[at] = f"{key[:-1]}{colon}{value}"
        lines = lines or [""]
    return "\n".join(lines) + "\n"


def verdict(project: Project) -> str:
    """Return what the checking function says, "" if it accepts; Snakemake's part is done here."""
    layers = [Path("config/config.yaml"), Path("tiny.yaml")]
    with chdir(project.folder):
        try:
            for path in layers:
                load_configfile(path)
            _ = read_plan(layers).jobs
        except StudyError as error:
            return str(error)
        except WorkflowError:
            return NOT_YAML
    return ""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("fuzz") / "study")


@contextmanager
def slip(project: Project, number: int) -> Iterator[None]:
    """Put file number `number` of all that slips make in its place, for a while."""
    path = project.folder / FILES[number % len(FILES)]
    before = path.read_text(encoding="utf-8")
    path.write_text(slipped(before, random.Random(number)), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    "numbers", [range(100), pytest.param(range(100, 3100), marks=pytest.mark.slow)]
)
def test_a_slip_is_accepted_or_refused_in_one_line(shipped: Project, numbers: range) -> None:
    accepted = 0
    for number in numbers:
        with slip(shipped, number):
            line = verdict(shipped)
        accepted += not line
        assert len(line.splitlines()) <= 1, number
        assert line in ("", NOT_YAML) or ": " in line, number
    assert len(numbers) / 20 < accepted < len(numbers) / 1.5  # the slips are neither all nor none


@pytest.mark.parametrize(
    "number", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 40))]
)
def test_snakemake_says_the_same(shipped: Project, number: int) -> None:
    with slip(shipped, number):
        line = verdict(shipped)
        done = shipped.study("--dry-run", "--quiet")
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert (done.returncode == 0) == (line == "")
    if line == NOT_YAML:
        assert line in said
    elif line:
        assert said.splitlines()[-1] == f"error: {line}"
