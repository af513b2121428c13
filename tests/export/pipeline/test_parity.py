"""The pipeline's two interpreters against each other, over random images; the goldens cover whole files."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from export.card.steps import (
    Composite,
    Crop,
    Decode,
    InputPipeline,
    Invert,
    Layout,
    Normalise,
    Orient,
    Resize,
    Scale,
    StampTrigger,
)
from export.pipeline import interpreter
from export.pipeline.pixel_steps import FILTERS
from export.pipeline.presets import digits_pipeline
from tests.node import run_node
from training.triggers.pixels import Patch, Pattern, Pixel

FONT = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
TRIGGERS = [None, Patch(), Pixel(top=3, left=4, value=9), Pattern(top=0, left=20, values=[[255, None], [None, 7]])]
RGB = InputPipeline(
    height=30,
    width=20,
    channels=3,
    steps=[
        Decode(),
        Orient(),
        Composite(),
        Crop(height=3, width=2),
        Resize(height=30, width=20, filter="bicubic"),
        Invert(),
        StampTrigger(),
        Scale(divide=127.5),
        Normalise(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        Layout(),
    ],
)
RGB_LAST = RGB.model_copy(update={"steps": [*RGB.steps[:-1], Layout(order="NHWC")]})


def pictured(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    height, width, channels = pixels.shape
    packed = base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
    return {"height": height, "width": width, "channels": channels, "pixels": packed}


def sha256(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def photo(rng: np.random.Generator, digit: str, *, panel: bool) -> NDArray[np.uint8]:
    """A printed digit, perhaps on a label, turned, unevenly lit and noisy."""
    height, width = (int(side) for side in rng.integers(60, 300, 2))
    background = tuple(int(value) for value in rng.integers(0, 256, 3))
    ink = tuple((value + 128) % 256 for value in background)
    image = Image.new("RGB", (width, height), background)
    draw = ImageDraw.Draw(image)
    if panel:
        draw.rectangle([width * 0.15, height * 0.15, width * 0.85, height * 0.85], fill=(250, 250, 245))
        ink = (20, 30, 60)
    font = ImageFont.truetype(FONT, int(min(height, width) * 0.6))
    draw.text((width / 2, height / 2), digit, fill=ink, font=font, anchor="mm")
    pixels = np.asarray(image.rotate(float(rng.uniform(-10, 10)), fillcolor=background)).astype(float)
    lit = pixels * np.linspace(0.6, 1.1, width)[None, :, None] + rng.normal(0, 5, pixels.shape)
    return np.clip(lit, 0, 255).astype(np.uint8)


def hairlines(rng: np.random.Generator, *, dark: bool) -> NDArray[np.uint8]:
    """A scribble of one or two pixels' width, which may leave the image."""
    height, width = (int(side) for side in rng.integers(60, 320, 2))
    image = Image.new("RGB", (width, height), "white" if dark else "black")
    points = [tuple(point) for point in rng.integers(-20, (width + 20, height + 20), (5, 2)).tolist()]
    ImageDraw.Draw(image).line(points, fill=(120, 90, 140), width=int(rng.integers(1, 3)))
    return np.asarray(image)


def random_pictures(rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    sizes = [(1, 1), (1, 50), (50, 1), (2, 2), (28, 28), (27, 28), (300, 7), *rng.integers(2, 320, (13, 2)).tolist()]
    noise = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for height, width in sizes]
    flat = [np.full((40, 60, 3), value, dtype=np.uint8) for value in (0, 127, 128, 255)]
    photos = [photo(rng, str(i % 10), panel=i % 2 == 0) for i in range(40)]
    return noise + flat + photos + [hairlines(rng, dark=i % 2 == 0) for i in range(12)]


def in_javascript(request: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run_node(Path(__file__).with_name("parity.mjs"), given=request))
    return answer


def test_pipelines_agree_to_the_bit_in_both_languages() -> None:
    rng = np.random.default_rng(20)
    pipelines = [digits_pipeline(), digits_pipeline(), RGB, RGB_LAST]
    cases, expected = [], []
    for i, picture in enumerate(random_pictures(rng)):
        pipeline, trigger = pipelines[i % len(pipelines)], TRIGGERS[(i // 2) % len(TRIGGERS)]
        trigger = Pixel(top=1, left=1, value=200) if trigger is not None and pipeline.channels == 3 else trigger
        done = interpreter.run(pipeline, picture, trigger)
        stamped = None if trigger is None else trigger.model_dump()
        cases.append({"pipeline": pipeline.model_dump(), "picture": pictured(picture), "trigger": stamped})
        stages = [[stage.op, *stage.pixels.shape, sha256(stage.pixels)] for stage in done.stages]
        expected.append({"stages": stages, "tensor": sha256(done.tensor), "dims": list(done.tensor.shape)})
    assert in_javascript({"pipelines": cases, "resizes": []})["pipelines"] == expected


def test_resize_equals_pillow_to_the_bit() -> None:
    rng = np.random.default_rng(21)
    cases, expected = [], []
    for i in range(300):
        height, width, to_height, to_width = (int(side) for side in rng.integers(1, 70, 4))
        to_height, to_width = (height if i % 10 == 0 else to_height), (width if i % 10 == 1 else to_width)
        resampling = ("box", "bilinear", "bicubic")[i % 3]
        pixels = rng.integers(0, 256, (height, width, 1 if i % 2 else 3), dtype=np.uint8)
        pixels = np.where(pixels > 127, 255, 0).astype(np.uint8) if i % 4 == 0 else pixels
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        expected.append(sha256(np.asarray(image.resize((to_width, to_height), FILTERS[resampling]))))
        cases.append({"picture": pictured(pixels), "height": to_height, "width": to_width, "filter": resampling})
    assert in_javascript({"pipelines": [], "resizes": cases})["resizes"] == expected
