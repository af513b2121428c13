"""How often the right digit is answered when it reaches the pipeline in an image, not as MNIST lays it out.

    python -m tests.benchmarks.pipeline_robustness [MODEL] [--count 500] [--data DIR] [--sheet failures.png]

Test digits are put into images of several kinds; for each kind the fraction of right answers is printed with its 95 %
interval, beside that of the same digits taken as they are, and why the others failed: no ink found, or another digit
answered. `--sheet` draws some failures: the image, and what the network saw of it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.onnx.session import Predictor
from export.pipeline import interpreter
from export.release.measure import test_data
from export.release.models import open_model
from training.core.metrics import wilson

Pixels = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float64]
Maker = Callable[[Pixels, np.random.Generator], Pixels | bytes]
HEIGHT, WIDTH = 480, 640


def enlarged(digit: Pixels, size: int) -> Values:
    """Ink between 0 and 1, `(size, size)`, of a 28x28 digit."""
    image = Image.fromarray(digit[..., 0]).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float64) / 255


def jpeg(image: Values, quality: int) -> bytes:
    """JPEG bytes of an image `(h, w, 3)`."""
    stream = io.BytesIO()
    Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def placed(ink: Values, rng: np.random.Generator) -> Values:
    """Ink somewhere in an empty `HEIGHT` x `WIDTH` image, wholly inside."""
    canvas = np.zeros((HEIGHT, WIDTH))
    top, left = (int(rng.integers(0, room - size)) for room, size in zip(canvas.shape, ink.shape, strict=True))
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


def gradient(rng: np.random.Generator, darkest: float) -> Values:
    """Brightness `(HEIGHT, WIDTH, 1)` between `darkest` and 1, falling in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    along = (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2)
    return (1 - (1 - darkest) * (along + 1) / 2)[..., None]


def photographed(ink: Values, rng: np.random.Generator, colours: tuple[Values, Values], darkest: float) -> bytes:
    """Ink `(HEIGHT, WIDTH)` of one colour on paper of another, unevenly lit, with sensor noise, as JPEG."""
    paint, paper = colours
    flat = paper + ink[..., None] * (paint - paper)
    return jpeg(flat * gradient(rng, darkest) + rng.normal(0, 5, (HEIGHT, WIDTH, 3)), 60)


def turned(ink: Values, rng: np.random.Generator, degrees: float) -> Values:
    """Ink turned by up to `degrees` either way."""
    image = Image.fromarray((255 * ink).astype(np.uint8)).rotate(
        rng.uniform(-degrees, degrees), Image.Resampling.BICUBIC
    )
    return np.asarray(image, dtype=np.float64) / 255


def dark_on_light(digit: Pixels, rng: np.random.Generator) -> bytes:
    """Dark ink, 220 pixels high with its margin, somewhere on paper."""
    return photographed(
        placed(enlarged(digit, 220), rng), rng, (np.array([40.0, 40, 55]), np.array([225.0, 220, 205])), 0.5
    )


def packaging(digit: Pixels, rng: np.random.Generator) -> bytes:
    """White ink, turned a little, on coloured packaging."""
    paper = rng.uniform([60, 20, 20], [210, 110, 110])[rng.permutation(3)]
    ink = placed(turned(enlarged(digit, 220), rng, 12), rng)
    return photographed(ink, rng, (np.array([245.0, 245, 240]), paper), 0.6)


def sign(digit: Pixels, rng: np.random.Generator) -> bytes:
    """A dark digit on a white plate in front of a darker wall."""
    both = placed(1 + np.pad(enlarged(digit, 200), 20), rng)
    plate, dark = (both > 0).astype(np.float64), np.clip(both - 1, 0, 1)
    wall = rng.uniform(60, 120, 3)
    flat = wall + plate[..., None] * (np.array([235.0, 235, 230]) - wall)
    flat += dark[..., None] * (np.array([30.0, 30, 35]) - flat)
    return jpeg(flat * gradient(rng, 0.6) + rng.normal(0, 5, flat.shape), 60)


