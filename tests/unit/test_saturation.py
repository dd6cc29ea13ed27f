"""The networks looked at are those that training starts from; their figures by plain NumPy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from study_fixture import make_study
from training_jobs import CLASSES, make_job, make_trainer, small_dataset

from mlpstudy.analysis.saturation import (
    INITIALISATIONS,
    first_look,
    histogram,
    saturation,
)
from mlpstudy.config.study import Study, load_study
from mlpstudy.errors import StudyError

EVERYTHING = 10_000  # rows: all training images that there are


@pytest.mark.parametrize(
    "fields",
    [
        {"pixels": "raw"},
        {"pixels": "unit", "dropout": 0.4},
        {"pixels": "raw", "activation": "gelu", "validation": "kfold", "fold": "2"},
    ],
)
def test_they_are_the_networks_that_training_starts_from(fields: dict[str, object]) -> None:
    job = make_job(**fields)
    trainer = make_trainer(job)
    rows = [split.train for split in trainer.splits]
    before = trainer.predict(rows).mT.numpy()  # of the trainer that would now train
    look = first_look(job, small_dataset(), EVERYTHING)
    np.testing.assert_allclose(look.logits, before, rtol=1e-5, atol=1e-5)
    assert (look.labels == trainer.loader.labels.numpy()[np.stack(rows)]).all()


def test_batch_normalisation_goes_by_the_images_as_in_training() -> None:
    raw, unit = (
        first_look(make_job(pixels=pixels, batch_norm=True), small_dataset()).logits
        for pixels in ("raw", "unit")
    )
    # Scaled inputs are normalised to the same numbers, but for epsilon beside small variances.
    assert np.corrcoef(raw.ravel(), unit.ravel())[0, 1] > 0.95
    assert np.ptp(raw) < 3 * np.ptp(unit)


def test_dropout_is_left_out_also_where_the_layers_are_normalised() -> None:
    with_dropout, without = (
        first_look(make_job(batch_norm=True, dropout=rate), small_dataset()).logits
        for rate in (0.5, 0.0)
    )
    assert (with_dropout == without).all()
    assert np.ptp(without) > 0.1


def test_saturated_and_dead_units_by_numpy() -> None:
    job = make_job(pixels="raw", activation="sigmoid", first=1, last=1)
    dataset = small_dataset()
    look = first_look(job, dataset, EVERYTHING)
    trainer = make_trainer(job)
    kernel = trainer.network.named_tensors()["dense_1.kernel"][0].double().numpy()
    rows = trainer.splits[0].train
    active = 1 / (1 + np.exp(-(dataset.images[rows].astype(float) @ kernel)))
    flat = active * (1 - active) < 1e-3
    first = look.layers[0]
    assert first["units"] == kernel.shape[1]
    assert first["saturated"] == pytest.approx(flat.mean(), abs=1e-3)
    assert first["dead"] == pytest.approx(flat.all(axis=0).mean())
    assert first["scale"] == pytest.approx(np.sqrt((active**2).mean()), rel=1e-5)
    assert len(look.layers) == 2


def test_the_histogram_counts_every_image_once_by_decades() -> None:
    p = np.array([[1.0, 0.5, 0.1], [0.05, 1e-3, 2e-8]])
    found = pd.DataFrame(histogram(np.log(p)))
    assert found["low"].tolist() == list(range(-8, 0))
    assert found["high"].tolist() == list(range(-7, 1))
    assert found["count"].sum() == 6
    counts = found.set_index("low")["count"]
    assert (counts[-8], counts[-2], counts[-1]) == (1, 1, 3)
    assert found["share"].sum() == pytest.approx(1)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    models = {
        "steep": {"nodes": [30, 20, CLASSES]},
        "flat": {"nodes": [30, 20, CLASSES], "activation": "sigmoid"},
        "folded": {"nodes": [30, CLASSES], "validation": "kfold", "folds": 2},
        "unused": {},
    }
    root, covered = tmp_path_factory.mktemp("saturation"), ["steep", "flat", "folded"]
    paths = make_study(root, models, lambda *_: (0.8, 0.5), {"only": {}}, covered={"only": covered})
    raw = json.loads(paths.study.read_text())
    raw["dataset"]["digest"] = small_dataset().digest
    paths.study.write_text(json.dumps(raw))
    return load_study(paths.study)


@pytest.fixture(scope="module")
def found(study: Study) -> dict[str, pd.DataFrame]:
    frames = saturation(study, small_dataset())
    return {name: frame.set_index(["model", "pixels"]) for name, frame in frames.items()}


def test_every_model_in_use_has_both_scales(found: dict[str, pd.DataFrame]) -> None:
    softmaxes, layers = found["saturation"], found["saturation_layers"]
    assert list(softmaxes.index) == [
        (model, pixels) for model in ("steep", "flat", "folded") for pixels in ("raw", "unit")
    ]
    assert (softmaxes["initialisations"] == INITIALISATIONS).all()
    assert softmaxes.loc[("steep", "raw"), "images"] == 160
    assert softmaxes.loc[("folded", "raw"), "images"] == 80
    assert layers.loc[("steep", "raw"), "units"].tolist() == [30, 20]
    sums = found["saturation_bins"].groupby(["model", "pixels"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(6))
    # Raw pixels saturate the softmax of ReLU, and the first layer of sigmoid.
    below = softmaxes["share_below"]
    assert below["steep", "raw"] > 0.5
    assert below["steep", "unit"] == below["flat", "raw"] == 0
    first = layers[layers["layer"] == 1]["saturated"]
    assert first["flat", "raw"] > 0.5
    assert first["flat", "unit"] < 0.01


def test_the_shares_of_the_softmax_by_numpy(study: Study, found: dict[str, pd.DataFrame]) -> None:
    job = make_job(
        nodes=[30, 20, CLASSES], pixels="raw", validation="none", fold="all", seed=study.seed
    )
    look = first_look(job, small_dataset())
    p = softmax(look.logits, axis=-1)
    true = np.take_along_axis(p, look.labels[..., None], -1)[..., 0]
    row = found["saturation"].loc[("steep", "raw")]
    assert row["share_below"] == pytest.approx((true < 1e-7).mean())
    assert row["share_below_most"] == pytest.approx((true < 1e-7).mean(axis=1).max())
    others = np.sort(p, axis=-1)[..., :-1].sum(-1)
    assert row["share_certain"] == pytest.approx((others < 1e-7).mean())
    assert row["log10_p_true_q50"] == pytest.approx(np.median(np.log10(true)), rel=1e-4)
    bins = found["saturation_bins"].loc[("steep", "raw")]
    assert bins[bins["high"] <= -7]["share"].sum() == pytest.approx(row["share_below"])


def test_other_data_than_the_studys_is_refused(study: Study, tmp_path: Path) -> None:
    from mlpstudy.analysis import saturation as module

    (tmp_path / "study.json").write_text(json.dumps(study.to_dict()))
    with pytest.MonkeyPatch.context() as patch:
        other = replace(small_dataset(), digest="of something else")
        patch.setattr(module, "load", lambda _: other)
        with pytest.raises(StudyError, match=r"not the data of .*study\.json: prepare"):
            module.probe(tmp_path / "study.json", tmp_path, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()
