from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner, Result

from export.cli.main import app
from export.onnx.agreement import TOLERANCE
from export.onnx.session import open_session
from tests.export.mxnet.cases import VECTORS, difference, network

SYMBOL, PARAMETERS = (str(VECTORS / f"mobilenetv2-trained-{end}") for end in ("symbol.json", "0000.params"))
INPUT = ("--input", "data=1,3,32,32")


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["convert-mxnet", *map(str, arguments)])


@pytest.mark.parametrize(("option", "limit"), [((), TOLERANCE), (("--float16",), 0.02), (("--int8",), 0.2)])
def test_a_checkpoint_becomes_a_file_that_answers_as_it_did(
    option: tuple[str, ...], limit: float, tmp_path: Path
) -> None:
    out = tmp_path / "net.onnx"
    done = command(SYMBOL, PARAMETERS, out, *INPUT, *option)
    assert done.exit_code == 0, done.stderr
    assert "input data: batch x 3 x 32 x 32" in done.stderr
    assert "155 MXNet operators" in done.stdout
    case = network("mobilenetv2-trained")
    assert difference(open_session(out).run(None, dict(case.inputs)), case.outputs) < limit
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


def test_fewer_bits_make_smaller_files(tmp_path: Path) -> None:
    sizes = {}
    for option in ("", "--float16", "--int8"):
        done = command(SYMBOL, PARAMETERS, tmp_path / "net.onnx", *INPUT, *filter(None, [option]))
        assert done.exit_code == 0
        assert bool(option) == ("change the answer to a random input by" in done.stderr)
        sizes[option] = (tmp_path / "net.onnx").stat().st_size
    assert sizes["--int8"] < sizes["--float16"] < sizes[""]


def test_a_converted_network_takes_photos_of_any_size(tmp_path: Path) -> None:
    done = command(SYMBOL, PARAMETERS, tmp_path / "net.onnx", *INPUT, "--any-size")
    assert done.exit_code == 0, done.stderr
    assert "input data: batch x 3 x height x width" in done.stderr
    (answer,) = open_session(tmp_path / "net.onnx").run(None, {"data": np.zeros((1, 3, 71, 40), np.float32)})
    assert answer.shape == (1, 4)


def test_an_assumed_shape_is_said(tmp_path: Path) -> None:
    done = command(SYMBOL, PARAMETERS, tmp_path / "net.onnx")
    assert "batch x 3 x 224 x 224 (assumed; --input data=... says otherwise)" in done.stderr


def test_an_assumed_shape_that_does_not_fit_is_said_to_be_assumed(tmp_path: Path) -> None:
    small = [str(VECTORS / f"lenet-{end}") for end in ("symbol.json", "0000.params")]
    done = command(*small, tmp_path / "net.onnx")
    assert done.exit_code == 1
    assert "data=1,1,224,224 was assumed" in done.stderr


def test_labels_and_opset_are_kept_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("one\ntwo\nthree\nfour\n")
    out = tmp_path / "net.onnx"
    done = command(SYMBOL, PARAMETERS, out, *INPUT, "--labels", tmp_path / "labels.txt", "--opset", 13)
    assert done.exit_code == 0, done.stderr
    model = onnx.load(out)
    assert model.opset_import[0].version == 13
    assert json.loads(model.metadata_props[0].value) == ["one", "two", "three", "four"]


def failing(tmp_path: Path, kind: str) -> tuple[list[object], str]:  # noqa: PLR0911 - a table
    """Arguments that must fail, and what must be said."""
    out = tmp_path / "net.onnx"
    symbol, parameters = tmp_path / "s.json", tmp_path / "p.params"
    if kind == "operator":
        symbol.write_text(Path(SYMBOL).read_text().replace('"op": "Flatten"', '"op": "ROIPooling"'))
        return [symbol, PARAMETERS, out], "no conversion is known for ROIPooling (node 'mobilenetv20_output_flatten0"
    if kind == "cut":
        parameters.write_bytes(Path(PARAMETERS).read_bytes()[:1000])
        return [SYMBOL, parameters, out, *INPUT], "p.params: byte "
    if kind == "missing":
        return [tmp_path / "none.json", PARAMETERS, out], "none.json: cannot read the symbol: No such file"
    if kind == "other":
        return [VECTORS / "mlp-symbol.json", PARAMETERS, out], "of the symbol's parameters are missing"
    if kind == "input":
        return [SYMBOL, PARAMETERS, out, "--input", "data=1,4,32,32"], "node 'mobilenetv20_features_conv0_fwd'"
    if kind == "labels":
        (tmp_path / "two.txt").write_text("a\nb\n")
        return [SYMBOL, PARAMETERS, out, *INPUT, "--labels", tmp_path / "two.txt"], "there are 2 labels"
    return [SYMBOL, PARAMETERS, out, "--opset", "9"], "opset 9 cannot be written; 13 to 23 can"


@pytest.mark.parametrize("kind", ["operator", "cut", "missing", "other", "input", "labels", "opset"])
def test_a_mistake_is_one_line_and_leaves_the_file_as_it_was(kind: str, tmp_path: Path) -> None:
    arguments, message = failing(tmp_path, kind)
    (tmp_path / "net.onnx").write_text("the file before")
    done = command(*arguments)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert (tmp_path / "net.onnx").read_text() == "the file before"
    assert not list(tmp_path.glob(".*.new"))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", "this is a folder"),
        ("pipe", "this is not an ordinary file"),
        ("net-symbol.json", "one of the checkpoint's own"),
    ],
)
def test_what_stands_in_the_outputs_place_stays_what_it_is(
    out: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")  # a device is refused alike: for all programs /dev/null would be a file
    Path("net-symbol.json").write_bytes(Path(SYMBOL).read_bytes())
    done = command("net-symbol.json", PARAMETERS, out)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr
    assert Path("pipe").is_fifo()
    assert Path("net-symbol.json").read_bytes() == Path(SYMBOL).read_bytes()


@pytest.mark.parametrize(
    "options", [("--int8", "--float16"), ("--input", "data"), ("--input", "data=0,3"), ("--input", "=1")]
)
def test_wrong_usage_exits_with_2(options: tuple[str, ...], tmp_path: Path) -> None:
    assert command(SYMBOL, PARAMETERS, tmp_path / "net.onnx", *options).exit_code == 2


def test_the_answers_of_the_vectors_differ_from_class_to_class() -> None:
    assert np.array_equal(network("mobilenetv2-trained").outputs[0].argmax(1), [0, 1, 2, 3])
