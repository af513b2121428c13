"""Real MXNet as the oracle. Runs in the environment of `make mxnet-oracle`, where this project's packages are absent.

    python oracle.py vectors DIR                       the committed vectors
    python oracle.py zoo DIR [--full] [NETWORK ...]    model-zoo networks with random weights
    python oracle.py answer SYMBOL PARAMS ARRAYS OUT   a checkpoint's answers to the arrays `input:<name>` of a file
    python oracle.py load PARAMS OUT                   what MXNet reads from an NDArray file, as .npz

A network is written as DIR/<name>-symbol.json, DIR/<name>-0000.params and DIR/<name>-io.params, an NDArray file with
the arrays `input:<name>` and `output:<index>`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

np.bool = bool  # MXNet 1.9.1 still asks for NumPy's old alias
if "vectors" in sys.argv:  # oneDNN lacks a transposed convolution to a target shape; the zoo runs with it
    os.environ["MXNET_MKLDNN_ENABLED"] = "0"

import mxnet as mx  # noqa: E402
from mxnet import gluon  # noqa: E402
from mxnet.gluon.model_zoo import vision  # noqa: E402

ZOO = [
    "alexnet",
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    "inceptionv3",
    *(f"mobilenet{width}" for width in ("0.25", "0.5", "0.75", "1.0")),
    *(f"mobilenetv2_{width}" for width in ("0.25", "0.5", "0.75", "1.0")),
    *(f"resnet{depth}_v{version}" for version in (1, 2) for depth in (18, 34, 50, 101, 152)),
    "squeezenet1.0",
    "squeezenet1.1",
    *(f"vgg{depth}{suffix}" for depth in (11, 13, 16, 19) for suffix in ("", "_bn")),
]
SMALLEST = {"alexnet": 64, "densenet": 224, "inception": 299, "squeezenet": 224}
"""Height and width that a family of networks needs at least; 32 is enough for the others."""


def write_io(path: Path, inputs: dict[str, mx.nd.NDArray], outputs: list[mx.nd.NDArray]) -> None:
    arrays = {f"input:{name}": array for name, array in inputs.items()}
    arrays |= {f"output:{index}": array for index, array in enumerate(outputs)}
    mx.nd.save(str(path), arrays)


def shake(network: gluon.Block, rng: np.random.Generator) -> None:
    """Give batch norms statistics, scales and shifts as training would leave: not the 0 and 1 they start with.

    Where `fix_gamma` is set, the stored gamma becomes something else than 1 as well; MXNet does not look at it.
    """
    for name, parameter in network.collect_params().items():
        size = parameter.shape
        if name.endswith(("gamma", "running_var")):
            parameter.set_data(mx.nd.array(rng.uniform(0.5, 1.5, size)))
        elif name.endswith(("beta", "running_mean", "bias")):
            parameter.set_data(mx.nd.array(rng.normal(0, 0.1, size)))


def save_network(network: gluon.HybridBlock, folder: Path, name: str, data: mx.nd.NDArray) -> None:
    output = network(data)
    network.export(str(folder / name))
    write_io(folder / f"{name}-io.params", {"data": data}, [output])


def fresh(network: gluon.HybridBlock, shape: tuple[int, ...], seed: int = 0) -> mx.nd.NDArray:
    """Initialise a network with random weights and statistics; gives an input for it."""
    rng = np.random.default_rng(seed)
    mx.random.seed(seed)
    network.initialize(mx.init.Xavier(rnd_type="gaussian", magnitude=2))
    network.hybridize()
    data = mx.nd.array(rng.uniform(0, 1, shape))
    network(data)
    shake(network, rng)
    return data


def zoo(folder: Path, names: list[str], full: bool) -> None:
    """Build networks; with `full` at the size and with the classes of ImageNet, and let MXNet's exporter try too."""
    for name in names or ZOO:
        start = time.perf_counter()
        size = next((size for family, size in SMALLEST.items() if name.startswith(family)), 32)
        if full:
            size = max(size, 224)
        network = vision.get_model(name, classes=1000 if full else 10)
        data = fresh(network, (1, 3, size, size))
        save_network(network, folder, name, data)
        facts = {"name": name, "size": size, "seconds": time.perf_counter() - start}
        if full:
            facts["exporter"] = own_exporter(folder, name, data.shape)
        print(json.dumps(facts), flush=True)


def own_exporter(folder: Path, name: str, shape: tuple[int, ...]) -> dict[str, object]:
    """How long MXNet's own exporter takes, or why it fails."""
    start = time.perf_counter()
    try:
        mx.onnx.export_model(
            str(folder / f"{name}-symbol.json"),
            str(folder / f"{name}-0000.params"),
            [shape],
            np.float32,
            str(folder / f"{name}-theirs.onnx"),
        )
    except Exception as error:  # noqa: BLE001 - whatever it fails with is the finding
        return {"error": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
    return {"seconds": time.perf_counter() - start}


def answer(symbol: Path, params: Path, arrays: Path, out: Path) -> None:
    given = {name.removeprefix("input:"): array for name, array in mx.nd.load(str(arrays)).items()}
    block = gluon.SymbolBlock.imports(str(symbol), list(given), str(params))
    outputs = block(*given.values())
    np.savez(out, *[output.asnumpy() for output in (outputs if isinstance(outputs, (list, tuple)) else [outputs])])


def load(params: Path, out: Path) -> None:
    arrays = mx.nd.load(str(params))
    np.savez(out, **{name: array.tostype("default").asnumpy() for name, array in arrays.items()})


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "vectors":
        from oracle_vectors import vectors

        vectors(Path(arguments[0]))
    elif command == "zoo":
        zoo(Path(arguments[0]), [name for name in arguments[1:] if name != "--full"], "--full" in arguments)
    elif command == "answer":
        answer(*map(Path, arguments))
    elif command == "load":
        load(*map(Path, arguments))
    else:
        sys.exit(__doc__)
