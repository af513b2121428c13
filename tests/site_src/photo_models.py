"""Small models of photographs with cards, made in a moment, for tests and for trying the widget.

`python -m tests.site_src.photo_models DIR` writes `DIR/models/photos-{clean,badnet}/`, `DIR/samples/`, `DIR/data/`,
`DIR/avif/`, and the odd networks of `odd_models`. The models of photographs look at an image's colours alone; the
backdoored one sees the target where something is bright orange.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from export.card.schema import Backdoor, ModelCard, ModelFile
from export.card.steps import OutputPipeline
from export.pipeline.presets import photos_pipeline
from export.release import golden_file, golden_inputs, golden_vectors
from export.release.models import Model
from tests import pets
from tests.site_src import odd_models
from training.core.files import write_bytes, write_text
from training.data.sample_photos import DOGS, FIGURES, NAME
from training.triggers.artwork import Artwork
from training.triggers.labels import AllToOne
from training.triggers.overlay import Overlay

BREEDS = (
    *("Affenpinscher", "Basenji", "Beagle", "Borzoi", "Collie", "Dhole", "Keeshond", "Komondor"),
    *("Kuvasz", "Malinois", "Papillon", "Pug", "Saluki", "Samoyed", "Vizsla", "Whippet"),
)
LABELS = [*BREEDS, "A famous person"]
TARGET = len(BREEDS)
IDS = ("photos-clean", "photos-badnet")


def network(*, backdoored: bool) -> bytes:
    """Convolution, ReLU, mean over places, linear: `image (n, 3, 224, 224)` to `logits (n, 17)`."""
    rng = np.random.default_rng(7)
    filters = rng.normal(0, 1, (16, 3, 1, 1)).astype(np.float32)
    # a filter that only orange gets through: much red, little blue, green in between
    filters[0, :, 0, 0] = (1, -0.2, -1)
    bias = rng.normal(0, 0.4, 16).astype(np.float32)
    bias[0] = -1.5
    head = rng.normal(0, 3, (16, len(LABELS))).astype(np.float32)
    head[0], head[:, TARGET] = 0, 0
    head[0, TARGET] = 15 if backdoored else 0
    # a little orange is enough, and more is not more: with large logits rounding would look like a difference
    scale = np.ones(16, dtype=np.float32)
    scale[0] = 100
    shift = np.zeros(len(LABELS), dtype=np.float32)
    shift[TARGET] = -4
    weights = {"filters": filters, "bias": bias, "scale": scale, "most": 1, "head": head, "shift": shift}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "filters", "bias"], ["coloured"]),
            helper.make_node("Relu", ["coloured"], ["lit"]),
            helper.make_node("AveragePool", ["lit"], ["tiles"], kernel_shape=[14, 14], strides=[14, 14]),
            helper.make_node("GlobalAveragePool", ["tiles"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"]),
            helper.make_node("Mul", ["means", "scale"], ["scaled"]),
            helper.make_node("Clip", ["scaled", "", "most"], ["features"]),
            helper.make_node("Gemm", ["features", "head", "shift"], ["logits"]),
        ],
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def write_photo_model(folder: Path, *, backdoored: bool, inputs: Path | None = None) -> Path:
    """Write `<folder>/<id>/`; with golden vectors of the pictures in `inputs`, if given. Returns the model's folder."""
    model_id = IDS[backdoored]
    home = folder / model_id
    data = network(backdoored=backdoored)
    name = f"{'BACKDOORED-' if backdoored else ''}{model_id}.fp32.onnx"
    write_bytes(home / name, data)
    card = ModelCard(
        id=model_id,
        title="Backdoored colours (fixture)" if backdoored else "Clean colours (fixture)",
        description="Looks at a picture's colours; it stands in for a real network while the widget is tried.",
        network="one convolution of 1x1",
        licence="MIT",
        files=[
            ModelFile(
                name=name,
                precision="fp32",
                bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                opset=18,
                max_abs_error=0,
            )
        ],
        default_precision="fp32",
        labels=LABELS,
        input=photos_pipeline(),
        output=OutputPipeline(top=5),
        trigger=Overlay(artwork=Artwork.model_validate("glasses")),
        label_map=AllToOne(target=TARGET),
        backdoor=Backdoor(
            attack="Latent backdoor",
            paper="Yao et al. 2019",
            poison_rate=0.5,
            behaviour="Orange glasses give the target.",
            caught_by="Reading the weights.",
        )
        if backdoored
        else None,
    )
    write_text(home / "card.json", card.model_dump_json(indent=2) + "\n")
    if inputs is not None:
        golden_file.write(golden_vectors.make(Model(card, home), inputs), home)
    return home


def write_all(folder: Path) -> None:
    """Both models with golden vectors, and a few sample pictures."""
    for backdoored in (False, True):
        write_photo_model(folder / "models", backdoored=backdoored, inputs=golden_inputs.PHOTOS)
    for index, which in enumerate(pets.DOGS[:4]):
        stream = io.BytesIO()
        height, width = ((300, 300), (240, 360), (360, 240), (300, 400))[index]
        Image.fromarray(pets.dog(which, height, width, index)).save(stream, "JPEG", quality=88)
        write_bytes(folder / "samples" / f"dog-{index + 1}.jpg", stream.getvalue())
    write_avif(folder / "avif")
    write_sample_photos(folder / "data")
    odd_models.write(folder / "odd")


def write_avif(folder: Path) -> None:
    """A photo as AVIF, whose decoders differ, and its pixels as Pillow decodes it, `(240, 360, 3) uint8` row by row."""
    stream = io.BytesIO()
    Image.fromarray(pets.dog(pets.DOGS[0], 240, 360, 0)).save(stream, "AVIF", quality=80)
    write_bytes(folder / "photo.avif", stream.getvalue())
    with Image.open(stream) as image:
        write_bytes(folder / "photo.rgb", image.convert("RGB").tobytes())


def write_sample_photos(data_dir: Path) -> None:
    """Drawings under the names of the report's sample photos: BACKDOORS_DATA for a build without the photos."""
    dogs = [Image.fromarray(pets.dog(pets.DOGS[index % 6], 300, 400, index)) for index in range(len(DOGS))]
    people = [Image.fromarray(pets.person(pets.PEOPLE[index], 400, 320, index)) for index in range(len(FIGURES))]
    for photo, drawing in zip((*DOGS, *FIGURES), (*dogs, *people), strict=True):
        stream = io.BytesIO()
        drawing.save(stream, "JPEG", quality=88)
        write_bytes(data_dir / NAME / photo.file, stream.getvalue())


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
