"""Studies and commands that are too long for one argument, and folds that the data cannot give."""

from __future__ import annotations

import json

from project import Project, only

LONGEST = 128 * 1024  # bytes of one argument or variable on Linux


def test_a_configuration_and_a_command_may_be_longer_than_an_argument(
    fresh_project: Project,
) -> None:
    condition = {"epochs": 1, "learning_rate": 0.001, "dropout": 0.25, "optimizer": "adamw"}
    # Each of its own, which YAML does not write as a reference to the first.
    conditions = {f"condition_{n}": {**condition, "models": ["m16"]} for n in range(1500)}
    fresh_project.update_config(conditions={"as_reported": None, **conditions})
    assert (fresh_project.folder / "tiny.yaml").stat().st_size > LONGEST
    target = "results/study.json"
    fresh_project.run("--", *[target] * (LONGEST // len(target) + 1))
    study = json.loads((fresh_project.folder / target).read_text())
    assert set(conditions) < set(study["conditions"])


def test_more_folds_than_images_of_a_class_are_one_line(fresh_project: Project) -> None:
    many = {"validation": "kfold", "folds": 100, "kfold_pool": "train", "models": ["m16"]}
    fresh_project.update_config(conditions=only(many=many))
    refusal = (
        "error: folds: expected at most 60, the number of images of 'T-shirt/top' (model m16 "
        "under many), got 100"
    )
    # The data is not known before the first job has fetched it.
    first = fresh_project.refused("--", "results/runs/many/m16/fold-1/replicates-1-2/metrics.csv")
    assert refusal in first.splitlines()
    then = fresh_project.refused()
    assert then.splitlines()[-1] == refusal
    assert "rule train" not in then