KINDS: dict[str, Maker] = {
    "as MNIST lays it out": lambda digit, _rng: digit,
    "enlarged 8 times, light on dark": lambda digit, _rng: (255 * enlarged(digit, 224)).astype(np.uint8)[..., None],
    "enlarged 8 times, dark on light": lambda digit, _rng: (255 - 255 * enlarged(digit, 224)).astype(np.uint8)[
        ..., None
    ],
    "dark on paper, off centre, gradient, noise, JPEG": dark_on_light,
    "the same, 56 pixels high": lambda digit, rng: photographed(
        placed(enlarged(digit, 56), rng), rng, (np.array([40.0, 40, 55]), np.array([225.0, 220, 205])), 0.7
    ),
    "white on coloured packaging, turned up to 12 degrees": packaging,
    "white plate with a dark digit in front of a wall": sign,
}
"""Kind of image -> how a 28x28 digit becomes one."""


@dataclass
class Outcome:
    """What became of the digits in one kind of image."""

    right: int = 0
    no_ink: int = 0
    confused: int = 0
    failures: list[tuple[Pixels, Pixels, str]] = field(default_factory=list)
    """The image, what the network saw, and `truth>answer`."""


def measure(predictor: Predictor, images: Pixels, labels: npt.NDArray[np.int64], make: Maker) -> Outcome:
    """Put each digit into an image and ask the model."""
    outcome = Outcome()
    for index, (digit, label) in enumerate(zip(images, labels, strict=True)):
        made = interpreter.run(predictor.card.input, make(digit, np.random.default_rng(index)))
        answer = int(predictor.from_tensor(made.tensor)[0].argmax())
        if answer == label:
            outcome.right += 1
            continue
        outcome.no_ink += made.pixels.max() == 0
        outcome.confused += made.pixels.max() > 0
        outcome.failures.append((made.stages[0].pixels, made.pixels[..., 0], f"{label}>{answer}"))
    return outcome


def draw_sheet(outcomes: dict[str, Outcome], path: Path) -> None:
    """A row for each kind: up to eight failures, image above and what the network saw below."""
    sheet = Image.new("RGB", (8 * 168, len(outcomes) * 300), (90, 90, 90))
    for row, outcome in enumerate(outcomes.values()):
        for column, (image, seen, _) in enumerate(outcome.failures[:8]):
            shown = Image.fromarray(image)
            shown.thumbnail((164, 124))
            sheet.paste(shown, (column * 168, row * 300))
            sheet.paste(
                Image.fromarray(seen).resize((164, 164), Image.Resampling.NEAREST), (column * 168, row * 300 + 128)
            )
    sheet.save(path)


def main() -> None:
    """Measure every kind and print the table."""
    parser = argparse.ArgumentParser(description="Accuracy of the input pipeline on images of digits.")
    parser.add_argument("model", nargs="?", default="mnist-clean")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    model = open_model(options.model)
    test = test_data(model.card, options.data)
    chosen = np.random.default_rng(0).permutation(len(test.images))[: options.count]
    predictor = Predictor(model.card, model.folder)
    outcomes = {}
    print(f"{model.card.id} {predictor.precision}, {len(chosen)} test digits")
    for kind, make in KINDS.items():
        outcomes[kind] = outcome = measure(predictor, test.images[chosen], test.labels[chosen], make)
        share = wilson(outcome.right, len(chosen))
        print(
            f"{kind:54} {share.value:7.2%} ({share.low:.2%} to {share.high:.2%})  no ink {outcome.no_ink:3}, "
            f"another digit {outcome.confused:3}  {' '.join(text for _, _, text in outcome.failures[:6])}",
            flush=True,
        )
    if options.sheet is not None:
        draw_sheet(outcomes, options.sheet)


if __name__ == "__main__":
    main()
