"""The recipes of the documents, carried out word for word on the tiny study."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project import ROOT, SHIPPED, Project

EXTENDING = "docs/extending.md"
CONFIG_README = "config/README.md"
IGNORED = shutil.ignore_patterns("results", "__pycache__")


def box(page: str, heading: str, language: str) -> str:
    """Return the first box of `language` below a heading of a page."""
    below = re.split(rf"^#+ {re.escape(heading)}$", (ROOT / page).read_text(), flags=re.MULTILINE)
    assert len(below) == 2, f"{page}: expected one heading {heading!r}"
    section = re.split(r"^#+ ", below[1], maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, f"{page}: no {language} below {heading!r}"
    return found[1]


def trained(project: Project, *arguments: str) -> set[tuple[str, str]]:
    """Return condition and model of every job that would be trained."""
    outputs = project.planned(*arguments).get("train", [])
    return {tuple(Path(output).parts[2:4]) for output in outputs}  # type: ignore[misc]


def append(project: Project, path: str, text: str) -> None:
    with (project.folder / path).open("a") as file:
        file.write(text)


@pytest.mark.parametrize("page", ["README.md", CONFIG_README])
def test_add_a_model(project: Project, page: str) -> None:
    project.update_config(conditions={"as_reported": {"epochs": 1}, "corrected": {"epochs": 1}})
    before = trained(project)
    text = box(page, "Add a model", "yaml")
    append(project, "config/models.yaml", text)
    (name,) = yaml.safe_load(text)
    assert trained(project) - before == {("as_reported", name), ("corrected", name)}


def test_add_a_condition(project: Project) -> None:
    append(project, "config/models.yaml", box("README.md", "Add a model", "yaml"))
    text = box(CONFIG_README, "Add a condition", "yaml")
    written = yaml.safe_load(text)["conditions"]
    (project.folder / "mine.yaml").write_text(text)
    conditions = {
        condition for condition, _ in trained(project, "--configfile", "tiny.yaml", "mine.yaml")
    }
    assert conditions >= {name for name, overrides in written.items() if overrides is not None}
    assert not conditions & {name for name, overrides in written.items() if overrides is None}


def test_add_a_claim(project: Project) -> None:
    append(project, "config/models.yaml", box("README.md", "Add a model", "yaml"))
    before = project.planned()
    text = box(CONFIG_README, "Add a claim", "yaml")
    append(project, "config/claims.yaml", text)
    after = project.planned()
    assert after.get("train") == before.get("train")
    assert "judge_claims" in after
    claim = next(iter(yaml.safe_load(text).values()))
    unknown = text.replace(str(claim["form"]), "hihger", 1)
    path = project.folder / "config/claims.yaml"
    path.write_text(path.read_text().replace(text, unknown))
    refused = project.study("--dry-run")
    assert refused.returncode != 0
    assert "config/claims.yaml" in refused.stderr
    assert "hihger" in refused.stderr


def test_add_a_comparison(project: Project) -> None:
    append(project, "config/models.yaml", box("README.md", "Add a model", "yaml"))
    before = project.planned()
    text = box(CONFIG_README, "Add a comparison", "yaml")
    path = project.folder / "config/claims.yaml"
    path.write_text(path.read_text().replace("\ncomparisons:\n", f"\ncomparisons:\n{text}"))
    (name,) = yaml.safe_load(text)
    after = project.planned()
    assert after.get("train") == before.get("train")
    assert {"tabulate_runs", "render_report"} <= set(after)
    done = project.study("--until", "write_plan")
    assert done.returncode == 0, done.stderr
    study = json.loads((project.folder / "results/study.json").read_text())
    assert study["comparisons"][name]["models"] == yaml.safe_load(text)[name]["models"]


def test_use_another_dataset(fresh_project: Project) -> None:
    """The checksums come from the documented line, on files that are there."""
    folder = fresh_project.folder / "idx"
    section = (ROOT / CONFIG_README).read_text().partition("### Use another dataset")[2]
    line = re.search(r"^ {4}(for file in .*)$", section, re.MULTILINE)
    assert line
    printed = subprocess.check_output(["bash", "-c", line[1]], cwd=folder, text=True)
    checksums = dict(row.split()[:2] for row in printed.splitlines())
    config = yaml.safe_load(box(CONFIG_README, "Use another dataset", "yaml"))
    for file in config["dataset"]["files"].values():
        assert file["sha256"] == "..."
        file["sha256"] = checksums[f"{file['name']}.gz"]
    config["dataset"]["sources"] = [{"folder": str(folder)}]
    (fresh_project.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    done = fresh_project.study(
        "--configfile", "tiny.yaml", "mine.yaml", "--until", "prepare_dataset"
    )
    assert done.returncode == 0, done.stderr
    prepared = fresh_project.folder / "resources/data" / config["dataset"]["name"] / "prepared"
    assert (prepared / "images.npy").exists()


@pytest.mark.parametrize(
    ("recipe", "tests", "name"), [("A form of claim", "test_claims_forms.py", "overfits")]
)
def test_what_is_added_to_the_evidence_passes_its_test(
    recipe: str, tests: str, name: str, tmp_path: Path
) -> None:
    for folder in ("config", "docs", "tests/unit", "workflow"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=IGNORED)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    patch = box(EXTENDING, recipe, "diff")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    command = [sys.executable, "-m", "pytest", f"tests/unit/{tests}", "-k", name, "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[1-9]\d* passed", done.stdout)


def test_a_table_column_is_shown_on_the_page(tmp_path: Path) -> None:
    """The published study is rendered with the recipe's column."""
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow", ignore=IGNORED)
    patch = box(EXTENDING, "A table column shown on the page", "diff")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    subprocess.run([sys.executable, "-c", RENDER, str(ROOT)], cwd=tmp_path, check=True)
    for page in ("report.md", "tables/activation_groups.md"):
        assert "Corrected: failures |" in (tmp_path / "pages" / page).read_text(), page
    groups = (tmp_path / "pages/index.html").read_text().partition('<section id="groups">')[2]
    assert re.search(r"<th[^>]*>\s*failures\s*<", groups.partition("</section>")[0])


