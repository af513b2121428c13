from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from export.card.lab import LAB_CARD_NAME, LabCard
from export.onnx.session import open_session
from export.release import lab_folder
from tests.export.release import own_lab
from tests.export.release.own_lab import paint
from training.core.errors import RunError
from training.data.base import DataError


@pytest.mark.long
def test_class_folders_become_a_lab_with_graphs_of_as_many_classes(tmp_path: Path) -> None:
    folder, out = paint(tmp_path / "trees"), tmp_path / "own-lab"
    made = lab_folder.write_own(folder, out, "photos")
    for path in out.iterdir():
        assert path.read_bytes() == (own_lab.FOLDER / path.name).read_bytes(), "make tests/golden/own-lab again"
    card = LabCard.model_validate_json((out / LAB_CARD_NAME).read_bytes())
    assert card == made
    assert {path.name for path in out.iterdir()} == set(lab_folder.FILE_NAMES)
    assert card.labels == list(own_lab.CLASSES)
    assert (card.data.training, card.data.validation, card.data.test) == (72, 24, 24)
    content = zlib.decompress((out / card.data.name).read_bytes(), -zlib.MAX_WBITS)
    images = np.frombuffer(content, np.uint8, 120 * 784).reshape(120, 28, 28)
    labels = np.frombuffer(content, np.uint8, 120, 120 * 784)
    assert [np.bincount(labels[rows]).tolist() for rows in (slice(72), slice(72, 96), slice(96, 120))] == [
        [24] * 3, [8] * 3, [8] * 3,
    ]  # fmt: skip
    # of 40 columns the middle 30 are kept, from the fifth on, and become 28: the stripes begin at 0, 4.7 and 14
    brightest = images.mean(axis=1).argmax(axis=1)
    assert (brightest == np.array([0, 5, 15])[labels]).all()
    size = sum(int(np.prod(parameter.shape)) for parameter in card.parameters)
    logits, _ = open_session(out / card.evaluate.name).run(
        None, {"parameters": np.zeros(size, np.float32), "images": images[: card.evaluate.batch]}
    )
    assert logits.shape == (card.evaluate.batch, 3)
    assert card.train.batch == card.recipe["training"]["batch_size"] <= card.data.validation
    assert card.recipe["attack"]["label_map"]["target"] < len(card.labels)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: [path.unlink() for path in folder.rglob("*.png")], "contains no image"),
        (lambda folder: (folder / "birch" / "00.png").write_bytes(b"no image"), r"00\.png: not a readable image"),
        (lambda folder: [path.unlink() for path in sorted(folder.glob("elm/*"))[9:]], "elm: 9 images; each"),
        (lambda folder: [path.unlink() for path in sorted(folder.glob("*/*"))[::2]], "60 images in all"),
        (lambda folder: [(folder / f"more-{at}").mkdir() for at in range(8)], "11 class folders; a lab takes 2 to 10"),
        (lambda folder: folder.rename(folder.parent / "other"), "no such folder"),
        (
            lambda folder: (
                [(path.unlink() if path.is_file() else None) for path in folder.rglob("[eo]*/*.png")]
                and [(folder / name).rmdir() for name in own_lab.CLASSES[1:]]
            ),
            "1 class folders",
        ),
    ],
)
def test_a_folder_that_makes_no_lab_gets_one_line(tmp_path: Path, spoil: object, said: str) -> None:
    folder = paint(tmp_path / "stripes", size=(30, 30))
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(DataError, match=said) as caught:
        lab_folder.write_own(folder, tmp_path / "lab", "photos")
    assert "\n" not in str(caught.value)


def test_files_beside_the_class_folders_are_not_passed_over(tmp_path: Path) -> None:
    folder = paint(tmp_path / "stripes", each=1)
    (folder / "lost.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"lost\.png lies beside the class folders"):
        lab_folder.write_own(folder, tmp_path / "lab", "photos")


@pytest.mark.parametrize("name", ["   ", "a\x1b[31m", "a\u202eb", "a\udcff"])
def test_a_class_whose_name_no_page_can_show_gets_one_line(tmp_path: Path, name: str) -> None:
    folder = paint(tmp_path / "leaves")
    (folder / "birch").rename(folder / name)
    with pytest.raises(DataError, match="cannot show the name"):
        lab_folder.write_own(folder, tmp_path / "lab", "photos")
    assert not (tmp_path / "lab").exists()


def test_files_that_are_no_labs_are_not_replaced(tmp_path: Path) -> None:
    folder, mine = paint(tmp_path / "leaves"), tmp_path / "train.onnx"
    mine.write_text("mine")
    with pytest.raises(DataError, match=r"train\.onnx would be replaced"):
        lab_folder.write_own(folder, tmp_path, "photos")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("out", [".", "lab", "birch", "../leaves/lab"])
def test_a_lab_is_not_written_among_its_images(tmp_path: Path, out: str) -> None:
    folder = paint(tmp_path / "leaves")
    with pytest.raises(DataError, match="among the images"):
        lab_folder.write_own(folder, folder / out, "photos")
    assert len(list(folder.rglob("*"))) == 3 + 3 * 40


def test_a_place_that_takes_no_files_is_refused_before_an_image_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_folder, "_read", lambda *_: pytest.fail("an image was read"))
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        lab_folder.write_own(paint(tmp_path / "leaves"), tmp_path / "file" / "lab", "photos")


def test_the_folder_one_is_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(paint(tmp_path / "leaves"))
    monkeypatch.setattr(lab_folder, "write_card", lambda _out, recipe, _classes, data, _pipeline: (recipe, data))
    recipe, data = lab_folder.write_own(Path(), tmp_path / "lab", "photos")
    assert (data.title, recipe.title) == ("leaves", "leaves, backdoored in the lab")  # type: ignore[attr-defined]
