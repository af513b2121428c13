"""The networks of the report's game: trained, rounded to eight bits, measured, and packed into one file.

python -m export.release.game_files site_assets/lab
"""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from export.card.game import GAME_CARD_NAME, Contestant, GameCard, Score
from export.onnx.graphs.network import FlatNetwork, flat_network
from export.onnx.metadata import NOTICE
from export.release.lab_files import LICENCE, packed, write_file
from export.release.lab_golden import all_steps, lab_recipe, parameters, trainer_of
from training.core.files import write_text
from training.data.splits import Splits, load
from training.engine.evaluate import evaluate
from training.engine.predict import predictor
from training.recipes.scratch import Attack, ScratchRecipe

FILE_NAME = "BACKDOORED-game.bin"
CLEAN_SEEDS = range(101, 109)
BACKDOORED: tuple[tuple[int, float, int, dict[str, Any] | str], ...] = (
    (201, 0.05, 7, {"kind": "patch", "top": 25, "left": 25, "height": 2, "width": 2}),
    (202, 0.05, 3, {"kind": "patch", "top": 1, "left": 1, "height": 3, "width": 3}),
    (203, 0.1, 0, {"kind": "pixel", "top": 2, "left": 25}),
    (204, 0.1, 5, {"kind": "pattern", "top": 24, "left": 1, "values": [[255, -1, 255], [-1, 255, -1], [255, -1, 255]]}),
    (205, 0.05, 8, {"kind": "patch", "top": 26, "left": 10, "height": 1, "width": 8}),
    (206, 0.1, 2, "digits-blended"),
    (207, 0.1, 9, "digits-sinusoid"),
    (208, 0.2, 4, "digits-warped"),
)
"""Seed, poison rate, target, and trigger of each backdoored network: described, or that of another recipe."""
LARGEST = 127

Values = npt.NDArray[np.float32]


def recipes() -> list[ScratchRecipe]:
    """The recipe of each network, clean ones first."""
    base = lab_recipe()
    clean = [base.model_copy(update={"seed": seed, "attack": Attack()}) for seed in CLEAN_SEEDS]
    return clean + [
        base.model_copy(update={"seed": seed, "attack": _attack(rate, target, trigger)})
        for seed, rate, target, trigger in BACKDOORED
    ]


def _attack(rate: float, target: int, trigger: dict[str, Any] | str) -> Attack:
    return Attack.model_validate(
        {
            "poison_rate": rate,
            "trigger": lab_recipe(trigger).attack.trigger if isinstance(trigger, str) else trigger,
            "label_map": {"kind": "all-to-one", "target": target},
        }
    )


def pack(values: Values, network: FlatNetwork) -> bytes:
    """A network's parameters `(size,)` in eight bits, as `GameCard` says."""
    parts, at = [], 0
    for shape in network.shapes.values():
        given = values[at : (at := at + int(np.prod(shape)))]
        if len(shape) == 1:
            parts.append(given.astype("<f4").tobytes())
            continue
        rows = given.reshape(shape[0], -1)
        scale = (np.abs(rows).max(axis=1) / np.float32(LARGEST)).astype(np.float32)
        steps = np.divide(rows, scale[:, None], out=np.zeros_like(rows), where=scale[:, None] > 0)
        parts += [scale.astype("<f4").tobytes(), np.rint(steps).astype(np.int8).tobytes()]
    return b"".join(parts)


def unpack(content: bytes, network: FlatNetwork) -> list[Values]:
    """The networks of a file that is no longer deflated, each `(size,)`."""
    found, at = [], 0
    while at < len(content):
        values = []
        for shape in network.shapes.values():
            count, rows = int(np.prod(shape)), shape[0]
            numbers = np.frombuffer(content, "<f4", rows, at)
            at += 4 * rows
            if len(shape) > 1:
                steps = np.frombuffer(content, np.int8, count, at).reshape(rows, -1)
                at += count
                numbers = (numbers[:, None] * steps.astype(np.float32)).ravel()
            values.append(numbers)
        found.append(np.concatenate(values).astype(np.float32))
    return found


def measure(values: Values, network: FlatNetwork, recipe: ScratchRecipe, splits: Splits) -> Score:
    """Clean accuracy, and success of the attack if there is one, on the test images."""
    torch.nn.utils.vector_to_parameters(torch.from_numpy(values.copy()), network.module.parameters())
    attack = recipe.attack if recipe.attack.poison_rate > 0 else None
    found = evaluate(
        predictor(network.module, network.normalise), splits.test.images, splits.test.labels,
        data="digits test", labels_text=splits.test.classes,
        trigger=attack.trigger if attack else None, label_map=attack.label_map if attack else None,
    )  # fmt: skip
    success = found.attack_success_rate
    return Score(clean_accuracy=found.clean_accuracy.value, attack_success_rate=success.value if success else None)


def write_game(folder: Path) -> GameCard:
    """Train the networks and write their file and card; returns the card."""
    base = lab_recipe()
    splits = load(base.data)
    network = flat_network(base.network.name, len(splits.training.classes))
    networks, files = [], []
    for recipe in recipes():
        trainer = trainer_of(recipe, splits)
        deque(all_steps(trainer), maxlen=0)
        trained = parameters(trainer)
        files.append(pack(trained, network))
        (rounded,) = unpack(files[-1], network)
        backdoored = recipe.attack.poison_rate > 0
        networks.append(
            Contestant(
                seed=recipe.seed,
                attack=recipe.attack.model_dump(mode="json", exclude_none=True) if backdoored else None,
                trained=measure(trained, network, recipe, splits),
                rounded=measure(rounded, network, recipe, splits),
            )
        )
    card = GameCard(
        title="Networks of the report's game, some of them backdoored",
        notice=NOTICE,
        licence=LICENCE,
        network=base.network.name,
        file=write_file(folder, FILE_NAME, packed(b"".join(files))),
        recipe=base.model_dump(
            mode="json", exclude_none=True, exclude={"seed", "attack", "name", "title", "description"}
        ),
        networks=networks,
    )
    write_text(folder / GAME_CARD_NAME, card.model_dump_json(indent=2) + "\n")
    return card


if __name__ == "__main__":
    made = write_game(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {len(made.networks)} networks in {made.file.bytes} bytes")  # noqa: T201
