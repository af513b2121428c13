"""Running a study of defences: its networks wherever they are trained and examined, and one file of what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from rich.console import Console

from training.core.errors import RunError
from training.core.files import write_text
from training.recipes.base import AnyRecipe
from training.studies.defence_gather import gather
from training.studies.defence_plan import DefenceStudy, Trained
from training.studies.defence_results import DefenceResults
from training.studies.dispatch import Plan, carry_out
from training.studies.examination import Examination
from training.studies.jobs import Outcome
from training.studies.schema import require_own


def run(  # noqa: PLR0913 - each a choice of the user's
    study: DefenceStudy,
    *,
    runs_dir: Path,
    out: Path,
    data_dir: Path | None = None,
    plan: Plan | None = None,
    again: Collection[str] = (),
    console: Console,
) -> DefenceResults:
    """Train and examine what is not yet; write all that was found to `out` after each network.

    A study that was stopped resumes, in the middle of a network's defences too. Its networks are ordinary runs.

    Args:
        study: What to measure.
        runs_dir: Folder of the runs; cells and logs are in `defences/<study>` there.
        out: The JSON file.
        data_dir: See `training.data.registry.load`.
        plan: Where and how; in processes of this machine by default.
        again: Defences to measure again.
        console: For progress.

    Raises:
        RecipeError: If a recipe is wrong.
        RunError: If `out` cannot be written or is another file, or networks failed: after all others have ended, and
            their logs' last lines were printed.
        Stopped: If a signal said so.
    """
    plan, networks = plan or Plan(), study.networks()
    before = require_own(out, DefenceResults, "study-defences")
    if before is not None and before.study != study.name:
        raise RunError(f"{out}: holds the results of the study {before.study}; give another path, or remove it")
    jobs = examinations(study, networks, runs_dir.resolve(), None if data_dir is None else data_dir.resolve(), plan)
    by_name = {job.recipe.run_name: job for job in jobs}
    for job in jobs:
        job.forget(again)
    waiting = [job for job in jobs if not job.finished]
    if len(waiting) < len(jobs):
        console.print(f"{len(jobs) - len(waiting)} of {len(jobs)} networks are finished already", highlight=False)
    failed: list[Outcome] = []
    ended = len(jobs) - len(waiting)

    def report(outcome: Outcome) -> None:
        nonlocal ended
        ended += 1
        name = outcome.run.recipe.run_name
        words = [f"network {ended}/{len(jobs)}  {name}", f"{outcome.seconds:.1f} s"]
        if outcome.finished:
            words.insert(1, _counts(by_name[name]))
            write_text(out, gather(study, networks, by_name).model_dump_json() + "\n")
        else:
            failed.append(outcome)
            words += ["FAILED", "\n    ".join([f"the end of {outcome.log}:", *outcome.last_lines()])]
        console.print("  ".join(words), highlight=False, markup=False, soft_wrap=True)

    carry_out(waiting, plan, runs_dir.resolve() / "defences" / study.name, report)
    if failed:
        raise RunError(
            f"{len(failed)} of {len(jobs)} networks failed, their logs' ends are above; run the same command again to "
            "try those again"
        )
    found = gather(study, networks, by_name)
    write_text(out, found.model_dump_json() + "\n")
    return found


def examinations(
    study: DefenceStudy, networks: list[Trained], runs_dir: Path, data_dir: Path | None, plan: Plan
) -> list[Examination]:
    """One job a network, each backdoored one followed by its control."""
    attackers: dict[str, list[AnyRecipe]] = {}
    recipes: dict[str, AnyRecipe] = {}
    for trained in networks:
        for recipe in (trained.recipe, trained.control):
            recipes.setdefault(recipe.run_name, recipe)
            beside = attackers.setdefault(recipe.run_name, [])
            if trained.recipe.sha256 not in {each.sha256 for each in beside}:
                beside.append(trained.recipe)
    return [
        Examination(
            recipe=recipe, runs_dir=runs_dir, locks=runs_dir / "defences" / study.name, data_dir=data_dir,
            device=plan.device, threads=plan.threads_for(len(recipes)), defences=study.defences_of(recipe.seed),
            attackers=tuple(attackers[name]),
        )
        for name, recipe in recipes.items()
    ]  # fmt: skip


def _counts(job: Examination) -> str:
    """How many cells of a network ended in which way."""
    counts = Counter(cell.status for cell in job.found().cells)
    return ", ".join(f"{count} {status.replace('-', ' ')}" for status, count in sorted(counts.items()))
