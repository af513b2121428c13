"""The wheel holds all that the packages read at run time, and says that they are typed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from site_src.plugin.runtime import INSTALLED_RUNTIME, RUNTIME_FILES, WEBGPU_FILES, own_runtime

ROOT = Path(__file__).resolve().parents[1]
READ_AT_RUN_TIME = (
    "training/recipes/*.toml",
    "training/triggers/artwork/*",
    "export/card/card.schema.json",
    "export/notebooks/*.ipynb",
    "site_src/**/templates/**/*.jinja",
    "site_src/**/templates/*.txt",
    "*/py.typed",
)
LOCKS = {
    "constraints.txt": "requirements.lock",
    "containers/lab.txt": "containers/lab.lock",
    "containers/mxnet-kernel.txt": "containers/mxnet-kernel.lock",
    "tests/export/mxnet/requirements.txt": "tests/export/mxnet/requirements.lock",
}
LAID_ELSEWHERE = {
    **{f"site_assets/{name}": f"site_src/assets/{name}" for name in ("widgets", "styles", "lab")},
    **{f"tests/golden/{name}": f"export/assets/golden/{name}" for name in ("inputs", "photos")},
}


def pinned(name: str, *, hashed: bool = False) -> set[tuple[str, str]]:
    """The packages that a file pins, with their versions; in a lock, those with a hash."""
    files = r" \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+" if hashed else "$"
    found = re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; [^\\\n]+)?" + files, (ROOT / name).read_text(), re.MULTILINE)
    return {(re.sub("[-_.]+", "-", package).lower(), version) for package, version in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both distributions: the wheel is built from the source distribution."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)], cwd=ROOT, check=True)
    return out


def test_the_wheel_has_what_the_packages_read(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    for pattern in READ_AT_RUN_TIME:
        wanted = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern) if path.is_file()}
        assert wanted, pattern
        assert wanted <= held
    for there, here in LAID_ELSEWHERE.items():
        files = [path.relative_to(ROOT / there) for path in (ROOT / there).rglob("*") if path.is_file()]
        assert {f"{here}/{path.as_posix()}" for path in files} <= held


def test_the_wheel_brings_the_runtime_with_its_licence_and_notices(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = zipfile.ZipFile(wheel)
    package = f"site_src/{INSTALLED_RUNTIME}"
    for name in RUNTIME_FILES + WEBGPU_FILES:
        assert held.read(f"{package}/dist/{name}") == (own_runtime() / name).read_bytes()
    assert b"Microsoft" in held.read(f"{package}/LICENSE")
    version = json.loads(held.read(f"{package}/package.json"))["version"]
    said = held.read(f"site_src/plugin/templates/onnxruntime-web-{version}-notices.txt")
    # as in the Python package onnxruntime of that version
    assert hashlib.sha256(said).hexdigest() == "143764b952fdb1a7c69ce653bfba74a7744d6a8a573bfb73e235fba356c83de3"


def test_the_source_distribution_has_no_released_models(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as held:
        assert not [name for name in held.getnames() if name.endswith(".onnx") and "site_assets/lab/" not in name]


def test_the_lock_has_a_hash_for_every_pinned_package() -> None:
    for pins, lock in LOCKS.items():
        wanted = pinned(pins)
        if pins == "constraints.txt":
            wanted.add(("pip", "25.3"))
        assert wanted == pinned(lock, hashed=True), f"{lock}: run make lock"


def test_pytorchs_lock_holds_the_builds_for_the_processor_alone() -> None:
    ((version, hashes),) = re.findall(
        r"^torch==(\S+) \\\n((?: .*\n)+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    builds = [line.split() for line in (ROOT / "locks" / "torch-cpu.sha256").read_text().splitlines()]
    assert builds
    for found, name in builds:
        assert f"-{version}+cpu-" in name
        assert f"--hash=sha256:{found}" in hashes


def test_cuda_is_for_linux_alone_and_shares_no_package_with_the_rest() -> None:
    text = (ROOT / "locks" / "cuda.lock").read_text()
    starts = re.findall(r"^(\S+)==.*", text, re.MULTILINE)
    assert starts
    assert len(re.findall(r"^\S+==.*sys_platform == 'linux'", text, re.MULTILINE)) == len(starts)
    assert not {name for name, _ in pinned("constraints.txt")} & set(starts)


@pytest.mark.parametrize("name", [".ci/run", "containers", ".github/workflows"])
def test_what_ci_and_images_install_is_checked_against_hashes(name: str) -> None:
    place = ROOT / name
    lines = [
        line
        for path in (place.iterdir() if place.is_dir() else [place])
        for line in path.read_text().splitlines()
        if "pip install" in line and not line.lstrip().startswith("#")
    ]
    assert [
        line for line in lines if "--require-hashes" not in line and "--no-deps --no-build-isolation" not in line
    ] == []


def test_the_npm_lock_has_a_hash_for_every_package() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [place for place, package in packages.items() if place and "integrity" not in package] == []
