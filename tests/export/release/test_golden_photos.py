"""Golden inputs and vectors of networks of photos."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from export.onnx.session import Predictor
from export.pipeline import interpreter
from export.pipeline.presets import digits_pipeline, photos_pipeline
from export.release import golden_compare, golden_file, golden_inputs, golden_vectors
from export.release.models import Model, open_model
from export.release.verify import verify
from tests.site_src.photo_models import write_photo_model
from training.data import images

ROWS = json.loads((golden_inputs.PHOTOS.parent / "photos.json").read_text())
FEW = ("dog-exif-6.jpg", "colour-alpha.png", "colour-one-pixel.png", "dog-422-odd.jpg")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Model:
    inputs = tmp_path_factory.mktemp("photos")
    for name in FEW:
        shutil.copy(golden_inputs.PHOTOS / name, inputs)
    return open_model(str(write_photo_model(inputs / "models", backdoored=True, inputs=inputs) / "card.json"))


def test_the_list_names_every_input_and_no_other() -> None:
    assert sorted(row["file"] for row in ROWS) == [
        path.name for path in golden_inputs.input_files(golden_inputs.PHOTOS)
    ]


def test_there_are_enough_they_are_small_and_named_apart_from_the_digits() -> None:
    photos, digits = golden_inputs.input_files(golden_inputs.PHOTOS), golden_inputs.input_files()
    assert len(photos) >= 24
    assert sum(path.stat().st_size for path in photos) < 700_000
    assert not {path.name for path in photos} & {path.name for path in digits}


def test_drawing_them_again_gives_the_same_images(tmp_path: Path) -> None:
    script = (
        "import pathlib\n"
        "from tests.golden import make_photos\n"
        "make_photos.PHOTOS.pop('dog-twelve-megapixels.jpg')\n"  # twelve seconds for one more image
        f"make_photos.HERE = pathlib.Path({str(tmp_path)!r})\n"
        "make_photos.main()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=golden_inputs.PHOTOS.parents[2])
    for path in (tmp_path / "photos").iterdir():
        drawn, kept = (np.asarray(Image.open(each)) for each in (path, golden_inputs.PHOTOS / path.name))
        np.testing.assert_array_equal(drawn, kept, err_msg=path.name)


def test_every_photo_becomes_a_image_of_the_networks_size() -> None:
    for path in golden_inputs.input_files(golden_inputs.PHOTOS):
        assert interpreter.run(photos_pipeline(), path.read_bytes()).pixels.shape == (224, 224, 3), path.name


def test_training_reads_every_photo_as_the_pipeline_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SMALLEST", 1)  # the narrowest are refused otherwise
    for path in golden_inputs.input_files(golden_inputs.PHOTOS):
        wanted = interpreter.run(photos_pipeline(), path.read_bytes()).pixels
        np.testing.assert_array_equal(images.read_image(path), wanted, err_msg=path.name)


def modes() -> dict[str, tuple[Image.Image, dict[str, Any]]]:
    """Images in every way in which files store colours, transparency and orientation."""
    noise = np.random.default_rng(0).integers(0, 256, (50, 60, 4)).astype(np.uint8)
    colours, grey = Image.fromarray(noise[..., :3]), Image.fromarray(noise[..., 0])
    palette, turned = colours.quantize(32), Image.Exif()
    turned[Base.Orientation] = 6
    return {
        "rgba.png": (Image.fromarray(noise), {}),
        "rgba.webp": (Image.fromarray(noise), {"lossless": True}),
        "grey-alpha.png": (Image.fromarray(noise).convert("LA"), {}),
        "grey-one-value.png": (grey, {"transparency": 7}),
        "colour-one-value.png": (colours, {"transparency": tuple(int(value) for value in noise[0, 0, :3])}),
        "palette-one.png": (palette, {"transparency": 3}),
        "palette-each.png": (palette, {"transparency": bytes(range(0, 256, 8))}),
        "grey-16bit.png": (Image.fromarray(noise[..., 0].astype(np.uint16) * 251), {}),
        "one-bit.png": (Image.fromarray(noise[..., 0] > 99), {}),
        "cmyk.jpg": (colours.convert("CMYK"), {}),
        **{f"turned.{ending}": (colours, {"exif": turned}) for ending in ("jpg", "png", "webp")},
    }


@pytest.mark.parametrize("name", modes())
def test_training_reads_every_kind_of_file_as_the_pipeline_does(tmp_path: Path, name: str) -> None:
    image, options = modes()[name]
    image.save(tmp_path / name, **options)
    wanted = interpreter.run(photos_pipeline(), (tmp_path / name).read_bytes()).pixels
    np.testing.assert_array_equal(images.read_image(tmp_path / name), wanted)


def test_every_orientation_gives_the_same_upright_dog() -> None:
    pixels = [
        interpreter.run(photos_pipeline(), (golden_inputs.PHOTOS / f"dog-exif-{tag}.jpg").read_bytes()).pixels
        for tag in (3, 6, 8)
    ]
    for other in pixels[1:]:
        assert np.abs(other.astype(int) - pixels[0]).mean() < 3


def test_a_network_takes_the_inputs_of_its_kind() -> None:
    assert golden_inputs.inputs_of(photos_pipeline()) == golden_inputs.PHOTOS
    assert golden_inputs.inputs_of(digits_pipeline()) == golden_inputs.INPUTS


def test_large_images_are_kept_as_hashes_and_the_overlay_lies_elsewhere_on_each(made: Model) -> None:
    vectors = golden_file.read(made.folder).vectors
    assert len(vectors) == 2 * len(FEW)
    assert all(vector.pixels is None and vector.tensor is None for vector in vectors)
    placements = [vector.placement for vector in vectors if vector.trigger]
    assert None not in placements
    assert len({placement.x for placement in placements if placement}) == len(FEW)
    assert all(vector.placement is None for vector in vectors if not vector.trigger)


def test_the_vectors_agree_and_a_tensor_of_another_hash_is_found(made: Model, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in FEW:
        shutil.copy(golden_inputs.PHOTOS / name, inputs)
    vectors = golden_file.read(made.folder)
    assert golden_compare.compare(vectors, made, inputs).problems == []
    assert all(not check.problems for check in verify(made, inputs))
    first = vectors.vectors[0].model_copy(update={"tensor_sha256": "0" * 64})
    problems = golden_compare.compare(
        vectors.model_copy(update={"vectors": [first, *vectors.vectors[1:]]}), made, inputs
    ).problems
    assert len(problems) == 1
    assert "the tensor differs" in problems[0]


def test_an_overlay_elsewhere_is_found(made: Model, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in FEW:
        shutil.copy(golden_inputs.PHOTOS / name, inputs)
    vectors = golden_file.read(made.folder)
    moved = [
        vector if vector.placement is None else vector.model_copy(
            update={"placement": vector.placement.model_copy(update={"x": 0.9})}
        )
        for vector in vectors.vectors
    ]  # fmt: skip
    problems = golden_compare.compare(vectors.model_copy(update={"vectors": moved}), made, inputs).problems
    assert sum("stage trigger: other pixels" in problem for problem in problems) == len(FEW)


def test_the_file_of_a_network_with_121_classes_stays_small(made: Model, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = golden_file.read(made.folder).vectors
    logits = [golden_vectors._shortest(np.float32(value)) for value in rng.normal(0, 4, 121)]
    many = [
        vectors[i % len(vectors)].model_copy(update={"logits": {"fp32": logits, "int8-weight-only": logits}})
        for i in range(2 * len(ROWS))
    ]
    path = golden_file.write(golden_file.Golden(model="photos-badnet", vectors=many), tmp_path)
    assert path.stat().st_size < 300_000


def test_shortened_logits_are_the_same_float32(made: Model) -> None:
    tensor = interpreter.run(made.card.input, (golden_inputs.PHOTOS / FEW[0]).read_bytes()).tensor
    (exact,) = Predictor(made.card, made.folder).from_tensor(tensor)
    kept = next(vector for vector in golden_file.read(made.folder).vectors if vector.input == FEW[0])
    np.testing.assert_array_equal(np.array(kept.logits["fp32"], dtype=np.float32), exact)
