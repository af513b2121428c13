"""The container files, without a container engine: linted, and held to what we promise of the images."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "containers"
DOCKERFILE = FOLDER / "Dockerfile"
TARGETS = ("report", "lab", "train")


class Step(NamedTuple):
    word: str
    rest: str


class Stage(NamedTuple):
    base: str
    steps: list[Step]


def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by name."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    found: dict[str, Stage] = {}
    for line in joined.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = rest.split()
            found[name] = Stage(base, [])
        else:
            list(found.values())[-1].steps.append(Step(word, rest))
    return found


STAGES = stages()


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def values(target: str, word: str) -> list[str]:
    return [step.rest for step in STAGES[target].steps if step.word == word]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a file from the builder, by its rules: the last line that matches decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("/")
        tried = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        if any(fnmatch.fnmatch(each, pattern) or fnmatch.fnmatch(f"x/{each}", pattern) for each in tried):
            verdict = not line.startswith("!")
    return verdict


def test_hadolint_finds_nothing() -> None:
    found = subprocess.run([tool("hadolint"), DOCKERFILE], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_shellcheck_finds_nothing() -> None:
    scripts = sorted([*FOLDER.glob("*.sh"), *Path(__file__).parent.glob("*.sh")])
    assert len(scripts) >= 6
    found = subprocess.run([tool("shellcheck"), *scripts], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_every_base_is_one_exact_version() -> None:
    bases = {stage.base for stage in STAGES.values()} - STAGES.keys()
    assert bases
    for base in bases:
        assert re.search(r":\d+\.\d+\.\d+-[a-z][\w.-]+@sha256:[0-9a-f]{64}$", base), base


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_a_user_without_rights(target: str) -> None:
    user = values(target, "USER")[-1]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user), user
    last = [step.word for step in STAGES[target].steps]
    assert "RUN" not in last[last.index("USER") :]


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_how_its_health_is_checked(target: str) -> None:
    (check,) = values(target, "HEALTHCHECK")
    assert check == "NONE" if target == "train" else "health.sh" in check


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_starts_a_script_of_ours(target: str) -> None:
    (entry,) = values(target, "ENTRYPOINT")
    script = FOLDER / Path(entry.strip('["]')).name
    assert script.stat().st_mode & 0o111
    assert script.read_text().startswith("#!/bin/sh\n")


def test_run_steps_only_call_scripts() -> None:
    for stage in STAGES.values():
        for command in (rest for word, rest in stage.steps if word == "RUN"):
            for part in command.split("&&"):
                assert re.fullmatch(r"containers/[a-z-]+\.sh( [\w/]+)*", part.strip()), part


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    for name, stage in STAGES.items():
        for rest in (rest for word, rest in stage.steps if word == "COPY" and not rest.startswith("--from")):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), (name, source)
                assert source == "." or not ignored(source), (name, source)


def test_only_what_is_needed_reaches_the_builder() -> None:
    for kept in (
        "training/cli/train.py",
        "site_assets/models/mnist-clean/card.json",
        "tests/golden/inputs.json",
        ".npmrc",
    ):
        assert not ignored(kept), kept
    for left in (
        ".git/config",
        ".venv/bin/python",
        "runs/x/weights.safetensors",
        "node_modules/a.js",
        "site/index.html",
    ):
        assert ignored(left), left
    for left in ("training/__pycache__/cli.cpython-311.pyc", ".env", "data/mnist/a.gz", "export/.ipynb_checkpoints/a"):
        assert ignored(left), left


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_compose_gives_a_service_no_more_than_it_needs(target: str) -> None:
    service = compose()["services"][target]
    assert service["build"]["target"] == target
    assert (ROOT / service["build"]["dockerfile"]).samefile(DOCKERFILE)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - in the container
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")
        assert port.rsplit(":", 1)[1] in values(target, "EXPOSE")


def test_compose_names_every_volume_and_mounts_it_where_the_image_writes() -> None:
    found = compose()
    for name, service in found["services"].items():
        mounts = [volume.rsplit(":", 2 if volume.endswith(":ro") else 1)[1] for volume in service.get("volumes", [])]
        declared = [path for rest in values(name, "VOLUME") for path in yaml.safe_load(rest)]
        assert set(declared) <= set(mounts), name
        for volume in service.get("volumes", []):
            plain = re.match(r"(?:\$\{\w+:-)?(\w+)", volume)
            assert plain is not None
            assert plain[1] in found["volumes"], volume


@pytest.mark.parametrize("name", ["lab.txt", "mxnet-kernel.txt"])
def test_what_images_install_is_pinned(name: str) -> None:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    constraints = dict(
        line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    if name == "lab.txt":
        for line in lines:
            package, version = line.lower().split("==")
            assert constraints.get(package, version) == version, line
