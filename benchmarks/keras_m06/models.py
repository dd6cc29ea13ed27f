"""Runs of other models of the study by tf-keras: `model`, `seed`, `test_loss`, `test_accuracy`."""

from __future__ import annotations

from collections.abc import Iterator

import tf_keras as keras

from benchmarks import ROOT
from benchmarks.keras_m06.runs import Row, arrays, tested
from benchmarks.peers.keras_fit import LOSSES, keras_model
from mlpstudy.config.planning import read_plan
from mlpstudy.data.dataset import Dataset
from mlpstudy.spec import Spec

CONDITION = "as_reported"
# tf-keras trained none of them while the study was developed. The first three can fail. Models
# 4 and 1 have more runs because their first ones differed from those of the study.
RUNS = {"m04": 12, "m05": 4, "m15": 4, "m01": 10, "m02": 2, "m07": 2, "m10": 2}
OPTIMIZERS = {
    "adam": keras.optimizers.legacy.Adam,
    "rmsprop": keras.optimizers.legacy.RMSprop,
}


def specs() -> dict[str, Spec]:
    """Return the hyper-parameters of the models in RUNS, as the published study trains them."""
    study = read_plan([ROOT / "config/config.yaml"], {"claims": None}).study
    return {model: study.spec(CONDITION, model) for model in RUNS}


def fits(spec: Spec, dataset: Dataset, seeds: list[int]) -> Iterator[Row]:
    """Train with `Model.fit`; the last images are held out where the model has a hold-out."""
    images, targets = arrays(dataset)
    held_out = spec.holdout_fraction if spec.validation == "holdout" else 0.0
    kept = round(dataset.train * (1 - held_out))
    for seed in seeds:
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model = keras_model(spec)
        optimizer = OPTIMIZERS[spec.optimizer](spec.learning_rate)
        model.compile(optimizer, LOSSES[spec.loss], metrics=["accuracy"])
        model.fit(images[:kept], targets[:kept], spec.batch_size, spec.epochs, verbose=0)
        yield tested(seed, model, images, targets, dataset)
