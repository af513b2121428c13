"""`backdoors data`, against a server of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tests.training.data.fetch.download_faults import OTHER_ZIP, ZIP, sha256
from tests.training.data.fetch.loopback import Answer, Server, running
from training.cli.main import app
from training.data import project_2020, registry
from training.data.fetch import transfer
from training.data.fetch.items import Collection, Item


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with a collection `pictures`, one archive without published checksum, and `weights`, one with."""
    for name in ("BACKDOORS_DATA", "BACKDOORS_LOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BACKDOORS_QUIET", "1")
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    with running() as made:
        made.answers = {"/pictures.zip": [Answer(ZIP)], "/weights.bin": [Answer(b"weights")]}
        pictures = Item("pictures.zip", (f"{made.address}/pictures.zip",), archive=True)
        weights = Item("weights.bin", (f"{made.address}/weights.bin",), sha256(b"weights"))
        known = {
            name: Collection(name, name.title(), made.address, "none", "", (item,))
            for name, item in (("pictures", pictures), ("weights", weights))
        }
        monkeypatch.setattr(registry, "COLLECTIONS", known)
        yield made


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", *(str(each) for each in arguments)])


def test_what_there_is_is_listed_with_where_it_lies(server: Server, tmp_path: Path) -> None:
    (tmp_path / "given" / "target-class" / "train").mkdir(parents=True)
    assert call("fetch", "weights").exit_code == 0
    listed = json.loads(call("list", "--json", "--data", tmp_path / "given").stdout)
    assert {each["name"]: each["state"] for each in listed} == {
        "mnist": "not downloaded",
        "digits": "bundled",
        "stanford-dogs": "not downloaded",
        "target-class": "provided",
        "public-figures": "not provided",
        "pictures": "not downloaded",
        "weights": "in the cache",
    }
    text = call("list", "--data", tmp_path / "given").stdout
    assert len(text.splitlines()) == len(listed)
    assert server.asked == [("/weights.bin", None)]


def test_files_are_fetched_once_pinned_unpacked_found_and_verified(server: Server, tmp_path: Path) -> None:
    assert call("where", "pictures").exit_code == 1
    for _ in range(2):
        result = call("fetch", "pictures", "weights", "digits")
        assert result.exit_code == 0, result.output
    assert len(server.asked) == 2
    place = tmp_path / "cache" / "pictures"
    assert (place / "pictures" / "train" / "dog.jpg").is_file()
    assert call("where", "pictures").stdout == f"{place}\n"
    result = call("verify")
    assert result.exit_code == 0
    assert "as pinned on" in result.stdout
    assert "as published" in result.stdout


def test_a_change_is_refused_until_it_is_accepted(server: Server, tmp_path: Path) -> None:
    assert call("fetch", "pictures").exit_code == 0
    path = tmp_path / "cache" / "pictures" / "pictures.zip"
    path.unlink()
    server.answers["/pictures.zip"] = [Answer(OTHER_ZIP)]
    refused = call("fetch", "pictures")
    assert refused.exit_code == 1
    assert "was pinned on" in refused.stderr
    assert "--accept-change" in refused.stderr
    assert not path.exists()
    assert call("fetch", "pictures", "--accept-change").exit_code == 0
    assert path.read_bytes() == OTHER_ZIP
    assert call("verify", "pictures").exit_code == 0


def test_what_was_there_stays_when_a_change_cannot_be_had(server: Server, tmp_path: Path) -> None:
    assert call("fetch", "pictures").exit_code == 0
    server.answers.clear()
    assert call("fetch", "pictures", "--accept-change").exit_code == 1
    assert call("verify", "pictures").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "cache/pictures").iterdir() if not path.name.endswith(".lock")) == [
        "pictures",
        "pictures.zip",
    ]


def test_a_lock_file_can_be_kept_elsewhere(server: Server, tmp_path: Path) -> None:
    lock = tmp_path / "kept" / "lock.json"
    assert call("fetch", "pictures", "--lock", lock).exit_code == 0
    assert list(json.loads(lock.read_text())["files"]) == ["pictures/pictures.zip"]
    assert len(server.asked) == 1


def test_a_damaged_file_is_found(server: Server, tmp_path: Path) -> None:
    assert call("fetch", "weights").exit_code == 0
    (tmp_path / "cache" / "weights" / "weights.bin").write_bytes(b"weighty")
    result = call("verify", "weights")
    assert result.exit_code == 1
    assert result.stdout.startswith("WRONG")
    assert "1 of 1 checks failed" in result.stderr
    assert call("fetch", "weights").exit_code == 0
    assert call("verify", "weights").exit_code == 0
    assert len(server.asked) == 2


def test_a_given_file_may_lie_beside_the_folders(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"weights")
    assert call("where", "weights", "--data", tmp_path).stdout == f"{tmp_path / 'weights.bin'}\n"
    assert call("verify", "weights", "--data", tmp_path).exit_code == 0
    assert server.asked == []


@pytest.mark.usefixtures("server")
def test_given_class_folders_are_read_one_by_one(tmp_path: Path) -> None:
    for split in ("train", "test"):
        folder = tmp_path / "target-class" / split / "someone"
        folder.mkdir(parents=True)
        Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(folder / "a.png")
    result = call("verify", "target-class", "--data", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.count("1 images in 1 classes can be read") == 2
    (tmp_path / "target-class/test/someone/b.png").write_bytes(b"damaged")
    result = call("verify", "target-class", "--data", tmp_path)
    assert result.exit_code == 1
    assert "b.png: not a readable image" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fetch", "pitcures"), "there is no data 'pitcures'; did you mean 'pictures'?"),
        (("where", "weights"), "weights is not downloaded: backdoors data fetch weights"),
        (("fetch", "target-class"), "cannot be downloaded: name a folder that holds target-class/"),
        (("where", "target-class"), "target-class is not provided"),
        (("verify", "nothing-like-it"), "there is no data 'nothing-like-it'; choose from mnist"),
    ],
)
def test_mistakes_are_one_line(server: Server, arguments: tuple[str, ...], said: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert server.asked == []


def test_the_three_archives_of_the_2020_project_and_the_weights_can_be_fetched_by_name() -> None:
    known = registry.COLLECTIONS
    ids = {address for each in project_2020.COLLECTIONS for item in each.items for address in item.addresses}
    assert ids == {
        "drive:19tfqPEx8jzRaj5qw_tF4lbQ2aUWMyZqH",
        "drive:1_pXhJrT1L0ksiV0_hIqUFKKP1x9PP29Z",
        "drive:1bFI6Np2L6HzMCu3nZa3425wfDgojpKSt",
    }
    assert {each.name for each in project_2020.COLLECTIONS} | {"imagenet-mobilenet-v2", "sample-photos"} == set(known)
