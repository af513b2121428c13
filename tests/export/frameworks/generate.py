"""Networks of other frameworks: `python generate.py FOLDER` trains and exports them, with their answers beside them.

Runs in the environment of `make framework-networks`, without this project's packages. Each is small, and learns
scikit-learn's digits the way its framework's users would: with its own layout and its own range of values.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import lightgbm
import numpy as np
import onnxmltools
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

SHOWN = 24
"""Images that are not trained on; the vectors have them, and the frameworks' answers to them."""

data = load_digits()
labels = data.target
small = np.round(data.images * 255 / 16).astype(np.uint8)
large = np.zeros((len(small), 28, 28), np.uint8)
large[:, 6:22, 6:22] = np.kron(small, np.ones((2, 2), np.uint8))


def scikit_learn(folder: Path) -> np.ndarray:
    """A perceptron on flat 8x8 pixels from 0 to 16, as scikit-learn has them; gives labels and probabilities."""
    values = (small.reshape(len(small), -1) / 255 * 16).astype(np.float32)
    model = MLPClassifier((24,), random_state=0, max_iter=120).fit(values[:-SHOWN], labels[:-SHOWN])
    graph = to_onnx(model, values[:1], options={"zipmap": False})
    (folder / "scikit-learn.onnx").write_bytes(graph.SerializeToString())
    return model.predict_proba(values[-SHOWN:])


def keras_network(folder: Path) -> np.ndarray:
    """Two convolutions on 28x28x1 from 0 to 1, channels last, ending in a softmax."""
    keras.utils.set_random_seed(0)
    values = large[..., None] / np.float32(255)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(4, 5, strides=2, activation="relu"),
            keras.layers.Conv2D(8, 5, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(values[:-SHOWN], labels[:-SHOWN], epochs=12, batch_size=32, verbose=0)
    model.export(folder / "keras.onnx", format="onnx", verbose=False)
    return model.predict(values[-SHOWN:], verbose=0)


def trees(folder: Path) -> np.ndarray:
    """Boosted trees on 784 flat pixels from 0 to 255."""
    values = large.reshape(len(large), -1).astype(np.float32)
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=8, random_state=0, verbose=-1)
    model.fit(values[:-SHOWN], labels[:-SHOWN])
    graph = onnxmltools.convert_lightgbm(
        model, "trees", [("pixels", FloatTensorType([None, 784]))], zipmap=False, target_opset=15
    )
    (folder / "lightgbm.onnx").write_bytes(graph.SerializeToString())
    return model.predict_proba(values[-SHOWN:])


def main(folder: Path) -> None:
    """Write the networks and `vectors.json`."""
    vectors: dict[str, Any] = {"digits": small[-SHOWN:].reshape(SHOWN, -1).tolist(), "labels": labels[-SHOWN:].tolist()}
    for name, make in (("scikit-learn", scikit_learn), ("keras", keras_network), ("lightgbm", trees)):
        vectors[name] = [[round(float(value), 7) for value in row] for row in make(folder)]
    (folder / "vectors.json").write_text(json.dumps(vectors) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
