"""The commands of this package, and the command line of `python -m training`, which needs nothing of `export`."""

from __future__ import annotations

from training.cli.group import Entry, application

TRAINING, DATA = "Training", "Data"
ENTRIES = {
    "recipes": Entry(
        "training.cli.recipes:recipes_command",
        "List the recipes that come with the package, with what each one trains.",
        panel=TRAINING,
    ),
    "train": Entry(
        "training.cli.train:train_command",
        "Train a network from a recipe, with the backdoor that the recipe describes.",
        ("train",),
        TRAINING,
    ),
    "sweep": Entry(
        "training.cli.sweep:sweep_command",
        "Train one recipe many times, varying its fields, and collect the results in one table.",
        ("train",),
        TRAINING,
    ),
    "compare": Entry(
        "training.cli.compare:compare_command",
        "Train recipes with several seeds each, and collect what was measured in one file.",
        ("train",),
        TRAINING,
    ),
    "study": Entry(
        "training.cli.study:study_command",
        "Measure a latent backdoor over several seeds, with baselines, altered triggers and defences.",
        ("train",),
        TRAINING,
    ),
    "study-students": Entry(
        "training.cli.study_students:study_students_command",
        "Measure students over several seeds, their teachers unchanged, and replace their rows in a study.",
        ("train",),
        TRAINING,
    ),
    "study-fine-tuning": Entry(
        "training.cli.study_fine_tuning:study_fine_tuning_command",
        "Choose the strength of fine-tuning on validation images, then measure what it leaves over several seeds.",
        ("train",),
        TRAINING,
    ),
    "defend": Entry(
        "training.cli.defend:defend_command",
        "Measure defences on a network and on its clean control.",
        ("train",),
        TRAINING,
    ),
    "study-defences": Entry(
        "training.cli.study_defences:study_defences_command",
        "Train the networks of a study, and measure every defence on each and on its clean control.",
        ("train",),
        TRAINING,
    ),
    "history": Entry(
        "training.cli.history:history_command",
        "Print what a finished run measured after each epoch, as one JSON document.",
        panel=TRAINING,
    ),
    "data": Entry("training.cli.data:app", "List, download, check and locate data sets.", ("train",), DATA),
}
"""Every command by its name, in the order in which they are listed."""

app = application("Training", ENTRIES, "Train neural networks with backdoors, and measure them.")
