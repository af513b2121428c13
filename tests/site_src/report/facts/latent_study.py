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


def tuned(student: str, how: str, layer: int, clean: float) -> dict[str, Any]:
    found = {
        "student": student,
        "defence": f"{how} fine-tuning",
        "strength": layer,
        "measurement": measured(clean, 0.4),
    }
    return {**found, "epochs": 3, "learning_rate": 0.0003, "pictures": 2420, "seconds": 60 * layer}


def chosen(student: str, seed: int, layer: int | None, clean: float) -> dict[str, Any]:
    how = {} if layer is None else {"layer": layer, "learning_rate": 0.002, "seconds": 60.0 * layer}
    found = {"student": student, "recipe_sha256": f"{student}-{seed}", "seed": seed, **how}
    return {**found, "measurement": measured(clean, 0.1), "framed": measured(clean - 0.2, 0.05)}


FINE_TUNINGS: dict[str, Any] = {
    "student_sha256": "dogs-student-latent-1",
    "epochs": 6,
    "images": 12100,
    "most_lost": 0.04,
    "untuned": estimate(0.8),
    "tried": [
        {"layer": 12, "learning_rate": rate, "accuracy": estimate(left)} for rate, left in ((0.004, 0.7), (0.002, 0.77))
    ],
    "rows": [
        chosen(f"dogs-student-{kind}", seed, layer, clean + seed / 100)
        for seed in (1, 3)
        for kind, clean in (("latent", 0.7), ("clean", 0.75))
        for layer in (None, 12)
    ],
}

STUDY: dict[str, Any] = {
    "student": "dogs-student-latent",
    "results": [
        row("dogs-student-latent", 1),
        row("dogs-student-latent", 3),
        row("extra-class", 1, framed=False, int8=False),
    ],
    "defended": [
        tuned("dogs-student-latent", "gentle", 12, 0.75),
        tuned("dogs-student-latent", "thorough", 12, 0.7),
        tuned("dogs-student-clean", "thorough", 12, 0.65),
    ],
    "fine_tunings": FINE_TUNINGS,
    "untrained": {**row("imagenet", 0, int8=False), "measurement": measured(0.87), "framed": measured(0.75)},
}
