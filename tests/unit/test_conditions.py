"""What conditions change, told by their fields and never by their names."""

from __future__ import annotations

from study_fixture import FIELDS, study_of

from mlpstudy.analysis.conditions import baselines, changes, distinct_cells, in_force, joined

KL = {"loss": "kl_divergence"}


def test_fields_that_do_nothing_to_a_model_are_not_in_force() -> None:
    assert not {"kl", "leaky_slope", "folds", "kfold_pool", "holdout_fraction"} & set(
        in_force(FIELDS)
    )
    assert in_force(FIELDS | KL)["kl"] == "clipped"
    assert in_force(FIELDS | {"activation": "leaky_relu"})["leaky_slope"] == 0.3
    assert in_force(FIELDS | {"validation": "holdout"})["holdout_fraction"] == 0.2
    assert in_force(FIELDS | {"validation": "kfold"})["folds"] == 5


def test_changes_are_those_that_matter_on_both_sides() -> None:
    exact = {"kl": "exact", "pixels": "unit"}
    assert changes(FIELDS, FIELDS | exact) == {"pixels": ("raw", "unit")}
    assert list(changes(FIELDS | KL, FIELDS | KL | exact)) == ["kl", "pixels"]
    # The form of the KL divergence comes with that loss: it is no second change.
    assert list(changes(FIELDS, FIELDS | KL)) == ["loss"]


def test_values_are_written_as_the_tables_have_them() -> None:
    assert joined([[128, 64, 10], 0.3, True, "raw"]) == "128+64+10; 0.3; true; raw"
    assert joined([]) == ""


def test_the_baseline_changes_least_whatever_it_is_called() -> None:
    conditions = {
        "both": {"epochs": 2, "pixels": "unit", "kl": "exact"},
        "short": {"epochs": 2},
        "short_exact": {"epochs": 2, "kl": "exact"},
    }
    study = study_of({"a": {}, "b": KL}, conditions)
    assert baselines(study) == {"a": "short", "b": "short"}
    # To a model with cross-entropy `short_exact` is `short` again.
    assert ("short_exact", "b") in distinct_cells(study)
    assert ("short_exact", "a") not in distinct_cells(study)
    # A model that no condition covers has no baseline.
    assert baselines(study_of({"a": {}, "b": {}}, {"only": {}}, {"only": ["a"]})) == {"a": "only"}
