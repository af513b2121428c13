"""How the cost of training grows: with images, with processes, and with runs. Writes site_assets/metrics/scale.json.

    python -m tests.benchmarks.scale [--only data processes noise runs] [--data DIR] [--out FILE]

Every training here is the product's own, on the CPU. Two clocks are read: the time that went by, which other work on
the machine lengthens, and the processors' time of the command and all its processes, which it hardly changes; the load,
that of others included, is in the result. A part that is asked for replaces that part of the file.

data        one epoch of MNIST's first images, in several numbers
processes   one epoch of all of MNIST, backdoored: one process with one thread, one with two, two under torchrun
noise       the digits recipe with several seeds, trained by one process and by two: what a process more changes,
            beside what another seed changes
runs        a sweep of quick runs by one worker and by two
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from training.attacks import badnets
from training.core.files import write_text
from training.core.metrics import Measurement
from training.data.registry import load
from training.engine.batches import Batches, seeds
from training.engine.devices import fabric_for
from training.engine.predict import normaliser
from training.engine.trainer import Trainer
from training.models.registry import build
from training.recipes.load import load as load_recipe
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs.store import Run
from training.studies.sweep import load as load_sweep

OUT = Path(__file__).parents[2] / "site_assets" / "metrics" / "scale.json"
IMAGES = (2_000, 4_000, 8_000, 16_000)
NOISE_SEEDS = (1, 2, 3)
NOISE_EPOCHS = 4
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node")


def load_average() -> float:
    """Processes that wanted a processor, mean of the last minute."""
    return round(os.getloadavg()[0], 1)


def command(arguments: Sequence[str], threads: int) -> dict[str, float]:
    """Run Python with these arguments; what it took by both clocks, its children's work included.

    Raises:
        SystemExit: If it fails.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    answer = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if answer.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{answer.stderr}")
    work = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return {"wall_seconds": round(time.perf_counter() - started, 2), "cpu_seconds": round(work, 2)}


def trained(recipe: ScratchRecipe, processes: int, threads: int, data: Path | None) -> tuple[Run, dict[str, float]]:
    """A recipe trained by the command, with so many processes; the run, and what it took."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "recipe.toml"
        file.write_text(to_toml(recipe), encoding="utf-8")
        launcher = [*TORCHRUN, str(processes)] if processes > 1 else []
        given = ["--data", str(data)] if data else []
        took = command(
            [*launcher, "-m", "training", "train", str(file), "--runs", name, "--device", "cpu", *given], threads
        )
        return Run.open(Path(name) / recipe.run_name), took


def whole_recipe(name: str) -> ScratchRecipe:
    """A recipe that trains a whole network.

    Raises:
        SystemExit: If it is of another kind.
    """
    recipe = load_recipe(name)
    if not isinstance(recipe, ScratchRecipe):
        raise SystemExit(f"{name} trains no whole network")
    return recipe


def estimates(measured: Measurement) -> dict[str, Any]:
    """Clean accuracy and attack success with their intervals."""
    return {
        name: found.model_dump()
        for name in ("clean_accuracy", "attack_success_rate")
        if (found := getattr(measured, name)) is not None
    }


def by_data(data: Path | None) -> Iterator[dict[str, Any]]:
    """One epoch of MNIST's first images through the training loop, in this process with one thread."""
    recipe = whole_recipe("mnist-fast")
    whole = load("mnist", "train", data)
    torch.set_num_threads(1)
    rows = []
    for count in IMAGES:
        dataset = whole._replace(images=whole.images[:count], labels=whole.labels[:count])
        fabric = fabric_for(recipe.training, "cpu", 1)
        torch.manual_seed(seeds(recipe.seed, 0)[0])
        poisoned = badnets.apply(dataset, recipe.attack, badnets.draw(dataset, recipe.attack, recipe.seed))
        batches = Batches(
            poisoned, normaliser(recipe), size=recipe.training.batch_size,
            augment=recipe.data.augment, device=fabric.device,
        )  # fmt: skip
        trainer = Trainer(build(recipe.network, 10), batches, recipe.training, recipe.seed, fabric)
        next(iter(trainer.steps(1)))  # what is done once is not counted
        before, started = time.process_time(), time.perf_counter()
        steps = list(trainer.steps(2))
        work = time.process_time() - before
        rows.append(
            {
                "pictures": sum(step.samples for step in steps),
                "wall_seconds": round(time.perf_counter() - started, 2),
                "cpu_seconds": round(work, 2),
            }
        )
        print(rows[-1], flush=True)
        yield {"recipe": recipe.name, "rows": rows}