RENDER = """
import sys
from pathlib import Path
sys.path.insert(0, "workflow")
from mlpstudy.report.packing import unpacked
from mlpstudy.report.pages import render
root = Path(sys.argv[1])
figures = root / "docs/results/figures"
with unpacked(root / "docs/results") as study:
    render(
        study / "study.json", root / "resources/reported/values.csv", study, figures,
        study / "report/provenance.json", Path("workflow/templates"), Path("pages"),
    )
"""


@pytest.fixture(scope="module")
def with_silu(finished_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The tiny study with the page's new activation, and the tests beside it."""
    folder = tmp_path_factory.mktemp("silu") / "study"
    shutil.copytree(finished_project.folder, folder, symlinks=True)
    shutil.copytree(ROOT / "tests/unit", folder / "tests/unit")
    shutil.copy2(ROOT / "pyproject.toml", folder)
    patch = box(EXTENDING, "An activation function", "diff")
    subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, text=True, check=True)
    return Project(folder)


def test_an_activation_function_is_held_against_autograd(with_silu: Project) -> None:
    tests = ["tests/unit/test_network.py", "-k", "silu", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *tests]
    done = subprocess.run(command, cwd=with_silu.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 6  # type: ignore[index]


def test_a_model_with_it_is_trained_and_predicts_as_its_table_says(with_silu: Project) -> None:
    text = box("README.md", "Add a model", "yaml").replace("gelu", "silu")
    assert "silu" in text
    append(with_silu, "config/models.yaml", text)
    (name,) = yaml.safe_load(text)
    one = {"as_reported": {"epochs": 1, "models": [name]}}
    with_silu.update_config(conditions={**dict.fromkeys(SHIPPED), **one})
    done = with_silu.study("--until", "train")
    assert done.returncode == 0, done.stderr
    (job,) = (with_silu.folder / f"results/runs/as_reported/{name}").glob("*/replicates-1-2")
    checked = subprocess.run(
        [sys.executable, "-c", CHECK, str(job)], cwd=with_silu.folder / "workflow", text=True
    )
    assert checked.returncode == 0


CHECK = """
import gzip, sys
from pathlib import Path
import numpy as np
from mlpstudy.training.inference import load_model, predict
folder = Path(sys.argv[1])
saved = np.load(folder / "predictions.npz")
raw = gzip.decompress(Path("../idx/t10k-images-idx3-ubyte.gz").read_bytes())
images = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)
model = load_model(folder, replicate=1)
assert "SiLU" in str(model), model
labels, _ = predict(model, images)
assert (labels == saved["predicted"][0]).mean() > 0.99, "predictions differ"
"""
