from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from export.card.order import order_problem
from export.card.steps import InputPipeline
from export.pipeline.presets import digits_pipeline, photos_pipeline, rgb_pipeline

Steps = list[dict[str, Any]]
START: Steps = [{"op": "decode"}, {"op": "orient"}, {"op": "composite"}]
GREY: Steps = [*START, {"op": "greyscale"}, {"op": "resize", "height": 8, "width": 8}]
ORDERS = json.loads(Path(__file__).with_name("orders.json").read_text())
"""What `tests/widgets/core/order.test.mjs` reads, too, of images of 8x8."""
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


@pytest.mark.parametrize("case", ORDERS)
def test_an_order_is_judged_as_in_the_browser(case: dict[str, Any]) -> None:
    pipeline = InputPipeline(height=8, width=8, channels=case["channels"], steps=case["steps"])
    assert order_problem(pipeline) == case["problem"]


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
