"""Notebooks as pages: executed in a fresh kernel when the site is built, so that no output is older than the code."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from site_src.plugin.expressions import FactError
from site_src.plugin.page import PageBuilder
from site_src.plugin.problems import did_you_mean
from training.core.files import write_text

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "export" / "notebooks"
CACHE = ROOT / ".cache" / "notebooks"
INPUTS = ("export/**/*.py", "training/**/*.py", "site_assets/models/*/card.json", "tests/export/mxnet/vectors/*.params")
"""What a notebook's outputs depend on, besides itself."""
SECONDS = 600
"""How long a cell may take."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Notebooks:
    """The macro that places a notebook in a page."""

    def __init__(self, page: PageBuilder, cache: Path = CACHE) -> None:
        self._page = page
        self._cache = cache

    def notebook(self, name: str) -> str:
        """A notebook of `export/notebooks`, executed: its text, code and outputs as Markdown."""
        path = NOTEBOOKS / f"{name}.ipynb"
        if not path.exists():
            raise FactError(
                f"there is no notebook {path}{did_you_mean(name, [o.stem for o in NOTEBOOKS.glob('*.ipynb')])}"
            )
        cells = executed(path, self._cache).cells
        return "\n\n".join(part for cell in cells for part in self._cell(cell, name))

    def notebook_note(self, name: str) -> str:
        """A paragraph that says what the page is, with a link to the notebook's file."""
        address = self._page.output.assets.add(f"assets/notebooks/{name}.ipynb", NOTEBOOKS / f"{name}.ipynb")
        link = f'<a href="{self._page.output.url(address)}">a notebook</a>'
        return self._page.place(f"<p>This page is {link} that ran when the report was built.</p>")

    def _cell(self, cell: Any, name: str) -> Iterable[str]:  # noqa: ANN401 - notebook cells have no static type
        if cell.cell_type == "markdown":
            yield cell.source
            return
        yield _fence(cell.source, "python")
        images = 0
        for output in cell.outputs:
            if output.output_type == "stream":
                yield _fence(_ESCAPES.sub("", output.text).rstrip(), 'text title="Output"')
            elif "image/png" in output.get("data", {}):
                images += 1
                yield self._image(output.data["image/png"], cell, f"{name}-{cell.id}-{images}.png")

    def _image(self, encoded: str, cell: Any, file: str) -> str:  # noqa: ANN401 - as above
        content = base64.b64decode(encoded)
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        address = self._page.output.add_image(file, content)
        alt = html.escape(cell.metadata.get("alt", "A figure that the code above drew"), quote=True)
        size = f'width="{width}" height="{height}"'
        return self._page.place(f'<p><img src="{address}" alt="{alt}" {size} loading="lazy"></p>')


def executed(path: Path, cache: Path = CACHE) -> Any:  # noqa: ANN401 - notebooks have no static type
    """A notebook with its outputs from a fresh kernel; they are cached until anything that they depend on changes.

    Raises:
        FactError: If a cell fails.
    """
    kept = cache / f"{path.stem}-{_fingerprint(path)}.ipynb"
    if kept.exists():
        return nbformat.read(kept, as_version=4)  # type: ignore[no-untyped-call]
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--Application.log_level=ERROR"],
    )
    try:
        client.execute()
    except CellExecutionError as error:
        reason = _ESCAPES.sub("", str(error)).strip().splitlines()[-1]
        raise FactError(f"{path}: a cell fails: {reason}") from error
    for old in cache.glob(f"{path.stem}-*.ipynb"):
        old.unlink(missing_ok=True)
    write_text(kept, nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    return notebook


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    for file in [path, *sorted(found for pattern in INPUTS for found in ROOT.glob(pattern))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _fence(text: str, info: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{info}\n{text}\n{ticks}" if " " not in info else f"{ticks} {info}\n{text}\n{ticks}"
