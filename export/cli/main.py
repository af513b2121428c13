"""The `backdoors` command: every command by its name, imported when it is called."""

from __future__ import annotations

from training.cli.group import Entry, application
from training.cli.main import ENTRIES as TRAINING_ENTRIES

MODELS, EXPORT = "Models", "Export"
ENTRIES = {
    "models": Entry(
        "export.cli.models:models_command", "List the released models and those that you have exported.", panel=MODELS
    ),
    "predict": Entry(
        "export.cli.predict:predict_command",
        "Ask a model what it sees in images, with or without its trigger.",
        ("export",),
        MODELS,
    ),
    "evaluate": Entry(
        "export.cli.evaluate:evaluate_command",
        "Measure each of a model's files on the test images of the data set that its card names.",
        ("export", "train"),
        MODELS,
    ),
    **TRAINING_ENTRIES,
    "defend": TRAINING_ENTRIES["defend"]._replace(
        target="export.cli.defend:defend_command", extras=("export", "train")
    ),
    "export": Entry(
        "export.cli.export:export_command",
        "Export a trained network to ONNX, in fp32 and int8, with its model card and golden vectors.",
        ("export", "train"),
        EXPORT,
    ),
    "restore": Entry(
        "export.cli.restore:restore_command",
        "Write a released model as the run of its recipe, with the weights of its file.",
        ("export", "train"),
        EXPORT,
    ),
    "verify": Entry(
        "export.cli.verify:verify_command",
        "Check models: hashes, card schema, ONNX metadata and golden vectors. Exits with 1 on any mismatch.",
        ("export",),
        EXPORT,
    ),
    "sign": Entry("export.cli.sign:sign_command", "Sign model cards, and with them their files.", (), EXPORT),
    "card": Entry(
        "export.cli.card:app", "Write model cards, which describe an ONNX file to the widgets.", ("export",), EXPORT
    ),
    "inside": Entry(
        "export.cli.inside:inside_command",
        "Measure what a page shows of a model's inside, and write it beside its card.",
        ("export", "train"),
        EXPORT,
    ),
    "lab-data": Entry(
        "export.cli.lab_data:lab_data_command",
        "Turn class folders of images into the files of a lab, for the block backdoor-lab of your own site.",
        ("export", "train"),
        EXPORT,
    ),
    "convert-mxnet": Entry(
        "export.mxnet.cli:convert_mxnet_command",
        "Convert an Apache MXNet checkpoint to ONNX, without MXNet.",
        ("export",),
        EXPORT,
    ),
    "study-int8": Entry(
        "export.cli.study_int8:study_int8_command",
        "Add to a study how its networks do with int8 weights.",
        ("export", "train"),
        EXPORT,
    ),
    "study-photos": Entry(
        "export.cli.study_photos:study_photos_command",
        "Ask the released students about the sample photos and about people from other sources.",
        ("export",),
        EXPORT,
    ),
}

app = application(
    "Backdoors", ENTRIES, "Plant backdoors in neural networks, measure them, and export them for the browser."
)

if __name__ == "__main__":
    app()
