from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from tests.training.data.fetch.download_faults import sha256
from tests.training.data.fetch.loopback import Answer, Server, running
from training.data import dogs_crops
from training.data.base import DataError
from training.data.fetch.items import Item
from training.data.images import read_split

LISTED = {
    "train": ["n02085620-Chihuahua/n02085620_1.jpg", "n02085620-Chihuahua/n02085620_2.jpg"],
    "test": ["n02088364-black-and-tan_coonhound/n02088364_3.jpg"],
}
RED, BLUE = (230, 20, 20), (20, 20, 230)


def frame(colour: tuple[int, int, int]) -> bytes:
    """A blue picture of 300x200 with a dog, a box of one colour, at (50, 20) to (250, 180)."""
    pixels = np.full((200, 300, 3), BLUE, dtype=np.uint8)
    pixels[20:180, 50:250] = colour
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "JPEG", quality=98)
    return made.getvalue()


def annotation(*edges: int) -> bytes:
    named = zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True)
    inside = "".join(f"<{name}>{edge}</{name}>" for name, edge in named)
    return f"<annotation><object><bndbox>{inside}</bndbox></object></annotation>".encode()


def mat(names: list[str]) -> bytes:
    made, listing = io.BytesIO(), np.empty((len(names), 1), dtype=object)
    listing[:, 0] = names
    savemat(made, {"file_list": listing})  # type: ignore[arg-type] # the stubs do not know its file objects
    return made.getvalue()


def tar(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def archives() -> dict[str, bytes]:
    names = [name for listing in LISTED.values() for name in listing]
    return {
        "images.tar": tar({f"Images/{name}": frame(RED) for name in names}),
        "annotation.tar": tar(
            {f"Annotation/{name.removesuffix('.jpg')}": annotation(50, 20, 250, 180) for name in names}
        ),
        "lists.tar": tar({f"{split}_list.mat": mat(listing) for split, listing in LISTED.items()}),
    }


def serve(server: Server, files: dict[str, bytes]) -> tuple[Item, ...]:
    server.answers = {f"/{name}": [Answer(content)] for name, content in files.items()}
    return tuple(
        replace(item, addresses=(f"{server.address}/{item.name}",), sha256=sha256(files[item.name]))
        for item in dogs_crops.ITEMS
    )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    monkeypatch.setenv("BACKDOORS_QUIET", "1")
    return tmp_path / "stanford-dogs"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_every_dog_is_cut_out_and_squashed_by_the_official_split(cache: Path) -> None:
    with running() as server:
        items = serve(server, archives())
        folder = dogs_crops.prepare(items)
        assert dogs_crops.prepare(items) == folder
        assert len(server.asked) == 3
    found = {split: read_split(folder, split) for split in ("train", "test")}
    assert found["train"].images.shape == (2, 224, 224, 3)
    assert found["train"].classes == ["n02085620-Chihuahua"]
    assert found["test"].classes == ["n02088364-black-and-tan_coonhound"]
    inside = found["train"].images[:, 12:-12, 12:-12].astype(int)  # JPEG blurs the edge
    assert np.abs(inside - RED).max() < 24
    assert visible(cache) == ["annotation.tar", "crops", "images.tar", "lists.tar"]


def test_a_image_that_is_missing_is_named_and_no_crops_are_believed(cache: Path) -> None:
    files = archives()
    files["images.tar"] = tar({f"Images/{LISTED['train'][0]}": frame(RED)})
    with running() as server, pytest.raises(DataError, match=r"n02085620_2\.jpg: not a readable image"):
        dogs_crops.prepare(serve(server, files))
    assert "crops" not in visible(cache)


@pytest.mark.parametrize("name", ["../../etc/passwd", "n02085620-Chihuahua/../n02085620_1.jpg", "cats/1.jpg"])
def test_a_list_that_names_anything_else_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "train_list.mat"
    path.write_bytes(mat([*LISTED["train"], name]))
    with pytest.raises(DataError, match="not a list of Stanford Dogs"):
        dogs_crops.listed(path)


@pytest.mark.parametrize("content", [b"", b"not a matrix at all" * 20, b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_a_list_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train_list.mat"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a list of Stanford Dogs") as caught:
        dogs_crops.listed(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<annotation/>", b"<annotation><object><bndbox><xmin>1</xmin></bndbox>"])
def test_an_annotation_without_box_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "n1_1"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable annotation"):
        dogs_crops.box(path)


def test_a_box_is_kept_inside_its_image_and_one_outside_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(frame(RED))
    dogs_crops.cut(path, dogs_crops.Box(-5, -5, 999, 999), tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as made:
        assert made.size == (224, 224)
    with pytest.raises(DataError, match="is outside the image of 300x200"):
        dogs_crops.cut(path, dogs_crops.Box(400, 20, 450, 180), tmp_path / "other.jpg")
