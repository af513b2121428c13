"""Figures of the report as HTML and inline SVG that follow the page's colours."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from site_src.plugin.formats import count, percent
from site_src.plugin.templating import templates
from training.core.metrics import Estimate

TEMPLATES = Path(__file__).parent / "templates"

Pixels = npt.NDArray[np.uint8]


def render(template: str, **given: object) -> str:
    """The HTML of one of the report's templates."""
    return templates(TEMPLATES).get_template(f"{template}.html.jinja").render(**given).strip()


def figure(template: str, **given: object) -> str:
    """One figure from its template."""
    return render(f"figures/{template}", **given)


def ink_png(pixels: Pixels) -> bytes:
    """White ink on black as a PNG of black ink on transparent ground; CSS inverts it on dark pages.

    Args:
        pixels: `(h, w) uint8`.
    """
    rgba = np.zeros((*pixels.shape, 4), np.uint8)
    rgba[..., 3] = pixels
    return _png(Image.fromarray(rgba))


def pixels_uri(pixels: Pixels) -> str:
    """A greyscale image, `(h, w) uint8`, as the `data:` address of a PNG."""
    return _uri(Image.fromarray(pixels))


def pixels_png(pixels: Pixels) -> bytes:
    """An image, `(h, w, 1 | 3) uint8`, as a PNG."""
    return _png(Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))


def bar(estimate: Estimate | None) -> dict[str, object]:
    """A bar with its interval, in per cent of its length; None for what was not measured."""
    if estimate is None:
        return {"measured": False}
    return {
        "measured": True,
        "length": round(100 * estimate.value, 2),
        "low": round(100 * estimate.low, 2),
        "high": round(100 * estimate.high, 2),
        "text": percent(estimate.value, estimate.n),
        "n": count(estimate.n),
    }


def _uri(image: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(_png(image)).decode()}"


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()
