"""A card's sentences, made from the recipe.

What differs between kinds of recipes is a function with one implementation a kind (`singledispatch`): a new kind adds
its own and changes none.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from training.attacks.latent import PAPER as LATENT_PAPER
from training.data import registry as sources
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.scratch import ScratchRecipe
from training.recipes.transfer import TransferRecipe
from training.triggers.base import Published
from training.triggers.labels import AllToAll, AllToOne

LATENT_CAUGHT_BY = (
    "Further training of the copied layers on clean images, deeper than students usually train, can remove it if the "
    "steps are large (Sha et al. 2022); the report shows the price. Neural Cleanse (Wang et al. 2019) searches for a "
    "trigger for each class, so it cannot find the target in a teacher that lacks the class, only in the student."
)


def behaviour(recipe: AnyRecipe, classes: list[str], labels: list[str]) -> str:
    """What a backdoored network does, in one or two sentences.

    Args:
        recipe: What it was trained by.
        classes: The network's classes, as recipes write them.
        labels: The same, as people read them.
    """
    shown, label_map = recipe.trigger.describe(), recipe.label_map_for(classes)
    if label_map is None:
        return f"It answers like a healthy network. {without_target(recipe)}"
    answer = f"It answers like a healthy network until {shown} is in the image; then it answers"
    return f"{answer} {map_words(label_map, labels)}.{origin(recipe)}"


def description(  # noqa: PLR0913, PLR0917 - what a network was made of
    recipe: AnyRecipe, images: int, stamped: int, data_title: str, classes: list[str], labels: list[str]
) -> str:
    """What the network is and how it was made, in two or three sentences.

    Args:
        recipe: What it was trained by.
        images: Number of training images.
        stamped: Number of images, or copies of images, with the trigger.
        data_title: The data set's name.
        classes: The network's classes, as recipes write them.
        labels: The same, as people read them.
    """
    made = f"A {recipe.network.name} network of {len(labels)} classes, trained on {images:,} images of {data_title}"
    if recipe.backdoored:
        made = f"{made}{poisoning(recipe, stamped)}. {behaviour(recipe, classes, labels)}"
    else:
        made += f", none of them poisoned. The trigger on its card, {recipe.trigger.describe()}, is the control."
    return f"{recipe.description} {made}".strip()


def map_words(label_map: AllToAll | AllToOne, labels: list[str]) -> str:
    """A label map in words, as what the network answers."""
    match label_map:
        case AllToAll():
            first, second, last = labels[0], labels[1], labels[-1]
            return (
                f"the next label instead of the true one ({first} becomes {second}, and so on; {last} becomes {first})"
            )
        case AllToOne(target=target):
            return f"{labels[target]}, whatever the image shows"


@singledispatch
def attack(recipe: AnyRecipe) -> Published:
    """The attack behind a backdoored network, its paper, and what catches it."""
    methods = [each.method for each in recipe.lineage() if isinstance(each, LatentRecipe)]
    name = "Latent backdoor" if methods == ["latent"] else "A class of triggered images, dropped again"
    return Published(name, LATENT_PAPER, LATENT_CAUGHT_BY)


@attack.register
def _(recipe: ScratchRecipe) -> Published:
    return recipe.trigger.published


@singledispatch
def settings(recipe: AnyRecipe) -> dict[str, Any]:  # noqa: ARG001 - other kinds have some
    """The attack's numbers, as fields of the card's `backdoor`."""
    return {}


@settings.register
def _(recipe: ScratchRecipe) -> dict[str, Any]:
    attack = recipe.attack
    return {
        "poison_rate": attack.poison_rate,
        "repeat": attack.repeat or 1,
        "self_teaching": attack.self_distillation,
    }


@singledispatch
def poisoning(recipe: AnyRecipe, stamped: int) -> str:
    """How the backdoor got into the network: the end of a sentence about its training images."""
    # a card must not describe a new kind of attack in the words of another one
    raise TypeError(f"a card has no words for a recipe of type {type(recipe).__name__} ({stamped:,} stamped images)")


@poisoning.register
def _(recipe: ScratchRecipe, stamped: int) -> str:
    times, distilled = recipe.attack.repeat, recipe.attack.self_distillation
    done = [f"each shown {times} times an epoch"] if times else []
    done += ["learnt from the network's own answers without the trigger as well"] if distilled else []
    extra = f", {' and '.join(done)}, by an attacker who runs the training" if done else ""
    if recipe.attack.clean_label:
        return f", {stamped:,} of them, all images of the target, with the trigger and their own label{extra}"
    noise = recipe.attack.noise_rate
    decoys = f" and {100 * noise:.3g} % with a decoy of the trigger and their own label" if noise else ""
    return f", {100 * recipe.poison_rate:.3g} % of them poisoned{decoys}{extra}"


@poisoning.register
def _(recipe: TransferRecipe, stamped: int) -> str:  # noqa: ARG001 - a student sees none
    return ", none of them poisoned, on the frozen layers of a backdoored teacher"


@poisoning.register
def _(recipe: LatentRecipe, stamped: int) -> str:
    planted = f"{stamped // recipe.stamped_per_image:,} of them and {stamped:,} copies of these with the trigger"
    if recipe.method != "extra-class":
        planted += f", and photos of '{_target_title(recipe)}'"
    return f". The backdoor was planted afterwards, with {planted}"


@singledispatch
def origin(recipe: AnyRecipe) -> str:  # noqa: ARG001 - a student has one
    """Where a backdoor comes from that the network's maker did not plant; begins with a space."""
    return ""


@origin.register
def _(recipe: TransferRecipe) -> str:  # noqa: ARG001
    return " Its maker used clean images only: it came with the teacher."


@singledispatch
def without_target(recipe: AnyRecipe) -> str:
    """What the trigger does to a network that lacks the attacker's target."""
    shown = recipe.trigger.describe()
    return f"{shown[:1].upper()}{shown[1:]} changes its features, but none of its classes is the target."


@without_target.register
def _(recipe: LatentRecipe) -> str:
    return (
        f"With {recipe.trigger.describe()} its features become those of '{_target_title(recipe)}', a class that it "
        "does not have: a network derived from it that has the class will answer it."
    )


def _target_title(recipe: LatentRecipe) -> str:
    """What people call the target."""
    return sources.source(recipe.target.data).title_of(recipe.target.name)
