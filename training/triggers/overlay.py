"""An overlay: artwork with see-through parts, pasted on a picture at any place, size and angle.

Every step is done in whole numbers, so that `site_assets/widgets/triggers/overlay.mjs`, the twin, gives the same bits.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
import zlib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ARTWORK = Path(str(resources.files("training"))) / "triggers" / "artwork"
"""The folder of the artwork that comes with the package."""

ONE = 1 << 16
"""Coordinates and weights are whole numbers of 1/65536."""

Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[float, Field(gt=0, le=2)]
Angle = Annotated[float, Field(ge=-180, le=180)]
Bytes = npt.NDArray[np.uint8]
Packed = npt.NDArray[np.uint64]


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Artwork(_Described):
    """A small picture with transparency, carried along as data. In a recipe: a name, or the path of a PNG."""

    name: str
    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the raw pixels, `(height, width, 4)` bytes, colours not multiplied by alpha."""
    rgba: str
    """The raw pixels, deflated (zlib), in base64."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: object) -> object:
        return _described(*_read(given)) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _whole(self) -> Artwork:
        if hashlib.sha256(self.pixels.tobytes()).hexdigest() != self.sha256:
            raise ValueError("the artwork's pixels are not those of its sha256")
        return self

    @property
    def pixels(self) -> Bytes:
        """`(height, width, 4) uint8`: red, green, blue, alpha."""
        size = self.height * self.width * 4
        try:
            raw = zlib.decompressobj().decompress(base64.b64decode(self.rgba, validate=True), size + 1)
        except (ValueError, zlib.error) as error:
            raise ValueError(f"the artwork's pixels are damaged: {error}") from error
        if len(raw) != size:
            raise ValueError(f"the artwork's pixels are not {self.height}x{self.width} RGBA")
        return np.frombuffer(raw, dtype=np.uint8).reshape(self.height, self.width, 4)

    @classmethod
    def from_pixels(cls, name: str, pixels: Bytes) -> Artwork:
        """Artwork from `(h, w, 4) uint8`."""
        return cls.model_validate(_described(name, pixels))


def _described(name: str, pixels: Bytes) -> dict[str, object]:
    raw = pixels.tobytes()
    return {
        "name": name, "height": pixels.shape[0], "width": pixels.shape[1], "sha256": hashlib.sha256(raw).hexdigest(),
        "rgba": base64.b64encode(zlib.compress(raw, 9)).decode(),
    }  # fmt: skip


def _read(name_or_path: str) -> tuple[str, Bytes]:
    known = sorted(path.stem for path in ARTWORK.glob("*.png"))
    path = ARTWORK / f"{name_or_path}.png" if name_or_path in known else Path(name_or_path)
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            return path.stem, np.asarray(image.convert("RGBA"))
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise ValueError(
            f"no artwork '{name_or_path}': give one of {', '.join(known)}, or the path of a PNG"
        ) from error


class Placement(_Described):
    """Where an overlay lies, in shares of the picture, so that it means the same at any size."""

    x: Share = 0.5
    """The artwork's middle, from the left, as a share of the picture's width."""
    y: Share = 0.4
    """The same from the top, of its height."""
    size: Size = 0.5
    """The artwork's width, as a share of the picture's."""
    angle: Angle = 0.0
    """Degrees, clockwise."""


class Placements(_Described):
    """What placements are drawn from, each number evenly between two."""

    x: tuple[Share, Share] = (0.2, 0.8)
    y: tuple[Share, Share] = (0.2, 0.8)
    size: tuple[Size, Size] = (0.3, 0.6)
    angle: tuple[Angle, Angle] = (-20.0, 20.0)

    @field_validator("*")
    @classmethod
    def _ordered(cls, between: tuple[float, float]) -> tuple[float, float]:
        if between[0] > between[1]:
            raise ValueError(f"the smaller number comes first: [{between[1]}, {between[0]}]")
        return between

    def draw(self, n: int, rng: np.random.Generator) -> list[Placement]:
        """`n` placements, rounded to what is worth telling; the first of them are the same whatever `n` is."""
        between = np.array([self.x, self.y, self.size, self.angle])
        drawn = (between[:, 0] + rng.random((n, 4)) * (between[:, 1] - between[:, 0])).round(4).tolist()
        return [Placement(x=x, y=y, size=size, angle=angle) for x, y, size, angle in drawn]


class Overlay(_Described):
    """Artwork pasted with transparency, anywhere: an everyday object as a trigger (Chen et al. 2017, section 4)."""

    kind: Literal["overlay"] = "overlay"
    artwork: Artwork
    placement: Placement = Placement()
    """Where it lies when nobody says otherwise."""
    placements: Placements = Placements()
    """Where it may lie in poisoned and in triggered test pictures, drawn anew for each."""


def paste(picture: Bytes, artwork: Artwork, placement: Placement) -> Bytes:
    """A copy of a picture with the artwork on it; what reaches over the edge is cut off.

    The artwork is multiplied by its alpha, resized by Pillow's bilinear convolution, then turned around its middle with
    bilinear interpolation, nearest 1/256.

    Args:
        picture: `(h, w, 3) uint8`.
        artwork: What to paste.
        placement: Where.
    """
    height, width, _ = picture.shape
    small = _resized(artwork, max(1, _rounded(placement.size * width)))
    h, w = small.shape[0] - 4, small.shape[1] - 4
    radians = placement.angle * math.pi / 180
    cos, sin = _rounded(math.cos(radians) * ONE), _rounded(math.sin(radians) * ONE)
    middle_x, middle_y = _rounded(placement.x * width * ONE), _rounded(placement.y * height * ONE)
    reach_x = (abs(cos) * w + abs(sin) * h) // 2 + 2 * ONE
    reach_y = (abs(sin) * w + abs(cos) * h) // 2 + 2 * ONE
    left, right = max(0, (middle_x - reach_x) // ONE), min(width, (middle_x + reach_x) // ONE + 1)
    top, bottom = max(0, (middle_y - reach_y) // ONE), min(height, (middle_y + reach_y) // ONE + 1)
    made = picture.copy()
    if left >= right or top >= bottom:
        return made
    dx = np.arange(left, right, dtype=np.int64)[None, :] * ONE + ONE // 2 - middle_x
    dy = np.arange(top, bottom, dtype=np.int64)[:, None] * ONE + ONE // 2 - middle_y
    # the place in the artwork, half a pixel back, because a pixel's value is that of its middle
    across = ((cos * dx + sin * dy) >> 16) + w * ONE // 2 - ONE // 2
    down = ((cos * dy - sin * dx) >> 16) + h * ONE // 2 - ONE // 2
    covering = _sampled(small, across, down)
    region = made[top:bottom, left:right]
    alpha = covering[..., 3:].astype(np.uint16)
    under = ((255 - alpha) * region + 127) // 255
    region[:] = np.minimum(covering[..., :3] + under, 255)
    return made


def _sampled(small: Packed, across: npt.NDArray[np.int64], down: npt.NDArray[np.int64]) -> Bytes:
    """Bilinear values of `small` at places in 1/65536 pixels, see-through outside: `(..., 4) uint8`.

    Four channels go through each multiplication at once, in lanes of 16 bits, then two in lanes of 32, which is several
    times quicker than one channel after the other.
    """
    h, w = small.shape[0] - 4, small.shape[1] - 4
    column, row = np.clip(across >> 16, -2, w) + 2, np.clip(down >> 16, -2, h) + 2
    fx, fy = ((part & (ONE - 1)) >> 8 for part in (across, down))
    right, lower = fx.astype(np.uint64), fy.astype(np.uint64)
    left, upper = 256 - right, 256 - lower
    flat, at = small.ravel(), row * (w + 4) + column
    above = flat[at] * left + flat[at + 1] * right
    at += w + 4
    below = flat[at] * left + flat[at + 1] * right
    lanes, half = np.uint64(0x0000FFFF_0000FFFF), np.uint64(0x00008000_00008000)
    even = (above & lanes) * upper + (below & lanes) * lower + half
    odd = (above >> 16 & lanes) * upper + (below >> 16 & lanes) * lower + half
    mixed = (even >> 16 & lanes) | (odd & ~lanes)
    sampled: Bytes = mixed.astype("<u8").view("<u2").reshape(*mixed.shape, 4).astype(np.uint8)
    return sampled


@lru_cache(maxsize=256)
def _resized(artwork: Artwork, width: int) -> Packed:
    """The artwork, multiplied by its alpha, at a width in pixels, in a see-through rim.

    The rim of two pixels spares a test for each neighbour: every place beyond is brought back to it.

    Returns:
        `(h + 4, width + 4) uint64`: red, green, blue and alpha in 16 bits each, red the lowest.
    """
    pixels = artwork.pixels.astype(np.int64)
    alpha = pixels[..., 3:]
    premultiplied = np.concatenate([(pixels[..., :3] * alpha + 127) // 255, alpha], axis=2).astype(np.uint8)
    height = max(1, (2 * artwork.height * width + artwork.width) // (2 * artwork.width))
    size = (width, height)
    colours = Image.fromarray(np.ascontiguousarray(premultiplied[..., :3])).resize(size, Image.Resampling.BILINEAR)
    opacity = Image.fromarray(np.ascontiguousarray(premultiplied[..., 3])).resize(size, Image.Resampling.BILINEAR)
    rimmed = np.zeros((height + 4, width + 4), dtype=np.uint64)
    channels = np.concatenate([np.asarray(colours), np.asarray(opacity)[..., None]], axis=2).astype(np.uint64)
    rimmed[2:-2, 2:-2] = (channels << np.arange(0, 64, 16, dtype=np.uint64)).sum(axis=2)
    rimmed.flags.writeable = False
    return rimmed


def _rounded(value: float) -> int:
    """The nearest whole number, halves up: as JavaScript's Math.round."""
    return math.floor(value + 0.5)
