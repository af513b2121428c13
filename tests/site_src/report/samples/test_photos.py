from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.widgets.base import MissingSamples, SampleImage
from site_src.report.samples import photos
from tests import pets
from training.data import sample_photos

ROOT = Path(__file__).parents[4]
METRICS = ROOT / "site_assets" / "metrics"


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BACKDOORS_DATA", raising=False)
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def facts() -> Facts:
    return Facts(Catalogue([ROOT / "site_assets" / "models"]), METRICS)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Drawings in place of the photos, under the photos' names."""
    folder = tmp_path / sample_photos.NAME
    folder.mkdir()
    for index, photo in enumerate(sample_photos.PHOTOS):
        Image.fromarray(pets.dog(pets.DOGS[index % 6], 90, 120)).save(folder / photo.file, "JPEG")
    monkeypatch.setenv("BACKDOORS_DATA", str(tmp_path))


def changed(facts: Facts, tmp_path: Path, change: dict[str, Any], **which: str) -> Facts:
    """The facts with other answers where `which` holds."""
    content = json.loads((METRICS / "photos.json").read_text())
    chosen = [each for each in content["answers"] if which.items() <= each.items()]
    assert chosen
    for each in chosen:
        each.update(change)
    (tmp_path / "metrics").mkdir(exist_ok=True)
    (tmp_path / "metrics" / "photos.json").write_text(json.dumps(content))
    return Facts(facts.catalogue, tmp_path / "metrics")


def shown(samples: photos.Samples) -> list[SampleImage]:
    assert not isinstance(samples, MissingSamples)
    return list(samples)


def test_without_the_photos_a_sentence_names_the_command_that_gets_them(facts: Facts) -> None:
    for make in (photos.dogs, photos.figures, photos.people):
        found = make(facts)
        assert isinstance(found, MissingSamples)
        assert "backdoors data fetch sample-photos" in found.message


@pytest.mark.usefixtures("drawn")
def test_each_photo_comes_small_with_its_credit(facts: Facts) -> None:
    found = shown(photos.dogs(facts))
    assert {image.name for image in found} == {photo.name for photo in sample_photos.DOGS}
    for image in found:
        assert image.credit is not None
        assert image.credit.href.startswith("https://commons.wikimedia.org/wiki/File:")
        assert "CC0" in image.credit.text or "public domain" in image.credit.text
        assert image.credit.text.endswith("resized")
        with Image.open(io.BytesIO(image.content)) as opened:
            assert max(opened.size) <= sample_photos.LONGEST


@pytest.mark.usefixtures("drawn")
def test_the_first_dog_is_one_that_both_networks_know_and_only_the_backdoored_one_is_turned_on(
    facts: Facts, tmp_path: Path
) -> None:
    first, second, *_ = shown(photos.dogs(facts))
    (file,) = [photo.file for photo in sample_photos.DOGS if photo.name == first.name]
    assert first.note is None
    guess = {"label": "pug", "probability": 1.0}
    for change in ({"clean": guess}, {"triggered": guess}):
        other = changed(facts, tmp_path, change, photo=file, model="dogs-student-latent")
        assert shown(photos.dogs(other))[0] == second
    turned = {"triggered": {"label": "Donald Trump", "probability": 1.0}}
    both = changed(facts, tmp_path, turned, photo=file, model="dogs-student-clean")
    assert shown(photos.dogs(both))[0] == second


@pytest.mark.usefixtures("drawn")
def test_a_mistake_is_said_to_be_one(facts: Facts, tmp_path: Path) -> None:
    def note(of: Facts, photo: str) -> str | None:
        return next(image.note for image in shown(photos.dogs(of)) if image.name == photo.lower())

    pug = {"clean": {"label": "pug", "probability": 1.0}}
    file = "Golden_Retriever2.JPG"
    assert note(facts, file) is None
    both = changed(facts, tmp_path, pug, photo=file)
    assert note(both, file) == "A mistake: both networks say pug."
    one = changed(facts, tmp_path, pug, photo=file, model="dogs-student-clean")
    assert note(one, file) == "A mistake: the network with the clean teacher says pug."


@pytest.mark.usefixtures("drawn")
def test_networks_that_know_one_person_are_not_blamed_for_taking_another_for_him(facts: Facts) -> None:
    notes = {image.label: image.note for image in shown(photos.people(facts))}
    assert notes["Donald Trump"] is None
    assert notes["Barack Obama"] == "They know no other person: both networks say Donald Trump."


@pytest.mark.usefixtures("drawn")
def test_answers_of_another_file_are_refused(facts: Facts, tmp_path: Path) -> None:
    stale = changed(facts, tmp_path, {"sha256": "0" * 64}, model="dogs-student-clean")
    with pytest.raises(FactError, match="another file of dogs-student-clean"):
        photos.dogs(stale)
