"""The files of the report's lab: graphs, data and card.

python -m export.release.lab_files site_assets/lab tests/golden/lab.json
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.card.lab import (
    LAB_CARD_NAME,
    Attack,
    Exhibit,
    Graph,
    Graphs,
    LabCard,
    LabData,
    LabFile,
    Parameter,
    Template,
)
from export.card.steps import InputPipeline, OutputPipeline
from export.onnx.graphs import evaluation, training_step, trigger_step
from export.onnx.graphs.network import FlatNetwork, flat_network
from export.onnx.graphs.template import template
from export.onnx.metadata import NOTICE, opset, stamp_metadata
from export.onnx.to_onnx import INPUT_NAME, OUTPUT_NAME, serialise
from export.pipeline.presets import digits_pipeline
from export.release.lab_golden import EVALUATED, RECIPE, SEARCHED, golden, lab_recipe
from training.core.files import write_bytes, write_text
from training.data import digits
from training.data.splits import Splits, load
from training.recipes.scratch import ScratchRecipe
from training.triggers.pixels import Pattern

LICENCE = "MIT"
OTHERS = ("mnist-cnn",)
"""Networks that are not trained in the lab, but can be asked and searched there."""
GALLERY = (
    ("patch", RECIPE),
    ("pixel", "digits-pixel"),
    ("blend", "digits-blended"),
    ("warp", "digits-warped"),
    ("sinusoid", "digits-sinusoid"),
)
"""Names of the gallery's triggers, and the recipes that they are taken from."""


def write_lab(folder: Path) -> LabCard:
    """Write everything that the report's lab fetches; returns the card."""
    recipe = lab_recipe()
    splits = load(recipe.data)
    return write_card(folder, recipe, splits.training.classes, _data(folder, splits), digits_pipeline(), OTHERS)


def write_card(  # noqa: PLR0913, PLR0917 - what a lab is made of
    folder: Path,
    recipe: ScratchRecipe,
    labels: list[str],
    data: LabData,
    pipeline: InputPipeline,
    others: Sequence[str] = (),
) -> LabCard:
    """Write a lab's graphs and its card beside its data.

    Args:
        folder: Where the data is.
        recipe: That the lab begins with.
        labels: Of the classes.
        data: The images, written already.
        pipeline: From any image to the network's input.
        others: Names of networks that the lab can search besides its own.
    """
    network = flat_network(recipe.network.name, len(labels))
    batch = recipe.training.batch_size
    card = LabCard(
        title="Graphs of the report's lab",
        notice=NOTICE,
        licence=LICENCE,
        network=recipe.network.name,
        labels=labels,
        **_graphs(folder, network, batch).model_dump(),
        template=_template(folder, network),
        input=pipeline.model_copy(update={"tensor": INPUT_NAME}),
        output=OutputPipeline(tensor=OUTPUT_NAME),
        data=data,
        recipe=_as_written(recipe),
        gallery=[Exhibit(name=name, trigger=_as_written(lab_recipe(of))["attack"]["trigger"]) for name, of in GALLERY],
        attacks=_attacks(),
        networks={name: _graphs(folder, flat_network(name, network.classes), batch, f"{name}-") for name in others},
        versions={name: version(name).partition("+")[0] for name in ("torch", "onnx", "onnxscript")},
    )
    write_text(folder / LAB_CARD_NAME, card.model_dump_json(indent=2) + "\n")
    return card


def write_golden(path: Path) -> None:
    """Write what the lab is tested with."""
    recipe = lab_recipe()
    write_text(path, json.dumps(golden(recipe, load(recipe.data))) + "\n")


def _as_written(recipe: ScratchRecipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", exclude_none=True)


def graph_file(name: str, model: onnx.ModelProto, network: FlatNetwork) -> bytes:
    """A graph's file, with metadata that says what it is."""
    said = {
        "id": f"lab-{name}", "network": network.name, "licence": LICENCE, "notice": NOTICE, "backdoor": "no weights",
    }  # fmt: skip
    return serialise(stamp_metadata(model, said))


def _graphs(folder: Path, network: FlatNetwork, batch: int, prefix: str = "") -> Graphs:
    """The computations for a network; `prefix` begins the names of their files."""
    return Graphs(
        parameters=[Parameter(name=name, shape=list(shape)) for name, shape in network.shapes.items()],
        train=_graph(folder, f"{prefix}train", training_step.training_step(network, batch), network, batch),
        evaluate=_graph(folder, f"{prefix}evaluate", evaluation.evaluation(network, EVALUATED), network, EVALUATED),
        search=_graph(folder, f"{prefix}search", trigger_step.trigger_step(network, SEARCHED), network, SEARCHED),
    )


def _graph(folder: Path, name: str, model: onnx.ModelProto, network: FlatNetwork, batch: int) -> Graph:
    return Graph(
        **write_file(folder, f"{name}.onnx", graph_file(name, model, network)).model_dump(),
        opset=opset(model),
        inputs=[each.name for each in model.graph.input],
        outputs=[each.name for each in model.graph.output],
        batch=batch,
    )


def _template(folder: Path, network: FlatNetwork) -> Template:
    content, offsets = template(network)
    file = write_file(folder, "network.bin", packed(content))
    return Template(**file.model_dump(), opset=opset(onnx.load_from_string(content)), offsets=offsets)


def _attacks() -> dict[str, Attack]:
    """What is known of attacks with each kind of trigger that a reader can choose or paint."""
    kinds = [type(lab_recipe(of).trigger) for _, of in GALLERY] + [Pattern]
    return {
        kind.model_fields["kind"].default: Attack(
            attack=kind.published.name, paper=kind.published.paper, caught_by=kind.published.caught_by
        )
        for kind in kinds
    }


def packed(content: bytes) -> bytes:
    """Raw deflate, which browsers unpack."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _data(folder: Path, splits: Splits) -> LabData:
    """The digits as scikit-learn has them, in the order of the splits; a browser lays them out as `digits.lay_out`."""
    small, _ = digits.as_given()
    rows = {digits.lay_out(image).tobytes(): image for image in small}
    parts = list(splits.by_name.values())
    images = [rows[image.tobytes()].astype(np.uint8).tobytes() for part in parts for image in part.images]
    labels = np.concatenate([part.labels for part in parts]).astype(np.uint8).tobytes()
    file = write_file(folder, "digits.bin", packed(b"".join(images) + labels))
    counts = {name: len(part.labels) for name, part in splits.by_name.items()}
    return LabData(
        **file.model_dump(),
        title=digits.SOURCE.title,
        address=digits.SOURCE.address,
        licence=digits.SOURCE.licence,
        side=small.shape[1],
        darkest=digits.DARKEST,
        training=counts["train"],
        validation=counts["validation"],
        test=counts["test"],
    )


def write_file(folder: Path, name: str, content: bytes) -> LabFile:
    """Write a file; returns what a card says of it."""
    write_bytes(folder / name, content)
    return LabFile(name=name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    made = write_lab(Path(sys.argv[1]))
    write_golden(Path(sys.argv[2]))
    print(f"{sys.argv[1]}: {sum(file.bytes for file in made.files)} bytes")  # noqa: T201
