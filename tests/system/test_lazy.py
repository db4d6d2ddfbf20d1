"""Public names: all are found, no others, and none brings what it does not need."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["miqrec", "miqrec.models", "miqrec.nn", "miqrec.training"])
def test_every_public_name_is_there(package):
    module = import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize(
    "package",
    ["data", "evaluation", "models", "nn", "stability", "training"],
)
def test_no_public_name_is_that_of_a_module_which_takes_its_place_once_imported(package):
    room = import_module(f"miqrec.{package}")
    assert {module.name for module in pkgutil.iter_modules(room.__path__)}.isdisjoint(room.__all__)


@pytest.mark.parametrize("package", ["miqrec", "miqrec.models", "miqrec.training"])
def test_another_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        import_module(package).nothing  # noqa: B018


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("miqrec", {"torch", "lightning", "polars", "pandas", "pydantic"}),
        ("miqrec.models", {"torch", "lightning", "polars", "pandas"}),
        ("miqrec.training", {"torch", "lightning", "polars", "pydantic"}),
        ("miqrec.nn", {"lightning", "polars", "pandas", "pydantic", "rich"}),
        ("miqrec.adapters.torch", {"lightning", "polars", "pandas", "pydantic", "rich"}),
    ],
)
def test_importing_a_package_does_not_bring_what_it_may_not_need(package, heavy):
    code = f"import sys, {package}; print(sorted({heavy} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
