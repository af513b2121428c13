"""What a page with widgets loads: our modules and styles, and onnxruntime-web's files, under one content hash."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from training.core.errors import UserError

PREFIX = "assets/onnx-widgets"
FOLDERS = ("widgets", "styles", "lab")
"""Our own files: modules, style sheet, and what the lab trains with."""

INSTALLED_RUNTIME = "assets/onnxruntime-web"
"""The npm package in an installed wheel, below `site_src`; `hatch_build.py` puts it there."""

NOTICES = "ThirdPartyNotices.txt"
"""Beside the runtime: the licences of what is compiled into it."""

PUBLISHED = "widgets/core/published.mjs"
"""The module that lists what a page checks by itself; written here."""

RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""The runtime without WebGPU, the glue code that it loads from its own folder, and the machine code."""

WEBGPU_FILES = (
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
"""The same with WebGPU: twice as large, and fetched only by readers who choose it."""

_IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.{1,2}/[^"']+)["'];""", re.MULTILINE)
"""A static import; imports in comments begin with a star, not with the keyword."""

_WORKER = re.compile(r"""new URL\(["']([^"']+\.mjs)["'], import\.meta\.url\)""")
"""A module that another thread runs: a worker, or what onnxruntime-web imports."""


class RuntimeMissingError(UserError):
    """Files that the widgets need are missing."""


@dataclass
class Assets:
    """Files for the built site, by address. Files with the same address are the same file."""

    files: dict[str, Path | bytes] = field(default_factory=dict)

    def add(self, address: str, content: Path | bytes) -> str:
        """Note that a page uses this file; returns its address."""
        self.files.setdefault(address, content)
        return address

    def add_image(self, name: str, content: bytes) -> str:
        """Note a sample image; its address holds its hash."""
        digest = hashlib.sha256(content).hexdigest()[:12]
        return self.add(f"{PREFIX}/samples/{digest}/{name}", content)


@dataclass(frozen=True)
class Runtime:
    """The widgets' own files, ready to be served from one folder."""

    version: str
    """Of onnxruntime-web."""
    served_at: str
    files: dict[str, Path | bytes]
    """Address -> content."""

    @property
    def module(self) -> str:
        """Address of the module that a page loads."""
        return f"{self.served_at}/widgets/index.mjs"

    @property
    def entry(self) -> list[str]:
        """`module` and what it imports before it runs."""
        return self._reached([self.module], _IMPORT)

    def preloads(self, element: str) -> list[str]:
        """Modules that a page with this custom element needs beside `entry`, so that it fetches them all at once.

        Args:
            element: The tag. Its module is `elements/TAG/TAG.mjs`, which `module` imports when the page has one.

        Returns:
            Addresses of the element's module and of everything that it imports, directly or not, in this thread or
            another; those of the runtime last, for an element that uses it (`worker/ort.mjs`).
        """
        own = f"{self.served_at}/widgets/elements/{element}/{element}.mjs"
        entry = self.entry
        reached = self._reached([own] if own in self.files else [], _IMPORT, _WORKER)
        found = [address for address in reached if address not in entry]
        if not any(address.endswith("/ort.mjs") for address in found):
            return found
        return found + [f"{self.served_at}/ort/{name}" for name in RUNTIME_FILES if name.endswith(".mjs")]

    def _reached(self, modules: list[str], *links: re.Pattern[str]) -> list[str]:
        return _reached(self.files, modules, *links)

    @property
    def integrity(self) -> dict[str, str]:
        """Address of each module that a page loads -> its hash, as browsers write it.

        Those of the worker are checked by the page (`PUBLISHED`), because browsers do not.
        """
        pages = [address for address in self.files if re.search(r"/widgets/(?!worker/).*\.mjs$", address)]
        return {
            address: f"sha256-{base64.b64encode(hashlib.sha256(_read(self.files[address])).digest()).decode()}"
            for address in pages
        }

    @property
    def register(self) -> str:
        """Address of the module that keeps the site for reading without a network."""
        return f"{self.served_at}/widgets/offline/register.mjs"

    @property
    def stylesheet(self) -> str:
        """Address of the style sheet that a page loads."""
        return f"{self.served_at}/styles/widgets.css"


def own_assets() -> Path:
    """Folder with `FOLDERS`: inside the installed package, or `site_assets/` in a working copy."""
    installed = Path(str(files("site_src"))) / "assets"
    return installed if installed.is_dir() else installed.parent.parent / "site_assets"


def own_runtime() -> Path:
    """The folder `dist` of onnxruntime-web: inside the installed package, or in a working copy's `node_modules`."""
    installed = Path(str(files("site_src"))) / INSTALLED_RUNTIME
    package = installed if installed.is_dir() else installed.parents[2] / "node_modules" / "onnxruntime-web"
    return package / "dist"


def collect(runtime_dir: Path, assets_dir: Path | None = None) -> Runtime:
    """Collect the files and name their folder after their content.

    Args:
        runtime_dir: The folder `dist` of the npm package onnxruntime-web, such as `own_runtime()`.
        assets_dir: Folder with `FOLDERS`; the package's own by default.

    Raises:
        RuntimeMissingError: If files are missing; the message says what to do.
    """
    contents: dict[str, Path | bytes] = {}
    root = assets_dir or own_assets()
    for folder in FOLDERS:
        found = [path for path in sorted((root / folder).rglob("*")) if path.is_file() and not _is_private(path, root)]
        if not found:
            raise RuntimeMissingError(f"the widgets' files are missing from {root / folder}: install the package again")
        contents |= {path.relative_to(root).as_posix(): path for path in found}
    for name in RUNTIME_FILES + WEBGPU_FILES:
        path = runtime_dir / name
        if not path.is_file():
            raise RuntimeMissingError(
                f"onnxruntime-web is missing ({path} is not there): install this package from its wheel, run `npm ci` "
                "in a working copy, or point the option `runtime_dir` to the folder `dist` of the npm package "
                "onnxruntime-web"
            )
        contents[f"ort/{name}"] = path
    package = runtime_dir.parent
    version, contents["ort/LICENSE"] = _version(package), licence(package)
    if (said := notices(package)) is not None:
        contents[f"ort/{NOTICES}"] = said
    contents[PUBLISHED] = _published(contents)
    served_at = f"{PREFIX}/{_digest(contents)}"
    return Runtime(version, served_at, {f"{served_at}/{name}": content for name, content in contents.items()})


def _is_private(path: Path, root: Path) -> bool:
    return path.name.endswith(".d.ts") or any(part.startswith((".", "_")) for part in path.relative_to(root).parts)


def _digest(contents: dict[str, Path | bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name}\0{hashlib.sha256(_read(content)).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def _published(contents: dict[str, Path | bytes]) -> bytes:
    """The module `PUBLISHED` with sizes and hashes of the workers' modules, the runtime's files and the lab's cards."""
    threads: list[str] = [
        name for name in ("widgets/worker/worker.mjs", "widgets/worker/lab-worker.mjs") if name in contents
    ]
    cards = [name for name in ("lab/lab.json", "lab/game.json") if name in contents]
    worker = [*_reached(contents, threads, _IMPORT, _WORKER), *cards]
    listed = {}
    for name in (*worker, *(f"ort/{name}" for name in RUNTIME_FILES + WEBGPU_FILES)):
        data = _read(contents[name])
        listed[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    text = _read(contents[PUBLISHED]).decode()
    empty = "export const PUBLISHED = {};"
    if text.count(empty) != 1:
        raise RuntimeMissingError(f"{PUBLISHED} is not the widgets' own: install the package again")
    return text.replace(empty, f"export const PUBLISHED = {json.dumps(listed, indent=1)};").encode()


def _reached(files: dict[str, Path | bytes], modules: list[str], *links: re.Pattern[str]) -> list[str]:
    """These modules and all that they link to, directly or not."""
    found = list(modules)
    for address in found:
        text = _read(files[address]).decode()
        for name in (name for link in links for name in link.findall(text)):
            linked = posixpath.normpath(posixpath.join(posixpath.dirname(address), name))
            if linked in files and linked not in found:
                found.append(linked)
    return found


def _read(content: Path | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def licence(package: Path) -> bytes:
    """The licence text of onnxruntime-web; the npm package has none, so a template supplies it.

    Raises:
        RuntimeMissingError: If the package is under another licence than the template's.
    """
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md"):
        if (package / name).is_file():
            return (package / name).read_bytes()
    version, name = _version(package), _stated(package, "license")
    if name != "MIT":
        raise RuntimeMissingError(f"onnxruntime-web {version} has the licence {name}; this build only knows MIT")
    template = files("site_src").joinpath("plugin", "templates", "onnxruntime-web-licence.txt").read_text("utf-8")
    return template.replace("VERSION", version).encode()


def notices(package: Path) -> bytes | None:
    """The licences of what is compiled into onnxruntime-web; None for a version whose text is neither there nor here.

    The npm package has none. The Python package of the same version and project has; its text is among the templates.
    """
    if (package / NOTICES).is_file():
        return (package / NOTICES).read_bytes()
    name = f"onnxruntime-web-{_version(package)}-notices.txt"
    kept = files("site_src").joinpath("plugin", "templates", name)
    return kept.read_bytes() if kept.is_file() else None


def _version(package: Path) -> str:
    return _stated(package, "version")


def _stated(package: Path, field: str) -> str:
    """What an npm package says of itself."""
    try:
        return str(json.loads((package / "package.json").read_bytes())[field])
    except (OSError, ValueError, KeyError) as error:
        raise RuntimeMissingError(f"cannot read the {field} of onnxruntime-web from {package}: {error}") from error
