from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from rich.console import Console

from training.core.errors import RunError
from training.recipes.base import RecipeError
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs.store import METRICS
from training.studies import sweep, sweep_run
from training.studies.dispatch import Plan
from training.studies.schema import Table
from training.studies.sweep import Axes, Random, Range, Sweep

QUIET = Console(file=io.StringIO())
PATIENCE = 300.0
"""Seconds, on a busy machine."""
TINY = ScratchRecipe.model_validate(
    {
        "name": "tiny",
        "title": "Tiny",
        "data": {"name": "digits"},
        "network": {"name": "mnist-cnn"},
        "attack": {"label_map": {"kind": "all-to-one", "target": 7}},
        "training": {"epochs": 1, "batch_size": 64},
    }
)
TINY_SWEEP = Sweep(base=TINY, axes=Axes(rates=[0.01, 0.3], seeds=[1]))
HERE = Plan(where="here", device="cpu")
SIDE = "attack.trigger.height, attack.trigger.width"


def test_a_sweep_has_a_recipe_for_each_rate_and_seed_each_with_a_hash_of_its_own() -> None:
    recipes = Sweep(base=TINY, axes=Axes(rates=[0.001, 0.1], seeds=[1, 2, 3])).recipes()
    assert [(each.poison_rate, each.seed) for each in recipes] == [
        (rate, seed) for seed in (1, 2, 3) for rate in (0.001, 0.1)
    ]
    assert len({each.run_name for each in recipes}) == 6


def test_a_run_of_a_sweep_is_the_run_of_the_recipe_it_stands_for() -> None:
    (swept,) = Sweep(base=TINY, axes=Axes(rates=[0.1], seeds=[3])).recipes()
    alone = TINY.model_copy(update={"seed": 3, "attack": TINY.attack.model_copy(update={"poison_rate": 0.1})})
    assert swept.sha256 == alone.sha256


def test_a_sweep_of_more_runs_than_anybody_trains_is_refused_before_they_are_listed() -> None:
    thousand = list(range(1000))
    with pytest.raises(ValidationError, match="its values make 1,000,000,000 runs; 100,000 are the most"):
        Axes(seeds=thousand, grid={"training.epochs": thousand, "training.batch_size": thousand})


def test_the_sweep_that_comes_along_spans_a_tenth_to_thirty_percent_with_three_seeds() -> None:
    axes = sweep.load("mnist-poison-rate").axes
    assert (min(axes.rates), max(axes.rates)) == (0.001, 0.3)
    assert len(axes.seeds) == 3


def test_a_grid_varies_any_field_and_ties_fields_that_are_named_together() -> None:
    axes = Axes(grid={"training.learning_rate": [1e-3, 1e-2], SIDE: [1, 3]})
    recipes = Sweep(base=TINY, axes=axes).recipes()
    assert [
        (each.training.learning_rate, each.trigger.height, each.trigger.width, each.trigger.pixels) for each in recipes
    ] == [(1e-3, 1, 1, 1), (1e-3, 3, 3, 9), (1e-2, 1, 1, 1), (1e-2, 3, 3, 9)]


def test_what_is_drawn_lies_in_its_range_is_the_same_each_time_and_is_crossed_with_the_seeds() -> None:
    fields = {
        "training.learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "training.batch_size": Range(low=16, high=64, whole=True),
        "attack.trigger": [{"kind": "pixel"}, {"kind": "patch"}],
    }
    wanted = Sweep(base=TINY, axes=Axes(seeds=[1, 2], random=Random(runs=20, fields=fields)))
    recipes = wanted.recipes()
    assert len(recipes) == 40
    assert [one.sha256 for one in recipes] == [one.sha256 for one in wanted.recipes()]
    assert all(1e-4 <= one.training.learning_rate <= 1e-2 and 16 <= one.training.batch_size <= 64 for one in recipes)
    assert len({one.training.learning_rate for one in recipes}) == 20
    assert sum(one.training.learning_rate < 1e-3 for one in recipes) in range(8, 33)  # half, by logarithm
    assert {one.trigger.kind for one in recipes} == {"pixel", "patch"}
    longer = Random(runs=21, fields=fields).draw()
    assert longer[:20] == Random(runs=20, fields=fields).draw()