def by_processes(data: Path | None) -> Iterator[dict[str, Any]]:
    """All of MNIST once: as many processors' threads in one process, and as processes under torchrun."""
    recipe = next(one for one in load_sweep("mnist-poison-rate").recipes() if one.poison_rate == 0.1)
    rows = []
    for processes, threads in ((1, 1), (2, 1), (1, 2)):
        run, took = trained(recipe, processes, threads, data)
        facts = run.facts
        images = facts.samples * facts.epochs
        rows.append(
            {"processes": processes, "threads": threads, "pictures": images, "training_seconds": facts.seconds}
            | {"pictures_per_second": round(images / facts.seconds, 1), "load": load_average()}
            | took
            | estimates(run.metrics.measurement)
        )
        print(rows[-1], flush=True)
        yield {"recipe": recipe.name, "poison_rate": recipe.poison_rate, "seed": recipe.seed, "rows": rows}


def by_seed(data: Path | None) -> Iterator[dict[str, Any]]:
    """The quick recipe with several seeds, by one process and by two of one thread each."""
    base = whole_recipe("digits-badnet")
    base = base.model_copy(update={"training": base.training.model_copy(update={"epochs": NOISE_EPOCHS})})
    rows = []
    for seed in NOISE_SEEDS:
        for processes in (1, 2):
            run, took = trained(base.model_copy(update={"seed": seed}), processes, 1, data)
            rows.append({"processes": processes, "seed": seed} | took | estimates(run.metrics.measurement))
            print(rows[-1], flush=True)
        yield {"recipe": base.name, "epochs": NOISE_EPOCHS, "rows": rows}


def by_runs(data: Path | None) -> Iterator[dict[str, Any]]:
    """A small sweep by one worker and by two."""
    text = to_toml(load_sweep("digits-poison-grid").base)
    rows = []
    for workers, seed_count in ((1, 4), (2, 4), (2, 8)):
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "sweep.toml"
            axes = f"\n[sweep]\nrates = [0.1]\nseeds = {list(range(seed_count))}\n"
            file.write_text(text + axes, encoding="utf-8")
            given = ["--workers", str(workers), *(["--data", str(data)] if data else [])]
            took = command(["-m", "training", "sweep", str(file), "--runs", name, "--device", "cpu", *given], threads=1)
        rows.append({"workers": workers, "runs": seed_count, "load": load_average()} | took)
        print(rows[-1], flush=True)
        yield {"recipe": "digits-poison-grid", "rows": rows}


PARTS: dict[str, Callable[[Path | None], Iterator[dict[str, Any]]]] = {
    "data": by_data,
    "processes": by_processes,
    "noise": by_seed,
    "runs": by_runs,
}


def main() -> None:
    """Measure the parts that are asked for and put them into the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--data", type=Path, default=os.environ.get("BACKDOORS_DATA"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    data = Path(options.data) if options.data else None
    for part in options.only:
        load_before = load_average()
        for found in PARTS[part](data):  # written after each row, so that a measurement that is stopped is of use
            load = {"load_before": load_before, "load_after": load_average()}
            known = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
            known |= {"processors": os.cpu_count(), "torch": torch.__version__, part: found | load}
            write_text(options.out, json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
