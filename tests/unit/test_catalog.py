"""What the Snakemake workflow catalog looks for is there, and says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
USAGE = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]


def rules() -> dict[str, str]:
    """Return the text of each rule by its name."""
    texts: dict[str, str] = {}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        _, *parts = re.split(r"(?m)^rule (\w+):$", path.read_text())
        texts |= dict(zip(parts[::2], parts[1::2], strict=True))
    return texts


def test_the_files_are_where_the_catalog_looks() -> None:
    for path in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE"):
        assert (ROOT / path).is_file(), path
    assert set(USAGE) == {"mandatory-flags", "software-stack-deployment", "report"}


def test_flags_that_the_catalog_prints_are_few_and_text() -> None:
    assert set(USAGE["mandatory-flags"]) == {"desc", "flags"}
    assert all(isinstance(text, str) for text in USAGE["mandatory-flags"].values())


def test_each_rule_with_a_command_brings_the_environment_that_is_promised() -> None:
    assert USAGE["software-stack-deployment"]["conda"] is True
    commands = {name: text for name, text in rules().items() if "shell:" in text}
    assert {"fetch_dataset", "train", "tabulate_runs", "render_report"} <= set(commands)
    without = [name for name, text in commands.items() if "../../envs/study.yaml" not in text]
    assert without == []


def test_no_container_is_promised_that_no_rule_names() -> None:
    deployment = USAGE["software-stack-deployment"]
    containers = any("container:" in text for text in rules().values())
    assert (deployment["apptainer"] or deployment["apptainer+conda"]) is containers
