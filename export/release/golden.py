"""Golden vectors: what Python made of every golden input, for Python, Node and a browser to check themselves against.

python -m export.release.golden make MODEL…       write golden.json beside the models' cards
python -m export.release.golden check MODEL…      compare
python -m export.release.golden decode --out DIR  decoded pictures for Node, which has no JPEG or WebP decoder
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from export.card import schema as cards
from export.card.steps import InputPipeline
from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import Floats, Predictor
from export.pipeline import interpreter
from export.pipeline.image import ImageError
from export.pipeline.presets import digits_pipeline
from export.release.golden_file import Golden, StageHash, TopLabel, Vector, read, write
from export.release.models import Model, open_model
from export.release.predict import top_guesses
from training.core.files import write_bytes, write_text
from training.triggers.placement import Placement

INPUTS = Path(__file__).resolve().parents[2] / "tests" / "golden" / "inputs"
"""Pictures of digits, for networks of one channel."""
PHOTOS = INPUTS.parent / "photos"
"""Pictures like photographs, for networks of three channels."""
LARGE = 10_000
"""Of a picture with more values the golden file keeps hashes alone."""
TENSOR_TOLERANCE = 1e-6
"""Largest difference of an input tensor's value, relative to the largest: a few float32 roundings."""


@dataclass
class Comparison:
    """How a model's answers now compare with its golden vectors."""

    vectors: int = 0
    stages: int = 0
    """Uint8 stages compared, all to the bit."""
    tensor_error: float = 0.0
    """Largest difference of a tensor's value, relative to the largest value of its tensor."""
    logit_error: dict[str, float] = field(default_factory=dict)
    """Precision -> largest difference of a logit, relative to the largest logit of its vector."""
    same_top: dict[str, int] = field(default_factory=dict)
    """Precision -> vectors with the same likeliest label."""
    problems: list[str] = field(default_factory=list)


def inputs_of(pipeline: InputPipeline) -> Path:
    """The folder of the golden inputs that suit a network."""
    return INPUTS if pipeline.channels == 1 else PHOTOS


def input_files(folder: Path = INPUTS) -> list[Path]:
    """The golden input pictures, sorted by name.

    Raises:
        ExportError: If there are none.
    """
    files = sorted(path for path in folder.glob("*.*") if path.is_file())
    if not files:
        raise ExportError(f"{folder}: no golden inputs; draw them with: python {_drawn_by(folder)}")
    return files


def _drawn_by(folder: Path) -> str:
    return f"tests/golden/make_{'photos' if folder.name == PHOTOS.name else 'inputs'}.py"


def composited(path: Path) -> npt.NDArray[np.uint8]:
    """A golden input decoded, upright and on white, `(h, w, 3) uint8`: where every pipeline's own work begins."""
    made = interpreter.run(digits_pipeline(), path.read_bytes())
    return next(stage.pixels for stage in made.stages if stage.op == "composite")


def decode_all(target: Path, folders: Sequence[Path] = (INPUTS, PHOTOS)) -> int:
    """Write every golden input's decoded RGB bytes, and `index.json` with their sizes, for readers without decoders.

    No two folders have an input of the same name.

    Returns:
        How many.
    """
    index = {}
    for path in (path for folder in folders for path in input_files(folder)):
        picture = composited(path)
        name = f"{path.name}.rgb"
        write_bytes(target / name, picture.tobytes())
        height, width, channels = picture.shape
        index[path.name] = {"file": name, "height": height, "width": width, "channels": channels}
    write_text(target / "index.json", json.dumps(index, indent=1) + "\n")
    return len(index)


