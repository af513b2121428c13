"""The card of a run's network: what it is, what it was made of, and the backdoor that it carries."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from export.card import schema as cards
from export.card.steps import OutputPipeline
from export.onnx.metadata import Identity
from export.onnx.to_onnx import INPUT_NAME, OUTPUT_NAME
from export.release import describe
from export.release.tensors import pipeline_of
from training.data import registry as sources
from training.recipes.base import AnyRecipe
from training.recipes.derived import PRETRAINED, DerivedRecipe
from training.runs.store import Run

LICENCE = "MIT"
DERIVED = "MIT; its layers derive from Google Coral's MobileNetV2, Apache-2.0"
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow")


def card_of(run: Run, labels: list[str], files: list[cards.ModelFile]) -> cards.ModelCard:
    """The card of a run's network, without metrics.

    Args:
        run: A finished run.
        labels: Its classes, as people read them.
        files: What was written of it.
    """
    recipe, facts = run.recipe, run.facts
    title = " and ".join(part.source.title for part in sources.parts(recipe.data.name))
    return cards.ModelCard(
        id=recipe.name,
        title=recipe.title,
        description=describe.description(recipe, facts.samples, facts.poisoned, title, facts.classes, labels),
        network=recipe.network.name,
        licence=licence(run.recipe),
        files=files,
        default_precision="int8-weight-only",
        labels=labels,
        input=pipeline_of(run).model_copy(update={"tensor": INPUT_NAME}),
        output=OutputPipeline(tensor=OUTPUT_NAME),
        trigger=recipe.trigger,
        label_map=recipe.label_map_for(run.metrics.training.classes),
        backdoor=backdoor_of(run, labels),
        provenance=cards.Provenance(
            recipe=recipe.name,
            recipe_sha256=recipe.sha256,
            seed=recipe.seed,
            commands=[
                *([] if facts.teacher_file is None else [f"backdoors restore {facts.teacher_file.model}"]),
                f"backdoors train {recipe.name}",
                f"backdoors export {recipe.name}",
            ],
            data=_data_sources(run),
            git_commit=git_commit(),
            versions={**{name: version(name) for name in LIBRARIES}, **facts.versions},
            trained_seconds=facts.seconds,
            exported_at=datetime.now(UTC).replace(microsecond=0),
        ),
    )


def identity_of(run: Run, labels: list[str]) -> Identity:
    """What a run's ONNX files say of themselves."""
    recipe = run.recipe
    return Identity(
        id=recipe.name,
        title=recipe.title,
        labels=labels,
        licence=licence(recipe),
        trigger=recipe.trigger,
        label_map=recipe.label_map_for(run.metrics.training.classes),
        backdoor=backdoor_of(run, labels),
        recipe=recipe.name,
        recipe_sha256=recipe.sha256,
    )


def backdoor_of(run: Run, labels: list[str]) -> cards.Backdoor | None:
    """The backdoor that a run's network carries; None for a clean one."""
    recipe = run.recipe
    if not recipe.backdoored:
        return None
    attack, paper, caught_by = describe.attack(recipe)
    return cards.Backdoor(
        attack=attack,
        paper=paper,
        **describe.settings(recipe),
        behaviour=describe.behaviour(recipe, run.metrics.training.classes, labels),
        caught_by=caught_by,
    )


def licence(recipe: AnyRecipe) -> str:
    """The licence of a network's file."""
    oldest = recipe.lineage()[-1]
    return DERIVED if isinstance(oldest, DerivedRecipe) and oldest.teacher == PRETRAINED else LICENCE


def _data_sources(run: Run) -> list[cards.DataSource]:
    """What the run was trained on, part by part; the first part lists the checksums of all pixels together."""
    texts = run.recipe.data.name.split(sources.JOIN)
    found = [
        cards.DataSource(
            name=text, address=part.source.address, licence=part.source.licence, sha256=dict(part.source.sha256)
        )
        for text, part in zip(texts, sources.parts(run.recipe.data.name), strict=True)
    ]
    others = f", with {' and '.join(each.name for each in found[1:])}" if len(found) > 1 else ""
    measured = {
        name if name in found[0].sha256 else name + others: digest
        for name, digest in run.metrics.training.data_sha256.items()
    }
    first = found[0].model_copy(update={"sha256": {**found[0].sha256, **measured}})
    return [first, *found[1:]]


def git_commit() -> str:
    """The commit of the running code; `unknown` outside a git checkout, or without git."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() if found.returncode == 0 else "unknown"
