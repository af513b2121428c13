from __future__ import annotations

from pathlib import Path

from site_src.report.provenance.notices import notices


def test_the_notices_hold_the_licence_of_all_that_is_shipped(site: Path) -> None:
    text = notices(site)
    for words in (
        "Martin Donath",  # Material
        "Copyright(c) somebody",  # bundled into it, in its own words
        "lunr-languages",
        "Copyright (c) Microsoft Corporation",  # onnxruntime, and below what is in it
        "THIRD PARTY SOFTWARE NOTICES",
        "MobileNetV2",
        "Apache License",
    ):
        assert words in text
    assert "the theme's */" not in text
