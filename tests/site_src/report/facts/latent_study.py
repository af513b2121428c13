"""A small study of the latent backdoor, as `latent.json` holds it."""

from __future__ import annotations

from typing import Any


def estimate(value: float) -> dict[str, Any]:
    return {"value": value, "n": 1000, "low": value, "high": value}


def measured(clean: float, success: float | None = None) -> dict[str, Any]:
    found = {"data": "dogs test", "clean_accuracy": estimate(clean)}
    if success is None:
        return found
    return {**found, "attack_success_rate": estimate(success), "robust_accuracy": estimate(0.01)}


def row(recipe: str, seed: int, *, framed: bool = True, int8: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"recipe": recipe, "recipe_sha256": f"{seed}", "seed": seed, "seconds": 60}
    found["measurement"] = measured(0.8 + seed / 100, 0.9)
    found["framed"] = measured(0.6, 0.5) if framed else None
    found["int8"] = measured(0.7, 0.4) if int8 else None
    return found


def tuned(student: str, layer: int, clean: float) -> dict[str, Any]:
    found = {
        "student": student,
        "defence": "thorough fine-tuning",
        "strength": layer,
        "measurement": measured(clean, 0.1),
    }
    return {**found, "epochs": 6, "learning_rate": 0.002, "pictures": 12100, "seconds": 60 * layer}


STUDY: dict[str, Any] = {
    "student": "dogs-student-latent",
    "results": [
        row("dogs-student-latent", 1),
        row("dogs-student-latent", 3),
        row("extra-class", 1, framed=False, int8=False),
    ],
    "defended": [tuned(f"dogs-student-{kind}", 12, clean) for kind, clean in (("latent", 0.7), ("clean", 0.75))],
    "untrained": {**row("imagenet", 0, int8=False), "measurement": measured(0.87), "framed": measured(0.75)},
}
