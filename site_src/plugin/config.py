"""The plugin's options, as `mkdocs.yml` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from export.card.signature import PublicKey
from site_src.plugin.widgets.reading import explain


class Options(BaseModel):
    """Options of `onnx-widgets`. Paths are relative to the folder of `mkdocs.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    models: list[Path] = []
    """Folders that hold `<id>/card.json`. If two folders hold the same id, the earlier one wins."""

    runtime_dir: Path | None = None
    """The folder `dist` of another version of the npm package onnxruntime-web than the one that comes along."""

    metrics: Path | None = None
    """Folder of the metrics files (JSON) that `{{ measurements('name') }}` reads."""

    macros: bool = False
    """Whether to evaluate `{{ … }}` in pages; when off, it stays as it is."""

    extension: str | None = None
    """A Python module with any of `macros(page, facts)`, `sample_sets(facts)` and `answer(entry, precision, image,
    trigger, placement)`: a site's own macros and samples, and what its networks say of a widget's first sample, which
    readers see until the networks are there."""

    require_samples: bool = False
    """Whether to stop the build if the extension's samples are not all on this machine; when off, the widgets say
    what is missing."""

    public_key: PublicKey | None = None
    """Public key (Ed25519, base64) that every model's card must be signed with; `backdoors sign` prints it. The build
    checks it, and so does each widget before it opens a network."""

    sign: bool = False
    """Whether the build signs the cards of this site itself: with the private key in the environment variable
    `BACKDOORS_SIGNING_KEY`, or else with one that it makes and forgets."""

    csp: bool = False
    """Whether to give every page a Content-Security-Policy that allows only this site's own files."""

    anywhere: bool = False
    """Whether Material's instant navigation works wherever the site is served from, and not only at `site_url`."""

    offline: bool = False
    """Whether the site gets a service worker, which keeps it for reading without a network; never under
    `mkdocs serve`."""


def read_options(given: Mapping[str, Any]) -> tuple[Options, list[tuple[str, str]]]:
    """Check the options.

    Args:
        given: What stands below `onnx-widgets:` in `mkdocs.yml`.

    Returns:
        The options (the defaults if any is wrong), and for each mistake the option's name and what is wrong.
    """
    try:
        return Options.model_validate(dict(given)), []
    except ValidationError as error:
        return Options(), [(str(item["loc"][0]), explain(dict(item), Options)) for item in error.errors()]
