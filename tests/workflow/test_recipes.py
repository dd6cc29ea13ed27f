"""The recipes of the documents, carried out word for word on the tiny study."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from project import ROOT, Project, only

EXTENDING = "docs/extending.md"
CONFIG_README = "config/README.md"
CLAIMS = "config/claims.yaml"


def box(page: str, heading: str, language: str) -> str:
    """Return the first box of `language` below a heading of a page."""
    below = re.split(rf"^#+ {re.escape(heading)}$", (ROOT / page).read_text(), flags=re.MULTILINE)
    assert len(below) == 2, f"{page}: expected one heading {heading!r}"
    section = re.split(r"^#+ ", below[1], maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, f"{page}: no {language} below {heading!r}"
    return found[1]


def trained(jobs: dict[str, list[str]]) -> set[tuple[str, str]]:
    """Return condition and model of every job that would be trained."""
    return {tuple(Path(output).parts[2:4]) for output in jobs.get("train", [])}  # type: ignore[misc]


def test_add_a_model_a_condition_and_a_claim(project: Project) -> None:
    project.update_config(conditions={"as_reported": {"epochs": 1}, "corrected": {"epochs": 1}})
    before = trained(project.planned())
    text = box("README.md", "Add a model", "yaml")
    project.append("config/models.yaml", text)
    (name,) = yaml.safe_load(text)
    with_model = project.planned()
    assert trained(with_model) - before == {("as_reported", name), ("corrected", name)}

    text = box(CONFIG_README, "Add a claim", "yaml")
    project.append(CLAIMS, text)
    with_claim = project.planned()
    assert with_claim["train"] == with_model["train"]
    assert "judge_claims" in with_claim

    condition = box(CONFIG_README, "Add a condition", "yaml")
    written = yaml.safe_load(condition)["conditions"]
    (project.folder / "mine.yaml").write_text(condition)
    jobs = project.planned("--configfile", "tiny.yaml", "mine.yaml")
    conditions = {condition for condition, _ in trained(jobs)}
    assert conditions >= {name for name, overrides in written.items() if overrides is not None}
    assert not conditions & {name for name, overrides in written.items() if overrides is None}

    form = str(next(iter(yaml.safe_load(text).values()))["form"])
    path = project.folder / CLAIMS
    path.write_text(path.read_text().replace(text, text.replace(form, "hihger", 1)))
    refused = project.refused("--dry-run")
    assert CLAIMS in refused
    assert "hihger" in refused


def test_add_a_comparison(project: Project) -> None:
    project.append("config/models.yaml", box("README.md", "Add a model", "yaml"))
    text = box(CONFIG_README, "Add a comparison", "yaml")
    project.edit(CLAIMS, "\ncomparisons:\n", f"\ncomparisons:\n{text}")
    jobs = project.planned()
    assert "train" not in jobs
    assert {"tabulate_runs", "render_report"} <= set(jobs)
    project.run("--until", "write_plan")
    study = json.loads((project.folder / "results/study.json").read_text())
    ((name, comparison),) = yaml.safe_load(text).items()
    assert study["comparisons"][name]["models"] == comparison["models"]


def test_use_another_dataset(fresh_project: Project) -> None:
    """The checksums come from the documented line, on files that are there."""
    folder = fresh_project.folder / "idx"
    section = (ROOT / CONFIG_README).read_text().partition("### Use another dataset")[2]
    line = re.search(r"^ {4}(for file in .*)$", section, re.MULTILINE)
    assert line
    printed = subprocess.check_output(["bash", "-c", line[1]], cwd=folder, text=True)
    made = {file["name"]: file for file in map(yaml.safe_load, printed.splitlines())}
    config = yaml.safe_load(box(CONFIG_README, "Use another dataset", "yaml"))
    for file in config["dataset"]["files"].values():
        assert file["sha256"] == "..."
        file["sha256"] = made[file["name"]]["sha256"]
    config["dataset"]["sources"] = [{"folder": str(folder)}]
    (fresh_project.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    fresh_project.run("--configfile", "tiny.yaml", "mine.yaml", "--until", "prepare_dataset")
    prepared = fresh_project.folder / "resources/data" / config["dataset"]["name"] / "prepared"
    assert (prepared / "images.npy").exists()


def test_a_form_of_claim_and_an_activation_function(
    finished_project: Project, tmp_path: Path
) -> None:
    """Both pass their tests; a model with the activation predicts what its table says."""
    project = finished_project.copy(tmp_path / "study")
    for folder in ("docs", "tests/unit"):
        ignored = shutil.ignore_patterns("results", "__pycache__")
        shutil.copytree(ROOT / folder, project.folder / folder, ignore=ignored)
    shutil.copy2(ROOT / "pyproject.toml", project.folder)
    for recipe in ("A form of claim", "An activation function"):
        patch = box(EXTENDING, recipe, "diff")
        command = ["git", "apply", "-"]
        subprocess.run(command, cwd=project.folder, input=patch, text=True, check=True)
    tests = [f"tests/unit/{name}.py" for name in ("test_claims_forms", "test_network")]
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-k", "overfits or silu"], cwd=project.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 6 + 1  # type: ignore[index]

    text = box("README.md", "Add a model", "yaml").replace("gelu", "silu")
    assert "silu" in text
    project.append("config/models.yaml", text)
    (name,) = yaml.safe_load(text)
    project.update_config(conditions=only(as_reported={"epochs": 1, "models": [name]}))
    project.run("--until", "train")
    (job,) = (project.folder / f"results/runs/as_reported/{name}").glob("*/replicates-1-2")
    check = [sys.executable, "-c", CHECK, str(job)]
    subprocess.run(check, cwd=project.folder / "workflow", check=True)


def test_a_table_column_is_shown_on_the_page(tmp_path: Path) -> None:
    """The published study is rendered with the recipe's column."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow", ignore=ignored)
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
from mlpstudy.report.publish import unpacked
from mlpstudy.report.pages import render
root = Path(sys.argv[1])
figures = root / "docs/results/figures"
with unpacked(root / "docs/results") as study:
    render(
        study / "study.json", root / "resources/reported/values.csv", study, figures,
        study / "report/provenance.json", Path("workflow/templates"), Path("pages"),
    )
"""


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
