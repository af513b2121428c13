"""What the networks say of a page's first sample when the page is built: shown until they answer live."""

from __future__ import annotations

from export.card.schema import Precision
from export.onnx.sandbox import Sandbox
from export.onnx.session import Predictor, probabilities
from export.pipeline import interpreter
from site_src.plugin.catalogue import Entry
from site_src.plugin.widgets.base import Answered
from site_src.report.figures import pixels_png
from training.triggers.base import Trigger
from training.triggers.placement import Placement

_sandbox = Sandbox()
"""Where the networks run: a folder of models may be anybody's."""
_open: dict[tuple[str, Precision], Predictor] = {}
"""By the card's hash, which covers the files; a server builds the pages again and again."""


def answer(
    entry: Entry, precision: Precision, image: bytes, trigger: Trigger | None, placement: Placement | None
) -> Answered:
    """A network's answer to an image file, with a trigger stamped or without."""
    key = (entry.sha256, precision)
    if key not in _open:
        _open[key] = Predictor(entry.card, entry.path.parent, precision, sandbox=_sandbox)
    predictor = _open[key]
    made = interpreter.run(entry.card.input, image, trigger, placement)
    (logits,) = predictor.from_tensor(made.tensor)
    chances = probabilities(logits, entry.card.output.activation)
    return Answered(tuple(float(chance) for chance in chances), pixels_png(made.pixels))
