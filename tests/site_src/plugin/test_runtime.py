from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from site_src.plugin.runtime import (
    NOTICES,
    PUBLISHED,
    RUNTIME_FILES,
    WEBGPU_FILES,
    RuntimeMissingError,
    collect,
    own_assets,
    own_runtime,
)


@pytest.fixture
def assets_dir(tmp_path: Path) -> Path:
    root = tmp_path / "assets"
    for name in ("widgets/index.mjs", "widgets/core/a.mjs", "styles/widgets.css", "lab/lab.json", "lab/game.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "widgets/worker").mkdir()
    (root / "widgets/worker/worker.mjs").write_text('import "../core/a.mjs";\nnew URL("glue.mjs", import.meta.url);\n')
    (root / "widgets/worker/glue.mjs").write_text("")
    (root / PUBLISHED).write_text("export const PUBLISHED = {};\n")
    return root


def test_all_files_lie_below_one_hashed_folder(runtime_dir: Path, assets_dir: Path) -> None:
    runtime = collect(runtime_dir, assets_dir)
    names = {address.removeprefix(f"{runtime.served_at}/") for address in runtime.files}
    assert {"widgets/index.mjs", "widgets/core/a.mjs", "styles/widgets.css", "ort/LICENSE", PUBLISHED} <= names
    assert {f"ort/{name}" for name in RUNTIME_FILES + WEBGPU_FILES} <= names
    assert runtime.module in runtime.files
    assert runtime.stylesheet in runtime.files


@pytest.mark.parametrize("changed", ["widgets/core/a.mjs", "styles/widgets.css"])
def test_the_folder_is_renamed_when_a_file_changes(runtime_dir: Path, assets_dir: Path, changed: str) -> None:
    before = collect(runtime_dir, assets_dir).served_at
    assert collect(runtime_dir, assets_dir).served_at == before
    (assets_dir / changed).write_text("changed")
    assert collect(runtime_dir, assets_dir).served_at != before


def test_the_folder_is_renamed_when_the_runtime_changes(runtime_dir: Path, assets_dir: Path) -> None:
    before = collect(runtime_dir, assets_dir).served_at
    (runtime_dir / RUNTIME_FILES[2]).write_bytes(b"another version")
    assert collect(runtime_dir, assets_dir).served_at != before


def test_modules_are_preloaded_that_an_element_imports_in_turn(runtime_dir: Path, assets_dir: Path) -> None:
    (assets_dir / "widgets/index.mjs").write_text('import { a } from "./core/a.mjs";\n// import "./core/no.mjs";\n')
    (assets_dir / "widgets/core/a.mjs").write_text(
        '/** @type {import("./no.mjs").B} */\nexport {\n  b,\n} from "../b.mjs";\n'
    )
    for name in ("b.mjs", "core/no.mjs", "ort.mjs"):
        (assets_dir / "widgets" / name).write_text('import "./index.mjs";\n')
    (assets_dir / "widgets/b.mjs").write_text('new Worker(new URL("./ort.mjs", import.meta.url));\n')
    for name in ("this-one", "other"):
        element = assets_dir / f"widgets/elements/{name}/{name}.mjs"
        element.parent.mkdir(parents=True)
        element.write_text(f'import "../../core/a.mjs";\nimport "./{name}-view.mjs";\n')
        element.with_name(f"{name}-view.mjs").write_text("")
    runtime = collect(runtime_dir, assets_dir)
    names = [address.removeprefix(f"{runtime.served_at}/widgets/") for address in runtime.preloads("this-one")]
    own = "elements/this-one/this-one"
    ort = [f"{runtime.served_at}/ort/{name}" for name in RUNTIME_FILES if name.endswith(".mjs")]
    assert runtime.entry == [f"{runtime.served_at}/widgets/{name}" for name in ("index.mjs", "core/a.mjs", "b.mjs")]
    assert names == [f"{own}.mjs", f"{own}-view.mjs", "ort.mjs", *ort]


def test_the_worker_and_the_runtime_are_listed_with_size_and_hash(runtime_dir: Path, assets_dir: Path) -> None:
    runtime = collect(runtime_dir, assets_dir)
    content = runtime.files[f"{runtime.served_at}/{PUBLISHED}"]
    assert isinstance(content, bytes)
    listed = json.loads(content.decode().removeprefix("export const PUBLISHED = ").rstrip(";\n"))
    modules = [f"widgets/{name}" for name in ("worker/worker.mjs", "worker/glue.mjs", "core/a.mjs")]
    cards = ["lab/lab.json", "lab/game.json"]
    assert set(listed) == {*modules, *cards, *(f"ort/{name}" for name in RUNTIME_FILES + WEBGPU_FILES)}
    for name, found in listed.items():
        served = runtime.files[f"{runtime.served_at}/{name}"]
        data = served if isinstance(served, bytes) else served.read_bytes()
        assert found == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_every_module_of_a_page_has_a_hash_for_the_browser(runtime_dir: Path, assets_dir: Path) -> None:
    runtime = collect(runtime_dir, assets_dir)
    names = {address.removeprefix(f"{runtime.served_at}/"): digest for address, digest in runtime.integrity.items()}
    assert set(names) == {"widgets/index.mjs", "widgets/core/a.mjs", PUBLISHED}
    expected = base64.b64encode(hashlib.sha256(b"widgets/index.mjs").digest()).decode()
    assert names["widgets/index.mjs"] == f"sha256-{expected}"


def test_a_list_that_cannot_be_filled_in_is_reported(runtime_dir: Path, assets_dir: Path) -> None:
    (assets_dir / PUBLISHED).write_text("export const PUBLISHED = {a: 1};\n")
    with pytest.raises(RuntimeMissingError, match="install the package again"):
        collect(runtime_dir, assets_dir)


def test_a_missing_runtime_says_what_to_run(tmp_path: Path, assets_dir: Path) -> None:
    with pytest.raises(RuntimeMissingError, match="npm ci"):
        collect(tmp_path / "nowhere", assets_dir)


def test_missing_widgets_are_reported(runtime_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeMissingError, match="install the package again"):
        collect(runtime_dir, tmp_path / "empty")


def test_the_runtimes_own_licence_is_preferred(runtime_dir: Path, assets_dir: Path) -> None:
    runtime = collect(runtime_dir, assets_dir)
    filled_in = runtime.files[f"{runtime.served_at}/ort/LICENSE"]
    assert isinstance(filled_in, bytes)
    assert b"onnxruntime-web 1.2.3" in filled_in
    assert b"Microsoft" in filled_in
    (runtime_dir.parent / "LICENSE").write_bytes(b"theirs")
    runtime = collect(runtime_dir, assets_dir)
    assert runtime.files[f"{runtime.served_at}/ort/LICENSE"] == b"theirs"


def test_the_notices_are_those_of_the_runtimes_version(runtime_dir: Path, assets_dir: Path) -> None:
    runtime = collect(runtime_dir, assets_dir)
    assert f"{runtime.served_at}/ort/{NOTICES}" not in runtime.files
    (runtime_dir.parent / "package.json").write_text((own_runtime().parent / "package.json").read_text())
    runtime = collect(runtime_dir, assets_dir)
    said = runtime.files[f"{runtime.served_at}/ort/{NOTICES}"]
    assert isinstance(said, bytes)
    assert said.startswith(b"THIRD PARTY SOFTWARE NOTICES")


def test_a_runtime_under_another_licence_is_not_copied_blindly(runtime_dir: Path, assets_dir: Path) -> None:
    (runtime_dir.parent / "package.json").write_text(json.dumps({"version": "9", "license": "GPL-3.0"}))
    with pytest.raises(RuntimeMissingError, match=r"GPL-3\.0"):
        collect(runtime_dir, assets_dir)


def test_a_working_copy_serves_its_own_assets() -> None:
    assert own_assets().is_dir()


def test_the_wheel_carries_the_widgets_to_where_the_plugin_looks() -> None:
    root = Path(__file__).parents[3]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    carried = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assets = {f"site_assets/{name}": f"site_src/assets/{name}" for name in ("widgets", "styles", "lab")}
    assert assets.items() <= carried.items()
    assert all((root / folder).is_dir() for folder in carried)
