"""Tables against hand arithmetic, and what must stop them with one line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from study_fixture import REPORTED, Paths, make_study, write_tables

from mlpstudy.analysis.tables import TABLES, read_table, tabulate
from mlpstudy.config.study import load_study
from mlpstudy.errors import StudyError

KL = {"loss": "kl_divergence", "nodes": [128, 64, 32, 10]}
KFOLD = {"validation": "kfold", "folds": 2, "activation": "tanh"}


def fixed(values: dict[tuple[str, str], list[float]], loss: float = 0.5):
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        accuracy = values[condition, model][replicate - 1]
        # Two folds a tenth above and below the replicate's value, so that their mean is it.
        shift = {"1": 0.1, "2": -0.1}.get(fold, 0.0)
        return accuracy + shift, loss

    return outcome


@pytest.fixture
def study(tmp_path: Path) -> Paths:
    values = {
        ("as_reported", "m01"): [0.1, 0.85, 0.7],
        ("as_reported", "m03"): [0.6, 0.62, 0.64],
        ("corrected", "m01"): [0.88, 0.9, 0.86],
        ("corrected", "m03"): [0.8, 0.8, 0.8],
    }
    paths = make_study(tmp_path, {"m01": {}, "m03": KFOLD}, fixed(values))
    tabulate(paths.study, REPORTED, paths.tables)
    return paths


def table(paths: Paths, name: str) -> pd.DataFrame:
    return read_table(paths.tables / f"{name}.csv")


def test_every_table_is_written(study: Paths) -> None:
    assert sorted(p.name for p in study.tables.iterdir()) == sorted(f"{n}.csv" for n in TABLES)


def test_runs_are_in_study_order_whatever_the_order_of_the_jobs(tmp_path: Path) -> None:
    values = {(c, m): [0.5] * 4 for c in ("corrected", "as_reported") for m in ("m02", "m01")}
    models = {"m02": {}, "m01": {"validation": "kfold", "folds": 11}}
    conditions = {"corrected": {}, "as_reported": {}}
    paths = make_study(tmp_path, models, fixed(values), conditions, replicates=4, block=2)
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
    row = table(study, "models").set_index(["condition", "model"]).loc[("as_reported", "m01")]
    assert row["replicates"] == 3
    assert row["failures"] == 1
    assert row["test_accuracy_median"] == 0.7
    assert row["test_accuracy_mean"] == pytest.approx((0.1 + 0.85 + 0.7) / 3)
    assert row["test_accuracy_sd"] == pytest.approx(0.39686269665968857)
    assert (row["test_accuracy_min"], row["test_accuracy_max"]) == (0.1, 0.85)
    shares = [row[f"{name}_share"] for name in ("superior", "medium", "inferior")]
    assert shares == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert row["class"] == "medium"
    assert row["test_accuracy_level"] == 0.75
    assert (row["test_accuracy_low"], row["test_accuracy_high"]) == (0.1, 0.85)
    # Wilson's interval of 1 of 3.
    assert row["failure_share"] == pytest.approx(1 / 3)
    assert (row["failure_low"], row["failure_high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)
    assert (row["learned"], row["learned_mean"]) == (2, pytest.approx(0.775))
    assert (row["learned_low"], row["learned_high"]) == (0.7, 0.85)
    assert row["learned_sd"] == pytest.approx(0.15 / 2**0.5)
    assert row["nodes"] == "128+64+10"
    assert row["parameters"] == 785 * 128 + 129 * 64 + 65 * 10


def test_a_cross_validated_replicate_is_the_mean_of_its_folds(study: Paths) -> None:
    row = table(study, "models").set_index(["condition", "model"]).loc[("as_reported", "m03")]
    assert row["replicates"] == 3
    assert row["test_accuracy_median"] == pytest.approx(0.62)
    # The folds alone would lie between 0.5 and 0.74.
    assert row["test_accuracy_min"] == pytest.approx(0.6)
    assert row["test_accuracy_max"] == pytest.approx(0.64)
    # Folds 0.1 above and below: variance 0.02.
    assert row["fold_runs"] == 6
    assert row["fold_sd"] == pytest.approx(0.02**0.5)
    assert row["test_images"] == 200


def test_a_failed_fold_is_counted_though_its_replicate_learned(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return (0.1 if (fold, replicate) == ("2", 3) else 0.9), 0.5

    paths = make_study(tmp_path, {"m03": {**KFOLD, "folds": 5}, "m01": {}}, outcome)
    tabulate(paths.study, REPORTED, paths.tables)
    rows = table(paths, "models").set_index(["condition", "model"]).loc["corrected"]
    assert rows.loc["m03", ["replicates", "failures"]].tolist() == [3, 0]
    assert rows.loc["m03", ["fold_runs", "fold_failures"]].tolist() == [15, 1]
    assert rows.loc["m01", ["fold_runs", "fold_failures"]].tolist() == [0, 0]
    assert math.isnan(rows.loc["m01", "fold_sd"])


def test_groups_keep_what_the_grouped_tables_print(tmp_path: Path) -> None:
    models = {"m04": {"nodes": [9] * 6}, "mine": {"activation": "gelu"}, "m16": {}, "m03": {}}
    models["m16"] = {"activation": "sigmoid"}
    models["m03"] = {"activation": "tanh", "nodes": [9] * 5}
    paths = make_study(tmp_path, models, lambda *_: (0.5, 1.0))
    tabulate(paths.study, REPORTED, paths.tables)
    groups = table(paths, "activation_groups")
    order = list(groups["activation"].drop_duplicates())
    assert order == ["sigmoid", "tanh", "relu", "gelu"]
    rows = groups.drop_duplicates("model").set_index("model")
    # The grouped table prints 26.95 % for model 4, and 4 layers for model 3, the details do not.
    assert rows.loc["m04", "reported_accuracy"] == 0.2695
    assert rows.loc["m03", "reported_layers"] == 4
    assert rows.loc["m03", "layers"] == 5
    assert rows.loc["m04", "reported_loss"] == 1.95
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
    assert row["failures"] == 1
    assert row["inferior_share"] == pytest.approx(1 / 3)
    assert row["test_accuracy_median"] == 0.9
    assert row["test_loss_lost"] == 3
    assert math.isnan(row["test_loss_mean"])


def test_a_loss_that_is_not_a_number_may_be_written_as_a_word(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return 0.9, math.nan if replicate == 1 else 0.2

    # A name is a word, whatever it reads like.
    paths = make_study(tmp_path, {"nan": {"validation": "none"}}, outcome, {"only": {}})
    tabulate(paths.study, REPORTED, paths.tables)
    expected = {path.name: path.read_bytes() for path in paths.tables.iterdir()}
    (metrics,) = paths.runs.rglob("metrics.csv")
    frame = pd.read_csv(metrics, keep_default_na=False, dtype=str)
    frame.loc[0, ["train_loss", "test_loss"]] = "nan"
    frame.to_csv(metrics, index=False)
    tabulate(paths.study, REPORTED, paths.tables)
    assert {path.name: path.read_bytes() for path in paths.tables.iterdir()} == expected


def test_a_fold_without_a_loss_leaves_its_replicate_without_one(tmp_path: Path) -> None:
    def outcome(condition: str, model: str, fold: str, replicate: int) -> tuple[float, float]:
        return 0.9, math.nan if (fold, replicate) == ("1", 2) else replicate / 10

    paths = make_study(tmp_path, {"m03": KFOLD}, outcome, replicates=4)
    tabulate(paths.study, REPORTED, paths.tables)
    row = table(paths, "models").iloc[0]
    assert row["test_loss_lost"] == 1
    assert row["test_loss_mean"] == pytest.approx((0.1 + 0.3 + 0.4) / 3)
    assert (row["test_loss_median"], row["test_loss_max"]) == pytest.approx((0.3, 0.4))


def test_one_replicate_has_no_spread(tmp_path: Path) -> None:
    paths = make_study(tmp_path, {"m01": {}}, lambda *_: (0.6, 0.1), replicates=1)
    tabulate(paths.study, REPORTED, paths.tables)
    assert math.isnan(table(paths, "models").iloc[0]["test_accuracy_sd"])


def test_results_that_the_study_does_not_name_stay_out(study: Paths) -> None:
    plan = json.loads(study.study.read_text())
    plan["jobs"] = [job for job in plan["jobs"] if job["model"] == "m01"]
    del plan["models"]["m03"]
    study.study.write_text(json.dumps(plan))
    tabulate(study.study, REPORTED, study.tables)
    names = ("runs", "timings", "history", "models", "final_inference", "recalls", "confusions")
    for name in names:
        assert set(table(study, name)["model"]) == {"m01"}


def test_tables_are_the_same_bytes_again_and_floats_read_back(study: Paths) -> None:
    before = {p.name: p.read_bytes() for p in study.tables.iterdir()}
    tabulate(study.study, REPORTED, study.tables)
    assert {p.name: p.read_bytes() for p in study.tables.iterdir()} == before
    job = study.runs / "corrected/m01/fold-all/replicates-1-3/metrics.csv"
    runs = table(study, "runs")
    mine = runs[(runs["condition"] == "corrected") & (runs["model"] == "m01")]
    assert mine["train_loss"].tolist() == read_table(job)["train_loss"].tolist()


@pytest.mark.parametrize("name", ["metrics", "timings", "history"])
@pytest.mark.parametrize("damage", ["missing", "empty", "column", "replicate", "model"])
def test_damage_is_one_line_that_names_the_file(study: Paths, name: str, damage: str) -> None:
    before = {p.name: p.read_bytes() for p in study.tables.iterdir()}
    path = study.runs / "corrected/m01/fold-all/replicates-1-3" / f"{name}.csv"
    text = path.read_text()
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_text("")
    elif damage == "column":
        path.write_text(text.replace("seconds", "hours").replace("train_loss", "loss"))
    elif damage == "replicate":
        path.write_text("\n".join(line for line in text.splitlines() if ",all,3" not in line))
    else:
        path.write_text(text.replace("m01", "m02"))
    with pytest.raises(StudyError, match=f"{name}.csv") as caught:
        tabulate(study.study, REPORTED, study.tables)
    assert "\n" not in str(caught.value)
    assert {p.name: p.read_bytes() for p in study.tables.iterdir()} == before


@pytest.mark.parametrize(
    "change",
    [
        {"comparisons": {"a": {"models": ["m01"], "pairs": [["m01", "m02", "m03"]]}}},
        {"jobs": [{"condition": "a", "model": "b", "fold": "1", "first": "x", "last": 2}]},
        {"margin": "wide"},
        {"classes": {"superior": 0.8}},
        {"classes": {"superior": "high", "medium": 0.5}},
        {"dataset": {"name": "mine"}},
        {"dataset": None},
    ],
)
def test_a_study_file_with_what_cannot_be_read_is_named(
    study: Paths, change: dict[str, object]
) -> None:
    path = study.study.with_name("odd.json")
    path.write_text(json.dumps(json.loads(study.study.read_text()) | change))
    with pytest.raises(StudyError, match=r"odd\.json: ") as caught:
        load_study(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_study_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    for text in (None, "{", "[]", '{"trial": true}'):
        if text is not None:
            path.write_text(text)
        with pytest.raises(StudyError, match=r"study\.json"):
            tabulate(path, REPORTED, tmp_path / "tables")
