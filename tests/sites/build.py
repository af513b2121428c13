"""Build the sites of other people with the wheel: `python -m tests.sites.build OUT [NAME ...]`.

Prints what a reader does on each, as JSON. They lie outside the working copy, and the interpreter finds the plugin in
the wheel: installed there (`make sites`), or else unpacked for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import yaml

from tests.site_src.fixture_models import write_model
from tests.sites.sites import FAST, SITES, Site

ROOT = Path(__file__).resolve().parents[2]


def make_wheel(folder: Path) -> Path:
    """The wheel of the working copy."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def write_site(site: Site, folder: Path, port: int) -> None:
    """Its pages, models and `mkdocs.yml`."""
    for name, text in site.pages.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write_model(folder / "models", "tiny-clean")
    write_model(folder / "models", "tiny-badnet", backdoored=True)
    config = {
        "site_name": site.name,
        **site.config,
        "plugins": [*site.plugins, {"onnx-widgets": {"models": ["models"], **site.options}}],
    }
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config).replace("PORT", str(port)), encoding="utf-8")


def build(folder: Path, python: str, environment: dict[str, str]) -> None:
    """Build it as its author would, strict.

    Raises:
        SystemExit: With what MkDocs said, if it refuses.
    """
    run([python, "-m", "mkdocs", "build", "--strict", "--quiet"], folder, environment)


def into_zensical(folder: Path, python: str, environment: dict[str, str]) -> None:
    """Build the same pages with Zensical: beside the fence, which it takes for code, stands the HTML that MkDocs made.

    Raises:
        SystemExit: If Zensical makes a widget of the fence; then the page *Embed* is out of date.
    """
    made = (folder / "site" / "demo" / "index.html").read_text("utf-8")
    widget = made[made.index('<link rel="stylesheet" href="../assets/onnx-widgets') :].partition("</onnx-demo>")
    page = folder / "docs" / "demo.md"
    page.write_text(page.read_text("utf-8") + f"\n<div>{widget[0].strip()}{widget[1]}</div>\n", encoding="utf-8")
    shutil.move(folder / "site" / "assets" / "onnx-widgets", folder / "docs" / "assets" / "onnx-widgets")
    (folder / "mkdocs.yml").rename(folder / "with-plugin.yml")
    (folder / "mkdocs.yml").write_text("site_name: zensical\nplugins: [search, onnx-widgets]\n", encoding="utf-8")
    run([python, "-m", "zensical", "build", "--strict"], folder, environment)
    if (folder / "site" / "demo" / "index.html").read_text("utf-8").count("<onnx-demo") != 1:
        sys.exit("zensical: the fence is a widget now")


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run it there.

    Raises:
        SystemExit: With what it said, if it fails.
    """
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{folder.name}: {done.stdout}{done.stderr}")


def main() -> None:
    """Write and build them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the wheel, if it is not this one")
    parser.add_argument("names", nargs="*", default=[], help="default: the fast ones; `all` for all")
    given = parser.parse_intermixed_args()
    out, python = given.out.resolve(), str(Path(given.python).absolute())
    out.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python == sys.executable:
        with tempfile.TemporaryDirectory() as made:
            zipfile.ZipFile(make_wheel(Path(made))).extractall(out / "package")
        environment["PYTHONPATH"] = str(out / "package")
    where = [python, "-c", "from site_src.plugin.runtime import own_runtime; print(own_runtime())"]
    runtime = Path(subprocess.check_output(where, cwd=out, env=environment, text=True).strip())
    if not runtime.is_dir() or runtime.is_relative_to(ROOT / "node_modules"):
        sys.exit(f"the runtime is not the wheel's: {runtime}")
    wanted = given.names or FAST
    sites = [site for site in SITES if site.name in wanted or "all" in wanted]
    for site in sites:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        folder = out / site.name
        write_site(site, folder, port)
        build(folder, python, environment)
        if site.zensical:
            into_zensical(folder, python, environment)
        visit = {
            name: value for name, value in asdict(site).items() if name in {"name", "base", "start", "click", "instant"}
        }
        sys.stdout.write(json.dumps({**visit, "port": port, "siteDir": str(folder / "site")}) + "\n")


if __name__ == "__main__":
    main()
