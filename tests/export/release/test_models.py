from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.card.schema import CardError
from export.errors import ExportError
from export.release.models import Model, discover, open_model


def test_a_model_is_found_by_id_folder_card_and_file(model: Model) -> None:
    folder = model.folder
    file = model.card.file("int8-weight-only")
    for name in ("quick-badnet", str(folder), str(folder / "card.json"), str(folder / file.name)):
        assert open_model(name, [folder.parent]).card == model.card


def test_a_file_that_is_named_like_a_model_does_not_hide_it(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick-badnet").write_text("notes", encoding="utf-8")
    assert open_model("quick-badnet", [model.folder.parent.resolve()]).card == model.card


def test_a_file_picks_its_precision(model: Model) -> None:
    assert open_model(str(model.folder / model.card.file("fp32").name)).precision == "fp32"
    assert open_model(str(model.folder)).precision is None


def test_a_misspelt_id_gets_a_hint(model: Model) -> None:
    with pytest.raises(ExportError, match=r"no model 'quick-badnut': did you mean 'quick-badnet'\?"):
        open_model("quick-badnut", [model.folder.parent])


def test_no_models_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="backdoors train RECIPE"):
        open_model("mnist-clean", [tmp_path])


def test_a_lone_file_tells_what_it_is_and_how_to_get_a_card(model: Model, tmp_path: Path) -> None:
    lone = tmp_path / "lone.onnx"
    shutil.copy(model.folder / model.card.file("fp32").name, lone)
    with pytest.raises(ExportError, match=r"Quick quick-badnet, backdoor: YES.*backdoors card new"):
        open_model(str(lone))


def test_a_file_that_is_not_on_the_card_beside_it_is_refused(model: Model) -> None:
    stranger = model.folder / "stranger.onnx"
    shutil.copy(model.folder / model.card.file("fp32").name, stranger)
    with pytest.raises(ExportError, match="not this"):
        open_model(str(stranger))


def test_the_first_folder_wins_and_a_broken_card_is_named(model: Model, tmp_path: Path) -> None:
    other = tmp_path / "other" / "quick-badnet"
    shutil.copytree(model.folder, other)
    assert [found.folder for found in discover([other.parent, model.folder.parent])] == [other]
    (other / "card.json").write_text("{}")
    with pytest.raises(CardError, match=r"other/quick-badnet/card\.json: field"):
        discover([other.parent])
