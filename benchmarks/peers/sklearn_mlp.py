"""scikit-learn's MLPClassifier, in float32, without its stopping rule.

It trains whole epochs only, so these are taken over a part of the images: 26 MB of them.
"""

from __future__ import annotations

import warnings

from sklearn.neural_network import MLPClassifier

from benchmarks.contenders import Contender, Data, Train
from mlpstudy.spec import Spec

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}
EXAMPLES = 8192


class ScikitLearn(Contender):
    """Train with `fit`, an epoch at least."""

    label = "scikit-learn MLPClassifier"
    packages = ("scikit-learn", "numpy")

    def cannot(self, spec: Spec) -> str | None:
        """Return what MLPClassifier has no parameter for."""
        missing = {
            f"the activation {spec.activation}": spec.activation not in ACTIVATIONS,
            "KL divergence": spec.loss != "cross_entropy",
            "dropout": spec.dropout > 0,
            "batch normalisation": spec.batch_norm,
        }
        return ", ".join(name for name, is_missing in missing.items() if is_missing) or None

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        warnings.filterwarnings("ignore")  # that the last epoch has not converged
        steps_per_epoch = EXAMPLES // spec.batch_size

        def train(steps: int) -> int:
            epochs = -(-steps // steps_per_epoch)
            MLPClassifier(
                spec.nodes[:-1],
                activation=ACTIVATIONS[spec.activation],
                alpha=0.0,
                batch_size=spec.batch_size,
                learning_rate_init=spec.learning_rate,
                epsilon=1e-7,
                max_iter=epochs,
                n_iter_no_change=epochs + 1,
            ).fit(data.floats[:EXAMPLES], data.labels[:EXAMPLES])
            return epochs * steps_per_epoch

        return train


CONTENDER = ScikitLearn()