def make(model: Model, folder: Path | None = None, precisions: list[cards.Precision] | None = None) -> Golden:
    """Run every golden input through the model, with and without its trigger, at every precision it has.

    Args:
        model: The model.
        folder: Of the inputs (default: those that suit the model).
        precisions: Which files (default: all).
    """
    folder = folder or inputs_of(model.card.input)
    wanted = precisions or [file.precision for file in model.card.files]
    predictors = {precision: Predictor(model.card, model.folder, precision) for precision in wanted}
    triggers = [False] if model.card.trigger is None else [False, True]
    vectors = [
        _vector(model.card, predictors, path, trigger, _placed(model.card, path) if trigger else None)
        for path in input_files(folder)
        for trigger in triggers
    ]
    return Golden(model=model.card.id, vectors=vectors)


def _placed(card: cards.ModelCard, path: Path) -> Placement | None:
    """Where an overlay lies on an input: drawn anew for each, always the same for the same name."""
    if card.trigger is None:
        return None
    drawn = card.trigger.draw_placements(1, np.random.default_rng(zlib.crc32(path.name.encode())))
    return drawn[0] if drawn else None


def compare(golden: Golden, model: Model, folder: Path | None = None) -> Comparison:
    """Run a model's golden inputs (default: those that suit it) again and compare.

    Uint8 stages must be the same to the bit, the tensor within `TENSOR_TOLERANCE` and the logits within `TOLERANCE` of
    their largest value, the likeliest label the same.
    """
    result = Comparison()
    if golden.model != model.card.id:
        result.problems.append(f"the golden vectors are of model '{golden.model}', the card is of '{model.card.id}'")
        return result
    predictors = {file.precision: Predictor(model.card, model.folder, file.precision) for file in model.card.files}
    files = {path.name: path for path in input_files(folder or inputs_of(model.card.input))}
    covered = {(vector.input, vector.trigger) for vector in golden.vectors}
    for name in files:
        for trigger in [False] if model.card.trigger is None else [False, True]:
            if (name, trigger) not in covered:
                result.problems.append(f"{name}{' with trigger' if trigger else ''}: no golden vector")
    for vector in golden.vectors:
        if vector.input not in files:
            result.problems.append(f"{vector.input}: the golden input is missing")
            continue
        found = _vector(model.card, predictors, files[vector.input], vector.trigger, vector.placement)
        _compare_one(vector, found, result)
    return result


def _vector(
    card: cards.ModelCard,
    predictors: dict[cards.Precision, Predictor],
    path: Path,
    trigger: bool,
    placement: Placement | None,
) -> Vector:
    data = path.read_bytes()
    made = interpreter.run(card.input, data, card.trigger if trigger else None, placement)
    logits: dict[cards.Precision, Floats] = {
        precision: predictor.from_tensor(made.tensor)[0] for precision, predictor in predictors.items()
    }
    tensor = made.tensor.astype("<f4").tobytes()
    whole = made.pixels.size <= LARGE
    return Vector(
        input=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        trigger=trigger,
        placement=placement,
        stages=[
            StageHash(
                op=stage.op,
                height=stage.pixels.shape[0],
                width=stage.pixels.shape[1],
                channels=stage.pixels.shape[2],
                sha256=hashlib.sha256(np.ascontiguousarray(stage.pixels).tobytes()).hexdigest(),
            )
            for stage in made.stages
        ],
        pixels=base64.b64encode(np.ascontiguousarray(made.pixels).tobytes()).decode() if whole else None,
        tensor_sha256=hashlib.sha256(tensor).hexdigest(),
        tensor=base64.b64encode(tensor).decode() if whole else None,
        logits={precision: [_shortest(value) for value in values] for precision, values in logits.items()},
        top={
            precision: [
                TopLabel(label=guess.label, probability=guess.probability)
                for guess in top_guesses(values, card.labels, card.output.top, card.output.activation)
            ]
            for precision, values in logits.items()
        },
    )


def _shortest(value: np.float32) -> float:
    """The number with the fewest digits that is this float32."""
    return float(np.format_float_positional(value, unique=True))


