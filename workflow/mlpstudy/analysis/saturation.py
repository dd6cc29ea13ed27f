"""The untrained networks of every model: saturation.csv, by layer and as a histogram.

Raw pixels make the logits of a network of (leaky) ReLU differ by hundreds, so that the softmax is
certain of one class and often wrong: p(true class) is below 1e-7, where clipped KL divergence has
no gradient. Sigmoid and tanh pass on numbers of at most 1, but their first layer is saturated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax

from mlpstudy.analysis.schemas import UNTRAINED
from mlpstudy.config.study import Model, Study, load_study
from mlpstudy.data.dataset import Dataset, load
from mlpstudy.errors import StudyError
from mlpstudy.files import write_csv
from mlpstudy.spec import Job, Spec
from mlpstudy.training.losses import EPSILON, LOG_EPSILON
from mlpstudy.training.trainer import DEAD_SLOPE, PROBE_ROWS, Trainer

PIXELS = ("raw", "unit")
INITIALISATIONS = 3  # those of replicates 1 to 3
QUANTILES = (5, 25, 50, 75, 95)  # per cent

Array = NDArray[np.float64]


class FirstLook(NamedTuple):
    """The response of a job's untrained networks to training images.

    Attributes:
        logits: shape (replicates, images, classes), as computed in single precision.
        labels: true classes, shape (replicates, images).
        layers: of each hidden layer, lowest first, its `units` and means over the replicates:
            `scale`, the root mean square of its output; `saturated`, the share of (image, unit) at
            which the activation's slope is below 1e-3; `dead`, the share of units whose slope is
            below 1e-3 on every image, as in history.csv.
    """

    logits: Array
    labels: NDArray[np.int64]
    layers: list[dict[str, Any]]


def probe(study: Path, data: Path, output: Path, threads: int = 1) -> None:
    """Write saturation.csv, saturation_layers.csv and saturation_bins.csv into `output`.

    Args:
        study: the resolved study, study.json.
        data: folder of the prepared arrays.
        output: folder of the tables.
        threads: number of threads.

    Raises:
        StudyError: a file is missing, or the data is not the study's.
    """
    torch.set_num_threads(threads)
    plan, dataset = load_study(study), load(data)
    if dataset.digest != plan.dataset.digest:
        raise StudyError(f"{data}: not the data of {study}: prepare it again")
    for name, frame in saturation(plan, dataset).items():
        write_csv(frame, output / f"{name}.csv")


def saturation(study: Study, dataset: Dataset) -> dict[str, pd.DataFrame]:
    """Return the tables UNTRAINED, by name, for every model in use on 1,000 training images.

    The networks are those that replicates 1 to 3 of the model's own entry start from, with raw
    pixels and with pixels divided by 255.

    `saturation` is over images and networks together: quantiles of all logits (5, 50 and 95 %) and
    the median of an image's highest less its lowest; quantiles of log10 p(true class); the share of
    images with it below 1e-7 (`stuck` in history.csv), with the extremes over the networks;
    the share in which the highest probability is above 1 - 1e-7; the mean cross-entropy, in nats.

    `saturation_layers` has the networks' means for each hidden layer (`FirstLook.layers`).
    `saturation_bins` is the histogram of log10 p(true class): how many are in [low, high), one
    decade wide, from the lowest that occurs; the last bin includes 1.
    """
    rows: dict[str, list[dict[str, Any]]] = {schema.name: [] for schema in UNTRAINED}
    trained = {model for _, model in study.pairs}
    for key, model in study.models.items():
        if key not in trained:
            continue
        for pixels in PIXELS:
            look = first_look(_job(study, model, pixels), dataset)
            p_true = _log_p_true(look)
            keys = {"model": key, "activation": model.fields["activation"], "pixels": pixels}
            layers = {"layers": len(model.fields["nodes"])}
            rows["saturation"].append(keys | layers | _softmax(look, p_true))
            rows["saturation_layers"] += [
                keys | {"layer": number} | layer
                for number, layer in enumerate(look.layers, start=1)
            ]
            bins = histogram(p_true)
            rows["saturation_bins"] += [{"model": key, "pixels": pixels} | row for row in bins]
    return {schema.name: schema.frame(rows[schema.name]) for schema in UNTRAINED}


def _job(study: Study, model: Model, pixels: str) -> Job:
    """Return the job whose networks are evaluated; of a cross-validated model the first fold."""
    spec = Spec.from_fields({**model.fields, "pixels": pixels})
    subset = study.dataset.subset
    return Job(
        condition="",
        model=model.key,
        fold=spec.fold_names[0],
        first=1,
        last=INITIALISATIONS,
        seed=study.seed,
        data=study.dataset.digest,
        subset=(subset.train, subset.test) if subset else None,
        code="",
        spec=spec,
    )


def first_look(job: Job, dataset: Dataset, rows: int = PROBE_ROWS) -> FirstLook:
    """Return the response of the untrained networks of `job` to their first `rows` training images.

    The images are presented as in training: batch normalisation uses their own moments, since the
    moving ones have not been updated yet. Only dropout is switched off, as it would add noise.
    """
    job = replace(job, spec=replace(job.spec, dropout=0.0))
    trainer = Trainer(job, dataset)
    probes = torch.from_numpy(np.stack([split.train[:rows] for split in trainer.splits]))
    batch = trainer.forward(probes, training=job.spec.batch_norm)
    layers = []
    for layer, slopes in zip(batch.layers, trainer.network.activation_slopes(batch), strict=True):
        flat = slopes < DEAD_SLOPE
        layers.append(
            {
                "units": slopes.shape[-1],
                "scale": layer.output.view.double()
                .square()
                .flatten(1)
                .mean(1)
                .sqrt()
                .numpy()
                .mean(),
                "saturated": flat.double().flatten(1).mean(1).numpy().mean(),
                "dead": flat.all(1).double().mean(-1).numpy().mean(),
            }
        )
    logits, labels = batch.logits.transposed.double().numpy(), trainer.loader.labels[probes].numpy()
    return FirstLook(logits, labels, layers)


def _log_p_true(look: FirstLook) -> Array:
    """Return the natural logarithm of p(true class), (replicates, images)."""
    log_p = log_softmax(look.logits, axis=-1)
    return np.asarray(np.take_along_axis(log_p, look.labels[..., None], axis=-1)[..., 0])


def _softmax(look: FirstLook, p_true: Array) -> dict[str, Any]:
    logits = look.logits
    low, median, high = np.quantile(logits, [0.05, 0.5, 0.95])
    vanished = p_true < LOG_EPSILON
    # The sum of all other classes: 1 - p would be lost to rounding.
    rest = -np.expm1(log_softmax(logits, axis=-1).max(-1))
    quantiles = np.quantile(p_true, [q / 100 for q in QUANTILES]) / np.log(10)
    by_network = vanished.mean(axis=1)
    return {
        "initialisations": p_true.shape[0],
        "images": p_true.shape[1],
        "logit_low": low,
        "logit_median": median,
        "logit_high": high,
        "logit_range": float(np.median(np.ptp(logits, axis=-1))),
        **{f"log10_p_true_q{q:02}": v for q, v in zip(QUANTILES, quantiles, strict=True)},
        "share_below": vanished.mean(),
        "share_below_least": by_network.min(),
        "share_below_most": by_network.max(),
        "share_certain": (rest < EPSILON).mean(),
        "cross_entropy": -p_true.mean(),
    }


def histogram(p_true: Array) -> Iterator[dict[str, Any]]:
    """Yield low, high, count, share of log10 p, a decade each, from natural logarithms of p."""
    decades = p_true / np.log(10)
    lowest = min(int(np.floor(decades.min())), -1)
    counts, edges = np.histogram(decades, bins=np.arange(lowest, 1))
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        share = count / decades.size
        yield {"low": int(low), "high": int(high), "count": int(count), "share": share}
