"""Check that a model's files, card, ONNX metadata and golden vectors agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import onnx

from export.card import schema as cards
from export.card.parts import part_problem
from export.errors import ExportError
from export.onnx.external import external_files
from export.onnx.loading import load_model, reason
from export.onnx.metadata import browser_problem, essentials, identity, opset, read_metadata
from export.onnx.sandbox import Sandbox
from export.onnx.session import Predictor
from export.pipeline.image import ImageError
from export.release import golden_compare, golden_file
from export.release.models import Model
from export.release.trial import are_probabilities, graph_problem, trial, unreadable


@dataclass(frozen=True)
class Check:
    """One check and its outcome."""

    what: str
    found: str
    """What was compared, with numbers."""
    problems: list[str] = field(default_factory=list)


def verify(model: Model, inputs: Path | None = None, sandbox: Sandbox | None = None) -> list[Check]:
    """Check one model; its card has been read, so it follows the schema.

    Args:
        model: The model.
        inputs: Folder of the golden inputs (default: those that suit the model).
        sandbox: Where its networks run (default: in this process).

    Returns:
        Every check with its problems; the golden vectors are compared only if all files are sound.
    """
    checks = [_card_check(model), *(_file_check(model, file) for file in model.card.files)]
    if any(check.problems for check in checks):
        return checks
    try:
        predictors = {
            file.precision: Predictor(model.card, model.folder, file.precision, sandbox=sandbox)
            for file in model.card.files
        }
        checks += [_answer_check(each) for each in predictors.values()]
    except ExportError as error:
        return [*checks, Check("answers", "could not be had", [str(error)])]
    if all(not check.problems for check in checks):
        checks += _golden_checks(model, inputs, predictors)
    return checks


def _card_check(model: Model) -> Check:
    card = model.card
    problems = []
    if card.id != model.folder.resolve().name:
        problems.append(f"the card's id is '{card.id}', but its folder is '{model.folder.resolve().name}'")
    missing = [file.precision for file in card.files if file.precision not in card.metrics]
    if card.provenance is not None and missing:
        problems.append(f"no metrics for {', '.join(missing)}")
    lying = {path.name for kind in ("*.onnx", "*features.*.bin") for path in model.folder.glob(kind)}
    strangers = lying - {part.name for file in card.files for part in file.parts}
    problems += [f"{name} lies beside the card but is not on it" for name in sorted(strangers)]
    return Check("card", f"schema {card.schema_version}, {len(card.files)} files", problems)


def _file_check(model: Model, file: cards.ModelFile) -> Check:
    found = " + ".join(f"{part.bytes:,} bytes, {part.sha256[:12]}" for part in file.parts)
    problems = [problem for part in file.parts if (problem := part_problem(model.folder, part))]
    return Check(file.precision, found, problems or _onnx_problems(model.card, file, model.folder / file.name))


def _onnx_problems(card: cards.ModelCard, file: cards.ModelFile, path: Path) -> list[str]:
    """Where a file's metadata contradict the card; a file that was not made here may have none."""
    try:
        loaded = load_model(path)
        outside = external_files(loaded)
        if outside != ({file.shared.name} if file.shared else set()):
            found = ", ".join(sorted(outside)) or "no other file"
            return [f"{path}: reads weights from {found}, the card says otherwise"]
        version = opset(loaded)
        wrong = [browser_problem(loaded), graph_problem(loaded.graph, card.output.tensor)]
        problems = [f"{path}: {problem}" for problem in wrong if problem is not None]
        if version != file.opset:
            problems.append(f"{path}: opset {version}, the card says {file.opset}")
        if card.provenance is None:  # of other making: onnxruntime loads more than the checker allows
            return problems
        loaded = load_model(path, weights=True)
    except ExportError as error:
        return [str(error)]
    try:
        onnx.checker.check_model(loaded, full_check=True)
    except Exception as error:  # noqa: BLE001 - the checker raises classes of several libraries
        problems.append(f"{path}: not valid ONNX: {reason(error)}")
    said = read_metadata(loaded)
    for key, value in essentials(identity(card), file.precision).items():
        if said.get(key) != value:
            problems.append(f"{path}: metadata {key} is {said.get(key)!r}, the card says {value!r}")
    return problems


def _answer_check(predictor: Predictor) -> Check:
    """Whether a network answers as its card says."""
    logits = trial(predictor)
    problem = unreadable(predictor, logits)
    problems = [] if problem is None else [problem]
    if predictor.card.output.activation == "softmax" and are_probabilities(logits):
        problems.append("it gives probabilities already, but output.activation is 'softmax'; 'none' is expected")
    return Check(
        f"answers {predictor.precision}", f"{len(logits)} trial images, {logits.shape[1]} values each", problems
    )


def _golden_checks(model: Model, inputs: Path | None, predictors: golden_compare.Predictors) -> list[Check]:
    if model.card.provenance is None and not (model.folder / golden_file.GOLDEN_NAME).is_file():
        return [Check("golden", "none; this model was not trained here")]
    try:
        result = golden_compare.compare(golden_file.read(model.folder), model, inputs, predictors)
    except (ExportError, ImageError) as error:
        return [Check("golden", "could not be compared", [str(error)])]
    checks = [
        Check(
            "golden",
            f"{result.vectors} vectors, {result.stages} stages to the bit, "
            f"tensor within {result.tensor_error:.0e} of its largest value",
            result.problems,
        )
    ]
    for precision, difference in result.logit_error.items():
        same = f"same top-1 on {result.same_top[precision]} of {result.vectors}"
        checks.append(Check(f"golden {precision}", f"logits within {difference:.0e} of the largest, {same}"))
    return checks
