"""Functions by name: importable ones are found again, others are named as what they are."""

import functools

import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.system.dotted import dotted_name, import_function


class Maker:
    def __call__(self) -> None: ...

    @staticmethod
    def make() -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (functools.reduce, "_functools:reduce"),
        (torch.optim.AdamW, "torch.optim.adamw:AdamW"),
        (torch.nn.Module.train, "torch.nn.modules.module:Module.train"),
    ],
)
def test_an_importable_function_has_a_name_by_which_it_is_found(function, name):
    assert dotted_name(function) == name
    assert import_function(name) is function


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda: None, f"{__name__}:<lambda>"),
        (
            functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9),
            "functools:partial(torch.optim.sgd:SGD, lr=0.1, momentum=0.9)",
        ),
        (Maker(), f"{__name__}:Maker()"),
    ],
)
def test_another_is_named_as_what_it_is_and_not_found(function, name):
    assert dotted_name(function) == name
    with pytest.raises(MiqrecError, match="can't be imported"):
        import_function(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere:make", "the function nowhere:make can't be imported: No module named 'nowhere'"),
        ("torch.optim:adamant", "can't be imported: module 'torch.optim' has no attribute"),
        ("__main__:make", "of a script or a notebook can't be imported"),
        (":make", "can't be imported"),
        ("torch:__version__", "torch:__version__ is not a function but a TorchVersion"),
    ],
)
def test_what_cannot_be_imported_is_named_with_the_reason(name, reason):
    with pytest.raises(MiqrecError, match=reason):
        import_function(name)
