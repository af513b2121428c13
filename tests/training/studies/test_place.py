from __future__ import annotations

from training.core.metrics import Measurement, wilson
from training.recipes.load import load
from training.studies.place import only_target


def test_the_target_keeps_its_name_whatever_people_call_it() -> None:
    recipe = load("figures-student-latent")
    sure = wilson(5, 6)
    for called in ("donald-trump", "Donald Trump"):
        measured = Measurement(data="x", clean_accuracy=sure, per_class={"Bill Clinton": {}, called: {"a": sure}})
        assert only_target(recipe, measured).per_class == {"donald-trump": {"a": sure}}
