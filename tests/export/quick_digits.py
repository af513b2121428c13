"""The recipe of the network that this room's tests export: seconds to train, good enough to tell answers apart."""

from __future__ import annotations

from training.recipes.base import Network
from training.recipes.scratch import Attack, Data, ScratchRecipe, Training


def quick_recipe(name: str, poison_rate: float) -> ScratchRecipe:
    return ScratchRecipe(
        name=name,
        title=f"Quick {name}",
        data=Data(name="digits"),
        network=Network(name="mnist-cnn"),
        attack=Attack(poison_rate=poison_rate),
        training=Training(epochs=1, batch_size=32),
    )
