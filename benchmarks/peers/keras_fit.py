"""tf-keras (Keras 2 on TensorFlow), the framework of the report: `Model.fit` in graph mode.

With the optimizer of its time, whose step is one fused operation a variable: on a CPU it is
faster than the one that came after it.
"""

from __future__ import annotations

import os

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

import tensorflow as tf
import tf_keras as keras

from benchmarks.contenders import Data, Train, threads
from mlpstudy.spec import Spec

tf.config.threading.set_intra_op_parallelism_threads(threads())
tf.config.threading.set_inter_op_parallelism_threads(threads())


class Keras:
    """Train with `fit`, limited to a number of steps."""

    label = "tf-keras fit"
    packages = ("tf_keras", "tensorflow_cpu")
    models = 1

    def cannot(self, _: Spec) -> str | None:
        """Return None: it expresses every model."""
        return None

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        images = tf.constant(data.floats)
        targets = tf.one_hot(data.labels, spec.nodes[-1])
        model = _model(spec)
        model.compile(
            keras.optimizers.legacy.Adam(spec.learning_rate), spec.loss_name, metrics=["accuracy"]
        )

        def train(steps: int) -> int:
            model.fit(
                images, targets, spec.batch_size, epochs=1, steps_per_epoch=steps, verbose=0
            )
            return steps

        return train


CONTENDER = Keras()
