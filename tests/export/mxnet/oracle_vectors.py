"""The committed vectors, as real MXNet makes them: small networks, single operators, and array files."""

from __future__ import annotations

import json
from pathlib import Path

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon.model_zoo import vision
from oracle import fresh, save_network, write_io

S = mx.sym


def vectors(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    trained_mobilenet(folder)
    small_networks(folder)
    module_networks(folder)
    operators(folder)
    array_files(folder)


def trained_mobilenet(folder: Path) -> None:
    """A narrow MobileNetV2 after ninety steps on made-up stripes, so that its running statistics are real ones."""
    mx.random.seed(0)
    rng = np.random.default_rng(0)
    network = vision.MobileNetV2(multiplier=0.1, classes=4)
    network.initialize(mx.init.Xavier(rnd_type="gaussian", magnitude=2))
    network.hybridize()
    trainer = gluon.Trainer(network.collect_params(), "adam", {"learning_rate": 0.005})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    for _ in range(90):
        labels = rng.integers(0, 4, 32)
        images = mx.nd.array(stripes(labels, rng))
        with autograd.record():
            value = loss(network(images), mx.nd.array(labels))
        value.backward()
        trainer.step(len(labels))
    save_network(network, folder, "mobilenetv2-trained", mx.nd.array(stripes(np.arange(4), rng)))


def stripes(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noisy images `(n, 3, 32, 32)` with stripes, as many as the label says."""
    waves = np.sin(np.linspace(0, np.pi, 32) * (1 + labels[:, None]) * 2)
    images = np.broadcast_to(waves[:, None, None, :], (len(labels), 3, 32, 32))
    return images + rng.normal(0, 0.3, images.shape)


def small_networks(folder: Path) -> None:
    """One of each remaining family that is small enough, random."""
    families = {
        "resnet-v1": vision.ResNetV1(vision.BasicBlockV1, [1, 1], [8, 8, 16], classes=5, thumbnail=True),
        "resnet-v1-bottleneck": vision.ResNetV1(vision.BottleneckV1, [1, 1], [8, 16, 32], classes=5),
        "resnet-v2": vision.ResNetV2(vision.BasicBlockV2, [1, 1], [8, 8, 16], classes=5),
        "mobilenet-v1": vision.MobileNet(multiplier=0.05, classes=5),
        "densenet": vision.DenseNet(8, 4, [2, 2], classes=5),
    }
    for name, network in families.items():
        size = 56 if name == "densenet" else 32
        save_network(network, folder, name, fresh(network, (2, 3, size, size)))
    lenet = gluon.nn.HybridSequential()
    lenet.add(
        gluon.nn.Conv2D(4, 5, activation="tanh"),
        gluon.nn.MaxPool2D(2, 2),
        gluon.nn.Conv2D(8, 5, activation="tanh"),
        gluon.nn.MaxPool2D(2, 2, ceil_mode=True),
        gluon.nn.Dense(16, activation="tanh"),
        gluon.nn.Dropout(0.5),
        gluon.nn.Dense(10),
    )
    save_network(lenet, folder, "lenet", fresh(lenet, (2, 1, 28, 28)))


def module_networks(folder: Path) -> None:
    """Networks as the Module API saved them: with a loss at the end and a label that inference lacks."""
    data = S.Variable("data")
    hidden = S.Activation(S.FullyConnected(data, num_hidden=16, name="fc1"), act_type="relu", name="relu1")
    answer = S.SoftmaxOutput(S.FullyConnected(hidden, num_hidden=3, name="fc2"), name="softmax")
    save_symbol(folder, "mlp", answer, {"data": (2, 20)})
    layer = S.Convolution(data, num_filter=4, kernel=(3, 3), pad=(1, 1), no_bias=True, name="conv")
    layer = S.BatchNorm(layer, name="bn")  # every attribute at its default: gamma is fixed, eps is 1e-3
    layer = S.Pooling(S.Activation(layer, act_type="relu"), global_pool=True, kernel=(7, 7), pool_type="avg")
    answer = S.SoftmaxOutput(S.FullyConnected(S.Flatten(layer), num_hidden=3, name="fc"), name="softmax")
    save_symbol(folder, "defaults", answer, {"data": (2, 3, 9, 9)})


def save_symbol(folder: Path, name: str, symbol: S.Symbol, shapes: dict[str, tuple[int, ...]]) -> None:
    inputs, arguments, auxiliary, outputs = evaluate(symbol, shapes)
    (folder / f"{name}-symbol.json").write_text(symbol.tojson())
    held = {f"arg:{key}": array for key, array in arguments.items()}
    held |= {f"aux:{key}": array for key, array in auxiliary.items()}
    mx.nd.save(str(folder / f"{name}-0000.params"), held)
    write_io(folder / f"{name}-io.params", inputs, outputs)


def evaluate(symbol: S.Symbol, shapes: dict[str, tuple[int, ...]], seed: int = 0) -> tuple:
    """Random inputs, arguments and states of a symbol, and its outputs."""
    rng = np.random.default_rng(seed)
    given, _, states = symbol.infer_shape(**shapes)
    arrays = {}
    for name, shape in zip(symbol.list_arguments(), given, strict=True):
        positive = name.endswith(("positive", "gamma"))
        arrays[name] = mx.nd.array(rng.uniform(0.5, 1.5, shape) if positive else rng.normal(0, 1, shape))
    auxiliary = {
        name: mx.nd.array(rng.uniform(0.5, 1.5, shape) if name.endswith("var") else rng.normal(0, 0.3, shape))
        for name, shape in zip(symbol.list_auxiliary_states(), states, strict=True)
    }
    bound = symbol.bind(mx.cpu(), dict(arrays), aux_states=dict(auxiliary), grad_req="null")
    outputs = bound.forward(is_train=False)
    inputs = {name: arrays.pop(name) for name in shapes}
    for label in [name for name in arrays if name.endswith("label")]:
        del arrays[label]
    return inputs, arrays, auxiliary, outputs


def cases() -> dict[str, tuple[S.Symbol, dict[str, tuple[int, ...]]]]:  # noqa: C901, PLR0912, PLR0915 - a table
    """Single operators, each with the shapes of its inputs."""
    x, y, p = S.Variable("x"), S.Variable("y"), S.Variable("positive")
    image = {"x": (2, 4, 9, 8)}
    pair = {"x": (2, 4, 5), "y": (2, 4, 5)}
    found = {}

    def add(name: str, symbol: S.Symbol, shapes: dict[str, tuple[int, ...]]) -> None:
        found[name] = (symbol, shapes)

    for name, options in {
        "plain": {"kernel": (3, 3)},
        "strided": {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0), "dilate": (1, 2)},
        "grouped": {"kernel": (3, 3), "num_group": 2, "no_bias": True},
        "depthwise": {"kernel": (3, 3), "num_group": 4, "pad": (1, 1)},
    }.items():
        add(f"convolution-{name}", S.Convolution(x, num_filter=4, name="op", **options), image)
    add("convolution-1d", S.Convolution(x, num_filter=3, kernel=(3,), stride=(2,), name="op"), {"x": (2, 4, 11)})
    add("convolution-3d", S.Convolution(x, num_filter=3, kernel=(2, 3, 2), name="op"), {"x": (1, 2, 4, 5, 4)})
    for name, options in {
        "plain": {"kernel": (3, 3)},
        "strided": {"kernel": (4, 4), "stride": (2, 2), "pad": (1, 1), "no_bias": False},
        "adjusted": {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1), "adj": (1, 1)},
        "target": {"kernel": (4, 4), "stride": (2, 2), "target_shape": (17, 16)},
        "grouped": {"kernel": (2, 2), "num_group": 2},
    }.items():
        add(f"deconvolution-{name}", S.Deconvolution(x, num_filter=4, name="op", **options), image)
    add("dense", S.FullyConnected(x, num_hidden=5, name="op"), image)
    add("dense-no-bias", S.FullyConnected(x, num_hidden=5, no_bias=True, name="op"), {"x": (2, 7)})
    add("dense-last-axis", S.FullyConnected(x, num_hidden=5, flatten=False, name="op"), {"x": (2, 3, 7)})
    add("dense-last-axis-no-bias", S.FullyConnected(x, num_hidden=5, flatten=False, no_bias=True), {"x": (2, 3, 7)})
    add("batch-norm-defaults", S.BatchNorm(x, name="op"), image)
    add("batch-norm-gamma", S.BatchNorm(x, fix_gamma=False, eps=1e-5, name="op"), image)
    add("batch-norm-dense", S.BatchNorm(x, fix_gamma=False, name="op"), {"x": (2, 6)})
    add("batch-norm-last-axis", S.BatchNorm(x, fix_gamma=False, axis=-1, name="op"), image)
    add("batch-norm-last-axis-fixed", S.BatchNorm(x, axis=3, name="op"), image)
    add("batch-norm-global", S.BatchNorm(x, use_global_stats=True, name="op"), image)
    add("instance-norm", S.InstanceNorm(x, name="op"), image)
    add("layer-norm", S.LayerNorm(x, name="op"), {"x": (2, 3, 8)})
    add("layer-norm-axis", S.LayerNorm(x, axis=1, eps=1e-3, name="op"), {"x": (2, 3, 8)})
    add("lrn", S.LRN(x, nsize=3, alpha=0.1, beta=0.6, knorm=1.5), image)
    add("lrn-defaults", S.LRN(x, nsize=3), image)
    for mode in ("instance", "channel", "spatial"):
        add(f"l2-{mode}", S.L2Normalization(x, mode=mode), image)
    for kind in ("max", "avg", "sum", "lp"):
        extra = {"p_value": 2} if kind == "lp" else {}
        for convention in ("valid", "full"):
            for counted in (True, False) if kind == "avg" else (True,):
                options = {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 0), "pool_type": kind, **extra}
                options |= {"pooling_convention": convention, "count_include_pad": counted}
                add(f"pooling-{kind}-{convention}-{'all' if counted else 'real'}", S.Pooling(x, **options), image)
        add(f"pooling-{kind}-global", S.Pooling(x, kernel=(5, 5), global_pool=True, pool_type=kind, **extra), image)
    add("pooling-defaults", S.Pooling(x, kernel=(2, 2)), image)
    add("pooling-1d", S.Pooling(x, kernel=(2,), stride=(2,), pool_type="avg"), {"x": (2, 3, 9)})
    add("pooling-full-even", S.Pooling(x, kernel=(2, 2), stride=(2, 2), pooling_convention="full"), {"x": (1, 2, 7, 8)})
    for kind in ("relu", "sigmoid", "tanh", "softrelu", "softsign"):
        add(f"activation-{kind}", S.Activation(x, act_type=kind), {"x": (2, 7)})
    for kind in ("leaky", "elu", "selu", "gelu", "prelu", "rrelu"):
        add(f"leaky-{kind}", S.LeakyReLU(x, act_type=kind, name="op")[0], image)
    add("leaky-slope", S.LeakyReLU(x, slope=0.03), image)
    add("clip", S.clip(x, a_min=-0.5, a_max=0.75), image)
    add("softmax", S.softmax(x), {"x": (2, 4, 5)})
    add("softmax-axis-temperature", S.softmax(x, axis=1, temperature=2.5), {"x": (2, 4, 5)})
    add("log-softmax", S.log_softmax(x), {"x": (2, 5)})
    add("softmax-activation", S.SoftmaxActivation(x), {"x": (2, 5)})
    add("softmax-activation-channel", S.SoftmaxActivation(x, mode="channel"), image)
    add("softmax-output", S.SoftmaxOutput(x, name="out"), {"x": (2, 5)})
    add("softmax-output-flat", S.SoftmaxOutput(x, name="out"), {"x": (2, 3, 4)})
    add("softmax-output-multi", S.SoftmaxOutput(x, multi_output=True, name="out"), {"x": (2, 3, 4)})
    add("softmax-output-last", S.SoftmaxOutput(x, preserve_shape=True, name="out"), {"x": (2, 3, 4)})
    add("logistic-output", S.LogisticRegressionOutput(x, name="out"), {"x": (2, 5)})
    add("linear-output", S.LinearRegressionOutput(x, name="out"), {"x": (2, 5)})
    for name in (
        "relu",
        "sigmoid",
        "tanh",
        "softsign",
        "exp",
        "abs",
        "negative",
        "square",
        "floor",
        "ceil",
        "erf",
        "sin",
        "cos",
    ):
        add(f"unary-{name}", getattr(S, name)(x), {"x": (2, 7)})
    for name in ("log", "sqrt", "rsqrt", "reciprocal"):
        add(f"unary-{name}", getattr(S, name)(p), {"positive": (2, 7)})
    add("pass-through", S.BlockGrad(S.identity(S.Dropout(x))), {"x": (2, 7)})
    add("cast", S.Cast(x, dtype="float32"), {"x": (2, 7)})
    add("equal-add", x + y, pair)
    add("equal-sub", x - y, pair)
    add("equal-mul", x * y, pair)
    add("equal-div", x / p, {"x": (2, 4), "positive": (2, 4)})
    add("equal-maximum", S.maximum(x, y), pair)
    add("equal-minimum", S.minimum(x, y), pair)
    add("equal-power", p**y, {"positive": (2, 4), "y": (2, 4)})
    add("add-n", S.add_n(x, y, x), pair)
    for name in ("add", "sub", "mul", "maximum", "minimum"):
        add(f"broadcast-{name}", getattr(S, f"broadcast_{name}")(x, y), {"x": (2, 4, 5), "y": (2, 1, 5)})
    add("broadcast-div", S.broadcast_div(x, p), {"x": (2, 4), "positive": (2, 1)})
    add("broadcast-power", S.broadcast_power(p, y), {"positive": (2, 4), "y": (2, 1)})
    add("broadcast-parameter", S.broadcast_mul(x, S.Variable("scale")), {"x": (2, 4)} | {"scale": (1, 4)})
    for name, symbol in {
        "plus": x + 1.5,
        "minus": x - 1.5,
        "rminus": 1.5 - x,
        "mul": x * -2,
        "div": x / 3,
        "maximum": S.maximum(x, 0.2),
        "minimum": S.minimum(x, 0.2),
    }.items():
        add(f"scalar-{name}", symbol, {"x": (2, 7)})
    add("scalar-rdiv", 3 / p, {"positive": (2, 7)})
    add("scalar-power", p**1.5, {"positive": (2, 7)})
    add("scalar-rpower", 2.0**x if hasattr(x, "__rpow__") else S._internal._rpower_scalar(x, scalar=2.0), {"x": (2, 7)})
    for name, options in {
        "mean": {"axis": (2, 3)},
        "sum": {"axis": 1, "keepdims": True},
        "max": {"axis": (0, 1), "exclude": True},
        "min": {"axis": -1},
        "prod": {"axis": 2},
        "mean-kept": {"axis": (1, 2, 3), "keepdims": True},
    }.items():
        add(f"reduce-{name}", getattr(S, name.split("-")[0])(x, **options), image)
    add("flatten", S.Flatten(x), image)
    add("reshape", S.Reshape(x, shape=(0, 2, -1)), image)
    add("reshape-batch", S.Reshape(x, shape=(-1, 36, 8)), image)
    add("reshape-fold", S.Reshape(S.Reshape(x, shape=(-1, 8)), shape=(-1, 288)), image)
    add("transpose", S.transpose(x, axes=(0, 2, 3, 1)), image)
    add("swap-axes", S.SwapAxis(x, dim1=1, dim2=3), image)
    add("expand", S.expand_dims(x, axis=2), image)
    add("squeeze", S.squeeze(S.expand_dims(x, axis=2), axis=2), image)
    add("squeeze-all", S.squeeze(x), {"x": (2, 4, 1, 1)})
    add("concat", S.Concat(x, y, x), {"x": (2, 3, 4), "y": (2, 1, 4)})
    add("concat-axis", S.Concat(x, y, dim=2), {"x": (2, 3, 4), "y": (2, 3, 1)})
    add("split", S.Group(list(S.SliceChannel(x, num_outputs=2))), image)
    add("split-squeezed", S.SliceChannel(x, num_outputs=8, axis=3, squeeze_axis=True)[2], image)
    add("slice-axis", S.slice_axis(x, axis=1, begin=1, end=None), image)
    add("slice-axis-negative", S.slice_axis(x, axis=-1, begin=-5, end=-1), image)
    add("slice", S.slice(x, begin=(None, 1, 0, 2), end=(None, 3, 8, None), step=(None, 1, 3, 2)), image)
    add("pad", S.Pad(x, mode="constant", pad_width=(0, 0, 0, 0, 1, 2, 3, 0), constant_value=0.5), image)
    add("pad-edge", S.Pad(x, mode="edge", pad_width=(0, 0, 0, 0, 1, 2, 3, 0)), image)
    add("pad-reflect", S.Pad(x, mode="reflect", pad_width=(0, 0, 0, 0, 1, 2, 3, 0)), image)
    add("upsampling", S.UpSampling(x, scale=2, sample_type="nearest"), image)
    small = image | {"y": (2, 3, 5, 4)}
    add("crop-size", S.Crop(x, num_args=1, h_w=(4, 3), offset=(2, 1)), image)
    add("crop-like", S.Crop(x, y, num_args=2, offset=(1, 3)), small)
    add("crop-middle", S.Crop(x, y, num_args=2, center_crop=True), small)
    add("slice-like", S.slice_like(x, y, axes=(2, -1)), small)
    add("slice-like-all", S.slice_like(x, y), small)
    for name, options in {"one": {}, "even": {"output_size": (3, 4)}, "overlapping": {"output_size": (5, 7)}}.items():
        add(f"adaptive-pooling-{name}", S.contrib.AdaptiveAvgPooling2D(x, **options), image)
    for name, options in {
        "larger": {"height": 14, "width": 11},
        "smaller": {"height": 4, "width": 3},
        "not-aligned": {"height": 14, "width": 11, "align_corners": False},
        "not-aligned-smaller": {"height": 4, "width": 3, "align_corners": False},
        "one-row": {"height": 1, "width": 5},
        "scaled": {"scale_height": 1.3, "scale_width": 0.7},
        "odd": {"mode": "odd_scale", "scale_height": 2.5, "scale_width": 0.7},
        **{mode: {"mode": mode} for mode in ("to_even_down", "to_even_up", "to_odd_down", "to_odd_up")},
    }.items():
        add(f"resize-{name}", S.contrib.BilinearResize2D(x, **options), image)
    add("resize-like", S.contrib.BilinearResize2D(x, y, mode="like"), small)
    for kind in ("max", "avg", "sum"):
        options = {"kernel": (3,), "stride": (2,), "pad": (0, 0, 0), "pooling_convention": "same", "pool_type": kind}
        add(f"pooling-{kind}-same", S.Pooling(x, **options), {"x": (2, 3, 8)})
    return found


def operators(folder: Path) -> None:
    """All cases in two files: the symbols by name, and the arrays as `<case>/arg:<name>` and so on."""
    symbols, arrays = {}, {}
    for number, (name, (symbol, shapes)) in enumerate(cases().items()):
        inputs, arguments, auxiliary, outputs = evaluate(symbol, shapes, seed=number)
        symbols[name] = json.loads(symbol.tojson())
        arrays |= {f"{name}/arg:{key}": array for key, array in arguments.items()}
        arrays |= {f"{name}/aux:{key}": array for key, array in auxiliary.items()}
        arrays |= {f"{name}/input:{key}": array for key, array in inputs.items()}
        arrays |= {f"{name}/output:{index}": array for index, array in enumerate(outputs)}
    texts = {name: json.dumps(symbol, separators=(",", ":")) for name, symbol in symbols.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {text}" for name, text in texts.items())
    (folder / "operators.json").write_text(f"{{\n{lines}\n}}\n")
    mx.nd.save(str(folder / "operators.params"), arrays)


def array_files(folder: Path) -> None:
    """Array files: each element type, sparse storage, and NumPy's shapes (format V3)."""
    kinds = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool")
    arrays = {kind: mx.nd.array(np.arange(6).reshape(2, 3), dtype=kind) for kind in kinds}
    mx.nd.save(str(folder / "dtypes.params"), arrays)
    dense = np.zeros((6, 3), np.float32)
    dense[[1, 4]] = [[1, 2, 3], [4, 5, 6]]
    mx.nd.save(str(folder / "row-sparse.params"), {"arg:w": mx.nd.array(dense).tostype("row_sparse")})
    mx.nd.save(str(folder / "csr.params"), {"arg:w": mx.nd.array(dense).tostype("csr")})
    mx.nd.save(str(folder / "unnamed.params"), [mx.nd.ones((2, 2))])
    mx.npx.set_np()
    try:
        arrays = {"scalar": mx.np.array(2.5), "empty": mx.np.zeros((0, 3)), "matrix": mx.np.arange(6).reshape(2, 3)}
        mx.npx.save(str(folder / "numpy-shapes.params"), arrays)
    finally:
        mx.npx.reset_np()