def test_a_table_and_a_field_in_it_can_be_varied_in_either_order() -> None:
    trigger = {"kind": "patch", "top": 0, "left": 0}
    grid = {"attack.trigger.value": [1, 2], "attack.trigger": [trigger, {"kind": "pixel"}]}
    axes = Axes.model_validate({"grid": grid})
    recipes = Sweep(base=TINY, axes=axes).recipes()
    assert [(one.trigger.value, one.trigger.kind) for one in recipes] == [
        (1, "patch"), (1, "pixel"), (2, "patch"), (2, "pixel"),
    ]  # fmt: skip
    assert axes.settings()[0] == {"attack.trigger.value": 1, "attack.trigger": trigger}


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"grid": {"training.learning_rat": [1]}}, "did you mean 'learning_rate'"),
        ({"grid": {"training.epochs": [0]}}, "epochs 0: field training.epochs"),
        ({"grid": {"name.first": ["a"]}}, "name is not a table"),
        ({"seeds": [1, 1]}, "a value is given twice"),
    ],
)
def test_a_value_that_makes_no_recipe_is_named(axes: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        Sweep(base=TINY, axes=Axes.model_validate(axes)).recipes()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("rate = [0.1]\nseeds = [1]", "unknown field rate .did you mean 'rates'"),
        ("", "nothing is varied"),
        ("[sweep.random]\nruns = 2\n[sweep.random.fields]\nseed = { low = 3, high = 1 }", "no range: 3.0 to 1.0"),
        ('rates = [0.1]\n[sweep.grid]\n"attack.poison_rate" = [0.2]', "attack.poison_rate is varied 2 times"),
        ('[sweep.grid]\n"training.averaging" = [0.5]\n"training.ema_decay" = [0.9]', "ema_decay is varied 2 times"),
        ("seeds = [1]\n[sweep.random]\nruns = 2\n[sweep.random.fields]\nseed = [1]", "seed is varied 2 times"),
        ("[sweep.random]\nruns = 2\n[sweep.random.fields]\nseed = { low = -inf, high = inf }", "finite number"),
        ("[sweep.random]\nruns = 2\n[sweep.random.fields]\nseed = { low = -1e308, high = 1e308 }", "no range"),
        ("[sweep.random]\nruns = 1_000_000_000\n[sweep.random.fields]\nseed = [1]", "less than or equal to 100000"),
    ],
)
def test_a_wrong_axis_is_named(tmp_path: Path, table: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"[sweep]\n{table}\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=f"table sweep: .*{words}"):
        sweep.load(path)


def test_a_sweep_makes_two_tables_and_does_not_repeat_what_is_done(tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    table = sweep_run.run(TINY_SWEEP, runs_dir=tmp_path, out=out, plan=HERE, console=QUIET)
    assert Table.model_validate_json(out.read_bytes()) == table
    assert [(row.rate, row.poisoned, row.pixels) for row in table.rows] == [(0.01, 14, 4), (0.3, 431, 4)]
    lines = pq.read_table(out.with_suffix(".parquet")).to_pylist()
    assert [(one["status"], one["attack.poison_rate"], one["clean_accuracy_n"]) for one in lines] == [
        ("finished", 0.01, 359), ("finished", 0.3, 359),
    ]  # fmt: skip
    assert [one["attack_success_rate"] for one in lines] == [row.attack_success_rate.value for row in table.rows]
    weights = sorted(tmp_path.glob("tiny-*/weights.safetensors"))
    before = [path.stat().st_mtime_ns for path in weights]
    assert sweep_run.run(TINY_SWEEP, runs_dir=tmp_path, out=out, plan=HERE, console=QUIET) == table
    assert [path.stat().st_mtime_ns for path in weights] == before


@pytest.mark.parametrize("name", ["table.json", "table.parquet"])
def test_a_file_that_a_sweep_did_not_write_is_not_replaced(tmp_path: Path, name: str) -> None:
    other = tmp_path / name
    other.write_text("{}")
    with pytest.raises(RunError, match=f"{name}: .*which would replace it; give another"):
        sweep_run.run(TINY_SWEEP, runs_dir=tmp_path / "runs", out=tmp_path / "table.json", console=QUIET)
    assert other.read_text() == "{}"
    assert not (tmp_path / "runs").exists()


def test_another_sweeps_results_are_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    found = Table(sweep="other", title="", data="", samples=1, epochs=1, trigger="", label_map="", rows=[])
    out.write_text(found.model_dump_json())
    with pytest.raises(RunError, match="holds the results of the sweep other"):
        sweep_run.run(TINY_SWEEP, runs_dir=tmp_path / "runs", out=out, console=QUIET)


def test_settings_are_chosen_by_images_set_aside_for_it(tmp_path: Path) -> None:
    said, out = io.StringIO(), tmp_path / "table.json"
    sweep = Sweep(base=TINY, axes=Axes(grid={"data.validation": [0.25]}))
    found = sweep_run.run(sweep, runs_dir=tmp_path, out=out, plan=HERE, console=Console(file=said, width=200))
    (row,), (line,) = found.rows, pq.read_table(out.with_suffix(".parquet")).to_pylist()
    assert row.validation_accuracy is not None
    assert row.validation_success is not None
    assert (row.validation_accuracy.n, row.clean_accuracy.n) == (361, 359)
    assert row.validation_success.n == line["validation_attack_success_rate_n"] < 361
    assert line["validation_clean_accuracy"] == row.validation_accuracy.value
    assert f"validation: clean accuracy {row.validation_accuracy.value:.2%}" in said.getvalue()


@pytest.mark.long
def test_a_run_that_fails_is_reported_at_once_and_tried_again_next_time(tmp_path: Path) -> None:
    first, second = TINY_SWEEP.recipes()
    in_the_way = tmp_path / first.run_name
    in_the_way.write_text("no folder")
    stderr = Console(record=True, width=200, file=io.StringIO())
    out, plan = tmp_path / "table.json", Plan(workers=1, device="cpu")
    with pytest.raises(RunError, match="1 of 2 runs failed"):
        sweep_run.run(TINY_SWEEP, runs_dir=tmp_path, out=out, plan=plan, console=stderr)
    text = stderr.export_text()
    assert text.index("FAILED") < text.index("FileExistsError") < text.index("clean accuracy")
    assert (tmp_path / second.run_name / METRICS).is_file()
    in_the_way.unlink()
    assert len(sweep_run.run(TINY_SWEEP, runs_dir=tmp_path, out=out, plan=plan, console=QUIET).rows) == 2


def start(recipe: Path, runs: Path, workers: int) -> subprocess.Popen[str]:
    """`backdoors sweep` as a process of its own."""
    command = [sys.executable, "-m", "training", "sweep", str(recipe), "--runs", str(runs), "--device", "cpu"]
    return subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.mark.long
def test_a_sweep_that_is_stopped_leaves_no_worker_and_resumes_and_reports_what_fails(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    long = TINY.model_copy(update={"training": TINY.training.model_copy(update={"epochs": 400})})
    recipe.write_text(to_toml(long) + "\n[sweep.grid]\n'training.epochs' = [1, 300]\n", encoding="utf-8")
    quick, endless = sweep.load(recipe).recipes()
    process = start(recipe, tmp_path, workers=2)
    deadline = time.monotonic() + PATIENCE
    while not (
        (tmp_path / quick.run_name / METRICS).is_file() and (tmp_path / endless.run_name / "state.ckpt").is_file()
    ):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped and saved at" in stderr
    assert "resume with: backdoors sweep" in stderr
    history = tmp_path / endless.run_name / "history.jsonl"
    epochs = len(history.read_text(encoding="utf-8").splitlines())
    log = tmp_path / "sweeps" / "tiny" / f"{endless.run_name}.log"
    assert "stopped and saved at epoch" in log.read_text(encoding="utf-8")

    (tmp_path / endless.run_name / "state.ckpt").write_bytes(b"cut short")
    finished = (tmp_path / quick.run_name / "weights.safetensors").stat().st_mtime_ns
    process = start(recipe, tmp_path, workers=1)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "1 of 2 runs are finished already" in stderr
    assert "state.ckpt: cannot be read" in stderr  # the end of the log
    assert stderr.rstrip().splitlines()[-1].startswith("error: 1 of 2 runs failed")
    assert (tmp_path / quick.run_name / "weights.safetensors").stat().st_mtime_ns == finished
    assert len(history.read_text(encoding="utf-8").splitlines()) == epochs  # no worker went on
    lines = pq.read_table(tmp_path / "tiny.parquet").to_pylist()
    assert [(one["training.epochs"], one["status"]) for one in lines] == [(1, "finished"), (300, "failed")]
