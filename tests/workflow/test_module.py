"""Another workflow imports this one with `module`, says what is different, and builds upon it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from project import ROOT, SHIPPED, Project, make_project, only

PAGE = (ROOT / "docs/reuse.md").read_text()


class Importing(Project):
    """The page's workflow, with a checkout of this one in the folder mlpstudy."""

    def configure(self, **keys: object) -> None:
        """Lay `keys` over the study of config.yaml."""
        path = self.folder / "config.yaml"
        config = yaml.safe_load(path.read_text())
        config["study"].update(keys)
        path.write_text(yaml.safe_dump(config))

    def study(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the importing workflow."""
        return self.snakemake(*arguments)


def example(language: str) -> str:
    """Return the page's example in `language`."""
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture
def importing(tmp_path: Path) -> Importing:
    """The page's workflow on tiny data."""
    dataset = make_project(tmp_path / "mlpstudy").config["dataset"]
    dataset["sources"] = [{"folder": "mlpstudy/idx"}]
    (tmp_path / "Snakefile").write_text(example("python"))
    (tmp_path / "config.yaml").write_text(example("yaml"))
    importing = Importing(tmp_path)
    conditions = only(quick={"epochs": 1, "models": ["m16"]})
    importing.configure(replicates=1, seed=7, dataset=dataset, conditions=conditions)
    return importing


def test_it_runs_what_the_importing_workflow_asks_for(importing: Importing) -> None:
    importing.run("best.csv")
    assert (importing.folder / "best.csv").read_text().startswith("quick,m16,all,1,sigmoid,3,")
    study = json.loads((importing.folder / "results/mlp/study.json").read_text())
    assert study["seed"] == 7
    assert study["replicates_per_job"] == SHIPPED["replicates_per_job"]
    assert [job["model"] for job in study["jobs"]] == ["m16"]
    assert [path.name for path in (importing.folder / "results").iterdir()] == ["mlp"]
    assert not (importing.folder / "mlpstudy/results").exists()
    assert "Nothing to be done" in importing.run("--dry-run", "best.csv")

    importing.configure(seed=8)
    said = importing.run("--dry-run", "--rerun-triggers", "mtime", "--", "best.csv")
    assert "1 finished run no longer matches the configuration (seed) and will be trained" in said
    assert "rule mlp_train:" in said


def test_models_of_its_own_and_a_checkout_anywhere(importing: Importing) -> None:
    """Whatever the path of the checkout is called, it is one word of each command."""
    (importing.folder / "mlpstudy").rename(importing.folder / "a; b")
    importing.edit("Snakefile", '"mlpstudy/workflow/Snakefile"', '"a; b/workflow/Snakefile"')
    (importing.folder / "models.yaml").write_text("models: {mine: {nodes: [8, 10]}}\n")
    conditions = only(quick={"epochs": 1, "models": ["mine"]})
    importing.configure(models="models.yaml", claims=None, conditions=conditions)
    said = importing.run("--dry-run", "--printshellcmds")
    assert "results/mlp/report/index.html" in said
    assert "results/mlp/runs/quick/mine/fold-all/replicates-1-1" in said
    assert "rule mlp_train" in said
    assert "rule best_run" in said
    commands = re.findall(r"^Shell command: (.*)$", said, re.MULTILINE)
    words = [word for command in commands for word in shlex.split(command)]
    assert {"a; b/resources/reported", "a; b/envs/study.txt"} <= set(words)
    assert not [word for word in words if word.endswith(";")]


def test_refusals_are_one_line(importing: Importing) -> None:
    importing.edit("Snakefile", "    config:\n", '    prefix: "sub"\n    config:\n')
    (line,) = importing.refused().splitlines()
    assert "module mlpstudy" in line
    assert "results" in line
    importing.edit("Snakefile", '    prefix: "sub"\n', "")

    importing.configure(replicates="many")
    (line,) = importing.refused().splitlines()
    assert line.startswith("error: module mlpstudy: replicates: expected a whole number")

    # Rules that have no package beside them.
    checkout = importing.folder / "mlpstudy"
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=all"]):
        subprocess.run(["git", *author, *command], cwd=checkout, check=True)
    address = f'gitfile("{checkout}", path="workflow/Snakefile", commit="HEAD")'
    importing.edit("Snakefile", '"mlpstudy/workflow/Snakefile"', address)
    (line,) = importing.refused().splitlines()
    assert line.startswith("error: expected a local checkout with the package mlpstudy")
