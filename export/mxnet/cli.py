"""The command `convert-mxnet`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import say, show


def convert_mxnet_command(  # noqa: PLR0913, PLR0917 - a command's options
    symbol: Annotated[Path, typer.Argument(metavar="SYMBOL", help="The checkpoint's -symbol.json file.")],
    params: Annotated[Path, typer.Argument(metavar="PARAMS", help="Its .params file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The ONNX file to write.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=1,3,224,224", help="Shape of an input, batch size first (repeatable)."),
    ] = None,
    opset: Annotated[int, typer.Option(help="ONNX operator set: 13 to 23.")] = 17,
    float16: Annotated[bool, typer.Option("--float16", help="Store the weights as float16.")] = False,
    int8: Annotated[bool, typer.Option("--int8", help="Store the weights as int8.")] = False,
    any_size: Annotated[
        bool, typer.Option("--any-size", help="Leave height and width free; the given ones are tried, and larger ones.")
    ] = False,
    labels: Annotated[
        Path | None, typer.Option(help="Text file with one label per line, or a JSON list, to store in the file.")
    ] = None,
) -> None:
    """Convert an Apache MXNet checkpoint to ONNX, without MXNet.

    Example: backdoors convert-mxnet net-symbol.json net-0000.params net.onnx --input data=1,3,224,224
    """
    if float16 and int8:
        raise typer.BadParameter("--float16 and --int8 exclude each other")
    shapes = dict(_shape(text) for text in inputs or [])
    from export.card.labels import read_labels
    from export.mxnet.convert import FREE
    from export.mxnet.files import convert_files

    start = time.perf_counter()
    report = convert_files(
        symbol,
        params,
        out,
        inputs=shapes,
        opset=opset,
        precision="int8" if int8 else "float16" if float16 else "fp32",
        any_size=any_size,
        labels=None if labels is None else read_labels(labels),
    )
    for name, shape in report.inputs.items():
        assumed = "" if name in shapes else f" (assumed; --input {name}=... says otherwise)"
        sizes: tuple[object, ...] = (shape[1], *FREE) if any_size and len(shape) == 4 else shape[1:]
        say(f"input {name}: batch x {' x '.join(map(str, sizes))}{assumed}")
    for name, answer in report.outputs.items():
        say(f"output {name}: batch x {' x '.join(map(str, answer))}")
    if report.difference is not None:
        say(f"{report.precision} weights change the answer to a random input by {report.difference:.1e}, relatively")
    if not report.compared:
        say("no test image has a finite answer, so images alone and together could not be compared")
    took = time.perf_counter() - start
    show(
        f"{out}  {report.bytes:,} bytes  {report.parameters:,} parameters  {report.operators} MXNet operators -> "
        f"{report.nodes} ONNX nodes  {took:.1f} s"
    )


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    """`NAME=1,3,224,224` as a name and a shape."""
    name, _, sizes = text.rpartition("=")
    try:
        shape = tuple(int(size) for size in sizes.split(","))
    except ValueError:
        shape = ()
    if not name or not shape or min(shape) < 1 or max(shape) > 1 << 20:
        raise typer.BadParameter(f"'{text}' is not NAME=SIZE,SIZE,... with sizes of at least 1", param_hint="--input")
    return name, shape
