"""Artwork: a small image with transparency, carried along as data.

The twin is `site_assets/widgets/triggers/artwork.mjs`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from training.core.reading import IMAGE_BYTES, read_bytes

ARTWORK = Path(str(resources.files("training"))) / "triggers" / "artwork"
"""The folder of the artwork that comes with the package."""
FOLDER = "folder"
"""Key of the validation context: the folder in which a relative path of a PNG is looked for first. Without it no path
is read: whoever wrote a card must not choose which files of its reader are opened and shown."""
LARGEST = 1024
"""Pixels of a side."""

Bytes = npt.NDArray[np.uint8]


class Artwork(BaseModel):
    """A small image with transparency, carried along as data. In a recipe: a name, or the path of a PNG."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    height: int = Field(ge=1, le=LARGEST)
    width: int = Field(ge=1, le=LARGEST)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the raw pixels, `(height, width, 4)` bytes, colours not multiplied by alpha."""
    rgba: str
    """The raw pixels, deflated (zlib), in base64."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: object, info: ValidationInfo) -> object:
        return _described(*_read(given, (info.context or {}).get(FOLDER))) if isinstance(given, str) else given

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

    @property
    def words(self) -> str:
        """What it shows, as it is named."""
        return self.name.replace("-", " ").replace("_", " ")

    def resized(self, height: int, width: int) -> Bytes:
        """The artwork at a size, by Pillow's bilinear convolution.

        Returns:
            `(height, width, 4) uint8`: red, green and blue, multiplied by their alpha, and alpha.
        """
        pixels = self.pixels.astype(np.int64)
        alpha = pixels[..., 3:]
        colours = ((pixels[..., :3] * alpha + 127) // 255).astype(np.uint8)
        size, bilinear = (width, height), Image.Resampling.BILINEAR
        layers = (
            np.asarray(Image.fromarray(np.ascontiguousarray(layer)).resize(size, bilinear)).reshape(height, width, -1)
            for layer in (colours, self.pixels[..., 3])
        )
        return np.concatenate(list(layers), axis=2)

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


def _read(name_or_path: str, folder: Path | None) -> tuple[str, Bytes]:
    known = sorted(path.stem for path in ARTWORK.glob("*.png"))
    if name_or_path in known:
        path = ARTWORK / f"{name_or_path}.png"
    elif folder is None:
        raise ValueError(f"no artwork '{name_or_path}': give one of {', '.join(known)}; only a recipe may give a path")
    else:
        path = folder / name_or_path if (folder / name_or_path).is_file() else Path(name_or_path)
    try:
        with Image.open(io.BytesIO(read_bytes(path, IMAGE_BYTES))) as image:
            if max(image.size) > LARGEST:
                raise ValueError(
                    f"the artwork '{name_or_path}' is {image.height}x{image.width}; {LARGEST}x{LARGEST} is the most"
                )
            return path.stem, np.asarray(image.convert("RGBA"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
        raise ValueError(
            f"no artwork '{name_or_path}': give one of {', '.join(known)}, or the path of a PNG"
        ) from error


def luma(colours: npt.NDArray[np.integer]) -> Bytes:
    """The brightness of colours `(..., 3)`, 0 to 255, as Pillow converts to grey: `(...) uint8`."""
    red, green, blue = (colours[..., channel].astype(np.int64) for channel in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16).astype(np.uint8)
