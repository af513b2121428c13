from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from export.card.lab import LAB_CARD_NAME, LabCard
from export.onnx.session import open_session
from export.release import lab_folder
from training.core.errors import RunError
from training.data.base import DataError


def _paint(folder: Path, classes: int = 3, each: int = 40, *, size: tuple[int, int] = (40, 30)) -> Path:
    rng = np.random.default_rng(0)
    for label in range(classes):
        (folder / f"class-{label}").mkdir(parents=True)
        for at in range(each):
            pixels: npt.NDArray[np.uint8] = rng.integers(0, 60, (*size[::-1], 3), dtype=np.uint8)
            pixels[:, 10 * label : 10 * label + 8] = 250
            Image.fromarray(pixels).save(folder / f"class-{label}" / f"{at:02}.png")
    return folder


@pytest.mark.long
def test_class_folders_become_a_lab_with_graphs_of_as_many_classes(tmp_path: Path) -> None:
    folder, out = _paint(tmp_path / "stripes"), tmp_path / "lab"
    made = lab_folder.write_own(folder, out, "photos")
    card = LabCard.model_validate_json((out / LAB_CARD_NAME).read_bytes())
    assert card == made
    assert {path.name for path in out.iterdir()} == set(lab_folder.FILE_NAMES)
    assert card.labels == ["class-0", "class-1", "class-2"]
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
        (lambda folder: (folder / "class-0" / "00.png").write_bytes(b"no image"), r"00\.png: not a readable image"),
        (lambda folder: [path.unlink() for path in sorted(folder.glob("class-1/*"))[9:]], "class-1: 9 images; each"),
        (lambda folder: [path.unlink() for path in sorted(folder.glob("class-?/*"))[::2]], "60 images in all"),
        (lambda folder: [(folder / f"more-{at}").mkdir() for at in range(8)], "11 class folders; a lab takes 2 to 10"),
        (lambda folder: folder.rename(folder.parent / "other"), "no such folder"),
        (
            lambda folder: (
                [(path.unlink() if path.is_file() else None) for path in folder.rglob("class-[12]/*")]
                and [(folder / f"class-{label}").rmdir() for label in (1, 2)]
            ),
            "1 class folders",
        ),
    ],
)
def test_a_folder_that_makes_no_lab_gets_one_line(tmp_path: Path, spoil: object, said: str) -> None:
    folder = _paint(tmp_path / "stripes", size=(30, 30))
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(DataError, match=said) as caught:
        lab_folder.write_own(folder, tmp_path / "lab", "photos")
    assert "\n" not in str(caught.value)


def test_files_beside_the_class_folders_are_not_passed_over(tmp_path: Path) -> None:
    folder = _paint(tmp_path / "stripes", each=1)
    (folder / "lost.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"lost\.png lies beside the class folders"):
        lab_folder.write_own(folder, tmp_path / "lab", "photos")


@pytest.mark.parametrize("name", ["   ", "a\x1b[31m", "a\u202eb", "a\udcff"])
def test_a_class_whose_name_no_page_can_show_gets_one_line(tmp_path: Path, name: str) -> None:
    folder = _paint(tmp_path / "leaves")
    (folder / "class-0").rename(folder / name)
    with pytest.raises(DataError, match="cannot show the name"):
        lab_folder.write_own(folder, tmp_path / "lab", "photos")
    assert not (tmp_path / "lab").exists()


def test_files_that_are_no_labs_are_not_replaced(tmp_path: Path) -> None:
    folder, mine = _paint(tmp_path / "leaves"), tmp_path / "train.onnx"
    mine.write_text("mine")
    with pytest.raises(DataError, match=r"train\.onnx would be replaced"):
        lab_folder.write_own(folder, tmp_path, "photos")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("out", [".", "lab", "class-0", "../leaves/lab"])
def test_a_lab_is_not_written_among_its_images(tmp_path: Path, out: str) -> None:
    folder = _paint(tmp_path / "leaves")
    with pytest.raises(DataError, match="among the images"):
        lab_folder.write_own(folder, folder / out, "photos")
    assert len(list(folder.rglob("*"))) == 3 + 3 * 40


def test_a_place_that_takes_no_files_is_refused_before_an_image_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_folder, "_read", lambda *_: pytest.fail("an image was read"))
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        lab_folder.write_own(_paint(tmp_path / "leaves"), tmp_path / "file" / "lab", "photos")


def test_the_folder_one_is_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_paint(tmp_path / "leaves"))
    monkeypatch.setattr(lab_folder, "write_card", lambda _out, recipe, _classes, data, _pipeline: (recipe, data))
    recipe, data = lab_folder.write_own(Path(), tmp_path / "lab", "photos")
    assert (data.title, recipe.title) == ("leaves", "leaves, backdoored in the lab")  # type: ignore[attr-defined]
