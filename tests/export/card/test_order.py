from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from export.card.order import order_problem
from export.card.steps import InputPipeline
from export.pipeline.presets import digits_pipeline, photos_pipeline, rgb_pipeline

Steps = list[dict[str, Any]]
START: Steps = [{"op": "decode"}, {"op": "orient"}, {"op": "composite"}]
GREY: Steps = [*START, {"op": "greyscale"}, {"op": "resize", "height": 8, "width": 8}]
END: Steps = [{"op": "scale"}, {"op": "layout"}]


def grey(steps: Steps) -> InputPipeline:
    return InputPipeline.model_validate({"height": 8, "width": 8, "channels": 1, "steps": steps})


@pytest.mark.parametrize("pipeline", [digits_pipeline(), photos_pipeline(), rgb_pipeline(24, 32), grey([*GREY, *END])])
def test_pipelines_that_make_a_tensor_are_sound(pipeline: InputPipeline) -> None:
    assert order_problem(pipeline) is None


def test_the_image_s_own_values_need_no_scale() -> None:
    pipeline = grey([*GREY, {"op": "layout", "order": "flat"}])
    assert order_problem(pipeline) is None
    assert pipeline.integral


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([*GREY, *END, {"op": "layout"}], "'layout' is used more than once"),
        ([*GREY, {"op": "scale"}], "the last step is 'layout'"),
        ([{"op": "decode"}, *END], "'composite' makes the image opaque"),
        ([{"op": "greyscale"}, *GREY[:3], *END], "'greyscale' stands before 'composite'"),
        ([*START, {"op": "polarity"}, {"op": "greyscale"}, *END], "'polarity' is for grey images"),
        ([*START, *END], "make an image of 3 channels, but `channels` is 1"),
        ([*GREY, {"op": "scale"}, {"op": "invert"}, {"op": "layout"}], "are the last steps"),
        ([*GREY, {"op": "normalise", "mean": [0], "std": [1]}, *END], "'scale' stands before 'normalise'"),
        ([*GREY, {"op": "normalise", "mean": [0, 0, 0], "std": [1]}, {"op": "layout"}], "one for each of 1 channels"),
        ([*START, {"op": "greyscale"}, {"op": "resize", "height": 9, "width": 8}, *END], "'resize' makes 9x8"),
    ],
)
def test_steps_that_make_no_tensor_are_named(steps: Steps, problem: str) -> None:
    assert problem in (order_problem(grey(steps)) or "")


def test_a_colour_image_has_no_layout_without_channels() -> None:
    steps = [*START, {"op": "resize", "height": 8, "width": 8}, {"op": "layout", "order": "NHW"}]
    pipeline = InputPipeline.model_validate({"height": 8, "width": 8, "channels": 3, "steps": steps})
    assert order_problem(pipeline) == "the layout NHW is for images of one channel"


@pytest.mark.parametrize(
    "steps",
    [
        [*GREY, *[{"op": "invert"}] * 5, *END],
        [*GREY, *[{"op": "invert"}] * 4096, *END],
        [*START, {"op": "greyscale"}, {"op": "resize", "height": 4096, "width": 4096}, *END],
        [*GREY, {"op": "scale", "divide": float("inf")}, {"op": "layout"}],
        [*GREY, {"op": "scale", "divide": 1e-300}, {"op": "layout"}],
        [*GREY, {"op": "normalise", "mean": [float("nan")], "std": [1]}, {"op": "layout"}],
        [{"op": "decode", "max_pixels": 10**12}, *GREY[1:], *END],
    ],
)
def test_steps_that_cost_too_much_or_leave_the_numbers_are_refused(steps: Steps) -> None:
    with pytest.raises(ValidationError):
        grey(steps)
