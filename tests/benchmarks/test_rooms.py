"""The rooms of the benchmarks: what each is for, and imports without circles."""

from graphlib import TopologicalSorter
from pathlib import Path

import grimp

import benchmarks

FOLDER = Path(benchmarks.__file__).parent


def test_imports_have_no_circle() -> None:
    graph = grimp.build_graph("benchmarks", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle


def test_every_room_says_in_a_line_what_it_is_for() -> None:
    rooms = list(FOLDER.glob("*/**/*.py"))
    for folder in {file.parent for file in rooms if ".venvs" not in file.parts}:
        purpose = (folder / "__init__.py").read_text()
        assert purpose.startswith('"""')
        assert purpose.count("\n") == 1


def test_no_module_lies_outside_a_room() -> None:
    assert [file.name for file in FOLDER.glob("*.py")] == ["__init__.py"]
