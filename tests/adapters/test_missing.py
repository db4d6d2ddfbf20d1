"""A framework that is not installed is named, with the command that installs it."""

import sys
from importlib import import_module

import pytest

from miqrec.errors import MiqrecError


@pytest.mark.parametrize(
    ("package", "adapter", "install"),
    [
        ("huggingface_hub", "huggingface.hub", "'miqrec[huggingface]'"),
        ("transformers", "huggingface.pretrained", "'miqrec[huggingface]'"),
        ("transformers", "huggingface.next_item", "'miqrec[huggingface]'"),
        ("rectools", "rectools", "'RecTools[torch]==0.19.0'"),
        ("replay", "replay", "'replay-rec[torch]==0.22.0'"),
        (
            "recbole",
            "recbole",
            "recbole==1.2.1 'numpy<2' 'pandas<2.2' 'scipy<1.12' 'setuptools<81'",
        ),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    package, adapter, install, monkeypatch
):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"miqrec.adapters.{adapter}", raising=False)

    with pytest.raises(MiqrecError) as caught:
        import_module(f"miqrec.adapters.{adapter}")

    assert str(caught.value) == (
        f"this needs {package}, which is not installed: pip install {install}"
    )
