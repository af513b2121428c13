"""What no linter's contract can say of the packages' imports and of the tests' layout."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("training", "export", "site_src")
HEAVY = ("torch", "lightning_fabric", "onnx", "onnxruntime", "scipy", "sklearn", "matplotlib", "pyarrow")
LIGHT = (
    "training.core",
    "training.triggers",
    "training.recipes",
    "training.runs.store",
    "training.data.registry",
    "training.defences.outliers",
    "training.defences.verdict",
    "training.studies.schema",
    "export.card",
    "export.pipeline",
    "site_src.plugin",
)
# Tests of several modules together, or of the files in the repository rather than of code.
MIRROR_NOTHING = {
    "tests/export/cli/test_examples.py": "all commands that are shown",
    "tests/export/cli/test_missing_extras.py": "every command where no extra is installed",
    "tests/export/cli/test_startup.py": "what every command loads, and how soon it answers",
    "tests/export/frameworks/test_networks.py": "card new, with networks of other frameworks",
    "tests/export/mxnet/test_fuzz.py": "every reader of a checkpoint, with damaged files",
    "tests/export/mxnet/test_zoo.py": "whole networks of the model zoo",
    "tests/export/pipeline/test_overlay_parity.py": "interpreter and triggers, beside their JavaScript twins",
    "tests/export/pipeline/test_parity.py": "interpreter and ink, beside their JavaScript twins",
    "tests/export/release/test_released.py": "the released models of digits",
    "tests/export/release/test_released_photos.py": "the released models of photos",
    "tests/site_src/report/test_missing_extras.py": "the package facts, imported without the extras it needs",
    "tests/site_src/report/test_pages.py": "the pages themselves, as Markdown",
    "tests/training/cluster/test_slurm.py": "the command line under a real Slurm",
    "tests/training/defences/test_art.py": "the defences, beside the Adversarial Robustness Toolbox",
    "tests/widgets/core/card-types.test.mjs": "types generated from the card's JSON Schema",
    "tests/widgets/engine/recovery.test.mjs": "workers that die: the loader, its models and the client together",
    "tests/widgets/lab/defences.test.mjs": "what the lab's defences compute: four modules of a function or two",
    "tests/widgets/worker/golden.test.mjs": "the goldens of the released models, in Node",
    "tests/widgets/modules.test.mjs": "the import graph of all widgets",
}


@cache
def import_graph() -> grimp.ImportGraph:
    """Every import between our modules, those inside functions included."""
    return grimp.build_graph(*PACKAGES)


def command_line(module: str) -> bool:
    """Whether a module is of a command line, which defers imports so that `--help` answers at once."""
    return any(part in {"cli", "__main__"} for part in module.split("."))


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = import_graph()
    imports = {
        module: graph.find_modules_directly_imported_by(module) for module in graph.modules if not command_line(module)
    }
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail("import circle: " + " -> ".join(reversed(error.args[1])))


def deferred_imports(path: Path) -> Iterator[str]:
    """The file's imports of our own modules that stand inside a function, as `path:line`."""
    for function in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    continue
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                if any(name.split(".")[0] in PACKAGES for name in names):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_only_command_lines_import_our_modules_inside_functions() -> None:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    modules = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths}
    found = [line for path in paths if not command_line(modules[path]) for line in deferred_imports(path)]
    assert found == []


def light_modules() -> list[str]:
    modules = sorted(import_graph().modules)
    return [module for module in modules if any(module == room or module.startswith(f"{room}.") for room in LIGHT)]


def test_the_light_core_loads_no_heavy_package() -> None:
    """The linter's contract reads our imports; this one also sees what other people's packages bring along."""
    code = f"import sys\nimport {', '.join(light_modules())}\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout.split()) == (0, []), answer.stderr


def lonely_tests() -> Iterator[str]:
    """Test files with no module of their name, or of its beginning (`test_golden_inputs.py`: `golden.py`)."""
    for package in PACKAGES:
        for path in (ROOT / "tests" / package).rglob("test_*.py"):
            folder = ROOT / path.parent.relative_to(ROOT / "tests")
            words = path.stem.removeprefix("test_").split("_")
            names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
            if not any((folder / f"{name}.py").exists() or (folder / name).is_dir() for name in names):
                yield path.relative_to(ROOT).as_posix()
    for path in (ROOT / "tests/widgets").rglob("*.test.mjs"):
        inside = path.relative_to(ROOT / "tests/widgets").with_name(path.name.replace(".test", ""))
        if not any((ROOT / "site_assets/widgets").glob(f"**/{inside}")):
            yield path.relative_to(ROOT).as_posix()


def test_every_test_file_mirrors_a_module_or_says_why_not() -> None:
    assert sorted(lonely_tests()) == sorted(MIRROR_NOTHING)
