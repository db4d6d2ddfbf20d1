"""The notebook of the first steps: run as a reader runs it, with an epoch instead of twelve."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parents[2] / "examples" / "first-steps.ipynb"


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(PATH, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def results(notebook: nbformat.NotebookNode) -> list[set[str]]:
    """The kinds of output of each cell that a reader sees in any place where notebooks are shown."""
    shown = {"execute_result", "error", "stream"}
    return [
        {output.output_type for output in cell.outputs} & shown for cell in code_cells(notebook)
    ]


def test_the_notebook_runs_and_shows_what_it_says(notebook, tmp_path):
    said = results(notebook)
    for cell in code_cells(notebook):
        cell.source = cell.source.replace(
            '"epochs": 12', '"epochs": 1, "dim": 16, "max_length": 20'
        )

    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()

    assert [kinds - {"stream"} for kinds in results(notebook)] == [k - {"stream"} for k in said]
    assert (tmp_path / "model" / "model.safetensors").exists()


def test_its_outputs_are_of_one_run_from_top_to_bottom_without_an_error(notebook):
    cells = code_cells(notebook)

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any("error" in kinds for kinds in results(notebook))
