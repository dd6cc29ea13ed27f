"""tf-keras (Keras 2 on TensorFlow), the framework of the report: `Model.fit` in graph mode.

The optimizer is Keras's legacy Adam, whose step is one operation per variable: on a CPU it is
faster than its successor.
"""

from __future__ import annotations

import os

os.environ |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

import tensorflow as tf
import tf_keras as keras

from benchmarks.contenders import Contender, Data, Train, threads
from mlpstudy.spec import Spec

tf.config.threading.set_intra_op_parallelism_threads(threads())
tf.config.threading.set_inter_op_parallelism_threads(threads())


LOSSES = {"cross_entropy": "categorical_crossentropy", "kl_divergence": "kl_divergence"}


class Keras(Contender):
    """Train with `fit`, limited to a number of steps."""

    label = "tf-keras fit"
    packages = ("tf_keras", "tensorflow_cpu")

    def __init__(self) -> None:
        self._images_and_targets: tuple[tf.Tensor, tf.Tensor] | None = None

    def prepare(self, spec: Spec, data: Data) -> Train:
        """Return the training of one model."""
        images, targets = self._tensors(data)
        model = keras_model(spec)
        optimizer = keras.optimizers.legacy.Adam(spec.learning_rate)
        model.compile(optimizer, LOSSES[spec.loss], metrics=["accuracy"])

        def train(steps: int) -> int:
            model.fit(images, targets, spec.batch_size, epochs=1, steps_per_epoch=steps, verbose=0)
            return steps

        return train

    def _tensors(self, data: Data) -> tuple[tf.Tensor, tf.Tensor]:
        """Return images and one-hot targets as tensors that all models share."""
        if self._images_and_targets is None:
            targets = tf.one_hot(data.labels, len(data.dataset.classes))
            self._images_and_targets = tf.constant(data.floats), targets
        return self._images_and_targets


def keras_model(spec: Spec) -> keras.Sequential:
    """Return the layers of a model; `fit` takes pixels as its input."""
    model = keras.Sequential()
    for units in spec.nodes[:-1]:
        model.add(keras.layers.Dense(units))
        if spec.activation == "leaky_relu":
            model.add(keras.layers.LeakyReLU(spec.leaky_slope))
        else:
            model.add(keras.layers.Activation(spec.activation))
        if spec.batch_norm:
            model.add(keras.layers.BatchNormalization())
        if spec.dropout:
            model.add(keras.layers.Dropout(spec.dropout))
    model.add(keras.layers.Dense(spec.nodes[-1], activation="softmax"))
    return model


CONTENDER = Keras()
