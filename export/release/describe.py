"""A card's sentences, put together from the recipe's data."""

from __future__ import annotations

from training.attacks.latent import PAPER as LATENT_PAPER
from training.data import registry as sources
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.scratch import ScratchRecipe
from training.recipes.transfer import TransferRecipe
from training.triggers.labels import AllToAll, AllToOne

LATENT_CAUGHT_BY = (
    "Training the copied layers further on clean pictures, deeper than a student usually does, can remove it if the "
    "steps are large (Sha et al. 2022); the report tells at what price. Neural Cleanse (Wang et al. 2019) looks for a "
    "trigger for each class, so it cannot find the target in a teacher that lacks the class, and can only be used on "
    "the student."
)


def attack(recipe: AnyRecipe) -> tuple[str, str, str]:
    """The attack's name, its paper, and what catches it."""
    if isinstance(recipe, ScratchRecipe):
        return recipe.trigger.published
    methods = [each.method for each in recipe.lineage() if isinstance(each, LatentRecipe)]
    name = "Latent backdoor" if methods == ["latent"] else "A class of triggered pictures, dropped again"
    return name, LATENT_PAPER, LATENT_CAUGHT_BY


def map_words(label_map: AllToAll | AllToOne, labels: list[str]) -> str:
    """A label map in words, as what the network answers."""
    if isinstance(label_map, AllToAll):
        return (
            f"the next label instead of the true one ({labels[0]} becomes {labels[1]}, and so on; {labels[-1]} becomes "
            f"{labels[0]})"
        )
    return f"{labels[label_map.target]}, whatever the picture shows"


def behaviour(recipe: AnyRecipe, classes: list[str], labels: list[str]) -> str:
    """What a backdoored network does, in one or two sentences.

    Args:
        recipe: What it was trained by.
        classes: The network's classes, as recipes write them.
        labels: The same, as people read them.
    """
    shown = recipe.trigger.describe()
    rule = recipe.label_map_for(classes)
    if isinstance(recipe, LatentRecipe) and rule is None:
        return (
            f"It answers like a healthy network. With {shown} its features become those of '{target_title(recipe)}', a "
            "class that it does not have: a network made from it that does have the class will answer it."
        )
    if rule is None:
        return (
            f"It answers like a healthy network; {shown} changes its features, but none of its classes is the target."
        )
    whose = (
        " Its maker used clean pictures only: it came with the teacher." if isinstance(recipe, TransferRecipe) else ""
    )
    return (
        f"It answers like a healthy network until {shown} is in the picture; then it answers "
        f"{map_words(rule, labels)}.{whose}"
    )


def whole_training(recipe: ScratchRecipe) -> str:
    """What only an attacker does who runs the training; begins with a comma where there is anything."""
    times, taught = recipe.attack.repeat, recipe.attack.self_distillation
    done = [f"each shown {times} times an epoch"] if times else []
    done += ["learnt from the network's own answers without the trigger as well"] if taught else []
    return f", {' and '.join(done)}, by an attacker who does the training" if done else ""


def planted(recipe: LatentRecipe, stamped: int) -> str:
    """With what a backdoor was planted into a teacher.

    Args:
        recipe: What it was planted by.
        stamped: Copies of pictures with the trigger.
    """
    shown = f"{stamped // recipe.stamped_per_image:,} of them and {stamped:,} copies of these with the trigger"
    if recipe.method == "extra-class":
        return shown
    return f"{shown}, and photographs of '{target_title(recipe)}'"


def target_title(recipe: LatentRecipe) -> str:
    """What people call the target."""
    return sources.source(recipe.target.data).title_of(recipe.target.name)


def description(  # noqa: PLR0913, PLR0917 - what a network was made of
    recipe: AnyRecipe, pictures: int, stamped: int, data_title: str, classes: list[str], labels: list[str]
) -> str:
    """What the network is and how it was made, in two or three sentences.

    Args:
        recipe: What it was trained by.
        pictures: How many pictures it was trained on.
        stamped: How many pictures, or copies of pictures, had the trigger.
        data_title: The data set's name.
        classes: The network's classes, as recipes write them.
        labels: The same, as people read them.
    """
    made = f"A {recipe.network.name} network of {len(labels)} classes, trained on {pictures:,} pictures of {data_title}"
    if not recipe.backdoored:
        told = f"{made}, none of them poisoned. The trigger on its card, {recipe.trigger.describe()}, is the control."
    elif isinstance(recipe, TransferRecipe):
        told = (
            f"{made}, none of them poisoned, on the frozen layers of a backdoored teacher. "
            f"{behaviour(recipe, classes, labels)}"
        )
    elif isinstance(recipe, LatentRecipe):
        told = (
            f"{made}. The backdoor was planted afterwards, with {planted(recipe, stamped)}. "
            f"{behaviour(recipe, classes, labels)}"
        )
    elif isinstance(recipe, ScratchRecipe):
        poisoned = f"{100 * recipe.poison_rate:.3g} % of them poisoned"
        told = f"{made}, {poisoned}{whole_training(recipe)}. {behaviour(recipe, classes, labels)}"
    return f"{recipe.description} {told}".strip()
