"""Studies of a backdoor: what becomes of it when the trigger is altered, and when somebody tries to remove it."""

from __future__ import annotations

import colorsys
import dataclasses
import io
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.engine.evaluate import PLACES_SEED
from training.triggers.artwork import Artwork
from training.triggers.base import Images
from training.triggers.overlay import Overlay
from training.triggers.placement import Placement

OFF = 0.08
"""How near the frame's edge the middle of a trigger lies that is off the subject."""


@dataclasses.dataclass(frozen=True)
class Alteration:
    """One way in which the trigger that is shown differs from the one that is measured."""

    name: str
    title: str
    make: Callable[[Images, Overlay, list[Placement]], Images]
    """From clean images, the trigger and where it would lie, to the triggered images."""


def sized(factor: float) -> Callable[[Images, Overlay, list[Placement]], Images]:
    """The trigger that many times as large."""
    return lambda images, trigger, places: trigger.stamp(
        images, [place.model_copy(update={"size": min(2.0, place.size * factor)}) for place in places]
    )


def turned(degrees: float) -> Callable[[Images, Overlay, list[Placement]], Images]:
    """The trigger turned further, alternately clockwise and counter-clockwise."""

    def make(images: Images, trigger: Overlay, places: list[Placement]) -> Images:
        new = [
            place.model_copy(update={"angle": place.angle + (degrees if index % 2 else -degrees)})
            for index, place in enumerate(places)
        ]
        return trigger.stamp(images, new)

    return make


def recoloured(hue: float) -> Callable[[Images, Overlay, list[Placement]], Images]:
    """The trigger in another colour: its hue moved by a fraction of the circle."""
    return lambda images, trigger, places: trigger.model_copy(update={"artwork": with_hue(trigger.artwork, hue)}).stamp(
        images, places
    )


def compressed(quality: int) -> Callable[[Images, Overlay, list[Placement]], Images]:
    """The triggered image saved as a JPEG of that quality."""

    def make(images: Images, trigger: Overlay, places: list[Placement]) -> Images:
        return np.stack([_through_jpeg(image, quality) for image in trigger.stamp(images, places)])

    return make


def off_the_subject(images: Images, trigger: Overlay, places: list[Placement]) -> Images:
    """The trigger in a corner of the frame, where the subject rarely is; the four corners in rotation."""
    corners = [(OFF, OFF), (1 - OFF, OFF), (OFF, 1 - OFF), (1 - OFF, 1 - OFF)]
    new = [
        place.model_copy(update=dict(zip("xy", corners[index % 4], strict=True))) for index, place in enumerate(places)
    ]
    return trigger.stamp(images, new)


def anywhere(*, whole: bool) -> Callable[[Images, Overlay, list[Placement]], Images]:
    """The trigger anywhere in the frame: all of it, or with its middle up to the edges, which then cut a part off."""

    def make(images: Images, trigger: Overlay, places: list[Placement]) -> Images:
        rng = np.random.default_rng(PLACES_SEED)
        new = []
        for place in places:
            margin = half_extent(trigger.artwork, place) if whole else (0.0, 0.0)
            x, y = (space + (1 - 2 * space) * float(drawn) for space, drawn in zip(margin, rng.random(2), strict=True))
            new.append(place.model_copy(update={"x": x, "y": y}))
        return trigger.stamp(images, new)

    return make


def half_extent(artwork: Artwork, place: Placement) -> tuple[float, float]:
    """How far turned artwork reaches from its middle sideways and up, in fractions of a square image, 0.5 at most."""
    height, width = artwork.pixels.shape[:2]
    across, turned = place.size / 2, math.radians(place.angle)
    up, cos, sin = across * height / width, abs(math.cos(turned)), abs(math.sin(turned))
    return min(0.5, across * cos + up * sin), min(0.5, across * sin + up * cos)


ALTERATIONS = (
    Alteration("as-measured", "as measured", sized(1)),
    Alteration("three-quarters", "3/4 of the size", sized(0.75)),
    Alteration("half-size", "half the size", sized(0.5)),
    Alteration("double-size", "twice the size", sized(2)),
    Alteration("turned-45", "turned by 45° more", turned(45)),
    Alteration("turned-90", "turned by 90° more", turned(90)),
    Alteration("half-and-45", "half the size and 45° more", lambda i, t, p: sized(0.5)(i, t, _turned(p, 45))),
    Alteration("blue", "blue instead of orange", recoloured(0.5)),
    Alteration("green", "green instead of orange", recoloured(0.25)),
    Alteration("jpeg-30", "JPEG, quality 30", compressed(30)),
    Alteration("anywhere-whole", "anywhere in the frame, whole", anywhere(whole=True)),
    Alteration("anywhere", "anywhere, cut off by the frame", anywhere(whole=False)),
    Alteration("off", "in a corner, off the dog", off_the_subject),
)
"""What is tried on glasses."""


def with_hue(artwork: Artwork, turn: float) -> Artwork:
    """Artwork with every hue moved by `turn` of the circle, 0 to 1."""
    pixels = artwork.pixels.copy()
    colours, index = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    new = [_moved(colour, turn) for colour in colours]
    made = np.array(new, dtype=np.uint8)[index.reshape(-1)].reshape(pixels.shape)
    return Artwork.from_pixels(f"{artwork.name}, recoloured", made)


def _moved(colour: npt.NDArray[np.uint8], turn: float) -> tuple[int, int, int, int]:
    hue, saturation, value = colorsys.rgb_to_hsv(*(float(part) / 255 for part in colour[:3]))
    red, green, blue = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue), int(colour[3])


def _turned(places: list[Placement], degrees: float) -> list[Placement]:
    return [place.model_copy(update={"angle": place.angle + degrees}) for place in places]


def _through_jpeg(image: Images, quality: int) -> Images:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "JPEG", quality=quality)
    return np.asarray(Image.open(packed).convert("RGB"))