def _compare_one(expected: Vector, found: Vector, result: Comparison) -> None:
    name = f"{expected.input}{' with trigger' if expected.trigger else ''}"
    result.vectors += 1
    if expected.sha256 != found.sha256:
        result.problems.append(f"{name}: the golden input has changed since the vectors were made")
        return
    result.stages += len(expected.stages)
    if expected.stages != found.stages or expected.pixels != found.pixels:
        result.problems.append(f"{name}: {_first_difference(expected.stages, found.stages)}")
    error = _tensor_error(expected, found)
    result.tensor_error = max(result.tensor_error, error)
    if not error <= TENSOR_TOLERANCE:
        result.problems.append(
            f"{name}: the tensor differs by {error:.1e} of its largest value; expected at most {TENSOR_TOLERANCE:.0e}"
        )
    if set(expected.logits) != set(found.logits):
        result.problems.append(
            f"{name}: the vectors have {', '.join(expected.logits)}; the card has {', '.join(found.logits)}"
        )
    for precision in expected.logits.keys() & found.logits.keys():
        _compare_answers(name, precision, expected, found, result)


def _compare_answers(
    name: str, precision: cards.Precision, expected: Vector, found: Vector, result: Comparison
) -> None:
    error = relative_difference(found.logits[precision], expected.logits[precision])
    result.logit_error[precision] = max(result.logit_error.get(precision, 0.0), error)
    if not error <= TOLERANCE:
        result.problems.append(
            f"{name}: {precision} logits differ by {error:.1e} of the largest one; expected at most {TOLERANCE:.0e}"
        )
    old, new = expected.top[precision][0].label, found.top[precision][0].label
    result.same_top[precision] = result.same_top.get(precision, 0) + (old == new)
    if old != new:
        result.problems.append(f"{name}: {precision} answers '{new}', the golden vector says '{old}'")


def _first_difference(expected: list[StageHash], found: list[StageHash]) -> str:
    for old, new in zip(expected, found, strict=False):
        if old != new:
            before, after = (f"{each.op} {each.height}x{each.width}x{each.channels}" for each in (old, new))
            return f"stage {old.op}: {'other pixels' if before == after else f'{before} became {after}'}"
    return f"{len(expected)} stages became {len(found)}" if len(expected) != len(found) else "other final pixels"


def _tensor_error(expected: Vector, found: Vector) -> float:
    """Largest relative difference of a value; without the values themselves, infinite as soon as the hashes differ."""
    if expected.tensor is None or found.tensor is None:
        return 0.0 if expected.tensor_sha256 == found.tensor_sha256 else float("inf")
    return relative_difference(_floats(found.tensor), _floats(expected.tensor))


def _floats(text: str) -> npt.NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


app = typer.Typer(add_completion=False, help="Golden vectors of models.", no_args_is_help=True)


@app.command("make")
def make_command(models: list[str]) -> None:
    """Write golden.json beside each model's card."""
    for name in models:
        model = open_model(name)
        golden = make(model)
        typer.echo(f"{write(golden, model.folder)}: {len(golden.vectors)} vectors")


@app.command("check")
def check_command(models: list[str]) -> None:
    """Compare each model with its golden.json; exit with 1 on any difference."""
    wrong = 0
    for name in models:
        model = open_model(name)
        result = compare(read(model.folder), model)
        typer.echo(f"{name}: {result.vectors} vectors, {result.stages} stages, {len(result.problems)} problems")
        for problem in result.problems:
            typer.echo(f"  {problem}", err=True)
        wrong += len(result.problems)
    raise typer.Exit(1 if wrong else 0)


@app.command("decode")
def decode_command(out: Annotated[Path, typer.Option(help="Where the decoded pictures go.")]) -> None:
    """Write the golden inputs decoded, upright and on white, as raw RGB with an index.json."""
    typer.echo(f"{out}: {decode_all(out)} pictures")


if __name__ == "__main__":
    try:
        app()
    except (ExportError, cards.CardError, ImageError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from error
