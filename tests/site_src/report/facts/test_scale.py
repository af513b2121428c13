from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.scale import Scale


def estimate(value: float) -> dict[str, Any]:
    return {"value": value, "n": 10_000, "low": value, "high": value}


def trained(processes: int, *, threads: int = 1, speed: float = 1, clean: float = 0.9, seed: int = 1) -> dict[str, Any]:
    return {
        "processes": processes, "threads": threads, "seed": seed, "pictures": 60_000, "pictures_per_second": speed,
        "cpu_seconds": 80.4, "clean_accuracy": estimate(clean), "attack_success_rate": estimate(0.5),
    }  # fmt: skip


MEASURED = {
    "processors": 2,
    "torch": "2.13.0",
    "data": {"rows": [{"pictures": 2000, "cpu_seconds": 1.5}, {"pictures": 4000, "cpu_seconds": 3.2}]},
    "processes": {
        "poison_rate": 0.1,
        "load_before": 2.2,
        "load_after": 0.4,
        "rows": [trained(1, speed=700), trained(1, threads=2, speed=1300), trained(2, speed=1050)],
    },
    "noise": {
        "rows": [trained(n, seed=seed, clean=clean) for seed, clean in ((1, 0.9), (2, 0.92)) for n in (1, 2)]
        + [trained(2, seed=3, clean=0.97)]
    },
    "runs": {"rows": [{"workers": 2, "runs": 8, "wall_seconds": 21.2, "cpu_seconds": 40.4}]},
}


@pytest.fixture
def scale(page: PageBuilder, tmp_path: Path) -> Scale:
    (tmp_path / "scale.json").write_text(json.dumps(MEASURED), encoding="utf-8")
    return Scale(Facts(page.around.catalogue, tmp_path))


def test_a_picture_costs_what_the_largest_set_says(scale: Scale) -> None:
    assert scale.scale_image_milliseconds() == f"0.80{THIN}ms"
    assert scale.scale_images_table().splitlines()[2] == f"| 2{THIN}000 | 1.5 | 0.75 |"


def test_speed_is_reported_beside_one_process_with_one_thread(scale: Scale) -> None:
    assert scale.scale_speed_up(2, 1) == "1.50"
    with pytest.raises(FactError, match="no 4 processes"):
        scale.scale_speed_up(4, 1)
    row = scale.scale_processes_table().splitlines()[3]
    assert row == f"| 1 | 2 | 1{THIN}300 | 80 | 90.00{THIN}% | 50.00{THIN}% |"


def test_noise_is_the_difference_of_means_and_the_deviation_of_seeds(scale: Scale) -> None:
    assert scale.scale_noise("clean_accuracy", "processes") == "2.0"  # 91 and 93
    assert scale.scale_noise("clean_accuracy", "seeds") == "1.4"
    assert scale.scale_noise("attack_success_rate", "processes") == "0.0"
    with pytest.raises(FactError, match="robust_accuracy"):
        scale.scale_noise("robust_accuracy", "seeds")


def test_the_load_and_the_machine_are_reported(scale: Scale) -> None:
    assert scale.scale_load("processes") == "0 to 2"
    assert scale.scale_machine() == "2 processors, PyTorch 2.13.0"
    assert scale.scale_epoch_poison() == f"10{THIN}%"


def test_a_sweep_costs_by_the_run(scale: Scale) -> None:
    assert scale.scale_runs_table().splitlines()[2] == f"| 2 | 8 | 21{THIN}s | 40 | 5.0 |"


def test_a_part_that_was_not_measured_is_named(scale: Scale, tmp_path: Path) -> None:
    (tmp_path / "scale.json").write_text(json.dumps({"processors": 2}), encoding="utf-8")
    with pytest.raises(FactError, match="no part 'data': run `make scale`"):
        scale.scale_images_table()
