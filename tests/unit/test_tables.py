"""Tables against hand arithmetic, and what must stop them with one line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.schemas import CONTRASTS, TABLES, read_table
from mlpstudy.analysis.tables import tabulate
from mlpstudy.errors import StudyError

KFOLD = {"validation": "kfold", "folds": 2, "activation": "tanh"}
JOB = "corrected/m01/fold-all/replicates-1-2"
WRITTEN = [
    *("runs", "timings", "history", "models", "activation_groups", "final_inference"),
    *("recalls", "confusions", "hardest", "causes", "architectures", "sensitivity"),
    "reproduction",
]


def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
    accuracy = {
        ("as_reported", "m01"): [0.1, 0.85, 0.7],
        ("as_reported", "m03"): [0.6, 0.62, 0.64],
        ("corrected", "m01"): [0.88, 0.9, 0.86],
        ("corrected", "m03"): [0.8, 0.8, 0.8],
    }[condition, model][replicate - 1]
    # Two folds a tenth above and below the replicate's value, so that their mean is it.
    return accuracy + {"1": 0.1, "2": -0.1}.get(fold, 0.0), 0.5


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = make_study(
        tmp_path_factory.mktemp("study"), {"m01": {}, "m03": KFOLD}, outcome, block=2
    )
    tabulate(paths.study, REPORTED, paths.tables)
    return paths


def table(paths: Paths, name: str) -> pd.DataFrame:
    return read_table(paths.tables / f"{name}.csv")


def contents(paths: Paths) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths.tables.iterdir()}


def models_of(paths: Paths) -> pd.DataFrame:
    return table(paths, "models").set_index(["condition", "model"])


def test_every_table_is_written_with_the_columns_of_its_schema(study: Paths) -> None:
    assert sorted(path.stem for path in study.tables.iterdir()) == sorted(WRITTEN)
    for name in WRITTEN:
        written = list(table(study, name))
        further = [column for column in written if column not in TABLES[name].columns]
        assert written == [*TABLES[name].names, *further]
        assert further == (["dead_layer_1", "dead_layer_2"] if name == "history" else [])


def test_runs_are_in_study_order_whatever_the_order_of_the_jobs(tmp_path: Path) -> None:
    models = {"m02": {}, "m01": {"validation": "kfold", "folds": 11}}
    conditions = {"corrected": {}, "as_reported": {}}
    paths = make_study(
        tmp_path, models, lambda *_: (0.5, 0.5), conditions, replicates=4, block=2
    )  # fmt: skip
    plan = json.loads(paths.study.read_text())
    plan["jobs"].reverse()
    paths.study.write_text(json.dumps(plan))
    tabulate(paths.study, REPORTED, paths.tables)
    runs = table(paths, "runs")
    assert list(runs["condition"].drop_duplicates()) == ["corrected", "as_reported"]
    assert list(runs["model"].drop_duplicates()) == ["m02", "m01"]
    kfold = runs[(runs["model"] == "m01") & (runs["condition"] == "corrected")]
    assert list(kfold["fold"].drop_duplicates()) == [str(n) for n in range(1, 12)]
    assert list(kfold["replicate"][:4]) == [1, 2, 3, 4]


def test_a_model_is_summarised_over_its_replicates(study: Paths) -> None:
    row = models_of(study).loc[("as_reported", "m01")]
    expected = {
        "replicates": 3,
        "failures": 1,
        "test_accuracy_median": 0.7,
        "test_accuracy_mean": (0.1 + 0.85 + 0.7) / 3,
        "test_accuracy_sd": 0.39686269665968857,
        "test_accuracy_min": 0.1,
        "test_accuracy_max": 0.85,
        "superior_share": 1 / 3,
        "medium_share": 1 / 3,
        "inferior_share": 1 / 3,
        "class": "medium",
        "test_accuracy_level": 0.75,
        "test_accuracy_low": 0.1,
        "test_accuracy_high": 0.85,
        "failure_share": 1 / 3,
        "failure_low": 0.061492,  # Wilson's interval of 1 of 3
        "failure_high": 0.792340,
        "learned": 2,
        "learned_mean": 0.775,
        "learned_low": 0.7,
        "learned_high": 0.85,
        "learned_sd": 0.15 / 2**0.5,
        "nodes": "128+64+10",
        "parameters": 785 * 128 + 129 * 64 + 65 * 10,
    }
    for name, value in expected.items():
        assert row[name] == (value if isinstance(value, str) else pytest.approx(value, abs=1e-6))


def test_a_cross_validated_replicate_is_the_mean_of_its_folds(study: Paths) -> None:
    row = models_of(study).loc[("as_reported", "m03")]
    assert row["replicates"] == 3
    # The folds alone would lie between 0.5 and 0.74.
    accuracy = [row[f"test_accuracy_{name}"] for name in ("median", "min", "max")]
    assert accuracy == pytest.approx([0.62, 0.6, 0.64])
    # Folds 0.1 above and below: variance 0.02.
    assert row["fold_runs"] == 6
    assert row["fold_sd"] == pytest.approx(0.02**0.5)
    assert row["test_images"] == 200


def test_a_failed_fold_is_counted_though_its_replicate_learned(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (0.1 if (fold, replicate) == ("2", 3) else 0.9), 0.5

    paths = make_study(tmp_path, {"m03": {**KFOLD, "folds": 5}, "m01": {}}, outcome)
    tabulate(paths.study, REPORTED, paths.tables)
    rows = models_of(paths).loc["corrected"]
    assert rows.loc["m03", ["replicates", "failures"]].tolist() == [3, 0]
    assert rows.loc["m03", ["fold_runs", "fold_failures"]].tolist() == [15, 1]
    assert rows.loc["m01", ["fold_runs", "fold_failures"]].tolist() == [0, 0]
    assert math.isnan(rows.loc["m01", "fold_sd"])


def test_groups_keep_what_the_grouped_tables_print(tmp_path: Path) -> None:
    models = {
        "m04": {"nodes": [9] * 6},
        "mine": {"activation": "gelu"},
        "m16": {"activation": "sigmoid"},
        "m03": {"activation": "tanh", "nodes": [9] * 5},
    }
    paths = make_study(tmp_path, models, lambda *_: (0.5, 1.0))
    tabulate(paths.study, REPORTED, paths.tables)
    groups = table(paths, "activation_groups")
    assert list(groups["activation"].drop_duplicates()) == ["sigmoid", "tanh", "relu", "gelu"]
    rows = groups.drop_duplicates("model").set_index("model")
    # The grouped table prints 26.95 % for model 4, and 4 layers for model 3, the details do not.
    assert rows.loc["m04", ["reported_accuracy", "reported_loss"]].tolist() == [0.2695, 1.95]
    assert rows.loc["m03", ["reported_layers", "layers"]].tolist() == [4, 5]
    assert math.isnan(rows.loc["mine", "reported_accuracy"])


def test_final_table_puts_both_figures_side_by_side(study: Paths) -> None:
    final = table(study, "final_inference")
    assert list(final["model"]) == ["m01", "m01", "m03", "m03"]
    assert list(final["condition"]) == ["as_reported", "corrected"] * 2
    first = final.iloc[0]
    assert (first["reported_accuracy"], first["reported_class"]) == (0.7526, "medium")
    assert first["failure_share"] == pytest.approx(1 / 3)
    assert final.iloc[1]["class"] == "superior"


def test_a_study_without_report_or_report_models_has_all_tables(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"mine": {}}, lambda *_: (0.9, 0.1))
    write_tables(paths, tmp_path / "none.csv")
    assert table(paths, "contrasts")["reported_difference"].isna().all()
    assert table(paths, "final_inference")["reported_class"].tolist() == ["", ""]


def test_lost_losses_and_accuracies_count_as_failures(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (math.nan, math.nan) if replicate == 1 else (0.9, math.inf)

    paths = make_study(tmp_path, {"m01": {}}, outcome)
    tabulate(paths.study, REPORTED, paths.tables)
    row = table(paths, "models").iloc[0]
    assert (row["failures"], row["test_accuracy_median"], row["test_loss_lost"]) == (1, 0.9, 3)
    assert row["inferior_share"] == pytest.approx(1 / 3)
    assert math.isnan(row["test_loss_mean"])


def test_a_loss_that_is_not_a_number_may_be_written_as_a_word(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return 0.9, math.nan if replicate == 1 else 0.2

    # A name is a word, whatever it reads like.
    paths = make_study(tmp_path, {"nan": {"validation": "none"}}, outcome, {"only": {}})
    tabulate(paths.study, REPORTED, paths.tables)
    expected = contents(paths)
    (metrics,) = paths.runs.rglob("metrics.csv")
    frame = pd.read_csv(metrics, keep_default_na=False, dtype=str)
    frame.loc[0, ["train_loss", "test_loss"]] = "nan"
    frame.to_csv(metrics, index=False)
    tabulate(paths.study, REPORTED, paths.tables)
    assert contents(paths) == expected


def test_names_and_values_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    names = ["contrast", "first_model", "second_condition", "fields", "first_values"]
    cells = dict.fromkeys(CONTRASTS.names, "") | {"p": "inf", "shift": "nan"}
    cells |= dict(zip(names, ["1", "nan", "2", "", "0.20"], strict=True))
    (tmp_path / "contrasts.csv").write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    row = CONTRASTS.read(tmp_path).iloc[0]
    assert row[names].tolist() == ["1", "nan", "2", "", "0.20"]
    assert row["p"] == math.inf
    assert math.isnan(row["shift"])
    (tmp_path / "contrasts.csv").write_text(f"{','.join(cells)}\n{'x,' * (len(cells) - 1)}x\n")
    with pytest.raises(StudyError, match=r"contrasts\.csv: expected a table \(CSV\): could not"):
        CONTRASTS.read(tmp_path)


def test_a_fold_without_a_loss_leaves_its_replicate_without_one(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return 0.9, math.nan if (fold, replicate) == ("1", 2) else replicate / 10

    paths = make_study(tmp_path, {"m03": KFOLD}, outcome, replicates=4)
    tabulate(paths.study, REPORTED, paths.tables)
    row = table(paths, "models").iloc[0]
    assert row["test_loss_lost"] == 1
    loss = [row[f"test_loss_{name}"] for name in ("mean", "median", "max")]
    assert loss == pytest.approx([(0.1 + 0.3 + 0.4) / 3, 0.3, 0.4])


def test_one_replicate_has_no_spread(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.1), replicates=1)
    tabulate(paths.study, REPORTED, paths.tables)
    assert math.isnan(table(paths, "models").iloc[0]["test_accuracy_sd"])


def test_tables_are_the_same_bytes_again_and_floats_read_back(study: Paths) -> None:
    before = contents(study)
    tabulate(study.study, REPORTED, study.tables)
    assert contents(study) == before
    job = study.runs / JOB / "metrics.csv"
    runs = table(study, "runs")
    mine = runs[(runs["condition"] == "corrected") & (runs["model"] == "m01")]
    assert mine["train_loss"].tolist()[:2] == pd.read_csv(job)["train_loss"].tolist()


def arrays(path: Path, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """Write an archive of arrays again, with one thing wrong."""
    with np.load(path) as stored:
        content = {name: array.copy() for name, array in stored.items()}
    change(content)
    np.savez(path, **content)


def text(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


ROWS = {
    "missing": Path.unlink,
    "empty": lambda path: text(path, lambda _: ""),
    "column": lambda path: text(
        path, lambda told: told.replace("seconds", "hours").replace("train_loss", "loss")
    ),
    "replicate": lambda path: text(path, lambda told: re.sub(r"(?m)^.*,all,2,.*\n", "", told)),
    "model": lambda path: text(path, lambda told: told.replace("m01", "m02")),
}
ANSWERS = {
    "missing": Path.unlink,
    "text": lambda path: path.write_text("not an archive"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "array": lambda path: arrays(path, lambda stored: stored.pop("true")),
    "replicates": lambda path: arrays(path, lambda stored: stored["replicate"].__iadd__(1)),
    "shape": lambda path: arrays(path, lambda stored: stored.update(true=stored["true"][:, :-1])),
    "classes": lambda path: arrays(path, lambda stored: stored["predicted"].put(0, 10)),
    "images": lambda path: arrays(path, lambda stored: stored["index"].__iadd__(1)),
    "order": lambda path: arrays(path, lambda stored: stored["index"][1].__iadd__(1)),
}
DAMAGES = [
    (f"{name}.csv", damage) for name in ("metrics", "timings", "history") for damage in ROWS
] + [("predictions.npz", damage) for damage in ANSWERS]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_damage_is_one_line_that_names_the_file(study: Paths, name: str, damage: str) -> None:
    before = contents(study)
    path = study.runs / JOB / name
    whole = path.read_bytes()
    # Of two blocks with other images, the second is named.
    block = "replicates-3-3" if damage == "images" else path.parent.name
    try:
        (ROWS if name.endswith(".csv") else ANSWERS)[damage](path)
        with pytest.raises(StudyError, match=f"{block}/{name}") as caught:
            tabulate(study.study, REPORTED, study.tables)
    finally:
        path.write_bytes(whole)
    assert "\n" not in str(caught.value)
    assert contents(study) == before


CHANGES = [
    {"comparisons": {"a": {"models": ["m01"], "pairs": [["m01", "m02", "m03"]]}}},
    {"jobs": [{"condition": "a", "model": "b", "fold": "1", "first": "x", "last": 2}]},
    {"margin": "wide"},
    {"classes": {"superior": 0.8}},
    {"classes": {"superior": "high", "medium": 0.5}},
    {"dataset": {"name": "mine"}},
    {"dataset": None},
]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"trial": true}', *CHANGES])
def test_a_study_file_with_what_cannot_be_read_is_named(
    study: Paths, tmp_path: Path, content: str | dict[str, object] | None
) -> None:
    path = tmp_path / "odd.json"
    if isinstance(content, dict):
        content = json.dumps(json.loads(study.study.read_text()) | content)
    if content is not None:
        path.write_text(content)
    with pytest.raises(StudyError, match=r"odd\.json: ") as caught:
        tabulate(path, REPORTED, tmp_path / "tables")
    assert "\n" not in str(caught.value)
