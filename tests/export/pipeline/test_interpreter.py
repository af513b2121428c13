from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from PIL import Image

from export.card.steps import Layout, StampTrigger
from export.pipeline import interpreter
from export.pipeline.image import ImageError
from export.pipeline.presets import digits_pipeline
from tests.export.pipeline.odd_images import exif, photo
from tests.export.pipeline.test_image import encoded
from tests.export.pipeline.test_pixel_steps import stroke
from training.triggers.pixels import Patch

PIPELINE = digits_pipeline()


def test_a_image_of_28x28_is_taken_as_it_is() -> None:
    pixels = stroke()
    pixels[25:27, 25:27] = 255
    file = encoded(Image.fromarray(pixels[..., 0]))
    assert np.array_equal(interpreter.run(PIPELINE, file).pixels, pixels)


def test_the_trigger_is_stamped_on_the_pixels_that_the_network_sees() -> None:
    trigger = Patch()
    plain, stamped = (interpreter.run(PIPELINE, stroke(90, 60), t).pixels for t in (None, trigger))
    assert (stamped[25:27, 25:27] == 255).all()
    stamped[25:27, 25:27] = plain[25:27, 25:27]
    assert np.array_equal(plain, stamped)


def test_a_pipeline_that_breaks_its_promise_is_refused() -> None:
    wrong = PIPELINE.model_copy(update={"height": 29})
    with pytest.raises(ImageError, match=r"\(28, 28, 1\).*promises \(29, 28, 1\)"):
        interpreter.run(wrong, stroke(90, 60))


def test_a_trigger_outside_the_image_is_refused() -> None:
    with pytest.raises(ImageError, match="rows 27-28"):
        interpreter.run(PIPELINE, stroke(), Patch(top=27))


def test_batch_tensor_equals_the_pipeline_on_each_image() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    images[:, [0, -1]] = images[:, :, [0, -1]] = 0
    one_by_one = np.concatenate([interpreter.run(PIPELINE, image).tensor for image in images])
    assert np.array_equal(interpreter.batch_tensor(PIPELINE, images), one_by_one)


@pytest.mark.parametrize(("order", "shape"), [("NHWC", (1, 28, 28, 1)), ("NHW", (1, 28, 28)), ("flat", (1, 784))])
def test_every_layout_holds_the_same_values(order: Literal["NHWC", "NHW", "flat"], shape: tuple[int, ...]) -> None:
    pipeline = PIPELINE.model_copy(update={"steps": [*PIPELINE.steps[:-1], Layout(order=order)]})
    made = interpreter.run(pipeline, stroke(90, 60))
    assert made.tensor.shape == shape
    assert np.array_equal(made.tensor.ravel(), interpreter.run(PIPELINE, stroke(90, 60)).tensor.ravel())
    assert np.array_equal(interpreter.batch_tensor(pipeline, made.pixels[None]), made.tensor)


def test_without_scale_the_tensor_holds_the_image_s_own_values() -> None:
    pipeline = PIPELINE.model_copy(update={"steps": [*PIPELINE.steps[:-3], Layout()]})
    made = interpreter.run(pipeline, stroke(90, 60))
    assert np.array_equal(made.tensor[0, 0], made.pixels[..., 0])


def test_a_slow_step_takes_no_large_image() -> None:
    slow = PIPELINE.model_copy(update={"steps": [step for step in PIPELINE.steps if step.op != "shrink"]})
    with pytest.raises(ImageError, match="'isolate-ink' is given an image of 600x600, and 262,144 pixels are the most"):
        interpreter.run(slow, np.zeros((600, 600, 3), np.uint8))
    early = PIPELINE.model_copy(update={"steps": [StampTrigger(), *PIPELINE.steps]})
    with pytest.raises(ImageError, match="'trigger' is given an image of 3000x2000"):
        interpreter.run(early, np.zeros((3000, 2000, 3), np.uint8), Patch())
    assert interpreter.run(PIPELINE, np.zeros((600, 600, 3), np.uint8)).pixels.shape == (28, 28, 1)


def test_a_photo_is_upright_without_being_asked_for_as_in_a_browser() -> None:
    asked = PIPELINE.model_copy(update={"steps": [step for step in PIPELINE.steps if step.op != "orient"]})
    file = photo(exif())
    assert np.array_equal(interpreter.run(asked, file).tensor, interpreter.run(PIPELINE, file).tensor)
