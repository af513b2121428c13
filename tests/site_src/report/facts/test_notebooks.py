from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.runtime import Assets
from site_src.plugin.widgets.base import Output
from site_src.report.facts import notebooks
from site_src.report.facts.notebooks import NOTEBOOKS, Notebooks, executed

NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, so that every notebook is run here and now."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture
def provider(cache: Path) -> Notebooks:
    page = Mock()
    page.output, page.place = Output(Assets(), lambda address: f"../{address}"), lambda html: html
    return Notebooks(page, cache)


def test_both_notebooks_are_there() -> None:
    assert NAMES == ["convert-an-mxnet-checkpoint", "evaluate-an-onnx-model"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_completely_in_a_fresh_kernel_without_a_warning(name: str, cache: Path) -> None:
    cells = [cell for cell in executed(NOTEBOOKS / f"{name}.ipynb", cache).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    streams = [output.name for cell in cells for output in cell.outputs if output.output_type == "stream"]
    assert streams
    assert "stderr" not in streams


@pytest.mark.slow
def test_the_conversion_notebook_finds_what_it_claims(cache: Path) -> None:
    said = printed("convert-an-mxnet-checkpoint", cache)
    for claim in (
        "the same but for rounding: True",
        "MXNet says [0 1 2 3] and the ONNX file says [0 1 2 3]",
        "no conversion is known for ROIPooling",
        "PyTorch answers as MXNet did: True",
        "a step lowered the loss: True",
        "converted, answers as PyTorch does: True",
    ):
        assert claim in said


@pytest.mark.slow
def test_the_evaluation_notebook_shows_the_trigger_at_work(cache: Path) -> None:
    said = printed("evaluate-an-onnx-model", cache)
    assert "as it is: 5" in said
    assert "with the trigger: 6" in said
    assert "attack_success_rate" in said


def printed(name: str, cache: Path) -> str:
    cells = executed(NOTEBOOKS / f"{name}.ipynb", cache).cells
    return "\n".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_committed_without_outputs_and_with_words_for_every_figure(name: str) -> None:
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert "plt.show()" not in cell.source or len(cell.metadata["alt"]) > 30


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_page_holds_text_code_outputs_and_pictures(name: str, provider: Notebooks) -> None:
    markdown = provider.notebook(name)
    assert markdown.startswith("# ")
    assert "```python\n" in markdown
    assert '``` text title="Output"\n' in markdown
    pictures = [address for address in provider._page.output.assets.files if address.endswith(".png")]
    assert len(pictures) >= 2
    assert all(f'<img src="../{address}" alt="' in markdown for address in pictures)


def test_an_unknown_notebook_is_an_author_s_mistake(provider: Notebooks) -> None:
    with pytest.raises(FactError, match=r"there is no notebook .*convert-an-mxnet"):
        provider.notebook("convert-an-mxnet-checkpiont")


def test_a_cell_that_fails_fails_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise ValueError('no such thing')")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    with pytest.raises(FactError, match=r"broken\.ipynb: a cell fails: ValueError: no such thing"):
        executed(tmp_path / "broken.ipynb", tmp_path)


@pytest.mark.slow
def test_a_run_is_kept_until_the_notebook_changes(tmp_path: Path) -> None:
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")]), path)
    first = executed(path, tmp_path / "kept")
    kept = list((tmp_path / "kept").iterdir())
    assert executed(path, tmp_path / "kept").cells[0].outputs == first.cells[0].outputs
    assert list((tmp_path / "kept").iterdir()) == kept
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(2)")]), path)
    assert executed(path, tmp_path / "kept").cells[0].outputs[0].text == "2\n"
    assert len(list((tmp_path / "kept").iterdir())) == 1
