"""`backdoors predict --at`: an overlay where the user says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export.cli.main import app
from export.release import golden_inputs
from tests.site_src.fixture_models import write_model
from tests.site_src.photo_models import LABELS, TARGET, write_photo_model

DOG = str(golden_inputs.PHOTOS / "dog-444.jpg")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_photo_model(tmp_path_factory.mktemp("models"), backdoored=True) / "card.json")


def target_share(model: str, *options: str) -> float:
    result = CliRunner().invoke(app, ["predict", model, DOG, "--json", "--top", str(len(LABELS)), *options])
    assert result.exit_code == 0, result.stderr
    (answer,) = json.loads(result.stdout)
    return next(guess["probability"] for guess in answer["top"] if guess["label"] == LABELS[TARGET])


def test_the_overlay_lies_where_the_user_says(model: str) -> None:
    without, where_the_card_says = target_share(model), target_share(model, "--trigger")
    large, cut_off = (target_share(model, "--trigger", "--at", at) for at in ("0.5,0.5,0.9,15", "0,0,0.1,0"))
    assert without < cut_off < where_the_card_says < large


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trigger", "--at", "0.5,0.5"], "expected four numbers X,Y,SIZE,ANGLE, as in 0.5,0.4,0.5,0"),
        (["--trigger", "--at", "left,0,1,0"], "expected four numbers"),
        (["--trigger", "--at", "0.5,0.5,9,0"], "size: Input should be less than or equal to 2"),
        (["--at", "0.5,0.5,1,0"], "--at places an overlay that --trigger adds; there is none for photos-badnet"),
    ],
)
def test_a_wrong_place_is_reported_in_one_line(model: str, options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["predict", model, DOG, *options])
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert message in line


@pytest.mark.parametrize("timeout", ["inf", "nan", "1e300"])
def test_a_time_that_nobody_waits_for_is_wrong_usage(model: str, timeout: str) -> None:
    result = CliRunner().invoke(app, ["predict", model, DOG, "--timeout", timeout])
    assert result.exit_code == 2, result.output


def test_a_trigger_of_pixels_has_its_own_place(tmp_path: Path) -> None:
    card = str(write_model(tmp_path, "tiny-badnet", backdoored=True))
    result = CliRunner().invoke(app, ["predict", card, DOG, "--trigger", "--at", "0.5,0.5,1,0"])
    assert result.exit_code == 1
    assert "there is none for tiny-badnet" in result.stderr


def test_a_changed_byte_is_found_before_the_network_answers(tmp_path: Path) -> None:
    card = write_model(tmp_path, "tiny-clean")
    path = card.parent / "tiny-clean.int8-weight-only.onnx"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    result = CliRunner().invoke(app, ["predict", str(card), DOG])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "int8-weight-only.onnx: SHA-256" in result.stderr


def test_one_unreadable_image_costs_the_others_nothing(model: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "damaged.avif").write_bytes(b"\0\0\0\x1cftypavif" + bytes(200))
    paths = [str(tmp_path / "pipe.png"), str(tmp_path / "damaged.avif"), "/dev/zero", DOG]
    result = CliRunner().invoke(app, ["predict", model, *paths])
    assert result.exit_code == 1
    assert result.stdout.startswith(DOG)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == paths[:3]


def test_a_label_reaches_the_terminal_without_its_control_characters(tmp_path: Path) -> None:
    path = write_model(tmp_path, "tiny-clean")
    card = json.loads(path.read_text())
    card["labels"] = [f"\x1b[2J\u202e{index}\nerror: fake" for index in range(10)]
    path.write_text(json.dumps(card))
    for option in ([], ["--json"]):
        result = CliRunner().invoke(app, ["predict", str(path), DOG, *option])
        assert result.exit_code == 0
        assert not {"\x1b", "\u202e"} & set(result.stdout + result.stderr)
        assert "\nerror: fake" not in result.stdout


def test_json_is_json_whatever_goes_wrong() -> None:
    result = CliRunner().invoke(app, ["predict", "no-such-model", DOG, "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": result.stderr.removeprefix("error: ").strip()}
